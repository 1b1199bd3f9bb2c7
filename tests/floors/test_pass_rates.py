"""Pass rates of boolean metrics: exact, by the status table, nothing dropped in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from qfloor import stats
from qfloor.floors import Judged, PassRequest, compute_pass_rate
from qfloor.records import Metric, PassRate, Status

EXACT = Metric(name="text.exact", unit="boolean", lo=0.0, hi=1.0, boolean=True)
BLANK = Metric(
    name="technical.near_blank", unit="boolean", lo=0.0, hi=1.0, boolean=True, direction="lower"
)


def _output(i: int, value: float | None, *, family: int | None = None, **fields: object) -> Judged:
    given = {"output_id": f"o{i}", "family": f"p{i if family is None else family}", "repeat": 0}
    values = () if value is None else (value,)
    return Judged(**{**given, "status": Status.MADE, "values": values, **fields})  # type: ignore[arg-type]


def _rate(outputs: list[Judged], metric: Metric = EXACT, **fields: object) -> PassRate:
    request = PassRequest(
        offer_id="x/y", category="portrait", modality="image", metric=metric, outputs=outputs
    )
    return compute_pass_rate(replace(request, **fields))  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_one_output_a_prompt_is_clopper_pearson(true: list[bool]) -> None:
    found = _rate([_output(i, float(t)) for i, t in enumerate(true)])
    exact = binomtest(sum(true), len(true)).proportion_ci(method="exact")
    assert found.method == "clopper_pearson"
    assert (found.n_prompts, found.n_scored, found.n_true) == (len(true), len(true), sum(true))
    assert found.share_true == pytest.approx(sum(true) / len(true))
    assert found.share_true_lo == pytest.approx(exact.low, abs=1e-9)
    assert found.share_true_hi == pytest.approx(exact.high, abs=1e-9)
    assert (found.passed, found.passed_lo) == (found.share_true, found.share_true_lo)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_where_true_is_bad_a_pass_is_the_mirror(true: list[bool]) -> None:
    found = _rate([_output(i, float(t)) for i, t in enumerate(true)], BLANK)
    assert found.direction == "lower"
    assert found.share_true == pytest.approx(sum(true) / len(true))
    assert found.passed == pytest.approx(1.0 - sum(true) / len(true))
    assert found.passed_lo == pytest.approx(1.0 - (found.share_true_hi or 0.0), abs=1e-9)
    assert found.passed_hi == pytest.approx(1.0 - (found.share_true_lo or 0.0), abs=1e-9)


@settings(deadline=None)
@given(
    shares=st.lists(st.integers(0, 4), min_size=15, max_size=40),
    direction=st.sampled_from([EXACT, BLANK]),
)
def test_repeats_are_clusters(shares: list[int], direction: Metric) -> None:
    outputs = [
        _output(4 * p + r, float(r < k), family=p, repeat=r)
        for p, k in enumerate(shares)
        for r in range(4)
    ]
    found = _rate(outputs, direction)
    fails = [1.0 - k / 4 for k in shares]
    assert found.method == "korn_graubard"
    assert found.share_true == pytest.approx(sum(shares) / (4 * len(shares)))
    # never narrower than Korn-Graubard itself: the bounds are made monotone besides
    low = 1.0 - stats.korn_graubard_upper(fails, 4, 0.975)
    high = 1.0 - stats.korn_graubard_lower(fails, 4, 0.975)
    assert found.share_true_lo is not None
    assert found.share_true_hi is not None
    assert found.share_true_lo <= low + 1e-9
    assert found.share_true_hi >= high - 1e-9


def test_repeats_that_agree_are_worth_one() -> None:
    once = _rate([_output(i, float(i % 4 == 0)) for i in range(40)])
    outputs = [
        _output(3 * i + r, float(i % 4 == 0), family=i, repeat=r)
        for i in range(40)
        for r in range(3)
    ]
    thrice = _rate(outputs)
    assert (thrice.n_prompts, thrice.n_scored, thrice.n_true) == (40, 120, 30)
    assert thrice.share_true == pytest.approx(once.share_true)
    assert (thrice.share_true_hi or 0) >= (once.share_true_hi or 1) - 1e-9


def test_few_prompts_let_the_exact_bound_join() -> None:
    outputs = [_output(2 * i + r, 1.0, family=i, repeat=r) for i in range(5) for r in range(2)]
    found = _rate(outputs)
    assert found.method == "korn_graubard_and_exact"
    assert found.share_true_lo == pytest.approx(0.025 ** (1 / 5))


def test_the_status_table_decides_who_passes() -> None:
    outputs = [
        *(_output(i, 1.0) for i in range(6)),
        _output(6, 0.0),
        _output(7, None, status=Status.REFUSED),
        _output(8, None, status=Status.BLANK),
        _output(9, None, scorer_failed=True),
        _output(10, None, status=Status.FAILED),
        _output(11, None, status=Status.SETUP),
        _output(12, None, lacking="unscored"),
        _output(13, 1.0, unsafe=True),
        _output(14, None, status=Status.REFUSED),
    ]
    why = {"unscored: no text asked": 1}
    found = _rate(outputs, outside=frozenset({"o14"}), reasons=why)
    # true of 7 of the 8 that have a value; of the 11 asked of it, 6 were good and deliverable
    assert (found.n_true, found.n_scored) == (7, 8)
    assert (found.n_asked, found.passed) == (11, pytest.approx(6 / 11))
    assert found.counts == {
        "made": 10, "refused": 2, "blank": 1, "failed": 1, "setup": 1, "unscored": 1,
        "scorer_failed": 1, "unsafe": 1,
    }  # fmt: skip
    assert found.reasons == why


def test_nothing_scored_is_no_number() -> None:
    found = _rate([_output(0, None, lacking="unscored")])
    assert (found.share_true, found.share_true_lo, found.passed, found.n_asked) == (
        None,
        None,
        None,
        0,
    )
    refused = _rate([_output(0, None, status=Status.REFUSED)])
    assert (refused.share_true, refused.passed, refused.n_asked) == (None, 0.0, 1)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(2, 40))
def test_the_interval_of_a_whole_family_is_exact_at_its_level(true: list[bool], m: int) -> None:
    """Beside the interval of one offer stands the one that holds for all m at once."""
    outputs = [_output(i, float(t)) for i, t in enumerate(true)]
    found = _rate(outputs, confidence_release=1 - 0.05 / m)
    exact = binomtest(sum(true), len(true)).proportion_ci(1 - 0.05 / m, method="exact")
    assert found.confidence_release == 1 - 0.05 / m
    assert found.passed_lo_release == pytest.approx(exact.low, abs=1e-9)
    assert found.passed_hi_release == pytest.approx(exact.high, abs=1e-9)
    assert found.share_true_lo_release == found.passed_lo_release
    assert found.passed_lo is not None
    assert found.passed_hi is not None
    assert found.passed_lo_release <= found.passed_lo
    assert found.passed_hi_release >= found.passed_hi


def test_without_a_family_there_is_no_second_interval() -> None:
    found = _rate([_output(0, 1.0)])
    assert (found.confidence_release, found.passed_lo_release) == (None, None)
