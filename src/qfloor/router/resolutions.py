"""Resolutions by the names that sellers give them: ``720p`` by the short side, ``2K`` by area.

Offers are fixed to one by their settings, as ``resolution``, or by a size in pixels; what is asked
for in pixels is held against the name, and the other way round.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

_LINES = re.compile(r"0*([1-9][0-9]{2,3})p?")
_AREA = re.compile(r"(0\.5|[1248])k")
_SIDES = {"0.5k": 512, "1k": 1024, "2k": 2048, "4k": 4096, "8k": 8192}
_SCREENS = {(2160, 3840): "4k", (4320, 7680): "8k"}
"""What screens of a name have; by area they would be nearer to the name before."""


def resolution_of(text: Any) -> str | None:
    """Its one spelling: ``720p`` of ``720P``, ``2k`` of ``2K``; None when it is no resolution.

    Examples
    --------
    >>> resolution_of("720P"), resolution_of("512"), resolution_of("huge")
    ('720p', '0.5k', None)
    """
    name = str(text).strip().lower()
    if name == "512":
        return "0.5k"
    if _AREA.fullmatch(name):
        return name
    found = _LINES.fullmatch(name)
    return f"{found[1]}p" if found else None


def is_of(pixels: tuple[int, int], resolution: str) -> bool:
    """Whether a size goes by that name.

    Of ``p`` the short side counts; of ``k`` the square of the same area, to the nearest name,
    but for the sizes of screens.

    Examples
    --------
    >>> is_of((1920, 1080), "1080p"), is_of((1344, 768), "1k"), is_of((1024, 1024), "2k")
    (True, True, False)
    >>> is_of((3840, 2160), "4k"), is_of((3840, 2160), "2k")
    (True, False)
    """
    if resolution.endswith("p"):
        return min(pixels) == int(resolution[:-1])
    screen = _SCREENS.get((min(pixels), max(pixels)))
    if screen is not None:
        return screen == resolution
    side = math.sqrt(pixels[0] * pixels[1])
    return min(_SIDES, key=lambda name: abs(math.log(side / _SIDES[name]))) == resolution


def size_of(settings: Mapping[str, Any]) -> tuple[int, int] | None:
    """Size that an offer's settings fix, from ``1024x1024`` or the length of a square's side."""
    size = settings.get("size")
    if isinstance(size, int):
        return size, size
    sides = str(size or "").lower().split("x")
    if len(sides) == 2 and all(side.isdigit() for side in sides):
        return int(sides[0]), int(sides[1])
    return None


def fixed_to(settings: Mapping[str, Any]) -> str | None:
    """The resolution that an offer's settings name."""
    told = settings.get("resolution")
    return None if told is None else resolution_of(told)


def pixels_of(resolution: str) -> tuple[int, int]:
    """A size of that name: the square of ``k``, of ``p`` the shape of screens, 16:9.

    Examples
    --------
    >>> pixels_of("2k"), pixels_of("720p")
    ((2048, 2048), (1280, 720))
    """
    if resolution.endswith("p"):
        lines = int(resolution[:-1])
        return -(-lines * 16 // 9), lines
    return _SIDES[resolution], _SIDES[resolution]
