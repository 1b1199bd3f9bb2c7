"""`TextScorer`: whether the words a prompt asks for can be read in the picture.

How lettering is compared, stated here and in the metrics' definitions:

* NFKC and case folding: case never counts, nor do full-width forms.
* Only letters, digits and spaces count. Apostrophes vanish ("don't" is one word); any other
  punctuation is a space.
  So "stop-now" is two words, "€5.50" is "5 50", and a word broken over two lines is two words
  (its letters still make it exact).
* Accents count: "cafe" is not "café", however é is composed. "ß" is "ss".
* Scripts written without spaces (Chinese, Japanese, Thai): each character is a word.
* A word counts as often as it stands: "big big sale" wants two "big".
* Lines are read top to bottom, left to right, and joined by a space. Several strings of
  ``must_render`` may stand in any order (all orders are tried for up to 4 strings).
* Whatever else can be read in the picture counts against edit distance and exactness, and not
  against word accuracy.

A prompt whose words the recogniser's alphabet cannot write (Cyrillic, Arabic, ...) is unscored
and says so: that would judge the reader, not the picture.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from qfloor.errors import PluginError, ScoringError
from qfloor.records import Direction, Metric, Prompt, ScoreStatus
from qfloor.scorers.ocr import RapidReader
from qfloor.scorers.protocol import Item, Pixels, Row
from qfloor.scorers.rights import weights_of

MAX_ORDERED = 4
_APOSTROPHES = "'’‘`´ʼ"
_SPACELESS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


class Reader(Protocol):
    """What reads a picture's lines; ``weights`` may say on what terms its models come."""

    @property
    def definition(self) -> Mapping[str, Any]:
        """What was read with: models and settings."""

    @property
    def execution(self) -> Mapping[str, Any]:
        """How: runtime and its version."""

    @property
    def alphabet(self) -> frozenset[str]:
        """Every character it can write."""

    def __call__(self, picture: Pixels) -> tuple[str, ...]:
        """Return the lines, top to bottom and left to right."""


def normalise(text: str) -> str:
    """Reduce text to case-folded letters, digits and single spaces (module docstring).

    Examples
    --------
    >>> normalise("Don't  STOP-now!")
    'dont stop now'
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in folded
            if c not in _APOSTROPHES)  # fmt: skip
    return " ".join("".join(kept).split())


def words(text: str) -> list[str]:
    """Split normalised text into words; characters of scripts without spaces stand alone.

    Examples
    --------
    >>> words("open 咖啡 24")
    ['open', '咖', '啡', '24']
    """
    spaced = "".join(f" {c} " if _is_spaceless(c) else c for c in text)
    return spaced.split()


def _is_spaceless(character: str) -> bool:
    return character > "\u0e00" and unicodedata.name(character, "").startswith(_SPACELESS)


def word_accuracy(target: str, read: str) -> float:
    """Return matched words / target words, both as multisets, of normalised texts. In [0, 1].

    Raises
    ------
    ScoringError
        When the target has no word.

    Examples
    --------
    >>> word_accuracy("open all night", "open night night")
    0.6666666666666666
    """
    wanted, got = Counter(words(target)), Counter(words(read))
    if not wanted:
        raise ScoringError("the target holds no letter or digit, so no share of it can be read")
    return sum((wanted & got).values()) / sum(wanted.values())


def edit_distance(a: str, b: str) -> int:
    """Return the Levenshtein distance: insertions, deletions and substitutions cost 1.

    Examples
    --------
    >>> edit_distance("kitten", "sitting")
    3
    """
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError as error:
        raise PluginError(
            "comparing text needs rapidfuzz, which is not installed; pip install 'qfloor[ocr]'"
        ) from error
    return int(Levenshtein.distance(a, b))


def orders(strings: Sequence[str]) -> list[str]:
    """Join strings in every order when there are few enough, otherwise as given."""
    if len(strings) > MAX_ORDERED:
        return [" ".join(strings)]
    return sorted({" ".join(order) for order in itertools.permutations(strings)})


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How well what was read agrees with what was asked for.

    ``edit_distance`` is in characters, spaces included; the other three are the metrics.
    """

    word_accuracy: float
    edit_distance: int
    edit_distance_norm: float
    exact: bool


def compare(wanted: Sequence[str], lines: Sequence[str]) -> Agreement:
    """Compare the strings a picture should hold with the lines that were read in it.

    Parameters
    ----------
    wanted : sequence of str
        As in ``must_render``; at least one holds a letter or digit.
    lines : sequence of str
        Top to bottom and left to right; may be empty.

    Raises
    ------
    ScoringError
        When nothing readable is wanted.

    Examples
    --------
    >>> found = compare(["Fresh Bread", "Coffee"], ["COFFEE", "fresh bead"])
    >>> round(found.word_accuracy, 3), found.edit_distance, found.exact
    (0.667, 1, False)
    """
    targets = [text for text in map(normalise, wanted) if text]
    read = normalise(" ".join(lines))
    accuracy = word_accuracy(" ".join(targets), read)
    candidates = orders(targets)
    distance = min(edit_distance(order, read) for order in candidates)
    glued = read.replace(" ", "")
    return Agreement(
        word_accuracy=accuracy,
        edit_distance=distance,
        edit_distance_norm=distance / max(len(candidates[0]), len(read)),  # orders: one length
        exact=any(order.replace(" ", "") == glued for order in candidates),
    )


