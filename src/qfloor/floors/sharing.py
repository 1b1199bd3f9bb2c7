"""Cells of a family that share alpha by Holm while they are tested prompt by prompt.

A chain is an offer's tiers of one ``max_fail``. It closes once all of them are certified, or all
rejected, and what it had of alpha goes to the chains still open, each side for itself: the level
of certificates is alpha over the chains not certified, that of rejections alpha over those not
rejected. `qfloor.stats.shared_boundary` says why it holds. Everything here is a function of the
streams alone, so a killed run finds the same levels again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence

from qfloor.floors.sequential import (
    NONE_CLOSED,
    Closed,
    Patience,
    SequentialCell,
    Standing,
    stand,
)
from qfloor.stats.streams import Seen

Streams = Mapping[Hashable, Sequence[Seen]]


def closed_by_cell(
    cells: Iterable[SequentialCell], streams: Streams, silent: Container[Hashable] = ()
) -> dict[Hashable, Closed]:
    """How many chains have closed in the family of each cell.

    Parameters
    ----------
    cells : iterable of SequentialCell
        All cells of each family that have a stream; those planned without one never close.
    streams : mapping of key to stream
    silent : container of key
        Cells of which nothing may be said, since too much of them is missing: their chains stay
        open, as they make no claim in a fixed design. Their tests would hold even so (what is
        missing counts against every verdict), but nobody is to be judged by a verdict that is not
        given.

    Returns
    -------
    dict of key to Closed
        Nothing has closed for a cell that shares no alpha.

    Examples
    --------
    >>> from qfloor.floors import Demand, SequentialDesign
    >>> design = SequentialDesign(rule="exact_sequential", horizon=100, level=0.025, chains=2)
    >>> cells = [SequentialCell(key=k, design=design, demands=(Demand(tier="draft", threshold=5),))
    ...          for k in ("good", "new")]
    >>> closed_by_cell(cells, {"good": [[9.0]] * 30, "new": []})["new"]
    Closed(certified=1, rejected=0)
    """
    families: dict[str, list[SequentialCell]] = defaultdict(list)
    found: dict[Hashable, Closed] = {}
    for cell in cells:
        found[cell.key] = NONE_CLOSED
        if cell.design.chains is not None:
            families[cell.family].append(cell)
    for members in families.values():
        closed = _closed([cell for cell in members if cell.key not in silent], streams)
        found |= dict.fromkeys((cell.key for cell in members), closed)
    return found


def _closed(members: Sequence[SequentialCell], streams: Streams) -> Closed:
    """Let chains close until none does: each that closes may close another."""
    closed = NONE_CLOSED
    while True:
        ends = [end for cell in members for end in _ends(cell, streams[cell.key], closed)]
        now = Closed(certified=ends.count("certified"), rejected=ends.count("rejected"))
        if now == closed:
            return closed
        closed = now


def _ends(cell: SequentialCell, stream: Sequence[Seen], closed: Closed) -> list[str]:
    """How the cell's chains have closed.

    A side closes by its own limits, whatever the other side says, so that what has closed stays so.
    """
    ends: list[str] = []
    for max_fail in sorted({d.max_fail for d in cell.demands}):
        tiers = [d.threshold for d in cell.demands if d.max_fail == max_fail]
        limits = cell.design.limits(stream, max_fail, closed)
        if limits.certified_to is not None and max(tiers) <= limits.certified_to:
            ends.append("certified")
        if limits.rejected_above is not None and min(tiers) > limits.rejected_above:
            ends.append("rejected")
    return ends


def stand_all(
    cells: Iterable[SequentialCell],
    streams: Streams,
    *,
    silent: Container[Hashable] = (),
    patience: Patience = "usual",
    value_nanousd: int | None = None,
) -> dict[Hashable, Standing]:
    """Say where all cells stand, those of a family at the level that its closed chains leave.

    ``silent`` is that of `closed_by_cell`, the others are those of `qfloor.floors.stand`.
    """
    cells = tuple(cells)
    closed = closed_by_cell(cells, streams, silent)
    return {
        cell.key: stand(
            cell, streams[cell.key], closed=closed[cell.key], patience=patience,
            value_nanousd=value_nanousd,
        )
        for cell in cells
    }  # fmt: skip
