"""The report as one page: its sections in order, complete in itself.

No script, no font, no picture from elsewhere; the page's own policy forbids the browser to fetch
anything, so that it can be kept, mailed and printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from qfloor.report.content import ReportContent
from qfloor.report.curves import calibration_section
from qfloor.report.drift_page import drift_section
from qfloor.report.floors_plot import floors_section
from qfloor.report.markup import number, paragraph, short, text, usd
from qfloor.report.origins import origins_section
from qfloor.report.outcomes import costs_section, outcomes_section
from qfloor.report.pictures import pictures_section
from qfloor.report.prices_plot import prices_section
from qfloor.report.raters_page import raters_section
from qfloor.report.spreads import spreads_section
from qfloor.report.style import STYLE
from qfloor.report.verdicts_table import best_section, verdicts_section

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"

Section = tuple[str, str, Callable[[ReportContent], str]]
"""Anchor, heading, and what writes the body."""

SECTIONS: tuple[Section, ...] = (
    ("best", "What to use", best_section),
    ("floors", "Floors", floors_section),
    ("verdicts", "Verdicts", verdicts_section),
    ("prices", "Price against floor", prices_section),
    ("spreads", "Distributions", spreads_section),
    ("outcomes", "Refusals and failures", outcomes_section),
    ("drift", "What changed", drift_section),
    ("raters", "Raters", raters_section),
    ("calibration", "Metrics against people", calibration_section),
    ("pictures", "Pictures", pictures_section),
    ("costs", "Cost and time", costs_section),
    ("origins", "Where this comes from", origins_section),
)

PAINTERS = (
    "The offers are painters: programs that draw, with declared skill and play-money prices. They "
    "are not AI models, and nothing here says anything about one."
)
SOME_PAINTERS = (
    "Among the offers are painters ({named}): programs that draw, with declared skill and "
    "play-money prices. They are not AI models."
)
ILLUSTRATIVE = "This database is an example and not a measurement."


def render(content: ReportContent) -> str:
    """Write the page.

    Parameters
    ----------
    content : ReportContent

    Returns
    -------
    str
        HTML, complete in itself.
    """
    title = f"{content.about['name']} {content.about['round']}"
    links = "".join(f'<li><a href="#{at}">{text(head)}</a></li>' for at, head, _ in SECTIONS)
    body = "".join(
        f'<section id="{at}"><h2>{text(head)}</h2>{write(content)}</section>'
        for at, head, write in SECTIONS
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{text(title)}: how bad the bad days are</title><style>{STYLE}</style></head>"
        f'<body>{_head(content)}<main><nav aria-label="Sections"><ul>{links}</ul></nav>'
        f"{body}</main>{_foot(content)}</body></html>\n"
    )


def _head(content: ReportContent) -> str:
    told = content.provenance.get("title") or content.about["name"]
    notes = content.provenance.get("notes")
    warnings = [*_painted(content), *[ILLUSTRATIVE] * bool(content.about["illustrative"])]
    said = "".join(paragraph(warning, "warn") for warning in warnings)
    said += paragraph(str(notes), "dim") if notes and PAINTERS not in warnings else ""
    return (
        f"<header><h1>{text(told)}</h1>"
        f"{paragraph(_subtitle(content), 'dim')}{said}{_facts(content)}</header>"
    )


def _painted(content: ReportContent) -> list[str]:
    """Say which offers are no models: all of them, or by name."""
    if not content.painters:
        return []
    if len(content.painters) == len(content.offers):
        return [PAINTERS]
    return [SOME_PAINTERS.format(named=", ".join(map(short, content.painters)))]


def _subtitle(content: ReportContent) -> str:
    about, quality = content.about, content.quality
    scale = "" if quality["lo"] is None else f", {quality['lo']:g} to {quality['hi']:g}"
    return (
        f"Round {about['round']}. The lower quartile of {quality['name']}{scale} "
        f"({quality['source']}), with bounds that hold for all offers of a category together. "
        f"Digest {about['digest']}."
    )


def _facts(content: ReportContent) -> str:
    rulings = Counter(v["ruling"] for v in content.verdicts)
    spent = sum(s["amount_nanousd"] for s in content.tables.get("spending", ())) / 1e9
    facts: Iterable[tuple[str, str]] = (
        (number(len(content.offers)), "offers"),
        (number(len(content.places)), "category" if len(content.places) == 1 else "categories"),
        (number(sum(f["n_outputs"] for f in content.floors)), "outputs judged"),
        (number(sum(f["n_values"] for f in content.floors)), "judgments"),
        (number(rulings["certified"]), "certified"),
        (number(rulings["undecided"]), "undecided"),
        (number(rulings["rejected"]), "rejected"),
        (usd(spent) if content.tables.get("spending") else "–", "spent"),
    )
    cells = "".join(f'<div class="fact"><b>{a}</b><span>{b}</span></div>' for a, b in facts)
    return f'<div class="facts">{cells}</div>'


def _foot(content: ReportContent) -> str:
    return (
        f"<footer>Written by {text(content.written_by)} at {text(content.written_at)} from the "
        f"release with digest {text(content.about['digest'])}. This page holds no script and "
        "fetches nothing.</footer>"
    )
