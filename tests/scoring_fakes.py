"""Stand-ins for a backbone and scorers: tests of the stage need no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from qfloor.records import Metric, Prompt, ScoreStatus
from qfloor.scorers.protocol import Backbone, Embedding, Item, Pixels, Row


class CountingBackbone:
    """Mean colour as an embedding; counts what it was asked for, and can be made to fail."""

    definition: dict[str, Any] = {"weights_sha256": "none", "world": "open"}
    execution: dict[str, Any] = {"dtype": "float32"}
    max_tokens = 5

    def __init__(self, name: str = "fake", fails_on: Callable[[Any], bool] | None = None) -> None:
        self.name = name
        self.pictures: list[Pixels] = []
        self.texts: list[str] = []
        self._fails_on = fails_on or (lambda asked: False)

    def count_tokens(self, text: str) -> int:
        return len(text.split()) + 2

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        if any(self._fails_on(picture) for picture in pictures):
            raise ValueError("the model choked")
        self.pictures += pictures
        return _unit([[*p.mean(axis=(0, 1)), 1.0] for p in pictures])

    def embed_texts(self, texts: Sequence[str]) -> Embedding:
        self.texts += texts
        return _unit([[1.0, len(t), 2.0, 3.0] for t in texts])


def _unit(rows: list[list[float]]) -> Embedding:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class FunctionScorer:
    """A scorer from one function of an item to a number, a `Row`, or anything it raises."""

    def __init__(
        self,
        function: Callable[[Item], Any],
        name: str = "fake.number",
        inputs: tuple[str, ...] = ("pixels",),
        backbone: Backbone | None = None,
        definition: dict[str, Any] | None = None,
        modalities: tuple[Any, ...] = ("image", "video"),
        applies: bool = True,
    ) -> None:
        self._function = function
        self._applies = applies
        self.inputs = inputs
        self.backbones = () if backbone is None else (backbone,)
        self.batches: list[list[str]] = []
        self.metrics = (
            Metric(
                name=name, unit="number", lo=None, hi=None, modalities=modalities,
                definition=definition or {"version": 1},
            ),
        )  # fmt: skip

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        return self._applies

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        self.batches.append([item.output_id for item in batch])
        return [(self._row(self._function(item)),) for item in batch]

    def _row(self, value: Any) -> Row:
        if isinstance(value, Row):
            return value
        return Row(metric=self.metrics[0].name, status=ScoreStatus.SCORED, value=value)


def item(pixels: Pixels | None = None, output_id: str = "o", **prompt: Any) -> Item:
    """An item of a still."""
    text = prompt.pop("text", "a red ball")
    return Item(
        output_id=output_id,
        prompt=Prompt(id="p", text=text, category="landscape", **prompt),
        media_type="image/png",
        inputs={} if pixels is None else {"pixels": pixels},
    )


def noise_picture(seed: int, height: int = 48, width: int = 64) -> Pixels:
    """Random pixels, the same for the same seed."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
