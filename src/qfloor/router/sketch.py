"""Quantiles of seconds in bounded memory: counts in buckets that grow by a fixed ratio.

A value is reported as a point of its bucket that is at most `RELATIVE_ERROR` away from anything
the bucket holds, so every quantile is the true order statistic within that share, for values from
`SHORTEST` to `LONGEST`; what lies outside counts as those. Two sketches add up exactly. Knows
nothing of offers or clocks.

References
----------
Masson, Rim, Lee (2019), DDSketch: a fast and fully-mergeable quantile sketch with
relative-error guarantees, PVLDB 12(12).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

RELATIVE_ERROR = 0.02
SHORTEST = 0.001
LONGEST = 7200.0

_GROWTH = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR)
_LOG = math.log(_GROWTH)


def bucket_of(seconds: float) -> int:
    """Return the bucket ``(growth**(i-1), growth**i]`` that a time falls into."""
    return math.ceil(math.log(min(max(seconds, SHORTEST), LONGEST)) / _LOG)


def seconds_in(bucket: int) -> float:
    """Return the time a bucket stands for."""
    return 2.0 * _GROWTH**bucket / (_GROWTH + 1.0)


FIRST, LAST = bucket_of(SHORTEST), bucket_of(LONGEST)
MOST_BUCKETS = LAST - FIRST + 1
"""However many times are counted, no sketch is larger."""


class Sketch:
    """Counts by bucket.

    Examples
    --------
    >>> sketch = Sketch()
    >>> for seconds in (1.0, 2.0, 3.0, 4.0):
    ...     sketch.add(seconds)
    >>> round(sketch.quantile(0.5), 1)
    2.0
    """

    __slots__ = ("counts", "n")

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})
        self.n = sum(self.counts.values())

    def add(self, seconds: float) -> None:
        """Count one time; it must be a finite number."""
        bucket = bucket_of(seconds)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.n += 1

    def quantile(self, share: float) -> float | None:
        """Return the smallest time that at least this share of all does not exceed; None if empty.

        The inverted cumulative distribution: always a time that was seen, within the error.
        """
        if not self.n:
            return None
        rank, seen = max(1, math.ceil(share * self.n - 1e-9)), 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= rank:
                return seconds_in(bucket)
        return None

    def to_plain(self) -> dict[str, int]:
        """For JSON."""
        return {str(bucket): n for bucket, n in sorted(self.counts.items())}


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """Add sketches up, exactly."""
    total: dict[int, int] = {}
    for sketch in sketches:
        for bucket, n in sketch.counts.items():
            total[bucket] = total.get(bucket, 0) + n
    return Sketch(total)


def from_plain(plain: Mapping[str, int]) -> Sketch:
    """Undo `Sketch.to_plain`.

    Raises
    ------
    ValueError
        When a bucket or a count is none.
    """
    counts = {int(bucket): int(n) for bucket, n in plain.items()}
    if any(n < 0 for n in counts.values()) or not all(FIRST <= b <= LAST for b in counts):
        raise ValueError("a sketch holds a bucket that there is not, or a negative count")
    return Sketch(counts)
