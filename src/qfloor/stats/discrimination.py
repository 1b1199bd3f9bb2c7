"""Can people tell two things apart? Plans and exact tests of forced choices.

Of ``n`` choices between two sides, ``correct`` fell on the one that is said to be better. With
a share ``pd`` of trials in which a difference is seen and the rest guessed, a choice is correct
with probability ``.5 + .5 pd``. Not finding a difference is no proof that there is none: the
similarity test turns the burden round and asks whether ``pd`` as large as ``pd0`` is ruled out.

Choices here are independent: one rater, one prompt each. Raters who come again and prompts that
are shown again cost votes: multiply by the design effect (see `two_way_shares` for the analysis).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from qfloor.stats.binomial import TIE, check_share, max_fails
from qfloor.stats.power import prompts_needed


def chance_correct(pd: float) -> float:
    """Chance that a forced choice is correct when a share ``pd`` of differences is seen."""
    if not 0.0 <= pd <= 1.0:
        raise ValueError(f"pd must lie in [0, 1], got {pd!r}.")
    return 0.5 + 0.5 * pd


def similarity_p_value(correct: float, n: float, pd0: float) -> float:
    """P-value of "at least ``pd0`` of differences are seen"; small means similar.

    Parameters
    ----------
    correct, n : float
        Correct choices and choices.
    pd0 : float
        Discriminability that would matter, strictly between 0 and 1.

    Returns
    -------
    float
        ``P(Binomial(n, .5 + .5 pd0) <= correct)``.

    Raises
    ------
    ValueError
        If a count or ``pd0`` is out of range.

    References
    ----------
    Brockhoff and Christensen, Food Quality and Preference 21 (2010) 330-338 (sensR).

    Examples
    --------
    >>> print(f"{similarity_p_value(520, 1000, 0.1):.6f}")
    0.030542
    """
    check_share("pd0", pd0)
    _check(correct, n)
    return (
        float(special.betainc(n - correct, correct + 1.0, 0.5 - 0.5 * pd0)) if n > correct else 1.0
    )


def difference_p_value(correct: float, n: float) -> float:
    """One-sided p-value of "no difference is seen": ``P(Binomial(n, .5) >= correct)``.

    Examples
    --------
    >>> print(f"{difference_p_value(12, 15):.4f}")
    0.0176
    """
    _check(correct, n)
    return 1.0 if correct <= 0 else float(special.betainc(correct, n - correct + 1.0, 0.5))


def similarity_power(votes: int, pd0: float, alpha: float = 0.05, pd: float = 0.0) -> float:
    """Chance that ``votes`` forced choices show ``pd < pd0`` when the truth is ``pd``.

    Parameters
    ----------
    votes : int
        Independent forced choices, at least 1.
    pd0, alpha : float
        Discriminability that would matter and error probability, strictly between 0 and 1.
    pd : float
        True discriminability, in [0, 1].

    Returns
    -------
    float
        0.0 where no outcome whatever could show it.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> [round(similarity_power(n, pd0), 2) for n, pd0 in ((200, 0.2), (1000, 0.1), (3000, 0.05))]
    [0.89, 0.93, 0.86]
    """
    check_share("pd0", pd0)
    most = max_fails(votes, alpha, chance_correct(pd0))
    return 0.0 if most is None else float(special.bdtr(most, votes, chance_correct(pd)))


def similarity_votes(
    pd0: float, alpha: float = 0.05, power: float = 0.9, pd: float = 0.0
) -> int | None:
    """Fewest forced choices from which on `similarity_power` has the wanted power.

    Parameters and errors are those of `similarity_power`; None when ``pd`` is not below ``pd0``
    or so close to it that more than 100,000 votes would be needed.

    Examples
    --------
    >>> similarity_votes(0.1), similarity_votes(0.05, pd=0.05)
    (888, None)
    """
    check_share("pd0", pd0)
    return prompts_needed(chance_correct(pd), alpha, chance_correct(pd0), power)


def detectable_pd(votes: int, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """Smallest discriminability that the test of a difference finds with the wanted power.

    Returns
    -------
    float or None
        None when not even ``pd = 1`` would be found.

    Examples
    --------
    >>> print(f"{detectable_pd(1000):.3f}", detectable_pd(4))
    0.080 None
    """
    check_share("power", power)
    needed = item_rule(votes, alpha).needed
    if needed is None:
        return None
    share = float(special.betaincinv(needed, votes - needed + 1.0, power))
    return max(0.0, 2.0 * share - 1.0)


@dataclass(frozen=True, kw_only=True)
class ItemRule:
    """How many of ``votes`` on one pair must be correct to call it reliably distinguished.

    ``needed`` is None when not even all would do; ``alpha_attained`` is the true error of the
    rule, at most ``alpha``: the share of indistinguishable pairs that it calls distinguished.
    """

    votes: int
    needed: int | None
    alpha: float
    alpha_attained: float

    def power(self, share_correct: float) -> float:
        """Chance to call a pair whose choices are correct with this probability.

        Examples
        --------
        >>> print(f"{item_rule(15).power(0.9):.2f} {item_rule(15).power(0.8):.2f}")
        0.94 0.65
        """
        if not 0.0 <= share_correct <= 1.0:
            raise ValueError(f"share_correct must lie in [0, 1], got {share_correct!r}.")
        if self.needed is None:
            return 0.0
        return float(special.bdtrc(self.needed - 1, self.votes, share_correct))


def item_rule(votes: int, alpha: float = 0.05) -> ItemRule:
    """Fewest correct choices on one pair that chance gives with probability at most ``alpha``.

    Examples
    --------
    >>> [(k, item_rule(k).needed, round(item_rule(k).alpha_attained, 3)) for k in (5, 9, 15, 21)]
    [(5, 5, 0.031), (9, 8, 0.02), (15, 12, 0.018), (21, 15, 0.039)]
    """
    check_share("alpha", alpha)
    if votes < 1:
        raise ValueError(f"votes must be at least 1, got {votes!r}.")
    needed = votes + 1
    while needed > 0 and special.bdtrc(needed - 2, votes, 0.5) <= alpha * (1.0 + TIE):
        needed -= 1
    attained = 0.0 if needed > votes else float(special.bdtrc(needed - 1, votes, 0.5))
    return ItemRule(
        votes=votes,
        needed=None if needed > votes else needed,
        alpha=alpha,
        alpha_attained=attained,
    )


def chance_detections(items: int, votes: int, alpha: float = 0.05) -> float:
    """Pairs that `item_rule` is expected to call distinguished when none can be told apart.

    Examples
    --------
    >>> chance_detections(12_000, 5)
    375.0
    """
    if items < 0:
        raise ValueError(f"items must not be negative, got {items!r}.")
    return items * item_rule(votes, alpha).alpha_attained


def noninferiority_pairs(sd: float, margin: float, alpha: float = 0.05, power: float = 0.9) -> int:
    """Scored pairs that show a mean gap below the margin when there is none.

    Parameters
    ----------
    sd : float
        Standard deviation of the gap of a pair, above 0.
    margin : float
        Gap that would matter, above 0, in the unit of the scores.
    alpha, power : float
        One-sided level, and wanted chance to show it; strictly between 0 and 1.

    Returns
    -------
    int
        By the normal approximation, rounded up.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> noninferiority_pairs(1.5, 0.5), noninferiority_pairs(2.0, 0.3)
    (78, 381)
    """
    if not (sd > 0.0 and margin > 0.0):
        raise ValueError("sd and margin must be above nought.")
    reach = _z(1.0 - check_share("alpha", alpha)) + _z(check_share("power", power))
    return math.ceil((sd * reach / margin) ** 2)


def _z(share: float) -> float:
    return float(special.ndtri(share))


def _check(correct: float, n: float) -> None:
    if not (n > 0 and 0 <= correct <= n):
        raise ValueError(f"correct must lie between 0 and n, got {correct!r} of {n!r}.")
