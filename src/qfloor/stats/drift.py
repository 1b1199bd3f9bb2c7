"""Did it change? Exact tests of a fail rate before and after, and what they could have seen.

Same prompts in both rounds: the pairs that changed sides decide (McNemar). Other prompts: fails
before and after are compared within strata by Fisher's exact test, strata taken together by
convolving their hypergeometric laws. One output a prompt in either case: repeats of a prompt are
not further evidence, so the caller gives the first of each.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special
from scipy import stats as scipy_stats

from qfloor.stats.binomial import check_share, mcnemar_exact
from qfloor.stats.multiplicity import holm

FloatArray = NDArray[np.float64]

POWER = 0.8
"""Chance of being seen that "could have seen a rise of x" is about."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A fail rate before and after, one output a prompt, with both exact p-values.

    ``worse`` and ``better`` count prompts that changed sides (None when prompts differ);
    ``detectable`` is the smallest rise of the fail rate that this many prompts show with 80 %
    at the level asked, None when not even a rise to all fails would be.
    """

    test: str
    n_before: int
    n_after: int
    before: float
    after: float
    worse: int | None
    better: int | None
    p_worse: float
    p_changed: float
    detectable: float | None
    level: float


def paired_change(before: ArrayLike, after: ArrayLike, level: float) -> Change:
    """Compare fails of the same prompts by McNemar's exact test.

    Parameters
    ----------
    before, after : array_like of bool, shape (prompts,)
        Whether the prompt's output failed, in one order.
    level : float
        Two-sided level at which ``detectable`` is worked out, in (0, 1).

    Returns
    -------
    Change

    Raises
    ------
    ValueError
        If the lists differ in length, are empty, or the level is out of range.

    References
    ----------
    McNemar, Psychometrika 12 (1947) 153-157.

    Examples
    --------
    >>> change = paired_change([0] * 90 + [1] * 10, [1] * 12 + [0] * 78 + [1] * 10, 0.05)
    >>> change.worse, change.better, f"{change.p_changed:.5f}", f"{change.detectable:.3f}"
    (12, 0, '0.00049', '0.150')
    """
    first, second = np.asarray(before, dtype=bool), np.asarray(after, dtype=bool)
    if first.ndim != 1 or not first.size or first.shape != second.shape:
        raise ValueError("before and after must be lists of one length, with at least one prompt.")
    check_share("level", level)
    worse, better = int(np.sum(~first & second)), int(np.sum(first & ~second))
    churn = (worse + better) / (2.0 * first.size)
    return Change(
        test="mcnemar",
        n_before=first.size,
        n_after=first.size,
        before=float(first.mean()),
        after=float(second.mean()),
        worse=worse,
        better=better,
        p_worse=mcnemar_exact(worse, better),
        p_changed=mcnemar_exact(worse, better, two_sided=True),
        detectable=detectable_paired(first.size, level, churn, before=float(first.mean())),
        level=level,
    )


def unpaired_change(
    before: Sequence[ArrayLike], after: Sequence[ArrayLike], level: float
) -> Change:
    """Compare fails of different prompts, stratum by stratum, by an exact conditional test.

    Parameters
    ----------
    before, after : sequence of array_like of bool
        For each stratum (category) whether each prompt's output failed; strata that are empty
        on one side say nothing.
    level : float
        Two-sided level at which ``detectable`` is worked out, in (0, 1).

    Returns
    -------
    Change
        With one stratum the p-values are those of Fisher's exact test (two-sided: twice the
        smaller tail).

    Raises
    ------
    ValueError
        If the strata do not correspond, none has both sides, or the level is out of range.

    Notes
    -----
    Given each stratum's total of fails, the fails after follow a hypergeometric law when nothing
    changed; their sum's law is the convolution.

    References
    ----------
    Mehta, Patel and Gray, JASA 80 (1985) 969-973 (exact inference of a common odds ratio).

    Examples
    --------
    >>> change = unpaired_change([[0] * 18 + [1] * 2], [[0] * 8 + [1] * 12], 0.05)
    >>> f"{change.p_worse:.5f}"
    '0.00110'
    """
    check_share("level", level)
    if len(before) != len(after):
        raise ValueError("before and after must have the same strata.")
    pairs = [
        (np.asarray(b, dtype=bool), np.asarray(a, dtype=bool))
        for b, a in zip(before, after, strict=True)
        if np.size(b) and np.size(a)
    ]
    if not pairs:
        raise ValueError("no stratum has prompts both before and after.")
    law, least, seen = np.ones(1), 0, 0
    for b, a in pairs:
        fails = int(b.sum() + a.sum())
        low, high = max(0, fails - b.size), min(fails, a.size)
        k = np.arange(low, high + 1)
        law = np.convolve(law, scipy_stats.hypergeom.pmf(k, b.size + a.size, fails, a.size))
        least, seen = least + low, seen + int(a.sum())
    upper = min(1.0, float(law[seen - least :].sum()))
    lower = min(1.0, float(law[: seen - least + 1].sum()))
    all_before = np.concatenate([b for b, _ in pairs])
    all_after = np.concatenate([a for _, a in pairs])
    return Change(
        test="fisher",
        n_before=all_before.size,
        n_after=all_after.size,
        before=float(all_before.mean()),
        after=float(all_after.mean()),
        worse=None,
        better=None,
        p_worse=upper,
        p_changed=min(1.0, 2.0 * min(upper, lower)),
        detectable=detectable_unpaired(
            all_before.size, all_after.size, level, float(all_before.mean())
        ),
        level=level,
    )


def shape_change(before: ArrayLike, after: ArrayLike) -> float | None:
    """Two-sample Kolmogorov-Smirnov p-value of scores, one a prompt; outright fails lie lowest.

    Parameters
    ----------
    before, after : array_like, shape (prompts,)
        Scores; ``-inf`` for an output that failed outright.

    Returns
    -------
    float or None
        None when a side is empty. With ties the test is conservative.

    Raises
    ------
    ValueError
        If a score is NaN or ``+inf``.

    Examples
    --------
    >>> print(f"{shape_change([1, 2, 3, 4], [3, 4, 5, 6]):.6f}")
    0.771429
    """
    x, y = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    both = np.concatenate([x, y])
    if np.any(np.isnan(both)) or np.any(both == math.inf):
        raise ValueError("scores must be finite, or -inf for what failed outright.")
    if not x.size or not y.size:
        return None
    lowest = float(both[np.isfinite(both)].min(initial=0.0)) - 1.0
    x, y = (np.where(np.isfinite(side), side, lowest) for side in (x, y))
    return float(
        scipy_stats.ks_2samp(x, y, method="exact" if both.size <= 2000 else "asymp").pvalue
    )


def gatekeep(
    pooled: Mapping[str, float], parts: Mapping[str, Sequence[float]], n_trees: int
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Adjust p-values of offers first, and of an offer's categories only behind it.

    Parameters
    ----------
    pooled : mapping of str to float
        p-value of each tree (offer) as a whole: valid when nothing in it changed.
    parts : mapping of str to sequence of float
        p-values of the parts of each tree.
    n_trees : int
        Trees planned, at least as many as there are.

    Returns
    -------
    pooled, parts : dict
        Adjusted p-values; a part's is never below its tree's.

    Notes
    -----
    Holm over the trees, then Holm over the parts of each; a part speaks only behind its tree.
    So the chance that any unchanged offer is called changed is at most alpha, whatever the
    dependence, and no part of it is named either; and within each offer that did change, the
    chance that an unchanged category is named is at most alpha. What is not promised is one
    alpha for all categories of all changed offers together: that costs as much as correcting
    for every cell, and no drift would be seen (`results/drift_power.md`).

    References
    ----------
    Meinshausen, Biometrika 95 (2008) 265-278 (hierarchical testing); Benjamini and Bogomolov,
    JRSS B 76 (2014) 297-318 (errors within selected families).

    Examples
    --------
    >>> gatekeep({"a": 0.001, "b": 0.4}, {"a": [0.002, 0.3], "b": [0.0001, 0.9]}, 2)
    ({'a': 0.002, 'b': 0.4}, {'a': [0.004, 0.3], 'b': [0.4, 0.9]})
    """
    if n_trees < max(1, len(pooled)):
        raise ValueError(f"n_trees must be at least the {len(pooled)} trees given, got {n_trees}.")
    planned = [*pooled.values(), *[1.0] * (n_trees - len(pooled))]
    whole = dict(zip(pooled, holm(planned).tolist(), strict=False))
    inner = {
        name: [max(whole[name], p) for p in (holm(list(ps)).tolist() if len(ps) else [])]
        for name, ps in parts.items()
    }
    return whole, inner


