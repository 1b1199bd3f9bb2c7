"""From which quality on do people call outputs fit for production? With a bound, or not at all.

Each rating that also says "usable" or not is one observation. Candidate thresholds go from strict
to lax; each is judged by the outputs that just clear it, and the last is taken at which the bound
still holds: learn-then-test by a fixed sequence, so that one level covers all candidates. Which
candidates and stretches there are follows from the values alone, never from the flags.

Judged by *all* outputs above it, a threshold would sink as long as enough excellent outputs make
up for useless ones at it: it would say more of who was rated than of what people can use.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.calibrate.sequence import fixed_sequence, rank_grid
from qfloor.counting import several
from qfloor.records import digest_of

WINDOW = 0.5
"""Share of the prompts that the outputs just above a candidate must come from."""


@dataclass(frozen=True, kw_only=True)
class Flagged:
    """One rating: its value, and whether the same rater called the output usable."""

    output_id: str
    offer_id: str
    family: str
    rater: str
    value: float
    usable: bool


@dataclass(frozen=True, kw_only=True)
class UsableThreshold:
    """The smallest value found, or the reason for none.

    ``share`` is the share of usable among ratings from ``threshold`` to ``window_hi``, prompts
    weighing the same, ``lower`` its one-sided lower bound at ``1 - level``; ``worst_offer`` the
    offer with the least share at or above the threshold. ``bound`` names what decided;
    ``on_panel`` says that it holds for these raters only.
    """

    threshold: float | None
    window_hi: float | None
    share: float | None
    lower: float | None
    bound: str
    grid: tuple[float, ...]
    n_prompts: int
    n_raters: int
    on_panel: bool
    worst_offer: str
    worst_share: float | None
    reason: str


def learn_usable(ratings: Sequence[Flagged], usable: float, level: float) -> UsableThreshold:
    """Smallest value from which on at least a share ``usable`` is fit for production.

    Parameters
    ----------
    ratings : sequence of Flagged
        Of prompts that do not certify, all offers together.
    usable : float
        Wanted share, strictly between 0 and 1.
    level : float
        Probability that it is less somewhere from the value found on, in (0, 0.5).

    Returns
    -------
    UsableThreshold

    Raises
    ------
    ValueError
        When ``usable`` or ``level`` is out of range.

    Notes
    -----
    A candidate's stretch reaches from it upwards until it holds outputs of `WINDOW` of the
    prompts, or of fewer if those are ample (a share of unusable a quarter as large as tolerated
    would pass 9 times in 10), and at least to the candidate before. The first one tried, the
    highest that leaves so many, is judged by everything above it. What is bounded is the usable
    share of a random prompt, one of its outputs in the stretch, and a random rater. Repeats,
    offers and ratings of a prompt are one cluster; with `stats.FEW_RATERS` raters or more (as
    many as they would be with equal shares) raters enter the variance too. With probability
    ``1 - level`` *all* stretches that passed hold, so what is usable enough is not only the
    average above the value.

    References
    ----------
    Angelopoulos, Bates, Candes, Jordan and Lei, "Learn then Test", arXiv 2110.01052.
    """
    if not 0.0 < usable < 1.0 or not 0.0 < level < 0.5:
        raise ValueError(f"usable {usable!r} must lie in (0, 1) and level {level!r} in (0, 0.5).")
    sample = _Sample.of(_in_an_order_of_their_own(ratings))
    miss = 1.0 - usable
    least = stats.min_prompts(level, miss)
    if sample.n_prompts < least:
        return _nothing(sample, f"{several(sample.n_prompts, 'prompt')} with ratings that "
                                "say whether an "
                        f"output is usable, at least {least} needed")  # fmt: skip
    grid = rank_grid(sample.values)
    stretches = _stretches(sample, grid, _width(sample.n_prompts, level, miss))

    def passes(candidate: float) -> bool | None:
        if candidate not in stretches:
            return None
        return sample.unusable(candidate, stretches[candidate], level).upper <= miss

    found = fixed_sequence(grid, passes)
    if found is None:
        first = max(stretches)
        shown = 1.0 - sample.unusable(first, stretches[first], level).upper
        return _nothing(sample, f"even of outputs from {first:g} on it cannot be shown that "
                        f"{usable:.0%} are usable: the lower bound at level {level:g} is "
                        f"{shown:.1%}", grid)  # fmt: skip
    bounds = sample.unusable(found, stretches[found], level)
    worst_offer, worst_share = sample.worst(found)
    return UsableThreshold(
        threshold=found,
        window_hi=stretches[found],
        share=1.0 - bounds.fail_rate,
        lower=1.0 - bounds.upper,
        bound="two_way" if sample.two_way else bounds.bound,
        grid=tuple(map(float, grid)),
        n_prompts=sample.n_prompts,
        n_raters=sample.n_raters,
        on_panel=not sample.two_way,
        worst_offer=worst_offer,
        worst_share=worst_share,
        reason="",
    )


def _width(n_prompts: int, level: float, miss: float) -> int:
    """Prompts in a stretch; see `learn_usable`."""
    most = math.ceil(WINDOW * n_prompts)
    ample = stats.prompts_needed(miss / 4.0, level, miss, power=0.9)
    return max(stats.min_prompts(level, miss), most if ample is None else min(most, ample))


def _stretches(sample: _Sample, grid: NDArray[np.float64], n_prompts: int) -> dict[float, float]:
    """Up to which value each candidate is judged; without those that too few prompts reach."""
    found: dict[float, float] = {}
    before = math.inf
    for candidate in map(float, grid[::-1]):
        reaches = sample.reaches(candidate, n_prompts)
        if reaches is not None:
            found[candidate] = min(max(reaches, before), float(sample.values.max()))
            before = candidate
    return found


@dataclass(frozen=True)
class _Sample:
    """Ratings as arrays, in an order drawn by hash: the exact bound takes each prompt's first."""

    values: NDArray[np.float64]
    usable: NDArray[np.float64]
    families: NDArray[np.intp]
    raters: NDArray[np.intp]
    offers: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Flagged]) -> _Sample:
        return cls(
            values=np.array([r.value for r in rows], dtype=np.float64),
            usable=np.array([r.usable for r in rows], dtype=np.float64),
            families=_codes([r.family for r in rows]),
            raters=_codes([r.rater for r in rows]),
            offers=tuple(r.offer_id for r in rows),
        )

    @property
    def n_prompts(self) -> int:
        return np.unique(self.families).size

    @property
    def n_raters(self) -> int:
        return np.unique(self.raters).size

    @property
    def two_way(self) -> bool:
        """Whether raters are drawn from a population: enough of them, with fair shares (Kish)."""
        return round(stats.effective_raters(np.bincount(self.raters))) >= stats.FEW_RATERS

    def reaches(self, value: float, n_prompts: int) -> float | None:
        """Smallest value up to which so many prompts have an output; None where none does."""
        above = self.values >= value
        lowest = np.full(int(self.families.max()) + 1, np.inf)
        np.minimum.at(lowest, self.families[above], self.values[above])
        reached = np.sort(lowest)[n_prompts - 1] if n_prompts <= lowest.size else np.inf
        return float(reached) if np.isfinite(reached) else None

    def unusable(self, value: float, end: float, level: float) -> stats.FailRateBounds:
        """Bounds of the share of unusable from a value to an end."""
        chosen = (self.values >= value) & (self.values <= end)
        return stats.fail_rate_bounds(
            self.usable[chosen],
            0.5,
            self.families[chosen],
            alpha=level,
            raters=self.raters[chosen] if self.two_way else None,
        )

    def worst(self, value: float) -> tuple[str, float]:
        """The offer whose ratings at or above a value say usable least often."""
        of: dict[str, list[float]] = {}
        for i in np.flatnonzero(self.values >= value):
            of.setdefault(self.offers[i], []).append(float(self.usable[i]))
        share, offer = min((sum(flags) / len(flags), offer) for offer, flags in of.items())
        return offer, share


def _codes(labels: Sequence[str]) -> NDArray[np.intp]:
    return np.asarray(np.unique(np.array(labels, dtype=str), return_inverse=True)[1], dtype=np.intp)


def _nothing(
    sample: _Sample, reason: str, grid: NDArray[np.float64] | None = None
) -> UsableThreshold:
    return UsableThreshold(
        threshold=None,
        window_hi=None,
        share=None,
        lower=None,
        bound="",
        grid=() if grid is None else tuple(map(float, grid)),
        n_prompts=sample.n_prompts,
        n_raters=sample.n_raters,
        on_panel=not sample.two_way,
        worst_offer="",
        worst_share=None,
        reason=reason,
    )


def _in_an_order_of_their_own(ratings: Sequence[Flagged]) -> list[Flagged]:
    """By what raters said and not by their names, which are salted anew in every workspace."""
    said: dict[str, list[tuple[str, float, bool]]] = {}
    for r in ratings:
        said.setdefault(r.rater, []).append((r.output_id, r.value, r.usable))
    told = {rater: digest_of(sorted(rows)) for rater, rows in said.items()}
    return sorted(ratings, key=lambda r: (digest_of([r.output_id, told[r.rater]]), r.rater))
