"""The exact bound of every repeat for many cells at once; `every_repeat` says what it is.

Cells are rows: how many prompts of each have which fail share, of shares that all have in common,
the prompt that always fails added. Every step of a search is taken by all rows together, so what
numpy asks for a call is paid once a step and not once a cell. Each row comes out as it would
alone, to the rounding of sums.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor.stats.binomial import TIE
from qfloor.stats.every_repeat import FEW, GONE, LEAST, ROUGH, UP, WEIGHT

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def tails(values: FloatArray, counts: FloatArray, rates: FloatArray | float) -> FloatArray:
    """Return P(randomly weighted mean of each row > its rate), `every_repeat.tail`.

    Parameters
    ----------
    values : ndarray, shape (values,)
        Rising fail shares; the last 1.
    counts : ndarray, shape (rows, values)
        Prompts with each share, the one that always fails added; 0 where there are none.
    rates : float or ndarray, shape (rows,)
        Fail rates in (0, 1).

    Returns
    -------
    ndarray, shape (rows,)
    """
    rates = np.broadcast_to(np.asarray(rates, dtype=np.float64), counts.shape[:1])
    off = values - rates[:, None]
    found = np.ones(rates.size)
    below = np.where(off < 0.0, counts, 0.0).any(axis=1)
    agree = below & _agreed(values, counts)
    n, fails = counts[agree].sum(axis=1) - 1.0, counts[agree, -1] - 1.0
    found[agree] = special.bdtr(fails, n.astype(np.int64), rates[agree])
    some = below & ~agree
    if some.any():
        found[some] = _tails_and_slopes(off[some], counts[some])[0]
    return found


def _agreed(values: FloatArray, counts: FloatArray) -> BoolArray:
    """Rows whose prompts fail whole or not at all: there it is the binomial's bound."""
    inner = counts[:, :-1].sum(axis=1)
    whole: BoolArray = (inner > 0.0) & (inner == counts[:, 0])
    return whole if values[0] == 0.0 else np.zeros_like(whole)


def clear(
    values: FloatArray, counts: FloatArray, rates: FloatArray, alphas: FloatArray
) -> BoolArray:
    """Say of each row whether its `tails` is at most its alpha, most often without computing it."""
    found = np.zeros(rates.size, dtype=bool)
    off = values - rates[:, None]
    open_ = np.flatnonzero(np.where(off < 0.0, counts, 0.0).any(axis=1))
    miss = _rough(off[open_], counts[open_])[0] - np.log(alphas[open_])
    sure = np.abs(miss) > ROUGH  # false for nan: there the tail is large
    found[open_[sure]] = miss[sure] < 0.0
    unsure = open_[~sure]
    if unsure.size:
        exact = tails(values, counts[unsure], rates[unsure])
        found[unsure] = exact <= alphas[unsure] * (1.0 + TIE)
    return found


def upper_bounds(values: FloatArray, counts: FloatArray, alphas: FloatArray) -> FloatArray:
    """Return for each row the fail rate at which `tails` is its alpha; 1 where all failed."""
    found = np.ones(alphas.size)
    agree = _agreed(values, counts)
    found[agree] = special.betainccinv(counts[agree, -1], counts[agree, 0], alphas[agree])
    rest = (counts[:, :-1].any(axis=1) & ~agree).nonzero()[0]
    if rest.size:
        found[rest] = _searched(values, counts[rest], np.log(alphas[rest]))
    return found


def _searched(values: FloatArray, counts: FloatArray, aim: FloatArray) -> FloatArray:
    """Newton's steps, then secants, on the logarithm of the tail; brackets are halved if left."""
    low, high = values[(counts > 0.0).argmax(axis=1)], np.ones(aim.size)
    at = _start(values, counts, aim, low)
    before, missed = np.full(aim.size, np.nan), np.full(aim.size, np.nan)
    rows = np.arange(aim.size)
    for _ in range(200):
        inside = (low[rows] < at[rows]) & (at[rows] < high[rows])
        at[rows] = np.where(inside, at[rows], 0.5 * (low[rows] + high[rows]))
        here = at[rows]
        tail, slope = _tails_and_slopes(values - here[:, None], counts[rows])
        miss = np.log(np.maximum(tail, LEAST)) - aim[rows]
        low[rows] = np.where(miss > 0.0, here, low[rows])
        high[rows] = np.where(miss > 0.0, high[rows], here)
        second = np.isfinite(before[rows]) & (missed[rows] != miss)
        with np.errstate(invalid="ignore", divide="ignore"):
            secant = (miss - missed[rows]) / (here - before[rows])
        step = miss / np.where(second, secant, slope)
        before[rows], missed[rows], at[rows] = here, miss, here - step
        near = np.where(second, 1e-6, 1e-11)  # of a secant's step its square is left
        rows = rows[(np.abs(step) > near) & (high[rows] - low[rows] > 1e-13)]
        if not rows.size:
            break
    return at


