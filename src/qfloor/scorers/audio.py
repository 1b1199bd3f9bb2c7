"""`AudioScorer`: what can be said of a clip's sound without knowing what should be heard.

Presence, loudness, clipping and silence, nothing more: whether it fits the picture or the prompt
is not looked at. Only a file's first audio stream counts, from its first sample to its last,
also where it is longer or shorter than the pictures.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from qfloor.extras import need
from qfloor.media import Sound
from qfloor.records import Direction, Metric, Prompt, ScoreStatus
from qfloor.scorers.protocol import Item, Row

FULL_SCALE = 0.999
"""A sample of at least this size may be clipped: 0.009 dB below full scale."""

CLIPPED_RUN = 3
"""So many such samples in a row are clipping; one or two may be an honest peak."""

GATE_LUFS = -70.0
"""The absolute gate of BS.1770-4: what lies below is silence."""

BLOCK_SECONDS = 0.4
"""The gating block of BS.1770-4, of which successive ones overlap by three quarters."""

# Where pyloudnorm, and BS.1770-4, expect each channel; the bass channel (LFE) is left out there
_PLACES = {"FL": 0, "FR": 1, "FC": 2, "BL": 3, "SL": 3, "BR": 4, "SR": 4}
_METERING = threading.Lock()  # pyloudnorm silences warnings for the whole process while it counts


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """Integrated loudness in LUFS, None when nothing is above the gate, and each block's."""

    integrated: float | None
    blocks: tuple[float, ...]


def clipping(sound: Sound) -> float:
    """Return the share of samples, over all channels, that are clipped. In [0, 1].

    Clipped are runs of `CLIPPED_RUN` or more successive samples of one channel whose size is at
    least `FULL_SCALE`.
    """
    at_end = np.abs(sound.samples) >= FULL_SCALE
    n = len(at_end)
    if n < CLIPPED_RUN:
        return 0.0
    starts = np.logical_and.reduce(
        [at_end[i : n - CLIPPED_RUN + 1 + i] for i in range(CLIPPED_RUN)]
    )
    clipped = np.zeros_like(at_end)
    for i in range(CLIPPED_RUN):
        clipped[i : n - CLIPPED_RUN + 1 + i] |= starts
    return float(clipped.mean(dtype=np.float64))


def loudness(sound: Sound) -> Loudness:
    """Return the loudness of BS.1770-4 (EBU R 128), computed by pyloudnorm.

    K-weighted mean square over channels (surround channels weigh 1.41, the bass channel is left
    out, a single channel counts once), in blocks of 400 ms every 100 ms, gated at -70 LUFS and
    then at 10 LU below the mean of what is left. What follows the last whole block is not heard.

    Raises
    ------
    ValueError
        When it is shorter than a block, or has channels the recommendation gives no weight.
    PluginError
        When pyloudnorm is not installed.

    References
    ----------
    ITU-R BS.1770-4, 2015; EBU Tech 3341, 2023.
    """
    if len(sound.samples) < BLOCK_SECONDS * sound.rate:
        raise ValueError(f"{sound.seconds:.2f} s of sound is shorter than a block of 400 ms")
    samples = _placed(sound)[: _whole_blocks(len(sound.samples), sound.rate)]
    _require_pyloudnorm()
    import pyloudnorm

    meter = pyloudnorm.Meter(sound.rate, filter_class="DeMan", block_size=BLOCK_SECONDS)
    with _METERING:
        integrated = float(meter.integrated_loudness(samples))
        blocks = tuple(float(value) for value in meter.blockwise_loudness)
    return Loudness(integrated=integrated if math.isfinite(integrated) else None, blocks=blocks)


def silence(blocks: Sequence[float]) -> float:
    """Return the share of blocks whose loudness is below `GATE_LUFS`. In [0, 1]."""
    return sum(value < GATE_LUFS for value in blocks) / len(blocks)


