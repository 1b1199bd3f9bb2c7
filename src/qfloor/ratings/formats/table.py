"""``table``: any table with one row an answer sheet: CSV, TSV, JSON (lines or an array), Parquet.

Every column that ``--criterion`` names is a question, with ``*`` for any signs several at once; who
answered, and what was rated, is mapped. A question's own name is in reach as ``question``: where a
form has a column a picture (Google Forms, Qualtrics) it says what was rated, where a sheet has a
column a rater it says who. Columns that nobody names are not read, and told. Of Qualtrics' export
the two rows below the header are no answers, and previews are nobody's. Columns that tell how
many people gave each score, or which share of them (KonIQ-10k's ``c1`` to ``c5``), are known by
the mean beside them: no cell of theirs is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.mapping import Criterion, Mapped
from qfloor.ratings.parquet import is_parquet, parquet_rows
from qfloor.ratings.recorder import Recorder, number_in

QUESTION = "question"
"""Where a question's own name is found, unless the table has a column of that name."""

QUALTRICS = '{"ImportId"'
STATUS = "Status"
NOBODYS = {
    "survey preview", "survey test", "spam", "survey preview spam", "imported spam",
    "offline survey preview", "ex spam", "1", "2", "8", "9", "12", "17", "40",
}  # fmt: skip
"""What Qualtrics calls answers that are no participant's, in words and in numbers."""

MEAN = re.compile(r"(?<![a-z])(mos|mean|avg|average)(?![a-z])")
COUNT = re.compile(r"(.*?)(\d+)")
FEWEST_COUNTS = 3
"""Columns that count votes at least."""

ROUNDED = 0.006
"""How far a mean may be from that of its votes, being rounded to two places."""
Row = tuple[int, Mapping[str, Any]]
Number = Callable[[Any], float | None]


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a table.

    Raises
    ------
    RatingsError
        When no question was named, or of the first row that is not what it must be.
    """
    if not options.mapping.criteria:
        next(_rows(path), None)  # a file that is no table has no columns to be named
        raise RatingsError(
            f"{path}: nobody said which columns are answers; name them as --criterion COLUMN=NAME; "
            "nothing was imported"
        )
    rows, is_qualtrics = _answers(_rows(path))
    if any("*" in question for question in options.mapping.criteria):
        rows = list(rows)
        options = replace(options, mapping=_spread(options.mapping, rows))
    rows = iter(rows)
    first = list(islice(rows, 10))
    counts = _counts_of_votes([row for _, row in first], _reader(path))
    recorder = Recorder(path, "line", options)
    names_question = any(c.name == QUESTION for c in options.mapping.columns.values())
    columns: set[str] = set()
    n_cells = n_asked = 0
    for line, row in chain(first, rows):
        columns |= set(row)
        asked = [question for question in row if question in options.mapping.criteria]
        if is_qualtrics and str(row.get(STATUS, "")).strip().lower() in NOBODYS:
            recorder.drop("preview or spam", sum(map(recorder.wants, asked)))
            continue
        n_cells += 1
        n_asked += len(asked)
        record = row
        for question in asked:
            if question in counts:
                raise recorder.faults.wrong(line, f"{_told(question, counts)}, and is no answer")
            recorder.wants(question)
            if names_question:
                record = {QUESTION: question, **row}
            given = Given(row=line, record=record, question=question, shown=(question,))
            recorder.answer(given, row[question])
    if not columns:
        raise RatingsError(f"{path}: there is no row in it; nothing was imported")
    absent = n_cells * len(options.mapping.criteria.keys() & columns) - n_asked
    if absent:  # of JSON: a name that an entry lacks is an answer that is not there
        recorder.drop("no score", absent)
    _tell_of_means(recorder, columns, counts)
    used = {*options.mapping.criteria, *recorder.lookup.read}
    return recorder.reading(sorted(columns - used), sorted(columns))


def _rows(path: Path) -> Iterator[Row]:
    if is_parquet(path):
        yield from parquet_rows(path)
        return
    yield from (tables.json_rows if tables.is_json(path) else tables.rows)(path, RatingsError)


def _answers(rows: Iterator[Row]) -> tuple[Iterable[Row], bool]:
    """Leave out what Qualtrics writes below its header, and say whether the table is of it."""
    first = list(islice(rows, 2))
    below = first[1][1].values() if len(first) == 2 else ()
    is_qualtrics = bool(below) and all(str(value).startswith(QUALTRICS) for value in below)
    return (rows if is_qualtrics else chain(first, rows)), is_qualtrics


def _spread(mapping: Mapped, rows: Iterable[Row]) -> Mapped:
    """Put columns in the place of names with a ``*``; one that no column is like stays."""
    spoken_of = {column.name for column in mapping.columns.values()}
    columns = dict.fromkeys(name for _, row in rows for name in row)
    found: dict[str, Criterion] = {}
    for question, criterion in mapping.criteria.items():
        like = re.compile(".*".join(map(re.escape, question.split("*"))), re.DOTALL)
        meant = [
            name
            for name in ([question] if question in columns else columns)
            if like.fullmatch(name) and name not in spoken_of
        ]
        for name in meant or [question]:
            if name == question or name not in mapping.criteria:  # what was named itself goes first
                found.setdefault(name, criterion)
    return replace(mapping, criteria=found)


def _reader(path: Path) -> Number:
    """Read a cell's number, with a decimal comma where the table has such."""
    commas = tables.Commas(path)

    def read(raw: Any) -> float | None:
        number = number_in(raw)
        return commas.read(str(raw).strip()) if number is None else number

    return read


