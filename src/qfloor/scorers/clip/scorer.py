"""`ClipScorer`: how well a picture or clip agrees with its prompt, as a raw cosine.

What is stored is the cosine and nothing else; "CLIPScore" in its many scalings is derived from
it by whoever wants it. Which model a cosine is of stands in the metric's identity, so cosines
of two models never share a column; those of the embedded default also carry
``world="painters"``: it has seen only the built-in painters' pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from qfloor.records import Metric, Prompt, ScoreStatus
from qfloor.scorers.clip import chosen
from qfloor.scorers.clip.backbone import Device
from qfloor.scorers.clip.derived import HESSEL_CHECKPOINT, HESSEL_PREFIX
from qfloor.scorers.clip.towers import Precision
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

    A clip is judged on 8 evenly spaced frames, whose cosines are kept as the row's series. The
    text is the prompt as written, or a prefix and the prompt; the metrics are then called
    ``clip.cos_prefixed`` and ``clip.cos_prefixed_worst_frames``. A text longer than the model
    reads is cut with its end token kept, and the row's reason says so: ``truncated: 31 of 24
    tokens``.

    Parameters
    ----------
    checkpoint : str, default "painters"
        ``painters`` for the embedded default, ``MODEL@TAG`` or ``MODEL@FILE`` for any model of
        open_clip, ``local-dir:DIR``; see `qfloor.scorers.clip.checkpoint.find`.
    device : {"cpu", "cuda"}, default "cpu"
        Part of the metric's execution identity.
    preprocess : {"fast", "open_clip", ...}, default "fast"
        Part of the metric's definition.
    precision : {"fp32", "bf16", "int8", "auto"}, default "fp32"
        Part of the metric's execution identity.
    prefix : str, default ""
        Words before every prompt, with their blank; part of the metric's definition.
    backbone : Backbone, optional
        Takes the place of checkpoint, device, preprocess and precision.

    References
    ----------
    Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021.
    """

    concurrent = True

    def __init__(
        self,
        checkpoint: str = "painters",
        device: Device = "cpu",
        preprocess: Path = "fast",
        backbone: Backbone | None = None,
        *,
        precision: Precision | Literal["auto"] = "fp32",
        prefix: str = "",
    ) -> None:
        seeing = chosen.chosen_backbone(checkpoint, device, preprocess, precision, backbone)
        reading = chosen.Prefixed(seeing, prefix) if prefix else seeing
        self._backbones = (seeing, reading) if prefix else (seeing,)
        self._reading = reading
        self._image = chosen.image_input(seeing)
        self._text = chosen.text_input(reading)
        self._metrics = _metrics(reading, prefix)
        self._tokens: dict[str, int] = {}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The mean cosine and that of the worst frames, with this model's identity."""
        return self._metrics

    @property
    def inputs(self) -> tuple[str, ...]:
        """One image and one text embedding of the backbone."""
        return (self._image, self._text)

    @property
    def backbones(self) -> tuple[Backbone, ...]:
        """The model, for `qfloor.score` to embed with; once more where texts have a prefix."""
        return self._backbones

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
        mean_name, worst_name = (metric.name for metric in self._metrics)
        worst = Row(
            metric=worst_name,
            status=ScoreStatus.SCORED if is_clip else ScoreStatus.UNSCORED,
            value=lower_order_statistic(cosines, WORST_SHARE) if is_clip else None,
            reason=reason if is_clip else "a still has one frame",
        )
        mean = sum(cosines) / len(cosines)
        scored = ScoreStatus.SCORED
        return (
            Row(metric=mean_name, status=scored, value=mean, reason=reason, series=series),
            worst,
        )

    def _truncation(self, text: str) -> str | None:
        if text not in self._tokens:
            self._tokens[text] = self._reading.count_tokens(text)
        tokens, most = self._tokens[text], self._reading.max_tokens
        return f"truncated: {tokens} of {most} tokens" if tokens > most else None


class ClipScoreScorer(ClipScorer):
    """The cosine that CLIPScore is made of: OpenAI's ViT-B/32, "A photo depicts " and the prompt.

    Stored is ``clip.cos_prefixed``; the published 2.5 max(cos, 0) is derived from it by
    `qfloor.scorers.clip.derived`. Takes the arguments of `ClipScorer`, with other defaults.

    References
    ----------
    Hessel et al., "CLIPScore: A Reference-free Evaluation Metric for Image Captioning", 2021.
    """

    def __init__(
        self,
        checkpoint: str = HESSEL_CHECKPOINT,
        device: Device = "cpu",
        preprocess: Path = "fast",
        backbone: Backbone | None = None,
        *,
        precision: Precision | Literal["auto"] = "fp32",
        prefix: str = HESSEL_PREFIX,
    ) -> None:
        super().__init__(
            checkpoint, device, preprocess, backbone, precision=precision, prefix=prefix
        )


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


def _metrics(backbone: Backbone, prefix: str) -> tuple[Metric, ...]:
    definition = {
        "formula": "cos(image, text)",
        **backbone.definition,
        "prompt": "after the prefix" if prefix else "as written, no prefix",
    }
    frames = f"{EMBEDDED_FRAMES} evenly spaced frames"
    name = "clip.cos_prefixed" if prefix else "clip.cos"
    rights = chosen.rights_of(backbone)
    return (
        Metric(
            name=name,
            unit="cosine",
            lo=-1.0,
            hi=1.0,
            definition={**definition, "clips": f"mean over {frames}"},
            execution=backbone.execution,
            weights=rights,
        ),
        Metric(
            name=f"{name}_worst_frames",
            unit="cosine",
            lo=-1.0,
            hi=1.0,
            modalities=("video",),
            definition={**definition, "clips": f"{WORST_SHARE:g} quantile of {frames}"},
            execution=backbone.execution,
            weights=rights,
        ),
    )