def _whole_blocks(samples: int, rate: int) -> int:
    """Return how many samples end with a block; pyloudnorm would fill up a begun one with zeros."""
    tenths = samples * 10 // rate  # blocks begin, and so end, every 100 ms
    return -(-tenths * rate // 10)


def _placed(sound: Sound) -> npt.NDArray[np.float64]:
    """Channels where the meter expects them; a single one, and left with right, as they are."""
    samples = sound.samples.astype(np.float64)
    if len(sound.channels) == 1:
        return samples
    heard = [i for i, name in enumerate(sound.channels) if name != "LFE"]
    names = [sound.channels[i] for i in heard]
    if names == ["FL", "FR"]:
        return samples[:, heard]
    if not set(names) <= set(_PLACES) or len({_PLACES[name] for name in names}) < len(names):
        raise ValueError(f"no weights are defined for channels {' '.join(sound.channels)}")
    placed = np.zeros((len(samples), 5))
    placed[:, [_PLACES[name] for name in names]] = samples[:, heard]
    return placed


def _require_pyloudnorm() -> None:
    need("loudness needs", ("pyloudnorm",), "audio")


class AudioScorer:
    """Sound of clips: is there any, how loud, how much of it clipped or silent.

    ==================  ==============================================================
    ``audio.present``   1 when the clip has an audio stream with a sample in it
    ``audio.loudness``  integrated loudness, LUFS; a property, of which neither end is
                        good (see `loudness`)
    ``audio.clipping``  share of clipped samples (see `clipping`). [0, 1]
    ``audio.silence``   share of 400 ms blocks below -70 LUFS (see `silence`). [0, 1]
    ==================  ==============================================================

    Without sound the last three are unscored; loudness also when all is below the gate, and
    loudness and silence when the sound is shorter than one block.

    Raises
    ------
    PluginError
        When pyloudnorm is not installed.
    """

    concurrent = True

    def __init__(self) -> None:
        _require_pyloudnorm()
        self._metrics = _metrics()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Presence, loudness, clipping and silence, of clips only."""
        return self._metrics

    @property
    def inputs(self) -> tuple[str, ...]:
        """The clip's sound."""
        return ("audio",)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Every clip may have sound, whether it was asked for or not."""
        return prompt.modality == "video"

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [_score_one(item) for item in batch]


def _score_one(item: Item) -> tuple[Row, ...]:
    sound = item.inputs["audio"]
    if sound is None:
        reason = "the clip has no sound"
        rest = tuple(_unscored(name, reason) for name in ("loudness", "clipping", "silence"))
        return (_scored("present", 0.0), *rest)
    assert isinstance(sound, Sound)
    present, clipped = _scored("present", 1.0), _scored("clipping", clipping(sound))
    try:
        measured = loudness(sound)
    except ValueError as finding:
        reason = str(finding)
        return present, _unscored("loudness", reason), clipped, _unscored("silence", reason)
    if measured.integrated is None:
        loud = _unscored("loudness", "nothing is louder than the gate of -70 LUFS")
    else:
        loud = _scored("loudness", measured.integrated)
    return present, loud, clipped, _scored("silence", silence(measured.blocks))


def _scored(name: str, value: float) -> Row:
    return Row(metric=f"audio.{name}", status=ScoreStatus.SCORED, value=value)


def _unscored(name: str, reason: str) -> Row:
    return Row(metric=f"audio.{name}", status=ScoreStatus.UNSCORED, reason=reason)


def _metrics() -> tuple[Metric, ...]:
    runtime = {"dtype": "float64", "runtime": f"pyloudnorm {version('pyloudnorm')}"}
    by_numpy = {"dtype": "float32", "runtime": "numpy"}
    gated = (
        "ITU-R BS.1770-4, K-weighting by the recommendation's coefficients, whole blocks of "
        "400 ms, overlap 75%"
    )

    def metric(
        name: str, unit: str, formula: str, execution: dict[str, Any], **scale: Any
    ) -> Metric:
        direction: Direction = scale.get("direction", "higher")
        return Metric(
            name=f"audio.{name}",
            unit=unit,
            lo=scale.get("lo", 0.0),
            hi=scale.get("hi", 1.0),
            direction=direction,
            modalities=("video",),
            boolean=unit == "boolean",
            definition={"formula": formula, "stream": "first, as decoded, not resampled"},
            execution=execution,
        )

    return (
        metric("present", "boolean", "an audio stream with at least one sample", by_numpy),
        metric("loudness", "LUFS", f"{gated}, integrated", runtime, lo=GATE_LUFS, hi=None),
        metric(
            "clipping",
            "share",
            f"samples in runs of {CLIPPED_RUN} or more at |x| >= {FULL_SCALE}",
            by_numpy,
            direction="lower",
        ),
        metric(
            "silence", "share", f"{gated}, blocks below {GATE_LUFS:g} LUFS", runtime,
            direction="lower",
        ),
    )  # fmt: skip
