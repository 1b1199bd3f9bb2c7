"""Bradley-Terry with ties: one number for how much more often one arm is chosen.

Davidson's model, ``P(i over j) = a_i / (a_i + a_j + nu sqrt(a_i a_j))``: ties are an outcome of
their own and not half a win. For two names the estimate is closed, ``log(w/l)`` and
``nu = T / sqrt(w l)``; for more it is evalica's `newman`, which is Davidson's likelihood. Neither
gives an interval, so prompts and raters are drawn again, each by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qfloor.abtest.answers import Answer
from qfloor.abtest.estimands import pair_weights
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.votes import Votes

FloatArray = NDArray[np.float64]

RESAMPLES = 299
_RUNAWAY = 12.0  # log-odds: a name that lost every comparison has no lower end
_WORD = {"left": "left", "right": "right"}
_MOST = 4_000_000  # votes times draws held at once


@dataclass(frozen=True, kw_only=True)
class Davidson:
    """Log-odds of the reference being chosen over the routed arm, given that one is chosen.

    ``tie`` is Davidson's nu: 0 without ties, large when ties are the rule. ``low`` and ``high``
    are None where draws leave the odds undefined, with the reason in ``why``.
    """

    log_odds: float | None
    low: float | None
    high: float | None
    tie: float | None
    n_resamples: int
    why: str | None = None


def davidson_of_arms(test: Votes, plan: AnalysisPlan, rng: np.random.Generator) -> Davidson:
    """Compare the two arms; both-bad counts as a tie."""
    weight = pair_weights(test)
    wins, losses, ties = _counts(test.choice, weight)
    if wins <= 0.0 or losses <= 0.0:
        never = plan.reference if wins <= 0.0 else plan.routed
        return Davidson(
            log_odds=None, low=None, high=None, tie=None, n_resamples=0,
            why=f"{never} was never chosen, so the odds have no bound",
        )  # fmt: skip
    drawn = _drawn(test, weight, rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(drawn[0]) - np.log(drawn[1])
    defined = odds[np.isfinite(odds)]
    low = high = None
    why = "in too many draws one arm was never chosen"
    if 20 * defined.size >= 19 * odds.size:
        tail = plan.alpha / 2.0
        low, high = (float(end) for end in np.quantile(defined, [tail, 1.0 - tail]))
    return Davidson(
        log_odds=math.log(wins / losses),
        low=low,
        high=high,
        tie=ties / math.sqrt(wins * losses),
        n_resamples=int(odds.size),
        why=None if low is not None else why,
    )


@dataclass(frozen=True, kw_only=True)
class Strength:
    """Log strength of one name, the mean of all at 0, with its interval over resampled prompts."""

    name: str
    value: float
    low: float | None
    high: float | None
    n: int


def strengths_of_offers(
    answers: Sequence[Answer],
    offers: Mapping[str, str],
    *,
    confidence: float = 0.95,
    n_resamples: int = 199,
) -> list[Strength]:
    """Rank the offers behind the arms by who was preferred over whom, strongest first.

    Parameters
    ----------
    answers : sequence of Answer
        Test trials enter; both-bad is a tie.
    offers : mapping
        Which offer made each item (`qfloor.abtest.key` knows it).
    confidence : float
        Of the interval, strictly between 0 and 1.
    n_resamples : int
        Draws of prompts.

    Returns
    -------
    list of Strength
        ``low`` and ``high`` are None where an offer won or lost everything in too many draws.
        Empty when no trial compares two offers.

    Raises
    ------
    ValueError
        When an item has no offer.
    """
    kept = [a for a in answers if a.kind == "test" and a.response != "skip"]
    unknown = [i for a in kept for i in (a.left_item, a.right_item) if i not in offers]
    if unknown:
        raise ValueError(f"item {unknown[0]!r} has no offer.")
    rows = [(offers[a.left_item], offers[a.right_item], a) for a in kept]
    rows = [(left, right, a) for left, right, a in rows if left != right]
    if not rows:
        return []
    names = sorted({name for left, right, _ in rows for name in (left, right)})
    kinds: dict[tuple[str, str, str], int] = {}
    prompts: dict[str, int] = {}
    cell = [
        (
            kinds.setdefault((left, right, _WORD.get(a.response, "tie")), len(kinds)),
            prompts.setdefault(a.prompt_id, len(prompts)),
        )
        for left, right, a in rows
    ]
    counts = np.zeros((len(prompts), len(kinds)))
    np.add.at(counts, tuple(np.array(cell)[:, ::-1].T), 1.0)
    left, right, winner = zip(*kinds, strict=True)
    found = davidson_scores(left, right, winner, counts.sum(axis=0).tolist())
    rng = np.random.default_rng(0)
    taken = rng.multinomial(len(prompts), np.full(len(prompts), 1 / len(prompts)), n_resamples)
    drawn = [davidson_scores(left, right, winner, row.tolist()) for row in taken @ counts]
    shown = {name: sum(name in (x, y) for x, y, _ in rows) for name in names}
    tail = (1.0 - confidence) / 2.0
    return [
        Strength(name=name, value=found[name], **_ends(drawn, name, tail), n=shown[name])
        for name in sorted(names, key=lambda name: -found[name])
    ]


def _ends(drawn: Sequence[Mapping[str, float]], name: str, tail: float) -> dict[str, float | None]:
    """Interval of one name over draws; none where nothing binds its strength at an end."""
    values = np.array([row[name] for row in drawn])
    defined = values[np.abs(values) < _RUNAWAY]
    if 20 * defined.size < 19 * values.size:
        return {"low": None, "high": None}
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return {"low": float(low), "high": float(high)}


def davidson_scores(
    left: Sequence[str],
    right: Sequence[str],
    winners: Sequence[str],
    weights: Sequence[float] | None = None,
) -> dict[str, float]:
    """Log strengths of any number of names by evalica, their mean at 0.

    Parameters
    ----------
    left, right : sequence of str
        Who was compared with whom.
    winners : sequence of str
        ``left``, ``right`` or ``tie``.
    weights : sequence of float, optional
        How much each comparison counts.

    Raises
    ------
    ValueError
        When a winner is another word, or the lists differ in length.

    Examples
    --------
    >>> winners = ["left"] * 40 + ["right"] * 30 + ["tie"] * 30
    >>> scores = davidson_scores(["a"] * 100, ["b"] * 100, winners)
    >>> print(f"{scores['a'] - scores['b']:.4f}")
    0.2877
    """
    import evalica

    known = {"left": evalica.Winner.X, "right": evalica.Winner.Y, "tie": evalica.Winner.Draw}
    unknown = sorted(set(winners) - set(known))
    if unknown or not len(left) == len(right) == len(winners):
        raise ValueError(f"winners must be left, right or tie, one for each pair, got {unknown}.")
    found = evalica.newman(
        list(left), list(right), [known[w] for w in winners],
        weights=None if weights is None else list(weights), tolerance=1e-9, limit=1000,
    )  # fmt: skip
    logs = np.log(found.scores)
    return {str(name): float(value) for name, value in (logs - logs.mean()).items()}


def _counts(choice: NDArray[np.int8], weight: FloatArray) -> tuple[float, float, float]:
    won, lost = (float(weight[choice == sign].sum()) for sign in (1, -1))
    return won, lost, float(weight[choice == 0].sum())


def _drawn(test: Votes, weight: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Weighted wins and losses over draws of prompts and raters, shape (2, draws).

    Only chosen votes matter. Where every rater comes once, raters are not drawn by themselves.
    """
    n_prompts, n_raters = len(test.prompts), len(test.raters)
    at = np.flatnonzero(test.choice != 0)
    prompt, rater = test.prompt[at], test.rater[at]
    signed = np.stack([weight[at] * (test.choice[at] > 0), weight[at] * (test.choice[at] < 0)])
    once = np.bincount(test.rater, minlength=n_raters).max() <= 1
    step = max(1, _MOST // max(1, at.size))
    found = []
    for start in range(0, RESAMPLES, step):
        size = min(step, RESAMPLES - start)
        taken = _draws(test.prompt, n_prompts, size, rng)[:, prompt]
        if not once:
            taken = taken * _draws(test.rater, n_raters, size, rng)[:, rater]
        found.append(signed @ taken.T)
    return np.concatenate(found, axis=1)


def _draws(codes: NDArray[np.intp], n: int, size: int, rng: np.random.Generator) -> FloatArray:
    """How often each code that occurs is taken, for every draw."""
    present = np.flatnonzero(np.bincount(codes, minlength=n))
    taken = present[rng.integers(0, present.size, (size, present.size))]
    taken += n * np.arange(size)[:, None]
    return np.bincount(taken.ravel(), minlength=n * size).reshape(size, n).astype(np.float64)
