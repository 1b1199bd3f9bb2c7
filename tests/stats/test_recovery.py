"""P.910 recovery and BT.500 screening, against SUREAL and by what they promise."""

from __future__ import annotations

import contextlib
import io
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import stats


def panel(seed: int, n_items: int = 40, n_raters: int = 12, missing: float = 0.2):
    """True quality, bias, noise and the ratings of a panel, as a matrix with gaps."""
    rng = np.random.default_rng(seed)
    quality, bias = rng.uniform(1, 5, n_items), rng.normal(0, 0.4, n_raters)
    noise = rng.uniform(0.2, 1.0, n_raters)
    ratings = quality[:, None] + bias + noise * rng.normal(size=(n_items, n_raters))
    ratings[rng.random(ratings.shape) < missing] = math.nan
    return quality, bias, noise, ratings


def long(ratings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    item, rater = np.nonzero(~np.isnan(ratings))
    return ratings[item, rater], item, rater


def sureal_reader(ratings: np.ndarray):
    sureal = pytest.importorskip("sureal.dataset_reader", reason="sureal is not installed")

    class Dataset:
        dataset_name = "made"
        ref_score = None
        ref_videos = [
            {"content_id": j, "content_name": str(j), "path": str(j)} for j in range(len(ratings))
        ]
        dis_videos = [
            {"content_id": j, "asset_id": j, "path": str(j), "os": [float(v) for v in row]}
            for j, row in enumerate(ratings)
        ]

    return sureal.RawDatasetReader(Dataset())


def sureal_says(model: str, ratings: np.ndarray) -> dict:
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SUREAL divides 0 by 0 and uses what numpy gave up
        reader = sureal_reader(ratings)
        import sureal.subjective_model as models

        return getattr(models, model)(reader).run_modeling()


@pytest.mark.parametrize("seed", range(4))
def test_annex_e_equals_sureal(seed: int) -> None:
    *_, ratings = panel(seed)
    theirs = sureal_says("SubjectMLEModelProjectionSolver", ratings)
    ours = stats.recover_mos(*long(ratings), prior_ratings=0)
    assert ours is not None
    assert ours.quality == pytest.approx(np.array(theirs["quality_scores"]), abs=1e-6)
    assert ours.bias == pytest.approx(np.array(theirs["observer_bias"]), abs=1e-6)
    assert ours.inconsistency == pytest.approx(
        np.maximum(theirs["observer_inconsistency"], 1e-4), abs=1e-6
    )


def test_without_everybodys_noise_one_rater_takes_over() -> None:
    """The figures of the docstring: 167 of 200 panels collapse, and the mean does better."""
    collapsed, errors = [0, 0], []
    for seed in range(200):
        quality, _, _, ratings = panel(seed)
        found = [stats.recover_mos(*long(ratings), prior_ratings=k) for k in (0.0, 5.0)]
        assert all(f is not None for f in found)
        for i, f in enumerate(found):
            collapsed[i] += f.inconsistency.min() < 0.01
        errors.append(
            [np.std(f.quality - quality) for f in found]
            + [np.std(np.nanmean(ratings, axis=1) - quality)]
        )
    assert collapsed[0] > 150
    assert collapsed[1] == 0
    to_the_letter, ours, mean = np.mean(errors, axis=0)
    assert ours < mean < to_the_letter


def test_recovers_who_is_who() -> None:
    quality, bias, noise, ratings = panel(7, n_items=300, n_raters=15)
    found = stats.recover_mos(*long(ratings))
    assert found is not None
    assert found.left_out == ()
    assert found.bias == pytest.approx(bias - bias.mean(), abs=0.12)
    assert found.inconsistency == pytest.approx(noise, abs=0.12)
    off = (found.quality - quality - bias.mean()) / found.quality_se
    assert 0.8 < np.std(off) < 1.25  # standard errors are honest


@given(st.integers(0, 200), st.permutations(range(6)))
def test_order_and_names_do_not_matter(seed: int, renamed: list[int]) -> None:
    *_, ratings = panel(seed, n_items=8, n_raters=6, missing=0.1)
    value, item, rater = long(ratings)
    found = stats.recover_mos(value, item, rater)
    assert found is not None
    order = np.random.default_rng(seed).permutation(value.size)
    other = stats.recover_mos(value[order], item[order], np.array(renamed)[rater[order]])
    assert other is not None
    assert other.quality == pytest.approx(found.quality, abs=1e-6)
    back = [other.raters.index(renamed[r]) for r in found.raters]
    assert other.bias[back] == pytest.approx(found.bias, abs=1e-6)


def test_raters_with_too_little_are_named_not_used() -> None:
    value = [1, 2, 3, 4, 2, 3, 4, 5, 9]
    item = [0, 1, 2, 3, 0, 1, 2, 3, 0]
    rater = ["a"] * 4 + ["b"] * 4 + ["c"]
    found = stats.recover_mos(value, item, rater)
    assert found is not None
    assert (found.raters, found.left_out) == (("a", "b"), ("c",))
    assert found.bias == pytest.approx([-0.5, 0.5])
    assert stats.recover_mos([1, 2, 3], [0, 1, 2], ["a"] * 3) is None


@pytest.mark.parametrize(
    "arguments", [([1.0, math.nan], [0, 1], [0, 1]), ([1.0], [0, 1], [0]), ([1.0], [0], [0, 1])]
)
def test_refuses_what_is_no_list_of_ratings(arguments) -> None:
    with pytest.raises(ValueError):
        stats.recover_mos(*arguments)
    with pytest.raises(ValueError):
        stats.bt500_screening(*arguments)
    with pytest.raises(ValueError, match="prior"):
        stats.recover_mos([1.0], [0], [0], prior_ratings=-1)


def test_not_settling_is_an_error() -> None:
    *_, ratings = panel(1)
    with pytest.raises(ArithmeticError, match="did not settle"):
        stats.recover_mos(*long(ratings), max_iterations=1)


@pytest.mark.parametrize("seed", range(6))
def test_screening_equals_sureal(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratings = rng.normal(size=(40, 20)) + rng.normal(size=40)[:, None]
    ratings[:, 3] = np.tile([-2.6, 2.6], 20) + ratings[:, 4:].mean(axis=1)
    theirs = sureal_says("SubjrejMosModel", ratings)
    ours = stats.bt500_screening(*long(ratings))
    assert [s.rejected for s in ours] == [bool(r) for r in theirs["observer_rejected"]]
    shares = [s.outside_share for s in ours]
    assert shares == pytest.approx(theirs["observer_rejected_1st_stats"])
    assert ours[3].rejected


def test_a_lenient_rater_is_biased_not_careless() -> None:
    rng = np.random.default_rng(0)
    ratings = rng.normal(size=(40, 20))
    ratings[:, 5] = 2.7
    lenient = stats.bt500_screening(*long(ratings))[5]
    assert lenient.outside_share is not None
    assert lenient.outside_share > 0.05
    assert (lenient.asymmetry, lenient.rejected) == (1.0, False)


def test_items_all_alike_and_small_panels_say_nothing() -> None:
    alike = stats.bt500_screening([3.0] * 12, [0] * 6 + [1] * 6, list(range(6)) * 2)
    assert {(s.n_ratings, s.rejected) for s in alike} == {(0, None)}
    three = stats.bt500_screening([1, 5, 3, 1, 5, 3], [0, 0, 0, 1, 1, 1], [0, 1, 2] * 2)
    assert {s.rejected for s in three} == {None}
