"""Plots of the report as plain HTML: they follow the width of a phone and the colours of the page.

Each is one element with a text alternative that says what it shows. They draw numbers that were
computed elsewhere.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qfloor import stats

BIN = 0.5


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a stacked bar: its name, share, CSS class, and what is said beside it."""

    name: str
    share: float
    fill: str
    said: str


def stacked(parts: Sequence[Part], what: str) -> str:
    """Draw shares of one whole as a bar with a key."""
    told = ", ".join(f"{p.name} {100 * p.share:.1f} %" for p in parts)
    bars = "".join(
        f'<i class="fill-{p.fill}" style="width:{100 * p.share:.4f}%"></i>' for p in parts
    )
    keys = "".join(
        f'<li><i class="fill-{p.fill}"></i>{html.escape(p.name)} <b>{html.escape(p.said)}</b></li>'
        for p in parts
    )
    alt = html.escape(f"{what}: {told}", quote=True)
    return (
        f'<div class="stack" role="img" aria-label="{alt}">{bars}</div><ul class="key">{keys}</ul>'
    )


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a forest plot."""

    name: str
    found: stats.Estimate
    said: str


def forest(lines: Sequence[Line], limit: float, limit_name: str, what: str) -> str:
    """Draw differences with their intervals against nought and a limit."""
    ends = [end for line in lines for end in _ends(line.found)] + [0.0, limit]
    low, high = min(ends), max(ends)
    room = 0.06 * (high - low) or 0.01
    low, high = low - room, high + room

    def at(value: float) -> float:
        return 100.0 * (value - low) / (high - low)

    rows = []
    for line in lines:
        start, end = _ends(line.found)
        alt = html.escape(f"{line.name}: {line.said}", quote=True)
        bar = ""
        if line.found.low is not None:
            width = at(end) - at(start)
            bar = f'<i class="bar" style="left:{at(start):.3f}%;width:{width:.3f}%"></i>'
        rows.append(
            f'<div class="line"><div class="name">{html.escape(line.name)}</div>'
            f'<div class="track" role="img" aria-label="{alt}">'
            f'<i class="zero" style="left:{at(0.0):.3f}%"></i>'
            f'<i class="limit" style="left:{at(limit):.3f}%"></i>{bar}'
            f'<i class="dot" style="left:{at(line.found.value):.3f}%"></i></div>'
            f'<div class="num">{html.escape(line.said)}</div></div>'
        )
    note = html.escape(f"{what} Thin line: 0. Dashed: {limit_name}.")
    return f'<div>{"".join(rows)}</div><p class="dim">{note}</p>'


def histogram(gaps: Sequence[tuple[float, bool]], limit: float, what: str) -> str:
    """Draw score gaps of detected differences, usable and not, in steps of half a point."""
    values = np.array([gap for gap, _ in gaps])
    usable = np.array([flag for _, flag in gaps], dtype=bool)
    first = min(0.0, BIN * float(np.floor(values.min() / BIN)))
    last = max(limit + 2 * BIN, BIN * float(np.floor(values.max() / BIN)) + BIN)
    edges = np.arange(first, last + BIN / 2.0, BIN)
    # Gaps are multiples of a tenth; half a hundredth keeps 1.0 out of the bin below it.
    counts = [np.histogram(values[part] + 0.005, edges)[0] for part in (~usable, usable)]
    top = max(1, int((counts[0] + counts[1]).max()))
    columns = "".join(
        f'<div class="col"><i class="fill-bad" style="height:{100 * bad / top:.3f}%"></i>'
        f'<i class="fill-{"rou" if edge < limit - 1e-9 else "ref"}" '
        f'style="height:{100 * good / top:.3f}%"></i></div>'
        for edge, bad, good in zip(edges, counts[0], counts[1], strict=False)
    )
    axis = "".join(
        f"<span>{edge:g}</span>" if i % 2 == 0 else "<span></span>"
        for i, edge in enumerate(edges[:-1])
    )
    small = int(((values < limit) & usable).sum())
    alt = (
        f"{what}: {small} of {len(gaps)} are below {limit:g} points and usable, "
        f"{int((~usable).sum())} not usable"
    )
    key = (
        '<ul class="key"><li><i class="fill-rou"></i>below the limit and usable</li>'
        f'<li><i class="fill-ref"></i>{limit:g} point or more, usable</li>'
        '<li><i class="fill-bad"></i>routed side not usable</li></ul>'
    )
    return (
        f'<div class="hist" role="img" aria-label="{html.escape(alt, quote=True)}">{columns}</div>'
        f'<div class="axis" aria-hidden="true">{axis}</div>{key}'
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[int] = ()) -> str:
    """Write a table; the first column and those in ``words`` hold words, the others numbers."""

    def cell(tag: str, i: int, text: str) -> str:
        kind = ' class="words"' if i in words else ""
        return f"<{tag}{kind}>{html.escape(text)}</{tag}>"

    head = "".join(cell("th", i, name) for i, name in enumerate(columns))
    body = "".join(
        f"<tr>{''.join(cell('td', i, text) for i, text in enumerate(row))}</tr>" for row in rows
    )
    whole = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="wide"><table>{whole}</table></div>'


def _ends(found: stats.Estimate) -> tuple[float, float]:
    if found.low is None or found.high is None:
        return found.value, found.value
    return found.low, found.high
