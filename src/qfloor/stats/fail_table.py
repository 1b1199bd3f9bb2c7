"""The bound of every repeat for the cells of a whole table, looked up before each cell asks.

`look_up` leaves with every `FailPath` what its rules will ask for; asked of a path that was never
looked up, they compute it alone and say the same. Nothing is decided here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from qfloor.stats.fail_path import FailPath
from qfloor.stats.fail_rules import Rule, narrowed, rule_of
from qfloor.stats.fail_scan import Search
from qfloor.stats.fail_search import Table, every_p, every_passing, every_upper, follow


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
    max_fails: Collection[float] = ()


def look_up(asked: Iterable[Asked]) -> None:
    """Compute what many cells will ask of the bound of every repeat, all together.

    Parameters
    ----------
    asked : iterable of Asked
        Cells that the bound does not decide, or that it cannot take together, are left alone.
    """
    cells = [one for one in asked if one.path.clustered]
    follow(one.path for one in cells)
    groups: dict[int, list[Asked]] = defaultdict(list)
    for one in cells:
        tally = one.path.tally
        if tally is not None and "every_repeat" in rule_of(one.path, one.alpha, one.rule)[1]:
            groups[tally.values.size].append(one)
    for group in groups.values():
        table = Table(one.path for one in group)
        _bounds(group, table)
        _passing(group, table)


def _bounds(group: Sequence[Asked], table: Table) -> None:
    """Upper and lower bounds and p-values at each cell's thresholds."""
    at = [(one, one.path.step(threshold)) for one in group for threshold in one.thresholds]
    if not at:
        return
    paths, steps = [one.path for one, _ in at], [step for _, step in at]
    rows = table.rows(paths * 2, [False] * len(at) + [True] * len(at))
    uppers = every_upper(rows, steps * 2, [one.alpha for one, _ in at] * 2)
    for (one, step), upper, lower in zip(at, uppers, uppers[len(at) :], strict=False):
        one.path.known["upper", step, one.alpha, False] = upper
        one.path.known["upper", step, one.alpha, True] = lower
    tests = [(one.path, step, rate) for one, step in at for rate in one.max_fails]
    if not tests:
        return
    rows = table.rows([path for path, _, _ in tests], [False] * len(tests))
    found = every_p(rows, [step for _, step, _ in tests], [rate for _, _, rate in tests])
    for (path, step, rate), p_value in zip(tests, found, strict=True):
        path.known["p", step, rate, False] = p_value


def _passing(group: Sequence[Asked], table: Table) -> None:
    """How far each cell's levels let it pass."""
    asked = [(one, rate, mirror) for one in group for rate, mirror in one.passing]
    searches = narrowed(
        [Search(one.path, one.alpha, rate, one.path.p.size, mirror) for one, rate, mirror in asked],
        [one.rule for one, _, _ in asked],
    )
    ends = every_passing(searches, table)
    for (one, rate, mirror), end in zip(asked, ends, strict=True):
        one.path.known["passing", one.alpha, rate, one.rule, mirror] = end
