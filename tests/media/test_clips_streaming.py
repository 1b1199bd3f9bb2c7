"""A clip walked through from its bytes has the very frames of a clip held in memory."""

from __future__ import annotations

import io

import numpy as np
import pytest
from clip_files import LOSSLESS, MPEG4, VP9, clip_file, rolling, turned_clockwise
from PIL import Image
from scoring_fakes import noise_picture

from qfloor.errors import MediaError
from qfloor.media import ClipFrames, Limits, stream_clip
from qfloor.media.clips import decoded_frames, frame_rate, frame_time, upright
from qfloor.score.inputs import Decoded
from qfloor.scorers.protocol import evenly_spaced

MOVING = rolling(23, height=61, width=87)  # odd sizes
FORMATS = {"lossless": LOSSLESS, "mpeg4": MPEG4, "vp9": VP9}


def gif(frames: int = 5) -> bytes:
    buffer = io.BytesIO()
    first, *rest = [Image.fromarray(f) for f in rolling(frames)]
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=[40, 80, 500, 40, 40])
    return buffer.getvalue()


FILES = {
    **{name: clip_file(MOVING, **how) for name, how in FORMATS.items() if name != "vp9"},
    "vp9 of even size": clip_file(rolling(23), **VP9),
    "with sound": clip_file(rolling(24), **MPEG4, sound=True),
    "variable rate": clip_file(rolling(6), milliseconds=[0, 40, 90, 500, 510, 1500]),
    "turned": turned_clockwise(clip_file(rolling(5), **MPEG4)),
    "gif": gif(),
    "one frame": clip_file(rolling(1)),
    "two frames": clip_file(rolling(2)),
    "tiny": clip_file([noise_picture(i, 3, 5) for i in range(4)]),
}


@pytest.mark.parametrize("name", FILES)
def test_held_and_streamed_are_equal_to_the_bit(name: str) -> None:
    frames = list(decoded_frames(FILES[name], name))
    fps = frame_rate(FILES[name], name)
    held, streamed = stream_clip(FILES[name]), stream_clip(FILES[name], held_bytes=0)
    assert (held.is_held, streamed.is_held) == (True, False)
    for clip in (held, streamed):
        assert (len(clip), clip.fps) == (len(frames), fps)
        assert list(clip.timestamps) == [frame_time(f, i, fps) for i, f in enumerate(frames)]
        for ours, theirs in zip(clip, frames, strict=True):
            np.testing.assert_array_equal(ours, upright(theirs))
            assert not ours.flags.writeable


def test_lossless_frames_come_back_as_they_were() -> None:
    for ours, drawn in zip(stream_clip(FILES["lossless"], held_bytes=0), MOVING, strict=True):
        np.testing.assert_array_equal(ours, drawn)


@pytest.mark.parametrize("held_bytes", [0, 10**9])
def test_frames_are_picked_by_index(held_bytes: int) -> None:
    clip = stream_clip(FILES["lossless"], held_bytes=held_bytes)
    for asked in ([3], [22, 0, 7, 7], [-1], []):
        for ours, index in zip(clip.at(asked), asked, strict=True):
            np.testing.assert_array_equal(ours, MOVING[index])
    np.testing.assert_array_equal(clip[5], MOVING[5])
    np.testing.assert_array_equal(np.stack(clip[2:20:3]), np.stack(MOVING[2:20:3]))
    assert len(clip[30:]) == 0
    with pytest.raises(IndexError):
        clip.at([23])


def test_the_bound_is_on_all_frames_together() -> None:
    size = sum(frame.nbytes for frame in MOVING)
    assert stream_clip(FILES["lossless"], held_bytes=size).is_held
    assert not stream_clip(FILES["lossless"], held_bytes=size - 1).is_held


def test_two_walks_at_once_do_not_disturb_each_other() -> None:
    clip = stream_clip(FILES["mpeg4"], held_bytes=0)
    for first, second in zip(clip, clip, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_turned_clip_is_upright() -> None:
    (plain, *_), (turned, *_) = (
        stream_clip(clip_file(rolling(5), **MPEG4)),
        stream_clip(FILES["turned"], held_bytes=0),
    )
    assert turned.shape == (128, 96, 3)
    np.testing.assert_array_equal(turned, np.rot90(plain, -1))


def test_the_same_frames_are_embedded_either_way() -> None:
    for held_bytes in (0, 10**9):
        clip = stream_clip(FILES["lossless"], held_bytes=held_bytes)
        decoded = Decoded(frames=clip, fps=clip.fps, timestamps=clip.timestamps)
        np.testing.assert_array_equal(decoded.middle, MOVING[11])
        for ours, index in zip(decoded.spread, evenly_spaced(23), strict=True):
            np.testing.assert_array_equal(ours, MOVING[index])
        assert decoded.plain({"timestamps"})["timestamps"] == clip.timestamps


def test_without_times_frames_follow_each_other_evenly() -> None:
    decoded = Decoded(frames=[noise_picture(i) for i in range(3)], fps=8.0)
    assert decoded.plain({"timestamps"}) == {"timestamps": (0.0, 0.125, 0.25)}
    assert Decoded(frames=(noise_picture(0),), fps=None).plain({"timestamps"}) == {}


def test_bad_clips_are_refused_at_once() -> None:
    still = io.BytesIO()
    Image.fromarray(noise_picture(0)).save(still, "PNG")
    animated = io.BytesIO()
    first, *rest = [Image.fromarray(f) for f in rolling(3)]
    first.save(animated, "PNG", save_all=True, append_images=rest)
    for picture in (still, animated):
        with pytest.raises(MediaError, match="a picture"):
            stream_clip(picture.getvalue())
    with pytest.raises(MediaError, match="decoded"):
        stream_clip(FILES["lossless"][:60])
    with pytest.raises(MediaError, match="more than 10 frames"):
        stream_clip(FILES["lossless"], limits=Limits(max_frames=10))


def test_a_file_that_lost_frames_since_says_so() -> None:
    clip = stream_clip(FILES["lossless"], held_bytes=0)
    more = ClipFrames(FILES["lossless"], "the clip", clip.fps, (*clip.timestamps, 9.0))
    with pytest.raises(MediaError, match="second time"):
        more.at([23])
