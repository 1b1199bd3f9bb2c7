"""One number for an offer's lettering, from per-output rows: OneIG-Bench's text score.

The aggregate is theirs; what goes in is measured as `qfloor.scorers.text` says, which is not
quite how they measure it, so the result carries our name and is not their leaderboard's number:

=============  =======================================  ==================================
               here                                     OneIG-Bench
=============  =======================================  ==================================
reader         rapidocr (PP-OCRv6)                      Qwen2.5-VL-7B
case           ignored                                  counts
punctuation    a space; apostrophes vanish              vanishes: "STOP-now" is one word
letters kept   every script's; NFKC                     a-z, CJK, French accents: no ñ, ß, í
spaces         single; kept                             single; dropped where there is Chinese
words          a spaceless script's characters stand    characters when the target holds
               alone, others are split at spaces        Chinese, else split at spaces
strings        the best of up to 24 orders              one string, in its order
no picture     not in the rows: say how many            dropped in silence
=============  =======================================  ==================================

It is a mean over outputs and says nothing of the bad days: floors use the per-output metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qfloor.errors import ScoringError
from qfloor.scorers.text import normalise, words

ONEIG_ENGLISH, ONEIG_CHINESE = 100.0, 50.0
"""The edit distance from which on a picture is as bad as can be (their M), by language."""


@dataclass(frozen=True, kw_only=True)
class TextAggregate:
    """OneIG-Bench's aggregate and its parts, over ``outputs`` outputs.

    ``edit_distance`` is a mean in characters, ``completion_rate`` the share of outputs at
    distance 0, ``word_accuracy`` matched words / target words, both summed over outputs.
    """

    outputs: int
    edit_distance: float
    completion_rate: float
    word_accuracy: float
    ceiling: float
    score: float


def count_target_words(must_render: Sequence[str]) -> int:
    """Return how many words ``must_render`` asks for, as word accuracy counts them.

    Examples
    --------
    >>> count_target_words(["Fresh Bread", "咖啡"])
    4
    """
    return len(words(normalise(" ".join(must_render))))


def oneig_text_score(
    edit_distances: Sequence[float],
    word_accuracies: Sequence[float],
    target_words: Sequence[int],
    *,
    ceiling: float = ONEIG_ENGLISH,
) -> TextAggregate:
    """Compute OneIG-Bench's text score of one offer in one language.

    ``1 - min(M, ED) (1 - CR) (1 - WAC) / M``, with ED the mean edit distance, CR the share of
    outputs at distance 0, WAC = matched words / target words over all outputs, M the ceiling.

    Parameters
    ----------
    edit_distances : sequence of float
        ``text.edit_distance`` of each output (``TextScorer(raw_distance=True)``), >= 0.
    word_accuracies : sequence of float
        ``text.word_accuracy`` of the same outputs, in [0, 1].
    target_words : sequence of int
        `count_target_words` of the same outputs' prompts, >= 1.
    ceiling : float, default 100
        M: `ONEIG_ENGLISH` or `ONEIG_CHINESE`.

    Returns
    -------
    TextAggregate
        Its ``score`` lies in [0, 1]; 1 is perfect.

    Raises
    ------
    ScoringError
        When there is no output, lengths differ or a number is out of range.

    References
    ----------
    OneIG-Bench, ``scripts/text/text_score.py``.

    Examples
    --------
    >>> oneig_text_score([0, 20], [1.0, 0.5], [2, 2]).score
    0.9875
    """
    _check(edit_distances, word_accuracies, target_words, ceiling)
    outputs = len(edit_distances)
    distance = sum(edit_distances) / outputs
    completion = sum(d == 0 for d in edit_distances) / outputs
    matched = sum(a * n for a, n in zip(word_accuracies, target_words, strict=True))
    accuracy = matched / sum(target_words)
    short = min(ceiling, distance) * (1 - completion) * (1 - accuracy) / ceiling
    return TextAggregate(
        outputs=outputs,
        edit_distance=distance,
        completion_rate=completion,
        word_accuracy=accuracy,
        ceiling=ceiling,
        score=1 - short,
    )


def _check(
    edit_distances: Sequence[float],
    word_accuracies: Sequence[float],
    target_words: Sequence[int],
    ceiling: float,
) -> None:
    lengths = (len(edit_distances), len(word_accuracies), len(target_words))
    if len(set(lengths)) > 1:
        raise ScoringError(
            f"a text score needs the three numbers of every output, got {lengths[0]} edit "
            f"distances, {lengths[1]} word accuracies and {lengths[2]} counts of target words"
        )
    if not edit_distances:
        raise ScoringError("a text score needs at least one scored output, got none")
    if not ceiling > 0:
        raise ScoringError(f"the ceiling of edit distances is {ceiling}; it must be above 0")
    for i, (d, a, n) in enumerate(zip(edit_distances, word_accuracies, target_words, strict=True)):
        if not (0 <= d < float("inf") and 0 <= a <= 1 and n >= 1):
            raise ScoringError(
                f"output {i} has edit distance {d}, word accuracy {a} and {n} target words; "
                "they must be at least 0, in [0, 1] and at least 1"
            )
