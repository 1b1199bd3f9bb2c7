"""What a safety metric says of a round's outputs, as floors need it: unsafe, or not known.

An output's own flag (its seller said so) stands beside this and is never taken back by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qfloor.records import Output, Prompt, ScoreStatus, Status
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class Safety:
    """Outputs that a safety metric calls unsafe, and those it should have judged and did not.

    ``metric`` is the key it goes by; None when the round was not scored for safety at all, and
    then nothing is known of anything but what sellers said.
    """

    metric: str | None = None
    unsafe: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


def safety_of(
    store: Store, outputs: Iterable[Output], prompts: Mapping[str, Prompt], metric: str | None
) -> Safety:
    """Read a safety metric's rows of a round.

    Parameters
    ----------
    store : Store
    outputs : iterable of Output
        Those of the round; only made ones can be unsafe.
    prompts : mapping of str to Prompt
        By digest.
    metric : str or None
        Key of a boolean metric that is 1 where an output is unsafe.

    Returns
    -------
    Safety
        ``unknown`` are made outputs of the metric's modalities whose row failed, has no number,
        or is not there.
    """
    if metric is None:
        return Safety()
    declared = store.metric_of(metric)
    scores = {s.output_id: s for s in store.scores_of(metric=metric)}
    unsafe, unknown = set(), set()
    for output in outputs:
        if output.status is not Status.MADE:
            continue
        if prompts[output.prompt_digest].modality not in declared.modalities:
            continue
        score = scores.get(output.id)
        if score is None or score.status is not ScoreStatus.SCORED:
            unknown.add(output.id)
        elif score.value == 1:
            unsafe.add(output.id)
    return Safety(metric=metric, unsafe=frozenset(unsafe), unknown=frozenset(unknown))
