"""How far raters agree, by criterion and category, and how severe each of them is.

Controls are left out. People and simulated raters are never put together. Krippendorff's alpha
and severity use only items that two or more rated; a number that nothing supports is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.ratings.judgment import ANONYMOUS, TEST
from qfloor.records import COMPARED_SUFFIX, CONTROLS_SUFFIX, home_round
from qfloor.store import Store

if TYPE_CHECKING:
    import pandas as pd

SIMULATED = "simulated"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement of the raters of one criterion in one category.

    Attributes
    ----------
    criterion, lo, hi, category : str, float, float, str
        What was rated, on which scale, where.
    by : str
        ``people``, or ``simulated`` raters.
    n_ratings, n_items, n_raters, n_anonymous : int
        Ratings in all, items, raters with a name, and ratings without one.
    n_shared : int
        Items that two or more ratings speak of: what alpha rests on.
    alpha, alpha_lo, alpha_hi : float or None
        Krippendorff's alpha, interval; at most 1, 0 is chance. The ends are those of its 95 %
        interval over resampled prompts.
    alpha_ordinal : float or None
        The same for ranks: what to read for scales of few steps.
    icc1, per_item : float or None
        Reliability of a single rating when every item has raters of its own, and ratings an item
        that the others rest on; for crossed panels ICC(2,k) is the one that applies.
    icc2k, n_complete : float or None, int
        Reliability of the mean of all raters, ICC(2,k), over the items that every rater rated.
    resolution : float or None
        How far apart the means of two items must lie for this panel to tell them apart (95 %).
    means : mapping
        Each named rater's mean.
    severity : mapping
        Each named rater's mean offset from the mean of the items rated, over shared items;
        below nought is severe.
    """

    criterion: str
    lo: float
    hi: float
    category: str
    by: str
    n_ratings: int
    n_items: int
    n_raters: int
    n_anonymous: int
    n_shared: int
    alpha: float | None
    alpha_lo: float | None
    alpha_hi: float | None
    alpha_ordinal: float | None
    icc1: float | None
    per_item: float
    resolution: float | None
    icc2k: float | None
    n_complete: int
    means: Mapping[str, float]
    severity: Mapping[str, float]

    def to_row(self) -> dict[str, Any]:
        """Give it as a row of a table; severity shows the two ends of a large panel."""
        ordered = sorted(self.severity.items(), key=lambda pair: (pair[1], pair[0]))
        return {
            "criterion": self.criterion,
            "scale": f"{self.lo:g}-{self.hi:g}",
            "category": self.category,
            "by": self.by,
            "ratings": self.n_ratings,
            "items": self.n_items,
            "raters": self.n_raters,
            "anonymous": self.n_anonymous,
            "alpha": self.alpha,
            "alpha_95": None if self.alpha_lo is None else [self.alpha_lo, self.alpha_hi],
            "alpha_ordinal": self.alpha_ordinal,
            "shared_items": self.n_shared,
            "icc1": self.icc1,
            "resolution": self.resolution,
            "icc2k": self.icc2k,
            "complete_items": self.n_complete,
            "means": dict(self.means) if len(self.means) <= 6 else None,
            "severity": dict(ordered if len(ordered) <= 6 else (*ordered[:3], *ordered[-3:])),
        }


def agreement_table(store: Store, *, round: str | None = None) -> list[dict[str, Any]]:
    """Measure how far raters agree: a row for every criterion, scale and category."""
    return [found.to_row() for found in agreement_of(store, round=round)]


def agreement_of(store: Store, *, round: str | None = None, seed: int = 0) -> list[Agreement]:
    """Measure agreement for every criterion, scale and category, of people and of simulations.

    Parameters
    ----------
    store : Store
    round : str, optional
        Only outputs of this round.
    seed : int
        Of the resampling behind alpha's interval.

    Returns
    -------
    list of Agreement
        By criterion, scale, category; empty without ratings.
    """
    frame = told_apart(store, round)
    frame = frame[frame["control"] == TEST]
    keys = ["criterion", "lo", "hi", "category", "by"]
    return [
        _agreement(key, part, np.random.default_rng(seed))
        for key, part in frame.groupby(keys, sort=True)
    ]


def pooled_rounds(store: Store) -> list[str]:
    """Rounds whose ratings of one criterion, on one scale, count together without ``round``."""
    by_question: dict[tuple[str, float, float], set[str]] = {}
    for criterion, round, _, lo, hi in store.scales_of():
        by_question.setdefault((criterion, lo, hi), set()).add(home_round(round))
    return sorted(set().union(*(found for found in by_question.values() if len(found) > 1)))


