"""Floors and verdicts of a sequential run: what its tests say, in place of fixed-size bounds.

A bound for a fixed number of prompts, looked at until it pleases, is none (Korn-Graubard every
ten prompts: 17.5% false certificates at a nominal 5%). So everything here that bounds comes from
the test that was run; estimates beside it are those of `qfloor.floors`.
"""

from __future__ import annotations

import bisect
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from qfloor import stats
from qfloor.benchmark import Benchmark
from qfloor.floors import (
    Closed,
    Demand,
    FamilyPlan,
    SequentialCell,
    SequentialDesign,
    closed_by_cell,
)
from qfloor.floors.cells import on_this_panel
from qfloor.floors.family import Adjusted, Claim, adjust
from qfloor.floors.ruling import as_ruled
from qfloor.floors.sequential import NONE_CLOSED
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.sequential_cells import (
    shared_by,
    silent,
    stream_of,
    too_much_missing,
)
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.records import (
    FailRate,
    Floor,
    FloorKind,
    Ruling,
    SequentialState,
    Verdict,
)
from qfloor.stats.streams import Seen

POWER = 0.8
LEAST_P = 1e-6

States = Mapping[CellKey, SequentialState]


class _Hypothesis(NamedTuple):
    cell: CellKey
    tier: str


def _hypothesis(verdict: Verdict) -> _Hypothesis:
    return _Hypothesis(CellKey(verdict.category, verdict.modality, verdict.offer_id), verdict.tier)


def by_cell(states: Iterable[SequentialState]) -> States:
    """Find states by cell."""
    return {CellKey(s.category, s.modality, s.offer_id): s for s in states}


def seen_only(view: RoundView, states: States) -> RoundView:
    """Leave only what the tests have looked at: the rest of a round is not evidence yet."""
    looked = {seen.output_id for state in states.values() for seen in state.seen}
    return replace(view, outputs=tuple(o for o in view.outputs if o.id in looked))


def sequential_findings(benchmark: Benchmark, findings: Findings, states: States) -> Findings:
    """Put what the tests say in the place of fixed-size bounds.

    Parameters
    ----------
    benchmark : Benchmark
    findings : Findings
        Of the outputs that were looked at (`seen_only`).
    states : mapping of CellKey to SequentialState

    Returns
    -------
    Findings
        Of the benchmark's own quality alone. Metrics, pass rates, single tags and panels without
        one rater were not what the tests stopped by: their intervals are for a fixed number of
        prompts, and on data that stopped so they bound nothing.
    """
    mine = benchmark.quality.id
    tests = _tests_of(benchmark, states)
    verdicts = [v for v in findings.verdicts if v.quality == mine]
    p_values = {
        _hypothesis(v): None if too_much_missing((t := _test(v, tests)).state) else _p_value(t, v)
        for v in verdicts
    }
    adjusted = _adjusted(verdicts, p_values, tests)
    panels = _panels(floor for floor in findings.floors if floor.quality == mine)
    return replace(
        findings,
        floors=tuple(_floor(f, tests) for f in findings.floors if f.quality == mine),
        verdicts=tuple(
            replace(
                _verdict(v, _test(v, tests), p_values[_hypothesis(v)], adjusted[_hypothesis(v)]),
                panel=panels.get(_hypothesis(v).cell),
            )
            for v in verdicts
        ),
        thresholds=tuple(t for t in findings.thresholds if t.quality == mine),
        calibrations=(),
        pass_rates=(),
        tag_floors=(),
        leave_one_out=(),
    )


@dataclass(frozen=True, kw_only=True)
class _Test:
    """A cell's test, and how many chains of its family have closed."""

    state: SequentialState
    cell: SequentialCell
    closed: Closed

    @property
    def design(self) -> SequentialDesign:
        return self.cell.design


def _tests_of(benchmark: Benchmark, states: States) -> Mapping[CellKey, _Test]:
    """Set the tests of a round up again, with the levels that its families have come to."""
    cells = [_cell(benchmark, key, state) for key, state in states.items()]
    streams: dict[Hashable, Sequence[Seen]] = {k: stream_of(s.seen) for k, s in states.items()}
    closed = closed_by_cell(cells, streams, silent(states))
    return {
        key: _Test(state=state, cell=cell, closed=closed[key])
        for cell, (key, state) in zip(cells, states.items(), strict=True)
    }


