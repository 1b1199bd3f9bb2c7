"""`AestheticScorer`: what people found beautiful, read off a picture's CLIP embedding.

A head belongs to the one model whose vectors it was trained on; on another's it gives numbers
without meaning and without complaint. So whose vectors a head reads is known by its digest or
stated, and must agree with the backbone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qfloor.errors import PluginError
from qfloor.records import Metric, Prompt, ScoreStatus
from qfloor.scorers.aesthetic.heads import HEADS, Head, load_head
from qfloor.scorers.clip import chosen
from qfloor.scorers.clip.backbone import Device
from qfloor.scorers.clip.scorer import WORST_SHARE, lower_order_statistic
from qfloor.scorers.clip.towers import Precision
from qfloor.scorers.protocol import EMBEDDED_FRAMES, Backbone, Embedding, Item, Row

if TYPE_CHECKING:
    from qfloor.scorers.clip.preprocess import Path


class AestheticScorer:
    """An affine head on the unit image embedding: w . e + b, unclipped, about 1 to 10.

    =================================  =====================================================
    ``aesthetic.laion_v1``             LAION v1: a linear layer on ViT-L/14
    ``aesthetic.laion_v1_b_32``        the same on ViT-B/32; ``aesthetic.laion_v1_b_16`` on B/16
    ``aesthetic.laion_v2``             LAION v2: sac+logos+ava1-l14-linearMSE
    ``aesthetic.laion_v2_ava_logos``   its sibling ava+logos-l14-linearMSE
    ``aesthetic.<name>``               a head of the user's own
    ``aesthetic.*_worst_frames``       clips only: the 10% quantile over frames
    =================================  =====================================================

    Each head is its own metric; their numbers share no scale. Of a clip the value is the mean
    over 8 evenly spaced frames, which are kept as the row's series. With the arguments of a
    `qfloor.scorers.clip.ClipScorer` both read the same embeddings.

    Parameters
    ----------
    head : str, default "laion_v2"
        ``laion_v1``, ``laion_v1_b_32``, ``laion_v1_b_16``, ``laion_v2``, ``laion_v2_ava_logos``
        (downloaded once from where they were published), or a ``.npz``, ``.safetensors`` or
        ``.pth`` state dict: a path, an address with ``#sha256=``, ``hf-hub:ORG/REPO/FILE``.
    checkpoint : str, optional
        The CLIP; by default the one the head was trained on.
    device, preprocess, precision, backbone
        As for `qfloor.scorers.clip.ClipScorer`.
    for_backbone : str, optional
        Whose vectors the head reads, as ``MODEL@TAG``: needed for a head that is not a published
        one, and for weights of which open_clip does not say what they are.
    affine : bool, default False
        The user's word that a head of several layers has no activations.
    name : str, optional
        What the metric of an unknown head is called: ``aesthetic.<name>``; ``own_head`` otherwise.

    References
    ----------
    Schuhmann et al., "LAION-5B", 2022; LAION-AI/aesthetic-predictor (v1) and
    christophschuhmann/improved-aesthetic-predictor (v2).
    """

    concurrent = True

    def __init__(
        self,
        head: str = "laion_v2",
        checkpoint: str | None = None,
        device: Device = "cpu",
        preprocess: Path = "fast",
        backbone: Backbone | None = None,
        *,
        precision: Precision | Literal["auto"] = "fp32",
        for_backbone: str | None = None,
        affine: bool = False,
        name: str | None = None,
    ) -> None:
        self._head = load_head(head, affine=affine)
        self._head_name = head
        trained_on = _trained_on(head, self._head, for_backbone)
        self._backbone = chosen.chosen_backbone(
            checkpoint or trained_on, device, preprocess, precision, backbone
        )
        _check_vectors(head, self._backbone, trained_on, stated=for_backbone is not None)
        if (found := chosen.checkpoint_of(self._backbone)) is not None:
            self._check_width(int(found.config["model_cfg"]["embed_dim"]))
        self._image = chosen.image_input(self._backbone)
        self._metrics = _metrics(_metric_name(self._head, name), self._head, self._backbone)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The head's mean and that of the worst frames."""
        return self._metrics

    @property
    def inputs(self) -> tuple[str, ...]:
        """The image embedding of the backbone, which a CLIP metric on it reads too."""
        return (self._image,)

    @property
    def backbones(self) -> tuple[Backbone, ...]:
        """The model, for `qfloor.score` to embed with."""
        return (self._backbone,)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Every picture and clip can be looked at."""
        return True

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [self._score_one(item) for item in batch]

    def read_off(self, images: Embedding) -> Mapping[str, Sequence[float]]:
        """Return the head's number of each picture; see `ReadsOffVectors`."""
        self._check_width(images.shape[-1])
        return {self._metrics[0].key: self._head.values(images)}

    def _score_one(self, item: Item) -> tuple[Row, ...]:
        image = item.inputs[self._image]
        assert isinstance(image, np.ndarray)
        self._check_width(image.shape[-1])
        values = self._head.values(image)
        is_clip = image.ndim == 2
        mean_name, worst_name = (metric.name for metric in self._metrics)
        mean = Row(
            metric=mean_name,
            status=ScoreStatus.SCORED,
            value=math.fsum(values) / len(values),
            series=tuple(values) if is_clip else None,
        )
        worst = Row(
            metric=worst_name,
            status=ScoreStatus.SCORED if is_clip else ScoreStatus.UNSCORED,
            value=lower_order_statistic(values, WORST_SHARE) if is_clip else None,
            reason=None if is_clip else "a still has one frame",
        )
        return (mean, worst)

    def _check_width(self, width: int) -> None:
        if width != len(self._head.w):
            raise PluginError(
                f"aesthetic head {self._head_name} reads vectors of {len(self._head.w)} numbers "
                f"and {self._backbone.name} gives {width}; choose the head's own backbone"
            )


