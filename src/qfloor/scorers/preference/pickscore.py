"""PickScore: a CLIP ViT-H/14 fine-tuned on which of two pictures users picked.

Stored is the cosine. What papers print is ``exp(logit_scale)`` times it, or a softmax of that
over the pictures of one prompt; both follow from the stored number and the scale, which stands
in the metric's definition.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qfloor.records import Metric
from qfloor.scorers.preference.cosine import CosinePreference
from qfloor.scorers.preference.forward import Device
from qfloor.scorers.preference.transformers_clip import TransformersClipBackbone
from qfloor.scorers.rights import weights_rights

MODEL = "yuvalkirstain/PickScore_v1"
PROCESSOR = "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"


class PickScoreScorer(CosinePreference):
    """PickScore as a raw cosine.

    =========================  =========================================================
    ``preference.pickscore``   cos(image, text) of PickScore v1. [-1, 1]
    =========================  =========================================================

    Parameters
    ----------
    model : str
        A folder or hub repository; see `TransformersClipBackbone`.
    processor : str, optional
        Where preprocessing settings and tokenizer are. By default with a model of your own, and
        for the published one where it was trained from, whose card names it.
    device : {"cpu", "cuda"}, default "cpu"
    backbone : TransformersClipBackbone, optional
        Takes the place of all three.

    References
    ----------
    Kirstain et al., "Pick-a-Pic: An Open Dataset of User Preferences for Text-to-Image
    Generation", arXiv 2305.01569.
    """

    def __init__(
        self,
        model: str = MODEL,
        processor: str | None = None,
        device: Device = "cpu",
        backbone: TransformersClipBackbone | None = None,
    ) -> None:
        if backbone is None:
            published = PROCESSOR if model.partition("@")[0] == MODEL else None
            backbone = TransformersClipBackbone(model, processor or published, device)
        super().__init__(backbone, _metric(backbone))


def official_pickscore(cosine: float, logit_scale: float) -> float:
    """Return the score as PickScore's own code prints it.

    Parameters
    ----------
    cosine : float
        A stored ``preference.pickscore``.
    logit_scale : float
        ``exp(logit_scale)`` of the weights; ``definition["logit_scale"]`` of the metric.

    Examples
    --------
    >>> round(official_pickscore(0.22, 100.0), 6)
    22.0
    """
    return logit_scale * cosine


def preference_probabilities(cosines: Sequence[float], logit_scale: float) -> list[float]:
    """Return how likely each picture of one prompt is to be picked among them (softmax).

    Means nothing across prompts.

    Examples
    --------
    >>> [round(p, 4) for p in preference_probabilities([0.21, 0.2], 100.0)]
    [0.7311, 0.2689]
    """
    if not len(cosines):
        return []
    scaled = logit_scale * np.asarray(cosines, np.float64)
    weights = np.exp(scaled - scaled.max())
    return [float(p) for p in weights / weights.sum()]


def _metric(backbone: TransformersClipBackbone) -> Metric:
    return Metric(
        name="preference.pickscore",
        unit="cosine",
        lo=-1.0,
        hi=1.0,
        modalities=("image",),
        definition={
            "formula": "cos(image, text)",
            **backbone.definition,
            "logit_scale": backbone.logit_scale,
            "prompt": "as written, no prefix",
            "comparable": "within a prompt",
        },
        execution=backbone.execution,
        weights=(weights_rights(name=backbone.source.partition("@")[0]),),
        comparable="within a prompt",
    )
