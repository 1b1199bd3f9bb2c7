"""``pairwise``: qfloor's own table of comparisons, one row a showing of two outputs.

    trial_id,pair_id,prompt_id,category,left_item,right_item,left_arm,right_arm,response,
    left_score,right_score,left_usable,right_usable,rater_id,shown_at,submitted_at,duration_ms,
    kind,repeat_of,session_id

Enough are ``response``, ``rater_id`` and what was shown: ``left_item`` and ``right_item`` of
outputs in the store, or ``prompt_id`` with ``left_model`` and ``right_model``. An arm is kept with
the comparison and never taken for a model: a router's arm has many. ``response`` is left, right,
none (no visible difference), both_bad or skip; a skipped pair is dropped and counted.

Scores lie on 0 to 10 unless the caller names another scale; with "usable as it is?" they become
ratings as well. A side that was called usable or not, and given no score, is a rating of the
criterion ``usable``, 0 or 1. Where one output stands on both sides (a placebo, or a catch trial
that shows it spoilt) scores are of the showing and no ratings of the output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.fields import Fields, RowReader, check_columns, in_our_spelling
from qfloor.ratings.judgment import (
    OVERALL,
    PAIR_CONTROLS,
    TEST,
    Format,
    Judgment,
    Reading,
    ReadOptions,
    Scale,
    Side,
    Versus,
    versus_of,
)
from qfloor.records import Winner, category_of

COLUMNS: tuple[str, ...] = (
    "trial_id", "pair_id", "prompt_id", "category", "left_item", "right_item", "left_arm",
    "right_arm", "response", "left_score", "right_score", "left_usable", "right_usable",
    "rater_id", "shown_at", "submitted_at", "duration_ms", "kind", "repeat_of", "session_id",
    "prompt", "modality", "left_model", "right_model", "left_seed", "right_seed", "dimension",
    "source",
)  # fmt: skip
SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
SCORES = {f"{side}_{what}" for side in SIDES for what in ("score", "usable")}
SCALE = Scale(0.0, 10.0)
SKIP = "skip"
USABLE = "usable"
RESPONSES: dict[str, Winner] = {
    "left": "left", "right": "right", "none": "tie", "tie": "tie", "both_bad": "both_bad",
}  # fmt: skip


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a pairwise CSV (or TSV, by its ending).

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be.
    """
    told, rows = tables.table(path, RatingsError)
    header = in_our_spelling(told, COLUMNS)
    reader = _Reader(path, header)
    has_scores = not SCORES.isdisjoint(header)
    comparisons: list[Versus] = []
    judgments: list[Judgment] = []
    dropped: Counter[str] = Counter()
    ignored: tuple[str, ...] | None = None
    n_rows = 0
    for line, values in rows:
        if ignored is None:
            ignored = _check_header(path, header, options)
        n_rows += 1
        versus = reader.versus(line, values)
        if isinstance(versus, str):
            dropped[versus] += 1
        else:
            comparisons.append(versus)
            if has_scores and not _one_output(versus):
                judgments += _scores(reader.turned(line, values), versus, options.scale or SCALE)
    if ignored is None:
        raise RatingsError(f"{path}: there is no row below the header; nothing was imported")
    return Reading(
        judgments=judgments,
        comparisons=comparisons,
        n_rows=n_rows,
        dropped=dropped,
        ignored_columns=ignored,
        notes=reader.notes,
    )


def _check_header(path: Path, found: tuple[str, ...], options: ReadOptions) -> tuple[str, ...]:
    by_item, by_model = (
        {f"{side}_{what}" for side in SIDES} <= set(found) for what in ("item", "model")
    )
    if not by_item and not (by_model and "prompt_id" in found):
        raise RatingsError(
            f"{path}: nothing says what was compared; add columns left_item and right_item, or "
            "prompt_id, left_model and right_model; nothing was imported"
        )
    return check_columns(
        path,
        found,
        COLUMNS,
        ("response", "rater_id"),
        ignore_unknown=options.ignore_unknown_columns,
    )


