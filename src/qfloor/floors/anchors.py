"""Which outputs stand at the quartile: a number becomes a picture that can be looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qfloor.floors.cells import FAIL, Judged, _votes, how_it_counts
from qfloor.records import CountsAs, FloorKind

PERCENTILES: tuple[float, ...] = (5.0, 10.0, 25.0, 50.0)
"""The bad days, the quartile that certifies, and the usual day beside them."""


@dataclass(frozen=True, kw_only=True)
class AtPercentile:
    """The output whose value is a cell's percentile; ``value`` None when it failed outright.

    ``rater`` gave the value; None for a metric's. ``at_most`` is the share of values that are
    not above it, prompts weighing the same.
    """

    percentile: float
    output_id: str
    value: float | None
    rater: str | None
    at_most: float


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
    votes = _votes(outputs)
    rows: list[tuple[float, str, str, str]] = []  # value, output, rater, family
    for output in outputs:
        counts_as = how_it_counts(output, kind)
        if counts_as is CountsAs.SCORED:
            raters = output.raters or ("",) * len(output.values)
            given = zip(output.values, raters, strict=True)
            rows += [(sign * v, output.output_id, rater, output.family) for v, rater in given]
        elif counts_as is CountsAs.FAIL:
            rows += [(FAIL, output.output_id, "", output.family)] * votes
    if not rows:
        return []
    sizes = Counter(family for *_, family in rows)
    rows.sort()
    ranks: list[float] = []
    total = 0.0
    for *_, family in rows:
        total += 1.0 / (len(sizes) * sizes[family])
        ranks.append(total)
    return [_at(percentile, rows, ranks, sign) for percentile in percentiles]


def _at(
    percentile: float, rows: Sequence[tuple[float, str, str, str]], ranks: Sequence[float],
    sign: float,
) -> AtPercentile:  # fmt: skip
    wanted = percentile / 100.0
    at = next((i for i, rank in enumerate(ranks) if rank >= wanted - 1e-9), len(rows) - 1)
    value, output_id, rater, _ = rows[at]
    return AtPercentile(
        percentile=percentile,
        output_id=output_id,
        value=None if value == FAIL else sign * value,
        rater=rater or None,
        at_most=min(1.0, ranks[at]),
    )