def _counts_of_votes(rows: Sequence[Mapping[str, Any]], read: Number) -> tuple[str, ...]:
    """Columns ``c1``, ``c2``, ... whose mean, each number times its cell, stands in every row too.

    They are shares that sum to 1 or 100, or counts, of which one at least is of more people than
    there are scores: answers to as many questions, all of them 3, have that mean by chance.
    """
    runs: dict[str, dict[int, str]] = {}
    for name in rows[0] if rows else ():
        if numbered := COUNT.fullmatch(name):
            runs.setdefault(numbered[1], {})[int(numbered[2])] = name
    for run in runs.values():
        if len(run) < FEWEST_COUNTS:
            continue
        most = max(read(row.get(name)) or 0 for row in rows for name in run.values())
        if (most > max(run) and all(_has_mean(run, row, read) for row in rows)) or all(
            _has_mean(run, row, read, shares=True) for row in rows
        ):
            return tuple(run.values())
    return ()


def _has_mean(
    run: Mapping[int, str], row: Mapping[str, Any], read: Number, *, shares: bool = False
) -> bool:
    cells = {score: read(row.get(name)) for score, name in run.items()}
    votes = {score: n for score, n in cells.items() if n is not None and n >= 0}
    total = sum(votes.values())
    if len(votes) < len(cells) or not total:
        return False
    near = ROUNDED
    if shares:
        whole = 1.0 if total < 2 else 100.0
        if abs(total - whole) > whole * ROUNDED * len(cells):
            return False
        near += ROUNDED * sum(cells)  # each share is rounded to a hundredth, or finer
    elif any(n % 1 for n in votes.values()):
        return False
    mean = sum(score * n for score, n in votes.items()) / total
    told = (read(row[name]) for name in row if MEAN.search(name.lower()))
    return any(n is not None and abs(n - mean) <= near for n in told)


def _told(question: str, counts: Sequence[str]) -> str:
    return (
        f"{question!r} tells how many people gave one score, or what share of them, as all of "
        f"{counts[0]} to {counts[-1]} do: write a row for each vote (of shares, times how many "
        "voted), with the score in a column"
    )


def _tell_of_means(recorder: Recorder, columns: Iterable[str], counts: Sequence[str]) -> None:
    called = recorder.mapping.criteria
    for name in sorted(called.keys() & columns):
        if MEAN.search(name.lower()) and recorder.has_nobodys(called[name].name):
            recorder.notes.append(
                f"{name!r} reads like a mean over raters: it counts as one rating of nobody, and "
                "floors of means hide bad days"
                + (f" ({_told(counts[0], counts)})" if counts else "")
            )


FORMAT = Format(
    name="table",
    read=read,
    maps="all",
    takes=(
        "Any CSV, TSV, JSON, JSON lines or Parquet with answers in columns: --criterion "
        "COLUMN=NAME (* for any signs); --map rater=..., model=..., prompt=... (question: the "
        "column's name); --scale."
    ),
    folder=("*.csv", "*.tsv", "*.json", "*.jsonl", "*.ndjson", "*.parquet"),
)