class _Reader(RowReader):
    """Reads rows of the table."""

    def __init__(self, path: Path, header: tuple[str, ...]) -> None:
        super().__init__(path, header, COLUMNS, "judged")
        self._winners: dict[str, Winner] = {}
        self._sides: dict[tuple[str, str, str, str], Side] = {}
        self._prompts: dict[tuple[str, ...], tuple[str, str, str, str]] = {}
        self._terms: dict[tuple[str, ...], tuple[str, str, str | None, str]] = {}

    def versus(self, line: int, values: list[str]) -> Versus | str:
        """Read one row, or say why it gives nothing."""
        (
            trial, pair, prompt, category, left_item, right_item, left_arm, right_arm, response,
            _, _, _, _, rater, shown_at, at, duration, kind, repeat_of, session, text, modality,
            left_model, right_model, left_seed, right_seed, dimension, source,
        ) = self.picked(values)  # fmt: skip
        winner = self._winners.get(response)
        if winner is None:
            chosen = self.turned(line, values).one_of("response", (*RESPONSES, SKIP), "")
            if chosen not in RESPONSES:
                return "skipped" if chosen else "no response"
            winner = self._winners[response] = RESPONSES[chosen]
        who = self.rater(rater, line, values)
        asked = self._prompts.get((prompt, text, category, modality))
        left = self._sides.get((left_item, left_model, left_seed, left_arm))
        right = self._sides.get((right_item, right_model, right_seed, right_arm))
        if not (asked and left and right and (asked[0] or (left.item and right.item))):
            fields = self.turned(line, values)
            left = self._sides[left_item, left_model, left_seed, left_arm] = _side(fields, "left")
            right = self._sides[right_item, right_model, right_seed, right_arm] = _side(
                fields, "right"
            )
            asked = self._prompts[prompt, text, category, modality] = _asked(fields)
        terms = self._terms.get((dimension, kind, session, source))
        if terms is None:
            terms = self._terms[dimension, kind, session, source] = _terms(
                self.turned(line, values)
            )
        criterion, control, in_session, of_source = terms
        return versus_of((
            line, left, right, winner, who, *asked, criterion, control, in_session,
            self.moment("submitted_at", at, line, values) if at else None,
            self.duration(duration, line, values) if duration else None,
            of_source, "", trial.strip() or None, pair.strip() or None, repeat_of.strip() or None,
            self.moment("shown_at", shown_at, line, values) if shown_at else None,
        ))  # fmt: skip


def _asked(fields: Fields) -> tuple[str, str, str, str]:
    """What a row says of its prompt, as in a `Versus`."""
    modality = fields.one_of("modality", ("image", "video"), "")
    category = category_of(fields.text("category"))
    return fields.text("prompt_id"), fields.text("prompt"), category, modality


def _terms(fields: Fields) -> tuple[str, str, str | None, str]:
    """What rows share: the question, what it was asked for, the session and the source."""
    return (
        fields.text("dimension") or OVERALL,
        fields.one_of("kind", PAIR_CONTROLS, TEST),
        fields.text("session_id") or None,
        fields.text("source"),
    )


def _side(fields: Fields, side: str) -> Side:
    item, model = fields.text(f"{side}_item"), fields.text(f"{side}_model")
    if not item and not (model and fields.text("prompt_id")):
        raise fields.wrong(
            f"nothing says what was on the {side}, fill in {side}_item, or prompt_id and "
            f"{side}_model"
        )
    seed, arm = fields.count(f"{side}_seed"), fields.text(f"{side}_arm")
    return Side(item=item, model=model, seed=seed, arm=arm)


def _one_output(versus: Versus) -> bool:
    """Whether both sides show one output: what is said of a side is not said of the output."""
    left, right = versus.left, versus.right
    return (left.item, left.model, left.seed) == (right.item, right.model, right.seed)


def _scores(fields: Fields, versus: Versus, scale: Scale) -> Iterator[Judgment]:
    """Give what was said of each side by itself."""
    for name in SIDES:
        score, usable = fields.number(f"{name}_score"), fields.flag(f"{name}_usable")
        if score is None and usable is None:
            continue
        if score is not None and not scale.lo <= score <= scale.hi:
            raise fields.wrong(
                f"{name}_score {score:g} lies outside its scale {scale.lo:g} to {scale.hi:g}, "
                "correct it or name the scale with --scale LOW:HIGH"
            )
        side: Side = getattr(versus, name)
        pair = "|".join(side.item or f"{side.model} {side.seed}" for side in versus[1:3])
        yield Judgment(
            row=versus.row,
            item=side.item,
            prompt=versus.prompt,
            text=versus.text,
            category=versus.category,
            modality=versus.modality,
            model=side.model,
            seed=side.seed,
            rater=versus.rater,
            criterion=versus.criterion if score is not None else USABLE,
            value=score if score is not None else float(bool(usable)),
            lo=scale.lo if score is not None else 0.0,
            hi=scale.hi if score is not None else 1.0,
            control=versus.control,
            usable=usable,
            session=versus.session,
            at=versus.at,
            seconds=versus.seconds,
            source=versus.source,
            trial=versus.trial or pair,
        )


FORMAT = Format(
    name="pairwise",
    read=read,
    takes="qfloor's own table of pairs, CSV or TSV: one comparison a row, scores of each side.",
    folder=("*.csv", "*.tsv"),
)
