"""Drawing: from a scene and a style to pixels, in two steps.

`compose` takes every decision that is left to chance and returns a frozen `Layout`; `render`
draws a layout at any size and at any moment of a clip, with no chance left. `paint` does both.
The package knows scenes and words of the painters' world, and nothing of prompts, painters,
prices or scores.

    layout.py     what is decided, with all its chances (dice)    style.py      the hands that draw
    rendering.py  from a layout to pixels: read this first        motion.py     time within a clip
    nouns.py      each noun's drawing, in nouns_animals, nouns_home, nouns_outdoor, nouns_table
    sprites.py    one thing, drawn and shaded                     canvas.py     the pen
    faces.py      portraits          buildings.py  buildings      terrains.py   landscapes
    scenery.py    skies, brushes     surfaces.py   what things stand before
    carriers.py   what carries words                              lettering.py  the words on it
    materials.py  textures                                        grading.py    the whole picture
"""

from __future__ import annotations

import numpy as np

from ..world.scene import Scene
from .layout import Layout, compose
from .rendering import Pixels, render
from .style import STYLES, Style

__all__ = ["STYLES", "Layout", "Style", "compose", "paint", "render"]


def paint(
    scene: Scene,
    style: Style,
    width: int,
    height: int,
    rng: np.random.Generator,
    moment: float | None = None,
) -> Pixels:
    """Compose and render a scene.

    Parameters
    ----------
    scene : Scene
        What is shown.
    style : Style
        The hand that draws it.
    width, height : int
        Size in pixels.
    rng : numpy.random.Generator
        The only source of chance.
    moment : float, optional
        Time within the clip, 0 to 1; None for a still picture.

    Returns
    -------
    numpy.ndarray
        ``uint8`` of shape (height, width, 3).

    Examples
    --------
    >>> from qfloor.generators.builtin.world.scene import Thing
    >>> scene = Scene(category="product-photo", things=(Thing(noun="mug", colour="red"),))
    >>> paint(scene, STYLES["flat"], 96, 64, np.random.default_rng(0)).shape
    (64, 96, 3)
    """
    return render(compose(scene, style, rng, aspect=width / height), width, height, moment)
