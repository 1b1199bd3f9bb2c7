"""A release that remembers what it decided says what one that was just read says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import factories
import pytest
from factories import Seller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qfloor import export
from qfloor.errors import NeedError
from qfloor.records import CATEGORIES, Capabilities, Lifecycle, PriceComponent, PriceRule
from qfloor.router import (
    Database,
    HealthFeed,
    Need,
    OfferHealth,
    Override,
    Policy,
    PriceFeed,
    choose,
    choosing,
    load,
)

SHELF = (
    Seller(name="both", usd="0.02", clears=7.0, modalities=("image", "video")),
    Seller(name="words", usd="0.00001", unit="token", clears=9.0, settings={"output_tokens": 90}),
    Seller(name="english", usd="0.01", capabilities=Capabilities(languages=("en",))),
    Seller(name="film", usd="0.004", unit="second", clears=9.0, modalities=("video",)),
    Seller(name="dear", usd="0.09", clears=9.0, as_of="2026-10-01"),
    Seller(name="old", usd="0.05", clears=9.0, lifecycle=Lifecycle(deprecated="2026-11-24")),
)
GOING = Seller(name="going", usd="0.002", clears=9.0, lifecycle=Lifecycle(gone="2026-11-24"))
DAYS = ("2026-11-23", "2026-11-23T23:59:59+00:00", "2026-11-24T00:00:00+00:00", "2027-01-01")


def _feed(usd: str, currency: str = "USD", **rates: str) -> PriceFeed:
    line = PriceComponent(unit="image", amount=usd, currency=currency)
    rule = PriceRule(components=(line,), source="feed", as_of="2026-11-17")
    return PriceFeed(rules={"shop/dear": rule}, rates=rates)


NEEDS: dict[str, tuple[Any, ...]] = {
    "prompt": ("portrait of an old man", "retrato de una mujer", "portrait Salvador Dalí",
               "portrait of a girl", "video of waves rolling", "anime clip of a cat", "nice"),
    "tier": ("professional", "premium", "draft"),
    "negative": (None, "", "hats"),
    "aspect_ratio": (None, "16:9"),
    "size": (None, "512x512"),
    "resolution": (None, "1K"),
    "language": (None, "es", "en"),
    "modality": (None, "image", "video"),
    "seconds": (None, 4, 4.5),
    "audio": (None, False, True),
    "n": (1, 2),
    "separately": (False, True),
    "by_shape": (False, True),
    "max_price_usd": (None, "0.03"),
    "max_latency_s": (None, "batch", "realtime", 2),
    "only": ((), ("shop/both", "shop/dear")),
    "ignore": ((), ("shop/both",)),
    "pin": (None, "shop/dear"),
    "project": (None, "site"),
    "tags": ((), ("hands",), ("mine",)),
}  # fmt: skip
POLICIES: dict[str, tuple[Any, ...]] = {
    "objective": ("price", "usable_cost"),
    "on_uncertified": ("refuse", "best_bound", "default:shop/dear"),
    "overrides": ((), (Override(offer="shop/dear", project="site"),)),
    "assumed_seconds": (5.0, 60.0),
    "assumed_pixels": ((1024, 1024), (512, 512)),
    "assumed_output_tokens": (None, 4_000),
    "require_commercial_use": (False, True),
    "lapsed": ("note", "reject"),
    "assumed_language": (None, "en", "es"),
}
BESIDE: dict[str, tuple[Any, ...]] = {
    "prices": (None, _feed("0.001"), _feed("0.001", "EUR"), _feed("0.001", "EUR", EUR="9"),
               dict(_feed("0.5").rules)),
    "health": (None, HealthFeed(offers={"shop/both": OfferHealth(as_of=DAYS[1], available=False)})),
    "now": DAYS,
}  # fmt: skip


def _few(of: dict[str, tuple[Any, ...]], most: int) -> st.SearchStrategy[dict[str, Any]]:
    """At most so many fields that are not as they usually are: what is kept must come again."""
    each = [st.tuples(st.just(name), st.sampled_from(values)) for name, values in of.items()]
    return st.lists(st.one_of(each), max_size=most).map(dict)


asked = st.lists(st.tuples(_few(NEEDS, 2), _few(POLICIES, 1), _few(BESIDE, 1)), max_size=14)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two releases: one judged in English alone, one of lapsed verdicts and a price by the token.

    Where a price is by the token, only prompts of one length have one shape.
    """
    folder = tmp_path_factory.mktemp("releases")
    by_call = tuple(seller for seller in SHELF if seller.unit != "token")
    made = (
        factories.release(by_call, categories=CATEGORIES, population={"languages": ["en"]}),
        factories.release((*SHELF, GOING), categories=CATEGORIES[:3], valid_until="2026-11-23"),
    )
    return [export.write(folder / f"{n}.db", release) for n, release in enumerate(made)]


