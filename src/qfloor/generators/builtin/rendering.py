"""From a plan to bytes: a PNG for a still, a WebM clip (VP9) for a video.

The same plan gives the same bytes: one encoder thread, no time stamps, no random ids.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qfloor.generators.builtin import draw
from qfloor.generators.builtin.defects import FINISH
from qfloor.generators.builtin.finish import Pixels, flicker_gains, moments, spoil
from qfloor.generators.builtin.work import PaintedPlan
from qfloor.media import write_png, write_webm

MEDIA_TYPES = {"image": "image/png", "video": "video/webm"}


def render(plan: PaintedPlan) -> bytes:
    """Draw what was planned.

    Parameters
    ----------
    plan : PaintedPlan
        A plan whose outcome is ``made`` or ``blank``.

    Returns
    -------
    bytes
        A PNG or a WebM clip, see `MEDIA_TYPES`.

    Raises
    ------
    ValueError
        When the painter refused: there is nothing to draw.
    """
    if plan.outcome == "refused":
        raise ValueError(f"{plan.painter} refused this prompt; there is nothing to draw")
    if plan.modality == "video":
        return write_webm(frames(plan), plan.width, plan.height, plan.fps)
    return write_png(next(frames(plan)))


def frames(plan: PaintedPlan) -> Iterator[Pixels]:
    """Draw the frames of a plan one by one; a still has one."""
    if plan.outcome == "blank":
        tone = 255 if plan.seed % 2 else 0
        for _ in range(plan.frames):
            yield np.full((plan.height, plan.width, 3), tone, dtype=np.uint8)
        return
    layout = _layout(plan)
    severities = {name: plan.severity(name) for name in FINISH}
    if plan.frames == 1:
        picture = draw.render(layout, plan.width, plan.height)
        yield spoil(picture, severities, plan.seed)
        return
    gains = flicker_gains(plan.frames, plan.severity("flicker"), plan.seed)
    drawn: dict[float, Pixels] = {}
    for at, moment in enumerate(moments(plan.frames, plan.severity("frozen motion")).tolist()):
        if moment not in drawn:  # only the last moment is ever needed again
            drawn = {moment: draw.render(layout, plan.width, plan.height, moment)}
        frame = drawn[moment]
        if gains[at] != 1.0:
            frame = np.clip(frame * gains[at], 0, 255).astype(np.uint8)
        yield spoil(frame, severities, plan.seed + at)


def _layout(plan: PaintedPlan) -> draw.Layout:
    rng = np.random.default_rng(plan.seed)
    return draw.compose(plan.scene, draw.STYLES[plan.style], rng, plan.width / plan.height)
