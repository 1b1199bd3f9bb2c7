"""How many steps Korn-Graubard's bound lets pass, looked at for many paths at the same time.

The bound is not monotone, so every step before the end is looked at; those of all paths lie in one
array. One path is a table of one. Nothing is decided here: `fail_rules` says when this bound has
a say.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

from qfloor.stats.binomial import at_most
from qfloor.stats.clusters import effective_sizes
from qfloor.stats.fail_groups import BoolArray, FloatArray, IntArray
from qfloor.stats.fail_path import FailPath

_SLACK = 1e-9
"""What is this close to a limit is computed and not taken from a bracket."""

_KNOT = math.log(1.02)
"""Distance of the knots of `_above` on a scale of logarithms."""

_BLOCK = 16
"""Knots that are looked up together."""


class Search(NamedTuple):
    """How many of the first ``most`` steps pass; with ``mirror`` from the last one back."""

    path: FailPath
    alpha: float
    max_fail: float
    most: int
    mirror: bool = False


def korn_graubard_passing(searches: Sequence[Search]) -> list[int]:
    """How many steps pass in each search, by Korn-Graubard's bound alone."""
    groups: dict[tuple[float, float], list[int]] = defaultdict(list)
    for i, search in enumerate(searches):
        groups[search.alpha, search.max_fail].append(i)
    found = [0] * len(searches)
    for level, which in groups.items():
        for i, end in zip(which, _passing([searches[i] for i in which], *level), strict=True):
            found[i] = end
    return found


def _passing(searches: Sequence[Search], alpha: float, max_fail: float) -> list[int]:
    lengths = np.array([_most(search) for search in searches])
    stops: IntArray = lengths.cumsum()
    starts = stops - lengths
    p, n_star = _laid(searches, lengths.tolist())
    k = p * n_star
    room = n_star - k
    stops = _first((room <= 0.0) | (k > n_star * max_fail), starts, stops)
    inside = (np.arange(k.size) < stops.repeat(lengths)).nonzero()[0]
    above = np.zeros(k.size, dtype=bool)
    above[inside] = _above(k[inside], room[inside], alpha, max_fail)
    ends: list[int] = (_first(above, starts, stops) - starts).tolist()
    return ends


def _most(search: Search) -> int:
    """Steps that could pass: a bound below the observed rate does not exist."""
    path, max_fail = search.path, search.max_fail
    if not at_most((1.0 - max_fail) ** path.size, search.alpha):
        return 0
    seen = path.seen(search.mirror)
    return min(search.most, int(seen.searchsorted(max_fail * (1.0 + _SLACK), side="right")))


def _laid(searches: Sequence[Search], lengths: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Fail rates and effective sizes of the steps of all searches, one after the other."""
    seen, spread, worth = [], [], []
    for search, end in zip(searches, lengths, strict=True):
        path, size = search.path, search.path.p.size
        steps = (size - end, size) if search.mirror else (0, end)
        variance = path.spread(*steps, search.max_fail)
        seen.append(path.seen(search.mirror)[:end])
        spread.append(variance[::-1] if search.mirror else variance)
        worth.append(path.worths(search.alpha))
    p = np.concatenate(seen)
    most, factor, ends = np.array(worth).repeat(lengths, axis=0).T
    return p, effective_sizes(p, np.concatenate(spread), most, factor, ends)


def _first(here: BoolArray, starts: IntArray, stops: IntArray) -> IntArray:
    """Where each stretch is first true, or where it stops."""
    at = np.append(here.nonzero()[0], here.size)
    return np.asarray(np.minimum(at[at.searchsorted(starts)], stops))


def tail_of(k: FloatArray, room: FloatArray, max_fail: float) -> FloatArray:
    """P(fail rate > ``max_fail``) by the beta distribution that bounds ``k`` fails.

    As a lower tail of the mirror image: several times faster in scipy than the upper one.
    """
    return np.asarray(special.betainc(room, k + 1.0, 1.0 - max_fail))


def _above(k: FloatArray, room: FloatArray, alpha: float, max_fail: float) -> BoolArray:
    """Whether the `tail_of` each step is above alpha.

    The tail rises with ``k`` and falls with ``room``: most steps are decided by the fails that
    the nearest knots of room allow, which the cells of a table share; the others are computed.
    """
    if not k.size:
        return np.zeros(0, dtype=bool)
    knot = np.floor(np.log(room) / _KNOT).astype(np.int64)
    least = int(knot.min()) // _BLOCK
    table = _allowed_from(least, (int(knot.max()) + 1) // _BLOCK + 1, alpha, max_fail)
    knot -= least * _BLOCK
    above = k > table[knot + 1] + _SLACK
    unsure = (~above & (k > table[knot] - _SLACK)).nonzero()[0]
    above[unsure] = tail_of(k[unsure], room[unsure], max_fail) > alpha
    return np.asarray(above)


@lru_cache(maxsize=1 << 12)
def _allowed_from(least: int, end: int, alpha: float, max_fail: float) -> FloatArray:
    """`_allowed` of all knots of some blocks."""
    knots = range(least * _BLOCK, end * _BLOCK)
    return np.array([_allowed(knot, alpha, max_fail) for knot in knots])


@lru_cache(maxsize=1 << 16)
def _allowed(knot: int, alpha: float, max_fail: float) -> float:
    """Most fails (a real number) that have a tail of at most alpha with a knot's room."""
    room = math.exp(knot * _KNOT)

    def excess(k: float) -> float:
        return float(special.betainc(room, k + 1.0, 1.0 - max_fail)) - alpha

    if excess(0.0) > 0.0:
        return -1.0
    high = 1.0 + room * max_fail / (1.0 - max_fail)
    while excess(high) <= 0.0:
        high *= 2.0
    return float(optimize.brentq(excess, 0.0, high, xtol=_SLACK / 10.0, rtol=1e-14))
