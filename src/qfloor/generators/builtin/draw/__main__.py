"""Timings of the drawing: ``python -m qfloor.generators.builtin.draw``."""

from __future__ import annotations

import sys
import time

import numpy as np

from ..world.scene import Building, Face, Lettering, Scene, Thing
from . import STYLES, Style, compose, render

SCENES: dict[str, Scene] = {
    "one thing": Scene(category="product-photo", things=(Thing(noun="teapot", colour="teal"),)),
    "five metal things": Scene(
        category="product-photo", things=(Thing(noun="car", material="metal", count=5),)
    ),
    "two groups": Scene(
        category="product-photo",
        things=(Thing(noun="cat", count=2), Thing(noun="ball", count=3)),
        relation="left of",
    ),
    "face": Scene(category="portrait", face=Face(hair_style="curly", glasses="sunglasses")),
    "building": Scene(category="architectural-render", building=Building(kind="castle")),
    "landscape": Scene(category="landscape", terrain="meadow", weather="rain"),
    "lettering": Scene(category="text-in-image", lettering=Lettering(text="Fresh coffee today")),
    "neon light": Scene(category="product-photo", things=(Thing(noun="vase"),), light="neon light"),
}


def milliseconds(scene: Scene, style: Style, side: int, rounds: int = 12) -> float:
    """Median processor time to compose and render a scene, caches warm."""
    spent = []
    for k in range(rounds + 2):
        start = time.process_time()
        render(compose(scene, style, np.random.default_rng(k)), side, side)
        spent.append(time.process_time() - start)
    return float(np.median(spent[2:]) * 1000)


def main() -> None:
    """Print a table of milliseconds by scene and size, then by style."""
    sides = (64, 96, 256, 512)
    lines = [f"{'milliseconds':20}" + "".join(f"{s:>8}" for s in sides)]
    for name, scene in SCENES.items():
        row = [milliseconds(scene, STYLES["soft"], side) for side in sides]
        lines.append(f"{name:20}" + "".join(f"{v:8.1f}" for v in row))
    for style in STYLES.values():
        row = [milliseconds(SCENES["two groups"], style, side) for side in sides]
        lines.append(f"{'style ' + style.name:20}" + "".join(f"{v:8.1f}" for v in row))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
