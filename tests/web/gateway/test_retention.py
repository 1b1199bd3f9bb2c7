"""What is forgotten, and that money never is."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import Seller, behave
from gateway_world import MUG, drive, settings, until
from gateway_world import by_sellers as chosen

from qfloor.generators.builtin.calllog import FILE_NAME as CALLS
from qfloor.generators.protocol import Accepted, Ended
from qfloor.store.lock import folder_held
from qfloor.store.migrations import migrate
from qfloor.web.gateway import core
from qfloor.web.gateway.jobs import Jobs
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.tables import create_gateway_tables

ROOT = Path(__file__).resolve().parents[3]
URL = "/v1/images/generations"


def counted(ledger: GatewayLedger) -> Any:
    return ledger.rows(
        "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM attempts), "
        "(SELECT count(*) FROM outputs)"
    )


def test_sums_by_day_and_key_outlive_the_jobs(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        gateway, told = client.gateway, []
        for _ in range(2):
            await client.post(URL, json={"prompt": MUG})
        await client.post(URL, json={"prompt": MUG, "model": "shop/grand"})
        await gateway.orders.answers_kept()  # an answer may be read before its row is written
        (day,) = gateway.ledger.one("SELECT day FROM jobs")
        for _ in range(2):
            told.append((gateway.jobs.spending(), gateway.jobs.spent("", day)))
            assert gateway.ledger.sweep(time.time() + 60, most_decisions=100) in (3, 0)
        assert counted(gateway.ledger) == [(0, 0, 0)]
        await client.post(URL, json={"prompt": MUG})
        await gateway.orders.answers_kept()
        told.append((gateway.jobs.spending(), gateway.jobs.spent("", day)))
        return day, told

    with behave({"shop/grand": "timeout_ambiguous"}):
        day, (before, after, more) = drive(chosen(tmp_path), work)
    row = {"day": day, "key": "", "jobs": 3, "charged_nanousd": 40_000_000, "unknown_jobs": 1,
           "held_nanousd": 80_000_000}  # fmt: skip
    assert before == after == ([row], 120_000_000)
    assert more == ([row | {"jobs": 4, "charged_nanousd": 60_000_000}], 140_000_000)


def test_a_job_that_nobody_took_leaves_nothing_behind(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        answer = await client.post(URL, json={"prompt": MUG})
        return answer.status_code, counted(client.gateway.ledger)

    busy = dict.fromkeys(("shop/value", "shop/grand", "shop/thrift"), "rate_limited")
    with behave(busy) as calls:
        status, left = drive(chosen(tmp_path), work)
    assert (status, left) == (429, [(0, 0, 0)])
    assert len(calls) >= 2


def test_what_earlier_versions_left_behind_is_removed_once(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    old = sqlite3.connect(path, isolation_level=None)
    migrate(old, (create_gateway_tables,))
    there, gone = f"image_{'a' * 32}", f"image_{'b' * 32}"
    old.execute(
        "INSERT INTO jobs (id, kind, key_name, body_digest, day, created_at, ended_at, state, "
        "owner, n, held_nanousd) VALUES (?, 'image', '', 'd', '2026-11-30', 0, 0, 'completed', "
        "'w', 1, 0)",
        (there,),
    )
    for job in (there, gone):
        for index in (0, 9):
            old.execute(
                "INSERT INTO attempts (output_id, n, event, at, charged, detail) "
                "VALUES (?, 1, 'intended', '2026-11-30', 'unknown', '')",
                (f"{job}-{index}-10",),
            )
            old.execute("INSERT INTO outputs VALUES (?, '2026-11-30', NULL, '{}')",
                        (f"{job}-{index}-10",))  # fmt: skip
    old.close()
    ledger = GatewayLedger(tmp_path)
    try:
        left = ledger.rows("SELECT DISTINCT substr(output_id, 1, 38) FROM attempts")
        assert left == [(there,)]
        assert counted(ledger) == [(1, 2, 2)]
    finally:
        ledger.close()


def test_media_made_anew_while_their_old_rows_are_swept_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes come again between the look at a file and its removal."""
    ledger = GatewayLedger(tmp_path)
    sha256 = ledger.put_media(b"the same bytes", "image/png")
    old = ledger.media.path(sha256)
    os.utime(old, (0, 0))
    keep = GatewayLedger._drop_unless_renewed

    def racing(self: GatewayLedger, path: Path, before: float) -> None:
        assert ledger.put_media(b"the same bytes", "image/png") == sha256
        keep(self, path, before)

    def gone(*_: Any) -> None:
        raise AssertionError("it was not there for a moment: who had it made was told so")

    monkeypatch.setattr(GatewayLedger, "_drop_unless_renewed", racing)
    monkeypatch.setattr(Path, "rename", gone)
    ledger.sweep(time.time() - 60, most_decisions=100)
    assert old.read_bytes() == b"the same bytes"
    monkeypatch.undo()
    os.utime(old, (0, 0))
    ledger.sweep(time.time() - 60, most_decisions=100)
    assert not old.exists()
    ledger.close()


