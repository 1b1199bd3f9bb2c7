"""Which steps of a `FailPath` a rule lets pass, with what bound, and from which level on.

One rule is fixed by the plan before the data, and then gives verdict, bound and p-value alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import optimize, special

from qfloor.stats.binomial import check_share, clopper_pearson_upper, max_fails
from qfloor.stats.fail_groups import FloatArray, IntArray
from qfloor.stats.fail_path import FailPath
from qfloor.stats.fail_scan import Search, korn_graubard_passing, tail_of
from qfloor.stats.fail_search import Rows, every_p, every_passing, every_upper

Rule = Literal["auto", "korn_graubard", "one_repeat", "every_repeat", "both"]
_KG: Rule = "korn_graubard"
_ONE: Rule = "one_repeat"
_EVERY: Rule = "every_repeat"
_ALONE: Mapping[Rule, frozenset[Rule]] = {rule: frozenset({rule}) for rule in (_KG, _ONE, _EVERY)}

TRUSTED_ALPHA = 0.01
"""Below this error probability Korn-Graubard is not trusted (up to 15 times nominal was seen)."""

FEW_PROMPTS = 15
"""Below this many prompts the exact bound of one repeat joins too."""

_LEAST_P, _MOST_P = 1e-12, 0.4999
"""Levels between which a p-value is searched for; levels are below one half."""


def rule_of(path: FailPath, alpha: float, rule: Rule) -> tuple[Rule, frozenset[Rule]]:
    """Resolve a rule at a level: what decides, and all the bounds that must hold.

    Korn-Graubard is joined by the exact bound of every repeat wherever prompts have repeats: where
    a few prompts always fail it certifies falsely 1.5 to 4 times as often as it may at .05
    (`results/false_certification.md`). Where prompts weigh differently the exact bound takes those
    that are left when they are thinned to the mix.
    """
    if rule in _ALONE and not path.exact:
        return rule, _ALONE[rule]
    return _rule(path.exact, path.raters is not None, path.size < FEW_PROMPTS, alpha, rule)


@lru_cache(maxsize=1 << 12)
def _rule(
    exact: bool, rated: bool, few: bool, alpha: float, rule: Rule
) -> tuple[Rule, frozenset[Rule]]:
    """`rule_of` what it depends on: every figure of every cell asks for it."""
    if rule not in ("auto", "korn_graubard", "one_repeat", "every_repeat", "both"):
        raise ValueError(
            f"bound must be auto, korn_graubard, one_repeat, every_repeat or both, got {rule!r}."
        )
    if exact:
        return _ONE, _ALONE[_ONE]
    strict = rule == "both" or alpha < TRUSTED_ALPHA
    if strict and rule == "auto" and not rated:
        return _EVERY, _ALONE[_EVERY]
    parts = {_KG, _EVERY}  # the exact bounds know nothing of raters: never alone
    if few:
        parts.add(_ONE)
    return _KG, frozenset(parts)


def planned_rule(path: FailPath, least_alpha: float) -> Rule:
    """Fix the rule by the smallest level that a plan may come to judge at.

    A rule that changed with the level would let a cell pass at .005 (exact bound) that does not
    pass at .01, and its p-value would be none.
    """
    if least_alpha >= TRUSTED_ALPHA:
        return "auto"
    return "every_repeat" if path.raters is None else "both"


def n_passing(path: FailPath, alpha: float, max_fail: float, rule: Rule, *, mirror: bool) -> int:
    """How many steps, from the first on, have an upper bound of P(fail) of at most ``max_fail``.

    With ``mirror`` the question is about P(no fail), and steps count from the last one back. A
    step after one that does not pass does not count: bounds are made monotone. Comparing the
    beta tail with alpha equals comparing the bound with ``max_fail`` and needs no inversion.
    """
    known = path.known.get(("passing", alpha, max_fail, rule, mirror))
    if known is not None:
        return int(known)
    search = narrowed([Search(path, alpha, max_fail, path.p.size, mirror)], [rule])[0]
    if search.most and _EVERY in rule_of(path, alpha, rule)[1]:
        return every_passing([search])[0]
    return search.most


def narrowed(searches: Sequence[Search], rules: Sequence[Rule]) -> list[Search]:
    """Searches with what all bounds of their rules let pass, that of every repeat left out."""
    found = []
    scanned = []
    for i, (search, rule) in enumerate(zip(searches, rules, strict=True)):
        parts = rule_of(search.path, search.alpha, rule)[1]
        found.append(_one_repeat_narrowed(search) if _ONE in parts else search)
        if _KG in parts:
            scanned.append(i)
    ends = korn_graubard_passing([found[i] for i in scanned])
    for i, end in zip(scanned, ends, strict=True):
        found[i] = found[i]._replace(most=end)
    return found


def _one_repeat_narrowed(search: Search) -> Search:
    path, n = search.path, search.path.n_first
    most = max_fails(n, search.alpha, search.max_fail) if n else None
    if most is None:
        return search._replace(most=0)
    fails = (n - path.first_fails)[::-1] if search.mirror else path.first_fails
    return search._replace(most=min(search.most, int(fails.searchsorted(most, side="right"))))


def _every_p(path: FailPath, step: int, max_fail: float) -> float:
    known = path.known.get(("p", step, max_fail, False))
    return every_p(Rows.of(path), [step], [max_fail])[0] if known is None else known


def upper_bound(path: FailPath, step: int, alpha: float, rule: Rule, *, mirror: bool) -> float:
    """Upper bound of P(fail) at a step, monotone: the largest at any step up to it.

    With ``mirror`` of P(no fail), over the steps from it on.
    """
    parts = rule_of(path, alpha, rule)[1]
    return max([_UPPERS[part](path, step, alpha, mirror=mirror) for part in parts])


def _every_upper(path: FailPath, step: int, alpha: float, *, mirror: bool) -> float:
    known = path.known.get(("upper", step, alpha, mirror))
    if known is not None:
        return known
    return every_upper(Rows.of(path, mirror=mirror), [step], [alpha])[0]


def _korn_graubard_upper(path: FailPath, step: int, alpha: float, *, mirror: bool) -> float:
    start, end = (step, path.p.size) if mirror else (0, step + 1)
    n_star = path.n_stars(alpha, start, end)
    p = (1.0 - path.p if mirror else path.p)[start:end]
    k = p * n_star
    room = n_star - k
    if not (room > 0.0).all():
        return 1.0
    worst = _undominated(k, room)
    bound = float(special.betainccinv(k[worst] + 1.0, room[worst], alpha).max())
    if path.raters is not None:
        bound = _two_way_upper(path, alpha, p, (start, end), bound)
    return max(bound, float(special.betainccinv(1.0, path.size, alpha)))


def _two_way_upper(
    path: FailPath, alpha: float, p: FloatArray, steps: tuple[int, int], least: float
) -> float:
    """The rate at which the worst tail meets alpha, raters' part of the variance being that rate's.

    ``least`` is the bound with raters' part as it was seen.
    """

    def excess(rate: float) -> float:
        n_star = path.n_stars(alpha, *steps, rate)
        k = p * n_star
        worst = _undominated(k, n_star - k)
        return float(tail_of(k[worst], (n_star - k)[worst], rate).max()) - alpha

    high = 1.0 - 1e-12
    if excess(high) > 0.0:
        return 1.0
    return float(optimize.brentq(excess, least, high, xtol=1e-13)) if excess(least) > 0 else least


def exact_bound(path: FailPath, step: int, alpha: float, *, mirror: bool) -> float:
    """Clopper-Pearson of the chosen outputs at a step; 1 where none was chosen."""
    fails = path.first_failed(step)
    return _exact_bound(path.n_first - fails if mirror else fails, path.n_first, alpha)


@lru_cache(maxsize=1 << 16)
def _exact_bound(fails: int, n: int, alpha: float) -> float:
    """One of few pairs of counts that the cells of a table share."""
    return clopper_pearson_upper(fails, n, alpha) if n else 1.0


_UPPERS: Mapping[Rule, Callable[..., float]] = {
    _KG: _korn_graubard_upper,
    _ONE: exact_bound,
    _EVERY: _every_upper,
}


def p_value(path: FailPath, threshold: float, max_fail: float, rule: Rule) -> float:
    """Smallest level at which a rule certifies a threshold, and at every level above too.

    The supremum of the levels at which the rule does *not* certify, so that "certified at alpha"
    and "p-value at most alpha" are one statement for every alpha the rule is meant for. Below
    `TRUSTED_ALPHA` the exact bound of every repeat decides (joins, with raters).
    """
    check_share("max_fail", max_fail)
    step = path.step(threshold)
    parts = rule_of(path, _MOST_P, rule)[1]
    exact = [_exact_p(path, step, max_fail)] if _ONE in parts else []
    if _EVERY in parts:
        exact.append(_every_p(path, step, max_fail))
    if _KG not in parts:
        return max(exact)
    if n_passing(path, _MOST_P, max_fail, rule, mirror=False) <= step:
        return 1.0
    least = float((1.0 - max_fail) ** path.size)
    above = max(_korn_graubard_p(path, step, max_fail), least, *exact)
    if rule != "auto" or above >= TRUSTED_ALPHA:
        return above
    strict = _every_p(path, step, max_fail)
    return min(TRUSTED_ALPHA, strict if path.raters is None else max(above, strict))


def _exact_p(path: FailPath, step: int, max_fail: float) -> float:
    if not path.n_first:
        return 1.0
    return float(special.bdtr(path.first_failed(step), path.n_first, max_fail))


def _korn_graubard_p(path: FailPath, step: int, max_fail: float) -> float:
    """Level at which Korn-Graubard's bound meets ``max_fail`` at the worst step.

    Its effective size shrinks with the level (few prompts), so the level is a root; what is
    returned lies above it by less than one part in 1e9.
    """
    p = path.p[: step + 1]

    def excess(log_alpha: float) -> float:
        n_star = path.n_stars(math.exp(log_alpha), 0, p.size, max_fail)
        k = p * n_star
        worst = _undominated(k, n_star - k)
        tail = tail_of(k[worst], (n_star - k)[worst], max_fail)
        return math.log(max(float(tail.max()), 1e-300)) - log_alpha

    low, high = math.log(_LEAST_P), math.log(_MOST_P)
    if excess(high) > 0.0:
        return _MOST_P
    if excess(low) <= 0.0:
        return _LEAST_P
    root = float(optimize.brentq(excess, low, high, xtol=1e-11, rtol=1e-14))
    return min(_MOST_P, math.exp(root) * (1.0 + 1e-10))


def _undominated(k: FloatArray, room: FloatArray) -> IntArray:
    """Steps that may have the largest bound: no other has as many fails and as little room.

    Beta(k + 1, room) rises stochastically with ``k`` and falls with ``room``.
    """
    order = np.argsort(room, kind="stable")
    most = np.maximum.accumulate(k[order])
    rises = np.ones(k.size, dtype=bool)
    np.greater(most[1:], most[:-1], out=rises[1:])
    return order[rises]
