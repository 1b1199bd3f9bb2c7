"""Which outputs stand at the quartile: a number becomes a picture that can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from qfloor.floors.cells import FAIL, build_cell
from qfloor.floors.judged import Judged
from qfloor.records import FloorKind

PERCENTILES: tuple[float, ...] = (5.0, 10.0, 25.0, 50.0)
"""The bad days, the quartile that certifies, and the usual day beside them."""


@dataclass(frozen=True, kw_only=True)
class AtPercentile:
    """The output whose value is a cell's percentile; ``value`` None when it failed outright.

    ``rater`` gave the value; None for a metric's. Prompts weigh the same.
    """

    percentile: float
    output_id: str
    value: float | None
    rater: str | None


def at_percentiles(
    outputs: Sequence[Judged],
    kind: FloorKind = "delivered",
    *,
    sign: float = 1.0,
    percentiles: Sequence[float] = PERCENTILES,
) -> list[AtPercentile]:
    """Find the outputs at percentiles of a cell, worst first (`inverted_cdf`, as in floors).

    Parameters
    ----------
    outputs : sequence of Judged
        Of one offer in one category.
    kind : {"delivered", "conditional"}
    sign : float
        -1 where lower is better.
    percentiles : sequence of float
        In (0, 100].

    Returns
    -------
    list of AtPercentile
        In the order asked; empty when the cell has no value. Several percentiles may fall on one
        output. Equal values come in the order of their outputs' ids.
    """
    cell = build_cell("", "", "image", kind, outputs, sign=sign)
    if not cell.value.size:
        return []
    names, ids = [*cell.laid.raters, ""], cell.outputs  # the last one is nobody
    rows = zip(cell.value.tolist(), ids, (names[r] for r in cell.rater.tolist()), strict=True)
    ordered = sorted(zip(rows, cell.prompt_shares.tolist(), strict=True))
    ranks = list(accumulate(share for _, share in ordered))
    return [_at(percentile, [row for row, _ in ordered], ranks, sign) for percentile in percentiles]


def _at(
    percentile: float, rows: Sequence[tuple[float, str, str]], ranks: Sequence[float],
    sign: float,
) -> AtPercentile:  # fmt: skip
    wanted = percentile / 100.0
    at = next((i for i, rank in enumerate(ranks) if rank >= wanted - 1e-9), len(rows) - 1)
    value, output_id, rater = rows[at]
    return AtPercentile(
        percentile=percentile,
        output_id=output_id,
        value=None if value == FAIL else sign * value,
        rater=rater or None,
    )
