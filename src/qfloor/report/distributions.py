"""Score distributions per offer and category, with the lower quartile, its bound and the tiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qfloor.counting import several
from qfloor.errors import InputError
from qfloor.records import TIERS
from qfloor.report.markup import names_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# By the highest tier an offer is certified for: a sequence that also reads in grey.
FILLS = {None: "#c9ccd1", "standard": "#a6cbe3", "professional": "#5b9dc9", "premium": "#1f5f8b"}
QUARTILE, BOUND, TIER_LINE, INK = "#20242a", "#d55e00", "#8a8f98", "#20242a"
BINS = 60
ROW_INCHES, HEAD_INCHES, WIDTH_INCHES = 0.34, 1.15, 7.0


def plot_distributions(
    values: pd.DataFrame,
    floors: pd.DataFrame,
    verdicts: pd.DataFrame,
    *,
    scale: tuple[float, float],
    label: str,
    columns: int = 2,
) -> Figure:
    """Draw one panel a category, one ridge an offer, worst bound at the bottom.

    Parameters
    ----------
    values : DataFrame
        Columns ``offer_id``, ``category``, ``modality``, ``value``: ratings or scores.
    floors : DataFrame
        Delivered floors of the same quality (columns of `qfloor.store.Store.floors`).
    verdicts : DataFrame
        Verdicts of the same quality (columns of `qfloor.store.Store.verdicts`).
    scale : (float, float)
        Ends of the quality's scale.
    label : str
        Name and unit of the quality, for the axes.
    columns : int
        Panels side by side.

    Returns
    -------
    matplotlib.figure.Figure
        Hollow dot: q25. Bar: the largest certifiable threshold. Fill: highest certified tier.

    Raises
    ------
    InputError
        When there is nothing to draw.
    """
    from matplotlib.figure import Figure

    places = sorted(set(zip(floors["category"], floors["modality"], strict=True)))
    if not places:
        raise InputError("there are no floors to draw; compute them first with `qfloor floors`")
    per_place = floors.groupby(["category", "modality"]).size().to_dict()
    rows = -(-len(places) // columns)
    heights = [
        max(per_place[p] for p in places[r * columns : (r + 1) * columns]) for r in range(rows)
    ]
    size = (WIDTH_INCHES * columns, sum(ROW_INCHES * h + HEAD_INCHES for h in heights) + 0.6)
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    ratios = [ROW_INCHES * h + HEAD_INCHES for h in heights]
    axes = figure.subplots(rows, columns, squeeze=False, height_ratios=ratios)
    for axis, place in zip(axes.flat, places, strict=False):
        _panel(axis, place, values, floors, verdicts, scale)
        axis.set_xlabel(label)
    for axis in list(axes.flat)[len(places) :]:
        axis.set_axis_off()
    _legend(figure)
    return figure


def _at(frame: pd.DataFrame, place: tuple[str, str]) -> pd.DataFrame:
    return frame[(frame["category"] == place[0]) & (frame["modality"] == place[1])]


def _panel(
    axis: Axes,
    place: tuple[str, str],
    values: pd.DataFrame,
    floors: pd.DataFrame,
    verdicts: pd.DataFrame,
    scale: tuple[float, float],
) -> None:
    here, ruled, given = _at(floors, place), _at(verdicts, place), _at(values, place)
    ordered = sorted(here.to_dict("records"), key=_worst_first)
    for y, floor in enumerate(ordered):
        mine = given.loc[given["offer_id"] == floor["offer_id"], "value"]
        _ridge(axis, y, mine.to_numpy(dtype=float), scale, _best_tier(ruled, floor["offer_id"]))
        for name, marker in (("q25", "quartile"), ("q25_lo_release", "bound")):
            number = _number(floor[name])
            if number is not None:
                _mark(axis, y, number, marker)
    for tier, value in sorted(set(zip(ruled["tier"], ruled["threshold"], strict=True))):
        axis.axvline(float(value), color=TIER_LINE, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        style: dict[str, Any] = {
            "ha": "center",
            "va": "bottom",
            "fontsize": 7.5,
            "color": TIER_LINE,
            "backgroundcolor": "white",  # its own line would run through the word
        }
        axis.text(float(value), len(ordered) + 0.12, tier, **style)
    axis.set_xlim(*scale)
    axis.set_ylim(-0.25, len(ordered) + 0.65)
    axis.set_yticks(range(len(ordered)))
    names = names_of(floors["offer_id"])
    axis.set_yticklabels([names[f["offer_id"]] for f in ordered], fontsize=9)
    axis.tick_params(axis="y", length=0)
    axis.spines[["top", "right", "left"]].set_visible(False)
    prompts = {int(f["n_prompts"]) for f in ordered}
    axis.set_title(
        f"{place[0]} · {place[1]}   ({several(max(prompts), 'prompt')})",
        loc="left",
        fontsize=11,
        color=INK,
    )


def _number(value: Any) -> float | None:
    """A frame's cell as a number, or None where it holds pd.NA."""
    try:
        number = float(value)
    except TypeError:
        return None
    return number if np.isfinite(number) else None


def _worst_first(floor: Mapping[Any, Any]) -> tuple[float, float, str]:
    bound, quartile = _number(floor["q25_lo_release"]), _number(floor["q25"])
    low = float("-inf")
    return (
        low if bound is None else bound,
        low if quartile is None else quartile,
        str(floor["offer_id"]),
    )


def _best_tier(ruled: pd.DataFrame, offer_id: str) -> str | None:
    mine = ruled[(ruled["offer_id"] == offer_id) & (ruled["ruling"] == "certified")]
    held = [tier for tier in TIERS if tier in set(mine["tier"])]
    return held[-1] if held else None


def _ridge(
    axis: Axes, y: int, found: npt.NDArray[np.float64], scale: tuple[float, float], tier: str | None
) -> None:
    """A smoothed histogram: what came out, not a fitted curve."""
    if not found.size:
        return
    edges = np.linspace(*scale, BINS + 1)
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
    density = np.convolve(np.histogram(found, edges)[0].astype(float), kernel, mode="same")
    height = 0.86 * density / density.max()
    middles = (edges[1:] + edges[:-1]) / 2
    axis.fill_between(middles, y, y + height, color=FILLS[tier], linewidth=0, zorder=2)
    axis.plot(middles, y + height, color="white", linewidth=0.8, zorder=3)
    axis.plot(scale, (y, y), color="#e3e5e8", linewidth=0.6, zorder=1)


DOT: dict[str, Any] = {
    "marker": "o",
    "linestyle": "",
    "markersize": 6,
    "markerfacecolor": "white",
    "markeredgecolor": QUARTILE,
}
BAR: dict[str, Any] = {"color": BOUND, "linewidth": 2.4, "solid_capstyle": "butt"}


def _mark(axis: Axes, y: int, number: float, marker: str) -> None:
    if marker == "quartile":
        axis.plot(number, y + 0.1, zorder=5, clip_on=False, **DOT)
    else:
        axis.plot((number, number), (y - 0.08, y + 0.42), zorder=4, clip_on=False, **BAR)


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], label="lower quartile (q25)", **DOT),
        Line2D([], [], label="bound: certified up to here", **BAR),
        *(Patch(color=FILLS[t], label=f"certified: {t or 'no tier'}") for t in FILLS),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
