"""The exact bound of every repeat for many cells at once; `every_repeat` says what it is.

Cells are rows: how many prompts of each have which fail share, the prompt that always fails
added. Every step of a search is taken by all rows together, so what numpy asks for a call is paid
once a step and not once a cell. Inside, rows run along the last axis: sums over shares are then
sums of whole lines. Numbers are plain ones, not complex: a modulus and a phase.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor.stats.binomial import TIE

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class _Steps(NamedTuple):
    """Heights along the contour, what each counts, and how many of them often do.

    They do where the integrand has then fallen by ``gone`` powers of e.
    """

    up: FloatArray
    weight: FloatArray
    often: range
    gone: float


def _steps(apart: float, often: range, gone: float) -> _Steps:
    at = (np.arange(math.ceil(12.0 / apart)) + 0.5) * apart
    return _Steps(np.sinh(at), np.cosh(at) * apart / math.pi, often, gone)


# Where the inversion integral is looked at: sinh-spaced steps along a hyperbola. Near the saddle
# point it bends as the path of steepest descent does, so that the integrand hardly turns. Farther
# out it goes straight on: a parabola that bends around a near pole climbs again behind it.
_FINE = _steps(0.15, range(18, 60, 3), 32.0)
_COARSE = _steps(0.3, range(8, 30, 2), 14.0)
"""Good to a part in 1e9 or better, and to one in 1e5: enough for the first step of a search."""

_ROUGH = 0.1
"""Distance on a scale of logarithms from which on `_rough` is sure; it is off by 0.03 at most."""

_LEAN = 0.5
"""By how much the hyperbola goes aside at most as it rises."""

_LAST = math.nextafter(1.0, 0.0)
"""Largest rate that a tail is asked for: at 1 it has no pole."""

_BLOCK = 1 << 14
"""Numbers of an array that are worked on together: more would leave the processor's cache."""


def tails(values: FloatArray, counts: FloatArray, rates: FloatArray | float) -> FloatArray:
    """Return P(randomly weighted mean of each row > its rate).

    Parameters
    ----------
    values : ndarray, shape (values,) or (rows, values)
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
    values = np.broadcast_to(values, counts.shape)
    found = np.ones(rates.size)
    below = _below(values, counts, rates)
    agree = below & _agreed(values, counts)
    n, fails = counts[agree].sum(axis=1) - 1.0, counts[agree, -1] - 1.0
    found[agree] = special.bdtr(fails, n.astype(np.int64), rates[agree])
    some = np.flatnonzero(below & ~agree)
    if some.size:
        off, n = _across(values[some] - rates[some, None]), _across(counts[some])
        log = _log_tails(off, n).log
        found[some] = np.exp(np.minimum(log, 0.0))
    return found


def clear(
    values: FloatArray, counts: FloatArray, rates: FloatArray, alphas: FloatArray
) -> BoolArray:
    """Say of each row whether its `tails` is at most its alpha, most often without computing it."""
    values = np.broadcast_to(values, counts.shape)
    found = np.zeros(rates.size, dtype=bool)
    below = np.flatnonzero(_below(values, counts, rates))
    rough = _rough(_across(values[below] - rates[below, None]), _across(counts[below]))
    miss = rough - np.log(alphas[below])
    sure = np.abs(miss) > _ROUGH  # false for nan: there the tail is large
    found[below[sure]] = miss[sure] < 0.0
    unsure = below[~sure]
    if unsure.size:
        exact = tails(values[unsure], counts[unsure], rates[unsure])
        found[unsure] = exact <= alphas[unsure] * (1.0 + TIE)
    return found


def upper_bounds(values: FloatArray, counts: FloatArray, alphas: FloatArray) -> FloatArray:
    """Return for each row the fail rate at which `tails` is its alpha; 1 where all failed."""
    values = np.broadcast_to(values, counts.shape)
    found = np.ones(alphas.size)
    agree = _agreed(values, counts)
    found[agree] = special.betainccinv(counts[agree, -1], counts[agree, 0], alphas[agree])
    some = np.flatnonzero(counts[:, :-1].any(axis=1) & ~agree)
    if some.size:
        found[some] = _searched(_across(values[some]), _across(counts[some]), alphas[some])
    return found


def _across(rows: FloatArray) -> FloatArray:
    """Rows as columns, each line of them in one piece."""
    return np.ascontiguousarray(rows.T)


def _below(values: FloatArray, counts: FloatArray, rates: FloatArray) -> BoolArray:
    """Rows of which any prompt has a share below the rate; of the others the tail is 1."""
    return np.asarray(((counts > 0.0) & (values < rates[:, None])).any(axis=1))


def _agreed(values: FloatArray, counts: FloatArray) -> BoolArray:
    """Rows whose prompts fail whole or not at all: there it is the binomial's bound."""
    inner = ((counts > 0.0) & (values > 0.0))[:, :-1].any(axis=1)
    return np.asarray(counts[:, :-1].any(axis=1) & ~inner)