def detectable_paired(
    n: int, level: float, churn: float = 0.05, power: float = POWER, before: float = 0.0
) -> float | None:
    """Smallest rise of the fail rate that McNemar's two-sided test shows with ``power``.

    Parameters
    ----------
    n : int
        Prompts.
    level : float
        Two-sided level, in (0, 1).
    churn : float
        Share of prompts that change sides each way when nothing changed, in [0, 0.5].
    power : float
        In (0, 1).
    before : float
        Fail rate before, in [0, 1]: no rise goes further than to all fails.

    Returns
    -------
    float or None
        In (0, 1 - before]; None when none could be shown.

    Examples
    --------
    >>> print(f"{detectable_paired(120, 0.05):.3f} {detectable_paired(120, 0.05 / 280):.3f}")
    0.125 0.237
    >>> detectable_paired(120, 0.05, before=0.9) is None
    True
    """
    total = np.arange(n + 1)
    limit = _fewest_sides(n, level)

    def shown(rise: float) -> float:
        changed = min(1.0, 2.0 * churn + rise)
        share = min(1.0, (churn + rise) / changed)
        weight = scipy_stats.binom.pmf(total, n, changed)
        # P(at most `limit` of the changed prompts got better); -1 where nothing rejects.
        seen = special.bdtr(np.maximum(limit, 0), np.maximum(total, 1), 1.0 - share)
        return float(np.sum(weight * np.where(limit < 0, 0.0, seen)))

    return _smallest(shown, max(1e-9, min(1.0 - 2.0 * churn, 1.0 - before)), power)


