"""Thresholds that are learned: usable-rate and relative rules, from prompts that never certify.

Where a benchmark's place (a category in a modality) has such a rule, its prompts are divided once
and for all: those of the fit split say what the number is, the others judge by it. That holds
whether or not a number was found, so that who is judged on what never depends on the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qfloor import calibrate
from qfloor.benchmark import Benchmark
from qfloor.calibrate import Flagged
from qfloor.counting import several
from qfloor.errors import BenchmarkError
from qfloor.floors import Judged, paired_shortfall, reference_quantile
from qfloor.floors.cells import on_this_panel
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.threshold_words import sentence_of_rule
from qfloor.pipeline.certifying.vectors import composite_cells
from qfloor.pipeline.rounds.declared import Declared
from qfloor.pipeline.rounds.judging import CellKey, Cells, RoundView, human_cells, ratings_by_output
from qfloor.pipeline.rounds.traffic import stratified
from qfloor.records import (
    CompositeQuality,
    Floor,
    LearnedThreshold,
    Modality,
    Offer,
    Prompt,
    Quality,
    Rating,
    Split,
    Threshold,
    ThresholdRule,
    digest_of,
    human_part,
    to_plain,
)
from qfloor.store import Store
from qfloor.suite.loading import split_of

Place = tuple[str, Modality]

DIGITS = 9
"""Digits that a difference keeps: 8.1 less 1.2 is 6.9, as on the scale."""


def ruled_places(benchmark: Benchmark) -> frozenset[Place]:
    """Places in which any tier's threshold is learned."""
    return frozenset((rule.category, rule.modality) for rule in benchmark.rules)


def splits_of(prompts: Iterable[Prompt], *, imported: bool) -> dict[str, Split]:
    """Which split each prompt (by digest) belongs to, whole families together.

    A family of which any prompt is for fitting is for fitting. Imported prompts come without a
    split and are divided by a hash of their family, as a suite's are that state none.
    """
    prompts = list(prompts)
    fit = {p.family for p in prompts if p.split == "fit"}
    if imported and not fit:
        fit = {p.family for p in prompts if split_of(p.family) == "fit"}
    return {p.digest: "fit" if p.family in fit else "certify" for p in prompts}


def part_of(benchmark: Benchmark, view: RoundView, split: Split) -> RoundView:
    """Leave only one split's outputs where a threshold is learned; elsewhere all certify."""
    places = ruled_places(benchmark)
    if not places:
        return view
    splits = splits_of(view.prompts.values(), imported=benchmark.imported)

    def belongs(digest: str) -> bool:
        prompt = view.prompts[digest]
        learned = (prompt.category, prompt.modality) in places
        return splits[digest] == split if learned else split == "certify"

    return replace(view, outputs=tuple(o for o in view.outputs if belongs(o.prompt_digest)))


def learn_thresholds(
    store: Store,
    benchmark: Benchmark,
    view: RoundView,
    offers: Sequence[Offer],
    declared: Declared,
) -> tuple[LearnedThreshold, ...]:
    """Learn the threshold of every rule of a benchmark from the fit split of a round.

    Parameters
    ----------
    store : Store
    benchmark : Benchmark
    view : RoundView
        The whole round; only outputs of fit prompts are looked at.
    offers : sequence of Offer
        Those of the plan.
    declared : Declared

    Returns
    -------
    tuple of LearnedThreshold
        One for each rule whose category has prompts in the round, in the order of the rules.

    Raises
    ------
    BenchmarkError
        When a rule's reference is no offer of the plan.
    """
    if not benchmark.rules:
        return ()
    known = sorted(offer.id for offer in offers)
    fit = part_of(benchmark, view, "fit")
    judged = _Fit.of(store, benchmark, fit, declared)
    asked = {view.prompts[o.prompt_digest] for o in view.outputs}
    places = {(p.category, p.modality) for p in asked}
    found = []
    for rule in benchmark.rules:
        if rule.rule == "relative" and rule.reference not in known:
            raise BenchmarkError(
                f"benchmark {benchmark.name}: the threshold of {rule.category}/{rule.tier} is "
                f"relative to {rule.reference!r}, which is none of its offers: {', '.join(known)}"
            )
        if (rule.category, rule.modality) in places:
            learned = _relative if rule.rule == "relative" else _usable
            found.append(learned(judged, rule))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class _Fit:
    """What is known of the fit split: its cells, and ratings with their flags by criterion."""

    benchmark: Benchmark
    store: Store
    view: RoundView
    cells: Cells

    @classmethod
    def of(cls, store: Store, benchmark: Benchmark, view: RoundView, declared: Declared) -> _Fit:
        quality = benchmark.quality
        if isinstance(quality, CompositeQuality):
            cells = composite_cells(store, benchmark, view, quality, declared)[0]
        else:
            cells = human_cells(store, view, human_part(quality))
        if benchmark.traffic is not None:
            cells = stratified(view, benchmark.traffic, cells)
        return cls(benchmark=benchmark, store=store, view=view, cells=cells)

    def outputs(self, category: str, modality: Modality, offer: str) -> list[Judged]:
        return self.cells.get(CellKey(category, modality, offer), [])


