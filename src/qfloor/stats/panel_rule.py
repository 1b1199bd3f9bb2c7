"""Whether floors certify cells of one balanced design: many cells asked at once.

A simulation asks the same question of thousands of cells that differ in their fails alone. What
does not differ (the rule, the price of few raters, who rated what) is found once, from a path; the
rest is arithmetic on whole arrays. It is `thresholds.path_certified_to` of the fails, cell by
cell, some fifty times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qfloor.stats.binomial import at_most, max_fails
from qfloor.stats.clusters import effective_sizes
from qfloor.stats.every_repeat_many import clear
from qfloor.stats.fail_groups import two_way_variance
from qfloor.stats.fail_path import FailPath, build_path
from qfloor.stats.fail_rules import planned_rule, rule_of
from qfloor.stats.fail_scan import tail_of
from qfloor.stats.rater_parts import CrossedRatings, effective_raters, with_raters
from qfloor.stats.two_way import FEW_RATERS, severity_ratio

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

_ROUNDING = 1e-15
"""A variance below this is rounding: the least real one of a million ratings is 1e-12."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PanelRule:
    """The rule of floors on ``prompts`` of ``each`` ratings, whose raters take turns.

    Under `FEW_RATERS` raters floors speak of their panel alone, and raters do not count.

    Examples
    --------
    >>> rule = PanelRule(prompts=60, each=1, raters=60, alpha=0.05, max_fail=0.25)
    >>> fails = np.zeros((3, 60), dtype=bool)
    >>> fails[1, :6], fails[2, :12] = True, True
    >>> rule.certified(fails).tolist()
    [True, True, False]
    """

    prompts: int
    each: int
    raters: int
    alpha: float
    max_fail: float

    def certified(self, fails: BoolArray) -> BoolArray:
        """Whether each cell is certified; ``fails`` has a row a cell, prompt by prompt."""
        found = np.zeros(len(fails), dtype=bool)
        if self._clean:  # bounds are made monotone: what no fail does not clear, nothing does
            hopeful = np.flatnonzero(fails.mean(axis=1) < self.max_fail)
            found[hopeful] = self._cleared(fails[hopeful])
        return found

    @cached_property
    def rater(self) -> Codes:
        """Who gave each rating."""
        return np.arange(self.prompts * self.each) % self.raters

    @cached_property
    def _prompt(self) -> Codes:
        return np.repeat(np.arange(self.prompts), self.each)

    @cached_property
    def _crossed(self) -> CrossedRatings | None:
        """Raters where they are drawn from a population; None where they are but a panel."""
        n, rater = self._prompt.size, self.rater
        if round(effective_raters(np.bincount(rater))) < FEW_RATERS:
            return None
        return CrossedRatings.of(np.full(n, 1.0 / n), self._prompt, rater)

    @cached_property
    def _path(self) -> FailPath:
        """A cell of this design without a fail, which knows all that fails do not change."""
        raters = None if self._crossed is None else self.rater
        return build_path(np.ones(self._prompt.size), self._prompt, raters=raters)

    @cached_property
    def _parts(self) -> frozenset[str]:
        """Bounds that must all hold."""
        return frozenset(rule_of(self._path, self.alpha, planned_rule(self._path, self.alpha))[1])

    @cached_property
    def _clean(self) -> bool:
        return bool(self._cleared(np.zeros((1, self._prompt.size), dtype=bool))[0])

    def _cleared(self, fails: BoolArray) -> BoolArray:
        """Whether all bounds of each cell's fails, as they are, lie at ``max_fail`` or below."""
        failed = fails.reshape(len(fails), self.prompts, self.each)
        by_prompt = failed.sum(axis=2)
        found = np.ones(len(fails), dtype=bool)
        if "one_repeat" in self._parts:
            most = max_fails(self.prompts, self.alpha, self.max_fail)
            found &= failed[:, :, 0].sum(axis=1) <= (-1 if most is None else most)
        if "korn_graubard" in self._parts:
            found &= self._korn_graubard(fails, by_prompt)
        if "every_repeat" in self._parts:
            found[found] = self._every_repeat(by_prompt[found])
        return found

    def _korn_graubard(self, fails: BoolArray, by_prompt: NDArray[np.int64]) -> BoolArray:
        if not at_most((1.0 - self.max_fail) ** self.prompts, self.alpha):
            return np.zeros(len(fails), dtype=bool)
        p = by_prompt.sum(axis=1) / fails.shape[1]
        variance = self._variance(fails, by_prompt, p)
        n_star = effective_sizes(p, variance, *self._path.worths(self.alpha))
        k = p * n_star
        inside = k < n_star * self.max_fail
        room = np.where(inside, n_star - k, 1.0)
        return np.asarray(inside & (tail_of(k, room, self.max_fail) <= self.alpha))

    def _variance(
        self, fails: BoolArray, by_prompt: NDArray[np.int64], p: FloatArray
    ) -> FloatArray:
        """Variance over prompts, and what raters add to it, were the fail rate ``max_fail``."""
        prompts = float(self.prompts)
        off = by_prompt / self.each - p[:, None]
        own = _squares(off) / (prompts * max(1.0, prompts - 1.0))
        own[own < _ROUNDING] = 0.0
        if self._crossed is None:
            return own
        people = self._spread(fails, p, self._crossed.rater, self._crossed.rater_price)
        both = self._spread(fails, p, self._crossed.cell, self._crossed.cell_price)
        more = two_way_variance(own, people, both) - own
        return with_raters(own, more * severity_ratio(p, self.max_fail), p, fails.shape[1])

    def _spread(
        self, fails: BoolArray, p: FloatArray, codes: Codes, price: FloatArray
    ) -> FloatArray:
        """What the squares of raters' (or cells') summed residuals come to, by their prices."""
        sizes = np.bincount(codes)
        order = codes.argsort(kind="stable")
        counts = fails[:, order].astype(np.float64)
        if sizes.max() > 1:
            counts = np.add.reduceat(counts, sizes.cumsum() - sizes, axis=1)
        off = counts - p[:, None] * sizes
        return np.asarray(off**2 @ price / fails.shape[1] ** 2)

    def _every_repeat(self, by_prompt: NDArray[np.int64]) -> BoolArray:
        """The exact bound of every repeat, of prompts by their fail share."""
        shares = np.arange(self.each + 1) / self.each
        counts = np.stack(
            [(by_prompt == fails).sum(axis=1) for fails in range(self.each + 1)], axis=1
        ).astype(np.float64)
        counts[:, -1] += 1.0  # the prompt that was not seen and always fails
        levels = np.ones(len(counts))
        return clear(shares, counts, self.max_fail * levels, self.alpha * levels)


def _squares(off: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->i", off, off))
