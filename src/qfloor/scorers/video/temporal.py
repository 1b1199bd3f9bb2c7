"""`TemporalScorer`: what can be said of a clip that cannot be said of its frames.

Formulas follow VBench where they can be followed; where a part of the original is not there
(its backbones, its optical flow) the metric has another name and says what it measures instead.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from qfloor.records import Direction, Metric, Prompt, ScoreStatus
from qfloor.scorers.clip import chosen
from qfloor.scorers.clip.backbone import Device
from qfloor.scorers.protocol import EMBEDDED_FRAMES, Backbone, Embedding, Item, Pixels, Row
from qfloor.scorers.video.rows import scored
from qfloor.scorers.video.sampling import shown_at_steps

if TYPE_CHECKING:
    from qfloor.scorers.clip.preprocess import Path
    from qfloor.scorers.clip.towers import Precision

Luma = npt.NDArray[np.float32]
"""Luma of one frame, 0-255."""

_SMALL_SIDE = 64
_TOP_SHARE = 0.05
_MOVING_LEVELS = 4.0
_MOVING_SHARE = 0.25
_MOTION_STEPS = 8.0  # a second

_ONE_FRAME = "a clip of one frame does not change in time"


def flickering(frames: Sequence[Pixels]) -> list[float]:
    """Return (255 - MAE(f_t, f_{t+1})) / 255 for each pair of neighbours. In [0, 1].

    Exactly 1 for identical frames, exactly 0 between all black and all white.

    References
    ----------
    Huang et al., "VBench", CVPR 2024: ``temporal_flickering``, whose mean over t this is, on
    all clips (VBench first drops moving ones by optical flow).
    """
    return [flicker(before, after) for before, after in itertools.pairwise(frames)]


def flicker(before: Pixels, after: Pixels) -> float:
    """Return (255 - MAE) / 255 of two frames of one size; 1 when they are equal."""
    # |a - b| of unsigned bytes without leaving 8 bits
    apart = np.maximum(before, after) - np.minimum(before, after)
    return (255.0 - int(apart.sum(dtype=np.int64)) / apart.size) / 255.0


def consistency(embeddings: Embedding) -> list[float]:
    """Return half of [max(0, cos(d_t, d_{t-1})) + max(0, cos(d_t, d_1))] for each t >= 2.

    In [0, 1]; 1 when nothing changes that the backbone can see.

    References
    ----------
    VBench's ``subject_consistency`` formula; there d is DINO ViT-B/16 on all frames, here it is
    the scorer's backbone on evenly spaced frames, so the numbers are not VBench's.
    """
    vectors = embeddings.astype(np.float64)
    to_previous = np.clip((vectors[1:] * vectors[:-1]).sum(axis=1), 0.0, 1.0)
    to_first = np.clip((vectors[1:] * vectors[:1]).sum(axis=1), 0.0, 1.0)
    return [float(value) for value in (to_previous + to_first) / 2]


def motion(frames: Sequence[Pixels], timestamps: Sequence[float]) -> list[float]:
    """Return the mean of the largest 5% of |Y change| over each eighth of a second.

    What is shown at each eighth is compared with what was shown at the one before, by the frames'
    own times: a frame that stays longer has changes of 0 after it, as if it had been repeated.
    A clip shorter than that has one value, between its first frame and its last. Y is luma
    averaged down to a short side of 64 to 127 pixels, in grey levels 0-255. It is a frame
    difference, not optical flow: a flash reads as motion.

    References
    ----------
    The sampling of VBench's ``dynamic_degree``, there ``round(fps / 8)`` frames apart.
    """
    shown = _moments(timestamps)
    small = {index: small_luma(frames[index]) for index in set(shown)}
    changes = [luma_change(small[a], small[b]) for a, b in itertools.pairwise(shown) if a != b]
    return _at_each_step(shown, changes)


def _moments(timestamps: Sequence[float]) -> list[int]:
    """The frames that are shown at each eighth of a second; first and last of a shorter clip."""
    shown = shown_at_steps(timestamps, _MOTION_STEPS)
    return shown if len(shown) > 1 else [0, len(timestamps) - 1]


def _at_each_step(shown: Sequence[int], changes: Sequence[float]) -> list[float]:
    """One value a step: a change where another frame is shown, and 0 where the same one stays."""
    left = iter(changes)
    return [0.0 if a == b else next(left) for a, b in itertools.pairwise(shown)]


def luma_change(before: Luma, after: Luma) -> float:
    """Return the mean of the largest 5% of |after - before|, in grey levels."""
    apart = np.abs(after - before).ravel()
    top = max(1, math.ceil(_TOP_SHARE * apart.size))
    return float(np.partition(apart, -top)[-top:].mean(dtype=np.float64))


def is_moving(motions: Sequence[float]) -> bool:
    """Whether at least a quarter of the values are 4 grey levels or more.

    The shape of VBench's ``dynamic_degree`` rule (4 of 16 pairs above a threshold).
    """
    moving = sum(value >= _MOVING_LEVELS for value in motions)
    return moving >= math.ceil(_MOVING_SHARE * len(motions))


def frozen_share(motions: Sequence[float]) -> float:
    """Return the share of values below 4 grey levels: the part in which nothing moves."""
    return sum(value < _MOVING_LEVELS for value in motions) / len(motions)


def small_luma(frame: Pixels) -> Luma:
    """Return Y averaged over square blocks to a short side of 64 to 127 pixels, 0-255."""
    factor = max(1, min(frame.shape[:2]) // _SMALL_SIDE)
    height, width = (side // factor * factor for side in frame.shape[:2])
    y = frame[:height, :width].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    blocks = y.reshape(height // factor, factor, width // factor, factor)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


class TemporalWatch:
    """Shown every frame of a clip in order: `flickering` and `motion`, holding two frames.

    Parameters
    ----------
    timestamps : sequence of float
        When each frame appears, in seconds.

    Attributes
    ----------
    flickers : list of float
        `flicker` of each frame and the one before.
    """

    def __init__(self, timestamps: Sequence[float]) -> None:
        self._moments = _moments(timestamps)
        self._wanted = set(self._moments)
        self._seen = 0
        self._before: Pixels | None = None
        self._small_before: Luma | None = None
        self._changes: list[float] = []
        self.flickers: list[float] = []

    def see(self, frame: Pixels) -> None:
        """Take the next frame."""
        if self._before is not None:
            self.flickers.append(flicker(self._before, frame))
        self._before = frame
        if self._seen in self._wanted:
            small = small_luma(frame)
            if self._small_before is not None:
                self._changes.append(luma_change(self._small_before, small))
            self._small_before = small
        self._seen += 1

    def motions(self) -> list[float]:
        """Return `motion` of the frames seen."""
        return _at_each_step(self._moments, self._changes)


class TemporalScorer:
    """Flickering, consistency and motion of clips; stills are not its business.

    ====================================  ===================================================
    ``temporal.flickering``               mean of `flickering`. Share in [0, 1], higher better
    ``temporal.embedding_consistency``    mean of `consistency`. Share in [0, 1], higher better
    ``temporal.motion``                   mean of `motion`. Grey levels in [0, 255]
    ``temporal.frozen_share``             `frozen_share` in [0, 1], lower is better
    ``temporal.moving``                   boolean: `is_moving`; 0 is a frozen clip
    ====================================  ===================================================

    The first three keep their values over time as the row's series. A clip of one frame is
    unscored.

    Parameters
    ----------
    checkpoint, device, preprocess, backbone, precision
        As for `qfloor.scorers.clip.ClipScorer`; with equal ones both share the embeddings.
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
    ) -> None:
        self._backbone = chosen.chosen_backbone(checkpoint, device, preprocess, precision, backbone)
        self._image = chosen.image_input(self._backbone)
        self._metrics = _metrics(self._backbone)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The five metrics; only consistency depends on the backbone."""
        return self._metrics

    @property
    def inputs(self) -> tuple[str, ...]:
        """All frames with their times, and the embeddings of evenly spaced ones."""
        return ("frames", "timestamps", self._image)

    @property
    def backbones(self) -> tuple[Backbone, ...]:
        """The model, for `qfloor.score` to embed with."""
        return (self._backbone,)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Only clips."""
        return prompt.modality == "video"

    def watch(self, timestamps: Sequence[float]) -> TemporalWatch:
        """Return what is shown a clip; see `qfloor.scorers.protocol.WatchesFrames`."""
        return TemporalWatch(timestamps)

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [self._score_one(item) for item in batch]

    def _score_one(self, item: Item) -> tuple[Row, ...]:
        frames, times = item.inputs["frames"], item.inputs["timestamps"]
        embeddings = item.inputs[self._image]
        assert isinstance(frames, Sequence)
        assert isinstance(times, Sequence)
        assert isinstance(embeddings, np.ndarray)
        if len(frames) < 2:
            unscored = ScoreStatus.UNSCORED
            return tuple(
                Row(metric=m.name, status=unscored, reason=_ONE_FRAME) for m in self.metrics
            )
        watch = item.watch
        if not isinstance(watch, TemporalWatch):
            watch = self.watch(times)
            for frame in frames:
                watch.see(frame)
        motions = watch.motions()
        return (
            _mean_row("temporal.flickering", watch.flickers),
            _mean_row("temporal.embedding_consistency", consistency(embeddings)),
            _mean_row("temporal.motion", motions),
            scored("temporal.frozen_share", frozen_share(motions)),
            scored("temporal.moving", float(is_moving(motions))),
        )


