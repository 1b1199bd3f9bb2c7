"""Dry runs in other words: whatever is known of their bodies is what the long way finds."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import factories
import h11
import pytest
from factories import Seller
from gateway_sellers import behave
from gateway_world import MUG, by_sellers, database, drive, settings

from qfloor.export import write
from qfloor.records import Lifecycle, PriceComponent, PriceRule
from qfloor.router import HealthFeed, OfferHealth, Override, Policy, PriceFeed, load
from qfloor.router.lexicon import WORDS
from qfloor.web.gateway import familiar
from qfloor.web.gateway.alike import alike
from qfloor.web.gateway.asked import RouteAsk, read_ask
from qfloor.web.gateway.deciding import decide
from qfloor.web.gateway.familiar import Familiar, rest_of
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.guard import encoded, json_response
from qfloor.web.gateway.keys import ANYONE, Key
from qfloor.web.gateway.picture import Arm, Picture
from qfloor.web.gateway.records import Records, milliseconds
from qfloor.web.gateway.settings import Settings

ROUTE = "/v1/route"
SHELF = (
    Seller(name="value", usd="0.02", clears=7.0, modalities=("image", "video")),
    Seller(name="grand", usd="0.2", clears=9.5),
    Seller(name="poor", usd="0.001", clears=4.0, unit="megapixel"),
)
LINE = PriceComponent(unit="image", amount="0.5")
FEED = PriceFeed(rules={"shop/value": PriceRule(components=(LINE,), source="feed",
                                                as_of="2026-11-17")})  # fmt: skip
BY_TOKEN = PriceFeed(rules={"shop/grand": PriceRule(
    components=(PriceComponent(unit="token", amount="0.00001", when={"direction": "input"}),),
    source="feed", as_of="2026-11-17")})  # fmt: skip


def fares(**given: Any) -> HealthFeed:
    """How the cheapest fares, and another as ever: from now on, give or take what clocks differ."""
    soon = datetime.now(UTC) + timedelta(seconds=30.0)
    told = {"as_of": soon.isoformat(), "p50_s": 3.0, "p95_s": 9.0, "n": 50, "usual_p95_s": 2.0}
    grand = told | {"p50_s": 1.0, "p95_s": 2.0}
    return HealthFeed(offers={
        "shop/value": OfferHealth(**told | given), "shop/grand": OfferHealth(**grand)
    })  # fmt: skip


BY_WORDS, AHEAD = {"shed": 0.5}, {"as_of": "2126-11-17T10:00:00"}
FARES: tuple[dict[str, Any], ...] = (
    {"available": False}, BY_WORDS, {"shed": 0.0}, {"shed": 1.0}, {"elevated": True},
    {"p50_s": 1.0, "p95_s": 2.0}, {"as_of": "2026-11-17T10:00:00"}, AHEAD,
)  # fmt: skip
RESTS: tuple[dict[str, Any], ...] = (
    {}, {"model": "auto/image"}, {"model": "auto/video"}, {"model": "shop/grand"},
    {"modality": "video"}, {"seconds": 4}, {"audio": True}, {"n": 2}, {"n": 2.0},
    {"negative_prompt": "hats"}, {"negative_prompt": ""}, {"size": "1024x1024"},
    {"aspect_ratio": "16:9"}, {"quality": "high"}, {"style": "vivid", "user": "é"},
    *({"routing": r} for r in (
        {"category": "portrait"}, {"language": "en"}, {"language": "pt-BR"}, {"tier": "draft"},
        {"tier": "premium"}, {"max_price_usd": "0.03"}, {"max_latency_s": 60},
        {"max_latency_s": "batch"}, {"speed_premium_pct": 1}, {"only": ["shop/grand"]},
        {"ignore": ["shop/value"]}, {"tags": ["hands"]}, {"tags": ["mine"]}, {"project": "site"},
        {"allow_fallbacks": False}, {"explain": True}, {"tier": "draft", "max_latency_s": "batch"},
    )),
)  # fmt: skip
POLICIES = (
    Policy(), Policy(on_uncertified="best_bound"), Policy(assumed_language="en"),
    Policy(objective="usable_cost"), Policy(on_uncertified="default:shop/poor"),
    Policy(overrides=(Override(offer="shop/grand", pattern="mug|dog"),)),
)  # fmt: skip
OFTEN = (
    MUG, "portrait of an old man", "isometric 3d render of a city", "a short clip of rain falling",
    "retrato de una mujer", "a watercolor of a fox, no text",
)  # fmt: skip
ODDLY = ("  ", "\x00", 'a sign that says "SALE"', "x" * 1_500, "写真のような猫", "портрет", "?", 5)


def prompts(n: int, seed: int = 1) -> Iterator[Any]:
    """Words of the lexicon and others, in any order; some that nobody can make."""
    draw = random.Random(seed)
    known = sorted(w for told in WORDS.values() for w in told if not w.startswith("#"))
    plain = ["a", "the", "of", "no", "without", "with", "red", "dog", "mug", "qwertz", "retrato",
             "una", "gato", "4711", ",", ".", "und", "clip"]  # fmt: skip
    for i in range(n):
        if i % 25 == 24:
            yield draw.choice(ODDLY)
        elif i % 3:
            yield f"{i} {draw.choice(OFTEN)}"
        else:
            few = draw.choices(known, k=draw.randint(0, 3)) + draw.choices(plain, k=5)
            yield " ".join(draw.sample(few, len(few)))


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("releases")
    made = factories.release(SHELF, population={"languages": ["en"]})
    lapsed = factories.release(SHELF, valid_until="2026-11-01")
    return [load(write(folder / f"{n}.db", each)) for n, each in enumerate((made, lapsed))]


class World:
    """A gateway's deciding, by itself: each request goes both ways."""

    def __init__(
        self, folder: Path, db: Any, policy: Policy, prices: Any = None, health: Any = None
    ) -> None:
        arm = Arm(name="stable", db=db, prices=prices)
        self.picture = Picture(stable=arm, canary=None, percent=0.0, policy=policy, health=health)
        self.settings = Settings(database=folder, workspace=folder)
        self.known, self.key, self.asked = Familiar(), ANYONE, 0
        self.records = Records(None, None, keep_prompts=True)  # type: ignore[arg-type]

    def ask(self, body: dict[str, Any]) -> bool:
        """Whether it was known; then nothing of it is other than what the long way finds."""
        self.asked += 1
        name, rest = f"req_{self.asked:032x}", rest_of(body, self.key.name, self.key.project)
        again = self.known.decide(self.picture, rest, body, name)
        try:
            ask = read_ask(RouteAsk, body)
            found = decide(self.picture, ask, endpoint="route", key=self.key, request_id=name,
                           settings=self.settings)  # fmt: skip
        except Fault:
            assert again is None
            return False
        if not found.offers or ask.routing.explain:
            assert again is None
            return False
        told = alike(found)
        self.known.keep(self.picture, rest, found, told, self.records)
        if again is None:
            return False
        decision = found.decision
        assert (again.told, again.confidence) == (told, decision.classification.confidence)
        same = found._replace(decision=replace(decision, now=again.now), decide_us=again.decide_us,
                              at=milliseconds(again.now))  # fmt: skip
        self.records.decided(same, status=200, seconds=0.5, reason=None)
        again.log(self.records, name, 0.5)
        (sql, row), (other, line) = self.records._rows
        assert (sql, row) == (other, tuple(self.records._whole(line)))
        assert set(self.records._counts.values()) == {2.0}
        self.records._rows.clear()
        self.records._counts.clear()
        return True


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("priced", [None, FEED, BY_TOKEN])
def test_thousands_of_prompts_are_decided_as_the_long_way_decides_them(
    releases: list[Any], tmp_path: Path, policy: Policy, priced: Any
) -> None:
    world = World(tmp_path, releases[0], policy, priced)
    known = 0
    for n, prompt in enumerate(prompts(14 * len(RESTS), seed=len(str(policy)))):
        known += world.ask({"prompt": prompt, **RESTS[n // 14]})
    rests = [rest[0] for _, bodies in world.known._arms.values() for rest in bodies]
    if priced is BY_TOKEN or policy.overrides:  # what a prompt costs, or where it goes, is its own
        assert (known, rests) == (0, [])
        return
    assert known > 60
    kept = [repr(rest) for rest in RESTS]
    assert set(rests) <= set(kept)
    for said in ("explain", "category", "hats", "0.03", ": 60", "only", "ignore", "16:9", "audio"):
        assert not [rest for rest in rests if said in rest], said


@pytest.mark.parametrize("told", [None, "of nobody", *FARES])
@pytest.mark.parametrize("policy", [Policy(), Policy(speed_surcharge=50.0)])
def test_with_health_as_well(
    releases: list[Any], tmp_path: Path, policy: Policy, told: Any
) -> None:
    """Unless it has words decide, by a share that goes elsewhere, or is dated ahead."""
    health = fares(**told) if isinstance(told, dict) else told and HealthFeed(offers={})
    world = World(tmp_path, releases[0], policy, health=health)
    known = sum(
        world.ask({"prompt": prompt, **RESTS[n // 8]})
        for n, prompt in enumerate(prompts(8 * len(RESTS)))
    )
    assert known > 10 if told not in (BY_WORDS, AHEAD) else known == 0


def test_health_is_known_until_it_is_too_old(
    releases: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An offer that rested is asked again then."""
    health = fares(available=False)
    world = World(tmp_path, releases[0], Policy(max_health_age_s=600.0), health=health)
    assert [world.ask({"prompt": MUG}) for _ in range(3)] == [False, False, True]
    ((by, _),) = world.known._arms.values()
    midnight = (time.time() // 86_400 + 1) * 86_400
    soon = datetime.fromisoformat(health.offers["shop/value"].as_of).timestamp()
    assert by.until == pytest.approx(min(midnight, soon + 600.0), abs=0.01)
    monkeypatch.setattr(familiar.time, "time", lambda: by.until + 0.01)
    rest = rest_of({"prompt": MUG}, ANYONE.name, ANYONE.project)
    assert world.known.decide(world.picture, rest, {"prompt": MUG}, "req_1") is None


def test_a_gateway_that_has_served_goes_on_knowing(tmp_path: Path) -> None:
    """What was heard of offers is health from then on; unchanged, it is the same."""

    async def work(client: Any) -> Any:
        gateway = client.gateway
        with behave({}):
            served = await client.post("/v1/images/generations", json={"prompt": MUG})
            assert served.status_code == 200, served.text
        await gateway._look()
        health = gateway.picture.health
        await gateway._look()
        for n in range(4):
            answer = await client.post(ROUTE, json={"prompt": f"{n} {MUG}"})
            assert answer.status_code == 200, answer.text
        return health, gateway.picture.health, gateway.familiar._kept

    before, after, kept = drive(by_sellers(tmp_path, look_every_s=3_600.0), work)
    assert before.offers["shop/value"].n == 1
    assert after is before
    assert kept == 1


def test_nothing_is_kept_that_another_input_decides(releases: list[Any], tmp_path: Path) -> None:
    world = World(tmp_path, releases[0], Policy())
    body = {"prompt": MUG}
    assert [world.ask(body) for _ in range(4)] == [False, False, True, True]
    stable = world.picture.stable
    for other in (
        {"stable": replace(stable, db=releases[1])}, {"stable": replace(stable, prices=FEED)},
        {"policy": Policy(assumed_language="en")}, {"health": fares(available=False)},
    ):  # fmt: skip
        before = world.picture
        world.picture = replace(before, **other)  # type: ignore[arg-type]
        assert [world.ask(body) for _ in range(3)] == [False, True, True], other
        world.picture = before
        assert not world.ask(body)
        assert world.ask(body)
    world.picture = replace(world.picture, health=fares(**BY_WORDS))
    assert [world.ask(body) for _ in range(3)] == [False, False, False]
    world.picture = replace(world.picture, health=None)
    assert world.ask(body), "what was not kept takes nothing's place"
    world.key = Key(name="site", project="site")
    assert not world.ask(body)


def test_a_canary_is_known_apart(releases: list[Any], tmp_path: Path) -> None:
    world = World(tmp_path, releases[0], Policy())
    canary = Arm(name="canary", db=releases[1], prices=None)
    world.picture = replace(world.picture, canary=canary, percent=50.0)
    known = [world.ask({"prompt": f"{n} {MUG}"}) for n in range(60)]
    assert sum(known) > 40
    assert sorted(world.known._arms) == ["canary", "stable"]


def test_a_day_that_begins_is_decided_anew(
    releases: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, releases[0], Policy())
    assert [world.ask({"prompt": MUG}) for _ in range(3)][-1]
    ((by, _),) = world.known._arms.values()
    assert datetime.fromtimestamp(by.until + 0.001, UTC).time().isoformat() == "00:00:00"
    monkeypatch.setattr(familiar.time, "time", lambda: by.until)
    rest = rest_of({"prompt": MUG}, ANYONE.name, ANYONE.project)
    assert world.known.decide(world.picture, rest, {"prompt": MUG}, "req_1") is None
    assert (
        world.known._bodies(world.picture.stable, world.picture, by.until, by.until + 86_400.0)
        == {}
    )
    assert world.known._kept == 0


def test_what_is_kept_is_bounded(
    releases: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(familiar, "_MOST", 5)
    monkeypatch.setattr(familiar, "_MOST_SEEN", 7)
    world = World(tmp_path, releases[0], Policy())
    for n in range(40):
        for _ in range(2):
            world.ask({"prompt": MUG, "seed": n})
        found = [body for _, bodies in world.known._arms.values() for body in bodies.values()]
        assert sum(len(body.endings) for body in found) == world.known._kept <= 5
        assert len(found) <= 5
        assert len(world.known._seen) <= 7
    assert rest_of({"prompt": MUG, "user": "u" * 2_000}) is None
    assert rest_of({"prompt": MUG, "n": 1}) != rest_of({"prompt": MUG, "n": True})


def test_long_words_are_kept_with_no_body(releases: list[Any], tmp_path: Path) -> None:
    """Two thousand bodies with them were 256 MB."""
    world = World(tmp_path, releases[0], Policy())
    for seed in range(4):
        assert not any(world.ask({"prompt": MUG + " " * 2_000, "seed": seed}) for _ in range(3))
    assert [bodies for _, bodies in world.known._arms.values() if bodies] == []
    assert [world.ask({"prompt": MUG, "seed": 9}) for _ in range(3)] == [False, False, True]


def test_a_clock_that_is_set_back_is_decided_anew(tmp_path: Path) -> None:
    """To the day before, when what is gone now could still be bought."""
    today = datetime.now(UTC).date().isoformat()
    shelf = (Seller(name="cheap", usd="0.01", lifecycle=Lifecycle(gone=today)), *SHELF)
    world = World(tmp_path, load(write(tmp_path / "q.db", factories.release(shelf))), Policy())
    assert [world.ask({"prompt": MUG}) for _ in range(3)] == [False, False, True]
    rest = rest_of({"prompt": MUG}, ANYONE.name, ANYONE.project)
    ((by, _),) = world.known._arms.values()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(familiar.time, "time", lambda: by.until - 86_400.0 - 0.01)
        assert world.known.decide(world.picture, rest, {"prompt": MUG}, "req_1") is None
    assert world.ask({"prompt": MUG})


def test_answers_and_log_are_those_of_the_long_way(tmp_path: Path) -> None:
    """Over the whole gateway: an explained request, which is never known, beside a plain one."""

    async def work(client: Any) -> Any:
        pairs = []
        for n, prompt in enumerate([MUG, "a red dog", "retrato de una mujer", "nice", MUG] * 4):
            body = {"prompt": f"{n} {prompt}", "quality": "high"}
            pairs.append([
                await client.post(ROUTE, json={**body, "routing": {"explain": explain}})
                for explain in (False, True)
            ])  # fmt: skip
        await client.gateway.flush()
        rows = client.gateway.ledger.rows("SELECT * FROM decisions ORDER BY rowid")
        names = [column[1] for column in client.gateway.ledger.rows(
            "PRAGMA table_info(decisions)")]  # fmt: skip
        return pairs, [dict(zip(names, row, strict=True)) for row in rows], client.gateway.familiar

    chosen = settings(tmp_path, database(tmp_path, SHELF), keep_prompts=True)
    pairs, rows, known = drive(chosen, work)
    assert known._kept >= 3
    for plain, explained in pairs:
        bodies = [
            {k: v for k, v in answer.json().items() if k not in ("id", "now", "decision")}
            for answer in (plain, explained)
        ]
        assert bodies[0] == bodies[1]
        heads = [
            {k: v for k, v in answer.headers.items() if k not in ("content-length", "x-request-id")}
            for answer in (plain, explained)
        ]
        assert heads[0] == heads[1]
    own = ("id", "at", "decided_at", "seconds", "decide_us")
    for one, other in zip(rows[::2], rows[1::2], strict=True):
        assert {**one, **dict.fromkeys(own)} == {**other, **dict.fromkeys(own)}
        assert json.loads(one["need"])["prompt_digest"]
        assert one["at"] == milliseconds(one["decided_at"])


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-12-02T01:02:03.456789+00:00", "2026-12-02T01:02:03.456+00:00"),
        ("2026-12-02T01:02:03+00:00", "2026-12-02T01:02:03.000+00:00"),
    ],
)
def test_moments_are_cut_to_milliseconds(now: str, told: str) -> None:
    assert milliseconds(now) == told


def test_headers_that_go_unchecked_are_fit(releases: list[Any], tmp_path: Path) -> None:
    """h11 finds nothing wrong with them, and their lines are what it would write."""
    picture = World(tmp_path, releases[0], Policy()).picture
    ask = read_ask(RouteAsk, {"prompt": MUG, "quality": "high"})
    found = decide(picture, ask, endpoint="route", key=ANYONE, request_id="req_1",
                   settings=Settings(database=tmp_path, workspace=tmp_path))  # fmt: skip
    told = alike(found)
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    server.next_event()
    headers = [*json_response({}).raw_headers[:1], *told.headers]
    written = server.send(h11.Response(status_code=200, headers=headers))
    assert written is not None
    assert written.endswith(told.block + b"\r\n")


def test_what_never_comes_again_is_not_kept(tmp_path: Path) -> None:
    async def work(client: Any) -> tuple[int, set[str]]:
        body = {"prompt": MUG, "modality": "image"}
        for _ in range(3):  # the long way, the long way once more, then the short one
            (await client.post(ROUTE, json=body)).raise_for_status()
        before = encoded.cache_info().currsize
        ids = {(await client.post(ROUTE, json=body)).headers["x-request-id"] for _ in range(5)}
        return encoded.cache_info().currsize - before, ids

    more, ids = drive(by_sellers(tmp_path), work)
    assert len(ids) == 5
    assert more == 0, "headers of one answer alone take no place among those that come again"
