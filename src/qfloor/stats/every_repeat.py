"""Exact bound of a fail rate from every repeat of every prompt, without drawing one of them.

Clopper-Pearson needs one output a prompt, and which one is a matter of luck. Gaffke's bound takes
the fail *share* of each prompt instead. It is valid at every level for any distribution of the
shares, of whatever repeats or ratings they are made, as long as prompts are independent; it is
Clopper-Pearson where each prompt's outputs agree, falls with every fail, and narrows as far as
repeats disagree. It knows nothing of raters who are shared by prompts (see `two_way`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from qfloor.stats.binomial import at_most, check_share
from qfloor.stats.clusters import check_confidence, check_shares

FloatArray = NDArray[np.float64]

# Where the inversion integral is looked at: sinh-spaced steps along a parabola that is straight
# enough for a plane saddle and steep enough that the integrand hardly turns.
_STEP = 0.12
_AT = (np.arange(100) + 0.5) * _STEP
UP, WEIGHT = np.sinh(_AT), np.cosh(_AT) * _STEP / math.pi
LEAST = 1e-300

ROUGH = 0.1
"""Distance on a scale of logarithms from which on `_rough` is sure; it is off by 0.03 at most."""

FEW, GONE = (24, 36, 60), 34.0
"""Steps that often do: the integrand has then fallen by so many powers of e."""


def every_repeat_p_value(fail_shares: ArrayLike, max_fail: float = 0.25) -> float:
    """Exact p-value of "at least ``max_fail`` of outputs fail" from one fail share a prompt.

    Parameters
    ----------
    fail_shares : array_like, shape (prompts,)
        Fail share of each prompt, in [0, 1]; prompts are independent.
    max_fail : float
        Tolerated fail rate, strictly between 0 and 1.

    Returns
    -------
    float
        In [0, 1]. It never falls when a share rises, and falls with ``max_fail``; where all
        shares are 0 or 1 it is the binomial tail.

    Raises
    ------
    ValueError
        If a share or ``max_fail`` is out of range.

    Notes
    -----
    ``P(D_0 + sum of D_i Z_i > max_fail)`` with ``D`` uniform on the simplex (Dirichlet of ones):
    one prompt that always fails is added, and all are weighted at random. With exponentials for
    the weights this is the tail of a sum of gamma variables, computed by inverting its moment
    generating function along a parabola through the saddle point.

    References
    ----------
    Gaffke, Math. Methods of Statistics 14 (2005); Learned-Miller and Thomas, arXiv 1905.06208.
    Validity for independent variables: Vlassis and Thomas, arXiv 2607.08415. Width: Ming,
    Ramdas, Shen, Wang and Waudby-Smith, arXiv 2607.18661.

    Examples
    --------
    >>> print(f"{every_repeat_p_value([0.0] * 11):.4f} {every_repeat_p_value([0.5, 0] * 20):.4f}")
    0.0422 0.6634
    """
    shares = check_shares(fail_shares)
    check_share("max_fail", max_fail)
    return tail(*tally(shares), max_fail)


def every_repeat_upper(fail_shares: ArrayLike, confidence: float = 0.95) -> float:
    """Exact upper bound of P(fail) from one fail share a prompt; see `every_repeat_p_value`.

    Parameters
    ----------
    fail_shares : array_like, shape (prompts,)
        Fail share of each prompt, in [0, 1]; prompts are independent.
    confidence : float
        One-sided level, strictly between 0.5 and 1.

    Returns
    -------
    float
        In (0, 1]: the fail rate from which on the p-value is at most ``1 - confidence``.

    Raises
    ------
    ValueError
        If a share or the level is out of range.

    Examples
    --------
    >>> print(f"{every_repeat_upper([0.0] * 11):.4f} {every_repeat_upper([0.5, 0.0] * 20):.4f}")
    0.2384 0.3383
    """
    alpha = check_confidence(confidence)
    return upper_bound(check_shares(fail_shares), alpha)


def tally(shares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distinct shares and how many prompts have each, one that always fails added."""
    ordered = np.sort(shares)
    fresh = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    values = ordered[fresh]
    counts = np.diff(np.append(fresh, ordered.size)).astype(np.float64)
    if values[-1] < 1.0:
        return np.append(values, 1.0), np.append(counts, 1.0)
    counts[-1] += 1.0
    return values, counts


def clears(values: FloatArray, counts: FloatArray, max_fail: float, alpha: float) -> bool:
    """Say whether `tail` is at most alpha, most often without computing it to the last digit."""
    if values[0] >= max_fail:
        return False
    rough = _rough(values.tolist(), counts.tolist(), max_fail)
    if rough is not None:
        miss = rough[0] - math.log(alpha)
        if abs(miss) > ROUGH:
            return miss < 0.0
    return at_most(tail(values, counts, max_fail), alpha)


