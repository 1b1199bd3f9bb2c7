"""How fast are clips scored? Frames a second of each part beside the decode alone.

One clip of 720p (drawn, encoded with VP9 as most outputs come, or ``--codec mpeg4``) is decoded,
then walked through by each scorer and each of its parts alone, in one run on one machine. "Share
of decode" is the rate divided by the rate of decoding alone. Rows of the streamed clip are
checked to be equal to those of the clip held in memory. A GEMM reading is printed beside it all:
on a machine that others use only the ratios say something.

    python benchmarks/perf/video.py [--frames 96] [--rounds 3] [--codec vp9] [--json]
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import statistics
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np

from qfloor.media import ClipFrames, stream_clip
from qfloor.records import Prompt
from qfloor.scorers.protocol import Item, Pixels
from qfloor.scorers.video import ConsistencyScorer, MotionScorer, TemporalScorer, flow, freezing
from qfloor.scorers.video import temporal as parts

HEIGHT, WIDTH, RATE = 720, 1280, 24
CODECS = {"vp9": ("webm", "libvpx-vp9"), "mpeg4": ("mp4", "mpeg4")}


def drawn(frames: int) -> list[Pixels]:
    """A pan over soft noise with a square that moves."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (HEIGHT // 8 + 8, (WIDTH + 4 * frames) // 8 + 8, 3), np.uint8)
    ground = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
    made = []
    for i in range(frames):
        frame = ground[:HEIGHT, 4 * i : 4 * i + WIDTH].copy()
        frame[200:400, 7 * i % 900 : 7 * i % 900 + 200] = (220, 40, 60)
        made.append(frame)
    return made


def encoded(frames: Sequence[Pixels], codec: str) -> bytes:
    fmt, name = CODECS[codec]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=fmt) as container:
        options = {"deadline": "realtime", "cpu-used": "8"} if codec == "vp9" else {}
        stream: Any = container.add_stream(name, rate=RATE, options=options)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        stream.bit_rate = 6_000_000
        stream.codec_context.time_base = Fraction(1, RATE)
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def item_of(clip: Sequence[Pixels], times: Sequence[float], fps: float) -> Item:
    prompt = Prompt(id="p", text="a pan", category="video", modality="video")
    inputs: dict[str, object] = {"frames": clip, "fps": fps, "timestamps": tuple(times)}
    return Item(output_id="o", prompt=prompt, media_type="video/webm", inputs=inputs)


def gemm_gflops(size: int = 1536) -> float:
    """What a float32 product of two matrices reads now."""
    a = np.random.default_rng(0).random((size, size), dtype=np.float32)
    seconds = min(_timed(lambda: a @ a) for _ in range(5))
    return 2 * size**3 / seconds / 1e9


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def part_calls(frames: list[Pixels]) -> dict[str, Callable[[], object]]:
    """Each part alone, on frames that are decoded already."""
    small = [flow.working_size(frame) for frame in frames]
    tones = [flow.grey(frame) for frame in small]
    dense = flow.DenseFlow()
    there = dense.between(tones[0], tones[1])

    def freezes() -> None:
        watch = freezing.FreezeWatch()
        for frame in frames:
            watch.see(frame)

    def interpolated() -> None:
        for before, after in itertools.pairwise(small):
            flow.likeness(flow.between_frames(before, after, there, there), before)

    return {
        "flicker (every pair)": lambda: parts.flickering(frames),
        "luma motion (8 a second)": lambda: parts.motion(frames, RATE),
        "freezes": freezes,
        "working size and grey": lambda: [flow.grey(flow.working_size(f)) for f in frames],
        "flow (one a frame)": lambda: [dense.between(*pair) for pair in itertools.pairwise(tones)],
        "flow to its top 5 %": lambda: [flow.top_magnitude(there) for _ in frames],
        "interpolation (every pair)": interpolated,
    }


def scorer_calls(clip: ClipFrames, held: ClipFrames) -> dict[str, Callable[[], object]]:
    """Each scorer from the file's bytes, and from frames in memory."""
    temporal, motion, consistency = TemporalScorer(), MotionScorer(), ConsistencyScorer()
    name = f"image_embedding:{temporal.backbones[0].name}"
    vectors = temporal.backbones[0].embed_images(clip.at(range(0, len(clip), len(clip) // 8))[:8])
    calls: dict[str, Callable[[], object]] = {}
    for frames, where in ((clip, "streamed"), (held, "held")):
        item = item_of(frames, clip.timestamps, clip.fps)
        item.inputs[name] = vectors
        calls[f"temporal, {where}"] = lambda item=item: temporal.score([item])  # type: ignore[misc]
        calls[f"motion, {where}"] = lambda item=item: motion.score([item])  # type: ignore[misc]
        calls[f"consistency (painters), {where}"] = lambda item=item: consistency.score([item])  # type: ignore[misc]
    return calls


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--frames", type=int, default=96)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--codec", choices=sorted(CODECS), default="vp9")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    content = encoded(drawn(given.frames), given.codec)
    clip, held = stream_clip(content, held_bytes=0), stream_clip(content, held_bytes=10**10)
    frames = list(held)
    scorers = scorer_calls(clip, held)
    for name in [n for n in scorers if n.endswith("streamed")]:
        assert scorers[name]() == scorers[name.replace("streamed", "held")](), name
    calls: dict[str, Callable[[], object]] = {"decode alone": lambda: sum(1 for _ in clip)}
    calls |= part_calls(frames) | scorers
    before = gemm_gflops()
    seconds = {
        name: statistics.median(_timed(call) for _ in range(given.rounds))
        for name, call in calls.items()
    }
    rates = {name: len(frames) / taken for name, taken in seconds.items()}
    report = {
        "clip": f"{len(frames)} frames of {WIDTH} x {HEIGHT}, {given.codec}, {len(content)} bytes",
        "gemm_gflops": [round(before, 1), round(gemm_gflops(), 1)],
        "frames_per_second": {name: round(rate, 1) for name, rate in rates.items()},
    }
    if given.json:
        print(json.dumps(report, indent=2))
        return
    print(report["clip"])
    print(f"GEMM float32 before and after: {report['gemm_gflops']} GFLOP/s")
    print(f"{'':34}{'frames/s':>10}{'share of decode':>18}")
    for name, rate in rates.items():
        print(f"{name:34}{rate:10.1f}{rate / rates['decode alone']:18.2f}")


if __name__ == "__main__":
    main()
