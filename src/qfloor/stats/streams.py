"""What a stream of prompts, looked at after each, has shown: limits on thresholds, and bounds.

The threshold limits of a sequential test are a function of the prompts seen, in their order. A
threshold is certified when its fails touched the boundary after *any* prompt, so a stream may be
stopped whenever one likes. All thresholds are covered at once (see `boundaries.exact_boundary`).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from qfloor.stats.boundaries import SequentialBoundary
from qfloor.stats.sequential import BET_SHARES
from qfloor.stats.thresholds import ThresholdLimits

FloatArray = NDArray[np.float64]
Seen = Sequence[float] | None
"""Values of one prompt, higher is better, ``-inf`` fails always; None when it has none."""

# Fail rates that a confidence sequence is computed at; .25, .10 and .05 are among them.
_RATES = np.round(np.arange(1, 200) * 0.005, 3)


def exact_limits(stream: Sequence[Seen], boundary: SequentialBoundary) -> ThresholdLimits:
    """Threshold limits of an exact sequential test, one value a prompt.

    Parameters
    ----------
    stream : sequence
        Prompts in their fixed order, at most ``boundary.horizon``; of a prompt with several
        values the first counts. A prompt without any is a fail for certifying, and none for
        rejecting: missing values cannot make a verdict.
    boundary : SequentialBoundary

    Returns
    -------
    ThresholdLimits
        ``certified_to`` is the largest ``x_(certify[n] + 1)`` among the first n values, over
        all n: as order statistics of a fixed-size bound, at each look.

    Raises
    ------
    ValueError
        If there are more prompts than the boundary knows of, or a value is NaN or +inf.

    Examples
    --------
    >>> from qfloor.stats.boundaries import exact_boundary
    >>> limits = exact_limits([[7.0]] * 40, exact_boundary(100, 0.05))
    >>> limits.certified_to, limits.verdict(7.0), limits.verdict(8.0)
    (7.0, 'certified', 'rejected')
    """
    _check(stream)
    if len(stream) > boundary.horizon:
        raise ValueError(f"{len(stream)} prompts are beyond the horizon of {boundary.horizon}.")
    low: list[float] = []  # a missing value fails
    high: list[float] = []  # a missing value clears
    certified, rejected = -math.inf, math.inf
    for n, seen in enumerate(stream, start=1):
        bisect.insort(low, -math.inf if seen is None else float(seen[0]))
        bisect.insort(high, math.inf if seen is None else float(seen[0]))
        allowed, too_many = int(boundary.certify[n]), int(boundary.reject[n])
        if allowed >= 0:
            certified = max(certified, low[allowed])
        if too_many <= n:
            rejected = min(rejected, high[too_many - 1])
    return _limits(certified, rejected, boundary.alpha, boundary.max_fail, boundary.rule)


def e_process_limits(
    stream: Sequence[Seen], alpha: float, max_fail: float = 0.25
) -> ThresholdLimits:
    """Threshold limits of the betting e-process, for prompts with any number of values.

    Parameters, errors and what counts as missing are those of `exact_limits`; all values of a
    prompt enter together, as its fail share. Wealth falls when a share rises, so the argument
    for all thresholds at once holds here as well.

    Examples
    --------
    >>> e_process_limits([[7.0, 8.0]] * 40, 0.05).certified_to
    7.0
    """
    _check(stream)
    values = {v for seen in stream if seen is not None for v in seen if math.isfinite(v)}
    steps = [*sorted(values), math.inf]  # step i fails what lies below steps[i]
    bar = -math.log(alpha)

    def certifies(step: float) -> bool:
        shares = fail_shares(stream, step, missing=1.0)
        return float(log_wealth(shares, max_fail).max(initial=-math.inf)) >= bar

    def rejects(step: float) -> bool:
        shares = fail_shares(stream, step, missing=0.0)
        return float(log_wealth(1.0 - shares, 1.0 - max_fail).max(initial=-math.inf)) >= bar

    good = _first(steps, lambda step: not certifies(step)) - 1
    bad = _first(steps, rejects)
    # The last step fails everything and never certifies.
    certified = steps[good] if good >= 0 else -math.inf
    rejected = math.inf if bad == len(steps) else steps[bad - 1] if bad else -math.inf
    return _limits(certified, rejected, alpha, max_fail, "e_process")


def fail_shares(stream: Sequence[Seen], threshold: float, *, missing: float) -> FloatArray:
    """Share of values strictly below a threshold of each prompt; ``missing`` where it has none.

    Examples
    --------
    >>> fail_shares([[1.0, 3.0], None], 2.0, missing=1.0).tolist()
    [0.5, 1.0]
    """
    return np.array(
        [
            missing if seen is None else sum(v < threshold for v in seen) / len(seen)
            for seen in stream
        ],
        dtype=np.float64,
    )


def log_wealth(fail_shares: FloatArray, max_fail: float) -> FloatArray:
    """Log wealth against "fails ``max_fail`` or more" after each prompt, as `EProcess` has it.

    Examples
    --------
    >>> print(f"{log_wealth(np.zeros(16), 0.25)[-1]:.2f}")  # log(20) is 3.00
    3.15
    """
    bets = (BET_SHARES / (1.0 - max_fail))[:, None]
    logs = np.cumsum(np.log1p(bets * (max_fail - fail_shares)), axis=1)
    top = logs.max(axis=0, initial=-np.inf)
    return np.asarray(top + np.log(np.exp(logs - top).mean(axis=0)), dtype=np.float64)


def anytime_bounds(
    low_shares: FloatArray, high_shares: FloatArray, alpha: float
) -> tuple[float, float]:
    """One-sided bounds of a fail rate that hold at every stopping time, each at ``1 - alpha``.

    Parameters
    ----------
    low_shares, high_shares : ndarray
        Fail shares of the prompts in order, with missing values as no fails and as fails.
    alpha : float
        Error probability of each bound, strictly between 0 and 1.

    Returns
    -------
    lower, upper : float
        In steps of 0.005: the e-process of every rate beyond them has at some time been sure.

    References
    ----------
    Waudby-Smith and Ramdas, JRSS B 86 (2024) 1-27 (betting confidence sequences).

    Examples
    --------
    >>> anytime_bounds(np.zeros(16), np.zeros(16), 0.05)
    (0.0, 0.245)
    """
    bar = -math.log(alpha)
    upper = lower = 0
    for upper in range(_RATES.size, 0, -1):
        if float(log_wealth(high_shares, _RATES[upper - 1]).max(initial=-math.inf)) < bar:
            break
    else:
        upper = 0
    for lower in range(_RATES.size):
        won = log_wealth(1.0 - low_shares, 1.0 - _RATES[lower])
        if float(won.max(initial=-math.inf)) < bar:
            break
    else:
        lower = _RATES.size
    edges = [0.0, *_RATES.tolist(), 1.0]
    return edges[lower], edges[min(upper + 1, len(edges) - 1)]


def _first(steps: Sequence[float], holds: Callable[[float], bool]) -> int:
    """Index of the first step from which on a monotone condition holds; their number if none."""
    return bisect.bisect_left(range(len(steps)), True, key=lambda i: holds(steps[i]))


def _limits(
    certified: float, rejected: float, alpha: float, max_fail: float, bound: str
) -> ThresholdLimits:
    return ThresholdLimits(
        certified_to=None if certified == -math.inf else certified,
        rejected_above=None if rejected == math.inf else rejected,
        alpha=alpha,
        max_fail=max_fail,
        bound=bound,
    )


def _check(stream: Sequence[Seen]) -> None:
    for seen in stream:
        if seen is not None and not (seen and all(v < math.inf for v in seen)):
            raise ValueError(f"a prompt's values must be numbers below infinity, got {seen!r}.")
