"""Families: how their error is shared, and that p-values, bounds and verdicts say one thing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.multitest import multipletests

from qfloor import stats
from qfloor.errors import CertificationError
from qfloor.floors import CellRequest, FamilyPlan, Judged, assess, compute_floor, rule_family
from qfloor.floors.family import Claim, adjust
from qfloor.records import Correction, Quality, Ruling, Status, Threshold, Verdict

QUALITY = Quality(source="human", name="overall", lo=0, hi=10, step=0.1)
CORRECTIONS: tuple[Correction, ...] = ("bonferroni", "holm", "by", "e-bh")


def _threshold(value: float, tier: str, max_fail: float = 0.25) -> Threshold:
    return Threshold(
        category="portrait", modality="image", quality=QUALITY.id, tier=tier, value=value,
        max_fail=max_fail,
    )  # fmt: skip


def _request(
    offer: str,
    outputs: Sequence[Judged],
    thresholds: Sequence[Threshold],
    family: FamilyPlan,
    **fields: bool,
) -> CellRequest:
    return CellRequest(
        offer_id=offer, category="portrait", modality="image", quality=QUALITY,
        outputs=outputs, thresholds=thresholds, family=family, **fields,
    )  # fmt: skip


def _fails(k: int, n: int) -> list[Judged]:
    return [
        Judged(
            output_id=f"o{i}", family=f"p{i}", repeat=0, status=Status.MADE,
            values=(1.0 if i < k else 9.0,),
        )
        for i in range(n)
    ]  # fmt: skip


def _ruled(fails: dict[str, int], n: int, plan: FamilyPlan) -> dict[str, Verdict]:
    tier = [_threshold(5.0, "standard")]
    family = [assess(_request(name, _fails(k, n), tier, plan)) for name, k in fails.items()]
    return {v.offer_id: v for v in rule_family(family)}


TIFA = {"SD2.1": 9, "SD1.5": 19, "minDALL-E": 29, "SD1.1": 35, "VQ-Diffusion": 38}


def test_tifa_under_holm_as_in_the_facts() -> None:
    """facts/statistics.md section 3: fails of 160 prompts at t = 3."""
    holm = _ruled(TIFA, 160, FamilyPlan(name="f", m=5, alpha=0.05, correction="holm"))
    raw = {name: verdict.p_value for name, verdict in holm.items()}
    assert raw["SD1.5"] == pytest.approx(0.000029, abs=5e-7)
    assert raw["minDALL-E"] == pytest.approx(0.024703, abs=5e-7)
    assert raw["SD1.1"] == pytest.approx(0.2071, abs=5e-5)
    assert raw["VQ-Diffusion"] == pytest.approx(0.3976, abs=5e-5)
    assert holm["SD1.5"].p_adjusted == pytest.approx(0.00012, abs=5e-6)
    assert holm["minDALL-E"].p_adjusted == pytest.approx(0.07411, abs=5e-6)
    certified = {name for name, v in holm.items() if v.ruling is Ruling.CERTIFIED}
    assert certified == {"SD2.1", "SD1.5"}
    alone = _ruled({"minDALL-E": 29}, 160, FamilyPlan(name="f", m=1, alpha=0.05))
    assert alone["minDALL-E"].ruling is Ruling.CERTIFIED


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_one_tier_is_the_textbook_correction(correction: Correction) -> None:
    plan = FamilyPlan(name="f", m=5, alpha=0.05, correction=correction)
    found = _ruled(TIFA, 160, plan)
    raw = [float(binom.cdf(k, 160, 0.25)) for k in TIFA.values()]
    if correction == "e-bh":
        e = [stats.certifying_e_value([1.0] * k + [0.0] * (160 - k)) for k in TIFA.values()]
        assert [v.e_value for v in found.values()] == pytest.approx(e)
        expected = stats.e_bh(e)
    else:
        method = {"bonferroni": "bonferroni", "holm": "holm", "by": "fdr_by"}[correction]
        expected = multipletests(raw, method=method)[1]
    assert [v.p_adjusted for v in found.values()] == pytest.approx(list(expected), abs=1e-12)
    assert {v.correction for v in found.values()} == {correction}


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_what_was_planned_and_has_no_data_counts(correction: Correction) -> None:
    few = FamilyPlan(name="f", m=5, alpha=0.05, correction=correction)
    many = FamilyPlan(name="f", m=50, alpha=0.05, correction=correction)
    tight, loose = _ruled(TIFA, 160, many), _ruled(TIFA, 160, few)
    assert tight["SD1.5"].p_adjusted > loose["SD1.5"].p_adjusted  # type: ignore[operator]
    assert tight["SD1.5"].level < loose["SD1.5"].level


@pytest.mark.parametrize("correction", ["holm", "by", "e-bh"])
def test_more_than_planned_is_refused(correction: Correction) -> None:
    with pytest.raises(CertificationError, match="5 judged but 4 planned"):
        _ruled(TIFA, 160, FamilyPlan(name="f", m=4, alpha=0.05, correction=correction))


def _closed_test(chains: list[list[float]], alpha: float) -> set[tuple[int, int]]:
    """Reject what every intersection containing it rejects; each open chain has an equal share."""
    every = [(i, t) for i, tiers in enumerate(chains) for t in range(len(tiers))]
    rejected = set()
    for claim in every:
        rest = [c for c in every if c != claim]
        holds = True
        for size in range(len(rest) + 1):
            for others in itertools.combinations(rest, size):
                lowest: dict[int, int] = {}
                for i, t in (claim, *others):
                    lowest[i] = min(t, lowest.get(i, t))
                share = alpha / len(lowest)
                holds &= any(chains[i][t] <= share for i, t in lowest.items())
        if holds:
            rejected.add(claim)
    return rejected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0.001, 0.01, 0.015, 0.02, 0.03, 0.06, 0.5]),
                         min_size=1, max_size=3), min_size=1, max_size=3))  # fmt: skip
def test_holm_over_chains_is_the_closed_test(drawn: list[list[float]]) -> None:
    chains = [sorted(tiers) for tiers in drawn]
    plan = FamilyPlan(name="f", m=len(chains), alpha=0.05, correction="holm")
    claims = [Claim(chain=i, p_value=p) for i, tiers in enumerate(chains) for p in tiers]
    places = [(i, t) for i, tiers in enumerate(chains) for t in range(len(tiers))]
    adjusted = adjust(plan, claims)
    certified = {place for place, a in zip(places, adjusted, strict=True) if a.certified(0.05)}
    assert certified == _closed_test(chains, 0.05)
    for claim, found in zip(claims, adjusted, strict=True):
        assert found.certified(0.05) == (claim.p_value <= found.level * (1 + 1e-12))


@settings(max_examples=60, deadline=None)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12), extra=st.integers(0, 4))
def test_levels_say_what_the_adjusted_values_say(p: list[float], extra: int) -> None:
    claims = [Claim(chain=i, p_value=v, e_value=(1.0 / v if v else 1e300)) for i, v in enumerate(p)]
    for correction in CORRECTIONS:
        plan = FamilyPlan(name="f", m=len(p) + extra, alpha=0.05, correction=correction)
        for claim, found in zip(claims, adjust(plan, claims), strict=True):
            assert found.certified(0.05) == (claim.p_value <= found.level * (1 + 1e-9))
            assert found.level >= plan.least_level * (1 - 1e-12)


def test_holm_is_never_stricter_than_bonferroni_with_three_tiers() -> None:
    rng = np.random.default_rng(4)
    gained = 0
    for _ in range(200):
        chains = np.sort(rng.beta(0.3, 3, size=(6, 3)), axis=1)
        claims = [Claim(chain=i, p_value=float(p)) for i, ps in enumerate(chains) for p in ps]
        found = {}
        for correction in ("bonferroni", "holm"):
            plan = FamilyPlan(name="f", m=6, alpha=0.05, correction=correction)
            found[correction] = [a.certified(0.05) for a in adjust(plan, claims)]
        pairs = list(zip(found["bonferroni"], found["holm"], strict=True))
        assert (True, False) not in pairs
        gained += (False, True) in pairs
    assert gained >= 5


def test_family_wise_error_of_holm_over_three_tiers() -> None:
    """Tiers at which offers fail exactly the tolerated share, others all fine: the worst case."""
    rng, runs, false = np.random.default_rng(12), 4000, 0
    plan = FamilyPlan(name="f", m=3, alpha=0.10, correction="holm")
    null_from = [0, 1, 2]  # the first tier that each offer does not clear
    for _ in range(runs):
        p = np.full((3, 3), 1e-9)
        for i, tier in enumerate(null_from):
            p[i, tier:] = rng.uniform()
        claims = [Claim(chain=i, p_value=float(v)) for i, row in enumerate(p) for v in row]
        found = adjust(plan, claims)
        false += any(
            found[3 * i + t].certified(0.10) for i, first in enumerate(null_from)
            for t in range(first, 3)
        )  # fmt: skip
    assert false / runs <= 0.10 + 2 * math.sqrt(0.1 * 0.9 / runs)
    assert false / runs >= 0.05  # and is spent: nothing here is conservative by far


SCORE = st.integers(0, 20).map(lambda i: i / 2)
OUTPUT = st.tuples(
    st.integers(0, 40), st.sampled_from(["made"] * 40 + ["refused", "failed"]), SCORE
)
CELL = st.tuples(
    st.lists(OUTPUT, min_size=1, max_size=90),
    st.sampled_from([0, 3, 8]),  # raters
    st.sampled_from([0, 0, 0, 6]),  # added to every score: some cells are clear
    st.booleans(),  # provisional
)
Drawn = tuple[list[tuple[int, str, float]], int, int, bool]


def _outputs(cell: Drawn) -> list[Judged]:
    rows, raters, lift, _ = cell
    return [
        Judged(
            output_id=f"o{i}", family=f"p{family}", repeat=i, status=Status(status),
            values=(min(10.0, value + lift),) if status == "made" else (),
            raters=(f"r{i % raters}",) if status == "made" and raters else (),
        )
        for i, (family, status, value) in enumerate(rows)
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(cells=st.lists(CELL, min_size=1, max_size=4), t=SCORE, extra=st.sampled_from([0, 9]),
       correction=st.sampled_from(CORRECTIONS), tight=st.booleans())  # fmt: skip
def test_certified_and_adjusted_p_value_are_one_statement(
    cells: list[Drawn], t: float, extra: int, correction: Correction, tight: bool
) -> None:
    tiers = [_threshold(t, "standard"), _threshold(t + 1, "premium", 0.1 if tight else 0.25)]
    plan = FamilyPlan(
        name="f", m=len(cells) + extra, alpha=0.05, demands=1 + tight, correction=correction,
        verdicts=2 * (len(cells) + extra),
    )  # fmt: skip
    requests = [
        _request(f"x/{i}", _outputs(cell), tiers, plan, provisional=cell[3])
        for i, cell in enumerate(cells)
    ]
    family = [assess(request) for request in requests]
    verdicts = rule_family(family)
    assert [v.tier for v in verdicts] == ["standard", "premium"] * len(cells)
    for verdict, one in zip(verdicts, [f for f in family for _ in tiers], strict=True):
        certified = verdict.ruling is Ruling.CERTIFIED
        adjusted = verdict.p_adjusted
        assert certified == (adjusted is not None and adjusted <= 0.05)
        if adjusted is not None:
            assert verdict.upper is not None
            assert certified == (verdict.upper <= verdict.max_fail + 1e-9)
            assert verdict.p_value is not None
            if correction != "e-bh":
                assert certified == (verdict.p_value <= verdict.level * (1 + 1e-9))
            else:
                assert verdict.e_value is not None
                assert certified == (verdict.e_value >= (1 - 1e-9) / verdict.level)
        if correction == "bonferroni" and verdict.max_fail == 0.25 and adjusted is not None:
            low = one.floor.q25_lo_release
            assert certified == (low is not None and verdict.threshold <= low)


@settings(max_examples=40, deadline=None)
@given(cell=CELL, t=SCORE, alpha=st.sampled_from([0.2, 0.05, 0.02, 0.011, 0.005, 0.001]))
def test_a_p_value_certifies_at_its_level_and_above(cell: Drawn, t: float, alpha: float) -> None:
    plan = FamilyPlan(name="f", m=1, alpha=alpha)
    request = _request("x/y", _outputs(cell), [_threshold(t, "standard")], plan)
    one = assess(request)
    if not one.bounds.cell.value.size:
        return
    release = one.bounds.release
    p = release.p_value(t, 0.25)
    limits = release.limits(0.25)
    assert (limits.verdict(t) == "certified") == (p <= alpha)


@settings(max_examples=40, deadline=None)
@given(cell=CELL)
def test_the_upper_limit_of_the_quartile_is_where_rejection_starts(cell: Drawn) -> None:
    tiers = [_threshold(float(t), f"tier{t}") for t in range(11)]
    plan = FamilyPlan(name="f", m=1, alpha=0.05)
    floor, verdicts = compute_floor(_request("x/y", _outputs(cell), tiers, plan))
    rejected = [v.threshold for v in verdicts if v.ruling is Ruling.REJECTED]
    high = floor.q25_hi_release
    if high is not None:
        assert rejected == [t.value for t in tiers if t.value > high]
        assert floor.q25_lo_release is None or floor.q25_lo_release <= high
        assert floor.q25 is None or floor.q25 <= high
    else:
        assert len(rejected) in (0, len(tiers))


def test_the_exact_bound_is_shown_beside_and_decides_where_it_is_stricter() -> None:
    repeats = [
        Judged(output_id=f"o{i}.{j}", family=f"p{i}", repeat=j, status=Status.MADE,
               values=(1.0 if i < 5 and (j == 0 or i < 2) else 9.0,))
        for i in range(60) for j in range(2)
    ]  # fmt: skip
    plan = FamilyPlan(name="f", m=1, alpha=0.05)
    floor, _ = compute_floor(_request("x/y", repeats, [_threshold(5.0, "standard")], plan))
    rate = floor.fail_rates[0]
    assert rate.upper_one_repeat == pytest.approx(stats.clopper_pearson_upper(5, 60, 0.05))
    assert rate.upper < rate.upper_one_repeat  # 60 prompts: Korn-Graubard decides
    few, _ = compute_floor(
        _request("x/y", [o for o in repeats if int(o.family[1:]) < 12],
                 [_threshold(5.0, "standard")], plan)
    )  # fmt: skip
    rate = few.fail_rates[0]
    assert rate.upper_one_repeat == pytest.approx(stats.clopper_pearson_upper(5, 12, 0.05))
    assert rate.upper == rate.upper_one_repeat  # under 15 the stricter of the two
    alone, _ = compute_floor(_request("x/y", _fails(5, 60), [_threshold(5.0, "standard")], plan))
    assert alone.fail_rates[0].upper_one_repeat is None


@settings(max_examples=60, deadline=None)
@given(bad=st.lists(st.booleans(), min_size=2, max_size=60), raters=st.sampled_from([0, 7, 12]),
       repeats=st.integers(2, 6), seed=st.integers(0, 9))  # fmt: skip
def test_where_all_repeats_agree_no_bound_is_below_the_exact_one(
    bad: list[bool], raters: int, repeats: int, seed: int
) -> None:
    given_by = np.random.default_rng(seed).integers(0, max(1, raters), size=(len(bad), repeats))
    outputs = [
        Judged(output_id=f"o{i}.{j}", family=f"p{i}", repeat=j, status=Status.MADE,
               values=(1.0 if b else 9.0,),
               raters=(f"r{given_by[i, j]}",) if raters else ())
        for i, b in enumerate(bad) for j in range(repeats)
    ]  # fmt: skip
    plan = FamilyPlan(name="f", m=1, alpha=0.05)
    floor, _ = compute_floor(_request("x/y", outputs, [_threshold(5.0, "standard")], plan))
    rate = floor.fail_rates[0]
    exact = stats.clopper_pearson_upper(sum(bad), len(bad), 0.05)
    assert rate.upper_one_repeat == pytest.approx(exact)
    assert rate.upper >= exact - 1e-12


def test_two_way_cells_at_small_levels_are_joined_by_the_exact_bound() -> None:
    rng = np.random.default_rng(7)
    outputs = [
        Judged(output_id=f"o{i}.{j}", family=f"p{i}", repeat=j, status=Status.MADE,
               values=(float(rng.random() > 0.06) * 9.0,), raters=(f"r{rng.integers(30)}",))
        for i in range(90) for j in range(3)
    ]  # fmt: skip
    plan = FamilyPlan(name="f", m=20, alpha=0.05)
    floor, (verdict,) = compute_floor(_request("x/y", outputs, [_threshold(5.0, "standard")], plan))
    assert floor.bound == "two_way"
    rate = floor.fail_rates[0]
    assert rate.upper == verdict.upper
    assert rate.upper_one_repeat is not None
    shares = [np.mean([o.values[0] < 5.0 for o in outputs if o.family == f"p{i}"])
              for i in range(90)]  # fmt: skip
    assert rate.upper >= stats.every_repeat_upper(shares, 1 - 0.05 / 20) - 1e-12
    assert verdict.p_value is not None
    assert verdict.p_value >= stats.every_repeat_p_value(shares) * (1 - 1e-9)


def test_floors_are_those_of_the_ratings_whatever_raters_are_called() -> None:
    """Pseudonyms are salted per workspace; what is published may not depend on them."""
    rng = np.random.default_rng(11)
    said = rng.integers(1, 10, size=(80, 9)).astype(float)
    seen = [rng.permutation(9)[:3] for _ in range(80)]

    def floor_with(names: list[str], refused: int, alpha: float) -> tuple[Any, ...]:
        outputs = [
            Judged(output_id=f"o{i}", family=f"p{i // 2}", repeat=i % 2, status=Status.MADE,
                   values=tuple(said[i, seen[i]]), raters=tuple(names[j] for j in seen[i]))
            for i in range(80 - refused)
        ] + [
            Judged(output_id=f"o{i}", family=f"p{i // 2}", repeat=i % 2, status=Status.REFUSED)
            for i in range(80 - refused, 80)
        ]  # fmt: skip
        plan = FamilyPlan(name="f", m=1, alpha=alpha)
        return compute_floor(_request("x/y", outputs, [_threshold(3.0, "standard")], plan))

    for refused, alpha in ((0, 0.05), (5, 0.05), (5, 0.002)):
        found = [
            floor_with([f"{salt}{(j * 7 + k) % 9}" for j in range(9)], refused, alpha)
            for k, salt in ((0, "r-a"), (3, "r-b"), (5, "x"))
        ]
        assert found[0] == found[1] == found[2]


def test_e_values_of_raters_come_from_their_p_values() -> None:
    rng = np.random.default_rng(8)
    outputs = [
        Judged(output_id=f"o{i}", family=f"p{i}", repeat=0, status=Status.MADE,
               values=(float(rng.random() > 0.02) * 9.0,), raters=(f"r{i % 30}",))
        for i in range(240)
    ]  # fmt: skip
    plan = FamilyPlan(name="f", m=1, alpha=0.05, correction="e-bh")
    _, (verdict,) = compute_floor(_request("x/y", outputs, [_threshold(5.0, "standard")], plan))
    assert verdict.p_value is not None
    assert verdict.e_value == pytest.approx(stats.e_from_p(verdict.p_value))
    shares = [1.0 - o.values[0] / 9.0 for o in outputs]
    assert verdict.e_value < stats.certifying_e_value(shares)