def _told(db: Database, need: Need, policy: Policy, beside: dict[str, Any]) -> str:
    """All that a decision tells, as bytes would be; an error in its words."""
    try:
        found = choose(db, need, policy=policy, **{"now": DAYS[0], **beside})
    except NeedError as error:
        return str(error)
    return json.dumps([found.to_dict(), repr(found), found.fallbacks, found.request.now])


@pytest.mark.parametrize(
    "lifecycle",
    [Lifecycle(released="2026-11-01"), Lifecycle(deprecated="2026-11-24", released="2026-01-01"),
     Lifecycle(state="uncertain"), Lifecycle(gone="2026-11-25"), Lifecycle(state="gone")],
)  # fmt: skip
def test_offers_of_any_age_are_chosen_once_a_day(
    market: Any, monkeypatch: pytest.MonkeyPatch, lifecycle: Lifecycle
) -> None:
    """Real offers say when they were released: nothing was remembered of any that did."""
    db = market([Seller(name="a", lifecycle=lifecycle), Seller(name="b")])
    chosen: list[str] = []
    whole = choosing._chosen

    def spy(request: Any) -> Any:
        chosen.append(request.today)
        return whole(request)

    monkeypatch.setattr(choosing, "_chosen", spy)
    days = ["2026-11-23", "2026-11-23", "2026-11-24", "2026-11-24", "2026-11-25", "2026-11-25"]
    for day in days:
        need = Need(prompt=NEEDS["prompt"][0])
        offer = choose(db, need, now=day).offer
        gone = lifecycle.state == "gone" or (lifecycle.gone or "9") <= day
        assert offer == ("shop/b" if gone else "shop/a")
    assert chosen == days[::2]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, 1), asked=asked)
def test_what_was_decided_before_changes_nothing(
    paths: list[Path], at: int, asked: list[tuple[Any, Any, Any]]
) -> None:
    shared = load(paths[at])
    for words, orders, beside in asked:
        policy = Policy(**orders)
        try:
            need = Need(**{"prompt": NEEDS["prompt"][0], **words})
        except NeedError:
            continue
        assert _told(shared, need, policy, beside) == _told(load(paths[at]), need, policy, beside)


@pytest.mark.parametrize(
    ("of", "name"), [(of, name) for of in (NEEDS, POLICIES, BESIDE) for name in of]
)
@pytest.mark.parametrize(("at", "assumed"), [(0, None), (1, None), (0, "en")])
def test_no_field_is_forgotten(
    paths: list[Path], of: Any, name: str, at: int, assumed: str | None
) -> None:
    """Each in turn, twice and in both orders: what came first is not told of the other."""
    shared = load(paths[at])
    for value in (*of[name], *reversed(of[name])):
        told: list[dict[str, Any]] = [{}, {"assumed_language": assumed}, {}]
        told[(NEEDS, POLICIES, BESIDE).index(of)][name] = value
        need, policy = Need(**{"prompt": NEEDS["prompt"][0], **told[0]}), Policy(**told[1])
        assert _told(shared, need, policy, told[2]) == _told(load(paths[at]), need, policy, told[2])
