"""Clips of sellers that make a few lengths only: what is asked for between two costs the longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from factories import Seller, release

from qfloor import export, router
from qfloor.records import Capabilities

NOW = "2026-11-24"
STEPS = Seller(
    name="steps",
    usd="0.40",
    unit="second",
    modalities=("video",),
    capabilities=Capabilities(durations=(4.0, 6.0, 8.0)),
)
ANY = Seller(name="any", usd="0.45", unit="second", modalities=("video",))


def ask(tmp_path: Path, *sellers: Seller, **given: object) -> router.Decision:
    db = router.load(export.write(tmp_path / "quality.db", release(sellers)))
    need = router.Need(prompt="a video of a dog running on a beach", modality="video", **given)  # type: ignore[arg-type]
    return router.choose(db, need, now=NOW)


@pytest.mark.parametrize(
    ("asked", "nanousd"), [(4.0, 1_600_000_000), (5.0, 2_400_000_000), (7.5, 3_200_000_000)]
)
def test_the_next_length_is_priced(tmp_path: Path, asked: float, nanousd: int) -> None:
    found = ask(tmp_path, STEPS, seconds=asked)
    assert (found.offer, found.price_nanousd) == ("shop/steps", nanousd)


def test_a_length_that_is_not_made_may_be_dearer_than_one_that_is(tmp_path: Path) -> None:
    assert ask(tmp_path, STEPS, ANY, seconds=6.0).offer == "shop/steps"
    assert ask(tmp_path, STEPS, ANY, seconds=5.0).offer == "shop/any"


def test_a_ceiling_is_held_against_what_will_be_charged(tmp_path: Path) -> None:
    found = ask(tmp_path, STEPS, seconds=5.0, max_price_usd=2.0)
    assert found.offer is None
    assert found.to_dict()["binding_rule"] == "budget"


def test_longer_than_the_longest_is_not_made(tmp_path: Path) -> None:
    found = ask(tmp_path, STEPS, seconds=9.0)
    assert (found.offer, found.to_dict()["binding_rule"]) == (None, "seconds")


def test_no_length_is_priced_at_the_next_to_what_is_assumed(tmp_path: Path) -> None:
    found = ask(tmp_path, STEPS)
    assert found.price_nanousd == 2_400_000_000
    assert "priced for 6 s, as no length was given" in found.notes


def test_a_shorter_clip_that_is_made_is_offered(tmp_path: Path) -> None:
    helps = ask(tmp_path, STEPS, seconds=5.0, max_price_usd=2.0).relaxation
    assert helps is not None
    assert (helps.change, helps.price_nanousd) == ({"seconds": 4.0}, 1_600_000_000)