def _test(found: Floor | Verdict, tests: Mapping[CellKey, _Test]) -> _Test:
    return tests[CellKey(found.category, found.modality, found.offer_id)]


def _cell(benchmark: Benchmark, key: CellKey, state: SequentialState) -> SequentialCell:
    """Set a cell up by the plan: what a state says of its tiers is told, and closes nothing."""
    chains = shared_by(benchmark, round(state.alpha / state.level))
    return SequentialCell(
        key=key,
        design=replace(_design(state, state.level), chains=chains),
        demands=tuple(
            Demand(tier=t.tier, threshold=t.value, max_fail=t.max_fail)
            for t in benchmark.thresholds
            if (t.category, t.modality) == (key.category, key.modality)
        ),
        family="release" if benchmark.family == "release" else f"{key.category}/{key.modality}",
    )


def _design(state: SequentialState, level: float) -> SequentialDesign:
    return SequentialDesign(rule=state.rule, horizon=state.horizon, level=level)


def _floor(floor: Floor, tests: Mapping[CellKey, _Test]) -> Floor:
    """The number keeps alpha / m, whatever has closed: it covers every threshold there is."""
    test = _test(floor, tests)
    state = test.state
    stream = stream_of(state.seen, floor.kind)
    release = _certified_to(state, floor.kind, test.design)
    rates = tuple(_fail_rate(f, test, floor.kind) for f in floor.fail_rates)
    return replace(
        floor,
        n_prompts=len(stream),
        fail_rates=rates,
        q25_lo_release=release,
        q25_hi_release=_not_rejected(test.design, stream),
        q25_lo_cell=_certified_to(state, floor.kind, _design(state, state.alpha)),
        alpha_release=state.level,
        alpha_cell=state.alpha,
        bound=state.rule,
        population={**floor.population, **_said(floor, state)},
    )


def _said(floor: Floor, state: SequentialState) -> dict[str, object]:
    """Raters are not drawn anew for every prompt, and the test does not let them vary."""
    raters = {"raters": on_this_panel(floor.n_raters)} if floor.n_raters else {}
    said = {"horizon": state.horizon, "standing": state.standing, "order": state.prompt_order}
    return {**raters, "sequential": said}


def _panels(floors: Iterable[Floor]) -> Mapping[CellKey, str]:
    """What verdicts say of their panel, by cell: it is whole, for none is left out of a test."""
    return {
        CellKey(floor.category, floor.modality, floor.offer_id): on_this_panel(floor.n_raters)
        for floor in floors
        if floor.n_raters
    }


def _certified_to(
    state: SequentialState, kind: FloorKind, design: SequentialDesign
) -> float | None:
    if too_much_missing(state):
        return None
    stream = stream_of(state.seen, kind)
    return design.limits(stream, 0.25).certified_to


def _not_rejected(design: SequentialDesign, stream: Sequence[Seen]) -> float | None:
    above = design.limits(stream, 0.25).rejected_above
    return None if above is None or above == -math.inf else above


def _bounds(state: SequentialState, stream: Sequence[Seen], threshold: float) -> tuple[float, ...]:
    return stats.anytime_bounds(
        stats.fail_shares(stream, threshold, missing=0.0),
        stats.fail_shares(stream, threshold, missing=1.0),
        state.level,
    )


def _fail_rate(rate: FailRate, test: _Test, kind: FloorKind) -> FailRate:
    stream = stream_of(test.state.seen, kind)
    _, upper = _bounds(test.state, stream, rate.threshold)
    certified = _certified_to(test.state, kind, test.design)
    if certified is not None and rate.threshold <= certified:
        upper = min(upper, 0.25)  # the test itself has said so
    # Fixed-size bounds beside it would be none here.
    return replace(rate, upper=max(upper, rate.rate), upper_one_repeat=None)


