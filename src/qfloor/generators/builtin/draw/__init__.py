"""Drawing: from a scene and a style to pixels, in two steps.

`compose` takes every decision that is left to chance and returns a frozen `Layout`; `render`
draws a layout at any size and at any moment of a clip, with no chance left. `paint` does both.
The package knows scenes and words of the painters' world, and nothing of prompts, painters,
prices or scores.
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
