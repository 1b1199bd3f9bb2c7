"""Flow, smoothness, flicker and freezes against direct references, and what must hold exactly."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from clip_files import clip_item, rolling
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_fakes import item, noise_picture

from qfloor.errors import PluginError
from qfloor.records import ScoreStatus
from qfloor.scorers.protocol import Pixels, Row
from qfloor.scorers.video import MotionScorer, flow, freezing, sampling
from qfloor.scorers.video.motion import is_static, moves
from qfloor.testing import check_scorer

BLACK, WHITE = np.zeros((48, 64, 3), np.uint8), np.full((48, 64, 3), 255, np.uint8)
SERIES = ("flow_magnitude", "motion_smoothness_flow", "flickering_static")


def scores(
    frames: Sequence[Pixels], fps: float = 24.0, times: Sequence[float] | None = None
) -> dict[str, Row]:
    (rows,) = MotionScorer().score([clip_item(frames, fps, times)])
    return {row.metric.removeprefix("video."): row for row in rows}


def value(row: Row) -> float:
    assert row.value is not None, row.reason
    return row.value


def soft_noise(seed: int, count: int, height: int = 72, width: int = 100) -> list[Pixels]:
    """Random pictures with something a flow can follow, drifting."""
    ground = cv2.GaussianBlur(noise_picture(seed, height + 4 * count, width + 4 * count), (0, 0), 2)
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.integers(0, 4, (count, 2)), axis=0)
    return [ground[y : y + height, x : x + width].copy() for y, x in at]


# -- what must hold exactly --------------------------------------------------------------------


def test_identical_frames() -> None:
    frozen = scores([noise_picture(1)] * 24)
    assert value(frozen["motion_smoothness_flow"]) == 1.0
    assert value(frozen["flickering_static"]) == value(frozen["flickering_worst_frames"]) == 1.0
    assert value(frozen["flow_magnitude"]) == 0.0
    assert value(frozen["dynamic_degree_flow"]) == 0.0
    assert value(frozen["frozen"]) == 1.0
    assert value(frozen["longest_freeze"]) == pytest.approx(1.0)


def test_alternating_black_and_white() -> None:
    flash = scores([BLACK, WHITE] * 12)
    assert value(flash["flickering_static"]) == value(flash["flickering_worst_frames"]) == 0.0
    assert value(flash["dynamic_degree_flow"]) == 0.0
    assert value(flash["motion_smoothness_flow"]) == 0.0
    assert value(flash["frozen"]) == 0.0
    assert value(flash["longest_freeze"]) == pytest.approx(1 / 24)


# -- against direct references -----------------------------------------------------------------


def reference_small(frame: Pixels) -> Pixels:
    scale = 256 / min(frame.shape[:2])
    size = round(frame.shape[1] * scale), round(frame.shape[0] * scale)
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def reference_flow(before: Pixels, after: Pixels) -> Any:
    tones = [cv2.cvtColor(reference_small(f), cv2.COLOR_RGB2GRAY) for f in (before, after)]
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return dis.calc(*tones, None)


def reference_magnitude(before: Pixels, after: Pixels) -> float:
    u, v = np.moveaxis(reference_flow(before, after).astype(np.float64), -1, 0)
    lengths = np.sort(np.sqrt(u * u + v * v).ravel())[::-1]
    return float(lengths[: int(0.05 * lengths.size)].mean() / 256)


@pytest.mark.parametrize("seed", [0, 1])
def test_flow_magnitude_agrees_with_the_formula(seed: int) -> None:
    frames = soft_noise(seed, 10)
    chosen = [0, 3, 6, 9]  # every eighth of a second at 24 frames a second
    expected = [reference_magnitude(frames[a], frames[b]) for a, b in pairwise(chosen)]
    row = scores(frames)["flow_magnitude"]
    np.testing.assert_allclose(row.series, expected, rtol=1e-6)
    assert value(row) == pytest.approx(np.mean(expected))
    moving = sum(m > 6 / 256 for m in expected) >= max(1, round(4 * 4 / 16))
    assert value(scores(frames)["dynamic_degree_flow"]) == moving


def bilinear(
    picture: npt.NDArray[np.float64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    height, width = picture.shape[:2]
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]

    def at(row: Any, column: Any) -> Any:
        return picture[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]

    top = at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx
    low = at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx
    return np.asarray(top * (1 - fy) + low * fy)


def reference_smoothness(frames: Sequence[Pixels], times: Sequence[float]) -> list[float]:
    found = []
    for i in range(1, len(frames) - 1, 2):
        before, middle, after = (
            reference_small(frames[j]).astype(float) for j in (i - 1, i, i + 1)
        )
        there = reference_flow(frames[i - 1], frames[i + 1]).astype(float)
        back = reference_flow(frames[i + 1], frames[i - 1]).astype(float)
        t = (times[i] - times[i - 1]) / (times[i + 1] - times[i - 1])
        y, x = np.mgrid[0 : before.shape[0], 0 : before.shape[1]].astype(float)
        warped = bilinear(before, x - t * there[..., 0], y - t * there[..., 1])
        warped = warped + bilinear(after, x - (1 - t) * back[..., 0], y - (1 - t) * back[..., 1])
        found.append((255 - np.abs(warped / 2 - middle).mean()) / 255)
    return found


@pytest.mark.parametrize("times", [None, [0.0, 0.04, 0.12, 0.2, 0.21, 0.4]], ids=["even", "uneven"])
@pytest.mark.parametrize("seed", [0, 1])
def test_smoothness_agrees_with_the_formula(seed: int, times: list[float] | None) -> None:
    frames = soft_noise(seed, 6)
    expected = reference_smoothness(frames, times or [i / 24 for i in range(6)])
    row = scores(frames, times=times)["motion_smoothness_flow"]
    assert row.series is not None
    assert len(row.series) == 2
    np.testing.assert_allclose(row.series, expected, atol=1e-6)


def test_static_clips_flicker_by_the_formula() -> None:
    rng = np.random.default_rng(2)
    still = soft_noise(3, 1)[0].astype(int)
    frames = [
        np.clip(still + rng.integers(-4, 5, still.shape), 0, 255).astype(np.uint8)
        for _ in range(11)
    ]
    expected = [(255 - np.abs(a.astype(float) - b).mean()) / 255 for a, b in pairwise(frames)]
    found = scores(frames)
    np.testing.assert_allclose(found["flickering_static"].series, expected, rtol=1e-12)
    assert value(found["flickering_static"]) == pytest.approx(np.mean(expected))
    assert value(found["flickering_worst_frames"]) == pytest.approx(min(expected))


def test_worst_frames_are_the_order_statistic() -> None:
    found = scores(soft_noise(4, 48), fps=8.0)
    for name in ("flow_magnitude", "motion_smoothness_flow"):
        series = found[name].series
        assert series is not None
        rank = -(-len(series) // 10)  # ceil(n / 10)
        assert value(found[f"{name}_worst_frames"]) == sorted(series)[rank - 1]
        assert value(found[name]) == math.fsum(series) / len(series)


# -- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "needed"), [(1, 1), (3, 1), (7, 2), (15, 4), (16, 4), (31, 8)])
def test_a_quarter_of_the_moments_must_move(steps: int, needed: int) -> None:
    above, at = 6 / 256 + 1e-9, 6 / 256
    assert moves([above] * needed + [at] * (steps - needed))
    assert not moves([above] * (needed - 1) + [at] * (steps - needed + 1))


def test_static_allows_an_eighth_of_the_steps_and_a_small_drift() -> None:
    assert is_static([0.02, 0.02] + [0.0] * 13, 0.0)
    assert not is_static([0.02] * 3 + [0.0] * 12, 0.0)
    assert is_static([0.01] * 15, 4 * 3 / 256)
    assert not is_static([0.01] * 15, 4 * 3 / 256 + 1e-9)


def test_a_moving_clip_has_no_static_flicker_and_says_why() -> None:
    row = scores(rolling(24, 4))["flickering_static"]
    assert (row.status, row.value) == (ScoreStatus.UNSCORED, None)
    assert "the clip moves" in (row.reason or "")


def test_a_flow_is_a_share_of_the_short_side() -> None:
    for size in ((96, 128), (192, 256), (480, 640)):
        factor = size[0] // 96
        frames = [np.kron(f, np.ones((factor, factor, 1), np.uint8)) for f in rolling(8, 4.0)]
        magnitude = value(scores(frames, fps=8.0)["flow_magnitude"])
        assert magnitude == pytest.approx(4 / 96, rel=0.12), size


# -- time --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", [4.0, 8.0, 16.0, 24.0, 30.0])
def test_the_frame_rate_does_not_matter(fps: float) -> None:
    found = scores(rolling(int(2 * fps) + 1, 40 / fps, width=120), fps=fps)
    assert value(found["flow_magnitude"]) == pytest.approx(5 / 96, rel=0.15)
    assert value(found["dynamic_degree_flow"]) == 1


def test_variable_frame_rate_is_judged_like_the_same_clip_at_a_constant_one() -> None:
    drawn = rolling(7, 6)
    shown = [0, 1, 2, 2, 2, 2, 2, 2, 2, 3, 4, 4, 5, 5, 5, 6]  # at 8 a second
    constant = scores([drawn[i] for i in shown], fps=8.0)
    varying = scores(drawn, fps=3.5, times=[shown.index(i) / 8 for i in range(7)])
    for name in ("flow_magnitude", "longest_freeze", "dynamic_degree_flow", "frozen"):
        assert value(varying[name]) == pytest.approx(value(constant[name])), name
    assert value(varying["longest_freeze"]) == pytest.approx(7 / 8)


def naive_shown(times: Sequence[float], rate: float) -> list[int]:
    picked = []
    step = 0
    while step / rate <= times[-1] - times[0] + 1 / (8 * rate):
        late = step / rate + 1 / (8 * rate)
        picked.append(max(i for i, t in enumerate(times) if t - times[0] <= late))
        step += 1
    return picked


@given(
    st.lists(st.integers(1, 700), max_size=30),
    st.sampled_from([1.0, 2.0, 8.0, 16.0]),
    st.integers(0, 999),
)
def test_moments_are_found_like_a_naive_search(gaps: list[int], rate: float, start: int) -> None:
    times = list(np.cumsum([start, *gaps]) / 1024)  # exact in binary
    shown = sampling.shown_at_steps(times, rate)
    assert shown == naive_shown(times, rate)
    changes = [1.0] * (len(set(shown)) - 1)
    spread = sampling.spread_over_steps(shown, changes)
    assert len(spread) == len(shown) - 1
    assert sum(spread) == pytest.approx(len(changes))


def test_milliseconds_of_webm_pick_the_same_frames_as_exact_times() -> None:
    for fps in (12, 24, 25, 30, 60, 24000 / 1001):
        exact = [i / fps for i in range(200)]
        rounded = [round(t, 3) for t in exact]
        assert sampling.shown_at_steps(rounded, 8.0) == sampling.shown_at_steps(exact, 8.0)


# -- freezes -----------------------------------------------------------------------------------


def naive_longest(starts: list[int], times: Sequence[float], fps: float) -> float:
    gaps = [b - a for a, b in pairwise(times)]
    end = times[-1] + (min(gaps) if min(gaps, default=1) < 1 / fps - 0.0015 else 1 / fps)
    bounds = [times[i] for i in starts] + [end]
    return max(b - a for a, b in pairwise(bounds))


def test_the_longest_freeze_is_in_seconds() -> None:
    drawn = rolling(6, 6)
    frames = [drawn[i] for i in (0, 1, 2, 2, 2, 3, 4, 4, 5)]
    assert value(scores(frames, fps=10.0)["longest_freeze"]) == pytest.approx(0.3)
    times = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 2.6, 2.7]
    found = scores(frames, fps=10.0, times=times)
    assert value(found["longest_freeze"]) == pytest.approx(2.1)
    assert naive_longest([0, 1, 2, 5, 6, 8], times, 10.0) == pytest.approx(2.1)
    assert value(found["frozen"]) == 0


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.integers(0, 10**6))
@settings(max_examples=25)
def test_freezes_are_found_like_a_naive_search(changes: list[bool], seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.01, 0.5, len(changes) + 1)).tolist()
    levels = np.cumsum([0, *changes]) * 5
    watch = freezing.FreezeWatch()
    for level in levels:
        watch.see(np.full((9, 7, 3), level, np.uint8))
    starts = [0] + [i + 1 for i, changed in enumerate(changes) if changed]
    assert watch.starts == starts
    assert watch.longest(times, 25.0) == pytest.approx(naive_longest(starts, times, 25.0))


def test_the_last_picture_stands_for_a_frame_and_not_for_an_average_one() -> None:
    """At 24 a second the last of two pictures is seen for 1/24 s, however few frames are kept."""
    drawn = rolling(3, 6)
    times = [0.0, 1 / 24, 1.0]
    assert value(scores(drawn, fps=1.5, times=times)["longest_freeze"]) == pytest.approx(23 / 24)
    still = scores([drawn[0]] * 3, fps=1.5, times=times)
    assert value(still["longest_freeze"]) == pytest.approx(1 + 1 / 24)


def test_times_that_run_backwards_keep_the_contract() -> None:
    """A broken file may say so; one such clip must not end a run."""
    drawn = rolling(6, 6)
    backwards = [5.0, 0.04, 0.08, 0.12, 0.16, 0.2]
    for times in (backwards, [0.0, 3.0, 1.0, 2.0, 1.5, 2.5], [0.0] * 6, list(np.arange(6) / 25)):
        check_scorer(MotionScorer, [clip_item(drawn, 25.0, times), clip_item(drawn[:2], 25.0)])
        assert value(scores(drawn[:1] * 6, 25.0, times)["longest_freeze"]) > 0


def test_times_that_claim_years_are_damage_and_not_a_full_memory() -> None:
    with pytest.raises(ValueError, match="2 frames claim to last 9000000000 s"):
        scores(rolling(2, 6), 25.0, [0.0, 9e9])


def test_near_duplicates_are_frozen_and_slow_change_is_not() -> None:
    rng = np.random.default_rng(0)
    still = noise_picture(1, 256, 256).astype(int)
    codec = [
        np.clip(still + rng.integers(-3, 4, still.shape), 0, 255).astype(np.uint8) for _ in range(6)
    ]
    assert value(scores(codec)["frozen"]) == 1
    fade = [np.full((64, 64, 3), 100 + i // 2, np.uint8) for i in range(24)]
    assert value(scores(fade)["frozen"]) == 0
    assert value(scores(rolling(24, 0.2))["frozen"]) == 0


def test_a_clip_that_changes_size_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="frame 1 is 100 x 70 and the first 100 x 72"):
        scores([noise_picture(0, 72, 100), noise_picture(1, 70, 100)])


# -- determinism, odd clips, conformance -------------------------------------------------------


def test_opencv_threads_do_not_matter() -> None:
    before = cv2.getNumThreads()
    clips = [soft_noise(7, 7, 271, 480), rolling(7, 9), [noise_picture(i) for i in range(7)]]
    try:
        found = []
        for threads in (1, 2, 3, 8):
            cv2.setNumThreads(threads)
            found.append([scores(frames) for frames in clips])
    finally:
        cv2.setNumThreads(before)
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize(
    ("frames", "fps", "missing"),
    [
        (rolling(1), 24.0, {"flow_magnitude": "one frame", "frozen": "one frame"}),
        (rolling(2), 24.0, {"flow_magnitude": "shorter than 1/8", "motion_smoothness_flow": "two"}),
        (rolling(2), 8.0, {"motion_smoothness_flow": "two frames"}),
        ([noise_picture(i, 9, 15) for i in range(4)], 8.0, {"flow_magnitude": "15 x 9 are too sm"}),
        ([noise_picture(i, 16, 300) for i in range(4)], 8.0, {"flow_magnitude": "too narrow"}),
    ],
    ids=["one frame", "two frames", "two frames at 8", "small", "narrow"],
)
def test_what_cannot_be_measured_says_why(
    frames: list[Pixels], fps: float, missing: dict[str, str]
) -> None:
    found = scores(frames, fps)
    for name, reason in missing.items():
        assert found[name].status is ScoreStatus.UNSCORED
        assert reason in (found[name].reason or "")
    if len(frames) > 1:
        assert found["longest_freeze"].value is not None
        assert found["flickering_worst_frames"].value is not None


@given(st.integers(1, 40), st.integers(1, 90), st.integers(2, 5))
@settings(max_examples=15, deadline=None)
def test_any_size(height: int, width: int, frames: int) -> None:
    found = scores([noise_picture(i, height, width) for i in range(frames)], fps=8.0)
    for row in found.values():
        assert row.reason if row.value is None else np.isfinite(row.value)


@pytest.mark.parametrize("size", [(16, 256), (256, 16), (17, 16), (16, 16)])
def test_the_narrowest_sizes_do_not_crash_the_flow(size: tuple[int, int]) -> None:
    found = scores([noise_picture(i, *size) for i in range(3)], fps=8.0)
    assert found["flow_magnitude"].value is not None


def test_conforms() -> None:
    clips = [rolling(9), [BLACK, WHITE] * 4, [BLACK], [noise_picture(i, 5, 9) for i in range(3)]]
    check_scorer(MotionScorer, [clip_item(frames) for frames in clips])


def test_only_clips() -> None:
    assert MotionScorer().applies(clip_item(rolling(2)).prompt, "video/webm")
    assert not MotionScorer().applies(item().prompt, "image/png")


def test_identities_name_the_flow_and_differ() -> None:
    metrics = MotionScorer().metrics
    assert len({m.key for m in metrics}) == len(metrics) == 10
    by_name = {m.name: m for m in metrics}
    assert by_name["video.dynamic_degree_flow"].definition["flow"] == "OpenCV DIS, preset medium"
    assert by_name["video.dynamic_degree_flow"].execution["runtime"].startswith("opencv ")
    assert by_name["video.frozen"].execution["runtime"] == "numpy"
    for name in SERIES:
        mean, worst = by_name[f"video.{name}"], by_name[f"video.{name}_worst_frames"]
        assert mean.identity != worst.identity


def test_the_version_is_the_installed_one() -> None:
    assert cv2.__version__.startswith(flow.opencv_version())


def test_without_opencv_one_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_PACKAGES", ("no-such-package",))
    with pytest.raises(PluginError, match=r"qfloor\[video\]"):
        MotionScorer()
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(PluginError, match=r"qfloor\[video\]"):
        MotionScorer().score([clip_item(rolling(3))])


def test_importing_the_scorers_loads_nothing_heavy() -> None:
    code = (
        "import sys, qfloor.scorers.video\n"
        "print(sorted({'cv2', 'torch', 'open_clip', 'av'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
