"""By which identity of a metric a round is judged: the one that its benchmark's scorers declare.

A store keeps every identity it was ever scored under: other weights, another threshold, another
release of a runtime. The benchmark file says which is meant, so changing a scorer there and back
gives the floors it gave before. Only where no scorer of a benchmark computes a metric (imported
scores, a round scored by hand) does the newest identity that covers the round speak.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qfloor import plugins
from qfloor.benchmark import Benchmark
from qfloor.errors import PluginError, ScoringError
from qfloor.records import Metric, canonical_json
from qfloor.store import Store

if TYPE_CHECKING:
    from qfloor.pipeline.rounds.judging import RoundView


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A metric as declared; ``any_execution`` when the benchmark leaves the precision open."""

    metric: Metric
    scorer: Any
    any_execution: bool


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a benchmark's scorers declare, by the metric's name; nothing for imported judgments.

    ``unbuilt`` says of scorers that cannot be built here (a package or a device is missing) why:
    scores may be judged on a machine that could not have made them. ``chosen`` names keys that
    were chosen before, as an audit does of what was published: they count as they are.
    """

    wanted: Mapping[str, _Wanted] = field(default_factory=dict)
    unbuilt: tuple[str, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)


def scorers_of(benchmark: Benchmark) -> list[Any]:
    """Build a benchmark's scorers: what is misspelt or missing is told before anything is bought.

    Raises
    ------
    PluginError
        When a scorer is unknown, does not take its arguments, or lacks a package.
    """
    return plugins.build_scorers(benchmark.scorers)


def declared_of(benchmark: Benchmark) -> Declared:
    """Ask a benchmark's scorers what they declare; no weights are loaded for that."""
    wanted: dict[str, _Wanted] = {}
    unbuilt = []
    for spec in benchmark.scorers:
        try:
            scorer = plugins.build_scorer(spec)
        except PluginError as error:
            unbuilt.append(str(error))
            continue
        open_ = spec.args.get("precision") == "auto"
        for metric in scorer.metrics:
            wanted[metric.name] = _Wanted(metric=metric, scorer=scorer, any_execution=open_)
    return Declared(wanted=wanted, unbuilt=tuple(unbuilt))


def metric_key(
    store: Store, name: str, view: RoundView, declared: Declared | None = None
) -> str | None:
    """Find the one identity by which a round is judged on a metric.

    Parameters
    ----------
    store : Store
    name : str
        Of the metric.
    view : RoundView
        The round's outputs.
    declared : Declared, optional
        What the benchmark's scorers compute. None, or a metric that none of them computes: the
        newest identity that covers the round.

    Returns
    -------
    str or None
        The metric's key; None when nothing in the round was scored on it. Numbers of another
        identity never fill gaps.

    Raises
    ------
    ScoringError
        When the declared identity does not cover the outputs that any identity scored; when
        none does; or when several do and the scorer that would choose cannot be built here.
    """
    ids = {o.id for o in view.outputs}
    known = {metric.key: metric for metric in store.metrics_of(names=[name])}
    covered = {key: ids & store.scored_ids(key) for key in known}
    scored = set().union(*covered.values())
    if not scored:
        return None
    declared = declared or Declared()
    if covered.get(declared.chosen.get(name, "")):
        return declared.chosen[name]
    wanted = declared.wanted.get(name)
    if wanted is not None:
        return _as_declared(wanted, view, known, covered)
    whole = [key for key, outputs in covered.items() if outputs == scored]
    if not whole:
        there = [key for key, outputs in covered.items() if outputs]
        raise ScoringError(
            f"this round carries {name} under {_listed(there)}, none of which covers it; run "
            "`qfloor score` to its end, since numbers of two identities must not be mixed"
        )
    if declared.unbuilt and len(whole) > 1:
        raise ScoringError(
            f"this round carries {name} under {_listed(whole)}, and which of them the benchmark "
            f"means cannot be told here: {declared.unbuilt[0]}"
        )
    return whole[-1]


def _as_declared(
    wanted: _Wanted,
    view: RoundView,
    known: Mapping[str, Metric],
    covered: Mapping[str, Collection[str]],
) -> str:
    """Return the declared identity, or the one that differs from it in versions of packages only.

    Whoever judges may have another release of a runtime than whoever scored; what the benchmark
    file says is then the same, and no number is computed here.
    """
    key, name = wanted.metric.key, wanted.metric.name
    due = _due(wanted, view, set().union(*covered.values()))
    if not due.difference(covered.get(key, ())):
        return key
    if not covered.get(key):
        alike = [k for k, m in known.items() if _alike(m, wanted) and not due - set(covered[k])]
        if len(alike) == 1:
            return alike[0]
    there = [k for k, outputs in covered.items() if outputs]
    raise ScoringError(
        f"the benchmark's scorer computes {key}, of which this round has "
        f"{len(due.intersection(covered.get(key, ())))} of {len(due)} scores, and it carries "
        f"{name} under {_listed(there)}; run `qfloor score` to its end, or let the benchmark name "
        "the scorer as it was when they were made"
    )


def _due(wanted: _Wanted, view: RoundView, scored: Collection[str]) -> set[str]:
    """Outputs that some identity scored and the declared scorer has anything to say of."""
    due = set()
    for output in view.outputs:
        if output.id not in scored:
            continue
        prompt = view.prompts[output.prompt_digest]
        applies = wanted.scorer.applies(prompt, output.media_type or "")
        if applies and prompt.modality in wanted.metric.modalities:
            due.add(output.id)
    return due


def _alike(metric: Metric, wanted: _Wanted) -> bool:
    return _meaning(metric, wanted.any_execution) == _meaning(wanted.metric, wanted.any_execution)


def _meaning(metric: Metric, any_execution: bool) -> str:
    how = {} if any_execution else {k: v for k, v in metric.execution.items() if k != "runtime"}
    return canonical_json([metric.definition, how])


def _listed(keys: Collection[str]) -> str:
    said = ", ".join(sorted(keys))
    return f"{len(keys)} identities ({said})" if len(keys) > 1 else said
