"""Decide what a painter makes of a request, without drawing anything.

`plan` is pure and cheap (about a tenth of a millisecond): outcome, scene with its defects, the
defect log, simulated seconds. All of it follows from a hash of what was asked, of whom, and which
repeat and round it is, so a plan can be made again at any time, in any process.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from random import Random
from statistics import NormalDist
from typing import Literal

from qfloor.generators.builtin.defects import OF_MOTION, Defect, apply
from qfloor.generators.builtin.painters import Painter
from qfloor.generators.builtin.world.reading import parse
from qfloor.generators.builtin.world.scene import Motion, Scene

Outcome = Literal["made", "refused", "blank"]
DEFAULT_SECONDS = 2.0
DEFAULT_ASPECT = {"image": "1:1", "video": "16:9"}
_LONGEST = 21 / 9
_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Commission:
    """What reaches a painter: a prompt's text and settings, and nothing of its labels."""

    text: str
    negative: str | None = None
    aspect_ratio: str | None = None
    seconds: float | None = None
    modality: str = "image"


@dataclass(frozen=True, kw_only=True)
class PaintedPlan:
    """All that is decided about one output before a pixel is drawn.

    Attributes
    ----------
    outcome : str
        ``made``, ``refused`` or ``blank``.
    asked, scene : Scene
        What the text asks for, and what will be drawn.
    defects : tuple of Defect
        The log; empty unless made.
    seconds_run : float
        Simulated latency.
    seed : int
        Decides every free choice of the drawing.
    width, height, frames, fps : int
        Size in pixels and frames; ``frames`` is 1 for a still.
    """

    painter: str
    style: str
    modality: str
    outcome: Outcome
    asked: Scene
    scene: Scene
    defects: tuple[Defect, ...]
    seconds_run: float
    seed: int
    width: int
    height: int
    frames: int
    fps: int
    aspect_ratio: str

    def severity(self, name: str) -> float:
        """Severity of a defect in the log, 0 when it is not there."""
        return max((d.severity for d in self.defects if d.name == name), default=0.0)


def _seed(*parts: object) -> int:
    text = "\x1f".join(repr(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def refuses(commission: Commission, painter: Painter, offer_id: str) -> bool:
    """Whether a painter turns a prompt down; the same prompt always gets the same answer."""
    drawn = _seed("refusal", commission.text, offer_id) / 2**64
    return drawn < painter.refuses


def plan(
    commission: Commission, painter: Painter, *, offer_id: str, repeat: int = 0, round: str = ""
) -> PaintedPlan:
    """Decide what becomes of a request.

    Parameters
    ----------
    commission : Commission
        What is asked.
    painter : Painter
        Of whom.
    offer_id : str
        The offer it was bought as.
    repeat, round : int, str
        Which request of which round; another round falls out anew.

    Returns
    -------
    PaintedPlan

    Examples
    --------
    >>> from qfloor.generators.builtin.painters import PAINTERS
    >>> made = plan(Commission(text="a red mug"), PAINTERS["ochre"], offer_id="painters/ochre")
    >>> made.asked.things[0].noun, made.frames
    ('mug', 1)
    """
    seed = _seed(
        commission.text, commission.negative, commission.aspect_ratio, commission.seconds,
        offer_id, repeat, round,
    )  # fmt: skip
    rng = Random(seed)
    asked = parse(commission.text)
    outcome: Outcome = "blank" if rng.random() < painter.blanks else "made"
    seconds_run = painter.median_s * math.exp(painter.spread * _NORMAL.inv_cdf(_inside(rng)))
    if refuses(commission, painter, offer_id):
        outcome, seconds_run = "refused", 0.2
    scene, defects = _with_defects(asked, painter, rng)
    if outcome != "made":
        scene, defects = asked, ()
    aspect = _aspect(commission.aspect_ratio or DEFAULT_ASPECT[painter.modality])
    width, height = _size(painter.size, aspect)
    clip = painter.modality == "video"
    seconds = min(commission.seconds or DEFAULT_SECONDS, painter.max_seconds)
    return PaintedPlan(
        painter=painter.name, style=painter.style, modality=painter.modality, outcome=outcome,
        asked=asked, scene=_moving(scene) if clip else scene, defects=defects,
        seconds_run=round_to(seconds_run), seed=seed, width=width, height=height,
        frames=max(2, math.ceil(seconds * painter.fps)) if clip else 1, fps=painter.fps,
        aspect_ratio=commission.aspect_ratio or DEFAULT_ASPECT[painter.modality],
    )  # fmt: skip


def round_to(seconds: float) -> float:
    """Seconds to the millisecond."""
    return math.floor(seconds * 1000 + 0.5) / 1000


def _inside(rng: Random) -> float:
    return min(max(rng.random(), 1e-9), 1 - 1e-9)


def _with_defects(asked: Scene, painter: Painter, rng: Random) -> tuple[Scene, tuple[Defect, ...]]:
    """Throw the dice for every flaw of the painter and draw the scene as they fall."""
    scene, log = asked, []
    for flaw in painter.flaws(asked.category):
        if rng.random() >= flaw.probability:
            continue
        severity = flaw.low + (flaw.high - flaw.low) * rng.random()
        if flaw.name in OF_MOTION and painter.modality != "video":
            continue
        done = apply(scene, flaw.name, severity, rng)
        if done is not None:
            scene, defect = done
            log.append(defect)
    return scene, tuple(log)


def _moving(scene: Scene) -> Scene:
    """A clip moves even where the text does not say how."""
    if scene.motion is not None:
        return scene
    return replace(scene, motion=Motion(kind="bounces" if scene.things else "pan"))


def _aspect(ratio: str) -> float:
    """Width over height of ``16:9``; nonsense is square, and nothing is longer than 21:9."""
    left, _, right = ratio.partition(":")
    try:
        aspect = float(left) / float(right)
    except (ValueError, ZeroDivisionError):
        return 1.0
    return min(max(aspect, 1 / _LONGEST), _LONGEST) if aspect > 0 else 1.0


def _size(size: int, aspect: float) -> tuple[int, int]:
    """Even sides with an area of about ``size`` squared."""
    width = 2 * max(16, int(size * math.sqrt(aspect) / 2 + 0.5))
    height = 2 * max(16, int(size / math.sqrt(aspect) / 2 + 0.5))
    return width, height
