"""Pictures to learn from, rendered ahead into chunks on disk: each scene beside its sibling."""

from __future__ import annotations

import os
import pickle
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qfloor.generators.builtin.draw import STYLES, compose, render
from qfloor.generators.builtin.world.scene import Scene

from .scenes import HELD_STYLE, random_scene, random_sibling

SIZE = 128
CHUNK = 1024
TRAINED_STYLES = tuple(s for s in STYLES if s != HELD_STYLE)


def picture(scene: Scene, style: str, seed: int, size: int) -> NDArray[np.uint8]:
    """Draw a scene; a moving one at a random moment."""
    rng = np.random.default_rng(seed)
    layout = compose(scene, STYLES[style], rng, 1.0)
    moment = float(rng.random()) if scene.motion is not None and rng.random() < 0.6 else None
    return np.asarray(render(layout, size, size, moment=moment))


def small(scene: Scene, style: str, seed: int) -> NDArray[np.uint8]:
    """Draw a scene for training: of the final size, or twice that and halved as a scorer would."""
    if seed % 5 < 3:  # a third of the time, and hardly another picture
        return picture(scene, style, seed, SIZE)
    big = picture(scene, style, seed, 2 * SIZE).astype(np.uint16)
    blocks = big.reshape(SIZE, 2, SIZE, 2, 3).sum((1, 3))
    return np.asarray((blocks + 2) // 4, dtype=np.uint8)


def pair(rng: random.Random) -> tuple[list[Scene], list[NDArray[np.uint8]]]:
    """A random scene and a sibling, drawn; half of the siblings stand in the same layout."""
    scene = random_scene(rng)
    other = random_sibling(scene, rng)
    while other is None:
        scene = random_scene(rng)
        other = random_sibling(scene, rng)
    style, seed = rng.choice(TRAINED_STYLES), rng.getrandbits(32)
    again = (style, seed)
    if rng.random() < 0.5:
        again = (style if rng.random() < 0.5 else rng.choice(TRAINED_STYLES), rng.getrandbits(32))
    return [scene, other], [small(scene, style, seed), small(other, *again)]


def render_chunks(folder: Path, total: int, worker: int, workers: int) -> None:
    """Render this worker's share of ``total`` pictures; chunks that exist are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(worker, total // CHUNK, workers):
        path = folder / f"{number:05d}.npy"
        if path.exists():
            continue
        began = time.time()
        rng = random.Random(f"pool {number}")
        scenes: list[Scene] = []
        pictures: list[NDArray[np.uint8]] = []
        while len(scenes) < CHUNK:
            more, drawn = pair(rng)
            scenes += more
            pictures += drawn
        path.with_suffix(".pkl").write_bytes(pickle.dumps(scenes))
        half = path.with_suffix(".half")
        with open(half, "wb") as out:
            np.save(out, np.stack(pictures))
        os.replace(half, path)
        print(f"chunk {number}: {1e3 * (time.time() - began) / CHUNK:.1f} ms a picture", flush=True)


@dataclass
class Pool:
    """The chunks there are so far; pictures stay on disk and in the page cache."""

    folder: Path

    def __post_init__(self) -> None:
        self.scenes: list[Scene] = []
        self._pictures: list[NDArray[np.uint8]] = []
        self._seen: set[Path] = set()

    def refresh(self) -> None:
        """Take in chunks that were finished since the last look."""
        for path in sorted(set(self.folder.glob("*.npy")) - self._seen):
            self._seen.add(path)
            self._pictures.append(np.load(path, mmap_mode="r"))
            self.scenes += pickle.loads(path.with_suffix(".pkl").read_bytes())

    def __len__(self) -> int:
        return len(self.scenes)

    def pictures(self, which: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Copy pictures by number."""
        return np.stack([self._pictures[i // CHUNK][i % CHUNK] for i in which])
