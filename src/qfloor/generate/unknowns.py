"""Outputs that nobody knows the end of: called for, perhaps charged, and never sent again silently.

A run that resolves (`generate(..., resolve=True)`) asks sellers that can be asked; what is left
is listed here with all that is known, for a person to release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qfloor.errors import InputError
from qfloor.records import Attempt, Event
from qfloor.store import Store

Standing = Literal["no answer", "job under way", "unknown"]


@dataclass(frozen=True, kw_only=True)
class UnknownOutput:
    """An output that may have been charged.

    ``standing`` is ``no answer`` when a run ended between a call and its answer, ``job under
    way`` when the seller has it and a next run will collect it, and ``unknown`` when it ended
    without a word on what became of it. ``reserved_nanousd`` is the most it may have cost, None
    without a price.
    """

    output_id: str
    offer_id: str
    prompt_id: str
    repeat: int
    round: str
    standing: Standing
    reason: str
    since: str
    reserved_nanousd: int | None
    job: Mapping[str, Any] | None
    detail: str


def unknown_outputs(store: Store, *, round: str | None = None) -> tuple[UnknownOutput, ...]:
    """List them, by offer, prompt and repeat; of one round or all."""
    requests = store.open_requests(round=round)
    histories: dict[str, list[Attempt]] = {}
    for attempt in store.attempts_of(outputs=list(requests)):
        histories.setdefault(attempt.output_id, []).append(attempt)
    prompts = {p.digest: p.id for p in store.prompts_of(digests={r[0] for r in requests.values()})}
    found = []
    for output_id, (digest, offer_id, repeat, of_round) in requests.items():
        last = histories[output_id][-1]
        mine = [a for a in histories[output_id] if a.n == last.n]
        found.append(
            UnknownOutput(
                output_id=output_id,
                offer_id=offer_id,
                prompt_id=prompts[digest],
                repeat=repeat,
                round=of_round,
                standing=_standing(last),
                reason=last.reason or "",
                since=mine[0].at,
                reserved_nanousd=next(
                    (a.amount_nanousd for a in mine if a.event is Event.INTENDED), None
                ),
                job=next((a.job for a in reversed(mine) if a.job is not None), None),
                detail=last.detail,
            )
        )
    return tuple(sorted(found, key=lambda u: (u.round, u.offer_id, u.prompt_id, u.repeat)))


def _standing(last: Attempt) -> Standing:
    if last.event is Event.INTENDED:
        return "no answer"
    if last.event is not Event.ENDED or last.reason == "poll_deadline":
        return "job under way"
    return "unknown"


def released(store: Store, named: Sequence[str], *, round: str) -> frozenset[str]:
    """Turn what a person names, ids or their beginnings or ``all``, into output ids.

    Raises
    ------
    InputError
        When a name fits none that is unknown, or several.
    """
    there = [u.output_id for u in unknown_outputs(store, round=round)]
    if list(named) == ["all"]:
        return frozenset(there)
    chosen = set()
    for name in named:
        fits = [output_id for output_id in there if output_id.startswith(name)]
        if len(fits) != 1:
            raise InputError(
                f"round {round} has {len(fits) or 'no'} unknown outputs called {name!r}; see "
                "`qfloor unknown`"
            )
        chosen.add(fits[0])
    return frozenset(chosen)
