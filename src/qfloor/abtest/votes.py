"""Answers as columns: who said what of which pair, turned so that sides no longer matter.

A choice is +1 for the reference, -1 for the routed side, 0 for neither. Everything after this
file works on these columns, so swapping the sides of every trial cannot change what it finds,
but for what is asked about sides themselves.

It knows neither the plan nor any statistic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from qfloor.abtest.answers import KINDS, REFERENCE, ROUTED, SPOILT, Answer
from qfloor.errors import RatingsError

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]
Signs = NDArray[np.int8]

UNKNOWN = -1
"""Of a usable flag that was not asked for."""

_SIDE = {"left": -1, "right": 1}
_FLAG = {True: 1, False: 0, None: UNKNOWN}


@dataclass(frozen=True, kw_only=True, eq=False)
class Votes:
    """Answers of a session as columns of one length; skipped trials are counted, not here.

    Attributes
    ----------
    kind, pair, prompt, rater, category : ndarray of int
        Codes of `answers.KINDS` and of the names below.
    choice : ndarray of int
        +1 the reference (or the intact side of a catch trial), -1 the other, 0 neither; of a
        placebo, which has no better side, the side as in ``side``.
    side : ndarray of int
        -1 left, +1 right, 0 neither.
    both_bad : ndarray of bool
        Neither was any good; the choice is 0.
    routed_score, reference_score : ndarray
        On 0 to 10, NaN where not asked for.
    routed_usable, reference_usable : ndarray of int
        1, 0, or `UNKNOWN`.
    seconds : ndarray
        How long the answer took, NaN where not known.
    trials, repeat_of : tuple
        Names of the trials, and of those shown again.
    pairs, prompts, raters, categories : tuple of str
        What the codes stand for.
    skipped : mapping of str to int
        How many trials of each kind were passed over; kinds with none are not there.
    """

    kind: Codes
    pair: Codes
    prompt: Codes
    rater: Codes
    category: Codes
    choice: Signs
    side: Signs
    both_bad: Flags
    routed_score: FloatArray
    reference_score: FloatArray
    routed_usable: Signs
    reference_usable: Signs
    seconds: FloatArray
    trials: tuple[str, ...]
    repeat_of: tuple[str | None, ...]
    pairs: tuple[str, ...]
    prompts: tuple[str, ...]
    raters: tuple[str, ...]
    categories: tuple[str, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many answers there are."""
        return int(self.kind.size)

    @property
    def gap(self) -> FloatArray:
        """Score of the reference less that of the routed side, to a hundredth; NaN if unasked.

        Rounded because 7.6 - 6.6 is below 1 in floating point, and a gap of 1 is not minor.
        """
        return np.asarray(np.round(self.reference_score - self.routed_score, 2))

    def of_kind(self, *kinds: str) -> Flags:
        """Tell which answers are of these kinds."""
        return np.isin(self.kind, [KINDS.index(kind) for kind in kinds])

    def where(self, chosen: Flags) -> Votes:
        """Keep some answers; codes and their names stay."""
        at = np.flatnonzero(chosen)
        columns = {name: getattr(self, name)[at] for name in _COLUMNS}
        return replace(
            self,
            **columns,
            trials=tuple(self.trials[i] for i in at),
            repeat_of=tuple(self.repeat_of[i] for i in at),
        )


_COLUMNS = (
    "kind", "pair", "prompt", "rater", "category", "choice", "side", "both_bad", "routed_score",
    "reference_score", "routed_usable", "reference_usable", "seconds",
)  # fmt: skip


def votes_of(answers: Iterable[Answer]) -> Votes:
    """Turn answers into columns; training trials are left aside.

    Raises
    ------
    RatingsError
        When nothing is left, or one pair belongs to two prompts.
    """
    given = [a for a in answers if a.kind != "training"]
    kept = [a for a in given if a.response != "skip"]
    if not kept:
        raise RatingsError("nobody answered anything yet: there is no vote to analyse")
    _check_pairs(kept)
    swapped = np.array([_better_is_left(a) for a in kept], dtype=bool)
    side = np.array([_SIDE.get(a.response, 0) for a in kept], dtype=np.int8)
    choice = np.where(swapped, -side, side).astype(np.int8)
    sides = [a.left_score for a in kept], [a.right_score for a in kept]
    scores = np.array(sides, dtype=np.float64)
    scores = np.where(swapped, scores[::-1], scores)  # (routed, reference)
    flags = np.array(
        [[_FLAG[a.left_usable] for a in kept], [_FLAG[a.right_usable] for a in kept]], dtype=np.int8
    )
    usable = np.where(swapped, flags[::-1], flags)
    coded = {n: _coded([getattr(a, f"{n}_id") for a in kept]) for n in ("pair", "prompt", "rater")}
    category = _coded([a.category for a in kept])
    milliseconds = [np.nan if a.duration_ms is None else a.duration_ms for a in kept]
    return Votes(
        kind=np.array([KINDS.index(a.kind) for a in kept], dtype=np.intp),
        pair=coded["pair"][0],
        prompt=coded["prompt"][0],
        rater=coded["rater"][0],
        category=category[0],
        choice=choice,
        side=side,
        both_bad=np.array([a.response == "both_bad" for a in kept], dtype=bool),
        routed_score=scores[0],
        reference_score=scores[1],
        routed_usable=usable[0],
        reference_usable=usable[1],
        seconds=np.array(milliseconds, dtype=float) / 1000.0,
        trials=tuple(a.trial_id for a in kept),
        repeat_of=tuple(a.repeat_of for a in kept),
        pairs=coded["pair"][1],
        prompts=coded["prompt"][1],
        raters=coded["rater"][1],
        categories=category[1],
        skipped=dict(Counter(a.kind for a in given if a.response == "skip")),
    )


def preferred(answer: Answer) -> int:
    """Tell for which side an answer is: +1 the reference or intact one, -1 the other, 0 neither."""
    side = _SIDE.get(answer.response, 0)
    return -side if _better_is_left(answer) else side


def _better_is_left(answer: Answer) -> bool:
    """Whether the side that is said to be better was on the left: the reference, or the intact."""
    if answer.right_arm == SPOILT or answer.left_arm == SPOILT:
        return answer.right_arm == SPOILT
    return answer.left_arm == REFERENCE and answer.right_arm == ROUTED


def _coded(labels: Sequence[str]) -> tuple[Codes, tuple[str, ...]]:
    names = sorted(set(labels))
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[label] for label in labels], dtype=np.intp), tuple(names)


def _check_pairs(answers: Sequence[Answer]) -> None:
    prompt: dict[str, str] = {}
    for answer in answers:
        first = prompt.setdefault(answer.pair_id, answer.prompt_id)
        if first != answer.prompt_id:
            raise RatingsError(
                f"pair {answer.pair_id!r} belongs to prompt {first!r} and, in trial "
                f"{answer.trial_id!r}, to {answer.prompt_id!r}; a pair answers one prompt"
            )
