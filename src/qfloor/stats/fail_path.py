"""Fails of one cell at every threshold at once: what all bounds of its fail rate are made of.

As the threshold rises past one observed score after another, outputs turn into fails. A
`FailPath` holds, for each such step, what the bounds need: the fail rate, its variance over
prompts (over prompts and raters, where raters are given), the fails among at most one chosen
output a prompt, and the fail share of each prompt. Sorting once gives all steps in
``O(n log n)``. It decides nothing; `fail_rules` says which steps a rule lets pass, `thresholds`
what that means for scores.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qfloor.stats.clusters import (
    effective,
    effective_size,
    effective_sizes,
    few_clusters_factor,
)
from qfloor.stats.fail_groups import (
    BoolArray,
    FloatArray,
    Groups,
    IntArray,
    before,
    running,
    two_way_variance,
    weights_of,
)
from qfloor.stats.fail_tally import FailTally
from qfloor.stats.quantiles import check_scores, harrell_davis_of
from qfloor.stats.rater_parts import effective_raters, with_raters
from qfloor.stats.two_way import crossed_df, severity_ratio


@dataclass(frozen=True, kw_only=True, eq=False)
class FailPath:
    """Fails at each step; step i fails the scores below ``thresholds[i]``, the last step all.

    ``scores`` are all of them, rising, ``shares`` what each counts (every prompt 1, or weights
    that add up to 1); ``at`` says how many of them fail at each step and ``p`` their share;
    ``first`` are the ``n_first`` outputs chosen to stand for their prompts.
    ``kept`` names the prompts that count in exact bounds: None means all, with weights they are
    those thinned to them. ``thresholds`` are the distinct finite scores: one fewer than there are
    steps. ``size`` is the number of
    prompts; with weights, how many they would be if all weighed as much as the heaviest: Kish's
    size, which is in the variance, lets a heavy stratum of few prompts certify by luck (decision
    0011). ``df`` are the degrees of freedom of the variance. ``clustered`` says that outputs may
    be alike: repeats of a prompt, or raters shared by prompts. ``known`` is what was looked up
    before, together with other cells (`fail_table`), ``step_of`` the steps that were asked for: a
    threshold's is asked for by each of its figures.
    """

    scores: FloatArray
    shares: FloatArray
    at: IntArray
    p: FloatArray
    first: BoolArray
    n_first: int
    kept: IntArray | None
    prompts: Groups
    raters: tuple[Groups, Groups] | None
    weighted: bool
    clustered: bool
    known: dict[tuple[Any, ...], float] = field(default_factory=dict)
    step_of: dict[float, int] = field(default_factory=dict)

    @property
    def thresholds(self) -> FloatArray:
        """Distinct finite scores, rising."""
        return self.scores[self.at[:-1]]

    @property
    def n_prompts(self) -> int:
        """Prompts."""
        return self.prompts.n

    @property
    def n_outputs(self) -> int:
        """Outputs (values)."""
        return self.scores.size

    @cached_property
    def size(self) -> float:
        """Prompts, as many as they would be if all weighed as much as the heaviest."""
        return 1.0 / float(self.prompts.weights.max()) if self.weighted else float(self.n_prompts)

    @cached_property
    def df(self) -> float:
        """Degrees of freedom of the variance."""
        if self.raters is None:
            return self.size - 1.0
        return crossed_df(self.size, effective_raters(self.raters[0].weights))

    @property
    def exact(self) -> bool:
        """Whether there is one output a prompt and all weigh the same: no bound but one."""
        return not self.clustered and not self.weighted

    def step(self, threshold: float) -> int:
        """Return the step whose fails are the scores strictly below ``threshold``."""
        step = self.step_of.get(threshold)
        if step is None:
            fails = self.scores.searchsorted(threshold)
            step = self.step_of[threshold] = int(self.at.searchsorted(fails))
        return step

    def fails(self, threshold: float) -> int:
        """How many scores are strictly below ``threshold``."""
        return int(self.at[self.step(threshold)])

    @cached_property
    def first_fails(self) -> IntArray:
        """How many of the chosen outputs fail at each step."""
        return before(self.first.cumsum(dtype=np.int64), self.at)

    def first_failed(self, step: int) -> int:
        """`first_fails` at one step."""
        return int(np.count_nonzero(self.first[: self.at[step]]))

    def threshold(self, step: int) -> float:
        """`thresholds` at one step, of which the last has none."""
        return float(self.scores[self.at[step]])

    @property
    def most(self) -> float:
        """Outputs, as many as they would be if prompts weighed the same."""
        return self.n_outputs * self.size / self.n_prompts

    @cached_property
    def tally(self) -> FailTally | None:
        """Prompts by fail share at every step; None where they weigh differently, or are large."""
        if self.weighted or self.kept is not None:
            return None
        return FailTally.of(self.prompts.group, self.prompts.sizes)

    def seen(self, mirror: bool = False) -> FloatArray:
        """Fail rate at each step, or with ``mirror`` what does not fail, from the last step on."""
        return self._mirrored if mirror else self.p

    @cached_property
    def _mirrored(self) -> FloatArray:
        return (1.0 - self.p)[::-1]

    def fail_shares(self, step: int) -> FloatArray:
        """Fail share of each kept prompt at a step."""
        found = self.prompts.failed(int(self.at[step])) / self.prompts.whole
        # Sums are off by a rounding, which would make shares of their own out of none and of all.
        even: FloatArray = np.minimum(found, 1.0).round(12)
        return even if self.kept is None else even[self.kept]

    def quantile(self, q: float) -> float | None:
        """`quantile_inverted_cdf` of the scores as they are weighed; None on a fail marker."""
        step = int(self.p.searchsorted(q * (1.0 - 1e-12)))
        return float(self.scores[self.at[step - 1]]) if step else None

    def harrell_davis(self, q: float) -> float | None:
        """`harrell_davis` of the scores as they are weighed."""
        if self.scores[0] == -np.inf:
            return None
        even = self.shares.min() == self.shares.max()
        return harrell_davis_of(self.scores, q, None if even else self.shares)

    def variances(self, start: int, end: int) -> FloatArray:
        """Variance of the fail rate at the steps from ``start`` up to ``end``."""
        own, more = self._parts(start, end)
        return own if self.raters is None else with_raters(own, more, self.p[start:end], self.most)

    def _parts(self, start: int, end: int) -> tuple[FloatArray, FloatArray]:
        """Variance over prompts, and what raters add to it, from one step up to another."""
        if start > 0 or 2 * end > self.p.size:
            own, more = self._all_parts
            return own[start:end], more[start:end]
        if self.raters is None:
            return self._parts_to(end)
        if end not in self._heads:  # bounds over raters ask for the same steps at many rates
            self._heads[end] = self._parts_to(end)
        return self._heads[end]

    @cached_property
    def _heads(self) -> dict[int, tuple[FloatArray, FloatArray]]:
        return {}

    @cached_property
    def _all_parts(self) -> tuple[FloatArray, FloatArray]:
        return self._parts_to(self.p.size)

    def _parts_to(self, end: int) -> tuple[FloatArray, FloatArray]:
        p, at = self.p[:end], self.at[:end]
        own = (self.tally or self.prompts).variances(p, at)
        if self.weighted:
            own = np.maximum(own, self.prompts.kish(p, at))
        if self.raters is None:
            return own, np.zeros(own.size)
        people, both = (groups.variances(p, at) for groups in self.raters)
        return own, two_way_variance(own, people, both) - own

    def variance(self, step: int) -> float:
        """Variance of the fail rate at one step: `variances` without running sums."""
        p, m = float(self.p[step]), int(self.at[step])
        found = (self.tally or self.prompts).variance(p, m)
        if self.weighted:
            found = max(found, self.prompts.kish_at(p, m))
        if self.raters is None:
            return found
        people, both = (groups.variance(p, m) for groups in self.raters)
        more = max(people - both, 0.0, people - found)
        return float(with_raters(found, more, p, self.most))

    def worth(self, step: int, alpha: float) -> tuple[float, float]:
        """Independent outputs that this is worth at a step, before and after few prompts' price.

        The second is Korn-Graubard's effective size; see `n_stars`.
        """
        p, variance = float(self.p[step]), self.variance(step)
        if not self.clustered:  # one output a prompt: exact, but for unequal weights
            variance *= (self.n_prompts - 1) / self.n_prompts
        n_effective = effective(p, variance, self.most, self.size)
        if self.exact:
            return n_effective, float(self.n_prompts)
        if not self.clustered:
            return n_effective, min(n_effective, self.size)
        return n_effective, effective_size(p, variance, self.most, self.size, self.df, alpha)

    def n_stars(self, alpha: float, start: int, end: int, rate: float | None = None) -> FloatArray:
        """Return Korn-Graubard's effective size at the steps from ``start`` up to ``end``.

        With raters it is asked at a true fail rate of ``rate``: see `two_way.severity_ratio`.
        """
        p = self.p[start:end]
        if self.exact:
            return np.full(p.size, float(self.n_prompts))
        return effective_sizes(p, self.spread(start, end, rate), *self.worths(alpha))

    def spread(self, start: int, end: int, rate: float | None = None) -> FloatArray:
        """Variance that `n_stars` rest on, at the same steps."""
        found, more = self._parts(start, end)
        if self.raters is not None:
            ratio = 1.0 if rate is None else severity_ratio(self.p[start:end], rate)
            found = with_raters(found, more * ratio, self.p[start:end], self.most)
        return found if self.clustered else found * ((self.n_prompts - 1) / self.n_prompts)

    def worths(self, alpha: float) -> tuple[float, float, float]:
        """What `effective_sizes` are made of beside rate and variance: most, factor and ends."""
        if not self.clustered:  # nothing but unequal weights costs anything
            return self.size, 1.0, self.size
        factor = few_clusters_factor(float(self.most), self.df, alpha)
        few_raters = self.raters is not None and self.df < self.size - 1.0
        return self.most, factor, min(self.size, self.most * factor) if few_raters else self.size


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
    codes, sizes = _prompts(prompts, values.size)
    chosen = (
        _first_of_each(codes, sizes.size)
        if first is None
        else _check_first(first, codes, some=weights is not None)
    )
    order = values.argsort()  # of equal scores the order does not matter
    ordered, group = values[order], codes[order]
    share = (1.0 / sizes)[group] if weights is None else _shares(weights, codes)[order]
    at = _steps(ordered)
    mass = float(sizes.size) if weights is None else 1.0
    p = running(share)[at]
    p /= mass
    np.minimum(p, 1.0, out=p)
    p[-1] = 1.0
    whole = np.ones(sizes.size) if weights is None else weights_of(group, share)
    people = None
    if raters is not None:
        rater = _prompts(raters, values.size)[0][order]
        people = Groups.raters(rater, share, mass), Groups.cells(rater, group, share, mass)
    first = chosen[order]
    return FailPath(
        scores=ordered,
        shares=share,
        at=at,
        p=p,
        first=first,
        n_first=int(np.count_nonzero(first)),
        kept=None if weights is None else np.unique(codes[chosen]),
        prompts=Groups(group, share, whole, sizes, mass),
        raters=people,
        weighted=weights is not None,
        clustered=values.size > sizes.size or people is not None,
    )


def _steps(ordered: FloatArray) -> IntArray:
    """Where each distinct finite score first stands, and how many scores there are."""
    fresh = np.ones(ordered.size + 1, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:-1])
    fresh[0] = ordered[0] > -np.inf  # of what failed outright there is no threshold
    return fresh.nonzero()[0]


def _prompts(prompts: Sequence[Hashable] | ArrayLike | None, n: int) -> tuple[IntArray, IntArray]:
    """Number prompts 0, 1, ..., none left out, and count the outputs of each.

    Without labels every output is a prompt of its own.
    """
    if prompts is None:
        return np.arange(n), np.ones(n, dtype=np.int64)
    given = np.asarray(prompts)
    if given.shape == (n,) and given.dtype == np.int64 and given.view(np.uint64).max() < n:
        sizes = np.bincount(given)
        if sizes.all():
            return given, sizes
    codes = np.unique(given, return_inverse=True)[1]
    if codes.shape != (n,):
        raise ValueError(f"prompts must be one list of {n} labels, one for each score.")
    return np.asarray(codes, dtype=np.int64), np.bincount(codes)


def _shares(weights: ArrayLike, codes: IntArray) -> FloatArray:
    """Weight of each value as given, adding up to 1."""
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != codes.shape or not np.all((given > 0.0) & np.isfinite(given)):
        raise ValueError(f"weights must be {codes.size} positive numbers, one for each score.")
    return np.asarray(given / given.sum())


def _first_of_each(codes: IntArray, n_prompts: int) -> BoolArray:
    first = np.empty(n_prompts, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.size - 1, -1, -1)  # the last one written stays
    chosen = np.zeros(codes.size, dtype=bool)
    chosen[first] = True
    return chosen


def _check_first(first: ArrayLike, codes: IntArray, *, some: bool) -> BoolArray:
    chosen = np.asarray(first, dtype=bool)
    if chosen.shape == codes.shape:
        counts = np.bincount(codes, weights=chosen)
        if np.all(counts <= 1 if some else counts == 1):
            return chosen
    many = "at most" if some else "exactly"
    raise ValueError(f"first must be true for {many} one output of each prompt.")
