"""What a scorer is: a batch of outputs in, as many rows out, in the same order.

A scorer declares the inputs it reads; `qfloor.score` computes each declared input once an
output and hands it over, so two scorers on the same picture decode it once and two heads on the
same backbone embed it once. A scorer never opens a file and never sees the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from qfloor.records import Metric, Prompt, ScoreStatus

Pixels = npt.NDArray[np.uint8]
"""One picture: (height, width, 3), sRGB, 0-255."""

Embedding = npt.NDArray[np.float32]
"""Unit vectors: (dimensions,) for a picture or text, (frames, dimensions) for a clip."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One output with the inputs that were declared and could be computed.

    ``inputs`` maps an input's name to its value: ``pixels`` (`Pixels`; a clip's middle frame),
    ``frames`` (list of `Pixels`), ``fps`` (float), ``image_embedding:B`` and
    ``text_embedding:B`` (`Embedding`, of backbone B).
    """

    output_id: str
    prompt: Prompt
    media_type: str
    inputs: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number of one metric for one output, or why there is none.

    ``series`` keeps per-frame values of a clip.
    """

    metric: str
    status: ScoreStatus
    value: float | None = None
    reason: str | None = None
    series: tuple[float, ...] | None = None


@runtime_checkable
class Scorer(Protocol):
    """The seam a metric is attached by."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics this scorer computes, with full identities."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs it reads (see `Item`)."""

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Whether it has anything to say of such an output; if not, no row is written."""

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch.

        Returns
        -------
        list of tuple of Row
            As many entries, in the same order, as ``batch``; each holds one row for every
            metric in ``metrics``.
        """


@runtime_checkable
class Backbone(Protocol):
    """A model that turns pictures and texts into unit vectors of one space."""

    @property
    def name(self) -> str:
        """How inputs name it: ``image_embedding:<name>``."""

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        """Return (len(pictures), dimensions) unit vectors."""

    def embed_texts(self, texts: Sequence[str]) -> Embedding:
        """Return (len(texts), dimensions) unit vectors."""
