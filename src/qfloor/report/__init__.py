"""The report of a release, and plots of what a run found. Nothing here computes a bound.

content.py        what a report is made of        page.py         its sections, in order
floors_plot.py    floors with their bounds        verdicts_table.py  and what would decide
prices_plot.py    price against floor             spreads.py      distributions
outcomes.py       refusals, costs, time           drift_page.py   what changed since
raters_page.py    how far raters agree            curves.py       metrics against people
pictures.py       outputs at percentiles          stills.py       a file as a small picture
origins.py        digests and provenance
markup.py, drawing.py, style.py                   HTML, SVG and CSS
distributions.py  ridges as a matplotlib figure   explained.py    one floor, explained
"""

from __future__ import annotations

from qfloor.report.content import (
    Clock,
    Picture,
    ReportContent,
    Since,
    Spread,
    Strip,
)
from qfloor.report.distributions import plot_distributions
from qfloor.report.explained import page_of
from qfloor.report.page import render

__all__ = [
    "Clock",
    "Picture",
    "ReportContent",
    "Since",
    "Spread",
    "Strip",
    "page_of",
    "plot_distributions",
    "render",
]
