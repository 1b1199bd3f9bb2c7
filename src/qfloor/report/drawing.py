"""Scales and lanes: SVG that is as wide as its place and keeps its text readable on a phone.

Positions along the page are percentages, so that nothing is squeezed; heights are pixels. Curves
are drawn in a box of 1000 by 100 that is stretched, with lines of constant width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from qfloor.report.markup import text

INSET = 2.5
"""Percent kept free at both ends, so that marks at the ends are whole."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A scale across a plot: from values to percent of its width.

    ``left`` and ``right`` are kept free at the ends.

    Examples
    --------
    >>> Axis(lo=0.0, hi=10.0).at(5.0), Axis(lo=0.0, hi=10.0).at(99.0)
    (50.0, 97.5)
    >>> Axis(lo=0.01, hi=1.0, log=True).at(0.1)
    50.0
    """

    lo: float
    hi: float
    log: bool = False
    left: float = INSET
    right: float = INSET

    def at(self, value: float) -> float:
        """Percent at which a value lies; what is off the scale lies at its end."""
        lo, hi, x = self.lo, self.hi, min(max(value, self.lo), self.hi)
        if self.log:
            lo, hi, x = math.log(lo), math.log(hi), math.log(x)
        share = 0.5 if hi <= lo else (x - lo) / (hi - lo)
        return round(self.left + (100.0 - self.left - self.right) * share, 2)

    def ticks(self, most: int = 6) -> list[float]:
        """Round values along the scale, at most so many."""
        if self.log:
            found = [m * 10.0**e for e in range(-7, 7) for m in (1.0, 2.0, 5.0)]
            inside = [t for t in found if self.lo * 0.999 <= t <= self.hi * 1.001]
            tens = [t for t in inside if math.isclose(math.log10(t) % 1.0, 0.0, abs_tol=1e-9)]
            return inside if len(inside) <= most else tens or inside[:most]
        step = _step((self.hi - self.lo) / max(1, most - 1))
        first = math.ceil(self.lo / step - 1e-9)
        last = math.floor(self.hi / step + 1e-9)
        return [round(k * step, 10) for k in range(first, last + 1)]


def _step(least: float) -> float:
    """Smallest of 1, 2, 2.5, 5 times a power of ten that is not below ``least``."""
    if least <= 0.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= least * 0.999)


def lane(height: int, body: str, *, alt: str = "") -> str:
    """One strip of a plot; decoration unless ``alt`` says what it shows."""
    told = f'role="img" aria-label="{text(alt)}"' if alt else 'aria-hidden="true"'
    return f'<svg width="100%" height="{height}" {told}>{body}</svg>'


def vertical(x: float, top: float, bottom: float, kind: str) -> str:
    """A vertical line at a percentage."""
    return f'<line class="{kind}" x1="{x}%" x2="{x}%" y1="{top:g}" y2="{bottom:g}"/>'


def horizontal(start: float, end: float, y: float, kind: str) -> str:
    """A horizontal line between two percentages."""
    return f'<line class="{kind}" x1="{start}%" x2="{end}%" y1="{y:g}" y2="{y:g}"/>'


def dot(x: float, y: float, kind: str, radius: float = 4.5) -> str:
    """A circle at a percentage."""
    return f'<circle class="{kind}" cx="{x}%" cy="{y:g}" r="{radius:g}"/>'


def label(x: float, y: float, said: str, *, anchor: str = "middle", kind: str = "") -> str:
    """Text at a percentage."""
    of = f' class="{kind}"' if kind else ""
    return f'<text x="{x}%" y="{y:g}" text-anchor="{anchor}"{of}>{text(said)}</text>'


def band(start: float, end: float, y: float, height: float, kind: str) -> str:
    """A bar between two percentages."""
    wide = round(end - start, 2)
    return f'<rect class="{kind}" x="{start}%" width="{wide}%" y="{y:g}" height="{height:g}"/>'


def stretched(y: float, height: float, path: str, kind: str) -> str:
    """A path given in a box of 1000 by 100, laid over a lane's whole width."""
    return (
        f'<svg x="0" y="{y:g}" width="100%" height="{height:g}" viewBox="0 0 1000 100" '
        f'preserveAspectRatio="none"><path class="{kind}" d="{path}" '
        f'vector-effect="non-scaling-stroke"/></svg>'
    )


def path_of(points: Iterable[tuple[float, float]]) -> str:
    """A line through points of the box of 1000 by 100."""
    return "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in points)


def axis_lane(axis: Axis) -> str:
    """The scale under a plot."""
    ticks = axis.ticks()
    body = horizontal(axis.at(axis.lo), axis.at(axis.hi), 1, "base")
    body += "".join(
        vertical(axis.at(t), 1, 5, "base") + label(axis.at(t), 17, f"{t:g}") for t in ticks
    )
    return lane(20, body)
