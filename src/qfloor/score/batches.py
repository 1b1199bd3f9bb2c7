"""How outputs are cut into batches: the same on every engine, so that every engine gives the same.

What this module does not know: where a batch is scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qfloor.score.scoring import Work

_PIXELS = 1 << 26
"""Most pixels of a batch: 200 MB decoded, for each core."""

SHIFT = 4096
"""Outputs whose prompts are embedded ahead, in one go; no batch reaches over the end of one."""


def shifts_of(work: Sequence[Work]) -> Iterator[Sequence[Work]]:
    """Cut work into shifts of at most `SHIFT` outputs."""
    return (work[i : i + SHIFT] for i in range(0, len(work), SHIFT))


def batches_of(work: Iterable[Work], size: int) -> Iterator[list[Work]]:
    """Cut work into batches of at most ``size`` pictures and `_PIXELS` pixels, or of one output.

    A frame of a clip counts as a picture.
    """
    batch: list[Work] = []
    weight = pixels = 0
    for one in work:
        pictures = max(1, one.output.frames or 1)
        area = pictures * (one.output.width or 0) * (one.output.height or 0)
        if batch and (weight + pictures > size or pixels + area > _PIXELS):
            yield batch
            batch, weight, pixels = [], 0, 0
        batch.append(one)
        weight += pictures
        pixels += area
    if batch:
        yield batch
