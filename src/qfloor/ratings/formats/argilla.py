"""``argilla``: records of Argilla 2, flattened (``to_list(flatten=True)``, a dataset) or nested.

A flattened record has its fields and metadata at the top and, for a question ``q``, parallel lists
``q.responses``, ``q.responses.users`` and ``q.responses.status``; ``to_json`` nests ``fields``,
``metadata`` and ``responses``, mostly without a status, which is told. Only submitted answers are
judgments: drafts and discarded ones are dropped, by reason; suggestions are a model's and are never
read. A ranking is a choice between any two of its labels; since Argilla once saved every ranking as
1, 2, 3, one that never varies is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.recorder import Recorder
from qfloor.ratings.wording import nearest

STATUSES = ("submitted", "draft", "discarded")
RESPONSES = ".responses"
NO_STATUS = (
    "nested responses do not say their status, so drafts and discarded ones are in; to leave them "
    "out export with to_list(flatten=True)"
)


class Response(NamedTuple):
    """One person's answer to one question of a record."""

    question: str
    value: Any
    user: str
    status: str


def read(path: Path, options: ReadOptions) -> Reading:
    """Read an export, a JSON array or JSON lines.

    Raises
    ------
    RatingsError
        Of the first record that is not what it must be.
    """
    recorder = Recorder(path, "record", options)
    rankings: dict[str, list[tuple[str, ...]]] = {}
    n = 0
    for n, (_, record) in enumerate(tables.json_rows(path, RatingsError), start=1):
        columns = _columns(record)
        nameless: Counter[str] = Counter()
        for response in _responses(recorder, n, record):
            nameless[response.question] += not response.user
            if not recorder.wants(response.question):
                continue
            if response.status != "submitted":
                recorder.drop(response.status)
                continue
            annotation = _annotation(record, response, nameless[response.question])
            given = Given(
                n, columns, response.question, response.user, (response.question,), annotation
            )
            if isinstance(response.value, list):
                order = _ranked(recorder, given, response.value)
                rankings.setdefault(response.question, []).append(order)
            else:
                recorder.answer(given, response.value)
    if not n:
        raise RatingsError(f"{path}: there is no record in it; nothing was imported")
    for question, orders in rankings.items():
        if len(orders) > 1 and len(set(orders)) == 1:
            recorder.notes.append(
                f"all {len(orders)} rankings of {question!r} are {', '.join(orders[0])}: Argilla "
                "has saved rankings as they were shown, check some by hand"
            )
    return recorder.reading()


def _annotation(record: Mapping[str, Any], response: Response, place: int) -> str:
    """Name a response by its record; one of nobody by its place too, for there may be several."""
    identity = f"{record.get('id', '')}"
    return identity if response.user or not identity else f"{identity} {place}"


def _columns(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says beside its answers: flattened already, or to be."""
    nested = [record.get(part) for part in ("fields", "metadata")]
    found = {k: v for k, v in record.items() if k not in ("fields", "metadata", "responses")}
    for part in nested:
        if isinstance(part, dict):
            found |= part
    return found


def _responses(recorder: Recorder, row: int, record: Mapping[str, Any]) -> Iterator[Response]:
    nested = record.get("responses")
    if isinstance(nested, dict):
        for question, given in nested.items():
            for one in _listed(recorder, row, question, given):
                if not isinstance(one, dict) or "value" not in one:
                    raise recorder.faults.wrong(row, f"a response to {question!r} has no value")
                if "status" not in one and NO_STATUS not in recorder.notes:
                    recorder.notes.append(NO_STATUS)
                yield _response(
                    recorder, row, question, one["value"], one.get("user_id"), one.get("status")
                )
        return
    for column, values in record.items():
        if not column.endswith(RESPONSES) or values is None:
            continue
        question = column.removesuffix(RESPONSES)
        values = _listed(recorder, row, column, values)
        unknown = [None] * len(values)
        users, statuses = (
            _listed(recorder, row, f"{column}.{what}", record.get(f"{column}.{what}") or unknown)
            for what in ("users", "status")
        )
        if not len(values) == len(users) == len(statuses):
            raise recorder.faults.wrong(
                row,
                f"{question!r} has {len(values)} responses, {len(users)} users and "
                f"{len(statuses)} statuses, so nobody can tell which belongs to which",
            )
        for value, user, status in zip(values, users, statuses, strict=True):
            yield _response(recorder, row, question, value, user, status)


def _listed(recorder: Recorder, row: int, name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise recorder.faults.wrong(row, f"{name!r} holds {str(value)[:30]!r}, expected a list")
    return value


def _response(
    recorder: Recorder, row: int, question: str, value: Any, user: Any, status: Any
) -> Response:
    status = str(status or "submitted")
    if status not in STATUSES:
        raise recorder.faults.wrong(
            row, f"response status {status!r} is unknown {nearest(status, STATUSES)}"
        )
    return Response(question, value, "" if user is None else str(user), status)


def _ranked(recorder: Recorder, given: Given, order: list[Any]) -> tuple[str, ...]:
    """Record a ranking, best first, as a choice between any two of its labels."""
    labels = tuple(str(label) for label in order)
    if len(set(labels)) != len(labels) or len(labels) < 2:
        raise recorder.faults.wrong(
            given.row, f"{given.question!r} is {list(labels)}, expected two or more labels in order"
        )
    for better, worse in combinations(labels, 2):
        # Which of the two stood left is not in the file: by name, so that it says nothing.
        sides = (better, worse) if better < worse else (worse, better)
        recorder.compare(given, "left" if sides[0] == better else "right", sides)
    return labels


FORMAT = Format(
    name="argilla",
    read=read,
    maps="all",
    noun="record",
    takes="Argilla 2 records, flattened or nested JSON; --map model=..., prompt=...; --scale.",
)
