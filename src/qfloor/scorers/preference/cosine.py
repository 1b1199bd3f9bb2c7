"""What HPSv2 and PickScore have in common: the raw cosine of a picture and its prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qfloor.records import Metric, Prompt, ScoreStatus
from qfloor.scorers.clip.scorer import cosine
from qfloor.scorers.protocol import Backbone, Item, Row


class CosinePreference:
    """One metric: cos(image, text) of a backbone that was trained on people's choices.

    Parameters
    ----------
    backbone : Backbone
        Whose embeddings are compared.
    metric : Metric
        What the number is declared as.
    """

    concurrent = True

    def __init__(self, backbone: Backbone, metric: Metric) -> None:
        self._backbone = backbone
        self._metric = metric
        self._image = f"image_embedding:{backbone.name}"
        self._text = f"text_embedding:{backbone.name}"
        self._tokens: dict[str, int] = {}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The one metric, with this model's identity."""
        return (self._metric,)

    @property
    def inputs(self) -> tuple[str, ...]:
        """One image and one text embedding of the backbone."""
        return (self._image, self._text)

    @property
    def backbones(self) -> tuple[Backbone, ...]:
        """The model, for `qfloor.score` to embed with."""
        return (self._backbone,)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Stills only: people were shown stills."""
        return media_type.startswith("image/")

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [self._score_one(item) for item in batch]

    def _score_one(self, item: Item) -> tuple[Row, ...]:
        image, text = item.inputs[self._image], item.inputs[self._text]
        assert isinstance(image, np.ndarray)
        assert isinstance(text, np.ndarray)
        return (
            Row(
                metric=self._metric.name,
                status=ScoreStatus.SCORED,
                value=cosine(image, text)[0],
                reason=self._truncation(item.prompt.text),
            ),
        )

    def _truncation(self, text: str) -> str | None:
        if text not in self._tokens:
            self._tokens[text] = self._backbone.count_tokens(text)
        return truncation(self._tokens[text], self._backbone.max_tokens)


def truncation(tokens: int, most: int) -> str | None:
    """Say that a prompt was cut, in the words every scorer uses; None when it was not.

    Examples
    --------
    >>> truncation(31, 24)
    'truncated: 31 of 24 tokens'
    """
    return f"truncated: {tokens} of {most} tokens" if tokens > most else None
