"""``genai_bench``: the ratings of GenAI-Bench as published (``genai_image.json``).

An object of entries by prompt number; each has the prompt and, for every model, a list of
scores of how well the picture shows what was asked, 1 to 5, one for each rater. Raters are told
apart by their place in the list, hence ``r1``, ``r2``, ``r3``; nobody's pictures are in the file.

Two scores of the published file are misprints that lie far off the scale. What was meant is not
known, so those two are dropped, by place, and the report says so; any other is an error.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.fields import nearest
from qfloor.ratings.judgment import Faults, Format, Judgment, Reading, ReadOptions, Scale
from qfloor.records import GENERAL

CRITERION = "alignment"
SCALE = Scale(1.0, 5.0)
KNOWN = ("id", "prompt", "models", "prompt in Chinese")
REQUIRED = ("prompt", "models")
RATERS = 3
MOST = 1e9  # beyond it nobody meant a score, not even by a misprint
MISPRINTS = {("00232", "DALLE_3", "r2"), ("00253", "DeepFloyd_I_XL_v1", "r3")}


def read(path: Path, options: ReadOptions) -> Reading:
    """Read the published file.

    Raises
    ------
    RatingsError
        Of the first entry that is not what it must be.
    """
    entries = _entries(path, options)
    faults = Faults(path, "entry")
    judgments: list[Judgment] = []
    dropped: Counter[str] = Counter()
    notes: list[str] = []
    ignored: set[str] = set()
    for row, (key, entry) in enumerate(entries.items(), start=1):
        ignored |= _unknown_fields(faults, row, entry, options)
        for model, rater, score in _scores(faults, row, entry):
            value = _value(faults, row, model, rater, score)
            if value is None:
                dropped["no score"] += 1
            elif SCALE.lo <= value <= SCALE.hi:
                judgments.append(_judgment(row, key, str(entry["prompt"]), model, rater, value))
            elif (key, model, rater) in MISPRINTS:
                dropped["misprint"] += 1
                notes.append(f"dropped {value:g} of {rater} on {key} {model}: a known misprint")
            else:
                raise faults.wrong(
                    row,
                    f"{rater} gave {model} {value:g}, outside the scale {SCALE.lo:g} to "
                    f"{SCALE.hi:g}, correct it",
                )  # fmt: skip
    return Reading(
        judgments=tuple(judgments),
        n_rows=len(judgments) + dropped.total(),
        dropped=dropped,
        ignored_columns=tuple(sorted(ignored)),
        notes=tuple(notes),
    )


def _entries(path: Path, options: ReadOptions) -> dict[str, Any]:
    if options.scale not in (None, SCALE):
        raise RatingsError(
            f"{path}: GenAI-Bench is on the scale {SCALE}, not {options.scale}; leave --scale out"
        )
    entries = tables.read_json(path, RatingsError)
    if not isinstance(entries, dict) or not entries:
        raise RatingsError(
            f"{path}: expected an object of entries by prompt number, as in genai_image.json; "
            "nothing was imported"
        )
    return entries


def _unknown_fields(faults: Faults, row: int, entry: Any, options: ReadOptions) -> set[str]:
    if not isinstance(entry, dict):
        raise faults.wrong(row, f"expected an object, found {type(entry).__name__}")
    for name in REQUIRED:
        if name not in entry:
            raise faults.wrong(row, f"field {name!r} is missing, add it")
    if not isinstance(entry["prompt"], str) or not entry["prompt"].strip():
        raise faults.wrong(row, "field 'prompt' is no text, fill it in")
    unknown = sorted(set(entry) - set(KNOWN))
    if unknown and not options.ignore_unknown_columns:
        raise faults.wrong(
            row,
            f"field {unknown[0]!r} is unknown {nearest(unknown[0], KNOWN)}, rename it or leave "
            "unknown fields aside with --ignore-unknown-columns",
        )  # fmt: skip
    return set(unknown)


def _scores(faults: Faults, row: int, entry: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Give (model, rater, score) of an entry."""
    models = entry["models"]
    if not isinstance(models, dict) or not all(isinstance(v, list) for v in models.values()):
        raise faults.wrong(row, "field 'models' must hold a list of scores for each model")
    for model, scores in models.items():
        if len(scores) != RATERS:
            raise faults.wrong(
                row,
                f"{model} has {len(scores)} scores and not {RATERS}, so that raters cannot be "
                "told apart by place, put null where one is absent",
            )  # fmt: skip
        for place, score in enumerate(scores, start=1):
            yield model, f"r{place}", score


def _value(faults: Faults, row: int, model: str, rater: str, score: Any) -> float | None:
    if score is None:
        return None
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    if not is_number or not abs(score) < math.inf or abs(score) > MOST:
        raise faults.wrong(row, f"{rater} gave {model} {repr(score)[:30]}, which is no number")
    return float(score)


def _judgment(row: int, key: str, text: str, model: str, rater: str, value: float) -> Judgment:
    return Judgment(
        row=row,
        item="",
        prompt=f"genai_bench/{key}",
        text=text,
        category=GENERAL.id,
        modality="image",
        model=model,
        seed="",
        rater=rater,
        criterion=CRITERION,
        value=value,
        lo=SCALE.lo,
        hi=SCALE.hi,
    )


FORMAT = Format(
    name="genai_bench",
    read=read,
    noun="entry",
    provider="genai_bench",
    takes="GenAI-Bench's genai_image.json: three raters by place, scale 1 to 5.",
    raters="places",
)
