"""Replays: exact money, rivals over the same requests, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from factories import Seller

from qfloor.errors import DatabaseError, InputError
from qfloor.pipeline.replaying import replay_remarks, replay_rows
from qfloor.router import Classification, Database, Need, Policy
from qfloor.router.asked import NOT_KEPT, Asked
from qfloor.router.rates import measured
from qfloor.router.replay import Replay, replay

Market = Callable[..., Database]
NOW = "2026-11-23"
FACE, HILL = "portrait of an old man", "a wide mountain landscape at dawn"


def ask(prompt: str, tier: str = "professional", count: int = 1, **fields: object) -> Asked:
    beside = {k: fields.pop(k) for k in ("category", "offer") if k in fields}
    return Asked(need=Need(prompt=prompt, tier=tier, **fields), count=count, **beside)  # type: ignore[arg-type]


def mix(found: Replay, name: str) -> dict[str, float]:
    return {o.removeprefix("shop/"): float(n) for o, n in found.outcome(name).mix.items()}


def test_money_and_mixes(db: Database) -> None:
    log = [ask(FACE, count=3), ask(HILL, "premium"), ask(HILL, "standard", 2)]
    found = replay(db, log, now=NOW)
    assert mix(found, "routed") == {"value": 3, "thrift": 2, "grand": 1}
    assert found.outcome("routed").spend_nanousd == 3 * 20_000_000 + 2 * 3_000_000 + 80_000_000
    assert mix(found, "always cheapest") == {"thrift": 6}
    # all have the same measured rate here, so the locked team takes the cheapest
    assert mix(found, "best single") == {"thrift": 6}
    assert mix(found, "random certified")["grand"] == pytest.approx(3 / 2 + 1 + 2 / 3)
    assert found.asked == 6
    assert all(o.requests == 6 for o in found.outcomes)


def test_the_locked_team_and_its_table_can_be_told(db: Database) -> None:
    table = {"portrait": "shop/grand", "landscape/image": "shop/value"}
    found = replay(db, [ask(FACE), ask(HILL)], now=NOW, locked="shop/grand", table=table)
    assert mix(found, "best single") == {"grand": 2}
    assert mix(found, "manual table") == {"grand": 1, "value": 1}
    with pytest.raises(InputError, match="no offer 'shop/nobody'"):
        replay(db, [ask(FACE)], locked="shop/nobody")
    with pytest.raises(InputError, match="names the category 'portraits'"):
        replay(db, [ask(FACE)], table={"portraits": "shop/grand"})


def test_who_cannot_make_a_thing_serves_none_of_it(db: Database) -> None:
    log = [ask("portrait of an old man", count=3)]
    found = replay(db, log, now=NOW, locked="shop/film")
    locked = found.outcome("best single")
    assert (locked.requests, locked.unpriced, locked.unmade) == (0, 0, {"shop/film": 3})
    rows = {row["policy"]: row for row in replay_rows(found)}
    nothing = ("usd", "fail_rate", "below_floor", "regret_usd", "regret_fails")
    assert [rows["best single"][name] for name in nothing] == [None] * 5
    assert rows["best single"]["unmade"] == 3
    assert "best single: shop/film cannot make 3 of them at all" in " ".join(
        replay_remarks(found, list(rows.values()))
    )
    assert rows["routed"]["unmade"] == 0


def test_offers_of_a_log_that_the_release_lost_are_named(db: Database) -> None:
    log = [ask("portrait of an old man", offer="old/one"), ask("portrait", offer="shop/value")]
    found = replay(db, log, now=NOW)
    assert found.unknown_offers == ("old/one",)
    assert "the log names offers that the release does not know: old/one" in replay_remarks(
        found, replay_rows(found)
    )


def test_what_is_refused_is_counted_by_its_rule_and_compared_with_nothing(db: Database) -> None:
    log = [ask(FACE), ask(FACE, count=4, max_price_usd="0.001"), ask(FACE, audio=True)]
    found = replay(db, log, now=NOW)
    assert found.refused == {"audio": 1, "budget": 4}
    assert found.asked == 6
    assert [o.requests for o in found.outcomes] == [1] * 6


def test_the_true_category_decides_what_fails(market: Market) -> None:
    sellers = [Seller(name="faces", by_category={"landscape": 3.0}), Seller(name="all", usd="0.5")]
    db = market(sellers)
    found = replay(db, [ask(FACE, category="landscape")], now=NOW)
    (cell,) = found.outcome("routed").cells
    assert cell == ("landscape", "image", "professional", "shop/faces")
    assert found.fails(found.outcome("routed")) == Fraction(measured(db)[cell].rate)


def test_an_oracle_takes_the_cheapest_that_holds(db: Database) -> None:
    found = replay(db, [ask(FACE, "premium")], now=NOW)
    assert mix(found, "oracle") == {"thrift": 1}  # 10 of 240 fail, whatever could be certified
    assert found.below_floor(found.outcome("oracle")) == 0


def test_a_log_without_prompts_goes_by_its_classification(db: Database) -> None:
    told = Classification("portrait", 0.9, ("portrait",), (), "image", "en")
    found = replay(db, [Asked(need=Need(prompt=NOT_KEPT), classification=told)], now=NOW)
    assert mix(found, "routed") == {"value": 1}
    assert found.without_prompt == 1


def test_a_log_is_decided_by_the_languages_it_states(market: Market) -> None:
    db = market(population={"languages": ["en"]})
    log = [ask("portrait Salvador Dalí", language=told) for told in ("en", "es", None)]
    found = replay(db, log, now=NOW)
    assert mix(found, "routed") == {"value": 1}


def test_offers_without_a_price_are_counted_apart(market: Market) -> None:
    db = market([Seller(name="free", usd=None)])
    found = replay(db, [ask(FACE)], now=NOW)
    assert found.outcome("routed").unpriced == 1
    assert found.outcome("routed").spend_nanousd == 0
    assert mix(found, "always cheapest") == {}  # without a price nothing is the cheapest
    assert mix(found, "oracle") == {"free": 1}


def test_what_served_then_is_told(db: Database) -> None:
    found = replay(db, [ask(FACE, offer="shop/grand"), ask(FACE, offer="shop/value")], now=NOW)
    assert found.unlike == 1


def test_a_policy_of_the_team(db: Database) -> None:
    policy = Policy(on_uncertified="default:shop/thrift")
    log = [ask(FACE, "premium", max_price_usd="0.01")]
    assert mix(replay(db, log, policy=policy, now=NOW), "routed") == {"thrift": 1}


def test_rates_need_the_release_they_were_loaded_from(db: Database, market: Market) -> None:
    market([Seller(name="other")])  # written over it
    with pytest.raises(DatabaseError, match="another release"):
        measured(db)
