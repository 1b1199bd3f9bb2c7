from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_fakes import CountingBackbone, noise_picture

from qfloor.records import Prompt, ScoreStatus
from qfloor.scorers import video as v
from qfloor.scorers.protocol import EMBEDDED_FRAMES, Item, Pixels, evenly_spaced
from qfloor.testing import check_scorer

BLACK, WHITE = np.zeros((48, 64, 3), np.uint8), np.full((48, 64, 3), 255, np.uint8)
BACKBONE = CountingBackbone()


def clip(frames: list[Pixels], times: Sequence[float] | None = None, fps: float = 8.0) -> Item:
    chosen = [frames[i] for i in evenly_spaced(len(frames))]
    return Item(
        output_id="o",
        prompt=Prompt(id="p", text="a ball rolls", category="video", modality="video"),
        media_type="video/webm",
        inputs={
            "frames": frames,
            "fps": fps,
            "timestamps": tuple(times or (i / fps for i in range(len(frames)))),
            f"image_embedding:{BACKBONE.name}": BACKBONE.embed_images(chosen),
        },
    )


def scores(
    frames: list[Pixels], times: Sequence[float] | None = None, fps: float = 8.0
) -> dict[str, Any]:
    (rows,) = v.TemporalScorer(backbone=BACKBONE).score([clip(frames, times, fps)])
    return {row.metric.removeprefix("temporal."): row for row in rows}


def rolling(frames: int = 16, step: int = 4) -> list[Pixels]:
    made = []
    for i in range(frames):
        frame = np.full((96, 128, 3), 60, np.uint8)
        frame[30:60, 5 + i * step : 30 + i * step] = (220, 120, 30)
        made.append(frame)
    return made


def test_identical_frames() -> None:
    frozen = scores([noise_picture(1)] * 9)
    assert frozen["flickering"].value == 1.0
    assert frozen["embedding_consistency"].value == pytest.approx(1, abs=1e-6)
    assert frozen["motion"].value == 0
    assert frozen["moving"].value == 0
    assert frozen["frozen_share"].value == 1


def test_alternating_black_and_white() -> None:
    assert scores([BLACK, WHITE] * 5)["flickering"].value == 0.0


def test_flickering_agrees_with_the_formula() -> None:
    frames = [noise_picture(i) for i in range(6)]
    expected = [(255.0 - np.mean(np.abs(a.astype(float) - b))) / 255.0 for a, b in pairwise(frames)]
    np.testing.assert_allclose(v.flickering(frames), expected, rtol=1e-12)


def test_consistency_agrees_with_the_formula() -> None:
    vectors = BACKBONE.embed_images([noise_picture(i) // (i + 1) for i in range(5)])
    expected = []
    for i in range(1, 5):
        pair = max(0.0, float(vectors[i] @ vectors[i - 1]))
        first = max(0.0, float(vectors[i] @ vectors[0]))
        expected.append((pair + first) / 2)
    np.testing.assert_allclose(v.consistency(vectors), expected, atol=1e-6)


def test_motion_tells_moving_from_frozen_and_from_noise() -> None:
    moving = scores(rolling())
    assert moving["moving"].value == 1
    rng = np.random.default_rng(0)
    still = [
        np.clip(rolling(1)[0] + rng.normal(0, 1, (96, 128, 3)), 0, 255).astype(np.uint8)
        for _ in range(16)
    ]
    assert scores(still)["moving"].value == 0
    assert scores(still)["motion"].value < moving["motion"].value


def test_frozen_halfway_still_moves_but_less() -> None:
    frames = rolling()
    halfway = frames[:8] + [frames[7]] * 8
    assert scores(halfway)["moving"].value == 1
    assert scores(halfway)["motion"].value < scores(frames)["motion"].value
    assert scores(halfway)["frozen_share"].value == pytest.approx(8 / 15)
    assert scores(frames)["frozen_share"].value == 0


def test_motion_hardly_depends_on_the_frame_rate() -> None:
    slow, fast = rolling(16, step=4), rolling(31, step=2)
    assert v.motion(fast, [i / 16 for i in range(31)]) == v.motion(slow, [i / 8 for i in range(16)])
    assert len(v.motion(slow[:2], [0, 1 / 60])) == 1


def test_repeated_frames_left_out_change_nothing_that_is_seen() -> None:
    """One movement in two encodings: 24 frames a second, and the same without the repeated ones."""
    drawn = rolling(7, step=9)
    shown = [min(i // 6, 6) for i in range(48)]  # a jump each quarter of a second, then it stands
    times = [i / 24 for i in range(48)]
    kept = [i for i in range(48) if i in (0, 47) or shown[i] != shown[i - 1]]
    constant = scores([drawn[i] for i in shown], times, 24.0)
    varying = scores([drawn[shown[i]] for i in kept], [times[i] for i in kept], len(kept) / 2)
    for name in ("motion", "frozen_share", "moving"):
        assert varying[name].value == constant[name].value, name
    assert varying["motion"].series == constant["motion"].series
    assert constant["frozen_share"].value == pytest.approx(9 / 15)


def test_times_that_say_nothing_compare_the_first_frame_and_the_last() -> None:
    frames = rolling(9)
    expected = v.luma_change(v.small_luma(frames[0]), v.small_luma(frames[-1]))
    assert v.motion(frames, [0.0] * 9) == [expected]
    with pytest.raises(ValueError, match="its times are damaged"):
        v.motion(frames[:2], [0.0, 9e9])


def test_series_are_kept() -> None:
    rows = scores(rolling(20))
    assert len(rows["flickering"].series) == 19
    assert len(rows["motion"].series) == 19
    assert len(rows["embedding_consistency"].series) == EMBEDDED_FRAMES - 1
    assert rows["flickering"].value == pytest.approx(np.mean(rows["flickering"].series))


def test_one_frame_is_unscored() -> None:
    for row in scores([noise_picture(0)]).values():
        assert (row.status, row.value) == (ScoreStatus.UNSCORED, None)
        assert "one frame" in row.reason


@given(st.integers(1, 9), st.integers(1, 150), st.integers(2, 4))
def test_any_size(height: int, width: int, frames: int) -> None:
    rows = scores([noise_picture(i, height, width) for i in range(frames)])
    assert all(np.isfinite(row.value) for row in rows.values())


def test_applies_to_clips_only() -> None:
    scorer = v.TemporalScorer(backbone=BACKBONE)
    assert not scorer.applies(Prompt(id="p", text="t", category="portrait"), "image/png")
    assert scorer.applies(clip(rolling(2)).prompt, "video/webm")


def test_conforms() -> None:
    batch = [clip(rolling()), clip([BLACK, WHITE] * 4), clip([BLACK])]
    check_scorer(lambda: v.TemporalScorer(backbone=BACKBONE), batch)
