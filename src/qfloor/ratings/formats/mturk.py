"""``mturk``: the results CSV of an Amazon Mechanical Turk batch.

Of its thirty columns those matter that say who answered (``WorkerId``), what became of it
(``AssignmentStatus``: rejected work is dropped, by reason), what was shown (``Input.*``) and what
was answered (``Answer.*``). Three ways of writing an answer are read: ``Answer.q`` with its value;
the crowd form's ``Answer.taskAnswers``, a JSON in which a radio group is ``{"1": false, "2":
true}``; and the crowd classifier's ``Answer.q.label``. Published files are often trimmed: without
``WorkerId`` nobody is known and no rater can be told from another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.fields import check_columns
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.recorder import Recorder
from qfloor.ratings.wording import nearest

COLUMNS: tuple[str, ...] = (
    "HITId", "HITTypeId", "Title", "Description", "Keywords", "Reward", "CreationTime",
    "MaxAssignments", "RequesterAnnotation", "AssignmentDurationInSeconds",
    "AutoApprovalDelayInSeconds", "Expiration", "NumberOfSimilarHITs", "LifetimeInSeconds",
    "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime", "SubmitTime",
    "AutoApprovalTime", "ApprovalTime", "RejectionTime", "RequesterFeedback", "WorkTimeInSeconds",
    "LifetimeApprovalRate", "Last30DaysApprovalRate", "Last7DaysApprovalRate", "Approve", "Reject",
)  # fmt: skip
INPUT, ANSWER = "Input.", "Answer."
FORM = "Answer.taskAnswers"
TOLD = (FORM, "AssignmentStatus", "WorkerId", "AssignmentId", "WorkTimeInSeconds")
STATUSES = ("submitted", "approved", "rejected")
FLAGS = ("true", "false", "")


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a batch.

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be.
    """
    recorder = Recorder(path, "line", options)
    header, table = tables.table(path, RatingsError)
    rows = list(table)
    if not rows:
        raise RatingsError(f"{path}: there is no row below the header; nothing was imported")
    known = (*COLUMNS, *(name for name in header if name.startswith((INPUT, ANSWER))))
    ignored = check_columns(path, header, known, (), ignore_unknown=options.ignore_unknown_columns)
    if not any(name.startswith(ANSWER) for name in header):
        raise RatingsError(f"{path}: no column 'Answer.*' in it; nothing was imported")
    questions = _questions(header, rows)
    told = itemgetter(*(header.index(name) if name in header else -1 for name in TOLD))
    places = {name.removeprefix(INPUT): at for at, name in enumerate(header)}
    places |= {name: at for at, name in enumerate(header)}
    reached = {name: places[name] for name in recorder.lookup.reached(places)}
    forms: dict[str, dict[str, Any]] = {}
    for line, cells in rows:
        form, status, worker, assignment, seconds = told((*cells, ""))
        answers = _wanted(recorder, _answers(recorder, line, cells, questions)) if questions else {}
        if form not in forms:  # many are filled alike
            forms[form] = _wanted(recorder, _form(recorder, line, form))
        answers |= forms[form]
        status = status.strip().lower()
        if status and status not in STATUSES:
            raise recorder.faults.wrong(
                line, f"AssignmentStatus {status!r} is unknown {nearest(status, STATUSES)}"
            )
        if status == "rejected":
            recorder.drop("rejected", len(answers))
            continue
        record = {name: cells[at] for name, at in reached.items()}
        alone = _seconds(seconds) if len(answers) == 1 else None
        for question, value in answers.items():
            given = Given(line, record, question, worker, (question,), assignment, seconds=alone)
            recorder.answer(given, value)
    return recorder.reading(ignored)


class _Question(NamedTuple):
    """An ``Answer`` column: where it stands, what it asks, and how it is written.

    ``option`` is the one of a radio group that it tells of; None where it tells the answer.
    """

    at: int
    name: str
    option: str | None = None


def _questions(header: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> list[_Question]:
    """Say for each ``Answer`` column how it is written: plain, label, or one option of a radio."""
    found = []
    for at, name in enumerate(header):
        if not name.startswith(ANSWER) or name == FORM:
            continue
        bare = name.removeprefix(ANSWER)
        stem, dot, last = bare.rpartition(".")
        values = {cells[at].strip().lower() for _, cells in rows}
        if dot and last == "label":
            found.append(_Question(at, stem))
        elif dot and stem and values <= set(FLAGS) and values - {""}:
            found.append(_Question(at, stem, last))
        else:
            found.append(_Question(at, bare))
    return found


def _answers(
    recorder: Recorder,
    line: int,
    cells: Sequence[str],
    questions: Sequence[_Question],
) -> Iterator[tuple[str, Any]]:
    """Give a row's answers that stand in columns of their own."""
    radios: dict[str, dict[str, bool]] = {}
    for at, name, option in questions:
        if option is not None:
            radios.setdefault(name, {})[option] = cells[at].strip().lower() == "true"
        else:
            yield name, cells[at]
    for question, options in radios.items():
        yield question, _chosen(recorder, line, question, options)


def _wanted(recorder: Recorder, answers: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    return {question: value for question, value in answers if recorder.wants(question)}


def _form(recorder: Recorder, line: int, text: str) -> Iterator[tuple[str, Any]]:
    if not text.strip():
        return
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError as problem:
        raise recorder.faults.wrong(line, f"{FORM} is not valid JSON: {problem.msg}") from problem
    forms = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(form, dict) for form in forms):
        raise recorder.faults.wrong(line, f"{FORM} must hold a list of objects")
    for form in forms:
        for question, value in form.items():
            if isinstance(value, dict) and len(value) == 1 and "label" in value:
                yield question, value["label"]
            elif isinstance(value, dict):
                yield question, _chosen(recorder, line, question, value)
            else:
                yield question, value


def _chosen(recorder: Recorder, line: int, question: str, options: Mapping[str, Any]) -> str | None:
    """The one option of a radio group that is true."""
    if not {bool}.issuperset(map(type, options.values())):
        raise recorder.faults.wrong(line, f"{question!r} is no radio group of true and false")
    chosen = [option for option, flag in options.items() if flag]
    if len(chosen) > 1:
        raise recorder.faults.wrong(
            line, f"{question!r} has {' and '.join(chosen)} chosen, but a judgment is one choice"
        )
    return chosen[0] if chosen else None


def _seconds(text: str) -> float | None:
    text = text.strip()
    return float(text) if text.isdigit() else None


FORMAT = Format(
    name="mturk",
    read=read,
    maps="all",
    takes=(
        "A Mechanical Turk batch's results CSV; --map item=image_id (an Input.* column), or model "
        "and prompt; --scale; --criterion where a question is no rating."
    ),
)
