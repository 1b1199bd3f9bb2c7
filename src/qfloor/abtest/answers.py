"""The answer of one rater to one trial, and the long CSV that holds answers.

One row a showing, in qfloor's own table of pairs: what `ab export` writes, what `ab report` can
read, and what ``ratings import --format pairwise`` takes in. Values that are not known words are
refused with their line; nothing is guessed.

It knows arms, since an `Answer` exists only after unblinding; it does not know which offer made
an item, nor how answers were collected.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.whole import write_whole

Response = Literal["left", "right", "none", "both_bad", "skip"]
Kind = Literal["test", "placebo", "catch", "repeat", "training", "same_model"]

RESPONSES: tuple[Response, ...] = ("left", "right", "none", "both_bad", "skip")
KINDS: tuple[Kind, ...] = ("test", "placebo", "catch", "repeat", "training", "same_model")
ROUTED, REFERENCE = "routed", "reference"
INTACT, SPOILT = "intact", "spoilt"
"""Arms of a catch trial: an output as it is, beside itself spoilt on purpose."""

ARMS = (ROUTED, REFERENCE, INTACT, SPOILT)
LOWEST, HIGHEST = 0.0, 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one rater said of one trial.

    ``response`` is the side chosen, ``none`` for no visible difference, ``both_bad`` for neither
    being any good, ``skip`` for none given. Scores lie on 0 to 10 and are None where they were
    not asked for. ``repeat_of`` names the trial that a ``repeat`` shows again, sides swapped.
    """

    trial_id: str
    pair_id: str
    prompt_id: str
    category: str
    left_item: str
    right_item: str
    left_arm: str
    right_arm: str
    response: Response
    left_score: float | None = None
    right_score: float | None = None
    left_usable: bool | None = None
    right_usable: bool | None = None
    rater_id: str
    shown_at: str | None = None
    submitted_at: str | None = None
    duration_ms: int | None = None
    kind: Kind = "test"
    repeat_of: str | None = None
    session_id: str = ""


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Answer))
_NEEDED = ("trial_id", "pair_id", "prompt_id", "response", "rater_id", "left_arm", "right_arm")
_FLAGS = {"1": True, "0": False, "true": True, "false": False, "": None}


def write_answers(path: Path, answers: Iterable[Answer]) -> int:
    """Write answers as a CSV with `COLUMNS`, and say how many."""
    rows = list(answers)
    write_whole(path, answers_csv(rows))
    return len(rows)


def answers_csv(answers: Iterable[Answer]) -> str:
    """Give answers as the text of a CSV: flags as 1 and 0, what is not known empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(answer, name)) for name in COLUMNS] for answer in answers)
    return buffer.getvalue()


def read_answers(path: Path) -> list[Answer]:
    """Read answers from a CSV (or TSV, by its ending).

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be, or when two rows are one showing.
    """
    header, rows = tables.table(path, RatingsError)
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise RatingsError(
            f"{path}: column {missing[0]!r} is missing; answers of a blind session have "
            f"the columns {', '.join(COLUMNS)}"
        )
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise RatingsError(f"{path}: column {unknown[0]!r} is unknown; take it out or rename it")
    found: list[Answer] = []
    seen: dict[str, int] = {}
    for line, values in rows:
        row = _Row(path, line, dict(zip(header, values, strict=True)))
        answer = _answer(row)
        first = seen.setdefault(answer.trial_id, line)
        if first != line:
            raise row.wrong(f"trial_id {answer.trial_id!r} stands in line {first} already")
        found.append(answer)
    if not found:
        raise RatingsError(f"{path}: there is no answer below the header")
    return found


class _Row:
    """One row: fields by name, each fault with the line."""

    def __init__(self, path: Path, line: int, values: dict[str, str]) -> None:
        self._place = f"{path}: line {line}"
        self._values = values

    def wrong(self, what: str) -> RatingsError:
        return RatingsError(f"{self._place}: {what}")

    def text(self, name: str) -> str:
        return self._values.get(name, "").strip()

    def needed(self, name: str) -> str:
        text = self.text(name)
        if not text:
            raise self.wrong(f"{name} is empty, fill it in")
        return text

    def one_of(self, name: str, allowed: Sequence[str], default: str = "") -> str:
        text = self.text(name) or default
        if text not in allowed:
            raise self.wrong(f"{name} {text!r} is not one of {', '.join(allowed)}")
        return text

    def score(self, name: str) -> float | None:
        text = self.text(name)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not LOWEST <= value <= HIGHEST:
            raise self.wrong(f"{name} {text!r} is not a number from 0 to 10")
        return value

    def flag(self, name: str) -> bool | None:
        text = self.text(name).lower()
        if text not in _FLAGS:
            raise self.wrong(f"{name} {text!r} is neither 1 nor 0")
        return _FLAGS[text]

    def milliseconds(self, name: str) -> int | None:
        text = self.text(name)
        if not text:
            return None
        if not text.isascii() or not text.isdigit():
            raise self.wrong(f"{name} {text!r} is not a whole number of milliseconds")
        return int(text)


def _answer(row: _Row) -> Answer:
    kind = cast("Kind", row.one_of("kind", KINDS, "test"))
    left, right = row.one_of("left_arm", ARMS), row.one_of("right_arm", ARMS)
    answer = Answer(
        trial_id=row.needed("trial_id"),
        pair_id=row.needed("pair_id"),
        prompt_id=row.needed("prompt_id"),
        category=row.text("category") or "general",
        left_item=row.text("left_item"),
        right_item=row.text("right_item"),
        left_arm=left,
        right_arm=right,
        response=cast("Response", row.one_of("response", RESPONSES)),
        left_score=row.score("left_score"),
        right_score=row.score("right_score"),
        left_usable=row.flag("left_usable"),
        right_usable=row.flag("right_usable"),
        rater_id=row.needed("rater_id"),
        shown_at=row.text("shown_at") or None,
        submitted_at=row.text("submitted_at") or None,
        duration_ms=row.milliseconds("duration_ms"),
        kind=kind,
        repeat_of=row.text("repeat_of") or None,
        session_id=row.text("session_id"),
    )
    fault = fault_of(answer)
    if fault:
        raise row.wrong(fault)
    return answer


def fault_of(answer: Answer) -> str | None:
    """Say what contradicts itself in an answer, or None: the arms must fit the kind."""
    arms = {answer.left_arm, answer.right_arm}
    if answer.kind in ("test", "same_model") and arms != {ROUTED, REFERENCE}:
        return f"a {answer.kind} trial shows {ROUTED} beside {REFERENCE}, here are {sorted(arms)}"
    if answer.kind == "placebo" and len(arms) != 1:
        return f"a placebo shows one arm twice, here are {sorted(arms)}"
    if answer.kind == "catch" and (len(arms) != 2 or SPOILT not in arms):
        return f"a catch trial shows {SPOILT} beside {INTACT}, here are {sorted(arms)}"
    if answer.kind == "repeat" and not answer.repeat_of:
        return "a repeat must say in repeat_of which trial it shows again"
    return None


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return repr(value)
    return value