def detectable_unpaired(
    n_before: int, n_after: int, level: float, before: float, power: float = POWER
) -> float | None:
    """Smallest rise of the fail rate that a two-sided comparison shows with ``power``.

    By the arcsine approximation, slightly optimistic for the exact test.

    Parameters
    ----------
    n_before, n_after : int
        Prompts.
    level : float
        Two-sided level, in (0, 1).
    before : float
        Fail rate before, in [0, 1].
    power : float
        In (0, 1).

    Returns
    -------
    float or None
        In (0, 1]; None when none could be shown.

    Examples
    --------
    >>> print(f"{detectable_unpaired(120, 120, 0.05, 0.15):.3f}")
    0.149
    """
    scale = math.sqrt(1.0 / n_before + 1.0 / n_after)
    needed = (special.ndtri(1.0 - level / 2.0) + special.ndtri(power)) * scale / 2.0
    start = math.asin(math.sqrt(before))
    end = start + float(needed)
    return None if end > math.pi / 2.0 else math.sin(end) ** 2 - before


@functools.lru_cache(maxsize=256)
def _fewest_sides(n: int, level: float) -> NDArray[np.int64]:
    """For 0 to ``n`` changed prompts the most on the rarer side that still reject; -1 if none."""
    limit = np.full(n + 1, -1, dtype=np.int64)
    now = -1
    for i, size in enumerate(range(n + 1)):
        # The limit rises by at most one a prompt, so one look ahead is enough.
        if size and 2.0 * float(special.bdtr(now + 1, size, 0.5)) <= level:
            now += 1
        limit[i] = now
    return limit


def _smallest(shown: Callable[[float], float], most: float, power: float) -> float | None:
    if shown(most) < power:
        return None
    low, high = 0.0, most
    while high - low > 1e-4:
        middle = (low + high) / 2.0
        low, high = (low, middle) if shown(middle) >= power else (middle, high)
    return high
