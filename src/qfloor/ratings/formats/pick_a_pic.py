"""``pick_a_pic``: two pictures of a caption and which one a user liked, in Pick-a-Pic's columns.

    caption, model_0, model_1, image_0_uid, image_1_uid, label_0, label_1, has_label,
    are_different, ranking_id, user_id, created_at

as CSV, JSON lines or Parquet. Labels are 1 and 0, or .5 and .5 for a tie; any other pair is an
error. Rows without a label (``has_label`` false) are dropped and counted; two copies of one
picture (``are_different`` false) are kept as placebos, which enter nothing. A caption is named by
a hash of its text.
"""

from __future__ import annotations

from pathlib import Path

from qfloor.ratings.entries import Entry, prompt_of, read_pairs
from qfloor.ratings.judgment import TEST, Format, Reading, ReadOptions, Side, Versus
from qfloor.records import Winner

REQUIRED = (
    "caption", "model_0", "model_1", "image_0_uid", "image_1_uid", "label_0", "label_1",
)  # fmt: skip
KNOWN = {*REQUIRED, "has_label", "are_different", "ranking_id", "user_id", "created_at"}
LABELS: dict[tuple[float, float], Winner] = {
    (1.0, 0.0): "left", (0.0, 1.0): "right", (0.5, 0.5): "tie",
}  # fmt: skip


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a table of choices.

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be.
    """
    return read_pairs(path, options, "row", KNOWN, _pair).reading()


def _pair(entry: Entry) -> Versus | str:
    entry.need(*REQUIRED)
    return "no label" if entry.flag("has_label") is False else _versus(entry)


def _versus(entry: Entry) -> Versus:
    labels = entry.number("label_0"), entry.number("label_1")
    if None in labels or labels not in LABELS:
        raise entry.wrong(
            f"labels {entry.text('label_0') or 'empty'} and {entry.text('label_1') or 'empty'} are "
            "neither 1 and 0 nor .5 and .5, correct them"
        )
    caption = entry.text("caption")
    if not caption:
        raise entry.wrong("caption is empty, fill it in")
    left, right = (
        Side(item=entry.text(f"image_{n}_uid"), model=entry.text(f"model_{n}")) for n in (0, 1)
    )
    if not all((left.item, left.model, right.item, right.model)):
        raise entry.wrong("a picture has no id or no model, fill it in")
    return Versus(
        row=entry.row,
        left=left,
        right=right,
        winner=LABELS[labels],
        rater=entry.rater("user_id"),
        prompt=prompt_of(caption),
        text=caption,
        modality="image",
        control="placebo" if entry.flag("are_different") is False else TEST,
        at=entry.moment("created_at"),
        annotation=entry.text("ranking_id"),
    )


FORMAT = Format(
    name="pick_a_pic",
    read=read,
    maps="some",
    noun="row",
    takes="Pick-a-Pic's columns as CSV, JSON lines or Parquet (needs pyarrow).",
    folder=("*.csv", "*.jsonl", "*.parquet"),
)
