"""Write prompts/painters.toml and painters-confirm.toml: suites of the built-in world.

The second has no text of the first: a policy that was decided by one is measured on the other.

The texts are composed with a fixed seed, so running this again changes nothing. They are for the
painters, which are programs and not AI models; for real models use the suite ``core``.

    python benchmarks/painters_suite.py [--check]
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Collection
from pathlib import Path

from qfloor.generators.builtin.world.grammar import CATEGORIES, compose, parse
from qfloor.generators.builtin.world.scene import Scene
from qfloor.records import Prompt, Suite
from qfloor.suite.loading import split_of
from qfloor.suite.writing import dump

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "prompts" / "painters.toml"
CONFIRM = ROOT / "prompts" / "painters-confirm.toml"
PER_CATEGORY = 120
PER_CATEGORY_CONFIRM = 60
SEED = 20261101
ASPECTS = {"image": ("1:1", "4:3", "3:4", "16:9"), "video": ("16:9", "1:1", "9:16")}
SECONDS = (2.0, 2.0, 2.0, 3.0)


def tags(scene: Scene) -> tuple[str, ...]:
    """Name what is hard in a scene."""
    hard = {
        "count": any(thing.count > 1 for thing in scene.things),
        "relation": scene.relation is not None,
        "text": scene.lettering is not None,
        "light": scene.light is not None,
        "style": scene.medium not in (None, "photo"),
        "action": scene.motion is not None,
        "colour": sum(thing.colour is not None for thing in scene.things) > 1,
    }
    return tuple(tag for tag, holds in hard.items() if holds)


def modality(category: str, number: int) -> str:
    """Clips for video, half clips for animation, stills for all else."""
    clip = category == "video" or (category == "animation" and number % 2 == 0)
    return "video" if clip else "image"


def prompts(
    category: str,
    seed: int | str = SEED,
    taken: Collection[str] = (),
    *,
    count: int = PER_CATEGORY,
    named: str = "painters",
) -> list[Prompt]:
    """Compose a category's prompts; texts differ, clips say what moves, none is ``taken``."""
    rng = random.Random(f"{seed} {category}")
    found: list[Prompt] = []
    seen: set[str] = set()
    while len(found) < count:
        number = len(found) + 1
        kind = modality(category, number)
        text, scene = compose(category, rng)
        words = " ".join(text.casefold().split()).strip(".")
        if words in seen or text in taken or (kind == "video" and scene.motion is None):
            continue
        assert parse(text) == scene, text
        seen.add(words)
        name = f"{named}-{category}-{number:03d}"
        found.append(
            Prompt(
                id=name, category=category, modality="video" if kind == "video" else "image",
                text=text, tags=tags(scene), family=name, split=split_of(name),
                must_render=(scene.lettering.text,) if scene.lettering else (),
                seconds=rng.choice(SECONDS) if kind == "video" else None,
                aspect_ratio=rng.choice(ASPECTS[kind]) if rng.random() < 0.3 else None,
            )
        )  # fmt: skip
    return found


def suite() -> Suite:
    """Compose the suite that certifies."""
    return Suite(
        name="painters",
        version="1.0.0",
        title="The built-in world: prompts by grammar, for painters that are not AI models",
        licence="Apache-2.0",
        prompts=tuple(prompt for category in CATEGORIES for prompt in prompts(category)),
    )


def confirmation() -> Suite:
    """Compose the suite on which policies are measured that the other one decided."""
    taken = {prompt.text for prompt in suite().prompts}
    return Suite(
        name="painters-confirm",
        version="1.0.0",
        title="Fresh prompts of the built-in world: nothing is decided by them",
        licence="Apache-2.0",
        prompts=tuple(
            prompt
            for category in CATEGORIES
            for prompt in prompts(
                category, seed=f"confirm {SEED}", taken=taken, count=PER_CATEGORY_CONFIRM,
                named="painters-confirm",
            )
        ),
    )  # fmt: skip


def main() -> int:
    """Write the files, or say whether they are as they would be written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when it differs")
    options = parser.parse_args()
    differs = False
    for path, made in ((PATH, suite()), (CONFIRM, confirmation())):
        text = dump(made)
        if options.check:
            same = path.exists() and path.read_text(encoding="utf-8") == text
            differs = differs or not same
            print(f"{path}: {'as composed' if same else 'differs from what the grammar composes'}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {len(made.prompts)} prompts in {len(CATEGORIES)} categories")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
