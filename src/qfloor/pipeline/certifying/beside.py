"""What crosses from a round's scores into the pass rates that stand beside its floors.

Every boolean metric that scored any output of the round is told, by the identity that the round
is judged by (`declared`). Where none can speak for all of the round, each is told by itself with
what it lacks: a rate is shown and decides nothing, so a half-scored metric stops no floor.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from qfloor.errors import ScoringError
from qfloor.floors import Judged, Labels, PassRequest, compute_pass_rate
from qfloor.pipeline.rounds.declared import Declared, metric_key
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.records import (
    Metric,
    Modality,
    Output,
    PassRate,
    Score,
    ScoreStatus,
    Status,
)
from qfloor.store import Store

NO_ROW = "no row"
"""Why a made output has no value of a metric that scored others of its round."""


def labels_of(view: RoundView) -> dict[str, Labels]:
    """Language and tags of the prompt of each output of a round, by output id."""
    by_prompt = {
        digest: Labels(language=prompt.language, tags=tuple(prompt.tags))
        for digest, prompt in view.prompts.items()
    }
    return {output.id: by_prompt[output.prompt_digest] for output in view.outputs}


def pass_rates(
    store: Store,
    view: RoundView,
    declared: Declared | None = None,
    alpha_of: Callable[[CellKey], float] | None = None,
) -> tuple[PassRate, ...]:
    """Compute the pass rates of every boolean metric that a round was scored with.

    Parameters
    ----------
    store : Store
    view : RoundView
        With its safety looked up, if unsafe outputs shall not pass.
    declared : Declared, optional
        What the benchmark's scorers compute; see `qfloor.pipeline.rounds.declared`.
    alpha_of : callable, optional
        A cell's share of its family's error: for intervals that hold for the family at once.

    Returns
    -------
    tuple of PassRate
        One for each metric, offer, category and modality of which the metric has a row. Prompts
        of both splits count: nothing was learned from them.
    """
    found: list[PassRate] = []
    for metric, scores in _scored(store, view, declared):
        outside = _outside(view, scores)
        for key, outputs in sorted(_cells(view, metric).items(), key=lambda item: item[0]):
            if any(output.id in scores for output in outputs):
                request = _request(view, key, metric, outputs, scores, outside)
                if alpha_of is not None:
                    request = replace(request, confidence_release=1.0 - alpha_of(key))
                found.append(compute_pass_rate(request))
    return tuple(found)


def _scored(
    store: Store, view: RoundView, declared: Declared | None
) -> Iterator[tuple[Metric, dict[str, Score]]]:
    """Boolean metrics with their rows of a round, by output."""
    here = {output.id for output in view.outputs}
    boolean: dict[str, list[Metric]] = defaultdict(list)
    for metric in store.metrics_of():
        if metric.boolean and not here.isdisjoint(store.scored_ids(metric.key)):
            boolean[metric.name].append(metric)
    for name, identities in sorted(boolean.items()):
        try:
            speaks = {metric_key(store, name, view, declared)}
        except ScoringError:
            speaks = {metric.key for metric in identities}
        for metric in identities:
            if metric.key in speaks:
                rows = store.scores_of(metric=metric.key)
                yield metric, {s.output_id: s for s in rows if s.output_id in here}


def _cells(view: RoundView, metric: Metric) -> dict[CellKey, list[Output]]:
    cells: dict[CellKey, list[Output]] = defaultdict(list)
    for output in view.outputs:
        if view.prompts[output.prompt_digest].modality in metric.modalities:
            cells[view.key(output)].append(output)
    return cells


def _outside(view: RoundView, scores: Mapping[str, Score]) -> frozenset[str]:
    """Outputs of prompts that the metric does not apply to, so that a refusal is no fail of it.

    A metric applies to a prompt when it scored, or should have scored, any offer's output of it.
    Of a prompt without a row (nobody made anything) that is not known: it counts where the metric
    applies to all prompts of the category that have rows.
    """
    applies: dict[str, bool] = {}
    for output in view.outputs:
        score = scores.get(output.id)
        if score is not None:
            should = score.status is not ScoreStatus.UNSCORED
            applies[output.prompt_digest] = applies.get(output.prompt_digest, False) or should
    picky = {_place(view, digest) for digest, does in applies.items() if not does}
    return frozenset(
        output.id
        for output in view.outputs
        if not applies.get(output.prompt_digest, _place(view, output.prompt_digest) not in picky)
    )


def _place(view: RoundView, prompt_digest: str) -> tuple[str, Modality]:
    prompt = view.prompts[prompt_digest]
    return prompt.category, prompt.modality


def _request(
    view: RoundView,
    key: CellKey,
    metric: Metric,
    outputs: Sequence[Output],
    scores: Mapping[str, Score],
    outside: frozenset[str],
) -> PassRequest:
    return PassRequest(
        offer_id=key.offer_id,
        category=key.category,
        modality=key.modality,
        metric=metric,
        outputs=[_judged(view, output, scores.get(output.id)) for output in outputs],
        outside=outside,
        reasons=_reasons(outputs, scores),
    )


def _judged(view: RoundView, output: Output, score: Score | None) -> Judged:
    value = None if score is None else score.value
    unscored = score is not None and score.status is ScoreStatus.UNSCORED
    return Judged(
        output_id=output.id,
        family=view.prompts[output.prompt_digest].family,
        repeat=output.repeat,
        status=output.status,
        values=() if value is None else (value,),
        scorer_failed=score is not None and score.status is ScoreStatus.FAILED,
        unsafe=output.unsafe or output.id in view.safety.unsafe,
        safety_unknown=output.id in view.safety.unknown,
        lacking="unscored" if unscored else "no_row",
    )


def _reasons(outputs: Iterable[Output], scores: Mapping[str, Score]) -> Counter[str]:
    """Why outputs have no value, counted; of a reason only what stands before a colon."""
    reasons: Counter[str] = Counter()
    for output in outputs:
        score = scores.get(output.id)
        if output.status is not Status.MADE:
            reasons[f"{output.status.value}: {output.reason}"] += 1
        elif score is None:
            reasons[NO_ROW] += 1
        elif score.status is not ScoreStatus.SCORED:
            why = (score.reason or "no reason given").partition(":")[0]
            reasons[f"{score.status.value}: {why}"] += 1
    return reasons
