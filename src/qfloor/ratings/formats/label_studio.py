"""``label_studio``: exports of Label Studio as JSON, JSON_MIN or CSV.

Ratings, numbers, choices and pairwise answers are judgments; text and regions are none and are
counted as dropped. What the export hides, and is told by the user or said in the report:

* left and right are the two names in the Pairwise control's ``toName`` (``--label-config``);
* "none of both" *deletes* the answer: an empty submitted comparison is a tie only by
  ``--empty-result tie``;
* zero stars are never exported: they look like no answer, and on a scale from 0 that makes an
  offer look better than it is;
* cancelled annotations are in the JSON; old exports call annotations ``completions``;
* JSON_MIN and CSV do not say which picture an answer is about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from qfloor import tables
from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.formats.label_config import ANSWERED, Control, read_label_config
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.recorder import LEFT, RIGHT, Recorder
from qfloor.ratings.wording import nearest

KEY_OF = {"rating": "rating", "number": "number", "choices": "choices", "pairwise": "selected"}
TYPE_OF = {key: type for type, key in KEY_OF.items()}
NO_CONTROL = Control("", ())


class Answer(NamedTuple):
    """One answer of an annotation."""

    question: str
    type: str
    about: tuple[str, ...]
    value: Any


class Annotation(NamedTuple):
    """What one person submitted for one task; ``flat`` where a row mixes it with the data."""

    row: int
    record: Mapping[str, Any]
    rater: str
    identity: str
    at: str
    seconds: float | None
    answers: tuple[Answer, ...]
    others: tuple[str, ...] = ()
    cancelled: bool = False
    gold: bool = False
    flat: bool = False


def read(path: Path, options: ReadOptions) -> Reading:
    """Read an export.

    Raises
    ------
    RatingsError
        Of the first answer that is not what it must be.
    """
    config = read_label_config(options.label_config)
    is_csv = tables.ending(path) in {".csv", ".tsv"}
    recorder = Recorder(path, "line" if is_csv else "task", options)
    annotations = list(_annotations(path, is_csv, recorder, config))
    asked = {(q, c.type, () if c.type == "pairwise" else c.about) for q, c in config.items()}
    asked |= {(a.question, a.type, a.about) for n in annotations for a in n.answers}
    wanted = sorted(a for a in asked if recorder.wants(a[0]))
    empty_stars = 0
    for annotation in annotations:
        if annotation.cancelled:
            recorder.drop("cancelled", max(1, len(annotation.answers)))
            continue
        for kind in annotation.others:
            recorder.drop(f"{kind} answer")
        empty_stars += _record(recorder, config, annotation, wanted)
    _tell_of_zeros(recorder, empty_stars)
    if not asked and any(annotation.flat for annotation in annotations):
        raise RatingsError(
            f"{path}: no answer is told from the data beside it, as in JSON_MIN and CSV; name the "
            "questions as --criterion NAME=NAME or give --label-config; nothing was imported"
        )
    return recorder.reading()


def _record(
    recorder: Recorder,
    config: Mapping[str, Control],
    annotation: Annotation,
    wanted: list[tuple[str, str, tuple[str, ...]]],
) -> int:
    """Record what was answered and what was not; gives the number of ratings without a star."""
    answered = {answer[:3]: answer.value for answer in annotation.answers}
    seconds = annotation.seconds if len(answered.keys() & wanted) == 1 else None
    control = "catch" if annotation.gold else "test"
    empty_stars = 0
    for key in wanted:
        question, kind, about = key
        given = Given(
            annotation.row, annotation.record, question, annotation.rater,
            (question,) if kind == "pairwise" else (*about, question),
            annotation.identity, "", annotation.at, seconds, control,
        )  # fmt: skip
        value = answered.get(key)
        if kind == "pairwise":
            _compare(recorder, config, given, value)
        else:
            empty_stars += kind == "rating" and value is None
            recorder.answer(given, value)
    return empty_stars


def _compare(
    recorder: Recorder, config: Mapping[str, Control], given: Given, selected: Any
) -> None:
    if selected is None:
        if recorder.options.empty_result != "tie":
            recorder.drop("empty result")
            return
        selected = "tie"
    elif selected not in (LEFT, RIGHT):
        raise recorder.faults.wrong(
            given.row,
            f"{given.question!r} selected {selected!r} {nearest(str(selected), (LEFT, RIGHT))}",
        )
    sides = config.get(given.question, NO_CONTROL).about
    if len(sides) != 2:
        if not {LEFT, RIGHT} <= set(recorder.mapping.objects):
            raise recorder.faults.wrong(
                given.row,
                f"which side of {given.question!r} is which only the labelling configuration "
                "says, give it as --label-config FILE, or map left.item and right.item",
            )
        sides = (LEFT, RIGHT)
    recorder.compare(given, selected, (sides[0], sides[1]))


def _tell_of_zeros(recorder: Recorder, empty_stars: int) -> None:
    scales = [recorder.options.scale, *(c.scale for c in recorder.mapping.criteria.values())]
    if empty_stars and any(scale is not None and scale.lo <= 0 for scale in scales):
        recorder.notes.append(
            f"{several(empty_stars, 'submitted annotation has', 'submitted annotations have')} "
            "no star: Label Studio never exports zero "
            "stars, so on a scale from 0 these may be the worst outputs, and floors look better "
            "than they are; ask for at least one star, or use Number"
        )


# -- the three ways of writing it down ----------------------------------------------------------


def _annotations(
    path: Path, is_csv: bool, recorder: Recorder, config: Mapping[str, Control]
) -> Iterator[Annotation]:
    rows = tables.rows(path, RatingsError) if is_csv else tables.json_rows(path, RatingsError)
    for row, entry in rows:
        if "annotations" in entry or "completions" in entry:
            yield from _of_task(recorder, row, entry)
        else:
            yield _of_flat_row(recorder, row, entry, config, is_csv)


def _of_task(recorder: Recorder, row: int, task: Mapping[str, Any]) -> Iterator[Annotation]:
    record = task.get("data")
    submitted = task.get("annotations") or task.get("completions") or []
    if not isinstance(record, dict) or not isinstance(submitted, list):
        raise recorder.faults.wrong(row, "a task must have an object 'data' and its annotations")
    for annotation in submitted:
        if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
            raise recorder.faults.wrong(row, "an annotation must have a list 'result'")
        answers, others = _results(recorder, row, annotation["result"])
        yield Annotation(
            row, {"id": task.get("id", ""), **record}, _person(annotation.get("completed_by")),
            str(annotation.get("id", "")), str(annotation.get("created_at") or ""),
            _seconds(annotation.get("lead_time")), answers, others,
            bool(annotation.get("was_cancelled") or annotation.get("skipped")),
            bool(annotation.get("ground_truth")),
        )  # fmt: skip


def _results(
    recorder: Recorder, row: int, results: list[Any]
) -> tuple[tuple[Answer, ...], tuple[str, ...]]:
    answers: list[Answer] = []
    others: list[str] = []
    for result in results:
        kind = str(result.get("type", "")) if isinstance(result, dict) else ""
        if kind not in ANSWERED:
            others.append(kind or "unnamed")
            continue
        value = result.get("value")
        if not isinstance(value, dict) or KEY_OF[kind] not in value:
            raise recorder.faults.wrong(
                row, f"a {kind} answer has no value {KEY_OF[kind]!r}, was the file edited?"
            )
        question = str(result.get("from_name", ""))
        about = tuple(str(result.get("to_name", "")).split(",")) if kind != "pairwise" else ()
        answers.append(Answer(question, kind, about, _one(recorder, row, question, value)))
    return tuple(answers), tuple(others)


def _one(recorder: Recorder, row: int, question: str, value: Mapping[str, Any]) -> Any:
    for key in value:
        if key in TYPE_OF:
            break
    found = value[key]
    if key != "choices":
        return found
    if not isinstance(found, list) or len(found) > 1:
        raise recorder.faults.wrong(
            row, f"{question!r} has {found!r} chosen, but a judgment is one choice"
        )
    return found[0] if found else None


def _of_flat_row(
    recorder: Recorder,
    row: int,
    entry: Mapping[str, Any],
    config: Mapping[str, Control],
    is_csv: bool,
) -> Annotation:
    answers: list[Answer] = []
    criteria = recorder.mapping.criteria
    for name, cell in entry.items():
        if is_csv and "[" not in cell and name not in config and name not in criteria:
            continue  # as most are, with less ado
        value = _parsed(cell) if is_csv else cell
        kind = config[name].type if name in config else ""
        listed = _listed(value)
        if listed is not None:
            kind = TYPE_OF[next(k for k in listed if k in TYPE_OF)]
            value = _one(recorder, row, name, listed)
        elif not kind and name not in criteria:
            continue
        about = config.get(name, NO_CONTROL).about if kind != "pairwise" else ()
        _check_about(recorder, row, name, about, kind)
        if value not in (None, "", []):
            answers.append(Answer(name, kind or "choices", about, value))
    return Annotation(
        row, entry, _person(entry.get("annotator")), str(entry.get("annotation_id", "")),
        str(entry.get("created_at") or ""), _seconds(entry.get("lead_time")), tuple(answers),
        flat=True,
    )  # fmt: skip


def _check_about(
    recorder: Recorder, row: int, question: str, about: tuple[str, ...], kind: str
) -> None:
    if not recorder.mapping.objects:
        return
    objects = set(recorder.mapping.objects) - {LEFT, RIGHT}
    if objects and kind != "pairwise" and not objects & {*about, question}:
        raise recorder.faults.wrong(
            row,
            f"JSON_MIN and CSV do not say whether {question!r} is about "
            f"{' or '.join(sorted(objects))}, give the configuration as --label-config FILE",
        )


def _listed(value: Any) -> Mapping[str, Any] | None:
    """The answer in ``[{"rating": 7}]``; None when it is none."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        return None
    return value[0] if any(key in TYPE_OF for key in value[0]) else None


@lru_cache(maxsize=1024)
def _parsed(cell: str) -> Any:
    """What a cell of CSV holds; many hold the same. Nobody changes what it gives."""
    if not cell.lstrip().startswith("["):
        return cell.strip()
    try:
        return json.loads(cell)
    except json.JSONDecodeError:
        return cell


def _person(said: Any) -> str:
    """A number, or an object with an id and a mail address; empty when nobody is named."""
    if isinstance(said, dict):
        said = said.get("id", said.get("email"))
    return "" if said is None else str(said)


def _seconds(said: Any) -> float | None:
    try:
        return None if said in (None, "") else max(0.0, float(said))
    except (TypeError, ValueError):
        return None


FORMAT = Format(
    name="label_studio",
    read=read,
    maps="all",
    noun="task",
    takes=(
        "Label Studio's JSON, JSON_MIN or CSV; --map item=..., or model and prompt; --scale; for "
        "pairs and for JSON_MIN and CSV with several pictures --label-config."
    ),
)
