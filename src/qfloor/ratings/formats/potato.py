"""``potato``: the ``user_state.json`` that Potato keeps for each annotator, or a folder of them.

``instance_id_to_label_to_value`` holds for each item and schema either ``{name: value}`` or, as
written to disk, pairs of ``{"schema": ..., "name": ...}`` and a value. A radio's chosen name is the
one whose value is true; a likert's or slider's is its value. A pairwise schema has a ``selection``
of A, B or tie, or a ``scale_value`` from -N (A) to +N (B). What an item is (prompt, model) stands
in Potato's own data file: ``--items FILE``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.recorder import LEFT, RIGHT, Recorder
from qfloor.ratings.wording import nearest
from qfloor.records import Winner

LABELS = "instance_id_to_label_to_value"
SELECTION, SCALE_VALUE = "selection", "scale_value"
SELECTED: dict[str, Winner] = {"a": LEFT, "b": RIGHT, "tie": "tie"}
TRUE, FALSE = ("true", "on", "yes"), ("false", "off", "no", "")


def read(path: Path, options: ReadOptions) -> Reading:
    """Read one annotator's state.

    Raises
    ------
    RatingsError
        When it is none, or of the first answer that is not what it must be.
    """
    state = tables.read_json(path, RatingsError)
    if not isinstance(state, dict) or not isinstance(state.get(LABELS), dict):
        raise RatingsError(
            f"{path}: expected an object with {LABELS!r}, as in user_state.json; nothing was "
            "imported"
        )
    recorder = Recorder(path, "item", options)
    user = state.get("user_id")
    rater = path.parent.name if user is None else str(user)
    for n, (item, labels) in enumerate(state[LABELS].items(), start=1):
        for schema, values in _schemas(recorder, n, labels):
            if not recorder.wants(schema):
                continue
            given = Given(
                row=n, record={"item_id": item}, question=schema, rater=rater, shown=(schema,)
            )
            _record(recorder, given, values)
    return recorder.reading()


def _schemas(recorder: Recorder, row: int, labels: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give each schema's ``{name: value}``, however it was written."""
    if isinstance(labels, dict):
        for schema, values in labels.items():
            yield schema, values if isinstance(values, dict) else {str(values): True}
        return
    found: dict[str, dict[str, Any]] = {}
    for pair in labels if isinstance(labels, list) else [None]:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], dict):
            raise recorder.faults.wrong(row, "labels must be pairs of a schema's name and a value")
        label, value = pair
        found.setdefault(str(label.get("schema", "")), {})[str(label.get("name", ""))] = value
    yield from found.items()


def _record(recorder: Recorder, given: Given, values: Mapping[str, Any]) -> None:
    if SELECTION in values:
        _select(recorder, given, str(values[SELECTION]))
    elif SCALE_VALUE in values:
        _weigh(recorder, given, values[SCALE_VALUE])
    else:
        recorder.answer(given, _answer(recorder, given, values))


def _select(recorder: Recorder, given: Given, selected: str) -> None:
    if not selected.strip():
        recorder.drop("no answer")
        return
    winner = SELECTED.get(selected.strip().lower())
    if winner is None:
        raise recorder.faults.wrong(
            given.row,
            f"{given.question!r} selected {selected!r} {nearest(selected, ('A', 'B', 'tie'))}",
        )
    recorder.compare(given, winner)


def _weigh(recorder: Recorder, given: Given, value: Any) -> None:
    """A slider between both: below 0 A, above 0 B; how far is not kept, and told."""
    try:
        lean = float(value)
    except (TypeError, ValueError):
        raise recorder.faults.wrong(
            given.row, f"{given.question!r} has {SCALE_VALUE} {value!r}, which is no number"
        ) from None
    note = f"{given.question!r} says by how much; only which was better is kept"
    if note not in recorder.notes:
        recorder.notes.append(note)
    recorder.compare(given, "tie" if lean == 0 else LEFT if lean < 0 else RIGHT)


def _answer(recorder: Recorder, given: Given, values: Mapping[str, Any]) -> Any:
    """The chosen name of a radio, the value of anything else; None when nothing was chosen."""
    chosen = {k: v for k, v in values.items() if str(v).strip().lower() not in FALSE}
    if len(chosen) > 1:
        raise recorder.faults.wrong(
            given.row,
            f"{given.question!r} has {' and '.join(chosen)} chosen, but a judgment is one choice",
        )
    for name, value in chosen.items():
        return name if value is True or str(value).lower() in TRUE else value
    return None


FORMAT = Format(
    name="potato",
    read=read,
    maps="all",
    noun="item",
    takes=(
        "Potato's user_state.json, or a folder of them; --items FILE (Potato's data file) with "
        "--map prompt=..., model=...; --scale."
    ),
    folder=("user_state.json",),
    rater_in_path=True,
)
