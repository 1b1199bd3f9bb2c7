"""``long``: qfloor's own table, one row a judgment; every other format says no more than this.

    item_id,prompt_id,category,model_id,seed,rater_id,dimension,score,scale_min,scale_max,
    session_id,submitted_at,duration_ms,kind,source

Enough are: ``item_id`` of an output in the store, or ``prompt_id`` and ``model_id``; ``rater_id``;
``score``; and a scale, in ``scale_min`` and ``scale_max`` or given by the caller. Beside the
fifteen there may be ``prompt`` (its text), ``modality``, ``usable`` and ``annotation_id``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.fields import Fields, check_columns
from qfloor.ratings.judgment import (
    ANONYMOUS,
    CONTROLS,
    TEST,
    Format,
    Judgment,
    Reading,
    ReadOptions,
    Scale,
)

COLUMNS: tuple[str, ...] = (
    "item_id", "prompt_id", "category", "model_id", "seed", "rater_id", "dimension", "score",
    "scale_min", "scale_max", "session_id", "submitted_at", "duration_ms", "kind", "source",
    "prompt", "modality", "usable", "annotation_id",
)  # fmt: skip
DEFAULT_CRITERION = "overall"


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a long CSV (or TSV, by its ending).

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be.
    """
    fields = Fields(path)
    judgments: list[Judgment] = []
    dropped: Counter[str] = Counter()
    ignored: tuple[str, ...] | None = None
    n_rows = 0
    for line, values in tables.rows(path, RatingsError):
        if ignored is None:
            ignored = _check_header(path, tuple(values), options)
        n_rows += 1
        fields.turn_to(line, values)
        judgment = _judgment(fields, options.scale)
        if judgment is None:
            dropped["no score"] += 1
        else:
            judgments.append(judgment)
    if ignored is None:
        raise RatingsError(f"{path}: there is no row below the header; nothing was imported")
    return Reading(
        judgments=tuple(judgments), n_rows=n_rows, dropped=dropped, ignored_columns=ignored
    )


def _check_header(path: Path, found: tuple[str, ...], options: ReadOptions) -> tuple[str, ...]:
    if not {"item_id"} & set(found) and not {"prompt_id", "model_id"} <= set(found):
        raise RatingsError(
            f"{path}: nothing says what was rated; add a column item_id, or prompt_id and "
            "model_id; nothing was imported"
        )
    ends = [name for name in ("scale_min", "scale_max") if name in found]
    if len(ends) == 1 or (not ends and options.scale is None):
        raise RatingsError(
            f"{path}: the scale is not declared; add scale_min and scale_max, or give it as "
            "--scale LOW:HIGH (it is never guessed); nothing was imported"
        )
    return check_columns(
        path,
        found,
        COLUMNS,
        ("rater_id", "score"),
        ignore_unknown=options.ignore_unknown_columns,
    )


def _judgment(fields: Fields, declared: Scale | None) -> Judgment | None:
    """Read one row; None when it has no score."""
    text = fields.text
    value = fields.number("score")
    if value is None:
        return None
    lo, hi = _scale(fields, declared)
    if not lo <= value <= hi:
        raise fields.wrong(
            f"score {value:g} lies outside its scale {lo:g} to {hi:g}, correct the score or the "
            "scale"
        )
    rater = text("rater_id")
    if not rater:
        raise fields.wrong(f"rater_id is empty, write {ANONYMOUS!r} where nobody knows who rated")
    milliseconds = fields.number("duration_ms")
    if milliseconds is not None and milliseconds < 0:
        raise fields.wrong(
            f"duration_ms {milliseconds:g} is negative, correct it or leave it empty"
        )
    return Judgment(
        row=fields.row,
        item=text("item_id"),
        prompt=text("prompt_id"),
        text=text("prompt"),
        category=text("category"),
        modality=fields.one_of("modality", ("image", "video"), ""),
        model=text("model_id"),
        seed=fields.count("seed"),
        rater=ANONYMOUS if rater.lower() == ANONYMOUS else rater,
        criterion=text("dimension") or DEFAULT_CRITERION,
        value=value,
        lo=lo,
        hi=hi,
        control=fields.one_of("kind", CONTROLS, TEST),
        usable=fields.flag("usable"),
        session=text("session_id") or None,
        at=fields.moment("submitted_at"),
        seconds=None if milliseconds is None else milliseconds / 1000,
        source=text("source"),
        annotation=text("annotation_id"),
    )


def _scale(fields: Fields, declared: Scale | None) -> tuple[float, float]:
    lo, hi = fields.number("scale_min"), fields.number("scale_max")
    if lo is None and hi is None and declared is not None:
        return declared
    if lo is None or hi is None:
        raise fields.wrong(
            "the scale has no two ends, fill in scale_min and scale_max or give --scale LOW:HIGH"
        )
    if lo >= hi:
        raise fields.wrong(f"the scale {lo:g} to {hi:g} does not rise, correct it")
    if declared is not None and (lo, hi) != declared:
        raise fields.wrong(
            f"the row declares the scale {lo:g} to {hi:g}, but --scale says {declared}, "
            "leave out the wrong one"
        )
    return lo, hi


FORMAT = Format(
    name="long",
    read=read,
    takes="qfloor's own table, CSV or TSV: one rating a row; the scale in it or by --scale.",
    folder=("*.csv", "*.tsv"),
)