def _mean_row(metric: str, series: Sequence[float]) -> Row:
    return Row(
        metric=metric,
        status=ScoreStatus.SCORED,
        value=math.fsum(series) / len(series),
        series=tuple(series),
    )


def _metrics(backbone: Backbone) -> tuple[Metric, ...]:
    moved = f"top {_TOP_SHARE} of luma change at {_SMALL_SIDE} px, 1/{_MOTION_STEPS:g} s by time"
    numpy = {"dtype": "integer and float32, summed in float64", "runtime": "numpy"}

    def metric(
        name: str, unit: str, hi: float, formula: str, direction: Direction = "higher"
    ) -> Metric:
        return Metric(
            name=f"temporal.{name}",
            unit=unit,
            lo=0.0,
            hi=hi,
            direction=direction,
            modalities=("video",),
            boolean=name == "moving",
            definition={"formula": formula, "frames": "all"},
            execution=numpy,
        )

    return (
        metric("flickering", "share", 1.0, "VBench temporal_flickering, no static filter"),
        Metric(
            name="temporal.embedding_consistency",
            unit="share",
            lo=0.0,
            hi=1.0,
            modalities=("video",),
            definition={
                "formula": "VBench subject_consistency with this backbone",
                "frames": f"{EMBEDDED_FRAMES} evenly spaced",
                "backbone": dict(backbone.definition),
            },
            execution=backbone.execution,
            weights=chosen.rights_of(backbone),
        ),
        metric("motion", "grey levels", 255.0, f"{moved}; mean"),
        metric("frozen_share", "share", 1.0, f"{moved}; share below {_MOVING_LEVELS}", "lower"),
        metric("moving", "boolean", 1.0, f"{moved}; a quarter at {_MOVING_LEVELS} or above"),
    )
