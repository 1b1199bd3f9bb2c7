"""Checks of what is said of clips and of sound: invariants that must hold exactly."""

from __future__ import annotations

from qfloor.doctor import drawn
from qfloor.doctor.check import BY_DEFINITION, Check, Tolerance
from qfloor.doctor.ground import Ground
from qfloor.doctor.needs import CLIP_EXTRA, Packages
from qfloor.doctor.one_output import CLIP, rows_of, value_of

_VIDEO = Packages(extra="video", modules=("cv2",))
_AUDIO = Packages(extra="audio", modules=("pyloudnorm",))


def _flicker_standing(ground: Ground) -> float:
    from qfloor.scorers.video import flickering

    return min(flickering(drawn.standing()))


def _flicker_alternating(ground: Ground) -> float:
    from qfloor.scorers.video import flickering

    return max(flickering(drawn.alternating()))


def _consistency_standing(ground: Ground) -> float:
    from qfloor.scorers.video import ConsistencyScorer

    inputs = drawn.clip_inputs(drawn.standing())
    found = rows_of(ConsistencyScorer(), CLIP, **inputs)
    return value_of(found, "video.clip_consistency")


def _consistency_formula(ground: Ground) -> tuple[float, ...]:
    import numpy as np

    from qfloor.scorers.video import consistency

    turns = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [-1.0, 0.0]]
    return tuple(consistency(np.array(turns, np.float32)))


def _motion_of_standing(metric: str) -> float:
    return _motion(metric, drawn.clip_inputs(drawn.standing()))


def _motion(metric: str, inputs: dict[str, object]) -> float:
    from qfloor.scorers.video import MotionScorer

    return value_of(rows_of(MotionScorer(), CLIP, **inputs), metric)


def _loudness(level_dbfs: float, hertz: float, channels: tuple[str, ...]) -> float:
    from qfloor.scorers.audio import loudness

    found = loudness(drawn.sine(level_dbfs, hertz, channels)).integrated
    if found is None:
        raise ValueError("nothing of the tone is above the gate")
    return found


def _ends_of_sound(ground: Ground) -> tuple[float, ...]:
    from dataclasses import replace

    import numpy as np

    from qfloor.scorers.audio import clipping, loudness, silence

    tone = drawn.sine(0.0, 1000.0, ("FC",))
    pushed = replace(tone, samples=np.clip(tone.samples * 1000, -1, 1))
    nothing = replace(tone, samples=np.zeros_like(tone.samples))
    return (clipping(pushed), silence(loudness(nothing).blocks))


_VBENCH = "VBench's formula"

CHECKS: tuple[Check, ...] = (
    Check(
        id="flicker-identical",
        says="identical frames do not flicker",
        metric="temporal.flickering",
        expected=1.0,
        measure=_flicker_standing,
        source=_VBENCH,
    ),
    Check(
        id="flicker-alternating",
        says="black and white frames in turn flicker as much as can be",
        metric="temporal.flickering",
        expected=0.0,
        measure=_flicker_alternating,
        source=_VBENCH,
    ),
    Check(
        id="consistency-formula",
        says="four given embeddings, by hand",
        metric="video.*_consistency",
        expected=(0.0, 0.7, 0.0),
        tolerance=Tolerance(absolute=1e-6),
        measure=_consistency_formula,
        source=_VBENCH,
    ),
    Check(
        id="consistency-identical",
        says="identical frames are consistent, to float error",
        metric="video.clip_consistency",
        expected=1.0,
        tolerance=Tolerance(absolute=1e-6),
        measure=_consistency_standing,
        source=_VBENCH,
        needs=(CLIP_EXTRA,),
    ),
    Check(
        id="smoothness-identical",
        says="identical frames are interpolated exactly",
        metric="video.motion_smoothness_flow",
        expected=1.0,
        measure=lambda ground: _motion_of_standing("video.motion_smoothness_flow"),
        source=BY_DEFINITION,
        needs=(_VIDEO,),
    ),
    Check(
        id="dynamic-identical",
        says="identical frames are not dynamic",
        metric="video.dynamic_degree_flow",
        expected=0.0,
        measure=lambda ground: _motion_of_standing("video.dynamic_degree_flow"),
        source=BY_DEFINITION,
        needs=(_VIDEO,),
    ),
    Check(
        id="frozen-identical",
        says="identical frames are a frozen clip",
        metric="video.frozen",
        expected=1.0,
        measure=lambda ground: _motion_of_standing("video.frozen"),
        source=BY_DEFINITION,
        needs=(_VIDEO,),
    ),
    Check(
        id="longest-freeze",
        says="identical frames over 2 seconds stand for 2 seconds",
        metric="video.longest_freeze",
        expected=2.0,
        tolerance=Tolerance(absolute=1e-9),
        measure=lambda ground: _motion_of_standing("video.longest_freeze"),
        source=BY_DEFINITION,
        needs=(_VIDEO,),
    ),
    Check(
        id="flow-of-a-slide",
        says="a camera that moves 8 of 256 pixels in 1/8 s",
        metric="video.flow_magnitude",
        expected=8 / 256,
        tolerance=Tolerance(relative=0.05),
        measure=lambda ground: _motion(
            "video.flow_magnitude", drawn.clip_inputs(drawn.sliding(8))
        ),
        source=BY_DEFINITION,
        needs=(_VIDEO,),
    ),
    Check(
        id="sound-at-its-ends",
        says="a tone pushed over full scale is clipped but where it crosses 0; silence is silent",
        metric="audio.*",
        expected=(46 / 48, 1.0),
        tolerance=Tolerance(absolute=1e-6),
        measure=_ends_of_sound,
        source=BY_DEFINITION,
        needs=(_AUDIO,),
    ),
    Check(
        id="loudness-stereo",
        says="1 kHz at -23 dBFS on both channels, in LUFS",
        metric="audio.loudness",
        expected=-23.0,
        tolerance=Tolerance(absolute=0.1),
        measure=lambda ground: _loudness(-23.0, 1000.0, ("FL", "FR")),
        source="EBU Tech 3341, case 1",
        needs=(_AUDIO,),
    ),
    Check(
        id="loudness-mono",
        says="997 Hz at full scale on one channel, in LUFS",
        metric="audio.loudness",
        expected=-3.01,
        tolerance=Tolerance(absolute=0.05),
        measure=lambda ground: _loudness(0.0, 997.0, ("FC",)),
        source="ITU-R BS.1770-4",
        needs=(_AUDIO,),
    ),
)  # fmt: skip
