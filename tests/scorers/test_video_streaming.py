"""From a file to rows: held or streamed the same to the bit, in little memory; old numbers stay."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from clip_files import LOSSLESS, MPEG4, VP9, clip_file, clip_item, rolling, turned_clockwise
from scoring_fakes import CountingBackbone, noise_picture

from qfloor.media import stream_clip
from qfloor.scorers import video as v
from qfloor.scorers.protocol import Pixels, Row, Scorer

BACKBONE = CountingBackbone()
SCORERS: list[Callable[[], Scorer]] = [
    lambda: v.TemporalScorer(backbone=BACKBONE),
    v.MotionScorer,
    lambda: v.ConsistencyScorer(backbone=BACKBONE, label="colour"),
]
FILES = {
    "odd size": clip_file(rolling(23, height=61, width=87), **LOSSLESS),
    "mpeg4 with sound": clip_file(rolling(24), **MPEG4, sound=True),
    "vp9": clip_file(rolling(16, 4.0), **VP9, rate=8),
    "variable rate": clip_file(rolling(6), milliseconds=[0, 40, 90, 500, 510, 1500]),
    "turned": turned_clockwise(clip_file(rolling(9), **MPEG4)),
    "one frame": clip_file(rolling(1)),
    "two frames": clip_file(rolling(2), rate=8),
    "tiny": clip_file([noise_picture(i, 3, 5) for i in range(9)], rate=8),
}


def rows_of(content: bytes, held_bytes: int | None) -> list[tuple[Row, ...]]:
    clip = stream_clip(content, held_bytes=10**9 if held_bytes is None else held_bytes)
    frames = list(clip) if held_bytes is None else clip
    item = clip_item(frames, clip.fps, clip.timestamps, BACKBONE)
    return [scorer().score([item])[0] for scorer in SCORERS]


@pytest.mark.parametrize("name", FILES)
def test_streamed_held_and_loaded_clips_have_equal_rows(name: str) -> None:
    loaded = rows_of(FILES[name], None)
    assert rows_of(FILES[name], 10**9) == loaded
    assert rows_of(FILES[name], 0) == loaded


def test_a_freeze_in_a_file_of_variable_rate_is_measured_by_its_times() -> None:
    clip = stream_clip(FILES["variable rate"])
    (rows,) = v.MotionScorer().score([clip_item(clip, clip.fps, clip.timestamps)])
    found = {row.metric: row.value for row in rows}
    assert found["video.longest_freeze"] == pytest.approx(0.99)
    assert found["video.frozen"] == 0


@pytest.mark.parametrize("how", [MPEG4 | {"codec": "libvpx-vp9", "fmt": "webm"}, LOSSLESS])
def test_a_still_picture_is_frozen_through_a_codec(how: dict[str, str]) -> None:
    clip = stream_clip(clip_file([rolling(1, height=120, width=160)[0]] * 24, **how))
    (rows,) = v.MotionScorer().score([clip_item(clip, clip.fps, clip.timestamps)])
    found = {row.metric: row.value for row in rows}
    assert found["video.frozen"] == 1
    assert found["video.longest_freeze"] == pytest.approx(1.0, abs=0.002)
    assert found["video.dynamic_degree_flow"] == 0


# -- the numbers of `temporal.*` stay what they were -------------------------------------------


def pinned_clip() -> list[Pixels]:
    made = []
    for i in range(23):
        frame = np.full((134, 171, 3), 60, np.uint8)
        frame[30:60, 5 + i * 4 : 30 + i * 4] = (220, 120, 30)
        frame[:, :, 1] = np.roll(frame[:, :, 1], i * 2, 0)
        made.append(np.maximum(frame, noise_picture(i, 134, 171) // 8))
    return made


PINNED = {
    "temporal.flickering@df4849cc7af2b3fb": 0.9962879725275179,
    "temporal.embedding_consistency@1bc3d69fa990a203": 0.9999999295661812,
    "temporal.motion@d6ba8b4b271aab1e": 47.36392812513767,
    "temporal.frozen_share@ccca8f08f7cdf917": 0.0,
    "temporal.moving@dbb24acce6c733a8": 1.0,
}


def test_temporal_metrics_keep_their_identities_and_values() -> None:
    scorer = v.TemporalScorer(backbone=BACKBONE)
    assert [metric.key for metric in scorer.metrics] == list(PINNED)
    (rows,) = scorer.score([clip_item(pinned_clip(), 24.0, backbone=BACKBONE)])
    found = {row.metric: row.value for row in rows}
    # 1e-6: numpy's float32 product differs in the last bit between machines
    assert list(found.values()) == pytest.approx(list(PINNED.values()), rel=1e-6)


def test_one_walk_gives_what_the_whole_clip_gives() -> None:
    frames = pinned_clip()
    for fps, few in ((24.0, 23), (8.0, 23), (60.0, 5), (24.0, 2)):
        item = clip_item(frames[:few], fps, backbone=BACKBONE)
        (rows,) = v.TemporalScorer(backbone=BACKBONE).score([item])
        series = {row.metric: row.series for row in rows}
        assert series["temporal.flickering"] == tuple(v.flickering(frames[:few]))
        assert series["temporal.motion"] == tuple(
            v.motion(frames[:few], [i / fps for i in range(few)])
        )


# -- memory ------------------------------------------------------------------------------------

SCORE_A_LONG_CLIP = """
import resource, sys
import numpy as np
sys.path.insert(0, sys.argv[2])
from clip_files import clip_item
from scoring_fakes import CountingBackbone
from qfloor.media import stream_clip
from qfloor.scorers import video as v

class Forgetful(CountingBackbone):
    def embed_images(self, pictures):
        return np.ones((len(pictures), 1), np.float32)

backbone = Forgetful()
scorers = [v.TemporalScorer(backbone=backbone), v.MotionScorer()]
scorers.append(v.ConsistencyScorer(backbone=backbone, label="colour"))

def score(path):
    clip = stream_clip(path, held_bytes=8 * 2**20)
    assert not clip.is_held
    item = clip_item(clip, clip.fps, clip.timestamps, None)
    item.inputs["image_embedding:fake"] = backbone.embed_images(clip.at([0, len(clip) - 1]))
    for scorer in scorers:
        scorer.score([item])
    return len(clip)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

score(sys.argv[3])
before = peak()
frames = score(sys.argv[4])
print(frames, peak() - before)
"""


def test_memory_does_not_grow_with_the_length_of_a_clip(tmp_path: Path) -> None:
    frame = rolling(1, height=360, width=640)[0]
    sizes = {}
    for name, count in (("short", 15), ("long", 120)):
        path = tmp_path / name
        path.write_bytes(clip_file([frame] * count, **MPEG4))
        sizes[name] = str(path)
    tests = Path(__file__).resolve().parents[1]
    ran = subprocess.run(
        [sys.executable, "-c", SCORE_A_LONG_CLIP, "", str(tests), sizes["short"], sizes["long"]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    frames, grown = map(int, ran.stdout.split())
    assert frames * frame.nbytes / 2**20 > 75  # what holding it would cost, in MiB
    assert grown < 25
