"""What a scorer is: a batch of outputs in, as many rows out, in the same order.

A scorer declares the inputs it reads; `qfloor.score` computes each declared input once an
output and hands it over, so two scorers on the same picture decode it once and two heads on the
same backbone embed it once. A scorer never opens a file and never sees the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from qfloor.records import Metric, Prompt, ScoreStatus

Pixels = npt.NDArray[np.uint8]
"""One picture: (height, width, 3), sRGB, 0-255."""

Embedding = npt.NDArray[np.float32]
"""Unit vectors: (dimensions,) for a picture or text, (frames, dimensions) for a clip."""

EMBEDDED_FRAMES = 8
"""How many evenly spaced frames of a clip are embedded; part of the metrics' definitions."""


def evenly_spaced(frames: int, wanted: int = EMBEDDED_FRAMES) -> list[int]:
    """Return the indices of ``wanted`` frames spread over ``frames``: the middles of equal parts.

    All of them when there are no more than wanted.

    Examples
    --------
    >>> evenly_spaced(8, 4)
    [1, 3, 5, 7]
    >>> evenly_spaced(3, 4)
    [0, 1, 2]
    """
    if frames <= wanted:
        return list(range(frames))
    return [(2 * i + 1) * frames // (2 * wanted) for i in range(wanted)]


class FrameWatch(Protocol):
    """Something that is shown the frames of one clip as they pass."""

    def see(self, frame: Pixels) -> None:
        """Take the next frame; every one comes once, in order of presentation."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One output with the inputs that were declared and could be computed.

    ``inputs`` maps an input's name to its value: ``pixels`` (`Pixels`; a clip's middle frame),
    ``frames`` (sequence of `Pixels`; walk through it once, for a long clip is decoded anew on
    every walk), ``fps`` (float) and ``timestamps`` (tuple of float, seconds) of a clip,
    ``audio`` (`qfloor.media.Sound`, None for a clip without sound),
    ``image_embedding:B`` and ``text_embedding:B`` (`Embedding`, of backbone B; a clip's at
    `evenly_spaced` frames). ``watch`` is what the scorer's own `WatchesFrames.watch` returned, if
    it was shown all frames already; None leaves the scorer to walk through ``frames`` itself.
    """

    output_id: str
    prompt: Prompt
    media_type: str
    inputs: dict[str, object] = field(default_factory=dict)
    watch: FrameWatch | None = None


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
class WatchesFrames(Protocol):
    """A scorer that can be shown a clip's frames while they pass.

    A clip too large to be held decoded is then decoded once for all such scorers, and not once
    for each. They must give the same rows either way.
    """

    def watch(self, timestamps: Sequence[float]) -> FrameWatch:
        """Return a new watch for a clip whose frames appear at these times, in seconds."""


@runtime_checkable
class Backbone(Protocol):
    """A model that turns pictures and texts into unit vectors of one space."""

    @property
    def name(self) -> str:
        """How inputs name it: ``image_embedding:<name>``; equal names mean equal vectors."""

    @property
    def definition(self) -> Mapping[str, Any]:
        """What its vectors mean (weights, preprocessing, truncation): part of metrics' identity."""

    @property
    def execution(self) -> Mapping[str, Any]:
        """How they are computed (dtype, runtime): the other part."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read, start and end included."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text has, start and end included, before truncation."""

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        """Return (len(pictures), dimensions) unit vectors."""

    def embed_texts(self, texts: Sequence[str]) -> Embedding:
        """Return (len(texts), dimensions) unit vectors."""


@runtime_checkable
class CarriesBackbones(Protocol):
    """A scorer that brings the backbones whose embeddings it declares as inputs.

    Two scorers that bring a backbone of the same name share one: each picture is embedded once.
    """

    @property
    def backbones(self) -> tuple[Backbone, ...]:
        """The backbones behind the embeddings in ``inputs``."""


@runtime_checkable
class ReadsOffVectors(Protocol):
    """A scorer some of whose numbers are functions of a picture's embedding alone.

    Before a coarser precision is believed, these numbers too must rank pictures as float32's do.
    """

    def read_off(self, images: Embedding) -> Mapping[str, Sequence[float]]:
        """Return, by its metric's key, a number for each of (pictures, dimensions) unit vectors."""


def innermost(backbone: Backbone) -> Backbone:
    """Return the model that computes: a backbone that only passes on names one as ``inside``."""
    while isinstance(inside := getattr(backbone, "inside", None), Backbone):
        backbone = inside
    return backbone


@runtime_checkable
class Concurrent(Protocol):
    """A scorer or backbone that may be called from several threads at once.

    One that does not say so is called by one thread at a time: always right, and slower.
    """

    @property
    def concurrent(self) -> bool:
        """Whether calls may overlap."""
