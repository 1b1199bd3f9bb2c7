"""Fails of one cell at every threshold at once: what all bounds of its fail rate are made of.

As the threshold rises past one observed score after another, outputs turn into fails. A
`FailPath` holds, for each such step, what the bounds need: the fail rate, its variance over
prompts (over prompts and raters, where raters are given), and the fails among at most one chosen
output a prompt. Sorting once gives all steps in ``O(n log n)``. It decides nothing; `fail_rules`
says which steps a rule lets pass, `thresholds` what that means for scores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qfloor.stats.clusters import few_clusters_factor
from qfloor.stats.quantiles import check_scores

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_ROUNDING = 1e-11
"""Spread of fail shares below this is rounding of running sums; the least real one is 1e-4."""


@dataclass(frozen=True, kw_only=True)
class FailPath:
    """Fails at each step; step i fails the scores below ``thresholds[i]``, the last step all.

    Arrays other than ``thresholds`` (distinct finite scores, rising) have one entry more.
    ``agree`` says where all outputs of every prompt agree; ``first_fails`` counts fails among the
    ``n_first`` outputs chosen for the exact bound. ``size`` is the number of prompts; with
    weights, how many they would be if all weighed as much as the heaviest: Kish's size, which is
    in the variance, lets a heavy stratum of few prompts certify by luck (decision 0011). ``df``
    are the degrees of freedom of the variance.
    """

    thresholds: FloatArray
    p: FloatArray
    variance: FloatArray
    agree: BoolArray
    first_fails: IntArray
    n_first: int
    size: float
    df: float
    n_prompts: int
    n_outputs: int
    weighted: bool = False
    n_raters: int | None = None

    @property
    def clustered(self) -> bool:
        """Whether outputs may be alike: repeats of a prompt, or raters shared by prompts."""
        return self.n_outputs > self.n_prompts or self.n_raters is not None

    @property
    def exact(self) -> bool:
        """Whether there is one output a prompt and all weigh the same: no bound but one."""
        return not self.clustered and not self.weighted

    def step(self, threshold: float) -> int:
        """Return the step whose fails are the scores strictly below ``threshold``."""
        return int(np.searchsorted(self.thresholds, threshold, side="left"))

    def up_to(self, step: int) -> FailPath:
        """Return the path that ends with a step."""
        cut = slice(step + 1)
        return dataclasses.replace(
            self,
            thresholds=self.thresholds[cut],
            p=self.p[cut],
            variance=self.variance[cut],
            agree=self.agree[cut],
            first_fails=self.first_fails[cut],
        )

    @property
    def most(self) -> float:
        """Outputs, as many as they would be if prompts weighed the same."""
        return self.n_outputs * self.size / self.n_prompts

    @property
    def n_effective(self) -> FloatArray:
        """Independent outputs that this is worth at each step, before the price of few prompts."""
        inner = (self.p > 0.0) & (self.p < 1.0)
        seen = self.variance > 0.0
        variance = self.variance
        if not self.clustered:  # one output a prompt: exact, but for unequal weights
            variance = variance * ((self.n_prompts - 1) / self.n_prompts)
        worth = self.p * (1.0 - self.p) / np.where(seen, variance, 1.0)
        return np.where(inner, np.where(seen, worth, self.most), self.size)

    def n_star(self, alpha: float) -> FloatArray:
        """Return Korn-Graubard's effective size at each step."""
        if self.exact:
            return np.full(self.p.size, float(self.n_prompts))
        if not self.clustered:
            return np.minimum(self.n_effective, self.size)
        inner = (self.p > 0.0) & (self.p < 1.0)
        factor = few_clusters_factor(float(self.most), self.df, alpha)
        few_raters = self.n_raters is not None and self.df < self.size - 1.0
        ends = min(self.size, self.most * factor) if few_raters else self.size
        return np.where(inner, np.minimum(self.most, self.n_effective * factor), ends)


def build_path(
    scores: ArrayLike,
    prompts: Sequence[Hashable] | ArrayLike | None = None,
    first: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    raters: Sequence[Hashable] | ArrayLike | None = None,
) -> FailPath:
    """Build the path of a cell; parameters are those of `thresholds.threshold_limits`."""
    values = check_scores(scores)
    codes = prompt_codes(prompts, values.size)
    sizes = np.bincount(codes)
    chosen = (
        _first_of_each(codes, sizes.size)
        if first is None
        else _check_first(first, codes, some=weights is not None)
    )
    order = np.argsort(values, kind="stable")
    ordered, group = values[order], codes[order]
    share = _shares(weights, codes, sizes)[order]
    fresh = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]) & np.isfinite(ordered))
    at = np.append(fresh, values.size)
    mass = float(sizes.size) if weights is None else 1.0
    p = np.clip(_running(share)[at] / mass, 0.0, 1.0)
    p[at == 0], p[at == values.size] = 0.0, 1.0
    of_prompt = _Groups.of(group, share, mass)
    size = float(sizes.size) if weights is None else 1.0 / float(of_prompt.weights.max())
    variance, df = of_prompt.variance(p, at), size - 1.0
    if weights is not None:
        variance = np.maximum(variance, of_prompt.kish(p, at))
    people = None
    if raters is not None:
        rater = prompt_codes(raters, values.size)[order]
        by_rater = _Groups.of(rater, share, mass)
        by_both = _Groups.of(_pairs(group, rater), share, mass)
        variance = _two_way(variance, by_rater.variance(p, at), by_both.variance(p, at))
        people, df = by_rater.weights.size, min(df, by_rater.weights.size - 1.0)
    return FailPath(
        thresholds=ordered[fresh],
        p=p,
        variance=variance,
        agree=_agree(of_prompt, group, sizes)[at],
        first_fails=_running(chosen[order])[at].astype(np.int64),
        n_first=int(chosen.sum()),
        size=size,
        df=df,
        n_prompts=sizes.size,
        n_outputs=values.size,
        weighted=weights is not None,
        n_raters=people,
    )


