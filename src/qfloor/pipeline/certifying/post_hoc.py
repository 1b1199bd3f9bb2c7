"""Which thresholds and verdicts are not what was frozen before the first score.

A threshold is post hoc when its own demand was edited; a verdict when its threshold was, or
anything its family's level or population rests on: its offers, its prompts, the number of
different ``max_fail`` in its place, alpha, the family, the quality, what is left out; and where
its level depends on the rest of the family (``holm``, ``by``, ``e-bh``) the demand of any other in
it. So is a threshold that was learned, whatever others ask: its number rests on the same. Prices,
budgets and words decide nothing and mark nothing. Without a frozen plan it cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qfloor.benchmark import Benchmark
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.rounds.frozen import Difference, PlanState
from qfloor.records import LearnedThreshold, Threshold, Verdict

# what cannot move a number: another suite of the same prompts, what prompts and offers say anyway
_HARMLESS = frozenset({"suites"})


@dataclass
class _Touched:
    """What differences reach: whole places, modalities, single demands, metrics, or everything."""

    everything: bool = False
    places: set[str] = field(default_factory=set)
    modalities: set[str] = field(default_factory=set)
    demands: set[str] = field(default_factory=set)
    metrics: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)  # whose levels an edited demand moves
    all_families: bool = False

    def note(self, difference: Difference, benchmark: Benchmark) -> None:
        top, *rest = difference.field
        if top == "thresholds" and rest:
            self.demands.add(rest[0])
            if benchmark.correction != "bonferroni":
                self.families.add(rest[0].rpartition("/")[0])
                self.all_families |= benchmark.family == "release"
        elif top == "prompts" and rest and benchmark.family == "category":
            self.places.add(rest[0])
        elif top == "m" and rest and benchmark.family == "category":
            self.modalities.add(rest[0])
        elif top == "calibrations" and rest:
            self.metrics.add(rest[0])
        elif top not in _HARMLESS:
            self.everything = True

    def demand(self, one: Threshold | LearnedThreshold | Verdict) -> bool:
        name = f"{one.category}/{one.modality}/{one.tier}"
        return name in self.demands or self.metric(one.quality)

    def threshold(self, threshold: Threshold | LearnedThreshold) -> bool:
        """Whether a number is not the planned one; a learned one rests on all that a verdict does.

        Its prompts, its offers and its quality are part of the rule.
        """
        learned = threshold.rule != "absolute"
        return self.demand(threshold) or (learned and self.place(threshold))

    def metric(self, quality: str) -> bool:
        """Whether a quality is a metric whose calibration was planned otherwise."""
        kind, _, key = quality.partition(":")
        return kind == "metric" and key.partition("@")[0] in self.metrics

    def verdict(self, verdict: Verdict) -> bool:
        level = self.all_families or f"{verdict.category}/{verdict.modality}" in self.families
        return level or self.demand(verdict) or self.place(verdict)

    def place(self, one: Threshold | LearnedThreshold | Verdict) -> bool:
        """Whether anything that a whole place rests on is otherwise."""
        return (
            self.everything
            or f"{one.category}/{one.modality}" in self.places
            or one.modality in self.modalities
        )


def marked(findings: Findings, benchmark: Benchmark, state: PlanState) -> Findings:
    """Say of every threshold and verdict whether it is post hoc; None without a frozen plan."""
    if state.plan is None:
        return replace(
            findings,
            thresholds=tuple(replace(t, post_hoc=None) for t in findings.thresholds),
            learned=tuple(replace(t, post_hoc=None) for t in findings.learned),
            verdicts=tuple(replace(v, post_hoc=None) for v in findings.verdicts),
        )
    touched = _touched(benchmark, state)
    return replace(
        findings,
        thresholds=tuple(replace(t, post_hoc=touched.threshold(t)) for t in findings.thresholds),
        learned=tuple(replace(t, post_hoc=touched.threshold(t)) for t in findings.learned),
        verdicts=tuple(replace(v, post_hoc=touched.verdict(v)) for v in findings.verdicts),
    )


def _touched(benchmark: Benchmark, state: PlanState) -> _Touched:
    touched = _Touched()
    for difference in state.differs:
        if difference.field[0] == "offers" and len(difference.field) > 1:
            _note_offer(touched, difference, benchmark, state)
        else:
            touched.note(difference, benchmark)
    _note_demands(touched, benchmark, state)
    return touched


def _note_offer(
    touched: _Touched, difference: Difference, benchmark: Benchmark, state: PlanState
) -> None:
    """An offer that came, went or changed touches the families of what it makes."""
    offer_id = difference.field[1]
    frozen = state.plan.content.get("offers", {}).get(offer_id, {}) if state.plan else {}
    now = next((o for o in benchmark.offers if o.id == offer_id), None)
    makes = {*frozen.get("makes", ()), *((now.modalities or (now.modality,)) if now else ())}
    if benchmark.family == "category" and makes:
        touched.modalities |= makes
    else:
        touched.everything = True


def _note_demands(touched: _Touched, benchmark: Benchmark, state: PlanState) -> None:
    """Another number of different ``max_fail`` is another level for a place's every tier."""
    frozen, now = _max_fails(state.plan.content if state.plan else {}), _max_fails(state.now)
    changed = {p for p in frozen.keys() | now.keys()
               if len(frozen.get(p, ())) != len(now.get(p, ()))}  # fmt: skip
    if changed and benchmark.family == "release":
        touched.everything = True
    touched.places |= changed


def _max_fails(content: Mapping[str, Any]) -> dict[str, set[float]]:
    found: dict[str, set[float]] = {}
    for name, demand in content.get("thresholds", {}).items():
        found.setdefault(name.rpartition("/")[0], set()).add(demand["max_fail"])
    return found
