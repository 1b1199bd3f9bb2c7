"""Score one output straight away: no store, no engine, only what the scorer declares to read."""

from __future__ import annotations

from qfloor.records import Prompt, ScoreStatus
from qfloor.scorers.protocol import CarriesBackbones, Item, Pixels, Row, Scorer

STILL = Prompt(id="doctor", text="a picture", category="general")
CLIP = Prompt(id="doctor", text="a clip", category="general", modality="video", seconds=1.0)

_IMAGE, _TEXT = "image_embedding:", "text_embedding:"


def rows_of(scorer: Scorer, prompt: Prompt, **inputs: object) -> dict[str, Row]:
    """Return a scorer's rows for one output, by metric."""
    item = Item(output_id="doctor", prompt=prompt, media_type="image/png", inputs=inputs)
    (rows,) = scorer.score([item])
    return {row.metric: row for row in rows}


def value_of(rows: dict[str, Row], metric: str) -> float:
    """Return a metric's number.

    Raises
    ------
    ValueError
        When it has none; with the scorer's reason.
    """
    row = rows[metric]
    if row.status is not ScoreStatus.SCORED or row.value is None:
        raise ValueError(f"{metric} is {row.status}: {row.reason}")
    return row.value


def rows_of_picture(scorer: Scorer, picture: Pixels, text: str) -> dict[str, Row]:
    """Return a scorer's rows for one picture and its prompt, embedded as it asks."""
    prompt = Prompt(id="doctor", text=text, category="general")
    carried = scorer.backbones if isinstance(scorer, CarriesBackbones) else ()
    inputs: dict[str, object] = {}
    for backbone in carried:
        if _IMAGE + backbone.name in scorer.inputs:
            inputs[_IMAGE + backbone.name] = backbone.embed_images([picture])[0]
        if _TEXT + backbone.name in scorer.inputs:
            inputs[_TEXT + backbone.name] = backbone.embed_texts([text])[0]
    if "pixels" in scorer.inputs:
        inputs["pixels"] = picture
    return rows_of(scorer, prompt, **inputs)
