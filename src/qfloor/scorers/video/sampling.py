"""Frames by time: what a viewer sees every eighth of a second, whatever the frame rate.

Containers round times (WebM to a millisecond), so a frame counts as shown when it appears up
to an eighth of a step late.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence

LATE_SHARE = 1 / 8
"""How late a frame may appear and still count, as a share of a step."""

MOST_STEPS = 2**20
"""So many eighths of a second are 36 hours: times beyond are damage, and would fill the memory."""


def shown_at_steps(timestamps: Sequence[float], per_second: float) -> list[int]:
    """Return for each step of 1 / ``per_second`` s the index of the frame that is shown then.

    Parameters
    ----------
    timestamps : sequence of float
        When each frame appears, in seconds; the first step is at the first of them.
    per_second : float
        Steps a second.

    Returns
    -------
    list of int
        Not decreasing; a frame that stays longer than a step stands there more than once. The
        last step is the last at or before the last frame's time.

    Raises
    ------
    ValueError
        When the times span more than `MOST_STEPS` steps.

    Examples
    --------
    >>> shown_at_steps([0, 1 / 24, 2 / 24, 3 / 24, 4 / 24, 5 / 24, 6 / 24], 8)
    [0, 3, 6]
    >>> shown_at_steps([0, 0.125, 0.5], 8)
    [0, 1, 1, 1, 2]
    """
    start = timestamps[0]
    times = list(itertools.accumulate((t - start for t in timestamps), max))
    late = LATE_SHARE / per_second
    steps = math.floor((times[-1] + late) * per_second)
    if steps > MOST_STEPS:
        raise ValueError(
            f"the clip's {len(times)} frames claim to last {times[-1]:.0f} s; its times are damaged"
        )
    return [bisect.bisect_right(times, k / per_second + late) - 1 for k in range(steps + 1)]


def spread_over_steps(shown: Sequence[int], changes: Sequence[float]) -> list[float]:
    """Return one value a step from one value for each change of the shown frame.

    A change between frames m steps apart is spread evenly over those steps, so that a clip of
    four frames a second and the same one of thirty have like values. Steps after the last change
    are 0: nothing changes in them.

    Parameters
    ----------
    shown : sequence of int
        From `shown_at_steps`.
    changes : sequence of float
        Between consecutive distinct frames of ``shown``.

    Examples
    --------
    >>> spread_over_steps([0, 0, 3, 6, 6], [4.0, 1.0])
    [2.0, 2.0, 1.0, 0.0]
    """
    firsts = [k for k, index in enumerate(shown) if k == 0 or index != shown[k - 1]]
    values: list[float] = []
    for (before, after), change in zip(itertools.pairwise(firsts), changes, strict=True):
        values += [change / (after - before)] * (after - before)
    return values + [0.0] * (len(shown) - 1 - len(values))
