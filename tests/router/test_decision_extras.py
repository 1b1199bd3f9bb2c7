"""What a decision tells beside its choice: prices of every unit, what else there is, its schema."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import factories
import jsonschema
import pytest
from factories import Seller
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import export, router
from qfloor.records import PriceComponent, PriceRule
from qfloor.router import (
    Cause,
    Database,
    HealthFeed,
    Need,
    OfferHealth,
    Policy,
    PriceFeed,
    Rule,
    choose,
)

NOW = "2026-11-23"
FACE = "portrait of an old man"  # 22 bytes


def component(unit: str, amount: str, **told: Any) -> PriceComponent:
    return PriceComponent(unit=unit, amount=amount, **told)  # type: ignore[arg-type]


FIRST = component("megapixel", "0.03", upto=1, rounding="up")
FURTHER = component("megapixel", "0.015", above=1, rounding="up")
BY_SIZE = [
    component("image", "0.01", when={"size": "1024x1024", "quality": "low"}),
    component("image", "0.04", when={"size": "2048x2048", "quality": "low"}),
]
BY_TOKEN = [
    component("token", "0.000005", when={"tokens": "input"}),
    component("token", "0.00004", when={"tokens": "output"}),
]
BY_RESOLUTION = [
    component("second", "0.10", when={"resolution": "720p"}),
    component("second", "0.25", when={"resolution": "1080p"}),
]
PRICES: list[tuple[list[PriceComponent], dict[str, Any], dict[str, Any], str | None]] = [
    ([component("image", "0.04")], {}, {}, "0.04"),
    ([component("image", "0.04")], {}, {"n": 3}, "0.12"),
    ([component("image", "0.04", minimum="0.1")], {}, {}, "0.1"),
    (BY_SIZE, {"quality": "low"}, {"size": "1024x1024"}, "0.01"),
    (BY_SIZE, {"quality": "low"}, {"size": "2048x2048"}, "0.04"),
    (BY_SIZE, {"quality": "low", "size": "2048x2048"}, {}, "0.04"),
    (BY_SIZE, {"quality": "high"}, {"size": "1024x1024"}, None),
    ([component("megapixel", "0.03", rounding="up")], {}, {"size": "1024x1024"}, "0.06"),
    ([component("megapixel", "0.03")], {}, {"size": "1000x500"}, "0.015"),
    ([FIRST, FURTHER], {}, {"size": "1000x1000"}, "0.03"),
    ([FIRST, FURTHER], {}, {"size": "1920x1080"}, "0.06"),
    ([FIRST, FURTHER], {}, {"size": "1920x1080", "n": 2}, "0.12"),
    ([component("second", "0.1")], {}, {"seconds": 7.5}, "0.75"),
    ([component("second", "0.1", rounding="up")], {}, {"seconds": 7.5}, "0.8"),
    ([component("second", "0.1")], {}, {"modality": "video"}, "0.5"),
    (BY_RESOLUTION, {}, {"seconds": 4, "size": "1280x720"}, "0.4"),
    (BY_RESOLUTION, {}, {"seconds": 4, "size": "1080x1920"}, "1"),
    (BY_RESOLUTION, {}, {"seconds": 4, "size": "640x480"}, None),
    (BY_RESOLUTION, {"resolution": "1080P"}, {"seconds": 4}, "1"),
    ([component("video", "0.28")], {}, {"seconds": 6}, "0.28"),
    ([component("video", "0.28")], {}, {"seconds": 6, "n": 2}, "0.56"),
    ([component("month", "30")], {}, {}, "0"),
    ([component("month", "30"), component("image", "0.01")], {}, {}, "0.01"),
    (BY_TOKEN, {"output_tokens": 1000}, {}, "0.04011"),
    (BY_TOKEN, {"output_tokens": 1000}, {"n": 2}, "0.08011"),
    (BY_TOKEN, {}, {}, None),
    ([component("token", "0.00001")], {"output_tokens": 1000}, {}, "0.01022"),
    ([component("image", "0.04", currency="CNY")], {}, {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("components", "offered", "asked", "usd"), PRICES)
def test_the_price_before_the_call_for_every_unit(
    market: Any,
    components: list[PriceComponent],
    offered: dict[str, Any],
    asked: dict[str, Any],
    usd: str | None,
) -> None:
    clip = "seconds" in asked or asked.get("modality") == "video"
    prompt = "an animation of a cat" if clip else FACE
    modality = {"modality": "video"} if clip else {}
    sellers = [Seller(name="s", settings=offered, modalities=("video", "image"))]
    rule = PriceRule(components=tuple(components), source="page", as_of="2026-11-20")
    feed = PriceFeed(rules={"shop/s": rule})
    decision = choose(
        market(sellers), Need(prompt=prompt, **{**modality, **asked}), prices=feed, now=NOW
    )
    assert decision.offer == "shop/s"
    told = decision.to_dict()
    assert told["price_usd"] == usd
    if usd is None:  # and then it is out under any ceiling
        need = Need(prompt=prompt, max_price_usd=1e6, **{**modality, **asked})
        refused = choose(market(sellers), need, prices=feed, now=NOW)
        assert (refused.offer, refused.binding_rule) == (None, Rule.PRICE_UNKNOWN)


def test_tokens_are_assumed_only_where_the_policy_says_so(market: Any) -> None:
    rule = PriceRule(components=tuple(BY_TOKEN), source="page", as_of="2026-11-20")
    told = {"prices": PriceFeed(rules={"shop/s": rule}), "now": NOW}
    policy = Policy(assumed_output_tokens=1056)
    decision = choose(market([Seller(name="s")]), Need(prompt=FACE), policy=policy, **told)
    assert decision.price_nanousd == 22 * 5_000 + 1056 * 40_000
    assert "priced for at most 22 tokens of prompt and 1056 of what is made" in decision.notes


def test_a_longer_prompt_can_turn_the_order_round(market: Any) -> None:
    sellers = [Seller(name="flat", usd="0.01"), Seller(name="token", settings={"output_tokens": 1})]
    rule = PriceRule(
        components=(component("token", "0.0001", when={"tokens": "input"}),),
        source="page",
        as_of="2026-11-20",
    )
    db, feed = market(sellers), PriceFeed(rules={"shop/token": rule})
    for prompt, offer in ((FACE, "token"), (FACE + " with a hat" * 20, "flat"), (FACE, "token")):
        assert choose(db, Need(prompt=prompt), prices=feed, now=NOW).offer == f"shop/{offer}"


# usable cost


@pytest.mark.parametrize(
    ("charged_on", "counts", "share"),
    [
        (("made",), {"made": 60}, 1.0),
        (("made",), {"made": 45, "refused": 15}, 0.75),  # a refusal costs nothing
        (("made", "refused"), {"made": 45, "refused": 15}, 1.0),
        (("made", "failed"), {"made": 60, "failed": 12}, 1.2),  # what failed was paid as well
        (("made", "blank"), {"made": 50, "blank": 10, "refused": 0}, 1.0),
    ],
)
def test_usable_cost_is_what_is_charged_for_an_output_that_is_sure_to_be_good(
    tmp_path: Any, charged_on: tuple[str, ...], counts: dict[str, int], share: float
) -> None:
    release = factories.release([Seller(name="s", usd="0.02", clears=6.8)])
    floors = tuple(replace(f, counts=counts) for f in release.floors)
    offers = tuple(
        replace(o, price=replace(o.price, charged_on=charged_on)) for o in release.offers if o.price
    )
    path = export.write(tmp_path / "q.db", replace(release, floors=floors, offers=offers))
    decision = choose(router.load(path), Need(prompt=FACE), now=NOW)
    upper = decision.candidates[0].upper
    assert upper is not None
    assert decision.usable_cost_nanousd == pytest.approx(20_000_000 * share / (1 - upper), abs=1)
    assert decision.price_nanousd == 20_000_000


# what else there is


def test_fallbacks_are_the_other_eligible_ones_in_order(market: Any) -> None:
    sellers = [Seller(name=n, usd=u) for n, u in (("a", "0.03"), ("b", "0.01"), ("c", "0.02"))]
    db = market([*sellers, Seller(name="poor", usd="0.001", clears=1.0)])
    decision = choose(db, Need(prompt=FACE), now=NOW)
    assert (decision.offer, decision.fallbacks) == ("shop/b", ("shop/c", "shop/a"))
    assert choose(db, Need(prompt=FACE, pin="shop/a"), now=NOW).fallbacks == ()
    policy = Policy(on_uncertified="default:shop/poor")
    default = choose(db, Need(prompt=FACE, tier="premium"), policy=policy, now=NOW)
    assert (default.cause, default.fallbacks) == (Cause.DEFAULT, ())


def test_what_quality_costs_and_what_price_keeps_away(db: Database) -> None:
    decision = choose(db, Need(prompt=FACE, max_price_usd=0.05), now=NOW)
    cheap = decision.counterfactuals.cheapest_ignoring_quality
    best = decision.counterfactuals.best_ignoring_price
    assert cheap is not None
    assert best is not None
    assert (cheap.offer, decision.offer, best.offer) == ("shop/thrift", "shop/value", "shop/grand")
    assert best.price_nanousd == 80_000_000
    told = router.explain(decision)
    assert "shop/thrift at $0.003 if quality did not matter" in told
    assert "shop/grand at $0.08 if price did not matter" in told
    only = choose(db, Need(prompt=FACE, only=("shop/film",)), now=NOW)
    assert only.counterfactuals.to_dict() == {
        "cheapest_ignoring_quality": None, "best_ignoring_price": None,
    }  # fmt: skip


def test_rejections_are_counted_by_rule(db: Database) -> None:
    decision = choose(db, Need(prompt=FACE, tier="premium", max_price_usd=0.05), now=NOW)
    assert decision.rejected == {"modality": 1, "not_certified": 2, "budget": 1}
    assert sum(decision.rejected.values()) == len(db.offers)


def test_latency_stands_with_n_and_its_age(db: Database) -> None:
    seen = OfferHealth(as_of="2026-11-23T09:55:00+00:00", p50_s=0.319706, p95_s=8.0, n=44)
    feed = HealthFeed(offers={"shop/value": seen})
    decision = choose(db, Need(prompt=FACE), health=feed, now="2026-11-23T10:00:00")
    row = decision.candidates[0]
    assert (row.p95_s, row.latency_n, row.latency_as_of) == (8.0, 44, seen.as_of)
    assert "n = 44, 2026-11-23T09:55" in router.explain(decision)
    assert "p50 0.32 s, p95 8 s (health feed" in router.explain(decision)
    late = choose(db, Need(prompt=FACE), health=feed, now="2026-11-23T10:11:00")
    assert late.candidates[0].latency_source == "declared", "stale is unknown"


# the schema


SCHEMA = json.loads(router.decision_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
NEEDS = st.fixed_dictionaries(
    {"prompt": st.sampled_from([FACE, "a cat", "a video of waves", "asdf", "ein Plakat 'Hallo'"])},
    optional={
        "tier": st.sampled_from(["standard", "professional", "premium"]),
        "max_price_usd": st.sampled_from([0, 0.01, 0.05, 1]),
        "max_latency_s": st.sampled_from([1, 20, "realtime", "batch", {"p50": 3, "p95": 9}]),
        "pin": st.sampled_from(["shop/value", "shop/film"]),
        "size": st.sampled_from(["512x512", "1920x1080"]),
        "seconds": st.sampled_from([3, 90.5]),
        "tags": st.sampled_from([("hands",), ("brand",)]),
        "n": st.sampled_from([1, 4]),
        "negative": st.just("people"),
        "language": st.sampled_from(["en", "es"]),
    },
)
POLICIES = st.sampled_from(
    [Policy(), Policy(on_uncertified="best_bound"), Policy(on_uncertified="default:shop/grand"),
     Policy(objective="usable_cost", lapsed="reject")]
)  # fmt: skip
SHOP = factories.release()


def test_the_schema_is_one_and_its_codes_are_the_codes() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["cause"]["enum"] == [c.value for c in Cause]
    assert SCHEMA["$defs"]["rule"]["enum"] == [r.value for r in Rule]


@pytest.fixture(scope="module")
def shop_db(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return router.load(export.write(tmp_path_factory.mktemp("s") / "q.db", SHOP))


@given(NEEDS, POLICIES, st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_decision_keeps_to_its_schema_and_is_the_same_again(
    shop_db: Database, fields: dict[str, Any], policy: Policy, well: bool
) -> None:
    at = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
    health = HealthFeed(
        offers={
            "shop/value": OfferHealth(
                as_of=at.isoformat(), p50_s=2, p95_s=40, n=90, usual_p95_s=5, available=well,
                elevated=True, shed=0.5,
            )
        }
    )  # fmt: skip
    told = [
        choose(shop_db, Need(**fields), policy=policy, health=health, now=at).to_dict()
        for _ in range(2)
    ]
    one, again = (json.dumps(t, ensure_ascii=False) for t in told)
    assert one == again
    VALIDATOR.validate(json.loads(one))