def _relative(fit: _Fit, rule: ThresholdRule) -> LearnedThreshold:
    """The reference's quantile from above, less the margin; never below the scale."""
    outputs = fit.outputs(rule.category, rule.modality, rule.reference)
    traffic, quality = fit.benchmark.traffic, fit.benchmark.quality
    found = reference_quantile(
        outputs,
        rule.modality,
        level=rule.level,
        max_fail=rule.max_fail,
        traffic=None if traffic is None else traffic.of(rule.category) or None,
    )
    value = None if found.upper is None else round(found.upper - (rule.margin or 0.0), DIGITS)
    if value is not None and quality.lo is not None:
        value = max(value, quality.lo)  # stricter, and on the scale
    return replace(
        _empty(fit.benchmark, rule),
        value=value,
        n_prompts=found.n_prompts,
        n_outputs=found.n_outputs,
        n_values=found.n_values,
        n_raters=found.n_raters,
        n_lacking=found.n_missing,
        raters=_raters(found.n_raters, found.on_panel),
        estimate=found.estimate,
        bound=found.upper,
        decided_by=found.decided_by,
        fitted_on=digest_of(
            [
                sorted([o.output_id, o.status.value, sorted(o.values)] for o in outputs),
                _by_rater(
                    (rater, [o.output_id, value])
                    for o in outputs
                    for rater, value in zip(o.raters, o.values, strict=False)
                ),
            ]
        ),
        reason=found.reason,
    )


def _by_rater(said: Iterable[tuple[str, list[Any]]]) -> list[list[list[Any]]]:
    """What each rater said, without their names: pseudonyms are a workspace's own."""
    whole: dict[str, list[list[Any]]] = {}
    for rater, what in said:
        whole.setdefault(rater, []).append(what)
    return sorted(sorted(whats) for whats in whole.values())


def _usable(fit: _Fit, rule: ThresholdRule) -> LearnedThreshold:
    """The smallest quality from which on enough is called fit for production."""
    rows, lacking = _flagged(fit, rule)
    found = calibrate.learn_usable(rows, rule.usable or 0.0, rule.level)
    reason = found.reason
    if reason and lacking:
        reason += (
            f"; {several(lacking, 'rating')} of them "
            f"{'says' if lacking == 1 else 'say'} nothing of that"
        )
    return replace(
        _empty(fit.benchmark, rule),
        value=found.threshold,
        window_hi=found.window_hi,
        n_prompts=found.n_prompts,
        n_outputs=len({r.output_id for r in rows}),
        n_values=len(rows),
        n_raters=found.n_raters or None,
        n_lacking=lacking,
        raters=_raters(found.n_raters or None, found.on_panel),
        estimate=found.share,
        bound=found.lower,
        decided_by=found.bound,
        t_grid=found.grid,
        worst_offer=found.worst_offer,
        worst_share=found.worst_share,
        fitted_on=digest_of(_by_rater((r.rater, [r.output_id, r.value, r.usable]) for r in rows)),
        reason=reason,
    )


def _flagged(fit: _Fit, rule: ThresholdRule) -> tuple[list[Flagged], int]:
    """Ratings of a place's fit prompts that say whether the output is usable; how many do not."""
    view = fit.view
    given = ratings_by_output(fit.store, view, human_part(fit.benchmark.quality))
    flags = _flags(fit, rule, given)
    rows: list[Flagged] = []
    lacking = 0
    for output in view.outputs:
        prompt = view.prompts[output.prompt_digest]
        if (prompt.category, prompt.modality) != (rule.category, rule.modality):
            continue
        for rating in given.get(output.id, ()):
            flag = flags.get((output.id, rating.rater))
            if flag is None:
                lacking += 1
                continue
            rows.append(
                Flagged(
                    output_id=output.id,
                    offer_id=output.offer_id,
                    family=prompt.family,
                    rater=rating.rater,
                    value=rating.value,
                    usable=flag,
                )
            )
    return rows, lacking