def _verdict(
    verdict: Verdict, test: _Test, p_value: float | None, adjusted: Adjusted | None
) -> Verdict:
    state = test.state
    stream = stream_of(state.seen)
    limits = test.design.limits(stream, verdict.max_fail, test.closed)
    lower, upper = _bounds(state, stream, verdict.threshold)
    ruling, reason = Ruling(limits.verdict(verdict.threshold)), "more_prompts"
    if is_silent := too_much_missing(state):
        ruling, reason = Ruling.UNDECIDED, "too_much_missing"
    level = _level(test, verdict.max_fail, ruling, adjusted)
    needed = stats.min_prompts(level, verdict.max_fail)
    if ruling is Ruling.CERTIFIED:
        reason, upper = "clears", min(upper, verdict.max_fail)
    elif ruling is Ruling.REJECTED:
        reason, lower = "fails", max(lower, verdict.max_fail)
    elif len(stream) < needed and not is_silent:
        reason = "too_few_prompts"
    more = None
    if reason in ("more_prompts", "too_few_prompts"):
        more = _more_prompts(stream, verdict, level)
    return replace(
        verdict,
        ruling=ruling,
        reason=reason,
        upper=max(upper, lower),
        lower=lower,
        level=level,
        more_prompts=more,
        p_value=p_value,
        p_adjusted=as_ruled(adjusted, state.alpha, ruling),
        e_value=None,
    )


def _level(test: _Test, max_fail: float, ruling: Ruling, adjusted: Adjusted | None) -> float:
    """Level of the side that decided; what closes at one does not by that come to a higher one."""
    if ruling is not Ruling.REJECTED:
        return test.design.risen(test.closed.certified) if adjusted is None else adjusted.level
    chain = [d.threshold for d in test.cell.demands if d.max_fail == max_fail]
    limits = test.design.limits(stream_of(test.state.seen), max_fail, test.closed)
    mine = all(limits.verdict(t) == "rejected" for t in chain)
    return test.design.risen(test.closed.rejected - mine)


def _p_value(test: _Test, verdict: Verdict) -> float | None:
    """Smallest level at which the test would have certified, of those that it may be judged at.

    Below and above them in steps of two.
    """
    stream = stream_of(test.state.seen)
    if not stream:
        return None

    def certifies(design: SequentialDesign, closed: Closed = NONE_CLOSED) -> bool:
        limits = design.limits(stream, verdict.max_fail, closed)
        return limits.verdict(verdict.threshold) == "certified"

    chains = test.design.chains or 1
    # Levels are within each other: what certifies with few closed does with more.
    closed = bisect.bisect_left(
        range(chains), True, key=lambda n: certifies(test.design, Closed(certified=n))
    )
    p = test.design.risen(min(closed, chains - 1))
    if closed == 0:
        while p > LEAST_P and certifies(_design(test.state, p / 2)):
            p /= 2
        return p
    if closed < chains:
        return p
    while p < 0.5:
        p *= 2
        if p < 1 and certifies(_design(test.state, p)):
            return p
    return 1.0


def _adjusted(
    verdicts: Sequence[Verdict],
    p_values: Mapping[_Hypothesis, float | None],
    tests: Mapping[CellKey, _Test],
) -> Mapping[_Hypothesis, Adjusted | None]:
    """Adjust p-values within their families: by Holm's chains, or times the family's size."""
    families: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        families[_test(verdict, tests).cell.family].append(verdict)
    found: dict[_Hypothesis, Adjusted | None] = dict.fromkeys(p_values)
    for name, members in families.items():
        test = _test(members[0], tests)
        plan = FamilyPlan(
            name=name,
            m=round(test.state.alpha / test.state.level),
            alpha=test.state.alpha,
            correction="bonferroni" if test.design.chains is None else "holm",
        )
        claims = {
            h: Claim(chain=(h.cell, v.max_fail), p_value=p)
            for v in members
            if (p := p_values[h := _hypothesis(v)]) is not None
        }
        found |= zip(claims, adjust(plan, list(claims.values())), strict=True)
    return found


def _more_prompts(stream: Sequence[Seen], verdict: Verdict, level: float) -> int | None:
    """Prompts still needed at the present estimate, by a fixed test; None when none would do."""
    if not stream:
        return None
    rate = float(stats.fail_shares(stream, verdict.threshold, missing=1.0).mean())
    needed = stats.prompts_needed(rate, level, verdict.max_fail, POWER)
    return None if needed is None else max(1, needed - len(stream))
