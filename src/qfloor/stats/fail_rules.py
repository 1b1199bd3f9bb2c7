"""Which steps of a `FailPath` a rule lets pass, with what bound, and from which level on.

One rule is fixed by the plan before the data, and then gives verdict, bound and p-value alike.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import optimize, special

from qfloor.stats.binomial import at_most, check_share, clopper_pearson_upper, max_fails
from qfloor.stats.fail_groups import BoolArray, FloatArray, IntArray
from qfloor.stats.fail_path import FailPath

Rule = Literal["auto", "korn_graubard", "one_repeat", "both"]

TRUSTED_ALPHA = 0.01
"""Below this error probability Korn-Graubard is not trusted (facts: up to 15x nominal)."""

FEW_PROMPTS = 15
"""Below this many prompts the stricter of Korn-Graubard and the exact bound decides."""

_SLACK = 1e-9
"""What is this close to a limit is computed and not taken from a bracket."""

_KNOT = math.log(1.02)
"""Distance of the knots of `_first_above` on a scale of logarithms."""

_BLOCK = 16
"""Knots that are looked up together."""

_LEAST_P, _MOST_P = 1e-12, 0.4999
"""Levels between which a p-value is searched for; levels are below one half."""


def rule_of(path: FailPath, alpha: float, rule: Rule) -> tuple[Rule, bool | None]:
    """Resolve a rule at a level and say whether the exact bound decides beside Korn-Graubard.

    True: at every step; False: where all repeats agree; None: never.
    """
    if rule not in ("auto", "korn_graubard", "one_repeat", "both"):
        raise ValueError(f"bound must be auto, korn_graubard, one_repeat or both, got {rule!r}.")
    if path.exact:
        return "one_repeat", None
    if rule != "auto":
        return ("korn_graubard", True) if rule == "both" else (rule, None)
    few, strict = path.size < FEW_PROMPTS, alpha < TRUSTED_ALPHA
    if path.raters is not None:  # the exact bound knows nothing of raters and never stands alone
        return "korn_graubard", few or strict
    return ("one_repeat", None) if strict else ("korn_graubard", few)


def planned_rule(path: FailPath, least_alpha: float) -> Rule:
    """Fix the rule by the smallest level that a plan may come to judge at.

    A rule that changed with the level would let a cell pass at .005 (exact bound, lucky repeats)
    that does not pass at .01, and its p-value would be none.
    """
    if least_alpha >= TRUSTED_ALPHA:
        return "auto"
    return "one_repeat" if path.raters is None else "both"


def n_passing(path: FailPath, alpha: float, max_fail: float, rule: Rule, *, mirror: bool) -> int:
    """How many steps, from the first on, have an upper bound of P(fail) of at most ``max_fail``.

    With ``mirror`` the question is about P(no fail), and steps count from the last one back. A
    step after one that does not pass does not count: bounds are made monotone. Comparing the
    beta tail with alpha equals comparing the bound with ``max_fail`` and needs no inversion.
    """
    decides, joins = rule_of(path, alpha, rule)
    fails = (path.n_first - path.first_fails)[::-1] if mirror else path.first_fails
    most = max_fails(path.n_first, alpha, max_fail) if path.n_first else None
    exact = 0 if most is None else int(fails.searchsorted(most, side="right"))
    if decides == "one_repeat":
        return exact
    if not at_most((1.0 - max_fail) ** path.size, alpha):
        return 0
    p = (1.0 - path.p)[::-1] if mirror else path.p
    # A bound below the observed rate does not exist, so only rates that could pass are looked at.
    end = int(p.searchsorted(max_fail * (1.0 + _SLACK), side="right"))
    if not end:
        return 0
    steps = (path.p.size - end, path.p.size) if mirror else (0, end)
    n_star = path.n_stars(alpha, *steps)[:: -1 if mirror else 1]
    k = p[:end] * n_star
    fine = (n_star - k > 0.0) & (k <= n_star * max_fail)
    end = _leading(fine)
    if joins is not None and end > exact:
        joined = _joined(path, joins, *steps)[:: -1 if mirror else 1]
        end = exact + _leading(~joined[exact:end])
    return _first_above(k[:end], (n_star - k)[:end], alpha, max_fail)


def upper_bound(path: FailPath, step: int, alpha: float, rule: Rule, *, mirror: bool) -> float:
    """Upper bound of P(fail) at a step, monotone: the largest at any step up to it.

    With ``mirror`` of P(no fail), over the steps from it on.
    """
    decides, joins = rule_of(path, alpha, rule)
    if decides == "one_repeat":
        return exact_bound(path, step, alpha, mirror=mirror)
    start, end = (step, path.p.size) if mirror else (0, step + 1)
    n_star = path.n_stars(alpha, start, end)
    p = path.p[start:end]
    k = ((1.0 - p) if mirror else p) * n_star
    room = n_star - k
    if not (room > 0.0).all():
        return 1.0
    worst = _undominated(k, room)
    bound = float(special.betainccinv(k[worst] + 1.0, room[worst], alpha).max())
    bound = max(bound, float(special.betainccinv(1.0, path.size, alpha)))
    joined = np.flatnonzero(_joined(path, joins, start, end))
    if not joined.size:
        return bound
    last = start + int(joined[0]) if mirror else int(joined[-1])
    return max(bound, exact_bound(path, last, alpha, mirror=mirror))


def exact_bound(path: FailPath, step: int, alpha: float, *, mirror: bool) -> float:
    """Clopper-Pearson of the chosen outputs at a step; 1 where none was chosen."""
    fails = int(path.first_fails[step])
    return _exact_bound(path.n_first - fails if mirror else fails, path.n_first, alpha)


@lru_cache(maxsize=1 << 16)
def _exact_bound(fails: int, n: int, alpha: float) -> float:
    """One of few pairs of counts that the cells of a table share."""
    return clopper_pearson_upper(fails, n, alpha) if n else 1.0


def p_value(path: FailPath, threshold: float, max_fail: float, rule: Rule) -> float:
    """Smallest level at which a rule certifies a threshold, and at every level above too.

    The supremum of the levels at which the rule does *not* certify, so that "certified at alpha"
    and "p-value at most alpha" are one statement for every alpha the rule is meant for. Below
    `TRUSTED_ALPHA` the exact bound of one output a prompt decides (joins, with raters).
    """
    check_share("max_fail", max_fail)
    step = path.step(threshold)
    exact = _exact_p(path, step, max_fail)
    decides, joins = rule_of(path, _MOST_P, rule)
    if decides == "one_repeat":
        return exact
    if n_passing(path, _MOST_P, max_fail, rule, mirror=False) <= step:
        return 1.0
    joined = np.flatnonzero(_joined(path, joins, 0, step + 1))
    above = max(
        _korn_graubard_p(path, step, max_fail),
        float((1.0 - max_fail) ** path.size),
        _exact_p(path, int(joined[-1]), max_fail) if joined.size else 0.0,
    )
    if rule != "auto" or above >= TRUSTED_ALPHA:
        return above
    strict = exact if path.raters is None else max(above, exact)
    return min(TRUSTED_ALPHA, strict)


def _exact_p(path: FailPath, step: int, max_fail: float) -> float:
    if not path.n_first:
        return 1.0
    return float(special.bdtr(int(path.first_fails[step]), path.n_first, max_fail))


def _korn_graubard_p(path: FailPath, step: int, max_fail: float) -> float:
    """Level at which Korn-Graubard's bound meets ``max_fail`` at the worst step.

    Its effective size shrinks with the level (few prompts), so the level is a root; what is
    returned lies above it by less than one part in 1e9.
    """
    p = path.p[: step + 1]

    def excess(log_alpha: float) -> float:
        n_star = path.n_stars(math.exp(log_alpha), 0, p.size)
        k = p * n_star
        worst = _undominated(k, n_star - k)
        tail = _tail(k[worst], (n_star - k)[worst], max_fail)
        return math.log(max(float(tail.max()), 1e-300)) - log_alpha

    low, high = math.log(_LEAST_P), math.log(_MOST_P)
    if excess(high) > 0.0:
        return _MOST_P
    if excess(low) <= 0.0:
        return _LEAST_P
    root = float(optimize.brentq(excess, low, high, xtol=1e-11, rtol=1e-14))
    return min(_MOST_P, math.exp(root) * (1.0 + 1e-10))


def _joined(path: FailPath, joins: bool | None, start: int, end: int) -> BoolArray:
    """At which steps the stricter of both bounds decides; see `rule_of`."""
    if joins is False and path.clustered:
        return path.agree(end)[start:]
    return np.full(end - start, bool(joins))


def _tail(k: FloatArray, room: FloatArray, max_fail: float) -> FloatArray:
    """P(fail rate > ``max_fail``) by the beta distribution that bounds ``k`` fails.

    As a lower tail of the mirror image: several times faster in scipy than the upper one.
    """
    return np.asarray(special.betainc(room, k + 1.0, 1.0 - max_fail))


def _first_above(k: FloatArray, room: FloatArray, alpha: float, max_fail: float) -> int:
    """The first step whose `_tail` is above alpha, or how many steps there are.

    The tail rises with ``k`` and falls with ``room``: most steps are decided by the fails that
    the nearest knots of room allow, which the cells of a table share; the others are computed.
    """
    if not k.size:
        return 0
    knot = np.floor(np.log(room) / _KNOT).astype(np.int64)
    least = int(knot.min()) // _BLOCK
    table = _allowed_from(least, (int(knot.max()) + 1) // _BLOCK + 1, alpha, max_fail)
    knot -= least * _BLOCK
    end = _leading(k <= table[knot + 1] + _SLACK)
    unsure = (k[:end] > table[knot[:end]] - _SLACK).nonzero()[0]
    tail = _tail(k[unsure], room[unsure], max_fail)
    # The step at the end needs no look: it is above whatever the rounding of its tail says.
    above = (tail > alpha).nonzero()[0]
    return int(unsure[above[0]]) if above.size else end


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


def _undominated(k: FloatArray, room: FloatArray) -> IntArray:
    """Steps that may have the largest bound: no other has as many fails and as little room.

    Beta(k + 1, room) rises stochastically with ``k`` and falls with ``room``.
    """
    order = np.argsort(room, kind="stable")
    most = np.maximum.accumulate(k[order])
    rises = np.ones(k.size, dtype=bool)
    np.greater(most[1:], most[:-1], out=rises[1:])
    return order[rises]


def _leading(fine: BoolArray) -> int:
    """How many are true before the first that is not."""
    at = int(fine.argmin()) if fine.size else 0
    return at if fine.size and not fine[at] else int(fine.size)
