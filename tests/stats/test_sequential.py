from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import stats

shares = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=60)


def test_reference_wealth_of_one_bet() -> None:
    process = stats.EProcess(q=0.25, alpha=0.05, bets=[0.8])
    process.update_many([0, 0, 1, 0, 0.5, 0, 0, 0, 0, 0.25])
    assert process.e_certify == pytest.approx(1.146618, abs=1e-6)
    assert process.n == 10


def test_eleven_clean_prompts_suffice_for_the_boldest_bet() -> None:
    process = stats.EProcess(bets=[1.3]).update_many([0.0] * 10)
    assert process.verdict == "undecided"
    assert process.update(0.0).verdict == "certified"
    assert process.decided_at == 11


def test_public_chain_of_the_design() -> None:
    assert stats.EProcess(q=0.25, alpha=0.05).update(0.0).verdict == "undecided"
    assert stats.EProcess().update_many([1.0] * 20).verdict == "rejected"
    assert stats.EProcess().update_many([0.0] * 20).verdict == "certified"


@given(z=shares, q=st.sampled_from([0.05, 0.1, 0.25, 0.5]))
def test_wealth_is_the_mean_over_bets_of_products(z: list[float], q: float) -> None:
    bets = np.linspace(0.0375, 0.975, 26) / (1 - q)
    process = stats.EProcess(q=q).update_many(z)
    certify = np.mean([math.prod(1 + b * (q - x) for x in z) for b in bets])
    mirror = bets * (1 - q) / q
    reject = np.mean([math.prod(1 + b * (x - q) for x in z) for b in mirror])
    assert process.e_certify == pytest.approx(certify, rel=1e-9)
    assert process.e_reject == pytest.approx(reject, rel=1e-9)


def test_default_bets_at_a_quarter_are_those_of_facts() -> None:
    process = stats.EProcess(q=0.25)
    assert process._certify_bets[[0, -1]] == pytest.approx([0.05, 1.3])
    assert process._reject_bets[-1] < 4.0


@given(z=shares)
def test_rejecting_is_certifying_the_complement(z: list[float]) -> None:
    straight = stats.EProcess(q=0.2).update_many(z)
    mirror = stats.EProcess(q=0.8).update_many([1 - x for x in z])
    assert straight.e_certify == pytest.approx(mirror.e_reject, rel=1e-9)


def test_first_verdict_stays() -> None:
    process = stats.EProcess().update_many([0.0] * 16)
    assert (process.verdict, process.decided_at) == ("certified", 16)
    process.update_many([1.0] * 60)
    assert process.e_reject > 20
    assert (process.verdict, process.decided_at) == ("certified", 16)


def test_strict_tiers_ask_for_more_prompts() -> None:
    needed = [stats.EProcess(q=q).update_many([0.0] * 150).decided_at for q in (0.25, 0.1, 0.05)]
    assert needed == sorted(needed, key=lambda n: n or 999)
    assert None not in needed
    assert stats.EProcess(alpha=0.05 / 280).update_many([0.0] * 16).verdict == "undecided"


def run_lengths(fail_rate: float, cap: int, runs: int, seed: int) -> list[stats.EProcess]:
    fails = np.random.default_rng(seed).random((runs, cap)) < fail_rate
    finished = []
    for row in fails:
        process = stats.EProcess()
        for fail in row:
            if process.update(float(fail)).verdict != "undecided":
                break
        finished.append(process)
    return finished


def test_wrong_verdicts_stay_rare_however_often_one_looks() -> None:
    runs = 300
    processes = run_lengths(0.25, 150, runs, seed=1)
    for verdict in ("certified", "rejected"):
        share = sum(p.verdict == verdict for p in processes) / runs
        assert share <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.slow
def test_wrong_verdicts_stay_rare_on_many_runs() -> None:
    runs = 4000
    processes = run_lengths(0.25, 400, runs, seed=2)
    share = sum(p.verdict == "certified" for p in processes) / runs
    assert share <= 0.05
    assert share == pytest.approx(0.033, abs=0.012)  # facts, section 3


@pytest.mark.parametrize(("fail_rate", "mean"), [(0.05, 26), (0.10, 50)])
def test_mean_prompts_to_certify(fail_rate: float, mean: float) -> None:
    processes = run_lengths(fail_rate, 400, 300, seed=3)
    assert np.mean([p.n for p in processes]) == pytest.approx(mean, rel=0.12)
    assert sum(p.verdict == "certified" for p in processes) >= 298


def test_long_runs_do_not_overflow() -> None:
    process = stats.EProcess().update_many([1.0] * 3000)
    assert math.isfinite(process.e_reject)
    assert process.e_certify < 1e-40
    assert "rejected" in repr(process)


def test_bad_input_is_refused() -> None:
    for share in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="fail_share"):
            stats.EProcess().update(share)
    for bets in ([], [0.0], [4 / 3], [math.nan]):
        with pytest.raises(ValueError, match="bets must lie"):
            stats.EProcess(bets=bets)
    with pytest.raises(ValueError, match="alpha_reject"):
        stats.EProcess(alpha_reject=0.0)
    with pytest.raises(ValueError, match="q must lie"):
        stats.EProcess(q=0.0)


@given(
    shares=st.lists(st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0]), max_size=60),
    max_fail=st.sampled_from([0.05, 0.1, 0.25, 0.4]),
    seed=st.integers(0, 9),
)
def test_the_final_wealth_is_the_process_in_any_order(
    shares: list[float], max_fail: float, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(shares))
    process = stats.EProcess(q=max_fail).update_many([shares[i] for i in order])
    found = stats.certifying_e_value(shares, max_fail)
    assert found == pytest.approx(process.e_certify)
    higher = stats.certifying_e_value(shares, min(0.9, max_fail * 1.5))
    assert higher >= found * (1 - 1e-12)


def test_e_values_from_p_values_are_calibrated() -> None:
    assert stats.e_from_p(1.0) == 0.5
    assert stats.e_from_p(0.0) == math.inf
    p = np.linspace(0.0, 1.0, 200_001)[1:]
    e = np.array([stats.e_from_p(float(v)) for v in p])
    assert np.all(np.diff(e) < 0)
    assert np.trapezoid(e, p) <= 1.0  # the expectation under a uniform p-value
    assert np.trapezoid(e, p) > 0.9
    with pytest.raises(ValueError, match="p_value"):
        stats.e_from_p(1.5)
