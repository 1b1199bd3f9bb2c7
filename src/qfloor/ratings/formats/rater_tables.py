"""``rater_tables``: a table for each rater, models as columns, as ImagenHub's human study has them.

The first column names the prompt, each other one a model; a cell holds a score or several, as text:
``[0.5, 1]``. The questions are ``1``, ``2``, ... by their place in the cell; ``--criterion
1=semantics`` names them. The rater is the file's name; ``--map "rater=file after last _"`` takes a
part of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.recorder import Recorder

CELL = re.compile(r"\s*[\[(]?([^\[\]()]*)[\])]?\s*")


def read(path: Path, options: ReadOptions) -> Reading:
    """Read one rater's table.

    Raises
    ------
    RatingsError
        Of the first cell that is not what it must be.
    """
    recorder = Recorder(path, "line", options, {"prompt": "row", "model": "column"})
    widths: dict[int, int] = {}
    for line, row in tables.rows(path, RatingsError):
        first, *models = row
        for model in models:
            if not model:
                raise RatingsError(f"{path}: a column has no name; nothing was imported")
            scores = _scores(recorder, line, model, row)
            if scores is None:
                recorder.drop("no score")
                continue
            widths.setdefault(len(scores), line)
            _record(recorder, line, row[first].strip(), model, path, scores)
    if len(widths) > 1:
        (few, at), (many, there) = list(widths.items())[:2]
        raise recorder.faults.wrong(
            there, f"a cell holds {many} scores and one in {recorder.faults.at(at)} {few}"
        )
    return recorder.reading()


def _record(
    recorder: Recorder, line: int, prompt: str, model: str, path: Path, scores: list[str]
) -> None:
    file = path.with_suffix("") if path.suffix == ".gz" else path
    record = {"row": prompt, "column": model.strip(), "file": file.name}
    for place, score in enumerate(scores, start=1):
        question = str(place)
        if not recorder.wants(question):
            continue
        given = Given(
            row=line, record=record, question=question, rater=file.stem, shown=(question,)
        )
        recorder.answer(given, score)


def _scores(recorder: Recorder, line: int, model: str, row: Mapping[str, str]) -> list[str] | None:
    """Split a cell; None when it is empty."""
    if not row[model].strip():
        return None
    found = CELL.fullmatch(row[model])
    parts = [part.strip() for part in found[1].split(",")] if found else []
    if not parts or not all(parts):
        raise recorder.faults.wrong(
            line, f"{model!r} holds {row[model]!r}, expected a score or several like [0.5, 1]"
        )
    return parts


FORMAT = Format(
    name="rater_tables",
    read=read,
    maps="all",
    takes=(
        "A table for each rater (the file's name), models as columns, scores like [0.5, 1] "
        "(ImagenHub); several files or a folder; --criterion 1=semantics; --scale."
    ),
    folder=("*.tsv", "*.csv"),
    rater_in_path=True,
)
