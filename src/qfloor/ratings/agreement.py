"""How far raters agree, by criterion and category, and how severe each of them is.

Controls are left out. People and simulated raters are never put together. Krippendorff's alpha
and severity use only items that two or more rated; a number that nothing supports is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.ratings.judgment import ANONYMOUS, TEST
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
    alpha : float or None
        Krippendorff's alpha, interval; at most 1, 0 is chance.
    icc2k, n_complete : float or None, int
        Reliability of the mean of all raters, ICC(2,k), over the items that every rater rated.
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
            "shared_items": self.n_shared,
            "icc2k": self.icc2k,
            "complete_items": self.n_complete,
            "means": dict(self.means) if len(self.means) <= 6 else None,
            "severity": dict(ordered if len(ordered) <= 6 else (*ordered[:3], *ordered[-3:])),
        }


def agreement_table(store: Store, *, round: str | None = None) -> list[dict[str, Any]]:
    """Give `agreement_of` as rows of a table."""
    return [found.to_row() for found in agreement_of(store, round=round)]


def agreement_of(store: Store, *, round: str | None = None) -> list[Agreement]:
    """Measure agreement for every criterion, scale and category, of people and of simulations.

    Parameters
    ----------
    store : Store
    round : str, optional
        Only outputs of this round.

    Returns
    -------
    list of Agreement
        By criterion, scale, category; empty without ratings.
    """
    frame = store.ratings(round=round)
    frame = frame[frame["control"] == TEST]
    by = np.where(frame["source"].str.startswith(SIMULATED), SIMULATED, "people")
    frame = frame.assign(by=by)
    keys = ["criterion", "lo", "hi", "category", "by"]
    return [_agreement(key, part) for key, part in frame.groupby(keys, sort=True)]


def _agreement(key: Any, part: pd.DataFrame) -> Agreement:
    criterion, lo, hi, category, by = key
    values = part["value"].to_numpy(dtype=np.float64)
    items = part["output_id"].to_numpy(dtype=object)
    raters = part["rater"].to_numpy(dtype=object)
    item_ids, item = np.unique(items, return_inverse=True)
    named = np.array([rater != ANONYMOUS for rater in raters], dtype=bool)
    per_item = np.bincount(item)
    icc2k, n_complete = _complete(values[named], item[named], raters[named])
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
        alpha=stats.krippendorff_alpha(_by_slot(values, item)),
        icc2k=icc2k,
        n_complete=n_complete,
        means=dict(_rater_means(values[named], raters[named])),
        severity=dict(_severities(values, item, raters)),
    )


def _by_slot(values: NDArray[np.float64], item: NDArray[np.intp]) -> NDArray[np.float64]:
    """Lay ratings out as first, second, ... of each item: alpha does not ask who gave which.

    So a crowd of thousands of raters takes no more room than its ratings.
    """
    order = np.argsort(item, kind="stable")
    counts = np.bincount(item)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    slot = np.arange(item.size) - starts
    matrix = np.full((int(counts.max()), counts.size), np.nan)
    matrix[slot, item[order]] = values[order]
    return matrix


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
