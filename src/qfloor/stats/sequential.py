"""Betting e-processes: verdicts that may be looked at after every prompt.

A gambler bets against "this offer fails at least q of the time" (to certify) and against "at
most q" (to reject). Under the hypothesis bet against, the wealth is a supermartingale, so it
reaches ``1/alpha`` with probability at most ``alpha``, ever. That holds when prompts come in an
order fixed before the data, once each, within one round; this file cannot see whether they do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qfloor.stats.binomial import check_share

FloatArray = NDArray[np.float64]
EVerdict = Literal["certified", "rejected", "undecided"]

# Bets as shares of the largest that cannot go bankrupt; at q = 0.25 they are .05, .10 .. 1.30.
BET_SHARES = np.linspace(0.0375, 0.975, 26)
_LOG_LARGEST = 700.0  # exp() of more overflows; no verdict needs more


class EProcess:
    """Sequential certification of a fail rate, valid at any stopping time.

    Parameters
    ----------
    q : float
        Tolerated fail rate, strictly between 0 and 1 (0.25 is the lower quartile).
    alpha : float
        Error probability of a false certificate over the whole sequence.
    alpha_reject : float, optional
        Error probability of a false rejection; ``alpha`` by default.
    bets : array_like, optional
        Grid of bets for certifying, each strictly between 0 and ``1/(1-q)``; the bets for
        rejecting are its mirror, ``bets * (1-q)/q``. By default 26 evenly spaced bets from
        3.75 % to 97.5 % of the largest (0.05 to 1.30 at ``q = 0.25``).

    Attributes
    ----------
    n : int
        Prompts seen.
    verdict : str
        ``"certified"``, ``"rejected"`` or ``"undecided"``; the first crossing decides and stays.
    decided_at : int or None
        Prompts seen when the verdict fell.

    Raises
    ------
    ValueError
        If a level, a bet or a fail share is out of range.

    Notes
    -----
    ``K_n = mean over bets of prod(1 + bet (q - Z_i))``, certified once ``K_n >= 1/alpha``;
    ``K'_n`` with ``1 + bet' (Z_i - q)`` rejects. ``Z_i`` is the fail share of prompt i, so
    repeats of a prompt enter together, as one observation.

    References
    ----------
    Waudby-Smith and Ramdas, JRSS B 86 (2024) 1-27; Ville's inequality.

    Examples
    --------
    >>> EProcess(q=0.25, alpha=0.05).update(0.0).verdict
    'undecided'
    >>> process = EProcess().update_many([0.0] * 20)
    >>> process.verdict, process.decided_at
    ('certified', 16)
    """

    __slots__ = (
        "_certify", "_certify_bets", "_reject", "_reject_bets",
        "alpha", "alpha_reject", "decided_at", "n", "q", "verdict",
    )  # fmt: skip

    def __init__(
        self,
        q: float = 0.25,
        alpha: float = 0.05,
        *,
        alpha_reject: float | None = None,
        bets: ArrayLike | None = None,
    ) -> None:
        self.q = check_share("q", q)
        self.alpha = check_share("alpha", alpha)
        self.alpha_reject = check_share(
            "alpha_reject", alpha if alpha_reject is None else alpha_reject
        )
        grid = BET_SHARES / (1.0 - q) if bets is None else np.asarray(bets, dtype=np.float64)
        if grid.ndim != 1 or not grid.size or not np.all((grid > 0.0) & (grid * (1.0 - q) < 1.0)):
            raise ValueError(f"bets must lie strictly between 0 and {1.0 / (1.0 - q):.6g}.")
        self._certify_bets: FloatArray = grid
        self._reject_bets: FloatArray = grid * (1.0 - q) / q
        self._certify: FloatArray = np.zeros(grid.size)  # log wealth of each bet
        self._reject: FloatArray = np.zeros(grid.size)
        self.n: int = 0
        self.verdict: EVerdict = "undecided"
        self.decided_at: int | None = None

    def update(self, fail_share: float) -> Self:
        """Take the fail share of the next prompt, in [0, 1], and return this process.

        Examples
        --------
        >>> print(f"{EProcess(bets=[0.8]).update(0.0).e_certify:.2f}")
        1.20
        """
        if not 0.0 <= fail_share <= 1.0:
            raise ValueError(f"fail_share must lie in [0, 1], got {fail_share!r}.")
        self._certify = self._certify + np.log1p(self._certify_bets * (self.q - fail_share))
        self._reject = self._reject + np.log1p(self._reject_bets * (fail_share - self.q))
        self.n += 1
        if self.verdict == "undecided":
            if _mean_log(self._certify) >= -math.log(self.alpha):
                self.verdict, self.decided_at = "certified", self.n
            elif _mean_log(self._reject) >= -math.log(self.alpha_reject):
                self.verdict, self.decided_at = "rejected", self.n
        return self

    def update_many(self, fail_shares: Iterable[float]) -> Self:
        """Take fail shares in the order of the prompts and return this process."""
        for fail_share in fail_shares:
            self.update(float(fail_share))
        return self

    @property
    def e_certify(self) -> float:
        """Wealth against "fails at least q": an e-value for certifying (see `e_bh`)."""
        return math.exp(min(_mean_log(self._certify), _LOG_LARGEST))

    @property
    def e_reject(self) -> float:
        """Wealth against "fails at most q": an e-value for rejecting."""
        return math.exp(min(_mean_log(self._reject), _LOG_LARGEST))

    def __repr__(self) -> str:
        """Show the rates, the wealth and the verdict."""
        return (
            f"EProcess(q={self.q:g}, alpha={self.alpha:g}, n={self.n}, "
            f"e_certify={self.e_certify:.4g}, e_reject={self.e_reject:.4g}, {self.verdict})"
        )


def certifying_e_value(fail_shares: ArrayLike, max_fail: float = 0.25) -> float:
    """E-value against "at least ``max_fail`` of outputs fail", once all prompts are in.

    Parameters
    ----------
    fail_shares : array_like, shape (prompts,)
        Fail share of each prompt, in [0, 1].
    max_fail : float
        Tolerated fail rate, strictly between 0 and 1.

    Returns
    -------
    float
        Final wealth `EProcess.e_certify`, at least 0: the product over prompts does not depend on
        their order, so none has to be drawn for it. It falls with every share and rises with
        ``max_fail``; 1.0 without prompts.

    Raises
    ------
    ValueError
        If a share or ``max_fail`` is out of range.

    Examples
    --------
    >>> print(f"{certifying_e_value([0.0] * 20):.2f}")
    59.36
    """
    check_share("max_fail", max_fail)
    shares = np.asarray(fail_shares, dtype=np.float64)
    if shares.ndim != 1 or not np.all((shares >= 0.0) & (shares <= 1.0)):
        raise ValueError("fail_shares must be one list of shares in [0, 1].")
    bets = BET_SHARES / (1.0 - max_fail)
    wealth = np.log1p(np.multiply.outer(max_fail - shares, bets)).sum(axis=0)
    return math.exp(min(_mean_log(wealth), _LOG_LARGEST))


def _mean_log(log_wealth: FloatArray) -> float:
    top = float(log_wealth.max())  # scipy's logsumexp does the same, ten times slower
    return top + math.log(float(np.exp(log_wealth - top).mean()))
