"""``long``: qfloor's own table, one row a judgment; every other format says no more than this.

    item_id,prompt_id,category,model_id,seed,rater_id,dimension,score,scale_min,scale_max,
    session_id,submitted_at,duration_ms,kind,source

Enough are: ``item_id`` of an output in the store, or ``prompt_id`` (or ``prompt``, its text) and
``model_id``; ``rater_id``; ``score``; and a scale, in ``scale_min`` and ``scale_max`` or given by
the caller. Beside the fifteen there may be ``prompt``, ``modality``, ``usable`` and
``annotation_id``.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.fields import Fields, RowReader, check_columns, in_our_spelling
from qfloor.ratings.judgment import (
    CONTROLS,
    OVERALL,
    TEST,
    Format,
    Judgment,
    Reading,
    ReadOptions,
    Scale,
    judgment_of,
)
from qfloor.records import category_of

COLUMNS: tuple[str, ...] = (
    "item_id", "prompt_id", "category", "model_id", "seed", "rater_id", "dimension", "score",
    "scale_min", "scale_max", "session_id", "submitted_at", "duration_ms", "kind", "source",
    "prompt", "modality", "usable", "annotation_id",
)  # fmt: skip
DEFAULT_CRITERION = OVERALL


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a long CSV (or TSV, by its ending).

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be.
    """
    _refuse_json(path)
    found, rows = tables.table(path, RatingsError)
    header = in_our_spelling(found, COLUMNS)
    ignored: tuple[str, ...] | None = None
    reader = _Reader(path, header, options.scale)
    judgments: list[Judgment] = []
    n_rows = 0
    for line, values in rows:
        if ignored is None:
            ignored = _check_header(path, header, options)
        n_rows += 1
        judgment = reader.judgment(line, values)
        if judgment is not None:
            judgments.append(judgment)
    if ignored is None:
        raise RatingsError(f"{path}: there is no row below the header; nothing was imported")
    n_empty = n_rows - len(judgments)
    return Reading(
        judgments=judgments,
        n_rows=n_rows,
        dropped={"no score": n_empty} if n_empty else {},
        ignored_columns=ignored,
        notes=reader.notes,
    )


def _refuse_json(path: Path) -> None:
    """Tell an export of a tool from a table: the format is what was not said."""
    try:
        with path.open("rb") as file:
            start = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    except (OSError, ValueError):
        return  # whoever reads it says why
    if start.startswith((b"[", b"{")):
        raise RatingsError(
            f"{path}: this is JSON, and format 'long' is a table; say with -f which tool wrote it, "
            "such as -f label_studio (`qfloor ratings formats` lists them), or -f table where each "
            "object is a row; nothing was imported"
        )


def _check_header(path: Path, found: tuple[str, ...], options: ReadOptions) -> tuple[str, ...]:
    has_prompt = not {"prompt_id", "prompt"}.isdisjoint(found)
    if "item_id" not in found and not (has_prompt and "model_id" in found):
        raise RatingsError(
            f"{path}: nothing says what was rated; add a column item_id, or prompt_id (or prompt, "
            "its text) and model_id, or say with -f table and --map where they stand; nothing was "
            "imported"
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


class _Reader(RowReader):
    """Reads rows of the table."""

    def __init__(self, path: Path, header: tuple[str, ...], declared: Scale | None) -> None:
        super().__init__(path, header, COLUMNS, "rated")
        self._declared = declared
        self._prompts: dict[tuple[str, str, str, str], tuple[str, str, str, str]] = {}
        self._models: dict[tuple[str, str], tuple[str, str]] = {}
        self._terms: dict[tuple[str, ...], _Terms] = {}
        self._scores: dict[str, float | None] = {}

    def judgment(self, line: int, values: list[str]) -> Judgment | None:
        """Read one row; None when it has no score."""
        (
            item, prompt, category, model, seed, rater, dimension, score, lowest, highest,
            session, at, duration, kind, source, text, modality, usable, annotation,
        ) = self.picked(values)  # fmt: skip
        value = self._scores.get(score)
        if value is None:
            value = self._scores[score] = self.turned(line, values).number("score")
            if value is None:
                return None
        terms = self._terms.get((dimension, lowest, highest, kind, usable, session, source))
        if terms is None:
            terms = self._terms[dimension, lowest, highest, kind, usable, session, source] = _terms(
                self.turned(line, values), self._declared
            )
        criterion, lo, hi, control, is_usable, in_session, of_source = terms
        if not lo <= value <= hi:
            raise self.turned(line, values).wrong(
                f"score {value:g} lies outside its scale {lo:g} to {hi:g}, correct the score or "
                "the scale"
            )
        who = self.rater(rater, line, values)
        asked = self._prompts.get((prompt, text, category, modality))
        if asked is None:
            asked = self._prompts[prompt, text, category, modality] = _asked(
                self.turned(line, values)
            )
        made = self._models.get((model, seed))
        if made is None:
            made = self._models[model, seed] = _made(self.turned(line, values))
        return judgment_of((
            line, item.strip(), *asked, *made, who, criterion, value, lo, hi, control, is_usable,
            in_session, self.moment("submitted_at", at, line, values) if at else None,
            self.duration(duration, line, values) if duration else None,
            of_source, annotation.strip(), "",
        ))  # fmt: skip


def _asked(fields: Fields) -> tuple[str, str, str, str]:
    """What a row says of its prompt, as in a `Judgment`; its text may stand for its id."""
    modality = fields.one_of("modality", ("image", "video"), "")
    text = fields.text("prompt")
    return fields.text("prompt_id") or text, text, category_of(fields.text("category")), modality


def _made(fields: Fields) -> tuple[str, str]:
    return fields.text("model_id"), fields.count("seed")


class _Terms(NamedTuple):
    """What rows share: the question, its scale and the terms on which it was asked."""

    criterion: str
    lo: float
    hi: float
    control: str
    usable: bool | None
    session: str | None
    source: str


def _terms(fields: Fields, declared: Scale | None) -> _Terms:
    lo, hi = _scale(fields, declared)
    return _Terms(
        criterion=fields.text("dimension") or DEFAULT_CRITERION,
        lo=lo,
        hi=hi,
        control=fields.one_of("kind", CONTROLS, TEST),
        usable=fields.flag("usable"),
        session=fields.text("session_id") or None,
        source=fields.text("source"),
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
