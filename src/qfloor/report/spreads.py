"""How the values of each cell are spread: a ridge an offer, its lower quartile marked.

A scale of few steps is drawn as bars, one a step; a finer one as a smoothed histogram, which is
what came out and no fitted curve.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from qfloor.counting import several
from qfloor.records import TIERS
from qfloor.report.content import Place, ReportContent, Row, Spread
from qfloor.report.drawing import INSET, Axis, axis_lane, dot, horizontal, lane, path_of, stretched
from qfloor.report.drawing import vertical as upright
from qfloor.report.floors_plot import axis_of
from qfloor.report.markup import figure, number, paragraph, share, text

HEIGHT = 34
FEW_STEPS = 12
BINS = 40
_KERNEL = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0


def spreads_section(content: ReportContent) -> str:
    """Give the section's body."""
    if not content.spreads:
        return paragraph(content.absent.get("spreads", "No values are at hand."), "dim")
    axis = axis_of(content)
    plots = "".join(_plot(content, place, axis) for place in content.places)
    said = (
        f"Every value of {content.quality['name']}, an offer a lane. The circle is the lower "
        "quartile, the orange bar its bound; the shade is the highest tier certified. ✕ is the "
        "share that failed outright (refused, blank) and has no value."
    )
    return paragraph(said) + f'<div class="grid">{plots}</div>'


def _plot(content: ReportContent, place: Place, axis: Axis) -> str:
    found = [(f, content.spreads.get((f["offer_id"], *place))) for f in content.floors_at(place)]
    drawn = [(f, spread) for f, spread in found if spread is not None]
    step = content.quality["step"]
    rows = "".join(_row(content, f, spread, axis, step) for f, spread in drawn)
    foot = f'<div class="row bare"><span></span>{axis_lane(axis)}<span></span></div>'
    told = ", ".join(f"{content.name(f['offer_id'])} {_five(spread)}" for f, spread in drawn)
    alt = f"Distributions in {place[0]} ({place[1]}): {told}."
    n = sum(len(spread.values) for _, spread in drawn)
    return figure(" · ".join(place), several(n, "value"), alt, rows + foot)


def _five(spread: Spread) -> str:
    """Quartiles in words."""
    if not spread.values:
        return "without a value"
    low, middle, high = np.quantile(spread.values, (0.25, 0.5, 0.75), method="inverted_cdf")
    return f"quartiles {number(low)}, {number(middle)}, {number(high)}"


def _row(content: ReportContent, floor: Row, spread: Spread, axis: Axis, step: float | None) -> str:
    best = content.best_tier(floor)
    kind = f"f{0 if best is None else TIERS.index(best) + 1}"
    body = _shape(np.asarray(spread.values), axis, step, kind)
    body += horizontal(axis.at(axis.lo), axis.at(axis.hi), HEIGHT - 2, "base")
    low, quartile = floor["q25_lo_release"], floor["q25"]
    if low is not None:
        body += upright(axis.at(low), HEIGHT - 16, HEIGHT, "bound")
    if quartile is not None:
        body += dot(axis.at(quartile), HEIGHT - 2, "dot", 4)
    total = len(spread.values) + spread.outright
    fails = f"✕ {share(spread.outright / total)}" if spread.outright else ""
    name = text(content.name(floor["offer_id"]))
    return (
        f'<div class="row"><span class="name">{name}</span>{lane(HEIGHT, body)}'
        f'<span class="dim small">{fails}</span></div>'
    )


def _shape(values: npt.NDArray[np.float64], axis: Axis, step: float | None, kind: str) -> str:
    if not values.size:
        return ""
    edges, few = _edges(axis, step)
    counts = np.histogram(values, edges)[0].astype(float)
    if few:
        corners = [(x, y) for (a, b), y in zip(pairwise(edges), counts, strict=True) for x in (a, b)
                   for y in (y,)]  # fmt: skip
    else:
        counts = np.convolve(counts, _KERNEL, mode="same")
        corners = list(zip((edges[1:] + edges[:-1]) / 2.0, counts, strict=True))
    top = float(counts.max())
    xs = [10.0 * _percent(axis, x) for x, _ in corners]
    line = [(x, 100.0 - 96.0 * y / top) for x, (_, y) in zip(xs, corners, strict=True)]
    closed = [(xs[0], 100.0), *line, (xs[-1], 100.0)]
    return stretched(2, HEIGHT - 4, path_of(closed), kind)


def _percent(axis: Axis, x: float) -> float:
    """As `Axis.at`, but bars of the end steps may stand out a little."""
    share_of = (x - axis.lo) / (axis.hi - axis.lo) if axis.hi > axis.lo else 0.5
    return min(max(INSET + (100.0 - 2.0 * INSET) * share_of, 0.0), 100.0)


def _edges(axis: Axis, step: float | None) -> tuple[npt.NDArray[np.float64], bool]:
    width = axis.hi - axis.lo
    if step and width / step <= FEW_STEPS:
        steps = np.arange(axis.lo, axis.hi + step / 2.0, step)
        return np.append(steps - step / 2.0, steps[-1] + step / 2.0), True
    return np.linspace(axis.lo, axis.hi, BINS + 1), False
