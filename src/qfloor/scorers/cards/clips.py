"""Cards of what changes in time, and of sound."""

from __future__ import annotations

from qfloor.scorers.cards.card import Card

_ONE_FRAME = "a clip of one frame: *unscored*, it does not change in time"
_SHORT = "a clip shorter than 1/8 s: *unscored*"
_STILLS = "stills: no row"
_BROKEN = "a file that cannot be decoded: *failed*, a fail in the bound"
_WORST = "`..._worst_frames` is the 10% quantile of the series"
_NOT_VBENCH = "VBench's own numbers need RAFT, AMT or DINO and are not claimed"
_VBENCH = "Huang et al., *VBench*, CVPR 2024"


def _clip(
    scorer: str, metrics: tuple[str, ...], says: str, formula: str, *misleads: str,
    source: str = _VBENCH, absent: tuple[str, ...] = (_STILLS, _ONE_FRAME, _BROKEN),
) -> Card:  # fmt: skip
    return Card(
        scorer=scorer, metrics=metrics, says=says, formula=formula, source=source,
        absent=absent, misleads=misleads,
    )  # fmt: skip


def _sound(name: str, says: str, formula: str, *misleads: str, absent: tuple[str, ...]) -> Card:
    return Card(
        scorer="audio", metrics=(f"audio.{name}",), says=says, formula=formula,
        source="ITU-R BS.1770-4, EBU Tech 3341" if "LUFS" in formula else "ours",
        absent=(_STILLS, *absent), misleads=misleads,
    )  # fmt: skip


_SILENT = "a clip without sound: *unscored*"
_BLOCK = "sound shorter than one block of 400 ms: *unscored*"

CLIPS: tuple[Card, ...] = (
    _clip(
        "temporal", ("temporal.flickering",),
        "How little neighbouring frames differ.",
        "mean over neighbours of (255 - MAE) / 255; the values stay in the series",
        "on all clips, where VBench first drops moving ones: motion lowers it",
        "a frozen clip is perfect; read it beside `video.frozen`",
        source=f"{_VBENCH}: `temporal_flickering` without its static filter",
    ),
    _clip(
        "temporal", ("temporal.embedding_consistency",),
        "Whether a clip stays the same thing, in the eyes of the backbone.",
        "mean of half [max(0, cos to the frame before) + max(0, cos to the first)] over 8 evenly "
        "spaced frames",
        _NOT_VBENCH,
        "a frozen clip is perfectly consistent",
        source=f"{_VBENCH}: the formula of `subject_consistency`, with another backbone",
    ),
    _clip(
        "temporal", ("temporal.motion", "temporal.moving", "temporal.frozen_share"),
        "How much moves, whether anything does, and for how much of the clip nothing does.",
        "per eighth of a second the mean of the largest 5% of |change of Y| at a short side of 64 "
        "to 127 pixels; `moving`: a quarter of the values are 4 grey levels or more; "
        "`frozen_share`: share below 4",
        "a difference of frames, not optical flow: a flash reads as motion",
        source=f"ours, on the sampling and the shape of the rule of {_VBENCH} `dynamic_degree`",
    ),
    _clip(
        "motion",
        ("video.flow_magnitude", "video.flow_magnitude_worst_frames",
         "video.dynamic_degree_flow"),
        "How fast the fastest parts move, and whether the clip is dynamic.",
        "mean length of the top 5% of optical flow in 1/8 s, as a share of the short side; "
        f"dynamic: at least max(1, round(4 n / 16)) steps above 6/256. {_WORST}",
        f"flow is OpenCV's DIS, not RAFT: {_NOT_VBENCH}",
        "a camera that shakes moves too",
        source=f"{_VBENCH}: `dynamic_degree`, with another flow",
        absent=(_STILLS, _ONE_FRAME, _SHORT, _BROKEN),
    ),
    _clip(
        "motion",
        ("video.motion_smoothness_flow", "video.motion_smoothness_flow_worst_frames"),
        "Whether every other frame is what its neighbours let expect.",
        "(255 - MAE) / 255 of odd frames against an interpolation of the even ones by flow; "
        f"identical frames give exactly 1. {_WORST}",
        _NOT_VBENCH,
        "a frozen clip is perfectly smooth",
        source=f"{_VBENCH}: `motion_smoothness`, with flow in place of AMT",
        absent=(_STILLS, "a clip of fewer than three frames: *unscored*", _BROKEN),
    ),
    _clip(
        "motion",
        ("video.flickering_static", "video.flickering_static_worst_frames",
         "video.flickering_worst_frames"),
        "Flicker where nothing should move, and the worst moments of any clip.",
        "`temporal.flickering` of clips that are static by flow; `flickering_worst_frames` is the "
        "10% quantile of its series on all clips",
        _NOT_VBENCH,
        source=f"{_VBENCH}: `temporal_flickering` with its static filter, by another flow",
        absent=(
            _STILLS, _ONE_FRAME, "a clip that moves: *unscored* for the static ones", _SHORT,
            _BROKEN,
        ),
    ),
    _clip(
        "motion", ("video.frozen", "video.longest_freeze"),
        "Whether one picture stands for the whole length, and how long the longest one stands.",
        "cells of Y at 64 px within 2 grey levels of the picture with which the freeze began, by "
        "the frames' own times",
        "a still life that was asked for is frozen",
        source="ours",
    ),
    _clip(
        "consistency", ("video.*_consistency", "video.*_consistency_worst_frames"),
        "Whether the frames stay alike, in the eyes of any backbone you name.",
        "mean of half [max(0, cos to the frame before) + max(0, cos to the first)], 8 frames a "
        f"second by time. {_WORST}",
        "named after the backbone it really has; VBench's own names are refused",
        "a frozen clip is perfectly consistent",
        "with `per_second` none all frames are taken, and rates do not compare",
        source=f"{_VBENCH}: `subject_consistency` and `background_consistency`",
    ),
    _sound(
        "present", "Whether the clip has sound.", "an audio stream with at least one sample",
        "a track of silence is present: see `audio.silence`",
        absent=(_BROKEN,),
    ),
    _sound(
        "loudness", "How loud the clip is.",
        "integrated loudness in LUFS, K-weighted, gated at -70 and 10 LU below the mean",
        "a property, of which neither end is good",
        "what follows the last whole block of 400 ms is not heard",
        absent=(_SILENT, _BLOCK, "nothing above the gate: *unscored*"),
    ),
    _sound(
        "clipping", "How much of the sound is clipped.",
        "share of samples in runs of 3 or more at |x| >= 0.999",
        "music mastered into a limiter clips on purpose",
        absent=(_SILENT,),
    ),
    _sound(
        "silence", "How much of the clip is silent.",
        "share of 400 ms blocks below -70 LUFS",
        "whether there should be sound at this moment is not known",
        absent=(_SILENT, _BLOCK),
    ),
)  # fmt: skip
