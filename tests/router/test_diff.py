"""What changes between two releases, by themselves and over a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import factories
import pytest
from factories import Seller, shop

from qfloor import export, router
from qfloor.cli.databases import _said
from qfloor.router import Database, Need, Policy
from qfloor.router.asked import Asked
from qfloor.router.diff import NOBODY, DatabaseDiff, diff
from qfloor.router.weights import default_content

NOW = "2026-11-23"
Two = Callable[..., tuple[Database, Database]]


@pytest.fixture
def two(tmp_path: Path) -> Two:
    def make(old: list[Seller], new: list[Seller]) -> tuple[Database, Database]:
        paths = [
            export.write(tmp_path / f"{name}.db", factories.release(sellers))
            for name, sellers in (("old", old), ("new", new))
        ]
        return router.load(paths[0]), router.load(paths[1])

    return make


def changed(**by_name: Seller | None) -> list[Seller]:
    """The shop with some of its sellers exchanged, or gone."""
    return [found for seller in shop() if (found := by_name.get(seller.name, seller)) is not None]


def log(*tiers: str, count: int = 1) -> list[Asked]:
    return [
        Asked(need=Need(prompt="portrait of an old man", tier=tier), count=count) for tier in tiers
    ]


def moves(found: DatabaseDiff) -> list[tuple[str, str, float, str]]:
    assert found.log is not None
    return [(m.before, m.after, float(m.requests), m.why) for m in found.log.moves]


def test_a_release_is_as_itself(two: Two) -> None:
    old, new = two(shop(), shop())
    found = diff(old, new, log("standard", "premium"), now=NOW)
    assert (found.certificates, found.prices, found.demands) == ((), (), ())
    assert found.reads_alike
    assert found.log is not None
    assert (found.log.changed, found.log.moves) == (0, ())
    assert found.log.spend_before_nanousd == found.log.spend_after_nanousd == 83_000_000


def test_a_classifier_of_another_training_is_told(tmp_path: Path) -> None:
    made = factories.release(shop())
    weights = default_content()
    older = weights | {"bias": [bias - 0.01 for bias in weights["bias"]]}
    dbs = [
        router.load(export.write(tmp_path / f"{i}.db", replace(made, weights=told)))
        for i, told in enumerate((weights, older))
    ]
    found = diff(*dbs)
    assert not found.reads_alike
    assert (found.certificates, found.prices, found.demands) == ((), (), ())
    assert any("their classifiers differ" in line for line in _said(found))


def test_certificates_lost_and_gained(two: Two) -> None:
    worse = Seller(name="value", usd="0.02", clears=5.0)
    better = Seller(name="thrift", usd="0.003", clears=6.2)
    found = diff(*two(shop(), changed(value=worse, thrift=better)))
    lost, gained = found.certificates_called("lost"), found.certificates_called("gained")
    assert {(c.offer, c.tier) for c in lost} == {("shop/value", "professional")}
    assert {(c.offer, c.tier) for c in gained} == {("shop/thrift", "professional")}
    assert {(c.ruling, c.reason) for c in lost} == {("rejected", "fails")}
    assert all(c.why.startswith("not good enough: up to ") for c in lost)
    assert {c.why for c in gained} == {"certified"}
    assert found.log is None


def test_an_offer_that_is_gone_and_one_that_is_new(two: Two) -> None:
    new = [*changed(value=None), Seller(name="novel", usd="0.01", clears=6.5)]
    found = diff(*two(shop(), new), log("professional", count=3), now=NOW)
    assert (found.offers_gone, found.offers_new) == (("shop/value",), ("shop/novel",))
    assert {c.reason for c in found.certificates_called("lost")} == {"the offer is gone"}
    assert moves(found) == [("shop/value", "shop/novel", 3, "the offer is gone")]
    assert found.log is not None
    assert (found.log.spend_before_nanousd, found.log.spend_after_nanousd) == (
        60_000_000,
        30_000_000,
    )


def test_moved_prices_move_decisions(two: Two) -> None:
    dearer = Seller(name="value", usd="0.09", clears=6.8)
    found = diff(*two(shop(), changed(value=dearer)), log("professional"), now=NOW)
    assert [(p.offer, p.before, p.after) for p in found.prices] == [
        ("shop/value", "0.02 USD a image", "0.09 USD a image")
    ]
    assert moves(found) == [("shop/value", "shop/grand", 1, "dearer now: $0.09 against $0.08")]


def test_what_is_served_no_more_and_newly(two: Two) -> None:
    nobody = Seller(name="grand", usd="0.08", clears=7.0)
    found = diff(*two(shop(), changed(grand=nobody)), log("premium", count=2), now=NOW)
    assert found.log is not None
    assert (found.log.lost, found.log.gained, found.log.compared) == (2, 0, 0)
    (move,) = found.log.moves
    assert (move.before, move.after, move.after_nanousd) == ("shop/grand", NOBODY, None)
    assert move.why.startswith("not good enough: portrait: up to")
    back = diff(*reversed(two(shop(), changed(grand=nobody))), log("premium"), now=NOW)
    assert back.log is not None
    assert (back.log.lost, back.log.gained) == (0, 1)
    assert moves(back)[0][3] == "somebody is certified now"


def test_a_language_that_was_stated_counts_on_both_sides(tmp_path: Path) -> None:
    spoken = {"old": ["en"], "new": ["en", "es"]}
    old, new = (
        router.load(
            export.write(
                tmp_path / f"{name}.db", factories.release(shop(), population={"languages": told})
            )
        )
        for name, told in spoken.items()
    )
    needs = [Need(prompt="portrait Salvador Dalí", language=told) for told in ("es", "en", None)]
    found = diff(old, new, [Asked(need=need) for need in needs], now=NOW)
    assert found.log is not None
    assert (found.log.gained, found.log.lost, found.log.compared) == (1, 0, 1)


def test_the_policy_counts_on_both_sides(two: Two) -> None:
    nobody = Seller(name="grand", usd="0.08", clears=7.0)
    policy = Policy(on_uncertified="default:shop/grand")
    found = diff(*two(shop(), changed(grand=nobody)), log("premium"), policy=policy, now=NOW)
    assert found.log is not None
    assert found.log.changed == 0


def test_demands_that_moved(two: Two) -> None:
    old, new = two(shop(), shop())
    place = ("portrait", "image", "premium")
    moved = replace(
        new,
        demands={**new.demands, place: new.demands[place]._replace(value=8.5)},
        primary_quality="other",
    )
    found = diff(old, moved)
    assert [(d.category, d.before, d.after) for d in found.demands] == [("portrait", 8.0, 8.5)]
    assert not found.comparable
