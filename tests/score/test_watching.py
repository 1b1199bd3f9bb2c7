"""A clip too large to be held is decoded once for all its readers, with the numbers of before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from clip_files import LOSSLESS, MPEG4, VP9, clip_file, rolling, turned_clockwise
from scoring_fakes import CountingBackbone, FunctionScorer

from qfloor import media
from qfloor.errors import MediaError
from qfloor.media import streaming
from qfloor.records import Output, Prompt, Score, Status
from qfloor.score import scoring as s
from qfloor.score.inputs import Decoded
from qfloor.scorers import video as v
from qfloor.scorers.protocol import Scorer

PROMPT = Prompt(id="p", text="a red ball rolls", category="video", modality="video")
OUTPUT = Output(
    id="o", prompt_id="p", prompt_digest=PROMPT.digest, offer_id="maker/model", repeat=0,
    round="2026-11", status=Status.MADE, reason="ok", media_sha256="0" * 64,
    media_type="video/mp4",
)  # fmt: skip
BACKBONE = CountingBackbone()
VARIABLE = [0, 40, 90, 500, 510, 1500, 1540, 1600, 2100, 2150]
FILES = {
    "mpeg4 with sound": clip_file(rolling(24), **MPEG4, sound=True),
    "vp9": clip_file(rolling(16, 4.0), **VP9, rate=8),
    "lossless, odd size": clip_file(rolling(23, height=61, width=87), **LOSSLESS),
    "variable rate": clip_file(rolling(10), milliseconds=VARIABLE),
    "turned": turned_clockwise(clip_file(rolling(9), **MPEG4)),
    "one frame": clip_file(rolling(1)),
}


def scorers() -> list[Scorer]:
    names = ("pixels", "image_embedding:fake", "text_embedding:fake")
    middle = FunctionScorer(
        lambda item: float(np.sum(item.inputs["pixels"])), inputs=names, backbone=BACKBONE
    )
    return [
        v.TemporalScorer(backbone=BACKBONE),
        v.MotionScorer(),
        v.ConsistencyScorer(backbone=BACKBONE, label="colour"),
        middle,
    ]


def scored(
    content: bytes, held_bytes: int, found: list[Scorer] | None = None, **how: Any
) -> list[Score]:
    def opened() -> media.ClipFrames:
        clip = media.stream_clip(content, held_bytes=held_bytes, **how)
        assert clip.is_held == (held_bytes > 0)
        return clip

    return decoding(opened, found)


def decoding(
    opened: Callable[[], media.ClipFrames], found: list[Scorer] | None = None
) -> list[Score]:
    def decode(output: Output, modality: str) -> Decoded:
        clip = opened()
        return Decoded(frames=clip, fps=clip.fps, timestamps=clip.timestamps)

    asked = scorers() if found is None else found
    work = s.Work(output=OUTPUT, prompt=PROMPT, scorers=tuple(range(len(asked))))
    return list(s.Scoring(asked, decode).score([work]).scores)


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A line for every time a file's frames are decoded."""
    noted: list[str] = []
    decoded_frames = streaming.decoded_frames

    def counted(content: bytes, name: str, *limits: Any) -> Any:
        noted.append(name)
        return decoded_frames(content, name, *limits)

    monkeypatch.setattr(streaming, "decoded_frames", counted)
    return noted


@pytest.mark.parametrize("name", FILES)
def test_a_clip_is_decoded_once_for_all_its_readers(name: str, decodes: list[str]) -> None:
    held = scored(FILES[name], 10**9)
    assert len(held) == 18
    decodes.clear()
    assert scored(FILES[name], 0, trusting=True) == held
    assert len(decodes) == 1
    decodes.clear()
    assert scored(FILES[name], 0) == held
    assert len(decodes) == 2, "once for the times and once for all readers"


def test_a_file_that_promises_other_times_is_walked_through_again(
    decodes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = FILES["variable rate"]
    held = scored(content, 10**9)
    for count in (2, 10, 99):
        times = [index / 24 for index in range(count)]
        promise = partial(_promise, times)
        monkeypatch.setattr(streaming, "promised_frames", promise)
        decodes.clear()
        assert scored(content, 0, trusting=True) == held
        assert len(decodes) == 2


def _promise(times: list[float], content: bytes, name: str) -> tuple[list[float], int]:
    return times, 10**6


@pytest.mark.parametrize("trusting", [False, True])
def test_a_clip_that_cannot_be_decoded_to_its_end_fails_as_a_whole(
    trusting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded_frames = streaming.decoded_frames

    def damaged(content: bytes, name: str, *limits: Any) -> Any:
        for index, frame in enumerate(decoded_frames(content, name, *limits)):
            if index == 20:
                raise MediaError(f"{name} cannot be decoded to its end: no more")
            yield frame

    monkeypatch.setattr(streaming, "decoded_frames", damaged)
    content = FILES["mpeg4 with sound"]
    rows = decoding(lambda: media.stream_clip(content, held_bytes=0, trusting=trusting))
    assert {row.status.value for row in rows} == {"failed"}
    assert {row.reason for row in rows} == {
        "MediaError: the clip cannot be decoded to its end: no more"
    }


class Lost(v.MotionScorer):
    """Its watch fails at some frame; on its own walk it does well."""

    def watch(self, timestamps: Any) -> Any:
        found = super().watch(timestamps)
        see: Callable[[Any], None] = found.see
        seen: list[int] = []

        def fail(frame: Any) -> None:
            seen.append(1)
            if len(seen) > 3 and len(self.watched) == 1:
                raise RuntimeError("no memory")
            see(frame)

        self.watched.append(found)
        found.see = fail  # type: ignore[method-assign]
        return found

    def __init__(self) -> None:
        super().__init__()
        self.watched: list[Any] = []


def test_a_watch_that_fails_costs_its_own_scorer_a_walk_and_no_number(decodes: list[str]) -> None:
    content = FILES["mpeg4 with sound"]
    expected = scored(content, 10**9, [v.MotionScorer(), v.TemporalScorer(backbone=BACKBONE)])
    decodes.clear()
    lost = Lost()
    found = scored(content, 0, [lost, v.TemporalScorer(backbone=BACKBONE)], trusting=True)
    assert found == expected
    assert (len(lost.watched), len(decodes)) == (2, 2)


def test_a_scorer_that_cannot_watch_walks_by_itself(decodes: list[str]) -> None:
    counting = FunctionScorer(
        lambda item: sum(float(f.mean()) for f in item.inputs["frames"]),  # type: ignore[attr-defined]
        inputs=("frames",),
    )
    content = FILES["vp9"]
    expected = scored(content, 10**9, [counting])
    decodes.clear()
    assert scored(content, 0, [counting], trusting=True) == expected
    assert len(decodes) == 2
