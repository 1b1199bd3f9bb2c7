"""The raw rows that a run's findings rest on, as digests by offer, and what they cost.

A release carries them so that whoever is given the store can tell whether it still is what the
findings were computed from. Rows enter sorted, by what they say: times, and who rated (raters'
names are a workspace's own), do not, or two equal runs would not be equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from qfloor.records import Attempt, Event, Output, RawRows, Spent, digest_of, to_plain
from qfloor.store import Store

Rows = dict[str, list[list[Any]]]


def raw_rows_of(
    store: Store, outputs: Sequence[Output], *, criterion: str, metrics: Iterable[str]
) -> tuple[RawRows, ...]:
    """Digest outputs, their ratings on one criterion and their scores on some metrics (keys)."""
    offers = {o.id: o.offer_id for o in outputs}
    found: list[RawRows] = [*_digested("outputs", _outputs(outputs))]
    ratings: Rows = defaultdict(list)
    for r in store.ratings_of(criterion=criterion):
        if r.output_id in offers:
            ratings[offers[r.output_id]].append(
                [r.output_id, r.value, r.lo, r.hi, r.usable, r.control]
            )
    found += _digested("ratings", ratings)
    for metric in sorted(set(metrics)):
        scores: Rows = defaultdict(list)
        for s in store.scores_of(metric=metric):
            if s.output_id in offers:
                scores[offers[s.output_id]].append([s.output_id, s.status.value, s.value, s.reason])
        found += _digested(f"scores of {metric}", scores)
    return tuple(found)


def _outputs(outputs: Iterable[Output]) -> Rows:
    rows: Rows = defaultdict(list)
    for o in outputs:
        rows[o.offer_id].append(
            [o.id, o.prompt_digest, o.repeat, o.status.value, o.reason, o.media_sha256, o.unsafe]
        )
    return rows


def _digested(kind: str, rows: Rows) -> Iterator[RawRows]:
    for offer_id, mine in sorted(rows.items()):
        ordered = sorted(mine, key=repr)
        yield RawRows(kind=kind, offer_id=offer_id, n=len(mine), digest=digest_of(ordered))


def spending_of(store: Store, round: str, outputs: Iterable[Output]) -> tuple[Spent, ...]:
    """Sum up the ledger of some outputs by offer, and digest its rows as they are."""
    offers = {o.id: o.offer_id for o in outputs}
    ledger: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in store.attempts_of(round=round):
        if attempt.output_id in offers:
            ledger[offers[attempt.output_id]].append(attempt)
    return tuple(_spent(offer_id, rows) for offer_id, rows in sorted(ledger.items()))


def _spent(offer_id: str, rows: Sequence[Attempt]) -> Spent:
    """An attempt that ended twice (given up, then found after all) counts as it ended last."""
    ended = {(a.output_id, a.n): a for a in rows if a.event is Event.ENDED}.values()
    return Spent(
        offer_id=offer_id,
        rows=len(rows),
        attempts=len(ended),
        charged=sum(a.charged == "yes" for a in ended),
        unknown=sum(
            a.charged == "unknown" or (a.charged == "yes" and a.amount_nanousd is None)
            for a in ended
        ),
        amount_nanousd=sum(a.amount_nanousd or 0 for a in ended),
        digest=digest_of([to_plain(a) for a in rows]),
    )
