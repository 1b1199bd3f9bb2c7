"""A pen: shapes in a thing's own coordinates, put on an image by an affine map.

Shapes are polygons, so that they can be turned, scaled and made to wobble. A fill is either a
fixed colour or a number: a tone of the thing's body colour (1 the colour itself, below darker,
above lighter), and what has a tone also takes the thing's material, through the pen's mask.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .style import RGB, Style

Fill = float | RGB
Point = tuple[float, float]
Points = Sequence[Point]
Floats = NDArray[np.float64]

WHITE: RGB = (255, 255, 255)


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """Colour ``a`` with ``share`` of ``b``."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def luminance(colour: RGB) -> float:
    """Perceived lightness of a colour, 0 to 255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def tone(colour: RGB, k: float) -> RGB:
    """A darker (``k`` < 1) or lighter (``k`` > 1) tone; dark colours always get lighter."""
    if k == 1.0:
        return colour
    if luminance(colour) < 62:
        return mix(colour, (190, 194, 206), min(abs(k - 1.0) * 0.55, 0.8))
    if k > 1.0:
        return mix(colour, WHITE, min(k - 1.0, 1.0))
    return mix(colour, (24, 18, 40), 1.0 - k)


@lru_cache(maxsize=8192)
def smooth(points: tuple[Point, ...], closed: bool, steps: int) -> Floats:
    """A Catmull-Rom curve through points, as a polygon or polyline."""
    p = np.asarray(points, dtype=float)
    if closed:
        p0, p1, p2, p3 = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    else:
        e = np.vstack([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
        p0, p1, p2, p3 = e[:-3], e[1:-2], e[2:-1], e[3:]
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (q[:, None, :] for q in (p0, p1, p2, p3))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    out: Floats = curve.reshape(-1, 2)
    return out if closed else np.vstack([out, p[-1:]])


@lru_cache(maxsize=512)
def ring(start: float, stop: float, n: int) -> Floats:
    """Points on the unit circle between two angles in degrees (0 right, 90 down)."""
    full = abs(stop - start) >= 360
    a = np.radians(np.linspace(start, stop, n, endpoint=not full))
    out: Floats = np.stack([np.cos(a), np.sin(a)], axis=1)
    return out


def _ribbon(flat: list[float], px: int) -> list[float]:
    """The outline of a smooth line of a width."""
    points = np.asarray(flat).reshape(-1, 2)
    along = np.gradient(points, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]
    aside = np.stack([-along[:, 1], along[:, 0]], axis=1) / length * ((px - 0.5) / 2)
    out: list[float] = np.vstack([points + aside, (points - aside)[::-1]]).ravel().tolist()
    return out


@lru_cache(maxsize=256)
def _share_table(share: float) -> list[int]:
    return [round(v * share) for v in range(256)]


def scaled(mask: Image.Image, share: float) -> Image.Image:
    """A fainter (or stronger) mask."""
    return mask if share == 1 else mask.point(_share_table(round(min(share, 1.0), 3)))


class Pen:
    """Draws shapes on an image, and on a mask where they belong to the body.

    Parameters
    ----------
    image : PIL.Image.Image
        What is drawn on.
    style : Style
        Line width, line colour, wobble and corners of circles come from here.
    origin, scale : tuple of float
        Pixel position of (0, 0) and pixels per unit along x and y.
    body : tuple of int
        The colour that tones refer to.
    angle : float
        Clockwise turn in degrees.
    flip : bool
        Mirror left and right.
    mask : PIL.Image.Image, optional
        An ``L`` image that gets 255 where tones are drawn and 0 where fixed colours are.
    lines : float
        Factor on the style's line width.
    """

    def __init__(
        self,
        image: Image.Image,
        style: Style,
        *,
        origin: Point,
        scale: Point,
        body: RGB = (200, 200, 200),
        angle: float = 0.0,
        flip: bool = False,
        mask: Image.Image | None = None,
        lines: float = 1.0,
    ) -> None:
        self.image, self.style, self.body = image, style, body
        self.draw = ImageDraw.Draw(image)
        self.mask = None if mask is None else ImageDraw.Draw(mask)
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        f = -1.0 if flip else 1.0
        self.matrix = np.array(
            [[c * scale[0] * f, s * scale[1] * f], [-s * scale[0], c * scale[1]]]
        )
        self.origin = np.array(origin)
        self.unit = min(abs(scale[0]), abs(scale[1]))
        self.width = (
            0 if style.outline <= 0 else max(1, round(style.outline * 0.075 * self.unit * lines))
        )

    def pixels(self, points: Floats) -> list[float]:
        """Image coordinates of points, flat, as Pillow takes them."""
        if self.style.wobble > 0:
            w = self.style.wobble
            points = (
                points
                + w * 0.022 * np.sin(points[:, ::-1] * (7.3, 6.1) + (1.3, 4.1))
                + w * 0.008 * np.sin(points[:, ::-1] * (23.0, 19.0))
            )
        out: list[float] = (points @ self.matrix + self.origin).ravel().tolist()
        return out

    def colour(self, fill: Fill) -> RGB:
        """The colour of a fill."""
        return fill if isinstance(fill, tuple) else tone(self.body, fill)

    def shape(self, points: Floats, fill: Fill, line: bool = True) -> None:
        """A closed shape."""
        flat = self.pixels(points)
        colour = self.colour(fill)
        is_body = not isinstance(fill, tuple)
        self.draw.polygon(flat, fill=mix(colour, WHITE, 0.35) if self.style.sketch else colour)
        if self.mask is not None:
            self.mask.polygon(flat, fill=255 if is_body else 0)
        if line and self.width:
            ink = self.style.line_colour or self._edge(colour)
            ring_ = flat + flat[:4]
            joint = "curve" if len(flat) < 24 or self.width > 6 else None
            self.draw.line(ring_, fill=ink, width=self.width, joint=joint)
            if self.mask is not None and is_body:
                self.mask.line(ring_, fill=0, width=self.width)

    def _edge(self, colour: RGB) -> RGB:
        if luminance(colour) < 55:
            return mix(colour, WHITE, 0.25)
        return mix(colour, (30, 14, 44), 0.5)

    def poly(self, points: Points, fill: Fill = 1.0, line: bool = True) -> None:
        """A polygon with straight sides."""
        self.shape(np.asarray(points, dtype=float), fill, line)

    def blob(self, points: Points, fill: Fill = 1.0, line: bool = True) -> None:
        """A smooth closed shape through points."""
        steps = 2 if self.style.segments < 16 else 7
        self.shape(smooth(tuple(points), True, steps), fill, line)

    def mirrored(self, points: Points, fill: Fill = 1.0, line: bool = True) -> None:
        """A smooth shape from its right half, from the top point to the bottom point."""
        left = [(-x, y) for x, y in reversed(points) if abs(x) > 1e-6]
        self.blob([*points, *left], fill, line)

    def mirrored_at(self, x: float, y: float, points: Points, fill: Fill = 1.0) -> None:
        """`mirrored`, moved to a place."""
        left = [(-px, py) for px, py in reversed(points) if abs(px) > 1e-6]
        self.blob([(px + x, py + y) for px, py in [*points, *left]], fill)

    @staticmethod
    def around(degrees: float, r: float = 1.0) -> Point:
        """The point at a clockwise angle from the top of a circle."""
        a = math.radians(degrees)
        return r * math.sin(a), -r * math.cos(a)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float | None = None,
        fill: Fill = 1.0,
        line: bool = True,
        tilt: float = 0.0,
    ) -> None:
        """An ellipse, turned by ``tilt`` degrees."""
        ry = rx if ry is None else ry
        pts = ring(0.0, 360.0, self._corners(max(rx, ry))) * (rx, ry)
        if tilt:
            c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
            pts = pts @ np.array([[c, s], [-s, c]])
        self.shape(pts + np.array([x, y]), fill, line)

    def _corners(self, radius: float) -> int:
        n = self.style.segments
        return n if radius * self.unit > 7 else min(n, 14)

    def pie(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        start: float,
        stop: float,
        fill: Fill = 1.0,
        line: bool = True,
    ) -> None:
        """A segment of an ellipse cut by its chord (a half circle for 180 degrees)."""
        n = max(5, self.style.segments // 2)
        self.shape(ring(start, stop, n) * (rx, ry) + (x, y), fill, line)

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        fill: Fill = 1.0,
        r: float = 0.0,
        line: bool = True,
    ) -> None:
        """A rectangle, with corners rounded by ``r``."""
        if r <= 0:
            self.poly(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), fill, line)
            return
        n = 2 if self.style.segments < 16 else 5
        corners = (
            (x1 - r, y0 + r, -90.0),
            (x1 - r, y1 - r, 0.0),
            (x0 + r, y1 - r, 90.0),
            (x0 + r, y0 + r, 180.0),
        )
        self.shape(
            np.vstack([ring(a, a + 90.0, n) * r + (x, y) for x, y, a in corners]), fill, line
        )

    def stroke(
        self, points: Points, fill: Fill, width: float, curve: bool = True, edge: bool = False
    ) -> None:
        """An open line of a width in units, with round ends; ``edge`` outlines it."""
        if curve and len(points) > 2:
            pts = smooth(tuple(points), False, 6)
        else:
            pts = np.asarray(points, dtype=float)
        self._line(pts, fill, width, edge)

    def arc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        start: float,
        stop: float,
        fill: Fill,
        width: float,
        edge: bool = False,
    ) -> None:
        """Part of an ellipse's outline."""
        self._line(ring(start, stop, 20) * (rx, ry) + (x, y), fill, width, edge)

    def _line(self, points: Floats, fill: Fill, width: float, edge: bool) -> None:
        flat = self.pixels(points)
        colour = self.colour(fill)
        px = max(1, round(width * self.unit))
        if edge and self.width:
            ink = self.style.line_colour or self._edge(colour)
            self._thick(self.draw, flat, ink, px + 2 * self.width)
        if self.style.sketch:
            colour = mix(colour, WHITE, 0.2)
        self._thick(self.draw, flat, colour, px)
        if self.mask is not None:
            self._thick(self.mask, flat, 0 if isinstance(fill, tuple) else 255, px)

    def _thick(
        self, draw: ImageDraw.ImageDraw, flat: list[float], fill: RGB | int, px: int
    ) -> None:
        """A line with round ends; a smooth one becomes a polygon, much faster than joints."""
        if px > 3 and len(flat) > 14:
            draw.polygon(_ribbon(flat, px), fill=fill)
        else:
            draw.line(flat, fill=fill, width=px, joint="curve" if px > 2 else None)
        if px > 3:
            r = px / 2 - 0.5
            for x, y in ((flat[0], flat[1]), (flat[-2], flat[-1])):
                draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def eye(self, x: float, y: float, r: float, white: bool = True) -> None:
        """A friendly eye: white, pupil and a glint."""
        if white:
            self.oval(x, y, r, r * 1.1, (252, 252, 250))
            self.oval(x + r * 0.12, y + r * 0.1, r * 0.62, r * 0.7, (30, 26, 34), line=False)
        else:
            self.oval(x, y, r, r * 1.1, (30, 26, 34), line=False)
        self.oval(x - r * 0.2, y - r * 0.3, r * 0.28, r * 0.28, WHITE, line=False)
