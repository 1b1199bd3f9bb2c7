"""How large a cluster: core-seconds an output of every scorer, and what a month of them comes to.

    python benchmarks/perf/sizing.py [--pictures 16] [--frames 24] [--write results/sizing.md]

Each scorer is run alone on pictures of 1024x1024 (JPEG) or on a clip of 1280x720 (VP9), from the
file's bytes to its rows, one lane; what is taken is the CPU time of the process, which other work
on the machine moves little. A clip is told for 5 s at 24 frames a second, in proportion to its
frames. CLIP is not here: ``scoring.py`` measures it. A month is 40 models, 840 prompts (of which as
many ask for clips as in the core suite) and 2 repeats.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from qfloor import media, plugins, suite
from qfloor.errors import QfloorError
from qfloor.records import Modality, Output, PluginSpec, Prompt, Status
from qfloor.score.inputs import Decoded
from qfloor.score.scoring import Scoring, Work
from qfloor.scorers.lanes import CORES

MODELS, PROMPTS, REPEATS = 40, 840, 2
CLIP_FRAMES, CLIP_RATE = 120, 24
STILL = ("technical", "naturalness", "text", "safety")
MOVING = ("temporal", "motion", "audio")


def jpeg(seed: int, height: int = 1024, width: int = 1024) -> bytes:
    """A picture of soft noise with a line of text."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    big = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    big.save(stream, "JPEG", quality=92)
    return stream.getvalue()


def clip(frames: int) -> bytes:
    """A pan over soft noise, 1280x720, VP9."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (120, 200, 3), dtype=np.uint8)
    big = np.asarray(Image.fromarray(small).resize((1600, 960), Image.Resampling.BICUBIC))
    panned = [big[2 * i : 2 * i + 720, 3 * i : 3 * i + 1280] for i in range(frames)]
    shown = [np.ascontiguousarray(one) for one in panned]
    return media.write_webm(shown, 1280, 720, CLIP_RATE)


def measured(spec: PluginSpec, contents: Sequence[bytes], modality: Modality) -> float | None:
    """Core-seconds an output from bytes to rows; None where the scorer cannot run here."""
    kept = {f"o{i}": content for i, content in enumerate(contents)}

    def decode(output: Output, wanted: Modality) -> Decoded:
        content = kept[output.id]
        if wanted == "image":
            return Decoded(frames=(media.load_pixels(content),), fps=None, content=content)
        stream = media.stream_clip(content, trusting=True)
        return Decoded(frames=stream, fps=stream.fps, timestamps=stream.timestamps, content=content)

    prompt = Prompt(
        id="p", text="a sign that says OPEN", category="x", modality=modality,
        must_render=("OPEN",), seconds=5.0 if modality == "video" else None,
    )  # fmt: skip
    work = [
        Work(
            output=Output(
                id=name, prompt_id="p", prompt_digest=prompt.digest, offer_id="x/y", repeat=0,
                round="2026-11", status=Status.MADE, reason="ok", media_sha256="0" * 64,
                media_type="image/jpeg" if modality == "image" else "video/webm",
            ),
            prompt=prompt, scorers=(0,),
        )
        for name in kept
    ]  # fmt: skip
    try:
        scoring = Scoring([plugins.build_scorer(spec)], decode)
        scoring.read_texts(work[:1])
        warm = scoring.score(work[:1])
        started = time.process_time()
        found = scoring.score(work)
        spent = time.process_time() - started
    except (QfloorError, ImportError) as error:
        print(f"  {spec.name}: {error}", file=sys.stderr)
        return None
    if warm.doubts or any(score.status == "failed" for score in found.scores):
        said = warm.doubts[0].error if warm.doubts else found.scores[0].reason
        print(f"  {spec.name}: {said}", file=sys.stderr)
        return None
    return spent / len(work)


def main() -> None:
    """Measure, add up, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    os.environ[CORES] = "1"
    pictures = [jpeg(i) for i in range(asked.pictures)]
    clips = [clip(asked.frames)]
    share = CLIP_FRAMES / asked.frames
    still = {n: measured(PluginSpec(name=n, args={}), pictures, "image") for n in STILL}
    moving = {n: measured(PluginSpec(name=n, args={}), clips, "video") for n in MOVING}
    moving = {n: None if s is None else s * share for n, s in moving.items()}
    lines = table(still, moving)
    print("\n".join(lines))
    if asked.write:
        asked.write.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table(still: dict[str, float | None], moving: dict[str, float | None]) -> list[str]:
    """Tables of core-seconds an output, and of a month."""
    core = suite.load("core").prompts
    each = MODELS * REPEATS * PROMPTS / len(core)
    n_clips = round(each * sum(p.modality == "video" for p in core))
    n_still = MODELS * REPEATS * PROMPTS - n_clips
    n_text = round(each * sum(bool(p.must_render) for p in core))
    head = "| scorer | core-ms an output | outputs a month | core-hours a month |"
    lines = [head, "|---|---|---|---|"]
    total = 0.0
    for names, count in ((still, n_still), (moving, n_clips)):
        for name, seconds in names.items():
            n = n_text if name == "text" else count
            if seconds is None:
                lines.append(f"| {name} | not run here | {n:,} | |")
                continue
            total += n * seconds / 3600
            lines.append(f"| {name} | {seconds * 1000:,.0f} | {n:,} | {n * seconds / 3600:,.1f} |")
    lines.append(f"| **all that was run** | | {n_still + n_clips:,} | **{total:,.1f}** |")
    return lines


if __name__ == "__main__":
    main()
