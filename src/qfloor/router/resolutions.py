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
    """Size that an offer's settings fix: ``1024x1024``, a square's side, or width and height.

    Examples
    --------
    >>> size_of({"size": "1024x768"}), size_of({"size": 256}), size_of({"steps": 4})
    ((1024, 768), (256, 256), None)
    """
    size = settings.get("size")
    if isinstance(size, int):
        return size, size
    sides = str(size or "").lower().split("x")
    if len(sides) == 2 and all(side.isdigit() for side in sides):
        return int(sides[0]), int(sides[1])
    width, height = settings.get("width"), settings.get("height")
    return (width, height) if type(width) is int and type(height) is int else None


def is_in_any_shape(settings: Mapping[str, Any]) -> bool:
    """Whether the size of an offer is a number: it makes other shapes than the square as well."""
    return isinstance(settings.get("size"), int)


def made_of(fixed: tuple[int, int], ratio: float | None) -> tuple[int, int]:
    """What comes of a size; of a square's side, even sides of the same area in a shape.

    Examples
    --------
    >>> made_of((256, 256), 16 / 9), made_of((1024, 768), None)
    ((342, 192), (1024, 768))
    """
    if ratio is None:
        return fixed
    width, height = fixed[0] * math.sqrt(ratio), fixed[0] / math.sqrt(ratio)
    return 2 * int(width / 2 + 0.5), 2 * int(height / 2 + 0.5)


def shape_of(settings: Mapping[str, Any]) -> str | None:
    """The one shape that an offer's settings fix, by its size or by name."""
    fixed = None if is_in_any_shape(settings) else size_of(settings)
    if fixed is not None:
        return f"{fixed[0]}:{fixed[1]}"
    told = settings.get("aspect_ratio")
    return told if isinstance(told, str) else None


def seconds_of(settings: Mapping[str, Any]) -> float | None:
    """Length of the clips that an offer's settings fix; True is no length."""
    told = settings.get("seconds")
    return float(told) if isinstance(told, int | float) and told > 0 and told is not True else None


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
