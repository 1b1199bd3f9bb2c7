"""The hands that draw: how a picture looks, apart from what it shows.

A `Style` changes lines, shading, colour and texture; it knows nothing of scenes. A scene's
medium (``photo``, ``cartoon`` ...) overrides part of the style, see `for_medium`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

RGB = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Style:
    """One manner of drawing.

    Attributes
    ----------
    name : str
        The preset's name.
    outline : float
        Width of the lines around shapes, 0 (none) to 1 (very thick).
    line_colour : tuple of int, optional
        Colour of every line; None draws each line in a darker tone of its shape.
    shading : str
        ``flat``, ``soft`` (gradient), ``cel`` (one hard shadow), ``hatched``, ``facets`` or
        ``gloss``.
    saturation, contrast, brightness : float
        Whole-picture grading; 1 leaves the picture alone.
    tint : tuple of int
        Colour that the picture is pulled towards.
    tint_amount : float
        How far, 0 to 1.
    texture : str
        ``none``, ``paper``, ``grain``, ``chalk``, ``halftone`` or ``canvas``.
    texture_amount : float
        Strength of the texture, 0 to 1.
    detail : float
        How much is drawn in a plain background, 0 (empty) to 1.
    wobble : float
        How unsteady the lines are, 0 to 1.
    segments : int
        Corners of a circle; few give a low-poly look.
    sketch : bool
        Shapes are pale inside and live by their strokes.
    vignette : float
        Darkness of the corners, 0 to 1.
    levels : int
        Tones per channel after posterising; 0 keeps them all.
    misprint : float
        Shift between the colour plates as a share of the height.
    pixels : int
        Height of the picture in visible pixels; 0 keeps full resolution.
    blur : float
        Softness as a share of the height.
    """

    name: str
    outline: float = 0.0
    line_colour: RGB | None = None
    shading: str = "flat"
    saturation: float = 1.0
    contrast: float = 1.0
    brightness: float = 1.0
    tint: RGB = (255, 255, 255)
    tint_amount: float = 0.0
    texture: str = "none"
    texture_amount: float = 0.0
    detail: float = 0.5
    wobble: float = 0.0
    segments: int = 32
    sketch: bool = False
    vignette: float = 0.0
    levels: int = 0
    misprint: float = 0.0
    pixels: int = 0
    blur: float = 0.0


# fmt: off
_PRESETS: tuple[Style, ...] = (
    Style(name="flat", shading="cel", detail=0.5),
    Style(name="soft", shading="soft", saturation=1.05, detail=0.4, vignette=0.12),
    Style(name="ink", outline=0.65, line_colour=(26, 24, 30), wobble=0.2),
    Style(name="comic", outline=0.95, line_colour=(18, 16, 22), shading="cel", saturation=1.2,
          contrast=1.08, detail=0.9),
    Style(name="pastel", outline=0.25, shading="cel", saturation=0.86, brightness=1.1,
          tint=(255, 244, 246), tint_amount=0.16, texture="paper", texture_amount=0.3,
          wobble=0.25),
    Style(name="pencil", outline=0.42, line_colour=(64, 62, 66), shading="hatched", sketch=True,
          texture="paper", texture_amount=0.4, wobble=0.55, saturation=0.9, detail=0.1),
    Style(name="poster", shading="cel", saturation=1.3, contrast=1.15, levels=14, detail=1.0),
    Style(name="film", shading="soft", contrast=1.08, saturation=0.92, texture="grain",
          texture_amount=0.45, vignette=0.32, tint=(255, 238, 212), tint_amount=0.06,
          blur=0.002, detail=0.2),
    Style(name="wash", outline=0.16, shading="soft", wobble=0.7, texture="canvas",
          texture_amount=0.7, brightness=1.06, tint=(252, 250, 244), tint_amount=0.16,
          detail=0.6),
    Style(name="chalk", outline=0.4, line_colour=(240, 238, 228), wobble=0.6, texture="chalk",
          texture_amount=0.4, saturation=0.9, detail=0.3),
    Style(name="lowpoly", shading="facets", segments=9, saturation=1.05, detail=0.7),
    Style(name="riso", shading="hatched", texture="halftone", texture_amount=0.5,
          misprint=0.006, saturation=1.12, tint=(255, 244, 220), tint_amount=0.12, detail=0.5),
    Style(name="glossy", shading="gloss", saturation=1.18, contrast=1.05, detail=0.2,
          vignette=0.15),
    Style(name="storybook", outline=0.4, shading="soft", wobble=0.35, texture="paper",
          texture_amount=0.25, tint=(255, 244, 220), tint_amount=0.12, brightness=1.05,
          detail=0.8),
)
# fmt: on
STYLES: dict[str, Style] = {style.name: style for style in _PRESETS}

# fmt: off
_MEDIA: dict[str, dict[str, float | int | str | bool | RGB | None]] = {
    "photo": {"outline": 0.0, "shading": "soft", "texture": "grain", "texture_amount": 0.35,
              "sketch": False, "wobble": 0.0, "vignette": 0.3, "levels": 0, "misprint": 0.0,
              "segments": 32, "blur": 0.002, "contrast": 1.06, "pixels": 0},
    "cartoon": {"outline": 0.9, "line_colour": (22, 20, 26), "shading": "cel", "sketch": False,
                "saturation": 1.25, "texture": "none", "wobble": 0.1, "segments": 32},
    "watercolour": {"outline": 0.12, "line_colour": None, "shading": "soft", "wobble": 0.9,
                    "texture": "canvas", "texture_amount": 1.0, "tint": (252, 248, 240),
                    "tint_amount": 0.2, "brightness": 1.14, "saturation": 1.05,
                    "sketch": False, "levels": 0, "pixels": 0},
    "pixel art": {"pixels": 48, "outline": 0.5, "shading": "cel", "texture": "none",
                  "levels": 16, "wobble": 0.0, "sketch": False, "blur": 0.0, "misprint": 0.0,
                  "vignette": 0.0, "tint_amount": 0.0},
    "flat illustration": {"outline": 0.0, "shading": "flat", "texture": "none", "wobble": 0.0,
                          "sketch": False, "vignette": 0.0, "detail": 0.9, "tint_amount": 0.0,
                          "segments": 32, "misprint": 0.0},
}
# fmt: on


def for_medium(style: Style, medium: str | None) -> Style:
    """The style as a medium changes it.

    Parameters
    ----------
    style : Style
        The painter's own hand.
    medium : str or None
        A word of ``vocabulary.MEDIA``; None or an unknown word changes nothing.

    Returns
    -------
    Style
    """
    if medium is None or medium not in _MEDIA:
        return style
    return replace(style, **_MEDIA[medium])  # type: ignore[arg-type]
