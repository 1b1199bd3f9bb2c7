"""What error levels add up to, per release and per year."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import stats
from qfloor.export import read, stated_error

ROOT = Path(__file__).resolve().parents[2]


def test_twelve_releases_at_five_per_cent_are_forty_six() -> None:
    most, independent = stats.error_over([0.05], 12)
    assert (round(most, 12), round(independent, 4)) == (0.6, 0.4596)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.integers(1, 24))
def test_the_ceiling_is_one_and_what_is_independent_below_it(alphas: list[float], n: int) -> None:
    most, independent = stats.error_over(alphas, n)
    assert 0.0 <= independent <= most + 1e-12 <= 1.0 + 1e-12
    assert independent >= max(alphas) - 1e-12


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lie in \[0, 1\]"):
        stats.error_over([1.5])
    with pytest.raises(ValueError, match="at least 1"):
        stats.error_over([0.05], 0)


def test_the_painters_release_states_its_families() -> None:
    stated = stated_error(read(ROOT / "results" / "painters.db"))
    assert stated is not None
    assert stated.alphas == (0.05,) * 8
    assert stated.year_of_a_family == pytest.approx((0.6, 0.4596), abs=1e-4)
    assert stated.release == pytest.approx((0.4, 1 - 0.95**8))
    assert "46% if independent for one family" in str(stated)


def test_a_release_without_verdicts_states_nothing() -> None:
    content = read(ROOT / "results" / "painters.db")
    assert stated_error({**content, "verdicts": []}) is None


def test_every_learned_threshold_of_a_family_adds_its_level() -> None:
    content = read(ROOT / "results" / "painters.db")
    place = {k: content["verdicts"][0][k] for k in ("category", "modality", "quality")}
    learned = [
        {**place, "tier": tier, "level": 0.05, "value": value}
        for tier, value in (("standard", 5.0), ("professional", 7.0), ("premium", None))
    ]
    stated = stated_error({**content, "learned_thresholds": learned})
    assert stated is not None
    assert sorted(stated.alphas) == pytest.approx([0.05] * 7 + [0.15])
    assert stated.release[0] == pytest.approx(0.5)
    assert stated.year_of_a_family[0] == 1.0
    assert str(stated).startswith(
        "probability of a false certificate in a family: at most 0.15 (0.05 of its floors, 0.1 of "
        "2 learned thresholds); any in this release (8 families): at most 50%"
    )
