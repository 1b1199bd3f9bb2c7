"""Fails of one cell at every threshold at once, and which of them a rule lets pass.

As the threshold rises past one observed score after another, outputs turn into fails. A
`FailPath` holds, for each such step, what the bounds need: the fail rate with prompts weighing
the same, its variance over prompts, and the fails among one chosen output a prompt. Sorting
once gives all steps in ``O(n log n)``. It decides nothing about scores; `thresholds` does.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from qfloor.stats.binomial import max_fails
from qfloor.stats.clusters import few_clusters_factor
from qfloor.stats.quantiles import check_scores

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Rule = Literal["auto", "korn_graubard", "one_repeat"]

TRUSTED_ALPHA = 0.01
"""Below this error probability Korn-Graubard is not trusted (facts: up to 15x nominal)."""

FEW_PROMPTS = 15
"""Below this many prompts the stricter of Korn-Graubard and the exact bound decides."""


@dataclass(frozen=True, kw_only=True)
class FailPath:
    """Fails at each step; step i fails the scores below ``thresholds[i]``, the last step all.

    Arrays other than ``thresholds`` (distinct finite scores, rising) have one entry more.
    """

    thresholds: FloatArray
    p: FloatArray
    variance: FloatArray
    first_fails: IntArray
    n_prompts: int
    n_outputs: int

    @property
    def clustered(self) -> bool:
        """Whether any prompt has more than one output."""
        return self.n_outputs > self.n_prompts

    def step(self, threshold: float) -> int:
        """Return the step whose fails are the scores strictly below ``threshold``."""
        return int(np.searchsorted(self.thresholds, threshold, side="left"))

    def n_star(self, alpha: float) -> FloatArray:
        """Return Korn-Graubard's effective size at each step."""
        if not self.clustered:
            return np.full(self.p.size, float(self.n_prompts))
        inner = (self.p > 0.0) & (self.p < 1.0)
        safe = np.where(self.variance > 0.0, self.variance, 1.0)
        size = np.where(self.variance > 0.0, self.p * (1.0 - self.p) / safe, self.n_outputs)
        factor = few_clusters_factor(float(self.n_outputs), self.n_prompts - 1, alpha)
        return np.where(inner, np.minimum(self.n_outputs, size * factor), self.n_prompts)


def build_path(
    scores: ArrayLike,
    prompts: Sequence[Hashable] | ArrayLike | None = None,
    first: ArrayLike | None = None,
) -> FailPath:
    """Build the path of a cell; parameters are those of `thresholds.lower_bound`."""
    values = check_scores(scores)
    codes = prompt_codes(prompts, values.size)
    sizes = np.bincount(codes)
    chosen = _first_of_each(codes, sizes.size) if first is None else _check_first(first, codes)
    order = np.argsort(values, kind="stable")
    ordered, group, of_prompt = values[order], codes[order], sizes[codes[order]]
    rank = _rank_within(group, sizes)
    share = 1.0 / of_prompt
    total, squares = _running(share), _running((2 * rank - 1) * share**2)
    fresh = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]) & np.isfinite(ordered))
    at = np.append(fresh, values.size)
    n = sizes.size
    p = np.where(at == 0, 0.0, np.where(at == values.size, 1.0, total[at] / n))
    spread = np.maximum(squares[at] - total[at] ** 2 / n, 0.0)
    spread[spread < 1e-11] = 0.0  # rounding of the running sums, far below 1/n**2
    return FailPath(
        thresholds=ordered[fresh],
        p=p,
        variance=spread / (max(1, n - 1) * n),
        first_fails=_running(chosen[order])[at].astype(np.int64),
        n_prompts=n,
        n_outputs=values.size,
    )


def prompt_codes(prompts: Sequence[Hashable] | ArrayLike | None, n: int) -> IntArray:
    """Number the prompts 0, 1, ...; without labels every output is a prompt of its own."""
    if prompts is None:
        return np.arange(n)
    codes = np.unique(np.asarray(prompts), return_inverse=True)[1]
    if codes.shape != (n,):
        raise ValueError(f"prompts must be one list of {n} labels, one for each score.")
    return np.asarray(codes, dtype=np.int64)


