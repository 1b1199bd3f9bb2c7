"""Swap and retrieval accuracies of the exported files, through open_clip's own loader only.

A swap test shows a picture and two captions in the same words but for one attribute, and counts
how often the true one scores higher. Chance is 0.5, and 1/32 for retrieval. Every scene is new.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from PIL import Image

from qfloor import torchvision_shim as shim
from qfloor.generators.builtin.world import grammar, scenes
from qfloor.generators.builtin.world.scene import Scene

from .pool import TRAINED_STYLES, picture
from .scenes import HELD_STYLE, NOUNS, allowed, sibling, things_scene, ways

shim.prepare()

import open_clip  # noqa: E402

RENDERED = 256
CONDITIONS = ("held-out pairs", "held-out style", "trained pairs and styles")
MUSTS = {"colour, one object": 0.95, "noun, one object": 0.95, "noun, worst single noun": 0.85,
         "count": 0.90, "relation": 0.85, "retrieval@1 of 32": 0.90}  # fmt: skip
OTHERS = ("landscape", "portrait", "architectural-render", "text-in-image", "video", "animation")


@dataclass(frozen=True)
class Case:
    """A scene to draw, by whom, and with which chances."""

    scene: Scene
    style: str
    seed: int


def _draw(case: Case) -> NDArray[np.uint8]:
    return picture(case.scene, case.style, case.seed, RENDERED)


def _framed(scene: Scene, seed: int) -> str:
    return grammar.phrase(scene, random.Random(seed))


class Judge:
    """The exported model as any user of open_clip would load it."""

    def __init__(self, folder: Path) -> None:
        self.model, _, self.prepare = open_clip.create_model_and_transforms(f"local-dir:{folder}")
        self.model.eval()
        self._told: dict[str, torch.Tensor] = {}
        self.words = open_clip.get_tokenizer(
            f"local-dir:{folder}", bpe_path=str(folder / "bpe.txt.gz")
        )

    def images(self, pictures: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        """Embed pictures through the model's own preprocessing."""
        parts = []
        with torch.inference_mode():
            for at in range(0, len(pictures), 128):
                chunk = [self.prepare(Image.fromarray(p)) for p in pictures[at : at + 128]]
                parts.append(self.model.encode_image(torch.stack(chunk)))
        return F.normalize(torch.cat(parts), dim=-1)

    def texts(self, captions: Sequence[str]) -> torch.Tensor:
        """Embed captions, each only once."""
        new = sorted(set(captions) - self._told.keys())
        with torch.inference_mode():
            for at in range(0, len(new), 256):
                chunk = new[at : at + 256]
                told = F.normalize(self.model.encode_text(self.words(chunk)), dim=-1)
                self._told.update(zip(chunk, told, strict=True))
        return torch.stack([self._told[caption] for caption in captions])


def _cases(condition: str, kind: str, count: int) -> list[Case]:
    rng = random.Random(f"final test {condition} {kind}")
    held = condition == "held-out pairs"
    found = []
    for i in range(count):
        if kind in ("one", "count", "two"):
            noun = NOUNS[i % len(NOUNS)]
            scene = things_scene(rng, kind, held=held, noun=noun)
        else:
            scene = scenes.scene(kind, rng)
            while not allowed(scene):
                scene = scenes.scene(kind, rng)
        style = HELD_STYLE if condition == "held-out style" else rng.choice(TRAINED_STYLES)
        found.append(Case(scene, style, rng.getrandbits(32)))
    return found


