"""Which steps of a `FailPath` a rule lets pass, with what bound, and from which level on.

One rule is fixed by the plan before the data, and then gives verdict, bound and p-value alike.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy import optimize, special

from qfloor.stats.binomial import at_most, check_share, max_fails
from qfloor.stats.fail_path import BoolArray, FailPath, FloatArray

Rule = Literal["auto", "korn_graubard", "one_repeat", "both"]

TRUSTED_ALPHA = 0.01
"""Below this error probability Korn-Graubard is not trusted (facts: up to 15x nominal)."""

FEW_PROMPTS = 15
"""Below this many prompts the stricter of Korn-Graubard and the exact bound decides."""

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
    if path.n_raters is not None:  # the exact bound knows nothing of raters and never stands alone
        return "korn_graubard", few or strict
    return ("one_repeat", None) if strict else ("korn_graubard", few)


def planned_rule(path: FailPath, least_alpha: float) -> Rule:
    """Fix the rule by the smallest level that a plan may come to judge at.

    A rule that changed with the level would let a cell pass at .005 (exact bound, lucky repeats)
    that does not pass at .01, and its p-value would be none.
    """
    if least_alpha >= TRUSTED_ALPHA:
        return "auto"
    return "one_repeat" if path.n_raters is None else "both"


def passes(path: FailPath, alpha: float, max_fail: float, rule: Rule, *, mirror: bool) -> BoolArray:
    """Say at each step whether the upper bound of P(fail) is at most ``max_fail``.

    With ``mirror`` the question is about P(no fail) instead. Steps are judged one by one; making
    the answer monotone is left to the caller. Comparing the beta tail with alpha equals
    comparing the bound with ``max_fail`` and needs no inversion.
    """
    decides, joins = rule_of(path, alpha, rule)
    fails = path.n_first - path.first_fails if mirror else path.first_fails
    most = max_fails(path.n_first, alpha, max_fail) if path.n_first else None
    exact = np.zeros(path.p.size, dtype=bool) if most is None else np.asarray(fails <= most)
    if decides == "one_repeat":
        return exact
    if not at_most((1.0 - max_fail) ** path.size, alpha):
        return np.zeros(path.p.size, dtype=bool)
    n_star = path.n_star(alpha)
    k = (1.0 - path.p if mirror else path.p) * n_star
    room = np.maximum(n_star - k, 0.0)
    # A bound below the observed rate does not exist, so only rates that could pass are computed.
    inside = (room > 0.0) & (n_star > 0.0) & (k <= n_star * max_fail)
    tail = special.betaincc(k + 1.0, np.where(inside, room, 1.0), max_fail)
    return np.asarray(inside & (tail <= alpha) & (exact | ~_joined(path, joins)))


def upper_bounds(path: FailPath, alpha: float, rule: Rule, *, mirror: bool) -> FloatArray:
    """Upper bound of P(fail) at each step (of P(no fail) with ``mirror``), not yet monotone."""
    decides, joins = rule_of(path, alpha, rule)
    exact = exact_bounds(path, alpha, mirror=mirror)
    if decides == "one_repeat":
        return exact
    n_star = path.n_star(alpha)
    bound = _upper((1.0 - path.p if mirror else path.p) * n_star, n_star, alpha)
    bound = np.maximum(bound, special.betainccinv(1.0, path.size, alpha))
    return np.where(_joined(path, joins), np.maximum(bound, exact), bound)


def exact_bounds(path: FailPath, alpha: float, *, mirror: bool) -> FloatArray:
    """Clopper-Pearson of the chosen outputs at each step; 1 where none was chosen."""
    fails = path.n_first - path.first_fails if mirror else path.first_fails
    return _upper(fails.astype(np.float64), np.full(path.p.size, float(path.n_first)), alpha)


def p_value(path: FailPath, threshold: float, max_fail: float, rule: Rule) -> float:
    """Smallest level at which a rule certifies a threshold, and at every level above too.

    The supremum of the levels at which the rule does *not* certify, so that "certified at alpha"
    and "p-value at most alpha" are one statement for every alpha the rule is meant for. Below
    `TRUSTED_ALPHA` the exact bound of one output a prompt decides (joins, with raters).
    """
    check_share("max_fail", max_fail)
    head = path.up_to(path.step(threshold))
    exact = _exact_p(head, max_fail)
    decides, joins = rule_of(head, _MOST_P, rule)
    if decides == "one_repeat":
        return float(exact[-1])
    if not passes(head, _MOST_P, max_fail, rule, mirror=False).all():
        return 1.0
    joined = exact[_joined(head, joins)]
    above = max(
        _korn_graubard_p(head, max_fail),
        float((1.0 - max_fail) ** head.size),
        float(joined.max(initial=0.0)),
    )
    if rule != "auto" or above >= TRUSTED_ALPHA:
        return above
    strict = max(above, float(exact[-1])) if head.n_raters is not None else float(exact[-1])
    return min(TRUSTED_ALPHA, strict)


def _exact_p(path: FailPath, max_fail: float) -> FloatArray:
    if not path.n_first:
        return np.ones(path.p.size)
    return np.asarray(special.bdtr(path.first_fails, path.n_first, max_fail))


def _korn_graubard_p(path: FailPath, max_fail: float) -> float:
    """Level at which Korn-Graubard's bound meets ``max_fail`` at the worst step.

    Its effective size shrinks with the level (few prompts), so the level is a root; what is
    returned lies above it by less than one part in 1e9.
    """

    def excess(log_alpha: float) -> float:
        n_star = path.n_star(math.exp(log_alpha))
        k = path.p * n_star
        tail = special.betaincc(k + 1.0, n_star - k, max_fail)
        return float(np.log(np.maximum(tail, 1e-300)).max()) - log_alpha

    low, high = math.log(_LEAST_P), math.log(_MOST_P)
    if excess(high) > 0.0:
        return _MOST_P
    if excess(low) <= 0.0:
        return _LEAST_P
    root = float(optimize.brentq(excess, low, high, xtol=1e-11, rtol=1e-14))
    return min(_MOST_P, math.exp(root) * (1.0 + 1e-10))


def _joined(path: FailPath, joins: bool | None) -> BoolArray:
    """Where the stricter of both bounds decides; see `rule_of`."""
    if joins is False and path.clustered:
        return path.agree
    return np.full(path.p.size, bool(joins))


def _upper(k: FloatArray, n: FloatArray, alpha: float) -> FloatArray:
    inside = (n - k > 0.0) & (n > 0.0)
    room = np.where(inside, n - k, 1.0)
    return np.where(inside, special.betainccinv(k + 1.0, room, alpha), 1.0)
