"""Freezing reference sets from scored outputs, and carrying them between workspaces.

Freezing never replaces anything: a second set stands beside the first under its own digest, and
a benchmark says which one it means.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import CertificationError, InputError, StoreError
from qfloor.pipeline.rounds.centring import WITHIN
from qfloor.pipeline.rounds.declared import Declared, metric_key
from qfloor.pipeline.rounds.judging import RoundView
from qfloor.records import (
    Metric,
    Prompt,
    ReferenceOutput,
    ReferencePrompt,
    ReferenceSet,
    canonical_json,
    to_plain,
)
from qfloor.score import metric_of
from qfloor.store import Store
from qfloor.store.rows import from_plain
from qfloor.whole import write_whole

FORMAT = "qfloor reference set 1"
"""First field of an exported set; a reader refuses any other."""


def freeze_reference(
    store: Store,
    view: RoundView,
    metric_name: str,
    offers: Iterable[str] | None = None,
    declared: Declared | None = None,
    *,
    anchors: bool = False,
) -> ReferenceSet:
    """Take a metric's scores of some outputs as its reference and keep them for good.

    Parameters
    ----------
    store : Store
        Held for writing.
    view : RoundView
        The round whose outputs are taken, fit and certifying prompts alike.
    metric_name : str
        Of a metric that compares only within a prompt; the round's one identity of it is taken.
    offers : iterable of str, optional
        Whose outputs; all offers of the view by default.
    declared : Declared, optional
        What the benchmark's scorers compute; see `qfloor.pipeline.rounds.declared`.
    anchors : bool, default False
        Freeze any metric, to see later whether it still gives these numbers (`check_anchors`).

    Returns
    -------
    ReferenceSet
        Kept in the store under its digest. The same outputs with the same scores give the same
        set; anything else is another one beside it.

    Raises
    ------
    CertificationError
        When the metric compares across prompts, an offer has no output here, or nothing was
        scored.
    ScoringError
        When no one identity of the metric covers the round.
    """
    metric = _judged_by(store, view, metric_name, declared)
    if metric.comparable != WITHIN and not anchors:
        raise CertificationError(
            f"{metric.name} compares across prompts; its floors need no reference set (to freeze "
            "anchors that tell whether the metric drifts, say so with --anchors)"
        )
    chosen = _offers(view, offers)
    scores = {s.output_id: s.value for s in store.scores_of(metric=metric.key)}
    taken: dict[str, list[ReferenceOutput]] = defaultdict(list)
    for output in view.outputs:
        value = scores.get(output.id)
        if output.offer_id in chosen and value is not None and output.media_sha256 is not None:
            taken[output.prompt_digest].append(
                ReferenceOutput(output_id=output.id, media_sha256=output.media_sha256, value=value)
            )
    if not taken:
        raise CertificationError(
            f"no output of {', '.join(sorted(chosen)) or 'any offer'} has a score of {metric.key}; "
            "run `qfloor score` first"
        )
    reference = ReferenceSet(
        metric=metric.key,
        round=view.outputs[0].round,
        offers=tuple(sorted(chosen)),
        prompts=_prompts(taken, view.prompts),
    )
    store.save_reference(reference)
    return reference


def reference_called(store: Store, digest: str) -> ReferenceSet:
    """Give the set whose digest begins so; CertificationError unless there is exactly one."""
    found = [r for r in store.references_of() if r.digest.startswith(digest)]
    if len(found) != 1:
        raise CertificationError(
            f"{len(found)} reference sets have a digest that begins with {digest!r}; "
            "see `qfloor reference list`"
        )
    return found[0]


def _judged_by(store: Store, view: RoundView, name: str, declared: Declared | None) -> Metric:
    key = metric_key(store, name, view, declared)
    return metric_of(store.metrics_of(), name if key is None else key)


def _offers(view: RoundView, wanted: Iterable[str] | None) -> set[str]:
    there = {output.offer_id for output in view.outputs}
    chosen = there if wanted is None else set(wanted)
    if chosen - there:
        raise CertificationError(
            f"no outputs of {', '.join(sorted(chosen - there))} in this round; "
            f"known: {', '.join(sorted(there)) or 'none'}"
        )
    return chosen


def _prompts(
    taken: Mapping[str, list[ReferenceOutput]], prompts: Mapping[str, Prompt]
) -> tuple[ReferencePrompt, ...]:
    return tuple(
        ReferencePrompt(
            prompt_id=prompts[digest].id,
            prompt_digest=digest,
            outputs=tuple(sorted(outputs, key=lambda o: o.output_id)),
        )
        for digest, outputs in sorted(taken.items())
    )


def write_reference(path: Path, reference: ReferenceSet) -> Path:
    """Write a set as JSON: format, digest and content; the same set gives the same bytes."""
    content = {"format": FORMAT, "digest": reference.digest, "set": to_plain(reference)}
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    return write_whole(path, text + "\n")


def read_reference(path: Path) -> ReferenceSet:
    """Read a set that `write_reference` wrote.

    Raises
    ------
    StoreError
        When the file is no such set, or its content is not what its digest names.
    """
    try:
        content: Any = tables.read_json(path)
        if content["format"] != FORMAT:
            raise StoreError(f"{path}: is of format {content['format']!r}, not {FORMAT!r}")
        reference: ReferenceSet = from_plain(ReferenceSet, content["set"])
        written = canonical_json(content["set"])
        if reference.digest != content["digest"] or canonical_json(reference) != written:
            raise StoreError(
                f"{path}: its content is not the reference set that its digest "
                f"{content['digest']} names; it was altered"
            )
    except InputError as error:  # told with the file's name, and where it breaks
        raise StoreError(str(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(f"{path}: is not a reference set of qfloor: {error!r:.200}") from error
    return reference