def _searched(values: FloatArray, counts: FloatArray, alphas: FloatArray) -> FloatArray:
    """Newton's steps on the normal quantile of the tail; brackets are halved where they are left.

    That quantile is nearly a straight line. It begins where a beta distribution of the same mean
    and variance has that tail, which is off by some thousandths: most often two steps do.
    """
    n, aim, normal = counts.sum(axis=0), np.log(alphas), special.ndtri(alphas)
    low = np.where(counts > 0.0, values, 1.0).min(axis=0)
    high = np.ones(aim.size)
    mean = (counts * values).sum(axis=0) / n
    spread = (counts * (values - mean) ** 2).sum(axis=0) / n
    size = mean * (1.0 - mean) * (n + 1.0) / spread - 1.0
    at: FloatArray = special.betainccinv(mean * size, (1.0 - mean) * size, alphas)
    saddle = np.full(aim.size, np.nan)
    rows = np.arange(aim.size)
    for n_th in range(200):
        here = at[rows]
        here = np.where((low[rows] < here) & (here < high[rows]), here, (low + high)[rows] / 2.0)
        here = np.minimum(here, _LAST)
        steps = _FINE if n_th else _COARSE
        found = _log_tails(values[:, rows] - here, counts[:, rows], saddle[rows], steps)
        above = found.log > aim[rows]
        low[rows], high[rows] = np.where(above, here, low[rows]), np.where(above, high[rows], here)
        z = special.ndtri_exp(found.log)
        slope = found.slope * np.exp(found.log + 0.5 * z**2) * math.sqrt(2.0 * math.pi)
        step = (z - normal[rows]) / slope
        at[rows], saddle[rows] = here - step, found.saddle
        near = step**2 <= 1e-11 * here * (1.0 - here)  # of a step about its square is left
        if n_th:
            rows = rows[~near & (high[rows] - low[rows] > 1e-13)]
        if not rows.size:
            break
    return np.minimum(at, 1.0)  # the last step may go beyond by a rounding


def _rough(off: FloatArray, counts: FloatArray) -> FloatArray:
    """Log of each row's tail to some percent, nan where it is large.

    Lugannani and Rice, Advances in Applied Probability 12 (1980) 475-490.
    """
    rise, bent = -(counts * off).sum(axis=0), (counts * off**2).sum(axis=0)
    found = np.full(rise.size, np.nan)
    some = (rise > 0.0).nonzero()[0]
    off, counts = off[:, some], counts[:, some]
    at, bent = _root(off, counts, rise[some] / bent[some], own=0.0, near=1e-4)
    size = (counts * np.log1p(-off * at)).sum(axis=0)
    small = size >= 0.5
    size = np.where(small, size, 1.0)
    w, u = np.sqrt(2.0 * size), at * np.sqrt(bent)
    # P(W > 0) = Q(w) + phi(w) (1/u - 1/w), with Q by erfcx so that nothing underflows
    odds = np.sqrt(np.pi / 2.0) * special.erfcx(w / np.sqrt(2.0)) + 1.0 / u - 1.0 / w
    odds = np.where(small & (odds > 0.0), odds, np.nan)
    found[some] = np.log(odds / np.sqrt(2.0 * np.pi)) - size
    return found


def _root(
    off: FloatArray, counts: FloatArray, at: FloatArray, *, own: float, near: float
) -> tuple[FloatArray, FloatArray]:
    """Where the slope of each row's cumulants less ``own`` logarithms is 0, and how it bends there.

    The slope rises from minus to plus infinity between 0 and the pole: Newton's steps, halving the
    bracket where they leave it, until what is left of the slope is ``near`` 0 over the width of
    what falls on either side.
    """
    low, high = np.zeros(at.size), 1.0 / off.max(axis=0)
    for _ in range(100):
        at = np.where((low < at) & (at < high), at, 0.5 * (low + high))
        parts = off / (1.0 - at * off)
        weighted = counts * parts
        slope = weighted.sum(axis=0) - own / at
        bent = np.einsum("ij,ij->j", weighted, parts) + own / at**2
        if np.all(slope**2 <= near**2 * bent):
            break
        high, low = np.where(slope > 0.0, at, high), np.where(slope > 0.0, low, at)
        at = at - slope / bent
    return at, bent


class _Logs(NamedTuple):
    """Logarithm of each row's tail, how it falls with the rate, and the saddle point."""

    log: FloatArray
    slope: FloatArray
    saddle: FloatArray


