"""Floors and verdicts: the status table, the family's level, and number and verdict as one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from qfloor.errors import CertificationError
from qfloor.floors import CellRequest, FamilyPlan, Judged, build_cell, compute_floor
from qfloor.records import Floor, Quality, Ruling, Status, Threshold, Verdict

QUALITY = Quality(source="human", name="overall", lo=0, hi=10, step=0.1)
ONE = FamilyPlan(name="portrait/image", m=1, alpha=0.05)


def _threshold(value: float, tier: str = "standard", max_fail: float = 0.25) -> Threshold:
    return Threshold(
        category="portrait", modality="image", quality=QUALITY.id, tier=tier, value=value,
        max_fail=max_fail,
    )  # fmt: skip


def _made(values: list[float], **fields: object) -> list[Judged]:
    return [
        Judged(output_id=f"o{i}", family=f"p{i}", repeat=0, status=Status.MADE, values=(v,),
               **fields)
        for i, v in enumerate(values)
    ]  # fmt: skip


def _ended(status: Status, n: int, start: int = 1000) -> list[Judged]:
    return [
        Judged(output_id=f"e{i}", family=f"q{i}", repeat=0, status=status)
        for i in range(start, start + n)
    ]


def _compute(
    outputs: list[Judged],
    *thresholds: Threshold,
    family: FamilyPlan = ONE,
    kind: str = "delivered",
    **fields: object,
) -> tuple[Floor, tuple[Verdict, ...]]:
    request = CellRequest(
        offer_id="x/y", category="portrait", modality="image", quality=QUALITY,
        outputs=outputs, thresholds=thresholds, family=family, **fields,
    )  # fmt: skip
    return compute_floor(request, kind)


def test_one_output_a_prompt_is_clopper_pearson() -> None:
    floor, (verdict,) = _compute(_made([5.0] * 9 + [8.0] * 91), _threshold(6.0))
    expected = beta.ppf(0.95, 10, 91)
    assert floor.fail_rates[0].upper == pytest.approx(expected, rel=1e-12)
    assert verdict.upper == floor.fail_rates[0].upper
    assert verdict.ruling is Ruling.CERTIFIED
    assert (floor.q25_lo_release, floor.q25, floor.bound) == (8.0, 8.0, "exact")


@pytest.mark.parametrize(
    ("fails", "n", "m", "ruling"),
    [
        (17, 100, 1, Ruling.CERTIFIED),  # k* of facts/statistics.md section 2
        (18, 100, 1, Ruling.UNDECIDED),
        (40, 100, 1, Ruling.REJECTED),
        (0, 18, 7, Ruling.CERTIFIED),
        (0, 17, 7, Ruling.UNDECIDED),
    ],
)
def test_reference_decisions(fails: int, n: int, m: int, ruling: Ruling) -> None:
    outputs = _made([1.0] * fails + [9.0] * (n - fails))
    family = FamilyPlan(name="f", m=m, alpha=0.05)
    _, (verdict,) = _compute(outputs, _threshold(5.0), family=family)
    assert verdict.ruling is ruling
    assert verdict.level == 0.05 / m


def test_too_few_and_more_prompts_say_how_many() -> None:
    _, (few,) = _compute(_made([9.0] * 10), _threshold(5.0))
    assert (few.reason, few.more_prompts) == ("too_few_prompts", 1)
    _, (more,) = _compute(_made([1.0] * 9 + [9.0] * 41), _threshold(5.0))
    assert more.reason == "more_prompts"
    assert more.more_prompts is not None
    assert more.more_prompts > 0
    _, (never,) = _compute(_made([1.0] * 13 + [9.0] * 37), _threshold(5.0))
    assert (never.reason, never.more_prompts) == ("more_prompts", None)


def test_delivered_and_conditional_by_the_status_table() -> None:
    outputs = _made([8.0] * 80) + _ended(Status.REFUSED, 20) + _ended(Status.SETUP, 5, 3000)
    delivered, _ = _compute(outputs, _threshold(5.0))
    conditional, none = _compute(outputs, _threshold(5.0), kind="conditional")
    assert none == ()
    assert delivered.fail_rates[0].rate == pytest.approx(0.20)
    assert conditional.fail_rates[0].rate == 0.0
    assert delivered.counts == {"made": 80, "refused": 20, "setup": 5}
    assert (delivered.n_outputs, conditional.n_outputs) == (100, 80)


def test_blank_and_unscorable_outputs_fail_in_both() -> None:
    broken = [Judged(output_id="s", family="s", repeat=0, status=Status.MADE, scorer_failed=True)]
    outputs = _made([8.0] * 98) + _ended(Status.BLANK, 1) + broken
    for kind in ("delivered", "conditional"):
        floor, _ = _compute(outputs, _threshold(5.0), kind=kind)
        assert floor.fail_rates[0].rate == pytest.approx(0.02)
        assert floor.counts["scorer_failed"] == 1


@pytest.mark.parametrize(
    ("missing", "ruling", "reason"),
    [
        (2, Ruling.CERTIFIED, "clears"),  # 2 % are left out
        (4, Ruling.CERTIFIED, "clears"),  # above 2 % the worst case must hold, and does
        (6, Ruling.UNDECIDED, "too_much_missing"),
    ],
)
def test_missing_outputs(missing: int, ruling: Ruling, reason: str) -> None:
    outputs = _made([8.0] * (100 - missing)) + _ended(Status.FAILED, missing)
    floor, (verdict,) = _compute(outputs, _threshold(5.0))
    assert (verdict.ruling, verdict.reason) == (ruling, reason)
    assert floor.population["missing"] == missing
    assert (floor.q25_lo_release is None) == (reason == "too_much_missing")


def test_the_worst_case_can_take_a_certificate_away() -> None:
    certain = _made([1.0] * 16 + [8.0] * 80)
    _, (without,) = _compute(certain, _threshold(5.0))
    _, (with_missing,) = _compute(certain + _ended(Status.UNKNOWN, 4), _threshold(5.0))
    assert without.ruling is Ruling.CERTIFIED
    assert with_missing.ruling is Ruling.UNDECIDED


def test_provisional_never_certifies() -> None:
    _, (verdict,) = _compute(_made([9.0] * 100), _threshold(5.0), provisional=True)
    assert (verdict.ruling, verdict.reason) == (Ruling.UNDECIDED, "provisional")


def test_nothing_to_judge() -> None:
    floor, (verdict,) = _compute(_ended(Status.SETUP, 3), _threshold(5.0))
    assert (floor.q25, floor.q25_lo_release, floor.fail_rates) == (None, None, ())
    assert (verdict.ruling, verdict.upper) == (Ruling.UNDECIDED, None)


def test_thresholds_never_cross_qualities() -> None:
    other = Threshold(
        category="portrait", modality="image", quality="metric:x", tier="standard", value=1.0
    )
    with pytest.raises(CertificationError, match="never cross"):
        _compute(_made([1.0]), other)


def test_lower_is_better_is_mirrored() -> None:
    outputs = _made([0.1] * 90 + [0.9] * 10)
    floor, (verdict,) = _compute(outputs, _threshold(0.5), direction="lower")
    assert verdict.ruling is Ruling.CERTIFIED
    assert floor.fail_rates[0].rate == pytest.approx(0.10)
    assert floor.q25_lo_release == 0.1


def test_few_raters_are_a_panel_and_many_a_population() -> None:
    rng = np.random.default_rng(3)

    def rated(n_raters: int) -> Floor:
        outputs = [
            Judged(
                output_id=f"o{i}", family=f"p{i}", repeat=0, status=Status.MADE,
                values=tuple(8.0 + rng.normal(0, 0.5, 3)),
                raters=tuple(f"r{(i + j) % n_raters}" for j in range(3)),
            )
            for i in range(60)
        ]  # fmt: skip
        return _compute(outputs, _threshold(5.0))[0]

    few, many = rated(3), rated(20)
    assert few.population["raters"] == "conditional on this panel of 3"
    assert (few.bound, many.bound) == ("korn_graubard", "two_way")
    assert many.population["raters"] == "drawn from a population"


def test_a_harsh_rater_costs_certainty() -> None:
    def rated(fails: set[int]) -> Floor:
        outputs = [
            Judged(
                output_id=f"o{i}", family=f"p{i}", repeat=0, status=Status.MADE,
                values=(1.0 if i in fails else 9.0,), raters=(f"r{i % 10}",),
            )
            for i in range(200)
        ]  # fmt: skip
        return _compute(outputs, _threshold(5.0))[0]

    # the same number of fails: all given by one rater of ten, or two by each
    one = rated(set(range(0, 200, 10))).fail_rates[0]
    spread = rated(set(range(0, 200, 11)) | {5}).fail_rates[0]
    assert one.rate == spread.rate == 0.1
    assert one.upper > spread.upper


SCORE = st.integers(0, 20).map(lambda i: i / 2)
OUTPUT = st.tuples(st.integers(0, 30), st.sampled_from(["made"] * 8 + ["refused", "blank"]), SCORE)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(OUTPUT, min_size=1, max_size=90), t=SCORE, m=st.sampled_from([1, 3, 9]),
       raters=st.sampled_from([0, 3, 8]))  # fmt: skip
def test_number_and_verdict_cannot_disagree(
    rows: list[tuple[int, str, float]], t: float, m: int, raters: int
) -> None:
    outputs = [
        Judged(
            output_id=f"o{i}", family=f"p{family}", repeat=i, status=Status(status),
            values=(value,) if status == "made" else (),
            raters=(f"r{i % raters}",) if status == "made" and raters else (),
        )
        for i, (family, status, value) in enumerate(rows)
    ]  # fmt: skip
    family = FamilyPlan(name="f", m=m, alpha=0.05)
    floor, verdicts = _compute(outputs, _threshold(t), _threshold(t + 1, "premium"), family=family)
    for verdict in verdicts:
        certified = verdict.ruling is Ruling.CERTIFIED
        lo = floor.q25_lo_release
        assert certified == (lo is not None and verdict.threshold <= lo)
        assert verdict.upper is None or certified == (verdict.upper <= 0.25 + 1e-12)
    rates = [r.upper for r in floor.fail_rates]
    assert rates == sorted(rates)
    if floor.q25_lo_cell is not None and floor.q25_lo_release is not None:
        assert floor.q25_lo_release <= floor.q25_lo_cell
    assert all(math.isfinite(r.rate) for r in floor.fail_rates)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(OUTPUT, min_size=12, max_size=40), seed=st.integers(0, 5))
def test_row_order_and_names_change_nothing(rows: list[tuple[int, str, float]], seed: int) -> None:
    outputs = [
        Judged(
            output_id=f"o{i}", family=f"p{family}", repeat=i, status=Status(status),
            values=(value,) if status == "made" else (),
        )
        for i, (family, status, value) in enumerate(rows)
    ]  # fmt: skip
    shuffled = [outputs[i] for i in np.random.default_rng(seed).permutation(len(outputs))]
    assert _compute(outputs, _threshold(5.0)) == _compute(shuffled, _threshold(5.0))


def test_fails_never_leave_the_arrays() -> None:
    cell = build_cell("x", "portrait", "image", "delivered", _ended(Status.REFUSED, 30))
    assert not np.isfinite(cell.value).any()
    floor, _ = _compute(_ended(Status.REFUSED, 30), _threshold(5.0))
    assert (floor.q25, floor.q25_harrell_davis, floor.mean) == (None, None, None)


def test_unsafe_outputs_fail_what_is_delivered() -> None:
    safe = _made([8.0] * 70)
    unsafe = [
        Judged(output_id=f"u{i}", family=f"u{i}", repeat=0, status=Status.MADE, values=(9.0,),
               unsafe=True)
        for i in range(30)
    ]  # fmt: skip
    delivered, (verdict,) = _compute(safe + unsafe, _threshold(5.0))
    conditional, _ = _compute(safe + unsafe, _threshold(5.0), kind="conditional")
    assert delivered.fail_rates[0].rate == pytest.approx(0.30)
    assert verdict.ruling is not Ruling.CERTIFIED
    assert conditional.fail_rates[0].rate == 0.0
    assert delivered.counts == conditional.counts == {"made": 100, "unsafe": 30}


def _safety_unknown(n: int, value: float = 9.0) -> list[Judged]:
    return [
        Judged(output_id=f"n{i}", family=f"n{i}", repeat=0, status=Status.MADE, values=(value,),
               safety_unknown=True)
        for i in range(n)
    ]  # fmt: skip


def test_outputs_of_unknown_safety_are_missing_where_they_would_be_delivered() -> None:
    known = _made([8.0] * 96)
    delivered, (verdict,) = _compute(known + _safety_unknown(4), _threshold(5.0))
    conditional, _ = _compute(known + _safety_unknown(4), _threshold(5.0), kind="conditional")
    assert (delivered.n_outputs, conditional.n_outputs) == (96, 100)
    assert delivered.counts == conditional.counts == {"made": 100, "safety_unknown": 4}
    assert verdict.ruling is Ruling.CERTIFIED  # also if all four were unsafe
    _, (undecided,) = _compute(_made([8.0] * 94) + _safety_unknown(6), _threshold(5.0))
    assert undecided.ruling is Ruling.UNDECIDED  # above 5% nothing is decided
    assert undecided.ruling is not verdict.ruling


def test_what_its_seller_called_unsafe_needs_no_safety_metric() -> None:
    known = [replace(judged, unsafe=True) for judged in _safety_unknown(30)]
    delivered, _ = _compute(_made([8.0] * 70) + known, _threshold(5.0))
    assert delivered.fail_rates[0].rate == pytest.approx(0.30)
    assert delivered.counts == {"made": 100, "unsafe": 30, "safety_unknown": 30}


def test_a_refusal_weighs_as_much_as_a_picture_that_many_rated() -> None:
    outputs = [
        Judged(output_id=f"o{i}.{j}", family=f"p{i}", repeat=j, status=Status.REFUSED)
        if (i + j) % 3 == 0
        else Judged(
            output_id=f"o{i}.{j}", family=f"p{i}", repeat=j, status=Status.MADE,
            values=(9.0, 9.0, 9.0), raters=("a", "b", "c"),
        )
        for i in range(120)
        for j in range(3)
    ]  # fmt: skip
    floor, (verdict,) = _compute(outputs, _threshold(5.0))
    assert floor.fail_rates[0].rate == pytest.approx(1 / 3)
    assert verdict.ruling is Ruling.REJECTED
    assert floor.q25 is None, "a third of what is delivered is a fail"


def test_the_quartile_weighs_prompts_as_the_fail_rate_does() -> None:
    often = [
        Judged(output_id=f"a{i}.{j}", family=f"a{i}", repeat=j, status=Status.MADE, values=(9.0,))
        for i in range(20)
        for j in range(9)
    ]
    floor, _ = _compute(often + _made([1.0] * 10), _threshold(5.0))
    assert floor.fail_rates[0].rate == pytest.approx(1 / 3)
    assert floor.q25 == 1.0


def test_several_tolerated_shares_divide_the_level() -> None:
    family = FamilyPlan(name="f", m=2, alpha=0.05, demands=3)
    assert family.level == pytest.approx(0.05 / 6)
    rng = np.random.default_rng(11)
    shares = (0.25, 0.10, 0.05)
    tiers = [_threshold(q * 10 + 1e-9, f"tier{q}", max_fail=q) for q in shares]
    false = 0
    for _ in range(400):
        outputs = _made(list(rng.uniform(0, 10, 150)))  # fails exactly the share each tolerates
        one = FamilyPlan(name="f", m=1, alpha=0.05, demands=3)
        _, verdicts = _compute(outputs, *tiers, family=one)
        false += any(v.ruling is Ruling.CERTIFIED for v in verdicts)
    assert false / 400 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(OUTPUT, min_size=12, max_size=90), t=SCORE, raters=st.sampled_from([0, 3, 8]),
       m=st.sampled_from([1, 9]))  # fmt: skip
def test_the_lower_bound_says_what_rejected(
    rows: list[tuple[int, str, float]], t: float, raters: int, m: int
) -> None:
    outputs = [
        Judged(
            output_id=f"o{i}", family=f"p{family}", repeat=i, status=Status(status),
            values=(value,) if status == "made" else (),
            raters=(f"r{i % raters}",) if status == "made" and raters else (),
        )
        for i, (family, status, value) in enumerate(rows)
    ]  # fmt: skip
    family = FamilyPlan(name="f", m=m, alpha=0.05)
    floor, (verdict,) = _compute(outputs, _threshold(t), family=family)
    assert verdict.lower is not None
    assert verdict.lower <= floor.fail_rates[0].rate + 1e-9
    rejected = verdict.ruling is Ruling.REJECTED
    assert rejected == (verdict.lower >= 0.25 - 1e-12)


def test_one_rater_among_many_who_hardly_rated_is_a_panel() -> None:
    def rated(share: int) -> Floor:
        outputs = [
            Judged(
                output_id=f"o{i}", family=f"p{i}", repeat=0, status=Status.MADE, values=(8.0,),
                raters=(f"r{i % 12 if i % share == 0 else 0}",),
            )
            for i in range(240)
        ]  # fmt: skip
        return _compute(outputs, _threshold(5.0))[0]

    equal, one = rated(1), rated(11)
    assert (equal.bound, one.bound) == ("two_way", "exact")
    assert (equal.n_raters, one.n_raters) == (12, 12)
    assert one.population["raters"] == "conditional on this panel of 12"


@pytest.mark.parametrize(("alpha", "rule"), [(0.01, "korn_graubard"), (0.0099, "every_repeat")])
def test_below_one_in_a_hundred_the_exact_bound_decides(alpha: float, rule: str) -> None:
    outputs = [replace(o, family=f"p{i // 2}", repeat=i % 2) for i, o in
               enumerate(_made([1.0] * 6 + [8.0] * 114))]  # fmt: skip
    floor, _ = _compute(outputs, _threshold(5.0), family=replace(ONE, alpha=alpha))
    assert floor.bound == rule