def _metric_name(head: Head, name: str | None) -> str:
    if head.published is not None:
        if name not in (None, head.published.metric):
            raise PluginError(
                f"aesthetic head {head.published.metric} is a published one; its metric keeps that "
                f"name and cannot be called {name!r}"
            )
        return f"aesthetic.{head.published.metric}"
    own = name or "own_head"
    taken = {published.metric for published in HEADS.values()}
    if not re.fullmatch(r"[a-z][a-z0-9_]*", own) or own in taken:
        raise PluginError(
            f"an aesthetic head of one's own cannot be called {own!r}; take small letters, digits "
            f"and _, and no name of a published head"
        )
    return f"aesthetic.{own}"


def _plain(name: str) -> str:
    """``ViT-L/14-quickgelu@openai`` as ``ViT-L-14@openai``: the same weights have one name."""
    model, at, tag = name.replace("/", "-").partition("@")
    return f"{model.removesuffix('-quickgelu')}{at}{tag.lower().replace('-', '_')}"


def _trained_on(reference: str, head: Head, stated: str | None) -> str:
    """Return whose vectors a head reads."""
    published = head.published
    if published is None:
        if stated is None:
            raise PluginError(
                f"aesthetic head {reference} is not a published one: say whose vectors it reads, "
                f"e.g. for_backbone = 'ViT-L-14@openai'"
            )
        return stated
    if stated is not None and _plain(stated) != published.backbone:
        raise PluginError(
            f"aesthetic head {reference} reads the vectors of {published.backbone}, not of {stated}"
        )
    return published.backbone


def _check_vectors(reference: str, backbone: Backbone, trained_on: str, *, stated: bool) -> None:
    """Refuse a backbone whose vectors are not, or not known to be, those the head reads."""
    actual = _vectors_of(backbone)
    if actual is None and not stated:
        raise PluginError(
            f"aesthetic head {reference} reads the vectors of {trained_on}, and nothing says that "
            f"{backbone.name} gives them; if it does, say for_backbone = {trained_on!r}"
        )
    if actual is not None and actual != _plain(trained_on):
        raise PluginError(
            f"aesthetic head {reference} reads the vectors of {trained_on}, and {backbone.name} "
            f"gives those of {actual}; choose checkpoint = {trained_on!r}"
        )


def _vectors_of(backbone: Backbone) -> str | None:
    """Return whose vectors a backbone gives, where its checkpoint tells."""
    checkpoint = chosen.checkpoint_of(backbone)
    if checkpoint is None:
        return None
    if checkpoint.world == "painters":
        return "painters"
    return _plain(checkpoint.pretrained) if checkpoint.pretrained else None


def _metrics(name: str, head: Head, backbone: Backbone) -> tuple[Metric, ...]:
    definition: dict[str, Any] = {
        "formula": "w . e + b of the unit image embedding e, not clipped",
        "head_sha256": head.digest,
        "backbone": dict(backbone.definition),
        "world": backbone.definition.get("world"),
    }
    execution: Mapping[str, Any] = {**backbone.execution, "head": "float64, numpy"}
    frames = f"{EMBEDDED_FRAMES} evenly spaced frames"
    rights = (*chosen.rights_of(backbone), head.rights)
    return (
        Metric(
            name=name,
            unit="points",
            lo=None,
            hi=None,
            definition={**definition, "clips": f"mean over {frames}"},
            execution=execution,
            weights=rights,
        ),
        Metric(
            name=f"{name}_worst_frames",
            unit="points",
            lo=None,
            hi=None,
            modalities=("video",),
            definition={**definition, "clips": f"{WORST_SHARE:g} quantile of {frames}"},
            execution=execution,
            weights=rights,
        ),
    )
