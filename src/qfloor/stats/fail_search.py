"""What the bound of every repeat says of the steps of many paths: each asked of all together.

One path is a table of one. Nothing is decided here: `fail_rules` says when this bound has a say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from qfloor.stats.every_repeat import tally
from qfloor.stats.every_repeat_many import clear, tails, upper_bounds
from qfloor.stats.fail_groups import BoolArray, FloatArray, IntArray
from qfloor.stats.fail_path import FailPath
from qfloor.stats.fail_scan import Search
from qfloor.stats.fail_tally import MOST_VALUES, FailTally, beside

_SLACK = 1e-9


def follow(paths: Iterable[FailPath]) -> None:
    """Make the tallies of many paths together, before each is asked for its own."""
    groups: dict[int, list[FailPath]] = defaultdict(list)
    for path in {id(path): path for path in paths}.values():
        if "tally" not in path.__dict__ and path.kept is None and not path.weighted:
            groups[int(path.prompts.sizes.max())].append(path)
    for most, group in groups.items():
        if most <= MOST_VALUES:
            cells = [(path.prompts.group, path.prompts.sizes) for path in group]
            for path, found in zip(group, FailTally.of_many(cells, most), strict=True):
                path.__dict__["tally"] = found


def every_upper(asked: Rows, steps: Sequence[int], alphas: Sequence[float]) -> list[float]:
    """Upper bound of P(fail) at a step of each row; of P(no fail) where it is mirrored."""
    found: list[float] = upper_bounds(*asked.all_at(steps), np.array(alphas)).tolist()
    return found


def every_p(asked: Rows, steps: Sequence[int], max_fails: Sequence[float]) -> list[float]:
    """P-value of "at least so much fails" at a step of each row."""
    found: list[float] = tails(*asked.all_at(steps), np.array(max_fails)).tolist()
    return found


def every_passing(searches: Sequence[Search], table: Table | None = None) -> list[int]:
    """How many steps pass in each search.

    The bound is monotone: steps around where it would end if fail shares were normal are tried, in
    strides that grow, then the middle of what is left; by all searches at the same time.
    """
    table = table or Table(s.path for s in searches)
    asked = table.rows([s.path for s in searches], [s.mirror for s in searches])
    rates, alphas = np.array([(s.max_fail, s.alpha) for s in searches]).T
    most = np.array([_most(s) for s in searches], dtype=np.int64)
    low, high = np.zeros_like(most), most.copy()
    at, stride = _guesses(asked, searches, most), 1
    while (rows := np.flatnonzero(low < high)).size:
        at[rows] = np.clip(at[rows], low[rows] + 1, high[rows])
        fine = clear(*asked.after(rows, at[rows]), rates[rows], alphas[rows])
        low[rows] = np.where(fine, at[rows], low[rows])
        high[rows] = np.where(fine, high[rows], at[rows] - 1)
        between = (low > 0) & (high < most)
        at = np.where(between, (low + high + 1) // 2, np.where(at <= low, at + stride, at - stride))
        stride *= 4
    return [int(n) for n in low]


def _most(search: Search) -> int:
    """Where prompts count alike, a bound below the observed rate does not exist."""
    if search.path.kept is not None:
        return search.most
    limit = search.max_fail * (1.0 + _SLACK)
    return min(search.most, int(search.path.seen(search.mirror).searchsorted(limit, side="right")))


def _guesses(asked: Rows, searches: Sequence[Search], most: IntArray) -> IntArray:
    """Where each search may come to end, by a normal approximation of where it is near."""
    found = np.zeros_like(most)
    some = np.flatnonzero(most)
    if not some.size:
        return found
    rates, alphas = np.array([(s.max_fail, s.alpha) for s in searches])[some].T
    values, counts = asked.after(some, most[some])
    counts[:, -1] -= 1.0
    n = np.maximum(counts.sum(axis=1), 1.0)
    mean = (counts * values).sum(axis=1) / n
    spread = np.maximum((counts * values**2).sum(axis=1) / n - mean**2, 0.0)
    reach = rates + special.ndtri(alphas) * np.sqrt(spread / np.maximum(n - 1.0, 1.0))
    for i, end in zip(some.tolist(), (reach - (1.0 - rates) / n).tolist(), strict=True):
        seen = searches[i].path.seen(searches[i].mirror)
        found[i] = int(seen.searchsorted(end, side="right"))
    return found


class Table:
    """Prompts by fail share at any step of some paths.

    Where all paths have tallies over the same shares these lie side by side.
    """

    def __init__(self, paths: Iterable[FailPath]) -> None:
        self.paths = list({id(path): path for path in paths}.values())
        self._place = {id(path): i for i, path in enumerate(self.paths)}
        self.sizes = np.array([path.p.size for path in self.paths])
        tallies = [path.tally for path in self.paths if path.tally is not None]
        same_shares = len({t.values.size for t in tallies}) == 1
        self.alike = same_shares and len(tallies) == len(self.paths)
        if self.alike:
            self.values = tallies[0].values
            self.counts, self.columns = beside(tallies)
            self.at = np.concatenate([path.at for path in self.paths])
            self.firsts = self.sizes.cumsum() - self.sizes

    def rows(self, paths: Iterable[FailPath], mirror: Sequence[bool]) -> Rows:
        """A row for each time that one of the paths is asked for."""
        which = np.array([self._place[id(path)] for path in paths])
        return Rows(self, which, np.array(mirror, dtype=bool))


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table: ``which`` of its paths each is of, and whether it is mirrored."""

    table: Table
    which: IntArray
    mirror: BoolArray

    @classmethod
    def of(cls, path: FailPath, *, mirror: bool = False) -> Rows:
        """The one row of a path alone."""
        return Table([path]).rows([path], [mirror])

    def all_at(self, steps: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """`at` of all rows."""
        return self.at(np.arange(self.which.size), np.array(steps))

    def after(self, rows: IntArray, passing: IntArray) -> tuple[FloatArray, FloatArray]:
        """Shares and counts at the last of so many steps, from the end where it is mirrored."""
        sizes = self.table.sizes[self.which[rows]]
        return self.at(rows, np.where(self.mirror[rows], sizes - passing, passing - 1))

    def at(self, rows: IntArray, steps: IntArray) -> tuple[FloatArray, FloatArray]:
        """Shares and counts at a step of each of some rows, one prompt that always fails added."""
        if not self.table.alike:
            return self._one_by_one(rows, steps)
        table, which, mirror = self.table, self.which[rows], self.mirror[rows]
        column = table.columns[which] + table.at[table.firsts[which] + steps]
        counts = table.counts[:, column].T.astype(np.float64)
        counts[mirror] = counts[mirror, ::-1]
        counts[:, -1] += 1.0
        return table.values, counts

    def _one_by_one(self, rows: IntArray, steps: IntArray) -> tuple[FloatArray, FloatArray]:
        found = []
        for row, step in zip(rows.tolist(), steps.tolist(), strict=True):
            shares = self.table.paths[self.which[row]].fail_shares(step)
            shares = 1.0 - shares if self.mirror[row] else shares
            found.append(tally(shares) if shares.size else (np.ones(1), np.ones(1)))
        widest = max(values.size for values, _ in found)
        values, counts = np.ones((len(found), widest)), np.zeros((len(found), widest))
        for n, (its, how_many) in enumerate(found):  # shares that nobody has come first
            values[n, : widest - its.size] = its[0]
            values[n, widest - its.size :] = its
            counts[n, widest - its.size :] = how_many
        return values, counts
