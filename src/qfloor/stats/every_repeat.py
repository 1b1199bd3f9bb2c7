"""Exact bound of a fail rate from every repeat of every prompt, without drawing one of them.

Clopper-Pearson needs one output a prompt, and which one is a matter of luck. Gaffke's bound takes
the fail *share* of each prompt instead. It is valid at every level for any distribution of the
shares, of whatever repeats or ratings they are made, as long as prompts are independent; it is
Clopper-Pearson where each prompt's outputs agree, falls with every fail, and narrows as far as
repeats disagree. It knows nothing of raters who are shared by prompts (see `two_way`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qfloor.stats.binomial import check_share
from qfloor.stats.clusters import check_confidence, check_shares
from qfloor.stats.every_repeat_many import tails, upper_bounds

FloatArray = NDArray[np.float64]


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
    generating function along a path through the saddle point that bends around the nearest pole.

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


def tail(values: FloatArray, counts: FloatArray, max_fail: float) -> float:
    """Return P(randomly weighted mean of ``values`` > ``max_fail``) for a `tally`."""
    return float(tails(values, counts[None, :], max_fail)[0])


def upper_bound(shares: FloatArray, alpha: float) -> float:
    """Return the fail rate at which the p-value is ``alpha``; 1 where every output failed."""
    values, counts = tally(shares)
    return float(upper_bounds(values, counts[None, :], np.array([alpha]))[0])