def test_no_name_is_given_while_an_old_one_is_taken_away(tmp_path: Path) -> None:
    one, two = GatewayLedger(tmp_path), GatewayLedger(tmp_path)
    try:
        with ThreadPoolExecutor(1) as pool:
            with folder_held(one.media.folder, alone=True):
                put = pool.submit(two.put_media, b"bytes", "image/png")
                with pytest.raises(TimeoutError):
                    put.result(timeout=0.3)
                assert not list(one.media.lying())
            sha256 = put.result(timeout=120.0)
        with folder_held(one.media.folder, alone=False):  # many may at once
            assert two.put_media(b"bytes", "image/png") == sha256
    finally:
        one.close()
        two.close()


def test_what_was_put_now_is_not_old_whenever_its_file_was_written(tmp_path: Path) -> None:
    """Its row is yet to come, and a sweep would have dropped it before."""
    ledger = GatewayLedger(tmp_path)
    path = ledger.generator_folder("local") / "a" / "picture.png"
    path.parent.mkdir()
    path.write_bytes(b"moved out of a cache")
    os.utime(path, (0, 0))
    sha256 = ledger.put_media(path, "image/png")
    ledger.sweep(time.time() - 60, most_decisions=100)
    assert ledger.media.path(sha256).read_bytes() == b"moved out of a cache"
    ledger.close()


def test_what_is_just_being_put_is_not_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its move and its new date a draft looked old, and another worker removed it."""
    ledger, other = GatewayLedger(tmp_path), GatewayLedger(tmp_path)
    path = ledger.generator_folder("local") / "a" / "picture.png"
    path.parent.mkdir()
    path.write_bytes(b"moved out of a cache")
    os.utime(path, (0, 0))
    replace = os.replace

    def sweeping(*told: Any) -> None:
        replace(*told)
        other.sweep(time.time() - 60, most_decisions=100)

    monkeypatch.setattr(os, "replace", sweeping)
    sha256 = ledger.put_media(path, "image/png")
    assert ledger.media.path(sha256).read_bytes() == b"moved out of a cache"
    ledger.close()
    other.close()


def test_a_release_that_a_killed_worker_was_copying_is_removed(tmp_path: Path) -> None:
    ledger = GatewayLedger(tmp_path)
    (tmp_path / "releases").mkdir()
    left, now, kept = (tmp_path / "releases" / name for name in ("draft-1", "draft-2", "ab.db"))
    for path in (left, now, kept):
        path.write_bytes(b"rows")
        if path != now:
            os.utime(path, (0, 0))
    ledger.sweep(time.time() - 60, most_decisions=100)
    assert sorted((tmp_path / "releases").iterdir()) == sorted([now, kept])
    ledger.close()


def test_a_long_backlog_is_forgotten_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qfloor.web.gateway.ledger._SWEPT_AT_ONCE", 3)
    ledger = GatewayLedger(tmp_path)
    for n in range(10):
        ledger.write(
            "INSERT INTO jobs (id, kind, key_name, body_digest, day, created_at, ended_at, state, "
            "owner, n, held_nanousd, charged_nanousd) VALUES (?, 'image', 'studio', 'd', "
            "'2026-11-30', 0, 1, 'failed', 'w', 1, 7, ?)",
            (f"image_{n:032}", 5 if n % 2 else None),
        )
    assert ledger.sweep(2.0, most_decisions=100) == 10
    (row,) = Jobs(ledger, "").spending()
    assert (row["jobs"], row["charged_nanousd"], row["unknown_jobs"], row["held_nanousd"]) == (
        10, 25, 5, 35,
    )  # fmt: skip
    ledger.close()


def test_the_command_shows_them(tmp_path: Path, call_qfloor: Any) -> None:
    async def work(client: Any) -> Any:
        await client.post(URL, json={"prompt": MUG})
        client.gateway.ledger.sweep(time.time() + 60, most_decisions=100)
        return client.gateway.jobs.spending()[0]["day"]

    with behave({}):
        day = drive(chosen(tmp_path), work)
    words = ("gateway", "spend", "-w", tmp_path / "ws")
    code, out, _ = call_qfloor(*words, "--json")
    assert (code, json.loads(out)) == (0, [
        {"day": day, "key": "(no keys)", "jobs": 1, "charged_usd": "0.02", "unknown_jobs": 0,
         "held_usd": "0"}
    ])  # fmt: skip
    assert json.loads(call_qfloor(*words, "--json", "--since", "2100-01-01")[1]) == []
    code, _, said = call_qfloor(*words, "--since", "last week")
    assert code == 1
    assert "--since 'last week' is no day like 2026-11-01" in said
    code, _, said = call_qfloor("gateway", "spend", "-w", tmp_path / "nothing")
    assert code == 1
    assert "no gateway has been served from here" in said


@pytest.mark.parametrize("kind", ["image", "video"])
def test_no_file_holds_a_prompt_once_its_job_has_ended(tmp_path: Path, kind: str) -> None:
    """A painter's handle is the whole request, as a local pipeline's is: it stayed for a day."""
    prompts = {
        "image": "a studio photo of a red mug, zanzibar",
        "video": "a clip of zanzibar waves",
    }
    body = {"prompt": prompts[kind], "routing": {"tier": "standard"}}

    async def work(client: Any) -> Any:
        if kind == "image":
            assert (await client.post("/v1/images/generations", json=body)).status_code == 200
            return
        job = (await client.post("/v1/videos", json=body)).json()

        async def ended() -> Any:
            now = (await client.get(f"/v1/videos/{job['id']}")).json()
            return now["status"] == "completed"

        await until(ended)

    drive(settings(tmp_path, ROOT / "results" / "painters.db"), work)
    kept = [p for p in (tmp_path / "ws").rglob("*") if p.is_file()]
    assert {p.name for p in kept} >= {"gateway.db", CALLS}
    holding = {p.name for p in kept if b"zanzibar" in p.read_bytes()}
    assert holding == {CALLS}, "the painters' own account, as a seller would keep one"


@pytest.mark.parametrize("how", ["no price", "another is lost", "nobody knows"])
def test_a_prompt_is_forgotten_where_nobody_knows_what_was_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Only a handle by which a seller is still asked may hold it, and only until it was."""
    monkeypatch.setattr(core, "BEAT_S", 0.05)
    told = "SELECT state, charged, plan FROM jobs"

    async def submit(self: Seller, request: Any) -> Any:
        if how == "another is lost" and request.repeat == 1:
            return Ended(reason="timeout_ambiguous")
        return Accepted(job={"key": request.key, "ready": 0.0, "prompt": request.prompt.text})

    async def lost(self: Seller, job: Any) -> Any:
        return Ended(reason="malformed_answer")

    async def work(client: Any) -> Any:
        await client.post(URL, json={"prompt": MUG, "n": 2})
        ledger = client.gateway.ledger
        await until(lambda: all(plan is None for *_, plan in ledger.rows(told)))
        return (
            ledger.rows(told),
            ledger.rows("SELECT DISTINCT job FROM attempts"),
            MUG in str(ledger.rows("SELECT plan, doubt, result, facts FROM jobs")),
        )

    monkeypatch.setattr(Seller, "submit", submit)
    if how == "no price":
        monkeypatch.setattr(core.Gateway, "rule", lambda *given: None)
    if how == "nobody knows":
        monkeypatch.setattr(Seller, "collect", lost)
    ((_, charged, _),), handles, stands = drive(chosen(tmp_path), work)
    assert charged == "unknown"
    assert handles == [(None,)]
    assert not stands


