"""No two decisions are told alike that differ in what is told: field by field, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import factories
import pytest
from factories import Seller
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from qfloor.export import write
from qfloor.records import CATEGORIES, Category, PriceComponent, PriceRule
from qfloor.router import HealthFeed, OfferHealth, Override, Policy, PriceFeed, load
from qfloor.web.gateway import alike, facts
from qfloor.web.gateway.asked import RouteAsk, read_ask
from qfloor.web.gateway.deciding import decide
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.guard import compact
from qfloor.web.gateway.keys import ANYONE
from qfloor.web.gateway.picture import Arm, Picture
from qfloor.web.gateway.settings import Settings

ODD = Category(id='a "quoted\\" é', description="odd", signals=("quibble",))
SHELF = (
    Seller(name="value", usd="0.02", clears=7.0, modalities=("image", "video")),
    Seller(name="grand", usd="0.2", clears=9.5),
    Seller(name="poor", usd="0.001", clears=4.0, unit="megapixel"),
)
LINE = PriceComponent(unit="image", amount="0.5")
RULE = PriceRule(components=(LINE,), source="feed", as_of="2026-11-17")
SLOW = OfferHealth(as_of="2026-11-17T10:00:00", available=False)


class Way(NamedTuple):
    """What a decision is made by, but for the body."""

    arm: str = "stable"
    release: int = 0
    priced: bool = False
    policy: Policy = Policy(on_uncertified="best_bound")
    health: HealthFeed | None = None
    fallbacks: int = 2


BODIES: tuple[dict[str, Any], ...] = (
    {},
    *({"prompt": p} for p in ("quibble", "retrato de una mujer", "портрет", "nice", "anime clip")),
    *({"model": m} for m in (" auto ", "auto/image", "auto/video", "shop/value", "shop/poor")),
    {"modality": "video"}, {"seconds": 4}, {"seconds": 4.5}, {"audio": False}, {"n": 2},
    {"negative_prompt": ""}, {"size": "1024x1024"}, {"size": "auto"}, {"aspect_ratio": "16:9"},
    {"quality": "high"}, {"quality": "high", "style": "vivid"}, {"seed": 5}, {"user": "é"},
    *({"routing": r} for r in (
        {"category": "portrait"}, {"category": ODD.id}, {"language": "en"}, {"language": "pt-BR"},
        {"tier": "premium"}, {"tier": "final"}, {"tier": "draft"}, {"max_price_usd": "0.03"},
        {"max_latency_s": "batch"}, {"max_latency_s": 60}, {"speed_premium_pct": 1},
        {"only": ["shop/grand"]}, {"ignore": ["shop/value"]}, {"tags": ["hands"]},
        {"tags": ["mine"]}, {"project": "site"}, {"allow_fallbacks": False},
    )),
)  # fmt: skip
WAYS = (
    Way(), Way(arm="canary"), Way(release=1), Way(priced=True), Way(fallbacks=0),
    *(Way(policy=Policy(on_uncertified="best_bound", **told)) for told in (
        {"assumed_language": "en"}, {"assumed_seconds": 9.0}, {"objective": "usable_cost"},
        {"overrides": (Override(offer="shop/grand", project="site"),)},
    )),
    Way(policy=Policy(on_uncertified="default:shop/poor")),
    Way(health=HealthFeed(offers={"shop/poor": SLOW})),
)  # fmt: skip


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Two releases of the same offers."""
    folder = tmp_path_factory.mktemp("releases")
    made = factories.release(SHELF, categories=(*CATEGORIES, ODD), population={"languages": ["en"]})
    lapsed = factories.release(SHELF, categories=CATEGORIES, valid_until="2026-11-01")
    return [load(write(folder / f"{n}.db", each)) for n, each in enumerate((made, lapsed))]


def _check(releases: list[Any], folder: Path, way: Way, told: dict[str, Any], n: int) -> None:
    prices = PriceFeed(rules={"shop/grand": RULE}) if way.priced else None
    arm = Arm(name=way.arm, db=releases[way.release], prices=prices)
    picture = Picture(stable=arm, canary=None, percent=0.0, policy=way.policy, health=way.health)
    body = {"prompt": "portrait of an old man", **told}
    chosen = Settings(database=folder, workspace=folder, fallbacks=way.fallbacks)
    try:
        found = decide(picture, read_ask(RouteAsk, body), endpoint="route", key=ANYONE,
                       request_id=f"req_{n:032x}", settings=chosen)  # fmt: skip
    except Fault:
        return
    if not found.offers:
        return
    found = found._replace(decision=replace(found.decision, now=f"2026-11-2{n % 10}"))
    whole = {"object": "route", "id": found.request_id, **facts.short(found)}
    said = alike.alike(found)
    confidence = found.decision.classification.confidence
    body = said.body(found.request_id, confidence, found.decision.now)
    assert body == compact(whole).encode("ascii")
    answer = said.ready(found.request_id, confidence, found.decision.now)
    assert answer.body == body
    heads = [*answer.raw_headers, *said.headers]
    ours = [(k.decode(), v.decode()) for k, v in heads if k.startswith(b"x-qfloor-")]
    assert sorted(ours) == sorted(facts.of_decision(found).items())


@pytest.mark.parametrize("way", WAYS)
def test_each_field_of_a_body_in_turn(
    arms: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.setattr(alike, "_kept", {})
    for n, told in enumerate((*BODIES, *reversed(BODIES))):
        _check(arms, tmp_path, way, told, n)
    assert len(alike._kept) > 5


@pytest.mark.parametrize("told", BODIES)
def test_each_way_to_decide_in_turn(
    arms: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]
) -> None:
    monkeypatch.setattr(alike, "_kept", {})
    for n, way in enumerate((*WAYS, *reversed(WAYS))):
        _check(arms, tmp_path, way, told, n)


@hypothesis_settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(WAYS), st.sampled_from(BODIES), st.sampled_from(BODIES)),
                min_size=5, max_size=30))  # fmt: skip
def test_any_order_of_them(
    arms: list[Any], tmp_path: Path, asked: list[tuple[Way, dict[str, Any], dict[str, Any]]]
) -> None:
    alike._kept.clear()
    for n, (way, one, other) in enumerate(asked):
        routing = {**one.get("routing", {}), **other.get("routing", {})}
        _check(arms, tmp_path, way, {**one, **other, "routing": routing}, n)
