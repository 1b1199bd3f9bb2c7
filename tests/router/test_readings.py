"""What a prompt was taken for is kept small, and one goes for each that comes."""

from __future__ import annotations

import gc
from pathlib import Path

from factories import Seller, release

from qfloor import export, router
from qfloor.router.database import READINGS


def loaded(folder: Path) -> router.Database:
    path = folder / "quality.db"
    export.write(path, release([Seller(name="a")]))
    return router.load(path)


def read(db: router.Database, prompt: str) -> router.Classification:
    need = router.Need(prompt=prompt)
    return db.remember_reading(prompt, lambda: router.classify(db, need))


def test_a_prompt_that_comes_again_is_taken_for_the_same_with_the_same_evidence(
    tmp_path: Path,
) -> None:
    db = loaded(tmp_path)
    first = read(db, "a studio photo of a red mug on marble")
    again = read(db, "a studio photo of a red mug on marble")
    assert again == first == router.classify(db, router.Need(prompt="a studio photo of a red mug "
                                                             "on marble"))  # fmt: skip
    assert len(again.evidence) > 0


def test_a_language_that_was_stated_is_remembered_as_stated(tmp_path: Path) -> None:
    db = loaded(tmp_path)
    need = router.Need(prompt="Salvador Dalí", language="es")
    first, again = (db.remember_reading("k", lambda: router.classify(db, need)) for _ in range(2))
    assert again == first
    assert (again.language, again.language_stated) == ("es", True)


def test_the_oldest_goes_when_there_are_too_many(tmp_path: Path) -> None:
    db = loaded(tmp_path)
    for n in range(READINGS + 5):
        read(db, f"{n} lighthouses at dusk")
    assert len(db.readings) == READINGS
    assert "4 lighthouses at dusk" not in db.readings
    assert "5 lighthouses at dusk" in db.readings


def test_where_threads_met_and_there_are_more_the_next_makes_up_for_it(tmp_path: Path) -> None:
    db = loaded(tmp_path)
    plain = (None, 0.0, ("portrait",), "image", "en")
    db.readings.update({f"left {n}": plain for n in range(READINGS + 7)})
    read(db, "a lighthouse at dusk")
    assert len(db.readings) == READINGS


def test_the_collector_need_not_look_through_what_is_kept(tmp_path: Path) -> None:
    """Thousands of readings that it walks through stop every request for ten milliseconds."""
    db = loaded(tmp_path)
    read(db, "a portrait of an old sailor, studio light")
    gc.collect()  # finds the categories plain
    gc.collect()  # and then what holds them
    assert not any(gc.is_tracked(kept) for kept in db.readings.values())