@dataclass(frozen=True)
class _Groups:
    """Running sums over the fails of one way of grouping values, in the order of the scores.

    With ``S`` a group's weight of fails and ``A`` its whole weight: ``weights`` the ``A`` (they
    add up to 1), and after each value the sums of ``S**2``, ``S A`` and ``S**2 / A``.
    """

    weights: FloatArray
    rank: IntArray
    squares: FloatArray
    cross: FloatArray
    ratio: FloatArray
    mass: float

    @classmethod
    def of(cls, group: IntArray, share: FloatArray, mass: float) -> _Groups:
        by_group = np.argsort(group, kind="stable")
        sizes = np.bincount(group)
        starts = np.cumsum(sizes) - sizes
        rank = np.empty(group.size, dtype=np.int64)
        rank[by_group] = np.arange(group.size) - np.repeat(starts, sizes) + 1
        along = _running(share[by_group])
        failed = np.empty(group.size)
        failed[by_group] = along[:-1] - np.repeat(along[starts], sizes)
        whole = np.bincount(group, weights=share)
        step = (2.0 * failed + share) * share
        return cls(
            weights=whole / mass,
            rank=rank,
            squares=_running(step),
            cross=_running(whole[group] * share),
            ratio=_running(step / whole[group]),
            mass=mass,
        )

    def variance(self, p: FloatArray, at: IntArray) -> FloatArray:
        """Variance of the fail rate with these as clusters, at the steps ``at``."""
        n = self.weights.size
        if n < 2:
            return np.zeros(at.size)
        whole = float(np.sum((self.weights * self.mass) ** 2))
        spread = self.squares[at] - 2.0 * p * self.cross[at] + p**2 * whole
        spread[spread < _ROUNDING * whole / n] = 0.0
        return spread / self.mass**2 * (n / (n - 1))

    def kish(self, p: FloatArray, at: IntArray) -> FloatArray:
        """Variance of the fail rate of Kish's size of prompts: weights cost at least this."""
        n = self.weights.size
        spread = np.maximum(self.ratio[at] / self.mass - p**2, 0.0)
        return spread * float(np.sum(self.weights**2)) * (n / max(1, n - 1))


def _two_way(prompts: FloatArray, raters: FloatArray, both: FloatArray) -> FloatArray:
    """Variance over random prompts and random raters, never below that of either alone."""
    return np.maximum(prompts + raters - both, np.maximum(prompts, raters))


def _agree(groups: _Groups, group: IntArray, sizes: IntArray) -> BoolArray:
    """Say after each value whether no prompt has both fails and others."""
    opened = np.where(groups.rank == 1, 1, 0) - np.where(groups.rank == sizes[group], 1, 0)
    return np.asarray(np.concatenate(([0], np.cumsum(opened))) == 0)


def prompt_codes(prompts: Sequence[Hashable] | ArrayLike | None, n: int) -> IntArray:
    """Number the prompts 0, 1, ...; without labels every output is a prompt of its own."""
    if prompts is None:
        return np.arange(n)
    codes = np.unique(np.asarray(prompts), return_inverse=True)[1]
    if codes.shape != (n,):
        raise ValueError(f"prompts must be one list of {n} labels, one for each score.")
    return np.asarray(codes, dtype=np.int64)


def _shares(weights: ArrayLike | None, codes: IntArray, sizes: IntArray) -> FloatArray:
    """Weight of each value: every prompt the same, or as given, adding up to 1."""
    if weights is None:
        return np.asarray(1.0 / sizes[codes])
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != codes.shape or not np.all((given > 0.0) & np.isfinite(given)):
        raise ValueError(f"weights must be {codes.size} positive numbers, one for each score.")
    return np.asarray(given / given.sum())


def _pairs(group: IntArray, rater: IntArray) -> IntArray:
    return prompt_codes(group * (int(rater.max()) + 1) + rater, group.size)


def _running(steps: NDArray[np.generic]) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(steps, dtype=np.float64)))


def _first_of_each(codes: IntArray, n_prompts: int) -> BoolArray:
    chosen = np.zeros(codes.size, dtype=bool)
    chosen[np.unique(codes, return_index=True)[1]] = True
    return chosen


def _check_first(first: ArrayLike, codes: IntArray, *, some: bool) -> BoolArray:
    chosen = np.asarray(first, dtype=bool)
    if chosen.shape == codes.shape:
        counts = np.bincount(codes, weights=chosen)
        if np.all(counts <= 1 if some else counts == 1):
            return chosen
    many = "at most" if some else "exactly"
    raise ValueError(f"first must be true for {many} one output of each prompt.")