def _start(values: FloatArray, counts: FloatArray, aim: FloatArray, low: FloatArray) -> FloatArray:
    """Where the tail is about what is aimed at: by the normal, then by Lugannani and Rice."""
    n = counts.sum(axis=1)
    mean = counts @ values / n
    spread = np.sqrt(np.sum(counts * (values - mean[:, None]) ** 2, axis=1)) / n
    at: FloatArray = mean - special.ndtri(np.exp(aim)) * spread
    rows = ((low < at) & (at < 1.0)).nonzero()[0]
    for _ in range(12):
        if not rows.size:
            break
        found, slope = _rough(values - at[rows, None], counts[rows])
        told = np.isfinite(found)
        rows, found, slope = rows[told], found[told], slope[told]
        step = (found - aim[rows]) / slope
        at[rows] -= step
        rows = rows[(np.abs(step) >= 1e-7) & (low[rows] < at[rows]) & (at[rows] < 1.0)]
    return at


def _rough(off: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """`every_repeat._rough` of each row: log of the tail and its slope, nan where it is large."""
    high = 1.0 / off[:, -1]
    at = -np.sum(counts * off, axis=1) / np.sum(counts * off**2, axis=1)
    small = at > 0.0
    at = np.where(small, at, 0.5 * high)
    at, _, bent = _root(off, counts, at, whole=False)
    size = np.sum(counts * np.log1p(-off * at[:, None]), axis=1)
    small &= size >= 0.5
    size = np.where(small, size, 1.0)
    w, u = np.sqrt(2.0 * size), at * np.sqrt(bent)
    # P(W > 0) = Q(w) + phi(w) (1/u - 1/w), with Q by erfcx so that nothing underflows
    odds = np.sqrt(np.pi / 2.0) * special.erfcx(w / np.sqrt(2.0)) + 1.0 / u - 1.0 / w
    odds = np.where(small & (odds > 0.0), odds, np.nan)
    return np.log(odds / np.sqrt(2.0 * np.pi)) - size, _slope(off, counts, at)


def _root(
    off: FloatArray, counts: FloatArray, at: FloatArray, *, whole: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where the slope of each row's cumulant is 0, or that of the whole integrand if ``whole``.

    Gives the place, the slope left there and the second derivative. The slope rises from minus to
    plus infinity between 0 and the pole: Newton's steps, halving the bracket where they leave it.
    """
    low, high = np.zeros(at.size), 1.0 / off[:, -1]
    own = float(whole)
    for _ in range(100):
        at = np.where((low < at) & (at < high), at, 0.5 * (low + high))
        parts = off / (1.0 - at[:, None] * off)
        weighted = counts * parts
        slope = weighted.sum(axis=1) - own / at
        bent = np.einsum("ij,ij->i", weighted, parts) + own / at**2
        low, high = np.where(slope > 0.0, low, at), np.where(slope > 0.0, at, high)
        step = slope / bent
        if np.all(np.abs(step) <= 1e-9 * at):
            break
        at = at - step
    return at, slope, bent


def _slope(off: FloatArray, counts: FloatArray, at: FloatArray) -> FloatArray:
    """About how the logarithm of a tail falls with its rate."""
    return np.asarray(-at * np.sum(counts / (1.0 - off * at[:, None]), axis=1))


def _tails_and_slopes(off: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Invert the moment generating function along a parabola through each saddle point."""
    at, _, second = _root(off, counts, 0.5 / off[:, -1], whole=True)
    parts = off / (1.0 - at[:, None] * off)
    third = np.sum(counts * parts**3, axis=1) - at**-3
    bend = (np.maximum(0.0, third) / (3.0 * second))[:, None]
    scale = np.sqrt(second)[:, None]
    nodes = _nodes(off, counts, at, bend, scale)
    up = UP[nodes] / scale
    line = at[:, None] + bend * up**2 + 1j * up
    logs = np.zeros_like(line)
    for j in range(off.shape[1]):
        if counts[:, j].any():
            logs += counts[:, j, None] * np.log(1.0 - off[:, j, None] * line)
    turned = (1j + 2.0 * bend * up) / line
    found = (turned * np.exp(-logs)).imag @ WEIGHT[nodes] / scale[:, 0]
    return np.clip(found, 0.0, 1.0), _slope(off, counts, at)


def _nodes(
    off: FloatArray, counts: FloatArray, at: FloatArray, bend: FloatArray, scale: FloatArray
) -> slice:
    """Those steps of the contour beyond which the integrand of every row is gone."""
    for n in FEW:
        up = float(UP[n - 1]) / scale
        there = at[:, None] + bend * up**2 + 1j * up
        fall = np.log(np.abs(there[:, 0]) / at)
        ratio = np.abs(1.0 - off * there) / (1.0 - off * at[:, None])
        fall += np.sum(counts * np.log(ratio), axis=1)
        if np.all(fall > GONE):
            return slice(n)
    return slice(None)
