"""Where everything stands: the record between a scene and its rendering, with all its chances.

Coordinates are in heights of the picture: y from 0 (top) to 1, x from 0 to the aspect ratio.
Nothing is drawn here, and nothing random happens after this module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..world.scene import Scene, Thing
from .sprites import extent
from .style import Style, for_medium

Region = tuple[float, float, float, float]

# rows of a group by its count; one is chosen at random
_ROWS: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((1,),),
    2: ((2,), (1, 1)),
    3: ((3,), (1, 2), (2, 1)),
    4: ((2, 2), (1, 3), (4,)),
    5: ((2, 3), (3, 2), (2, 1, 2)),
}
# thing-sized share of a cell, and how far things are tilted at random
_FILL = 0.88
_TILT = 5.0
# these look wrong when turned or mirrored
_UPRIGHT = frozenset(
    {
        "clock",
        "book",
        "watch",
        "table",
        "chair",
        "sofa",
        "train",
        "bus",
        "truck",
        "car",
        "bicycle",
        "boat",
        "bowl",
        "jar",
        "candle",
        "lamp",
        "tree",
        "mug",
        "bottle",
        "vase",
        "teapot",
        "box",
        "cactus",
        "drum",
        "suitcase",
    }
)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """One thing on the picture: centre, half size, turn, and which group it belongs to."""

    group: int
    x: float
    y: float
    half: float
    angle: float = 0.0
    flip: bool = False


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A composed scene: everything `render` needs, and nothing random left.

    Attributes
    ----------
    scene : Scene
        What is shown.
    style : Style
        The hand that draws it, the scene's medium already applied.
    aspect : float
        Width over height.
    placed : tuple of Placed
        The things, from back to front.
    dice : tuple of float
        Numbers in [0, 1) for every smaller choice (hills, windows, clouds, hair).
    """

    scene: Scene
    style: Style
    aspect: float
    placed: tuple[Placed, ...]
    dice: tuple[float, ...]


def regions(scene: Scene, aspect: float, rng: np.random.Generator) -> list[Region]:
    """One region of the picture for each group of things."""
    n = len(scene.things)
    if n == 0:
        return []
    if scene.face or scene.building or scene.lettering:
        width = aspect * 0.34
        return [
            (0.02 + (aspect - width) * (i % 2) - 0.04 * (i % 2), 0.64, width, 0.34)
            for i in range(n)
        ]
    if n == 1:
        return [(0.03, 0.03, aspect - 0.06, 0.94)]
    if n == 2 and scene.relation == "above":
        return [(0.03, 0.02, aspect - 0.06, 0.46), (0.03, 0.52, aspect - 0.06, 0.46)]
    if n == 2 and scene.relation == "behind":
        shift = aspect * float(rng.choice([-1, 1])) * rng.uniform(0.12, 0.16)
        return [
            (aspect * 0.16 - shift, 0.1, aspect * 0.68, 0.54),
            (aspect * 0.14 + shift * 0.6, 0.42, aspect * 0.72, 0.56),
        ]
    order = list(range(n))
    if n == 2 and scene.relation == "right of":
        order = [1, 0]
    elif scene.relation is None:
        order = [int(i) for i in rng.permutation(n)]
    step = aspect / n
    return [(step * order[i] + 0.02, 0.06, step - 0.04, 0.9) for i in range(n)]


def arrange(
    thing: Thing, region: Region, group: int, rng: np.random.Generator, flat: bool = False
) -> list[Placed]:
    """Lay the things of one group out in a region, without overlap; ``flat``: side by side."""
    if thing.count < 1:
        return []
    x0, y0, width, height = region
    left, top, right, bottom = extent(thing.noun)
    wide, tall = right - left, bottom - top
    rows = _best_rows(thing.count, width / wide, height / tall, rng, flat and thing.count < 4)
    limit = min(0.98, max(width, height))
    half = _FILL * min(width / max(rows) / wide, height / len(rows) / tall, limit / 2)
    half *= rng.uniform(0.86, 1.0)
    tilt = 1.5 if thing.noun in _UPRIGHT else _TILT
    placed = []
    for r, row in enumerate(rows):
        cell_w, cell_h = width / row, height / len(rows)
        slack_x = min((cell_w - half * wide) * 0.3, half * 0.25)
        slack_y = min((cell_h - half * tall) * 0.3, half * 0.25)
        for c in range(row):
            x = x0 + cell_w * (c + 0.5) + float(rng.uniform(-slack_x, slack_x))
            y = y0 + cell_h * (r + 0.5) + float(rng.uniform(-slack_y, slack_y))
            placed.append(
                Placed(
                    group=group,
                    half=half,
                    angle=float(rng.uniform(-tilt, tilt)),
                    x=x - half * (left + right) / 2,
                    y=y - half * (top + bottom) / 2,
                )
            )
    return placed


def _best_rows(
    count: int, width: float, height: float, rng: np.random.Generator, flat: bool = False
) -> tuple[int, ...]:
    """Rows that leave the things large, with some chance for the runner-up; ``flat``: one row."""
    options = _ROWS.get(count, ((count,),))
    if flat:
        options = options[:1]
    size = [min(width / max(o), height / len(o)) for o in options]
    good = [o for o, s in zip(options, size, strict=True) if s >= 0.78 * max(size)]
    return good[int(rng.integers(len(good)))]


def compose(scene: Scene, style: Style, rng: np.random.Generator, aspect: float = 1.0) -> Layout:
    """Decide where everything goes.

    Parameters
    ----------
    scene : Scene
        What is to be shown.
    style : Style
        The hand that draws; the scene's medium overrides part of it.
    rng : numpy.random.Generator
        The only source of chance.
    aspect : float
        Width over height.

    Returns
    -------
    Layout
        Frozen; `render` draws it at any size.

    Examples
    --------
    >>> from qfloor.generators.builtin.draw.style import STYLES
    >>> scene = Scene(category="product-photo", things=(Thing(noun="apple", count=3),))
    >>> layout = compose(scene, STYLES["flat"], np.random.default_rng(1))
    >>> len(layout.placed)
    3
    """
    placed: list[Placed] = []
    flat = scene.relation == "behind"
    for group, region in enumerate(regions(scene, aspect, rng)):
        placed.extend(arrange(scene.things[group], region, group, rng, flat))
    if scene.motion is not None and not (scene.face or scene.building or scene.lettering):
        placed = [_smaller(p, aspect) for p in placed]
    if scene.terrain is not None:
        placed = [replace(p, y=p.y + 0.05) for p in placed]
    return Layout(
        scene=scene,
        style=for_medium(style, scene.medium),
        aspect=aspect,
        placed=tuple(placed),
        dice=tuple(rng.random(160).tolist()),
    )


def _smaller(p: Placed, aspect: float) -> Placed:
    """Room to move: the same picture, drawn in towards the centre."""
    k = 0.62
    return replace(
        p, half=p.half * k, x=aspect / 2 + (p.x - aspect / 2) * k, y=0.5 + (p.y - 0.5) * k
    )
