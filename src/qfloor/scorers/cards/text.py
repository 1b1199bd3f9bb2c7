"""Cards of what is read in a picture."""

from __future__ import annotations

from qfloor.scorers.cards.card import Card

_ABSENT = (
    "prompts that ask for no text (`must_render`): no row",
    "text in a script the reader's alphabet lacks (Cyrillic, Arabic, ...): *unscored*, for that "
    "would judge the reader",
    "a file that cannot be decoded: *failed*, a fail in the bound",
)
_MISLEADS = (
    "the reader errs too: of tiny lettering in a large picture it read .55 of the words, of plain "
    "lettering .97 (results/ocr_study.md)",
    "of a clip only the middle frame is read",
)
_SOURCE = "the per-picture parts of OneIG-Bench's text score; differences stand in "

TEXT: tuple[Card, ...] = (
    Card(
        scorer="text",
        metrics=("text.word_accuracy",),
        says="The share of the words asked for that can be read.",
        formula="matched words / target words, both as multisets, case and punctuation ignored",
        source=_SOURCE + "`qfloor.scorers.text_aggregate`",
        absent=_ABSENT,
        misleads=(*_MISLEADS, "other text in the picture does not count against it"),
    ),
    Card(
        scorer="text",
        metrics=("text.edit_distance_norm", "text.edit_distance"),
        says="How many letters are wrong, missing or too many.",
        formula="Levenshtein over letters, digits and single spaces, divided by the longer length; "
        "`text.edit_distance` (with `raw_distance = true`) is the distance itself, in characters",
        source=_SOURCE + "`qfloor.scorers.text_aggregate`",
        absent=_ABSENT,
        misleads=(*_MISLEADS, "whatever else can be read in the picture counts against it"),
    ),
    Card(
        scorer="text",
        metrics=("text.exact",),
        says="Whether exactly the text asked for can be read.",
        formula="1 when letters and digits agree in the best order of the strings, spaces ignored",
        source="ours",
        absent=_ABSENT,
        misleads=(*_MISLEADS, "one extra sign in the background makes it 0"),
    ),
)