@dataclass
class Shown:
    """Drawn cases and their embeddings."""

    cases: list[Case]
    images: torch.Tensor

    def swaps(self, judge: Judge, how: str, times: int = 1) -> tuple[list[Case], list[bool]]:
        """Test one attribute on every case that has it."""
        rng = random.Random(f"swap {how}")
        rows, right, wrong = [], [], []
        for row, case in enumerate(self.cases):
            if how not in ways(case.scene):
                continue
            for _ in range(times):
                rows.append(row)
                right.append(_framed(case.scene, case.seed))
                wrong.append(_framed(sibling(case.scene, how, rng), case.seed))
        if not rows:
            return [], []
        seen = self.images[rows]
        better = (seen * judge.texts(right)).sum(-1) > (seen * judge.texts(wrong)).sum(-1)
        return [self.cases[row] for row in rows], better.tolist()

    def retrieval(self, judge: Judge, among: int) -> float:
        """Count how often a picture's own caption is the best of so many."""
        texts = judge.texts([_framed(c.scene, c.seed) for c in self.cases])
        order = torch.randperm(len(texts), generator=torch.Generator().manual_seed(0))
        order = order[: len(order) // among * among]
        images, texts = self.images[order].view(-1, among, 256), texts[order].view(-1, among, 256)
        best = torch.einsum("bid,bjd->bij", images, texts).argmax(-1)
        return float((best == torch.arange(among)).float().mean())


def _show(judge: Judge, workers: Any, cases: list[Case]) -> Shown:
    return Shown(cases, judge.images(workers.map(_draw, cases, chunksize=16)))


def _things(
    judge: Judge, workers: Any, condition: str, scale: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Test objects, colours, counts and relations; also give each noun its own accuracy."""
    sizes = {
        "one": int(62 * max(3, 40 * scale)),
        "count": int(900 * scale),
        "two": int(1100 * scale),
    }
    shown = {k: _show(judge, workers, _cases(condition, k, n)) for k, n in sizes.items()}
    out: dict[str, float] = {}

    def note(name: str, kind: str, how: str, times: int = 1) -> tuple[list[Case], list[bool]]:
        cases, hits = shown[kind].swaps(judge, how, times)
        out[name] = float(np.mean(hits))
        return cases, hits

    note("colour, one object", "one", "colour")
    cases, hits = note("noun, one object", "one", "noun", 4)
    by_noun: dict[str, list[bool]] = {}
    for case, hit in zip(cases, hits, strict=True):
        by_noun.setdefault(case.scene.things[0].noun, []).append(hit)
    nouns = {noun: float(np.mean(h)) for noun, h in by_noun.items()}
    out["noun, worst single noun"] = min(nouns.values())
    note("colours exchanged, two objects", "two", "exchange")
    note("colour of one of two objects", "two", "colour")
    note("noun of one of two objects", "two", "noun")
    note("count", "count", "count")
    note("count of one of two groups", "two", "count")
    cases, hits = note("relation", "two", "relation")
    for relation in ("left of", "right of", "above", "behind"):
        own = [h for c, h in zip(cases, hits, strict=True) if c.scene.relation == relation]
        out[f"relation: {relation}"] = float(np.mean(own))
    note("material, one object", "one", "material")
    everything = Shown(
        [c for s in shown.values() for c in s.cases], torch.cat([s.images for s in shown.values()])
    )
    out["retrieval@1 of 32"] = everything.retrieval(judge, 32)
    out["retrieval@1 of 128"] = everything.retrieval(judge, 128)
    return out, nouns


def _attributes(judge: Judge, workers: Any, condition: str, scale: float) -> dict[str, float]:
    """Test everything else that a still picture shows, on the grammar's own scenes."""
    shown = [_show(judge, workers, _cases(condition, c, int(400 * scale))) for c in OTHERS]
    product = _show(judge, workers, _cases(condition, "product-photo", int(500 * scale)))
    everything = Shown(
        [c for s in (*shown, product) for c in s.cases],
        torch.cat([s.images for s in (*shown, product)]),
    )
    names = sorted({w for c in everything.cases for w in ways(c.scene)})
    out = {}
    for name in names:
        _, hits = everything.swaps(judge, name)
        if len(hits) >= 20:
            out[name] = float(np.mean(hits))
    out["retrieval@1 of 32, all categories"] = everything.retrieval(judge, 32)
    return out


def _speed(judge: Judge) -> dict[str, float]:
    """Pictures a second, forward only, as it is on this machine now."""
    size = judge.model.visual.image_size
    side = size[0] if isinstance(size, tuple) else size
    out = {}
    for batch in (1, 32):
        pixels, best = torch.randn(batch, 3, side, side), 0.0
        with torch.inference_mode():
            for _ in range(5):
                began, done = time.perf_counter(), 0
                while time.perf_counter() - began < 0.5:
                    judge.model.encode_image(pixels)
                    done += batch
                best = max(best, done / (time.perf_counter() - began))
        out[f"images/s, batch {batch}"] = float(round(best))
    return out


def run(folder: Path, results: Path, scale: float, history: Path) -> None:
    """Test the files in a folder and write ``painters_clip.json`` and ``.md``."""
    judge = Judge(folder)
    found: dict[str, Any] = {"things": {}, "nouns": {}, "attributes": {}}
    with multiprocessing.get_context("spawn").Pool(2) as workers:
        for condition in CONDITIONS:
            told = _things(judge, workers, condition, scale)
            found["things"][condition], found["nouns"][condition] = told
            print(condition, {k: round(v, 3) for k, v in told[0].items()}, flush=True)
        for condition in CONDITIONS[1:]:
            found["attributes"][condition] = _attributes(judge, workers, condition, scale)
            shown = found["attributes"][condition].items()
            print(condition, {k: round(v, 3) for k, v in shown}, flush=True)
    found["scenes"] = scale
    found["speed"] = _speed(judge)
    found["bytes"] = {p.name: p.stat().st_size for p in sorted(folder.iterdir())}
    if history.exists():
        steps, pairs, minutes = history.read_text().split()
        found["training"] = {"steps": int(steps), "pairs": int(pairs), "minutes": float(minutes)}
    results.mkdir(exist_ok=True)
    (results / "painters_clip.json").write_text(json.dumps(found, indent=1) + "\n")
    (results / "painters_clip.md").write_text(table(found))
    print(table(found))


def table(found: dict[str, Any]) -> str:
    """Write the results as a page."""
    things, nouns, trained = found["things"], found["nouns"], found.get("training", {})
    scale = found["scenes"]
    lines = [
        "# The embedded painters' CLIP: accuracy", "",
        "Made by `PYTHONPATH=src python benchmarks/validity/train_painters_clip.py evaluate "
        f"--scenes {scale:g}`, on the packaged fp16 files through open_clip's own loader. Swap "
        "tests: a picture against two captions that differ in one attribute (chance 0.50). Each "
        f"column: {62 * max(3, int(40 * scale))} scenes of one object, {int(900 * scale)} of two "
        f"to five equal ones, {int(1100 * scale)} of two groups. It knows painters, no photos.",
        "", f"Trained on {trained.get('pairs', '?')} pairs in {trained.get('minutes', '?')} min "
        f"({trained.get('steps', '?')} steps) on two shared cores; "
        f"{sum(found['bytes'].values()) / 1e6:.2f} MB. Forward pass on the same busy machine: "
        + ", ".join(f"{v:.0f} {k}" for k, v in found["speed"].items()) + ".", "",
        "| test | " + " | ".join(things) + " | must |", "|---|" + "---|" * (len(things) + 1),
    ]  # fmt: skip
    for name in things[CONDITIONS[0]]:
        cells = []
        for condition in things:
            value = things[condition][name]
            failed = name in MUSTS and condition in CONDITIONS[:2] and value < MUSTS[name]
            cells.append(f"**{value:.3f} missed**" if failed else f"{value:.3f}")
        lines.append(f"| {name} | {' | '.join(cells)} | {MUSTS.get(name, '')} |")
    for condition in things:
        worst = sorted(nouns[condition].items(), key=lambda item: item[1])[:5]
        lines += ["", f"Weakest nouns, {condition}: "
                  + ", ".join(f"{n} {v:.3f}" for n, v in worst) + "."]  # fmt: skip
    kinds = found["attributes"]
    lines += ["", "Other attributes, on the grammar's own prompts of all seven categories:", "",
              "| swapped | " + " | ".join(kinds) + " |", "|---|" + "---|" * len(kinds)]  # fmt: skip
    for name in kinds[CONDITIONS[2]]:
        cells = [f"{kinds[c][name]:.3f}" if name in kinds[c] else "" for c in kinds]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
