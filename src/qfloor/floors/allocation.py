"""Whose prompts to buy next: sequential tests of many cells that share a purse.

The next batch goes to the cells with the highest expected log-growth per dollar; cells with
few prompts come first, so that none starves on a guess, and one that cannot come to a verdict is
left. None of this can touch a level: every verdict follows from a cell's own stream, whenever and
for whatever reason buying stops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from qfloor.floors.sequential import WARM, Closed, Patience, SequentialCell, Standing, stand
from qfloor.floors.sharing import closed_by_cell
from qfloor.stats.streams import Seen

Buy = Callable[[Hashable, int, int], Sequence[Seen]]
"""Called with (key, first, end): judge prompts first .. end of the cell's order."""


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """The next prompts of a cell."""

    key: Hashable
    first: int
    end: int


@dataclass(frozen=True, kw_only=True)
class SequentialOutcome:
    """What became of a cell: its stream, where it stands, what it cost.

    ``standing.why`` is ``open`` where the purse was empty first.
    """

    stream: tuple[Seen, ...]
    standing: Standing
    spent_nanousd: int


@dataclass
class _Account:
    cell: SequentialCell
    stream: list[Seen] = field(default_factory=list)
    spent: int = 0


def next_purchases(
    standings: Sequence[tuple[SequentialCell, Standing]],
    *,
    batch: int,
    budget_nanousd: int | None = None,
) -> list[Purchase]:
    """Choose whose prompts to buy now.

    Parameters
    ----------
    standings : sequence of (SequentialCell, Standing)
        All cells; those that are not open are left out.
    batch : int
        Most prompts of a cell at once; fewer where it may be decided or not worth going on
        sooner, so that no prompt is bought in vain, but at least a fifth of it.
    budget_nanousd : int, optional
        What is left. When the open cells are expected to need more, only the best are served,
        as far as it is expected to last.

    Returns
    -------
    list of Purchase
        Best first; empty when nothing is open or affordable.
    """
    is_open = [(c, s) for c, s in standings if s.why == "open"]
    left = math.inf if budget_nanousd is None else budget_nanousd
    promised = 0
    chosen: list[Purchase] = []
    for cell, standing in sorted(is_open, key=_rank):
        size = min(batch, max(standing.soonest, batch // 5, 1), cell.design.horizon - standing.n)
        if cell.price_nanousd:
            size = min(size, math.floor(min(left, 1e18) / cell.price_nanousd))
        need = max(standing.expected, size) * cell.price_nanousd
        # What all better ones are expected to need has to be covered first.
        if size < 1 or (chosen and promised + need > left):
            continue
        promised += need
        chosen.append(Purchase(key=cell.key, first=standing.n, end=standing.n + size))
    return chosen


def _rank(item: tuple[SequentialCell, Standing]) -> tuple[bool, float, int, str]:
    cell, standing = item
    per_dollar = standing.growth / max(cell.price_nanousd, 1)
    return (standing.n >= WARM, -per_dollar, cell.price_nanousd, str(cell.key))


def judge_sequentially(
    cells: Sequence[SequentialCell],
    buy: Buy,
    *,
    batch: int = 5,
    budget_nanousd: int | None = None,
    value_nanousd: int | None = None,
    patience: Patience = "usual",
) -> Mapping[Hashable, SequentialOutcome]:
    """Buy and judge prompts of many cells until each is decided, hopeless or unaffordable.

    Parameters
    ----------
    cells : sequence of SequentialCell
    buy : callable
        See `Buy`; cells of a category go through the same prompts in the same order.
    batch, budget_nanousd
        See `next_purchases`.
    value_nanousd, patience
        See `qfloor.floors.stand`.

    Returns
    -------
    mapping of key to SequentialOutcome

    Examples
    --------
    >>> from qfloor.floors import Demand, SequentialDesign
    >>> design = SequentialDesign(rule="exact_sequential", horizon=100, level=0.005)
    >>> demands = (Demand(tier="draft", threshold=5.0),)
    >>> cells = [SequentialCell(key=k, design=design, demands=demands, price_nanousd=10**7)
    ...          for k in ("good", "bad")]
    >>> found = judge_sequentially(
    ...     cells, lambda key, first, end: [[9.0 if key == "good" else 1.0]] * (end - first))
    >>> [(k, o.standing.rulings["draft"], o.standing.n) for k, o in found.items()]
    [('good', 'certified', 22), ('bad', 'rejected', 6)]
    """
    accounts = {cell.key: _Account(cell) for cell in cells}
    standings: dict[Hashable, Standing] = {}
    known: dict[Hashable, tuple[int, Closed]] = {}  # what a standing followed from
    left = budget_nanousd
    while True:
        streams = {key: account.stream for key, account in accounts.items()}
        for key, closed in closed_by_cell(cells, streams).items():
            if known.get(key) != (now := (len(streams[key]), closed)):
                known[key] = now
                standings[key] = stand(
                    accounts[key].cell, streams[key], closed=closed, patience=patience,
                    value_nanousd=value_nanousd,
                )  # fmt: skip
        both = [(accounts[key].cell, standing) for key, standing in standings.items()]
        chosen = next_purchases(both, batch=batch, budget_nanousd=left)
        if not chosen:
            break
        for purchase in chosen:
            account = accounts[purchase.key]
            account.stream += buy(purchase.key, purchase.first, purchase.end)
            cost = (purchase.end - purchase.first) * account.cell.price_nanousd
            account.spent += cost
            left = None if left is None else left - cost
    return {
        key: SequentialOutcome(
            stream=tuple(a.stream), standing=standings[key], spent_nanousd=a.spent
        )
        for key, a in accounts.items()
    }