class TextScorer:
    """OCR of what a prompt's ``must_render`` asks for; other prompts are not its business.

    ==========================  =====================================================
    ``text.word_accuracy``      matched words / target words, as multisets. [0, 1]
    ``text.edit_distance_norm`` Levenshtein / longer length, over letters, digits and
                                single spaces; lower is better. [0, 1]
    ``text.exact``              1 when letters and digits agree exactly, spaces ignored
    ==========================  =====================================================

    Of a clip the middle frame is read.

    Parameters
    ----------
    detect_side : int, default 512
        See `RapidReader`.
    right_turned : bool, default True
        See `RapidReader`.
    raw_distance : bool, default False
        Whether the Levenshtein distance itself is given too, as ``text.edit_distance``, in
        characters; `qfloor.scorers.text_aggregate` needs it.
    reader : Reader, optional
        Takes the place of rapidocr.

    Notes
    -----
    `score` reads one picture after the other in the calling thread, and may be called from
    several threads at once.

    References
    ----------
    The two continuous metrics are the per-picture parts of OneIG-Bench's text score;
    `qfloor.scorers.text_aggregate` says where they differ from it.
    """

    def __init__(
        self,
        detect_side: int = 512,
        right_turned: bool = True,
        raw_distance: bool = False,
        reader: Reader | None = None,
    ) -> None:
        self._reader: Reader = reader or RapidReader(detect_side, right_turned)
        self._metrics = _metrics(self._reader, raw_distance)

    @property
    def concurrent(self) -> bool:
        """Whether the reader says that its calls may overlap."""
        return bool(getattr(self._reader, "concurrent", False))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Word accuracy, normalised edit distance, exactness; the raw distance if asked for."""
        return self._metrics

    @property
    def inputs(self) -> tuple[str, ...]:
        """The picture, or a clip's middle frame."""
        return ("pixels",)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Only where the prompt says what must be readable."""
        return bool(prompt.must_render)

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [self._score_one(item) for item in batch]

    def _score_one(self, item: Item) -> tuple[Row, ...]:
        reason = self._unreadable(item.prompt)
        if reason is not None:
            unscored = ScoreStatus.UNSCORED
            return tuple(Row(metric=m.name, status=unscored, reason=reason) for m in self.metrics)
        picture = item.inputs["pixels"]
        assert isinstance(picture, np.ndarray)
        found = compare(item.prompt.must_render, self._reader(picture))
        values = (found.word_accuracy, found.edit_distance_norm, found.exact, found.edit_distance)
        return tuple(
            Row(metric=metric.name, status=ScoreStatus.SCORED, value=float(value))
            for metric, value in zip(self.metrics, values, strict=False)  # the last is optional
        )

    def _unreadable(self, prompt: Prompt) -> str | None:
        if not any(map(normalise, prompt.must_render)):
            return "must_render holds no letter or digit"
        written = unicodedata.normalize("NFKC", "".join(prompt.must_render))
        letters = {c for c in written if unicodedata.category(c)[0] in "LN"}
        outside = {c for c in letters if not {c, c.lower(), c.upper()} & self._reader.alphabet}
        if outside:
            return f"the reader's alphabet has no {' '.join(sorted(outside)[:5])}"
        return None


def _metrics(reader: Reader, raw_distance: bool) -> tuple[Metric, ...]:
    rules = {
        "case": "ignored",
        "counts": "letters, digits and single spaces after NFKC; apostrophes vanish",
        "spaceless_scripts": "one character is one word",
        "lines": "top to bottom, left to right, joined by a space",
        "strings": f"best order of up to {MAX_ORDERED}",
        "clips": "middle frame",
    }

    def metric(name: str, unit: str, formula: str, direction: Direction = "higher") -> Metric:
        return Metric(
            name=f"text.{name}",
            unit=unit,
            lo=0.0,
            hi=None if unit == "characters" else 1.0,
            direction=direction,
            boolean=name == "exact",
            definition={"formula": formula, **rules, "reader": dict(reader.definition)},
            execution=reader.execution,
            weights=weights_of(reader),
        )

    usual = (
        metric("word_accuracy", "share", "matched words / target words, multisets"),
        metric("edit_distance_norm", "share", "Levenshtein / longer length", "lower"),
        metric("exact", "boolean", "letters and digits equal, spaces ignored"),
    )
    raw = metric("edit_distance", "characters", "Levenshtein", "lower")
    return (*usual, raw) if raw_distance else usual
