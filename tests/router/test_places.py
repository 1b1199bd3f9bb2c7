"""Places of a release are read once, when they are asked for, by any thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import factories
import pytest

from qfloor import export, router
from qfloor.errors import DatabaseError
from qfloor.router import Database, Need, Policy, choose
from qfloor.router import database as databases
from qfloor.router.places import Places

FACE = ("portrait", "image", "premium")
Market = Callable[..., Database]


def test_a_place_is_looked_up_once_by_any_number_of_threads() -> None:
    looked: list[tuple[str, str, str]] = []

    def look(place: tuple[str, str, str]) -> str:
        looked.append(place)
        time.sleep(0.01)
        return place[0]

    places = Places([FACE], look)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: places[FACE], range(40)))
    assert found == ["portrait"] * 40
    assert looked == [FACE]


def test_it_is_a_mapping() -> None:
    places = Places([FACE], lambda place: place[2])
    other = ("portrait", "image", "standard")
    assert (len(places), list(places), FACE in places, other in places) == (1, [FACE], True, False)
    assert places.get(other) is None
    assert places.get(other, "none") == "none"
    assert places.get(FACE) == "premium"
    with pytest.raises(KeyError):
        places[other]


def test_the_file_may_be_gone_after_loading(tmp_path: Path) -> None:
    path = export.write(tmp_path / "quality.db", factories.release())
    db = router.load(path)
    path.unlink()
    assert choose(db, Need(prompt="portrait of an old man")).offer == "shop/value"


def test_verdicts_that_cannot_be_read_are_told(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: str | None) -> None:
        raise ValueError("no JSON")

    monkeypatch.setattr("qfloor.router.places._covered", broken)
    with pytest.raises(DatabaseError, match="verdicts of portrait, image, premium cannot be read"):
        db.standings[FACE]


def test_what_is_remembered_is_bounded(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "SHAPES", 0)
    monkeypatch.setattr(databases, "ROWS", 0)
    db = market()
    for n in range(1, 101):
        decision = choose(db, Need(prompt="portrait of an old man", n=n))
        assert decision.candidates
        assert len(db.shapes) <= 64
        assert len(db.rows) <= 8
    again = choose(db, Need(prompt="portrait of an old man", n=1))
    fresh = choose(replace(db, memo={}, shapes={}, rows={}), Need(prompt="portrait of an old man"))
    assert again.to_dict() == fresh.to_dict()


def test_a_shape_does_not_mix_policies_or_days(db: Database) -> None:
    """What is remembered of one request must not answer another."""
    need = Need(prompt="portrait of an old man", tier="premium")
    strict = choose(db, need, now="2026-11-23", policy=Policy(lapsed="reject"))
    late = choose(db, need, now="2027-02-01", policy=Policy(lapsed="reject"))
    assert (strict.offer, late.offer) == ("shop/grand", None)
    ages = [
        choose(db, need, now=day).candidates[0].price_age_days
        for day in ("2026-11-23", "2026-11-25")
    ]
    assert ages == [3.0, 5.0]
    noted = [choose(db, need, now=day).notes for day in ("2026-11-23", "2027-02-01", "2026-11-23")]
    assert noted[0] == noted[2] != noted[1]
