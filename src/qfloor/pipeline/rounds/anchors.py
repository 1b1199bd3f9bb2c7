"""Did the judge move? Frozen anchors are scored anew and must give the numbers they gave.

An anchor set is a reference set: named outputs with the scores they had under one metric
identity. Under the same identity the numbers must be the same; under another (a new release of a
package, other weights) the shift is told, and thresholds learned under the old one do not carry
over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats as scipy_stats

from qfloor import score
from qfloor.errors import CertificationError
from qfloor.pipeline.rounds.references import reference_called
from qfloor.records import Output, ScoreStatus, Status
from qfloor.store import Store

SAME = 1e-6
"""Largest difference, as a share of the anchors' range, that still is the same number."""


@dataclass(frozen=True, kw_only=True)
class AnchorReport:
    """What became of the anchors' scores.

    ``shift`` is the mean of now less then, ``largest`` the largest difference, ``ranks`` the
    Spearman correlation (None when either side does not vary). ``lost`` anchors are no longer in
    the store, ``failed`` ones could not be scored now. ``word``: ``same numbers``, ``judge moved``
    (the same identity gives others), or ``another judge`` (another identity).
    """

    digest: str
    frozen_on: str
    scored_by: str
    n: int
    lost: int
    failed: int
    shift: float
    largest: float
    ranks: float | None
    word: str


def check_anchors(store: Store, digest: str, scorers: Sequence[Any]) -> AnchorReport:
    """Score the outputs of an anchor set anew and compare; nothing is written.

    Parameters
    ----------
    store : Store
    digest : str
        The set's digest, or enough of its beginning.
    scorers : sequence of Scorer
        Among them the one that gives the set's metric.

    Returns
    -------
    AnchorReport

    Raises
    ------
    CertificationError
        When no one set has that digest, no scorer gives its metric, or no anchor can be scored.
    """
    reference = reference_called(store, digest)
    name = reference.metric.partition("@")[0]
    scorer, key = _scorer_of(scorers, name)
    frozen = {o.output_id: o for prompt in reference.prompts for o in prompt.outputs}
    found = {o.id: o for o in store.outputs_of(round=reference.round) if o.id in frozen}
    there = [output for output in found.values() if _same_media(output, frozen)]
    scores = score.score_again(store, there, store.prompts_by_digest(), [scorer])
    now = {
        s.output_id: s.value
        for s in scores
        if s.metric == key and s.status is ScoreStatus.SCORED and s.value is not None
    }
    if not now:
        raise CertificationError(
            f"none of the {len(frozen)} anchors of set {reference.digest} could be scored by {name}"
        )
    ids = sorted(now)
    before = np.array([frozen[i].value for i in ids])
    after = np.array([now[i] for i in ids])
    return AnchorReport(
        digest=reference.digest,
        frozen_on=reference.metric,
        scored_by=key,
        n=len(ids),
        lost=len(frozen) - len(there),
        failed=len(there) - len(ids),
        shift=float(np.mean(after - before)),
        largest=float(np.max(np.abs(after - before))),
        ranks=_ranks(before, after),
        word=_word(reference.metric == key, before, after),
    )


def _word(same_identity: bool, before: np.ndarray, after: np.ndarray) -> str:
    if not same_identity:
        return "another judge"
    width = max(float(np.ptp(before)), float(np.max(np.abs(before))), 1e-12)
    return "same numbers" if np.max(np.abs(after - before)) <= SAME * width else "judge moved"


def _ranks(before: np.ndarray, after: np.ndarray) -> float | None:
    if len(before) < 3 or np.ptp(before) == 0.0 or np.ptp(after) == 0.0:
        return None
    return float(scipy_stats.spearmanr(before, after).statistic)


def _same_media(output: Output, frozen: Mapping[str, Any]) -> bool:
    known = frozen[output.id].media_sha256
    return output.status is Status.MADE and output.media_sha256 == known


def _scorer_of(scorers: Sequence[Any], name: str) -> tuple[Any, str]:
    for scorer in scorers:
        for metric in scorer.metrics:
            if metric.name == name:
                return scorer, metric.key
    known = sorted({metric.name for scorer in scorers for metric in scorer.metrics})
    raise CertificationError(
        f"the benchmark's scorers do not give {name}; they give {', '.join(known) or 'nothing'}"
    )
