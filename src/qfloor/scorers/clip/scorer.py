"""`ClipScorer`: how well a picture or clip agrees with its prompt, as a raw cosine.

What is stored is the cosine and nothing else; "CLIPScore" in its many scalings is derived from
it by whoever wants it. Which model a cosine is of stands in the metric's identity, so cosines
of two models never share a column; those of the embedded default also carry
``world="painters"``: it has seen only the built-in painters' pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qfloor.records import Metric, Prompt, ScoreStatus
from qfloor.scorers.clip.backbone import Device, load_backbone
from qfloor.scorers.protocol import EMBEDDED_FRAMES, Backbone, Embedding, Item, Row

if TYPE_CHECKING:
    from qfloor.scorers.clip.preprocess import Path

WORST_SHARE = 0.10


class ClipScorer:
    """Cosine of image and text embedding.

    ========================  ==========================================================
    ``clip.cos``              cos(image, text); of a clip the mean over frames. [-1, 1]
    ``clip.cos_worst_frames`` clips only: the 10% quantile over frames (the order
                              statistic ``ceil(0.1 n)``). [-1, 1]
    ========================  ==========================================================

    A clip is judged on 16 evenly spaced frames, whose cosines are kept as the row's series. The
    text is the prompt as written. A prompt longer than the model reads is cut with its end token
    kept, and the row's reason says so: ``truncated: 31 of 24 tokens``.

    Parameters
    ----------
    checkpoint : str, default "painters"
        ``painters`` for the embedded default, or ``local-dir:DIR``.
    device : {"cpu", "cuda"}, default "cpu"
        Part of the metric's execution identity.
    preprocess : {"fast", "open_clip"}, default "fast"
        Part of the metric's definition.
    backbone : Backbone, optional
        Takes the place of all three.

    References
    ----------
    Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021.
    """

    def __init__(
        self,
        checkpoint: str = "painters",
        device: Device = "cpu",
        preprocess: Path = "fast",
        backbone: Backbone | None = None,
    ) -> None:
        self._backbone = backbone or load_backbone(checkpoint, device, preprocess)
        self._image = f"image_embedding:{self._backbone.name}"
        self._text = f"text_embedding:{self._backbone.name}"
        self._metrics = _metrics(self._backbone)
        self._tokens: dict[str, int] = {}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """``clip.cos`` and ``clip.cos_worst_frames`` with this model's identity."""
        return self._metrics

    @property
    def inputs(self) -> tuple[str, ...]:
        """One image and one text embedding of the backbone."""
        return (self._image, self._text)

    @property
    def backbones(self) -> tuple[Backbone, ...]:
        """The model, for `qfloor.score` to embed with."""
        return (self._backbone,)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Every picture and clip has a prompt to agree with."""
        return True

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [self._score_one(item) for item in batch]

    def _score_one(self, item: Item) -> tuple[Row, ...]:
        image, text = item.inputs[self._image], item.inputs[self._text]
        assert isinstance(image, np.ndarray)
        assert isinstance(text, np.ndarray)
        reason = self._truncation(item.prompt.text)
        cosines = cosine(image, text)
        is_clip = image.ndim == 2
        series = tuple(cosines) if is_clip else None
        worst = Row(
            metric="clip.cos_worst_frames",
            status=ScoreStatus.SCORED if is_clip else ScoreStatus.UNSCORED,
            value=lower_order_statistic(cosines, WORST_SHARE) if is_clip else None,
            reason=reason if is_clip else "a still has one frame",
        )
        mean = sum(cosines) / len(cosines)
        scored = ScoreStatus.SCORED
        return (
            Row(metric="clip.cos", status=scored, value=mean, reason=reason, series=series),
            worst,
        )

    def _truncation(self, text: str) -> str | None:
        if text not in self._tokens:
            self._tokens[text] = self._backbone.count_tokens(text)
        tokens, most = self._tokens[text], self._backbone.max_tokens
        return f"truncated: {tokens} of {most} tokens" if tokens > most else None


def cosine(image: Embedding, text: Embedding) -> list[float]:
    """Return the cosines of one text and one picture, or each frame of a clip; in [-1, 1]."""
    frames = np.atleast_2d(image).astype(np.float64)
    products = (frames * text.astype(np.float64)).sum(axis=1)
    return [float(value) for value in np.clip(products, -1.0, 1.0)]


def lower_order_statistic(values: Sequence[float], share: float) -> float:
    """Return the ``ceil(share * n)``-th smallest value (the ``inverted_cdf`` quantile).

    Examples
    --------
    >>> lower_order_statistic([0.4, 0.1, 0.3], 0.1)
    0.1
    """
    return float(np.quantile(np.asarray(values, float), share, method="inverted_cdf"))


def _metrics(backbone: Backbone) -> tuple[Metric, ...]:
    definition = {
        "formula": "cos(image, text)",
        **backbone.definition,
        "prompt": "as written, no prefix",
    }
    frames = f"{EMBEDDED_FRAMES} evenly spaced frames"
    return (
        Metric(
            name="clip.cos",
            unit="cosine",
            lo=-1.0,
            hi=1.0,
            definition={**definition, "clips": f"mean over {frames}"},
            execution=backbone.execution,
        ),
        Metric(
            name="clip.cos_worst_frames",
            unit="cosine",
            lo=-1.0,
            hi=1.0,
            modalities=("video",),
            definition={**definition, "clips": f"{WORST_SHARE:g} quantile of {frames}"},
            execution=backbone.execution,
        ),
    )