def _rough(values: list[float], counts: list[float], rate: float) -> tuple[float, float] | None:
    """Log of `tail` to some percent, and its slope in the rate; None where the tail is large.

    Lugannani and Rice, Advances in Applied Probability 12 (1980) 475-490.
    """
    off = [v - rate for v in values]
    rise = sum(k * o for k, o in zip(counts, off, strict=True))
    bent = sum(k * o * o for k, o in zip(counts, off, strict=True))
    low, high = 0.0, 1.0 / off[-1]
    at = -rise / bent
    if at <= 0.0:
        return None
    for _ in range(60):
        if not low < at < high:
            at = 0.5 * (low + high)
        rise = bent = 0.0
        for o, k in zip(off, counts, strict=True):
            part = o / (1.0 - o * at)
            rise += k * part
            bent += k * part * part
        low, high = (low, at) if rise > 0.0 else (at, high)
        step = rise / bent
        if abs(step) <= 1e-9 * at:
            break
        at -= step
    size = sum(k * math.log1p(-o * at) for o, k in zip(off, counts, strict=True))
    if size < 0.5:
        return None
    w, u = math.sqrt(2.0 * size), at * math.sqrt(bent)
    # P(W > 0) = Q(w) + phi(w) (1/u - 1/w), with Q by erfcx so that nothing underflows
    mills = math.sqrt(math.pi / 2.0) * float(special.erfcx(w / math.sqrt(2.0)))
    slope = -at * sum(k / (1.0 - o * at) for o, k in zip(off, counts, strict=True))
    odds = mills + 1.0 / u - 1.0 / w
    return math.log(odds / math.sqrt(2.0 * math.pi)) - size, slope


def tail(values: FloatArray, counts: FloatArray, max_fail: float) -> float:
    """Return P(randomly weighted mean of ``values`` > ``max_fail``) for a `tally`."""
    if values[0] >= max_fail:
        return 1.0
    if values.size == 2 and values[0] == 0.0:
        return float(special.bdtr(counts[1] - 1.0, int(counts.sum() - 1.0), max_fail))
    return _tail_and_slope(values, counts, max_fail)[0]


def _tail_and_slope(values: FloatArray, counts: FloatArray, max_fail: float) -> tuple[float, float]:
    """Return `tail` by its integral, and about how its logarithm falls with ``max_fail``.

    There are few values, so plain numbers find the saddle point faster than arrays would.
    """
    off, n = (values - max_fail).tolist(), counts.tolist()
    at = _saddle(off, n)
    parts = [o / (1.0 - o * at) for o in off]
    second = at**-2 + sum(k * p * p for k, p in zip(n, parts, strict=True))
    third = sum(k * p**3 for k, p in zip(n, parts, strict=True)) - at**-3
    bend = max(0.0, third) / (3.0 * second)
    nodes = _nodes(off, n, at, bend, math.sqrt(second))
    up = UP[nodes] / math.sqrt(second)
    line = at + bend * up**2 + 1j * up
    logs = counts @ np.log(1.0 - np.multiply.outer(values - max_fail, line))
    turned = (1j + 2.0 * bend * up) / line
    found = float((turned * np.exp(-logs)).imag @ WEIGHT[nodes]) / math.sqrt(second)
    slope = -at * sum(k / (1.0 - o * at) for o, k in zip(off, n, strict=True))
    return min(1.0, max(0.0, found)), slope


def _nodes(off: list[float], counts: list[float], at: float, bend: float, scale: float) -> slice:
    """Those steps of the contour beyond which the integrand is gone."""
    for n in FEW:
        up = float(UP[n - 1]) / scale
        there = complex(at + bend * up * up, up)
        fall = math.log(abs(there) / at)
        for o, k in zip(off, counts, strict=True):
            fall += k * math.log(abs(1.0 - o * there) / (1.0 - o * at))
        if fall > GONE:
            return slice(n)
    return slice(None)


def _saddle(off: list[float], counts: list[float]) -> float:
    """Where the integrand is least on the real axis, between 0 and its pole ``1/off[-1]``.

    The slope of its logarithm rises from minus to plus infinity there: Newton's steps, halving
    the bracket where they would leave it.
    """
    low, high = 0.0, 1.0 / off[-1]
    at = 0.5 * high
    for _ in range(100):
        slope, bent = -1.0 / at, at**-2
        for o, k in zip(off, counts, strict=True):
            part = o / (1.0 - o * at)
            slope += k * part
            bent += k * part * part
        low, high = (low, at) if slope > 0.0 else (at, high)
        new = at - slope / bent
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - at) <= 1e-7 * at:
            return new
        at = new
    return at


def upper_bound(shares: FloatArray, alpha: float) -> float:
    """Return the fail rate at which the p-value is ``alpha``; 1 where every output failed."""
    if shares.min() >= 1.0:
        return 1.0
    values, counts = tally(shares)
    if values.size == 2 and values[0] == 0.0:
        return float(special.betainccinv(counts[1], counts[0], alpha))
    low, high = float(values[0]), 1.0  # the tail is above alpha at low, and below it at high
    n, aim = counts.sum(), math.log(alpha)
    mean = float(counts @ values / n)
    spread = math.sqrt(float(counts @ (values - mean) ** 2) / n / n)
    at = _start(values, counts, alpha, mean - float(special.ndtri(alpha)) * spread)
    before: tuple[float, float] | None = None  # where it was looked at, and by how much it missed
    for _ in range(200):
        if not low < at < high:
            at = 0.5 * (low + high)
        found, slope = _tail_and_slope(values, counts, at)
        miss = math.log(max(found, LEAST)) - aim
        low, high = (at, high) if miss > 0.0 else (low, at)
        near = 1e-11
        if before is not None and before[1] != miss:
            slope, near = (miss - before[1]) / (at - before[0]), 1e-6  # its square is left
        before, step = (at, miss), miss / slope
        at -= step
        if abs(step) <= near or high - low <= 1e-13:
            break
    return at


def _start(values: FloatArray, counts: FloatArray, alpha: float, at: float) -> float:
    """Where the tail is alpha to some percent: the search for where it is begins there."""
    few, n, aim = values.tolist(), counts.tolist(), math.log(alpha)
    for _ in range(12):
        found = _rough(few, n, at) if few[0] < at < 1.0 else None
        if found is None:
            return at
        step = (found[0] - aim) / found[1]
        at -= step
        if abs(step) < 1e-7:
            break
    return at