def told_apart(store: Store, round: str | None = None) -> pd.DataFrame:
    """Ratings of a round and of its controls, with ``by``: ``people`` or ``simulated``."""
    frame = store.ratings()
    if round is not None:
        frame = frame[
            frame["round"].isin([round, round + COMPARED_SUFFIX, round + CONTROLS_SUFFIX])
        ]
    by = np.where(frame["source"].str.startswith(SIMULATED), SIMULATED, "people")
    return frame.assign(by=by)


def _agreement(key: Any, part: pd.DataFrame, rng: np.random.Generator) -> Agreement:
    criterion, lo, hi, category, by = key
    values = part["value"].to_numpy(dtype=np.float64)
    items = part["output_id"].to_numpy(dtype=object)
    raters = part["rater"].to_numpy(dtype=object)
    item_ids, item = np.unique(items, return_inverse=True)
    named = np.array([rater != ANONYMOUS for rater in raters], dtype=bool)
    per_item = np.bincount(item)
    icc2k, n_complete = _complete(values[named], item[named], raters[named])
    prompts = part["prompt_id"].to_numpy(dtype=object)
    alpha = stats.krippendorff_alpha_interval(values, item, prompts, rng)
    return Agreement(
        criterion=str(criterion),
        lo=float(lo),
        hi=float(hi),
        category=str(category),
        by=str(by),
        n_ratings=int(values.size),
        n_items=int(item_ids.size),
        n_raters=len(set(raters[named])),
        n_anonymous=int(np.sum(~named)),
        n_shared=int(np.sum(per_item >= 2)),
        alpha=None if alpha is None else alpha.value,
        alpha_lo=None if alpha is None else alpha.low,
        alpha_hi=None if alpha is None else alpha.high,
        alpha_ordinal=stats.krippendorff_alpha(stats.by_slot(values, item), "ordinal"),
        icc1=stats.icc_oneway(values, item),
        per_item=float(values.size / item_ids.size),
        resolution=_resolution(values, item),
        icc2k=icc2k,
        n_complete=n_complete,
        means=dict(_rater_means(values[named], raters[named])),
        severity=dict(_severities(values, item, raters)),
    )


def _resolution(values: NDArray[np.float64], item: NDArray[np.intp]) -> float | None:
    """1.96 standard errors of a difference of two items' means, from the spread within items."""
    counts = np.bincount(item)
    spare = values.size - counts.size
    if spare < 1:
        return None
    means = np.bincount(item, weights=values) / counts
    within = float(np.sum((values - means[item]) ** 2)) / spare
    return 1.96 * math.sqrt(2.0 * within * float(np.mean(1.0 / counts)))


def _complete(
    values: NDArray[np.float64], item: NDArray[np.intp], raters: NDArray[np.object_]
) -> tuple[float | None, int]:
    """ICC(2,k) over the items that every rater rated once, and how many those are."""
    if values.size == 0:
        return None, 0
    names, rater = np.unique(raters, return_inverse=True)
    pairs = item.astype(np.int64) * names.size + rater
    _, at, times = np.unique(pairs, return_index=True, return_counts=True)
    once = at[times == 1]
    full = np.flatnonzero(np.bincount(item[once]) == names.size)
    if full.size < 2 or names.size < 2:
        return None, int(full.size)
    kept = once[np.isin(item[once], full)]
    order = kept[np.lexsort((rater[kept], item[kept]))]
    found = stats.intraclass_correlations(values[order].reshape(full.size, names.size))
    return (None if found is None else found.icc2k), int(full.size)


def _rater_means(
    values: NDArray[np.float64], raters: NDArray[np.object_]
) -> Iterator[tuple[str, float]]:
    if values.size == 0:
        return
    names, rater = np.unique(raters, return_inverse=True)
    means = np.bincount(rater, weights=values) / np.bincount(rater)
    yield from ((str(n), float(m)) for n, m in zip(names, means, strict=True))


def _severities(
    values: NDArray[np.float64], item: NDArray[np.intp], raters: NDArray[np.object_]
) -> Iterator[tuple[str, float]]:
    counts = np.bincount(item)
    offset = values - (np.bincount(item, weights=values) / counts)[item]
    shared = (counts[item] >= 2) & (raters != ANONYMOUS)
    yield from _rater_means(offset[shared], raters[shared])
