from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import sys
import time
import types
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import behave
from gateway_world import MUG, SHELF, Seller, database, drive, running, settings, until

from qfloor.errors import DatabaseError, InputError, StoreError, UnwritableError
from qfloor.router import load
from qfloor.router.feeds import FeedStore
from qfloor.web.gateway.app import make_app
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.records import EDGES
from qfloor.web.gateway.releases import Releases
from qfloor.web.gateway.settings import Settings

URL, ROUTE = "/v1/images/generations", "/v1/route"
NEWER = (
    Seller(name="fresh", usd="0.01", clears=7.5),
    Seller(name="value", usd="0.02", clears=6.8),
    Seller(name="film", usd="0.05", unit="second", clears=6.5, modalities=("video",)),
)


def two(folder: Path) -> tuple[Path, Path]:
    old = database(folder, SHELF, generator="gateway_sellers:Seller", providers=True)
    new = database(folder, NEWER, name="new.db", round="2026-12",
                   generator="gateway_sellers:Seller", providers=True)  # fmt: skip
    return old, new


def releases(folder: Path) -> Releases:
    return Releases(GatewayLedger(folder / "ws" / "gateway"))


async def route(client: Any) -> Any:
    return await client.post(ROUTE, json={"prompt": MUG})


async def until_offer(client: Any, offer: str) -> None:
    async def chosen() -> bool:
        return bool((await route(client)).json()["offer"] == offer)

    await until(chosen)


def test_shadow_mode_decides_and_logs_and_the_default_serves(tmp_path: Path) -> None:
    old, _ = two(tmp_path)
    given = settings(tmp_path, old, shadow={"image": "shop/grand"})

    async def work(client: Any) -> Any:
        served = await client.post(URL, json={"prompt": MUG})
        dry = await route(client)
        pinned = await client.post(URL, json={"prompt": MUG, "model": "shop/thrift"})
        await client.gateway.flush()
        rows = client.gateway.ledger.rows(
            "SELECT decided_offer, served_offer, serving, price_nanousd FROM decisions "
            "WHERE endpoint = 'images' ORDER BY at"
        )
        return served, dry, pinned, rows

    with behave({}):
        served, dry, pinned, rows = drive(given, work)
    assert served.json()["model"] == served.headers["x-qfloor-model"] == "shop/grand"
    assert served.headers["x-qfloor-shadow-model"] == "shop/value"
    assert served.headers["x-qfloor-serving"] == "shadow"
    assert served.headers["x-qfloor-certified"] == "yes", "dearer, and good enough"
    assert dry.json()["offer"] == "shop/value"
    assert pinned.json()["model"] == "shop/thrift"
    assert rows[0] == ("shop/value", "shop/grand", "shadow", 20_000_000)


def test_a_shadow_that_the_release_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such offer"):
        drive(settings(tmp_path, shadow={"image": "shop/nobody"}), route)


def test_what_refuses_to_serve_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def kept(make: Any) -> Any:
        def made(*given: Any) -> Any:
            opened.append(make(*given))
            return opened[-1]

        return made

    monkeypatch.setattr("qfloor.web.gateway.core.GatewayLedger", kept(GatewayLedger))
    monkeypatch.setattr(FeedStore, "open", kept(FeedStore.open))
    with pytest.raises(InputError, match="no such offer"):
        make_app(settings(tmp_path, shadow={"image": "shop/nobody"}))
    ledger, feeds = opened
    with pytest.raises(StoreError, match="closed"):
        ledger.rows("SELECT 1")
    with pytest.raises(StoreError, match="closed"):
        feeds.version()


