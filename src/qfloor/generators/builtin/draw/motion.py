"""Time within a clip: what a motion does to the first thing, or to the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..world.scene import Motion

_SPEED = {"slowly": 0.5, None: 1.0, "quickly": 1.7}


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How far the moved thing is from its place: in heights (or widths), a scale and degrees."""

    dx: float = 0.0
    dy: float = 0.0
    scale: float = 1.0
    angle: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Camera:
    """The part of the picture the camera sees: left, top and size as shares of it."""

    x: float = 0.0
    y: float = 0.0
    size: float = 1.0


def subject(motion: Motion | None, moment: float | None) -> Shift:
    """The subject's shift at a moment.

    Parameters
    ----------
    motion : Motion or None
        What moves, and how fast.
    moment : float or None
        Time within the clip, 0 to 1; None for a still picture.

    Returns
    -------
    Shift
        Distances as shares of the width (``dx``) and height (``dy``).
    """
    if motion is None or moment is None:
        return Shift()
    k = _SPEED.get(motion.speed, 1.0)
    far = 0.25 * min(k, 1.25)
    if motion.kind == "left to right":
        return Shift(dx=far * (2 * moment - 1))
    if motion.kind == "right to left":
        return Shift(dx=far * (1 - 2 * moment))
    if motion.kind == "rises":
        return Shift(dy=far * (1 - 2 * moment))
    if motion.kind == "falls":
        return Shift(dy=far * (2 * moment - 1))
    if motion.kind == "bounces":
        hops = {"slowly": 1, "quickly": 3}.get(motion.speed or "", 2)
        return Shift(dy=0.18 - 0.4 * abs(math.sin(math.pi * hops * moment)))
    if motion.kind == "spins":
        return Shift(angle=360.0 * k * moment)
    if motion.kind == "grows":
        return Shift(scale=0.45 + (0.55 + 0.25 * min(k, 1.4)) * moment)
    return Shift()


def camera(motion: Motion | None, moment: float | None, moves_all: bool) -> Camera:
    """What the camera sees at a moment.

    Parameters
    ----------
    motion : Motion or None
        ``zoom`` and ``pan`` move the camera.
    moment : float or None
        Time within the clip.
    moves_all : bool
        The picture has no subject to move, so that the camera does what the subject would.

    Returns
    -------
    Camera
    """
    if motion is None or moment is None:
        return Camera()
    k = _SPEED.get(motion.speed, 1.0)
    t = moment
    if motion.kind == "zoom" or (moves_all and motion.kind in ("grows", "spins")):
        size = 1 - 0.34 * min(k, 1.4) * t
        return Camera(x=(1 - size) / 2, y=(1 - size) / 2, size=size)
    room = 0.3 * min(k, 1.3)
    if motion.kind == "pan" or (moves_all and motion.kind == "left to right"):
        return Camera(x=room * t, y=room / 2, size=1 - room)
    if not moves_all:
        return Camera()
    if motion.kind == "right to left":
        return Camera(x=room * (1 - t), y=room / 2, size=1 - room)
    down = {"rises": 1 - t, "falls": t}.get(motion.kind, abs(math.sin(2 * math.pi * t)))
    return Camera(x=room / 2, y=room * down, size=1 - room)
