"""The study of false certificates: its own arithmetic, and a reduced grid with other seeds."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from qfloor import stats

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "validity"))

import false_cells  # noqa: E402
import false_certification  # noqa: E402
import false_raters  # noqa: E402

SEED = 77
LEVELS = false_cells.LEVELS


def too_often(chance: float, error: float, alpha: float) -> bool:
    return chance > alpha * (1 + 1e-9) + 4.0 * error


@pytest.mark.parametrize(("prompts", "m"), [(14, 4), (30, 2), (40, 3)])
@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.05 / 7])
def test_the_study_certifies_what_qfloor_certifies(prompts: int, m: int, alpha: float) -> None:
    cells = false_cells.cells_of(prompts, false_cells.latent(m, 0.12, 0.5), 0.25, SEED)
    rng = np.random.default_rng(SEED)
    some = rng.choice(cells.rate.size, 40, replace=False)
    passed = false_cells.floors(cells, alpha)
    bare = false_cells.korn_graubard(cells, alpha)
    labels = np.repeat(np.arange(prompts), m)
    for i in some:
        fails = np.repeat(np.arange(m + 1), cells.counts[i])  # of each prompt
        scores = np.concatenate([[0.0] * k + [1.0] * (m - k) for k in fails])
        first = np.zeros(scores.size, dtype=bool)
        first[np.arange(prompts) * m + rng.integers(0, m, prompts)] = True
        verdict = stats.threshold_limits(scores, labels, alpha=alpha, first=first).verdict(1.0)
        if prompts >= stats.FEW_PROMPTS or passed[i] == 0.0:
            assert (verdict == "certified") == bool(passed[i])
        alone = stats.korn_graubard_upper(fails / m, m, 1 - alpha)
        if m > 1 and cells.counts[i, 1:].sum():
            assert bool(bare[i]) == (alone <= 0.25)


def test_cells_drawn_and_weighted_back_agree_with_all_cells() -> None:
    """Two repeats are enumerated; the same population drawn must say the same."""
    pmf = false_cells.latent(2, 0.25, 0.5, 0.05)
    exact = false_cells.cells_of(60, pmf, 0.25, SEED)
    drawn = false_cells.cells_of(60, np.append(pmf, 0.0), 0.25, SEED)  # a third that never fails
    two = false_cells.Cells(drawn.counts[:, :3], drawn.weight, exact=False, max_fail=0.25)
    for alpha in LEVELS.values():
        chance = exact.share(false_cells.every(exact, alpha))[0]
        found, error = two.share(false_cells.every(two, alpha))
        assert abs(found - chance) < 5.0 * error + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompts", "m", "rho", "always", "max_fail"),
    [
        (12, 4, 0.0, 0.15, 0.25),
        (30, 4, 0.5, 0.0, 0.25),
        (60, 10, 0.0, 0.05, 0.25),
        (60, 10, 0.0, 0.02, 0.05),
        (60, 4, 0.8, 0.0, 0.25),
        (120, 2, 0.5, 0.0, 0.25),
        (120, 2, 0.0, 0.05, 0.10),
        (120, 4, 0.0, 0.10, 0.25),
    ],
)
def test_no_cell_certifies_falsely_too_often(
    prompts: int, m: int, rho: float, always: float, max_fail: float
) -> None:
    pmf = false_cells.latent(m, max_fail, rho, always)
    cells = false_cells.cells_of(prompts, pmf, max_fail, SEED + prompts)
    for alpha in LEVELS.values():
        for rule in (false_cells.floors, false_cells.every):
            assert not too_often(*cells.share(rule(cells, alpha)), alpha)


@pytest.mark.slow
def test_korn_graubard_alone_does() -> None:
    """What the exact bound guards against, so that these cells are known to be hard."""
    cells = false_cells.cells_of(60, false_cells.latent(10, 0.25, 0.0, 0.05), 0.25, SEED)
    for alpha in LEVELS.values():
        assert too_often(*cells.share(false_cells.korn_graubard(cells, alpha)), alpha)


@pytest.mark.slow
def test_good_offers_are_certified_at_120_prompts_with_two_repeats() -> None:
    for rho in (0.3, 0.5, 0.8):
        cells = false_cells.cells_of(120, false_cells.latent(2, 0.12, rho), 0.25, SEED)
        for alpha in (0.05, 0.05 / 7, 0.05 / 40):
            assert cells.share(false_cells.floors(cells, alpha))[0] >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize("raters", [6, 20])
@pytest.mark.parametrize("severity", [0.4, 1.0])
def test_raters_drawn_from_a_population_do_not_break_it(raters: int, severity: float) -> None:
    runs = 20_000
    rng = np.random.default_rng(SEED)
    found = false_raters.population(rng, 60, raters, severity, runs)
    for share, alpha in zip(found[-1], LEVELS.values(), strict=True):
        assert not too_often(float(share), float(np.sqrt(alpha / runs)), alpha)


@pytest.mark.slow
def test_severe_raters_need_their_variance_at_the_tolerated_rate() -> None:
    runs, alpha = 40_000, LEVELS[".05/7"]
    found = false_raters.population(np.random.default_rng(SEED), 120, 10, 1.0, runs)[:, 1]
    error = float(np.sqrt(alpha / runs))
    assert too_often(float(found[0]), error, alpha)  # the trap: variance as a lenient panel saw it
    assert not too_often(float(found[2]), error, alpha)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["a third", "40%", "Zipf"])
@pytest.mark.parametrize("max_fail", [0.25, 0.10])
def test_raters_are_worth_what_their_loads_leave(how: str, max_fail: float) -> None:
    runs, alpha = 40_000, LEVELS[".05/7"]
    rng = np.random.default_rng(SEED)
    found = false_raters.population(
        rng, 120, 40, 1.0, runs, truth=max_fail, max_fail=max_fail, how=how
    )[:, 1]
    error = float(np.sqrt(alpha / runs))
    assert too_often(float(found[1]), error, alpha)  # the trap: raters counted by head
    assert not too_often(float(found[2]), error, alpha)


@pytest.mark.parametrize(("how", "values"), [
    ("in turn", 3), ("a third", 3), ("Zipf", 2), ("nested", 1), ("nested", 3),
])  # fmt: skip
def test_the_study_bounds_raters_as_the_library_does(how: str, values: int) -> None:
    rng = np.random.default_rng(SEED)
    turn = false_raters.seats(how, 60, values, 8)
    who = np.zeros((turn.size, 8), dtype=np.float32)
    who[np.arange(turn.size), turn.ravel()] = 1.0
    quality = rng.normal(size=(60, 60, 1)) + rng.normal(size=(60, 60, values))
    fails = quality - 0.8 * rng.normal(size=(60, 8))[:, turn] < -1.6
    passed = [new for *_, new in false_raters._two_way(fails, who, 0.25)]
    prompts = np.repeat(np.arange(60), values)
    for i, alpha in enumerate(LEVELS.values()):
        for j in range(60):
            told = stats.korn_graubard_ratings(fails[j].ravel(), prompts, turn.ravel(), 1 - alpha)
            assert bool(passed[i][j]) == (told.upper <= 0.25)


@pytest.mark.parametrize("max_fail", [0.25, 0.05])
def test_cells_set_aside_for_their_many_fails_pass_at_no_level(max_fail: float) -> None:
    rng = np.random.default_rng(SEED)
    turn = false_raters.seats("in turn", 60, 3, 9)
    who = np.zeros((turn.size, 9), dtype=np.float32)
    who[np.arange(turn.size), turn.ravel()] = 1.0
    most = false_raters._most_fails(180, max_fail)
    just_above = np.zeros((400, 180), dtype=bool)
    just_above[:, : most + 1] = True
    fails = rng.permuted(just_above, axis=1).reshape(400, 60, 3)
    assert not any(some.any() for passed in false_raters._two_way(fails, who, max_fail)
                   for some in passed)  # fmt: skip
    assert most >= stats.max_fails(60, 0.05, max_fail) * 3  # not all cells are set aside


def test_every_cell_drawn_counts_whatever_their_number() -> None:
    found = false_raters.population(np.random.default_rng(SEED), 60, 6, 0.4, 1_234, truth=1e-5)
    assert found[:, 0].tolist() == [1.0] * len(false_raters.RULES)
    hopeless = false_raters.population(np.random.default_rng(SEED), 60, 6, 0.4, 1_234, truth=0.6)
    assert not hopeless.any()


def test_a_run_cut_off_goes_on_where_it_was_and_says_the_same() -> None:
    ask = {"prompts": 60, "count": 6, "sd": 0.4, "runs": 2_000}
    (whole,) = false_certification._Shared(SEED, set())("raters", "six", **ask)
    (again,) = false_certification._Shared(SEED, set())("raters", "six", **ask)
    told = [row["chance"] for row in whole]
    assert [row["chance"] for row in again] == told
    assert float(told[0]) > 0.0
    kept = {false_certification.key_of(whole[0])}
    assert not list(false_certification._Shared(SEED, kept)("raters", "six", **ask))
    more = ask | {"runs": 3_000}
    assert list(false_certification._Shared(SEED, kept)("raters", "six", **more))


@pytest.mark.slow
@pytest.mark.parametrize("correction", ["bonferroni", "holm", "by", "e-bh"])
def test_families_that_share_prompts_keep_their_level(correction: str) -> None:
    truths = np.array([0.25] * 4 + [0.05] * 3)
    rng = np.random.default_rng(SEED)
    any_false, share, _ = false_raters.families(rng, truths, correction, 1500)  # type: ignore[arg-type]
    promised = any_false if correction in ("bonferroni", "holm") else share
    assert not too_often(promised, float(np.sqrt(0.05 * 0.95 / 1500)), 0.05)


@pytest.mark.parametrize("rho", [0.3, 0.8])
def test_ceilings_are_tests_at_their_level_and_no_valid_bound_is_above(rho: float) -> None:
    pmf = false_cells.latent(2, 0.12, rho)
    cells = false_cells.cells_of(60, pmf, 0.25, SEED)
    alpha = LEVELS[".05/40"]
    for null in (false_cells.latent(2, 0.25, rho), false_cells.hardest(pmf, 0.25)):
        assert null.sum() == pytest.approx(1.0)
        assert false_cells.rate_of(null) == pytest.approx(0.25)
        best = false_cells.best_against(null, pmf)
        at_null = false_cells.cells_of(60, null, 0.25, SEED)
        assert at_null.share(best(at_null, alpha))[0] == pytest.approx(alpha, rel=1e-6)
        ceiling = cells.share(best(cells, alpha))[0]
        assert ceiling < 1.0
        for rule in (false_cells.every, false_cells.bets, false_cells.one_drawn):
            assert cells.share(rule(cells, alpha))[0] <= ceiling
