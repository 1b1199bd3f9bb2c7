"""The bound of every repeat for the cells of a whole table, looked up before each cell asks.

`look_up` leaves with every `FailPath` what its rules will ask for; asked of a path that was never
looked up, they compute it alone and say the same. Nothing is decided here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor.stats.every_repeat_many import clear, tails, upper_bounds
from qfloor.stats.fail_groups import FloatArray, IntArray
from qfloor.stats.fail_path import FailPath
from qfloor.stats.fail_rules import Rule, passing_before, rule_of

_SLACK = 1e-9


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a cell will ask of its path: bounds at thresholds, and how far its levels let it pass.

    ``passing`` names tolerated fail rates with the side they are asked for (``mirror``).
    """

    path: FailPath
    alpha: float
    rule: Rule
    passing: Sequence[tuple[float, bool]] = ()
    thresholds: Sequence[float] = ()
    max_fails: Sequence[float] = ()


@dataclass(frozen=True)
class _Search:
    """One search for the last step that passes, of the first ``most``."""

    path: FailPath
    alpha: float
    max_fail: float
    rule: Rule
    mirror: bool
    most: int

    @property
    def key(self) -> tuple[object, ...]:
        return "passing", self.alpha, self.max_fail, self.rule, self.mirror


def look_up(asked: Iterable[Asked]) -> None:
    """Compute what many cells will ask of the bound of every repeat, all together.

    Parameters
    ----------
    asked : iterable of Asked
        Cells that the bound does not decide, or that it cannot take together, are left alone.
    """
    groups: dict[int, list[Asked]] = defaultdict(list)
    for one in asked:
        tally = one.path.tally if one.path.clustered else None
        if tally is not None and "every_repeat" in rule_of(one.path, one.alpha, one.rule)[1]:
            groups[tally.values.size].append(one)
    for group in groups.values():
        _bounds(group)
        _passing(list(_searches(group)))


def _column(path: FailPath, step: int, *, mirror: bool) -> FloatArray:
    """Prompts by fail share at a step, the one that always fails added."""
    assert path.tally is not None
    counts = path.tally.at(int(path.at[step]), mirror=mirror)
    counts[-1] += 1.0
    return counts


def _bounds(group: Sequence[Asked]) -> None:
    """Upper and lower bounds and p-values at each cell's thresholds."""
    rows = [
        (one, one.path.step(threshold), mirror)
        for one in group
        for threshold in one.thresholds
        for mirror in (False, True)
    ]
    if not rows:
        return
    values = _values(group[0].path)
    counts = np.array([_column(one.path, step, mirror=mirror) for one, step, mirror in rows])
    uppers = upper_bounds(values, counts, np.array([one.alpha for one, *_ in rows]))
    for (one, step, mirror), upper in zip(rows, uppers.tolist(), strict=True):
        one.path.known["upper", step, one.alpha, mirror] = upper
    tests = [(n, rate) for n, (one, _, mirror) in enumerate(rows) if not mirror
             for rate in one.max_fails]  # fmt: skip
    if tests:
        which, rates = [n for n, _ in tests], np.array([rate for _, rate in tests])
        found = tails(values, counts[which], rates).tolist()
        for (n, rate), p_value in zip(tests, found, strict=True):
            one, step, _ = rows[n]
            one.path.known["p", step, rate, False] = p_value


def _searches(group: Iterable[Asked]) -> Iterable[_Search]:
    for one in group:
        for max_fail, mirror in one.passing:
            end, _ = passing_before(one.path, one.alpha, max_fail, one.rule, mirror=mirror)
            p = (1.0 - one.path.p)[::-1] if mirror else one.path.p
            most = min(end, int(p.searchsorted(max_fail * (1.0 + _SLACK), side="right")))
            yield _Search(one.path, one.alpha, max_fail, one.rule, mirror, most)


def _passing(searches: Sequence[_Search]) -> None:
    """How many steps pass: monotone, so each search halves or strides, all at the same time."""
    if not searches:
        return
    values = _values(searches[0].path)
    rates = np.array([s.max_fail for s in searches])
    alphas = np.array([s.alpha for s in searches])
    low, high = np.zeros(rates.size, dtype=np.int64), np.array([s.most for s in searches])
    at, stride = _guesses(searches, values, rates, alphas), 1
    while (rows := (low < high).nonzero()[0]).size:
        at[rows] = np.clip(at[rows], low[rows] + 1, high[rows])
        counts = np.array([_tried(searches[i], int(at[i])) for i in rows.tolist()])
        fine = clear(values, counts, rates[rows], alphas[rows])
        low[rows] = np.where(fine, at[rows], low[rows])
        high[rows] = np.where(fine, high[rows], at[rows] - 1)
        between = (low > 0) & (high < np.array([s.most for s in searches]))
        at = np.where(between, (low + high + 1) // 2, np.where(at <= low, at + stride, at - stride))
        stride *= 4
    for search, found in zip(searches, low.tolist(), strict=True):
        search.path.known[search.key] = found


def _tried(search: _Search, passing: int) -> FloatArray:
    """Counts at the last of so many steps."""
    step = search.path.p.size - passing if search.mirror else passing - 1
    return _column(search.path, step, mirror=search.mirror)


def _guesses(
    searches: Sequence[_Search], values: FloatArray, rates: FloatArray, alphas: FloatArray
) -> IntArray:
    """Where each search may come to end, by a normal approximation of where it is near."""
    found = np.zeros(rates.size, dtype=np.int64)
    some: NDArray[np.int64] = np.array([i for i, s in enumerate(searches) if s.most], dtype=int)
    if not some.size:
        return found
    counts = np.array([_tried(searches[i], searches[i].most) for i in some.tolist()])
    counts[:, -1] -= 1.0
    n = counts.sum(axis=1)
    mean = counts @ values / n
    spread = np.sqrt(np.maximum(counts @ values**2 / n - mean**2, 0.0) / np.maximum(n - 1.0, 1.0))
    reach = rates[some] + special.ndtri(alphas[some]) * spread - (1.0 - rates[some]) / n
    for i, end in zip(some.tolist(), reach.tolist(), strict=True):
        p = searches[i].path.p
        p = (1.0 - p)[::-1] if searches[i].mirror else p
        found[i] = int(p.searchsorted(end, side="right"))
    return found


def _values(path: FailPath) -> FloatArray:
    assert path.tally is not None
    return path.tally.values
