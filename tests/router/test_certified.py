"""A decision is called certified only where its offer is certified for what was asked."""

from __future__ import annotations

from typing import Any

import pytest
from factories import Seller

from qfloor.router import Cause, Need, Override, Policy, choose, explain

PORTRAIT = "a studio portrait photo of an old man"
ENGLISH = {"languages": ["en"], "tags": []}
ONE = [Seller(name="value", clears=7.0), Seller(name="thrift", usd="0.002", clears=2.0)]


def _says_no(decision: Any, why: str) -> None:
    """Program and person are told the same: not certified, and why."""
    assert not decision.certified
    assert decision.to_dict()["certified"] is False
    assert f"{decision.offer} is not certified for this: portrait: {why}" in decision.notes
    page = explain(decision)
    assert "\n  floor     certified:" not in page
    assert why in page


def test_a_best_bound_for_a_challenge_nobody_judged(market: Any) -> None:
    need = Need(prompt=PORTRAIT, tags=("hands",))
    policy = Policy(on_uncertified="best_bound")
    decision = choose(market(ONE, population=ENGLISH), need, policy=policy)
    assert (decision.offer, decision.cause) == ("shop/value", Cause.BEST_BOUND)
    _says_no(decision, "not judged on hands")
    assert "certified for other prompts, not for these: at most" in explain(decision)


def test_the_policys_default_for_a_challenge_nobody_judged(market: Any) -> None:
    need = Need(prompt=PORTRAIT, tags=("hands",))
    policy = Policy(on_uncertified="default:shop/value")
    decision = choose(market(ONE, population=ENGLISH), need, policy=policy)
    assert decision.cause is Cause.DEFAULT
    _says_no(decision, "not judged on hands")


@pytest.mark.parametrize("by", ["pin", "override"])
def test_what_is_named_in_a_language_nobody_judged(market: Any, by: str) -> None:
    policy = Policy(overrides=(Override(offer="shop/value", project="p"),))
    told: dict[str, Any] = {"pin": "shop/value"} if by == "pin" else {"project": "p"}
    db = market(ONE, population=ENGLISH)
    spanish = choose(db, Need(prompt=PORTRAIT, language="es", **told), policy=policy)
    assert spanish.offer == "shop/value"
    _says_no(spanish, "judged in en, this one is es")
    english = choose(db, Need(prompt=PORTRAIT, **told), policy=policy)
    assert english.certified
    assert english.notes == ()
    assert "\n  floor     certified: at most" in explain(english)


def test_what_is_pinned_below_the_tier(market: Any) -> None:
    decision = choose(market(ONE), Need(prompt=PORTRAIT, pin="shop/thrift"))
    assert not decision.certified
    assert "\n  floor     rejected: " in explain(decision)


def test_a_refusal_is_not_certified(market: Any) -> None:
    decision = choose(market(ONE), Need(prompt=PORTRAIT, max_price_usd=0))
    assert decision.offer is None
    assert not decision.certified


def _headline(market: Any, **usd: str | None) -> str:
    sellers = [Seller(name=name, usd=price) for name, price in usd.items()]
    page: str = explain(choose(market(sellers), Need(prompt=PORTRAIT), now="2026-11-24"))
    return page.splitlines()[0]


def test_all_that_fit_are_counted_whatever_is_known_of_their_price(market: Any) -> None:
    assert "the only offer that fits and is certified" in _headline(market, a="0.01")
    assert "the cheapest of 2 that fit and are" in _headline(market, a="0.01", b="0.02")
    both = _headline(market, a="0.01", b="0.02", c=None)
    assert "the cheapest of 2 whose price is known, of 3 that fit and are certified" in both
    one = _headline(market, a="0.01", b=None)
    assert "the only one whose price is known of 2 that fit and are certified" in one


def test_where_no_price_is_known_the_best_floor_is_first_of_all(market: Any) -> None:
    sellers = [Seller(name=name, usd=None) for name in "abc"]
    decision = choose(market(sellers), Need(prompt=PORTRAIT))
    page = explain(decision)
    assert "the best floor of 3 that fit and are certified" in page
    assert "shop/b, shop/c (eligible, next in order)" in page
    assert {c.offer for c in decision.candidates} - {decision.offer} == set(decision.fallbacks)