def passes(path: FailPath, alpha: float, max_fail: float, rule: Rule, *, mirror: bool) -> BoolArray:
    """Say at each step whether the upper bound of P(fail) is at most ``max_fail``.

    With ``mirror`` the question is about P(no fail) instead. Steps are judged one by one; making
    the answer monotone is left to the caller. Comparing the beta tail with alpha equals
    comparing the bound with ``max_fail`` and needs no inversion.
    """
    fails = path.n_prompts - path.first_fails if mirror else path.first_fails
    most = max_fails(path.n_prompts, alpha, max_fail)
    if most is None:
        return np.zeros(path.p.size, dtype=bool)
    exact = np.asarray(fails <= most)
    decides, joins = rule_of(path, alpha, rule)
    if decides == "one_repeat":
        return exact
    n_star = path.n_star(alpha)
    k = (1.0 - path.p if mirror else path.p) * n_star
    room = np.maximum(n_star - k, 0.0)
    # A bound below the observed rate does not exist, so only rates that could pass are computed.
    inside = (room > 0.0) & (n_star > 0.0) & (k <= n_star * max_fail)
    tail = special.betaincc(k + 1.0, np.where(inside, room, 1.0), max_fail)
    trusted = inside & (tail <= alpha)
    return np.asarray(trusted & exact if joins else trusted)


def upper_bounds(path: FailPath, alpha: float, rule: Rule, *, mirror: bool) -> FloatArray:
    """Upper bound of P(fail) at each step (of P(no fail) with ``mirror``), not yet monotone."""
    fails = path.n_prompts - path.first_fails if mirror else path.first_fails
    exact = _upper(fails.astype(np.float64), np.full(path.p.size, float(path.n_prompts)), alpha)
    decides, joins = rule_of(path, alpha, rule)
    if decides == "one_repeat":
        return exact
    n_star = path.n_star(alpha)
    bound = _upper((1.0 - path.p if mirror else path.p) * n_star, n_star, alpha)
    bound = np.maximum(bound, special.betainccinv(1.0, path.n_prompts, alpha))
    return np.maximum(bound, exact) if joins else bound


def rule_of(path: FailPath, alpha: float, rule: Rule) -> tuple[Rule, bool]:
    """Resolve ``auto`` and say whether the exact bound decides beside Korn-Graubard."""
    if rule not in ("auto", "korn_graubard", "one_repeat"):
        raise ValueError(f"bound must be auto, korn_graubard or one_repeat, got {rule!r}.")
    if not path.clustered or (rule == "auto" and alpha < TRUSTED_ALPHA):
        return "one_repeat", False
    if rule == "auto":
        # Where the repeats of every prompt agree, n* < prompts: Korn-Graubard is the stricter
        # of the two by itself.
        return "korn_graubard", path.n_prompts < FEW_PROMPTS
    return rule, False


def _upper(k: FloatArray, n: FloatArray, alpha: float) -> FloatArray:
    inside = (n - k > 0.0) & (n > 0.0)
    room = np.where(inside, n - k, 1.0)
    return np.where(inside, special.betainccinv(k + 1.0, room, alpha), 1.0)


def _running(steps: NDArray[np.generic]) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(steps, dtype=np.float64)))


def _rank_within(group: IntArray, sizes: IntArray) -> IntArray:
    """Rank (from 1) of each output among those of its prompt, in the order given."""
    by_prompt = np.argsort(group, kind="stable")
    rank = np.empty(group.size, dtype=np.int64)
    rank[by_prompt] = np.arange(group.size) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    return rank


def _first_of_each(codes: IntArray, n_prompts: int) -> BoolArray:
    chosen = np.zeros(codes.size, dtype=bool)
    chosen[np.unique(codes, return_index=True)[1]] = True
    return chosen


def _check_first(first: ArrayLike, codes: IntArray) -> BoolArray:
    chosen = np.asarray(first, dtype=bool)
    if chosen.shape != codes.shape or not np.all(np.bincount(codes, weights=chosen) == 1):
        raise ValueError("first must be true for exactly one output of each prompt.")
    return chosen