@pytest.mark.parametrize("words", [1, 700])
def test_a_sweep_leaves_no_file_of_a_gateway_that_serves_with_a_prompt_it_has_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: int
) -> None:
    """It stood in SQLite's log of pages for days, and where SQLite clears nothing, in the file."""
    connect = sqlite3.connect

    def careless(*given: Any, **more: Any) -> Any:
        made = connect(*given, **more)
        made.execute("PRAGMA secure_delete = OFF")
        return made

    async def work(client: Any) -> Any:
        prompt = "a studio photo of a red mug" + " zanzibar" * words
        assert (await client.post(URL, json={"prompt": prompt})).status_code == 200
        await client.gateway.flush()

        async def holding() -> Any:
            await client.gateway._sweep()
            files = [p for p in (tmp_path / "ws").rglob("*") if p.is_file()]
            return not [p.name for p in files if b"zanzibar" in p.read_bytes()]

        await until(holding)

    monkeypatch.setattr("qfloor.store.connection.sqlite3.connect", careless)
    with behave({}):
        drive(chosen(tmp_path), work)


def test_a_log_of_pages_is_emptied_as_soon_as_nobody_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = GatewayLedger(tmp_path)
    ledger.secret("one")
    writer = sqlite3.connect(ledger.path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    tried: list[float] = []

    def wait(seconds: float) -> None:
        tried.append(seconds)
        if len(tried) == 2:
            writer.execute("ROLLBACK")

    monkeypatch.setattr("qfloor.web.gateway.ledger.time.sleep", wait)
    log = tmp_path / "gateway.db-wal"
    assert log.stat().st_size
    ledger.wipe()
    assert (len(tried), log.stat().st_size) == (2, 0)
    writer.close()
    ledger.close()