def _flags(
    fit: _Fit, rule: ThresholdRule, given: Mapping[str, Sequence[Rating]]
) -> dict[tuple[str, str], bool]:
    """What each rater said of each output: by the flag beside a rating, or on a criterion."""
    if not rule.criterion:
        told = (r for ratings in given.values() for r in ratings if r.usable is not None)
        return {(r.output_id, r.rater): bool(r.usable) for r in told}
    asked = Quality(source="human", name=rule.criterion, lo=0.0, hi=1.0, step=1.0)
    answers = ratings_by_output(fit.store, fit.view, asked)
    found = {}
    for rating in (r for ratings in answers.values() for r in ratings):
        if rating.value not in (0.0, 1.0):
            raise BenchmarkError(
                f"rating {rating.id} is {rating.value:g} on {rule.criterion!r}, but whether an "
                "output is usable is 0 or 1"
            )
        found[rating.output_id, rating.rater] = rating.value == 1.0
    return found


def _raters(n: int | None, on_panel: bool) -> str:
    if n is None:
        return ""
    return on_this_panel(n) if on_panel else "drawn from a population"


def _empty(benchmark: Benchmark, rule: ThresholdRule) -> LearnedThreshold:
    """A rule that found nothing yet."""
    return LearnedThreshold(
        category=rule.category,
        modality=rule.modality,
        quality=rule.quality,
        tier=rule.tier,
        rule=rule.rule,
        max_fail=rule.max_fail,
        value=None,
        level=rule.level,
        total_error=benchmark.alpha + rule.level,
        usable=rule.usable,
        criterion=rule.criterion,
        reference=rule.reference,
        margin=rule.margin,
        split="fit",
        n_prompts=0,
        n_outputs=0,
        n_values=0,
        n_raters=None,
        n_lacking=0,
        raters="",
        estimate=None,
        bound=None,
        decided_by="",
        t_grid=(),
        worst_offer="",
        worst_share=None,
        fitted_on="",
        reason="",
    )


def thresholds_from(learned: Iterable[LearnedThreshold]) -> Iterator[Threshold]:
    """Thresholds for the rules that found a number, with their evidence in words."""
    for found in learned:
        if found.value is not None:
            yield Threshold(
                category=found.category,
                modality=found.modality,
                quality=found.quality,
                tier=found.tier,
                value=found.value,
                max_fail=found.max_fail,
                rule=found.rule,
                evidence=sentence_of_rule(found),
            )


def beside_references(benchmark: Benchmark, cells: Cells, findings: Findings) -> Findings:
    """Hold each offer against the references of its place, prompt by prompt.

    On certifying prompts; said in a floor's population: shown, at the family's uncorrected alpha,
    and deciding nothing.
    """
    told: dict[CellKey, dict[str, object]] = {}
    for rule in benchmark.rules:
        reference = cells.get(CellKey(rule.category, rule.modality, rule.reference))
        if reference is not None:
            for key, outputs in cells.items():
                same = (key.category, key.modality) == (rule.category, rule.modality)
                if same and key.offer_id != rule.reference:
                    told.setdefault(key, {}).update(_paired(benchmark, rule, outputs, reference))

    def with_paired(floor: Floor) -> Floor:
        found = told.get(CellKey(floor.category, floor.modality, floor.offer_id))
        if not found:
            return floor
        return replace(floor, population={**floor.population, "beside_reference": found})

    return replace(findings, floors=tuple(map(with_paired, findings.floors)))


def _paired(
    benchmark: Benchmark,
    rule: ThresholdRule,
    outputs: Sequence[Judged],
    reference: Sequence[Judged],
) -> dict[str, object]:
    margin, alpha = rule.margin or 0.0, benchmark.alpha
    found = paired_shortfall(outputs, reference, rule.modality, margin=margin, alpha=alpha)
    if found is None:
        return {}
    told = {"reference": rule.reference, "margin": margin, "alpha": alpha, **to_plain(found)}
    return {rule.tier: told}