def _log_tails(
    off: FloatArray, counts: FloatArray, saddle: FloatArray | None = None, steps: _Steps = _FINE
) -> _Logs:
    """Log of each row's tail; ``off`` are the values less the rate, shape (values, rows).

    Where the tail is large it is told by the other one: the mirror image of the row. ``saddle`` is
    about where each saddle point lies, nan where that is not known.
    """
    large = (counts * off).sum(axis=0) > 0.0
    off = np.where(counts > 0.0, np.where(large, -off, off), 0.0)
    path = _contour(off, counts, saddle)
    n = _enough(off, counts, path, steps)
    nodes = steps.up[:n, None], steps.weight[:n, None]
    size = max(1, _BLOCK // (off.shape[0] * n))
    blocks = [slice(at, at + size) for at in range(0, large.size, size)]
    parts = [_inverted(off[:, b], counts[:, b], path.part(b), *nodes) for b in blocks]
    log, slope = map(np.concatenate, zip(*parts, strict=True))
    if large.any():
        other = np.exp(log[large])
        log[large], slope[large] = np.log1p(-other), slope[large] * other / (1.0 - other)
    return _Logs(log, slope, path.at)


class _Contour(NamedTuple):
    """The hyperbola of each row: its saddle point, how it bends there and leans at most.

    ``scale`` is how fast the integrand falls around the saddle point, ``whole`` the logarithm of
    the moment generating function there.
    """

    at: FloatArray
    bend: FloatArray
    lean: FloatArray
    scale: FloatArray
    whole: FloatArray

    def part(self, rows: slice) -> _Contour:
        """Those of some rows."""
        return _Contour(*(each[rows] for each in self))

    def aside(self, up: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How far right it is at a height, and by how much it goes right there as it rises."""
        own = 1.0 + (self.bend * up / self.lean) ** 2
        out = self.bend * up / np.sqrt(own)
        return self.at + out * up, out * (1.0 + 1.0 / own)


def _contour(off: FloatArray, counts: FloatArray, saddle: FloatArray | None) -> _Contour:
    """The contour of each row; how near the true saddle point it lies changes nothing but that.

    ``k`` prompts on the side to which it leans let the integrand climb by ``k/2 log(1 + lean**2)``
    at most, which is kept to about 1.
    """
    rise, bent = -(counts * off).sum(axis=0), (counts * off**2).sum(axis=0)
    start = (rise + np.sqrt(rise**2 + 4.0 * bent)) / (2.0 * bent)  # if cumulants ended there
    if saddle is not None:
        start = np.where(np.isnan(saddle), start, saddle)
    at, second = _root(off, counts, start, own=1.0, near=0.03)
    parts = off / (1.0 - at * off)
    third = np.einsum("ij,ij->j", counts * parts, parts * parts)
    bend = (third - 1.0 / (at * at * at)) / (3.0 * second)
    side = np.where(bend * off > 0.0, counts, 0.0).sum(axis=0)
    lean = np.minimum(_LEAN, np.sqrt(2.0 / np.maximum(side, 1.0)))
    whole = -(counts * np.log1p(-off * at)).sum(axis=0)
    return _Contour(at, bend, lean, np.sqrt(second), whole)


def _enough(off: FloatArray, counts: FloatArray, path: _Contour, steps: _Steps) -> int:
    """After how many steps along the contours the integrand of every row is gone."""
    for n in steps.often:
        up = float(steps.up[n - 1]) / path.scale
        right = path.aside(up)[0]
        square = (1.0 - off * right) ** 2 + (off * up) ** 2
        fall = (counts * np.log(square)).sum(axis=0) + np.log((right**2 + up**2) / path.at**2)
        if np.all(0.5 * fall + path.whole > steps.gone):
            return n
    return steps.up.size


def _inverted(
    off: FloatArray, counts: FloatArray, path: _Contour, up: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Invert the moment generating function along each contour: log of the tail and its slope."""
    # z = right + i up; of 1 - off z the parts, its square, and the phase of its inverse
    up = up / path.scale
    right, turn = path.aside(up)
    o = off[:, None, :]
    real, imaginary = o * right, o * up
    np.subtract(1.0, real, out=real)
    square = real * real
    square += imaginary * imaginary
    sine, cosine = _sine_cosine(_summed(np.arctan2(imaginary, real), counts))
    mass = np.exp(-0.5 * _summed(np.log(square), counts) - path.whole) * weight
    length = right * right + up * up
    found = mass * ((turn * right + up) * sine + (right - turn * up) * cosine) / length
    # its derivative by the rate: the integrand times -z sum(k / (1 - off z))
    real /= square
    imaginary /= square
    along, across = _summed(real, counts), _summed(imaginary, counts)
    falls = mass * ((turn * along - across) * sine + (along + turn * across) * cosine)
    tail = found.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(tail / path.scale) + path.whole, -falls.sum(axis=0) / tail


def _summed(parts: FloatArray, counts: FloatArray) -> FloatArray:
    """Sum over shares, each as often as the row has it."""
    return np.asarray(np.einsum("inr,ir->nr", parts, counts))


def _sine_cosine(angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both from the tangent of half the angle, which numpy computes six times faster than one."""
    half = np.tan(0.5 * angle)
    square = half * half
    shrunk = 1.0 / (1.0 + square)
    return 2.0 * half * shrunk, (1.0 - square) * shrunk