def test_a_disk_that_takes_nothing_at_the_end_keeps_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The first that could not be written left sellers, feeds and ledger as they were."""
    gateways = []

    def full(*_: Any) -> None:
        raise UnwritableError("the disk is full")

    async def work(client: Any) -> None:
        gateways.append(client.gateway)
        monkeypatch.setattr(client.gateway.jobs.presence, "leave", full)
        monkeypatch.setattr(client.gateway.watch.feeds, "keep", full)

    drive(settings(tmp_path), work)
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [text.partition(";")[0] for text in said[-2:]] == [
        "that this worker leaves could not be written",
        "what was measured last could not be kept",
    ]
    with pytest.raises(StoreError, match="closed"):
        gateways[0].ledger.rows("SELECT 1")
    with pytest.raises(StoreError, match="closed"):
        gateways[0].watch.feeds.version()


def test_a_canary_decides_its_share_and_is_taken_back_by_one_command(tmp_path: Path) -> None:
    old, new = two(tmp_path)

    async def work(client: Any) -> Any:
        role = releases(tmp_path).canary(new, 30.0)
        await until(lambda: client.gateway.picture.canary)
        answers = [await route(client) for _ in range(200)]
        releases(tmp_path).rollback()
        await until(lambda: client.gateway.picture.canary is None)
        return role, answers, [await route(client) for _ in range(30)]

    role, answers, after = drive(settings(tmp_path, old), work)
    by_arm = {"stable": 0, "canary": 0}
    for answer in answers:
        by_arm[answer.headers["x-qfloor-arm"]] += 1
        fresh = answer.headers["x-qfloor-arm"] == "canary"
        assert answer.json()["offer"] == ("shop/fresh" if fresh else "shop/value")
        assert (answer.headers["x-qfloor-db-version"] == role.digest) is fresh
    assert 25 <= by_arm["canary"] <= 98  # 30% of 200, over five standard deviations either way
    assert {a.json()["offer"] for a in after} == {"shop/value"}


def test_promote_then_rollback_returns_to_the_release_before(tmp_path: Path) -> None:
    old, new = two(tmp_path)

    async def work(client: Any) -> Any:
        releases(tmp_path).canary(new, 5.0)
        releases(tmp_path).promote()
        await until_offer(client, "shop/fresh")
        releases(tmp_path).rollback()
        await until_offer(client, "shop/value")
        with pytest.raises(InputError, match="nothing to go back to"):
            releases(tmp_path).rollback()

    drive(settings(tmp_path, old), work)
    # what was taken back stays taken back, also where the service is started with it
    drive(settings(tmp_path, new), lambda c: until_offer(c, "shop/value"))


def test_a_misspelt_database_is_refused_where_another_release_decided(tmp_path: Path) -> None:
    """The release of before went on, and only the log said so."""
    old, _ = two(tmp_path)
    drive(settings(tmp_path, old), lambda c: until_offer(c, "shop/value"))
    said = rf"qualty.db: no such .*leave it unsaid to go on with release {load(old).digest[:12]} of"
    with pytest.raises(DatabaseError, match=said):
        drive(settings(tmp_path, tmp_path / "qualty.db"), lambda c: until_offer(c, "shop/value"))


@pytest.mark.parametrize("said", [True, False])
def test_a_database_that_is_gone_is_told_of_and_its_release_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, said: bool
) -> None:
    """A service that starts again while its file is away, or is told of none, serves."""
    old, _ = two(tmp_path)
    drive(settings(tmp_path, old), lambda c: until_offer(c, "shop/value"))
    assert "is not there" not in caplog.text
    old.unlink()
    monkeypatch.chdir(tmp_path)
    chosen = settings(tmp_path, old)
    if not said:
        told = {n: getattr(chosen, n) for n in chosen.model_fields_set - {"database"}}
        chosen = Settings.model_validate_json(Settings(**told).model_dump_json(exclude_unset=True))
    drive(chosen, lambda c: until_offer(c, "shop/value"))
    name = old if said else Path(".qfloor/quality.db")
    assert f"{name} is not there; release " in caplog.text
    assert f"of {old}, which decided before, goes on" in caplog.text


def test_a_file_that_was_served_is_known_by_another_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, _ = two(tmp_path)
    monkeypatch.chdir(tmp_path)
    drive(settings(tmp_path, Path(old.name)), lambda c: until_offer(c, "shop/value"))
    old.unlink()
    (tmp_path / "below").mkdir()
    for folder, said in ((".", old), ("below", old), ("below", Path("..", old.name))):
        monkeypatch.chdir(tmp_path / folder)
        drive(settings(tmp_path, said), lambda c: until_offer(c, "shop/value"))


def test_a_replaced_file_is_swapped_in_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    old, new = two(tmp_path)

    async def work(client: Any) -> Any:
        gateway = client.gateway
        old.write_bytes(new.read_bytes()[:10_000])  # half a file, in place
        await until(lambda: gateway.watch.faults)
        broken = await route(client)
        ready = (await client.get("/readyz")).json()
        os.replace(new, old)
        await until_offer(client, "shop/fresh")
        return broken, ready, dict(gateway.watch.faults)

    broken, ready, faults = drive(settings(tmp_path, old), work)
    assert broken.json()["offer"] == "shop/value"
    assert ready["reload_faults"] == ["database"]
    assert faults == {}


def test_no_decision_fails_or_is_torn_while_releases_and_feeds_are_swapped(tmp_path: Path) -> None:
    old, new = two(tmp_path)
    served = tmp_path / "served.db"
    shutil.copy(old, served)
    digests = {release: load(release).digest for release in (old, new)}
    belongs = {digests[old]: "shop/value", digests[new]: "shop/fresh"}
    given = settings(tmp_path, served, look_every_s=0.01)

    def digest_in(answer: Any) -> str:
        return str(answer.headers["x-qfloor-db-version"])

    async def work(client: Any) -> Any:
        answers: list[Any] = []
        busy = True

        async def ask() -> None:
            while busy:
                answers.append(await client.post(ROUTE, json={"prompt": MUG}))
                await asyncio.sleep(0.005)  # the thread that reads releases wants its turn too

        askers = [asyncio.create_task(ask()) for _ in range(8)]
        for n in range(16):
            draft, source = tmp_path / f"draft-{n}", (new, old)[n % 2]
            shutil.copy(source, draft)
            os.replace(draft, served)
            client.gateway.watch.window.record("shop/value", 1.0, True, time.time())
            async with asyncio.timeout(30):  # until somebody was answered by it
                while not answers or digest_in(answers[-1]) != digests[source]:
                    await asyncio.sleep(0.01)
        busy = False
        await asyncio.gather(*askers)
        return answers

    answers = drive(given, work)
    assert len(answers) > 100
    assert {a.status_code for a in answers} == {200}
    seen = set()
    for answer in answers:
        digest = digest_in(answer)
        assert answer.json()["offer"] == belongs[digest]
        assert answer.json()["digests"]["database"] == digest
        seen.add(digest)
    assert seen == set(belongs)


@pytest.mark.parametrize("percent", [0, -1, 101, float("nan")])
def test_a_share_that_is_none(tmp_path: Path, percent: float) -> None:
    _, new = two(tmp_path)
    with pytest.raises(InputError, match="percent"):
        releases(tmp_path).canary(new, percent)


def test_a_canary_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    old, _ = two(tmp_path)
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"x" * 5_000)

    async def work(client: Any) -> Any:
        with pytest.raises(DatabaseError, match=r"bad\.db"):
            releases(tmp_path).canary(bad, 5.0)
        return await route(client)

    assert drive(settings(tmp_path, old), work).json()["offer"] == "shop/value"


def test_a_policy_is_swapped_in_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    old, _ = two(tmp_path)
    policy = tmp_path / "policy.toml"
    policy.write_text("")

    async def work(client: Any) -> Any:
        policy.write_text("nonsense = [")
        await until(lambda: "policy" in client.gateway.watch.faults)
        before = await route(client)
        policy.write_text('[[overrides]]\noffer = "shop/grand"\npattern = "mug"\n')
        await until_offer(client, "shop/grand")
        return before, await route(client)

    before, after = drive(settings(tmp_path, old, policy=policy), work)
    assert before.json()["offer"] == "shop/value"
    assert after.headers["x-qfloor-reason"] == "overridden_by_policy"


def test_metrics_are_what_prometheus_reads(tmp_path: Path) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    old, _ = two(tmp_path)

    async def work(client: Any) -> Any:
        for prompt in (MUG, MUG, ""):
            await client.post(URL, json={"prompt": prompt})
        client.gateway.records.count("qfloor_unauthorized_total", 12_345_678)
        return await client.get("/metrics")

    with behave({}):
        answer = drive(settings(tmp_path, old), work)
    families = {f.name: f for f in parser.text_string_to_metric_families(answer.text)}
    requests = {
        (s.labels["endpoint"], s.labels["status"]): s.value
        for s in families["qfloor_requests"].samples
    }
    assert requests["generate_images", "200"] == 2
    assert requests["generate_images", "400"] == 1
    (charged,) = families["qfloor_charged_usd"].samples
    assert charged.value == pytest.approx(0.04)
    buckets = [s for s in families["qfloor_decide_seconds"].samples if s.name.endswith("_bucket")]
    assert buckets[-1].value == 2
    assert [s.labels["le"] for s in buckets] == list(EDGES), "a sum over series goes by bucket"
    assert families["qfloor_release_info"].samples[0].labels["round"] == "2026-11"
    (refused,) = families["qfloor_unauthorized"].samples
    assert refused.value == 12_345_678, "a counter that is rounded stands still, then jumps"
    assert MUG not in answer.text


def test_spans_where_opentelemetry_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qfloor.web.gateway import tracing

    spans: list[tuple[str, Any]] = []

    class Tracer:
        def start_as_current_span(self, name: str, attributes: Any) -> Any:
            import contextlib

            spans.append((name, attributes))
            return contextlib.nullcontext()

    fake = types.ModuleType("opentelemetry")
    fake.trace = types.SimpleNamespace(get_tracer=lambda name: Tracer())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "opentelemetry", fake)
    tracing._tracer.cache_clear()
    old, _ = two(tmp_path)
    try:
        with behave({}):
            drive(settings(tmp_path, old), lambda c: c.post(URL, json={"prompt": MUG}))
    finally:
        tracing._tracer.cache_clear()
    assert [name for name, _ in spans] == ["qfloor.decide", "qfloor.ask"]
    assert spans[1][1]["qfloor.offer"] == "shop/value"
    assert MUG not in str(spans)


def test_the_log_is_bounded_and_media_go_with_their_jobs(tmp_path: Path) -> None:
    old, _ = two(tmp_path)

    async def work(client: Any) -> Any:
        gateway = client.gateway
        for _ in range(3):
            await client.post(URL, json={"prompt": MUG})
        for _ in range(150):
            await route(client)
        await gateway.flush()
        media = list(gateway.ledger.media.folder.glob("??/*"))
        late = media[0].stat().st_mtime + 1e6
        gone = gateway.ledger.sweep(late, most_decisions=100)
        left = list(gateway.ledger.media.folder.glob("??/*"))
        counted = gateway.ledger.rows(
            "SELECT (SELECT count(*) FROM decisions), (SELECT count(*) FROM outputs), "
            "(SELECT count(*) FROM attempts), (SELECT count(*) FROM jobs)"
        )
        return len(media), gone, len(left), counted

    with behave({}):
        media, gone, left, counted = drive(settings(tmp_path, old), work)
    assert (media, gone, left) == (3, 3, 0)
    assert counted == [(100, 0, 0, 0)]


@pytest.mark.parametrize("keep", [False, True])
def test_prompts_are_kept_only_where_the_operator_says_so(tmp_path: Path, keep: bool) -> None:
    old, _ = two(tmp_path)

    async def work(client: Any) -> Any:
        await route(client)
        await client.gateway.flush()
        return client.gateway.ledger.rows("SELECT prompt, need FROM decisions")

    ((prompt, need),) = drive(settings(tmp_path, old, keep_prompts=keep), work)
    assert prompt == (MUG if keep else None)
    assert MUG not in need
    assert "prompt_digest" in need


def test_a_worker_that_is_gone_leaves_its_jobs_to_the_others(tmp_path: Path) -> None:
    old, _ = two(tmp_path)
    given = settings(tmp_path, old)

    async def work() -> Any:
        async with running(given) as one:
            gateway = one.gateway
            job = asyncio.create_task(one.post(URL, json={"prompt": MUG}))
            await until(lambda: gateway.ledger.rows("SELECT 1 FROM attempts LIMIT 1"))
            for task in list(gateway.orders._running.values()):  # as a kill would
                task.cancel()
            job.cancel()
            gateway.jobs.presence.leave()
            async with running(given) as two_:
                return await until(
                    lambda: two_.gateway.ledger.rows(
                        "SELECT state, charged FROM jobs WHERE state = 'failed'"
                    )
                )

    with behave({"shop/value": 1.5}) as calls:
        ended = asyncio.run(work())
    # called, and the answer lost: nobody knows, and nobody is asked again
    assert ended == [("failed", "unknown")]
    assert len(calls) == 1


def test_what_was_promoted_decides_after_a_restart_until_the_file_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = two(tmp_path)

    async def promoted(client: Any) -> None:
        releases(tmp_path).canary(new, 5.0)
        releases(tmp_path).promote()
        await until_offer(client, "shop/fresh")

    drive(settings(tmp_path, old), promoted)
    again = drive(settings(tmp_path, old), route)
    assert again.json()["offer"] == "shop/fresh"
    assert f"{old} is not taken up: release" in caplog.text
    assert "was promoted over, and `rollback` returns to it" in caplog.text

    async def back(client: Any) -> None:
        releases(tmp_path).rollback()
        await until_offer(client, "shop/value")
        caplog.clear()
        shutil.copyfile(new, old)  # what was taken back, under the name that is watched
        await until(lambda: "`rollback` took release" in caplog.text)
        await until_offer(client, "shop/value")

    drive(settings(tmp_path, old), back)


def test_a_release_that_was_changed_by_hand_is_not_served(tmp_path: Path) -> None:
    old, new = two(tmp_path)
    with contextlib.closing(sqlite3.connect(new)) as db, db:
        db.execute("UPDATE verdicts SET ruling = 'certified', reason = ''")
    with pytest.raises(DatabaseError, match="digest"):
        drive(settings(tmp_path, new), route)

    async def work(client: Any) -> Any:
        with pytest.raises(DatabaseError, match=str(new)):
            releases(tmp_path).canary(new, 30.0)
        shutil.copyfile(new, old)
        await until(lambda: client.gateway.watch.faults)
        return await route(client), client.gateway.watch.faults["database"]

    answer, fault = drive(settings(tmp_path, old), work)
    assert answer.json()["offer"] == "shop/value", "the last good one decides"
    assert "digest" in fault
