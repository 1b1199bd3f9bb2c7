"""Where the numbers come from: digests, suites, metrics, the frozen plan, error levels."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from qfloor.records.family_errors import family_errors
from qfloor.report.content import ReportContent, Row
from qfloor.report.markup import NOTHING, folded, number, paragraph, share, table, text

LONG = 160
"""Characters from which a value is put behind a line that opens it."""

SAID_ELSEWHERE = frozenset({"title", "notes", "weights", "frozen_plan", "benchmark", "code"})


def origins_section(content: ReportContent) -> str:
    """Give the section's body."""
    about = content.about
    facts = [
        ("benchmark", about["name"]),
        ("round", about["round"]),
        ("release digest", about["digest"]),
        ("made", about["created_at"]),
        ("plan frozen", about.get("frozen_at") or "no plan was frozen before the first score"),
        ("written by", about["written_by"]),
        ("format", about["schema_version"]),
        ("this page", f"{content.written_by}, {content.written_at}"),
    ]
    facts += [
        (key.replace("_", " "), value)
        for key, value in content.provenance.items()
        if key not in SAID_ELSEWHERE and value not in (None, {}, [], "")
    ]
    rows = [[text(name), _value(value)] for name, value in facts]
    return (
        table(["what", "value"], rows, digests={1})
        + _levels(content)
        + _plan(content)
        + _metrics(content)
        + _raw(content)
    )


def _value(value: Any) -> str:
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text(plain) if len(plain) <= LONG else folded(f"{plain[:60]}…", text(plain))


def _levels(content: ReportContent) -> str:
    """What the error levels of the families add up to, in a release and in a year."""
    families = list(family_errors(content.tables).values())
    if not families:
        return ""
    totals = [family.total for family in families]
    release = min(1.0, sum(totals))
    independent = 1.0
    for total in totals:
        independent *= 1.0 - total
    year = 1.0 - independent**12
    errs = ", ".join(sorted({f"{total:g}" for total in totals}))
    learned = (
        " (its alpha, and the level of each threshold that was learned for its tiers)"
        if any(family.levels for family in families)
        else ""
    )
    once = share(1.0 - (1.0 - max(totals)) ** 12)
    risks = (
        f"With {len(families)} families a release holds some false certificate in at most "
        f"{share(release)} of cases ({share(1.0 - independent)} if families err independently); "
        f"over twelve monthly releases one family errs at least once in at most {once}, some "
        f"family in at most {share(year)}."
        if len(families) > 1
        else "There is one family here, so that is what a release risks; over twelve monthly "
        f"releases it errs at least once in at most {once}."
    )
    return "<h3>How often a certificate may be false</h3>" + paragraph(
        f"A family (the offers of one category) errs with probability at most {errs}{learned}. "
        f"{risks} These are ceilings, reached only by offers that lie exactly at a "
        'threshold; family = "release" makes one family of a whole release.'
    )


def _plan(content: ReportContent) -> str:
    plan = content.provenance.get("frozen_plan") or {}
    if not plan.get("frozen"):
        return ""
    differs = plan["differs"]
    if not differs:
        return paragraph(f"The frozen plan has digest {plan['digest']}; nothing differs from it.")
    rows = [[text(d["field"]), text(d["frozen"]), text(d["now"])] for d in differs]
    said = "Since the plan was frozen these differ; what they touch is marked post hoc."
    return paragraph(said) + table(["field", "frozen", "now"], rows)


def _metrics(content: ReportContent) -> str:
    metrics = content.tables["metrics"]
    if not metrics:
        return ""
    weights = content.provenance.get("weights") or {}
    rows = [
        [
            text(m["name"]),
            text(m["key"].partition("@")[2]),
            text(m["unit"]),
            text(f"{number(m['lo'])} to {number(m['hi'])}, {m['direction']} is better"),
            _weights(weights.get(m["key"], [])),
            text(m["execution"].get("runtime") or NOTHING),
        ]
        for m in metrics
    ]
    heads = ["metric", "identity", "unit", "scale", "weights", "ran on"]
    return "<h3>Metrics</h3>" + table(heads, rows, digests={1}, words={4})


def _weights(found: list[Row]) -> str:
    told = {f"{w['name']} ({w.get('licence') or 'licence unknown'})" for w in found}
    return text("; ".join(sorted(told)) or "none: a formula")


def _raw(content: ReportContent) -> str:
    rows = content.tables.get("raw_rows", ())
    if not rows:
        return ""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row["kind"].partition("@")[0]] += row["n"]
    told = ", ".join(f"{n:,} {kind}" for kind, n in counted.items())
    cells = [
        [text(content.name(r["offer_id"])), text(r["kind"].partition("@")[0]), number(r["n"]),
         text(r["digest"])]
        for r in rows
    ]  # fmt: skip
    listed = table(["offer", "rows of", "n", "digest"], cells, numeric={2}, digests={3})
    folds = folded("Digests by offer", listed, "screen")
    return (
        f"<h3>Raw rows</h3><p>{text(told)}. <code>qfloor verify quality.db --store "
        f"WORKSPACE</code> computes everything again from them.</p>{folds}"
    )
