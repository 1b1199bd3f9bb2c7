"""The embedded weights load through open_clip's own loader and know red from blue. Never trains."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qfloor import torchvision_shim as shim
from qfloor.generators.builtin.draw import STYLES, compose, render
from qfloor.generators.builtin.world import grammar, scenes
from qfloor.generators.builtin.world.scene import Scene
from qfloor.generators.builtin.world.vocabulary import COLOURS, NOUNS
from qfloor.scorers.clip.checkpoint import PAINTERS

Change = Callable[[Scene, random.Random], Scene]


@pytest.fixture(scope="module")
def judge() -> Any:
    torch = pytest.importorskip("torch")
    shim.prepare()
    open_clip = pytest.importorskip("open_clip")
    model, _, prepare = open_clip.create_model_and_transforms(f"local-dir:{PAINTERS}")
    words = open_clip.get_tokenizer(f"local-dir:{PAINTERS}", bpe_path=str(PAINTERS / "bpe.txt.gz"))
    model.eval()

    def cosines(pictures: Sequence[np.ndarray], captions: Sequence[str]) -> np.ndarray:
        from PIL import Image

        with torch.inference_mode():
            seen = model.encode_image(
                torch.stack([prepare(Image.fromarray(p)) for p in pictures]), normalize=True
            )
            told = model.encode_text(words(list(captions)), normalize=True)
        return np.asarray((seen * told).sum(-1))

    return cosines


def one_thing(rng: random.Random) -> Scene:
    while True:
        scene = scenes.scene("product-photo", rng)
        if len(scene.things) == 1 and scene.things[0].colour and scene.light is None:
            return scene


def other(options: Sequence[Any], old: Any, rng: random.Random) -> Any:
    return rng.choice([o for o in options if o != old])


def recolour(scene: Scene, rng: random.Random) -> Scene:
    thing = scene.things[0]
    return replace(scene, things=(replace(thing, colour=other([*COLOURS], thing.colour, rng)),))


def rename(scene: Scene, rng: random.Random) -> Scene:
    thing = scene.things[0]
    return replace(scene, things=(replace(thing, noun=other([*NOUNS], thing.noun, rng)),))


def recount(scene: Scene, rng: random.Random) -> Scene:
    thing = scene.things[0]
    return replace(scene, things=(replace(thing, count=other(range(1, 6), thing.count, rng)),))


def test_package_is_small() -> None:
    assert sum(path.stat().st_size for path in PAINTERS.iterdir()) <= 12e6


@pytest.mark.parametrize("change", [recolour, rename, recount])
def test_tells_true_captions_from_swapped_ones(judge: Any, change: Change) -> None:
    rng = random.Random(f"fresh {change.__name__}")
    pictures, right, wrong = [], [], []
    for _ in range(60):
        scene, seed = one_thing(rng), rng.getrandbits(32)
        style = STYLES[rng.choice([*STYLES])]
        pictures.append(render(compose(scene, style, np.random.default_rng(seed)), 256, 256))
        right.append(grammar.phrase(scene, random.Random(seed)))
        wrong.append(grammar.phrase(change(scene, rng), random.Random(seed)))
    better = judge(pictures, right) > judge(pictures, wrong)
    assert better.mean() >= 0.8


def test_free_text_longer_than_the_context_keeps_its_end(judge: Any) -> None:
    picture = np.full((64, 64, 3), 200, dtype=np.uint8)
    long = "a red apple " * 60
    assert np.isfinite(judge([picture], [long])).all()
