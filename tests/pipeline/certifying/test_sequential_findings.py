"""What tests that share alpha by Holm publish: the plan closes chains, and p-values are Holm's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from qfloor import stats
from qfloor.benchmark import Benchmark
from qfloor.floors import FamilyPlan
from qfloor.floors.family import Adjusted, Claim, adjust
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.sequential_findings import by_cell, sequential_findings
from qfloor.records import (
    CountsAs,
    Ruling,
    SeenOutput,
    SequentialState,
    TierRuling,
    Verdict,
)

ALPHA, CHAINS, HORIZON = 0.05, 4, 80
TIERS = {"standard": (5.0, 0.25), "premium": (8.0, 0.25)}


@pytest.fixture
def shared(small: Benchmark) -> Benchmark:
    """Four offers that share alpha in one category, two tiers each."""
    thresholds = tuple(
        replace(small.thresholds[0], category="portrait", tier=tier, value=value, max_fail=q)
        for tier, (value, q) in TIERS.items()
    )
    return replace(small, correction="holm", thresholds=thresholds, alpha=ALPHA)


def _state(benchmark: Benchmark, offer: str, values: Sequence[float]) -> SequentialState:
    return SequentialState(
        round=benchmark.round, offer_id=offer, offer_digest="d", category="portrait",
        modality="image", quality=benchmark.quality.id, rule="exact_sequential",
        level=ALPHA / CHAINS, alpha=ALPHA, horizon=HORIZON, prompt_order="o", n_prompts=len(values),
        seen=tuple(
            SeenOutput(
                output_id=f"{offer}{i}", prompt_digest=f"p{i}", delivered=CountsAs.SCORED,
                conditional=CountsAs.SCORED, values=(v,),
            )
            for i, v in enumerate(values)
        ),
        rulings=tuple(
            TierRuling(tier=tier, threshold=value, max_fail=q, ruling="undecided")
            for tier, (value, q) in TIERS.items()
        ),
    )  # fmt: skip


def _verdicts(benchmark: Benchmark, states: Sequence[SequentialState]) -> tuple[Verdict, ...]:
    asked = tuple(
        Verdict(
            offer_id=s.offer_id, category=s.category, modality=s.modality, quality=s.quality,
            tier=tier, threshold=value, max_fail=q, ruling=Ruling.UNDECIDED, reason="",
            upper=None, lower=None, level=s.level, family="portrait/image", m=CHAINS,
            correction="holm",
        )
        for s in states
        for tier, (value, q) in TIERS.items()
    )  # fmt: skip
    return sequential_findings(benchmark, Findings(verdicts=asked), by_cell(states)).verdicts


def _least_clean(level: float) -> int:
    """Clean prompts that certify at a level, and not one fewer."""
    return int((stats.exact_boundary(HORIZON, level).certify >= 0).argmax())


def test_p_values_of_chains_that_closed_are_still_worth_the_whole_family(
    shared: Benchmark,
) -> None:
    """Each just certifies at alpha / 4; Holm's smallest is worth four times itself.

    And the levels are Holm's own, alpha over 4, 3, 2 and 1, not alpha for all that closed.
    """
    states = [_state(shared, o, [9.0] * _least_clean(ALPHA / CHAINS)) for o in "abcd"]
    found = _verdicts(shared, states)
    assert {v.ruling for v in found} == {Ruling.CERTIFIED}
    assert [v.p_value for v in found] == pytest.approx([ALPHA / CHAINS] * 8)
    assert [v.p_adjusted for v in found] == pytest.approx([ALPHA] * 8)
    assert [v.level for v in found[::2]] == pytest.approx([ALPHA / k for k in (4, 3, 2, 1)])


def _holm(found: Sequence[Verdict]) -> Mapping[tuple[str, str], Adjusted]:
    plan = FamilyPlan(name="portrait/image", m=CHAINS, alpha=ALPHA, correction="holm")
    claims = [Claim(chain=v.offer_id, p_value=v.p_value) for v in found if v.p_value is not None]
    judged = adjust(plan, claims)
    return {(v.offer_id, v.tier): one for v, one in zip(found, judged, strict=True)}


def test_rulings_and_adjusted_p_values_agree_in_random_families(shared: Benchmark) -> None:
    rulings = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        states = [
            _state(
                shared, offer,
                rng.choice([1.0, 6.0, 9.0], int(rng.integers(1, HORIZON)), p=mix).tolist(),
            )
            for offer in "abcd"
            if (mix := rng.dirichlet([0.2, 0.5, 3.0])) is not None
        ]  # fmt: skip
        found = _verdicts(shared, states)
        by_holm = _holm(found)
        for v in found:
            assert v.p_adjusted is not None
            assert (v.p_adjusted <= ALPHA) == (v.ruling is Ruling.CERTIFIED)
            one = by_holm[v.offer_id, v.tier]
            assert v.p_adjusted == pytest.approx(one.p_adjusted)
            if v.ruling is not Ruling.REJECTED:
                assert v.level == pytest.approx(one.level)
            rulings.add((v.ruling, round(v.level, 9)))
    assert len({level for ruling, level in rulings if ruling is Ruling.CERTIFIED}) >= 3


def test_a_tier_that_is_gone_from_a_kept_state_closes_nothing(shared: Benchmark) -> None:
    """The plan says what a chain asks; a state that says less would pass alpha on too early."""
    between = _least_clean(ALPHA)
    assert between < _least_clean(ALPHA / 2)
    standard_only = [7.0] * 40  # clears the first tier, and fails the second
    states = [_state(shared, o, standard_only) for o in "abc"]
    states.append(_state(shared, "d", [9.0] * between))
    fewer = [replace(s, rulings=s.rulings[:1]) for s in states]
    found = _verdicts(shared, fewer)
    assert found == _verdicts(shared, states)
    assert {v.ruling for v in found if v.offer_id == "d"} == {Ruling.UNDECIDED}


@pytest.mark.parametrize(("missing", "helps"), [(1, True), (2, False)])
def test_a_cell_of_which_too_much_is_missing_helps_nobody(
    shared: Benchmark, missing: int, helps: bool
) -> None:
    """Of 30 outputs one is 3.3 % and two are 6.7 %; the test alone would certify with either."""
    clean = _state(shared, "a", [9.0] * 40)
    gone = replace(clean, seen=tuple(
        replace(s, delivered=CountsAs.MISSING, conditional=CountsAs.MISSING, values=())
        if i >= len(clean.seen) - missing else s
        for i, s in enumerate(clean.seen)
    )[40 - 30 :])  # fmt: skip
    just = _state(shared, "b", [9.0] * _least_clean(ALPHA / (CHAINS - 1)))
    assert len(just.seen) < _least_clean(ALPHA / CHAINS)
    found = {(v.offer_id, v.tier): v for v in _verdicts(shared, [gone, just])}
    of_a, of_b = found["a", "premium"], found["b", "premium"]
    assert (of_a.reason == "clears") == helps
    assert (of_b.ruling is Ruling.CERTIFIED) == helps
    if not helps:
        assert (of_a.reason, of_a.p_value, of_a.more_prompts) == ("too_much_missing", None, None)
        assert of_b.level == pytest.approx(ALPHA / CHAINS)
        assert of_b.p_adjusted is not None
        assert of_b.p_adjusted > ALPHA


def test_a_rejection_that_is_not_given_takes_nothing_of_the_level(shared: Benchmark) -> None:
    bad = _state(shared, "a", [1.0] * 30)
    gone = replace(bad, seen=tuple(
        replace(s, delivered=CountsAs.MISSING, conditional=CountsAs.MISSING, values=())
        if i < 3 else s for i, s in enumerate(bad.seen)
    ))  # fmt: skip
    assert {v.reason for v in _verdicts(shared, [bad])} == {"fails"}
    found = _verdicts(shared, [gone])
    assert {(v.ruling, v.reason) for v in found} == {(Ruling.UNDECIDED, "too_much_missing")}
    assert {v.level for v in found} == {ALPHA / CHAINS}
    few = _verdicts(shared, [replace(gone, seen=gone.seen[:5])])
    assert {(v.reason, v.more_prompts) for v in few} == {("too_much_missing", None)}
