"""`ConsistencyScorer`: do the frames of a clip stay alike, in the eyes of any backbone.

VBench's ``subject_consistency`` and ``background_consistency`` are one formula with two models
(DINO ViT-B/16; CLIP ViT-B/32), on all frames. The formula is kept and the metric is named after
the model it really has, so that nobody takes one number for the other.

**Another backbone**, DINO for example, is any object with the attributes of
`qfloor.scorers.protocol.Backbone`. Only ``name``, ``definition``, ``execution`` and
``embed_images`` are asked here::

    class Dino:
        name = "dino-vitb16-<digest of the weights>"
        definition = {"weights_sha256": "...", "preprocessing": "short side 224, no crop"}
        execution = {"dtype": "float32", "device": "cpu", "runtime": "torch 2.13"}
        max_tokens = 0
        def count_tokens(self, text): raise NotImplementedError("DINO reads no text")
        def embed_texts(self, texts): raise NotImplementedError("DINO reads no text")
        def embed_images(self, pictures):  # (n, 768) unit vectors, float32
            ...

    ConsistencyScorer(backbone=Dino(), label="dino")  # -> video.dino_consistency

To name it in a benchmark file, wrap that call in a class of your own with an entry point.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from qfloor.errors import PluginError
from qfloor.records import Metric, Prompt
from qfloor.scorers.clip import chosen
from qfloor.scorers.clip.backbone import Device
from qfloor.scorers.protocol import Backbone, Embedding, Item, Pixels, Row
from qfloor.scorers.video import rows
from qfloor.scorers.video.sampling import shown_at_steps
from qfloor.scorers.video.temporal import consistency

if TYPE_CHECKING:
    from qfloor.scorers.clip.preprocess import Path
    from qfloor.scorers.clip.towers import Precision

_TOGETHER = 8  # frames embedded at a time where the backbone does not say what it likes best
_TOGETHER_BYTES = 64 * 1024 * 1024  # and no more than these are held for it
_TAKEN = ("subject", "background")


class ConsistencyScorer:
    """Mean of ½ [max(0, cos to the frame before) + max(0, cos to the first)].

    ====================================  ===================================================
    ``video.<label>_consistency``         mean over frames, which are kept as the series. [0, 1]
    ``video.<label>_consistency_worst_frames``  their 10% quantile. [0, 1]
    ====================================  ===================================================

    1 when nothing changes that the backbone can see; a frozen clip is perfectly consistent, so
    read it beside ``video.frozen``.

    Parameters
    ----------
    checkpoint, device, preprocess, precision
        As for `qfloor.scorers.clip.ClipScorer`; the label is then ``clip``.
    backbone : Backbone, optional
        Takes the place of all four; needs a ``label``. It is called from this scorer, not by
        the engine, so an object that other scorers bring too must bear two threads at once.
    label : str, optional
        What the metric is named after: small letters, digits and underscores. VBench's own names
        ("subject", "background") are refused.
    per_second : float, optional
        Frames that are looked at, by time; a frame that stays is looked at once. None takes all
        frames, as VBench does; then numbers of different frame rates do not compare, because
        neighbours are nearer to each other the more frames there are.

    Raises
    ------
    PluginError
        When a backbone comes without a fit label, or the rate is not positive.
    """

    def __init__(
        self,
        checkpoint: str = "painters",
        device: Device = "cpu",
        preprocess: Path = "fast",
        backbone: Backbone | None = None,
        label: str | None = None,
        per_second: float | None = 8.0,
        *,
        precision: Precision | Literal["auto"] = "fp32",
    ) -> None:
        if per_second is not None and not per_second > 0:
            raise PluginError(f"per_second must be above 0 or None, not {per_second}")
        self._label = _label(label, backbone)
        self._backbone = chosen.chosen_backbone(checkpoint, device, preprocess, precision, backbone)
        self._per_second = per_second
        self._name = f"video.{self._label}_consistency"
        looked_at = "all" if per_second is None else f"{per_second:g} a second by time, each once"
        self._metrics = rows.mean_and_worst_metrics(
            self._name,
            "share",
            {
                "formula": "half of max(0, cos to previous) + max(0, cos to first)",
                "frames": looked_at,
                "backbone": dict(self._backbone.definition),
            },
            self._backbone.execution,
            weights=chosen.rights_of(self._backbone),
        )

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Mean and worst frames."""
        return self._metrics

    @property
    def inputs(self) -> tuple[str, ...]:
        """All frames with their times; embeddings are made here, of more frames than elsewhere."""
        return ("frames", "timestamps")

    @property
    def backbones(self) -> tuple[Backbone, ...]:
        """The model, so that a coarse precision of it is checked before it is believed."""
        return (self._backbone,)

    @property
    def concurrent(self) -> bool:
        """As the backbone is."""
        return bool(getattr(self._backbone, "concurrent", False))

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Only clips."""
        return prompt.modality == "video"

    def watch(self, timestamps: Sequence[float]) -> EmbeddingWatch:
        """Return what is shown a clip; see `qfloor.scorers.protocol.WatchesFrames`."""
        chosen = self._chosen(timestamps)
        return EmbeddingWatch(self._backbone, chosen if len(chosen) > 1 else ())

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [self._score_one(item) for item in batch]

    def _score_one(self, item: Item) -> tuple[Row, ...]:
        frames, times = (item.inputs[name] for name in self.inputs)
        assert isinstance(frames, Sequence)
        assert isinstance(times, Sequence)
        chosen = self._chosen(times)
        if len(chosen) < 2:
            few = "a clip of one frame" if len(times) < 2 else "a clip this short"
            reason = f"{few} has no two frames to compare"
            return rows.unscored([metric.name for metric in self._metrics], reason)
        watch = item.watch
        if not isinstance(watch, EmbeddingWatch):
            watch = self.watch(times)
            for frame in frames:
                watch.see(frame)
        return rows.mean_and_worst(self._name, consistency(watch.vectors()))

    def _chosen(self, times: Sequence[float]) -> list[int]:
        if self._per_second is None:
            return list(range(len(times)))
        return sorted(set(shown_at_steps(times, self._per_second)))


class EmbeddingWatch:
    """Embeds the chosen frames of a clip as they pass, a few at a time.

    Parameters
    ----------
    backbone : Backbone
    chosen : collection of int
        Which frames.
    """

    def __init__(self, backbone: Backbone, chosen: Collection[int]) -> None:
        self._backbone = backbone
        self._at_once = int(getattr(backbone, "batch", _TOGETHER))
        self._chosen = set(chosen)
        self._seen = 0
        self._group: list[Pixels] = []
        self._vectors: list[Embedding] = []

    def see(self, frame: Pixels) -> None:
        """Take the next frame."""
        if self._seen in self._chosen:
            self._group.append(frame)
            if len(self._group) >= min(self._at_once, max(1, _TOGETHER_BYTES // frame.nbytes)):
                self._embed()
        self._seen += 1

    def vectors(self) -> Embedding:
        """Return (chosen frames, dimensions) unit vectors of the frames seen."""
        if self._group:
            self._embed()
        return np.concatenate(self._vectors)

    def _embed(self) -> None:
        self._vectors.append(self._backbone.embed_images(self._group))
        self._group = []


def _label(label: str | None, backbone: Backbone | None) -> str:
    if label is None:
        if backbone is None:
            return "clip"
        raise PluginError(
            "a backbone of your own needs a label to name its metric after, e.g. label='dino'"
        )
    if label in _TAKEN or not re.fullmatch(r"[a-z][a-z0-9_]*", label):
        raise PluginError(
            f"label {label!r} will not do: small letters, digits and underscores, and not "
            f"{' or '.join(_TAKEN)}, which are VBench's"
        )
    return label
