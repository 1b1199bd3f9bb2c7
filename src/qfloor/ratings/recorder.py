"""Turns answers of a foreign file into judgments, by what the user said of the file.

A format module walks its file and hands over each answer with the record it stands in; what the
record's columns mean, what a question is called and what an answer is worth is looked up here, the
same for every format.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from qfloor import tables
from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import (
    ANONYMOUS,
    Faults,
    Judgment,
    Reading,
    ReadOptions,
    Scale,
    Side,
    Versus,
    judgment_of,
)
from qfloor.ratings.lookup import Given, Lookup, plain_text
from qfloor.ratings.mapping import SKIP, Criterion, Worth
from qfloor.ratings.wording import listed, nearest
from qfloor.records import Winner

SHARED = ("prompt", "text", "category", "modality")
LEFT: Literal["left"] = "left"
RIGHT: Literal["right"] = "right"


class Recorder:
    """Collects the judgments of one file.

    Parameters
    ----------
    path : Path
        The file.
    noun : str
        What its rows are called.
    options : ReadOptions
        What the user said of it.
    usual : mapping
        Columns that the format itself knows for fields, e.g. ``{"model": "rating_stimulus"}``.
    """

    def __init__(
        self,
        path: Path,
        noun: str,
        options: ReadOptions,
        usual: Mapping[str, str] | None = None,
    ) -> None:
        self.faults = Faults(path, noun)
        self.options = options
        self.mapping = options.mapping
        self.dropped: Counter[str] = Counter()
        self.notes: list[str] = []
        self._path = path
        self.lookup = Lookup(self.faults, options, usual or {})
        self._judgments: list[Judgment] = []
        self._comparisons: list[Versus] = []
        self._asked: dict[str, tuple[str, Scale]] = {}
        self._worths: dict[str | int, Worth] = {}
        self._questions: dict[str, None] = {}
        self._aside: dict[str, None] = {}
        self._odd_times = 0
        self._commas = tables.Commas(path)

    # -- what formats call ------------------------------------------------------------------

    def wants(self, question: str) -> bool:
        """Whether a question is to be imported; one that is not is told in the report."""
        if self.mapping.criteria and question not in self.mapping.criteria:
            self._aside[question] = None
            return False
        self._questions[question] = None
        return True

    def drop(self, reason: str, n: int = 1) -> None:
        """Count judgments that do not enter."""
        self.dropped[reason] += n

    def answer(self, given: Given, raw: Any) -> None:
        """Record what was answered: a number, words, or nothing (None or empty)."""
        is_simple = type(raw) is str or type(raw) is int  # 1, True and 1.0 are equal keys
        worth = self._worths.get(raw) if is_simple else None
        if worth is None:
            worth = self._worth(given, raw)
            if is_simple and worth is not None:
                self._worths[raw] = worth
        if worth is None:
            self.drop("no score")
        elif isinstance(worth, float):
            self._rate(given, worth)
        elif worth == SKIP:
            self.drop("skipped")
        else:
            self.compare(given, worth)

    def compare(
        self,
        given: Given,
        winner: Winner,
        sides: tuple[str, str] = (LEFT, RIGHT),
        models: tuple[str, str] = ("", ""),
    ) -> None:
        """Record a choice between two shown things, each described by its own mapped fields.

        Parameters
        ----------
        given : Given
            The choice as its row tells it.
        winner : str
            ``left``, ``right``, ``tie`` or ``both_bad``.
        sides : tuple of str
            What was shown left and right, as fields are mapped for it.
        models : tuple of str
            The models of both where the format itself knows them and nothing else was mapped.
        """
        left, right = (
            self.lookup.described(given, (name, *given.shown), one_of_two=True) for name in sides
        )
        prompt, text, category, modality = (
            self._one(given, name, *both)
            for name, *both in zip(SHARED, left[1:5], right[1:5], strict=True)
        )
        self._comparisons.append(
            Versus(
                row=given.row,
                left=Side(left.item, left.model or models[0], left.seed),
                right=Side(right.item, right.model or models[1], right.seed),
                winner=winner,
                rater=self.rater(given),
                prompt=prompt,
                text=text,
                category=category,
                modality=modality,
                criterion=self._criterion(given.question).name,
                control=given.control,
                session=self._session(given),
                at=self._moment(given),
                seconds=given.seconds,
                annotation=given.annotation,
            )
        )

    def _one(self, given: Given, name: str, left: str, right: str) -> str:
        """What both sides were asked for, said of either."""
        if left and right and left != right:
            raise self.faults.wrong(
                given.row,
                f"{name} is {left!r} on the left and {right!r} on the right, but a comparison is "
                "of one prompt",
            )
        return left or right

    def rater(self, given: Given) -> str:
        """Name who answered; nobody known is `ANONYMOUS`."""
        said = self.lookup.field(given, "rater", given.shown) or given.rater.strip()
        return ANONYMOUS if not said or said.lower() == ANONYMOUS else said

    def has_nobodys(self, criterion: str) -> bool:
        """Whether a criterion has ratings of which nobody knows who gave them."""
        return any(j.criterion == criterion and j.rater == ANONYMOUS for j in self._judgments)

    def reading(self, ignored: Sequence[str] = (), offered: Sequence[str] = ()) -> Reading:
        """Close the file; ``offered`` names its columns, where questions are columns."""
        if self._odd_times:
            odd = several(self._odd_times, "time is not", "times are not")
            self.notes.append(f"{odd} in ISO 8601 and left out")
        raters = {j.rater for j in self._judgments}.union(c.rater for c in self._comparisons)
        if raters == {ANONYMOUS}:
            self.notes.append(
                "nobody knows who rated: raters cannot be told apart, so no rater enters a bound"
            )
        return Reading(
            judgments=tuple(self._judgments),
            comparisons=tuple(self._comparisons),
            n_rows=len(self._judgments) + len(self._comparisons) + self.dropped.total(),
            dropped=self.dropped,
            ignored_columns=tuple(sorted({*ignored, *self._aside})),
            notes=tuple(self.notes),
            unheard=self._unheard(offered),
        )

    def _unheard(self, offered: Sequence[str]) -> dict[str, str]:
        """What the user spoke of and the file does not have, each with what there is."""
        asked = [*self._questions, *self._aside] or list(offered)
        found = {
            f"question {question!r}": nearest(question, asked)
            for question in self.mapping.criteria
            if question not in self._questions
        }
        shown = self.lookup.shown
        return found | {
            f"{name!r}, which fields are mapped for,": nearest(name, sorted(shown))
            for name in self.mapping.objects
            if name not in shown
        }

    # -- what an answer is worth ------------------------------------------------------------

    def _worth(self, given: Given, raw: Any) -> Worth | None:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        text = raw.strip() if isinstance(raw, str) else plain_text(raw)
        for told in () if text is None else (text, " ".join(text.split())):  # or in one line
            if told in self.mapping.answers:
                return self.mapping.answers[told]
        number = self._plain_number(given, raw)
        if number is not None:
            return number
        if isinstance(raw, dict | list):
            what = "an object" if isinstance(raw, dict) else "a list"
            raise self.faults.wrong(
                given.row,
                f"question {given.question!r} holds {what}, which is no single answer; give each "
                "answer a row or a column of its own",
            )
        known = f" (known: {listed(self.mapping.answers, 20)})" if self.mapping.answers else ""
        said = " ".join(str(raw).split())[:40]
        raise self.faults.wrong(
            given.row,
            f"question {given.question!r} was answered {said!r}, which is no number{known}, "
            f"say what it is worth with --answer '{said}=NUMBER', or choose the questions to "
            "import with --criterion",
        )

    def _plain_number(self, given: Given, raw: Any) -> float | None:
        """Read a number, of a table of semicolons with a decimal comma too, which is told."""
        number = number_in(raw)
        if not isinstance(raw, str):
            return number
        text = raw.strip()
        if number is not None:
            self._commas.look(text)
        else:
            number = self._commas.read(text)
            if number is not None and tables.COMMAS not in self.notes:
                self.notes.append(tables.COMMAS)
        if self._commas.doubt:
            raise self.faults.wrong(given.row, self._commas.doubt)
        return number

    def _criterion(self, question: str) -> Criterion:
        return self.mapping.criteria.get(question, Criterion(question))

    def _terms(self, given: Given) -> tuple[str, Scale]:
        """What a question is called here, and its scale; asked once a question."""
        terms = self._asked.get(given.question)
        if terms is None:
            criterion = self._criterion(given.question)
            terms = self._asked[given.question] = criterion.name, self._scale(given, criterion)
        return terms

    def _scale(self, given: Given, criterion: Criterion) -> Scale:
        scale = criterion.scale or self.options.scale
        if scale is None:
            raise RatingsError(
                f"{self._path}: the scale of {given.question!r} is not declared; give it as "
                f"--scale LOW:HIGH or --criterion {given.question}=NAME@LOW:HIGH (it is never "
                "guessed); nothing was imported"
            )
        return scale

    def _rate(self, given: Given, value: float) -> None:
        criterion, (lo, hi) = self._terms(given)
        if not lo <= value <= hi:
            raise self.faults.wrong(
                given.row,
                f"{given.question!r} is {value:g}, outside its scale {lo:g} to {hi:g}, correct the "
                "answer or the scale",
            )
        self._judgments.append(
            judgment_of((
                given.row, *self.lookup.described(given, given.shown), self.rater(given),
                criterion, value, lo, hi, given.control, None, self._session(given),
                self._moment(given), given.seconds, "", given.annotation, "",
            ))
        )  # fmt: skip

    def _session(self, given: Given) -> str | None:
        return self.lookup.field(given, "session", given.shown) or given.session or None

    def _moment(self, given: Given) -> str | None:
        at = self.lookup.field(given, "at", given.shown) or given.at
        if at and not _is_moment(at):
            self._odd_times += 1
            return None
        return at or None


def number_in(raw: Any) -> float | None:
    """Read a finite number; ``1_0``, ``+3/-3``, ``7,5`` and ``nan`` are none."""
    if isinstance(raw, bool) or (isinstance(raw, str) and "_" in raw):
        return None
    try:
        value = float(raw)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _is_moment(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
