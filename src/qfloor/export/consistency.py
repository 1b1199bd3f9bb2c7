"""What must hold between the rows of a quality database, whoever wrote it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from qfloor.export.release import Content, Row
from qfloor.export.typed import mistyped
from qfloor.records import TIERS, digest_of

_CLOSE = 1e-9
_NAMING = (
    "thresholds", "floors", "fail_rates", "verdicts", "calibrations", "latency", "pass_rates",
    "tag_floors", "leave_one_rater_out", "learned_thresholds", "prices", "spending",
)  # fmt: skip
_WITHHELD = frozenset({"provisional", "drifted"})
"""Reasons for which a floor that clears a threshold is yet no certificate."""

Place = tuple[Any, ...]


def problems_of(content: Content) -> list[str]:
    """Return everything that contradicts itself, one sentence each; empty when sound."""
    if found := list(mistyped(content)):
        return found  # what else is to be said takes numbers for numbers
    checks = (_unnamed, _unsupported, _unlearned, _unsound_plan, _untimely)
    return [problem for check in checks for problem in check(content)]


def _unsound_plan(content: Content) -> Iterator[str]:
    """A frozen plan whose content is not what its digest names."""
    told = {row["key"]: row["value"] for row in content["provenance"]}
    plan = told.get("frozen_plan", {})
    if plan.get("frozen") and digest_of(plan["content"]) != plan["digest"]:
        yield f"its frozen plan is not what its digest names, {plan['digest']}"
    about = content["release"][0]
    if "frozen_at" not in about:  # an earlier version of the format
        return
    at = about["frozen_at"]
    if (at is not None) != bool(plan.get("frozen")):
        yield (
            "its plan is frozen, but not told when"
            if at is None
            else f"it says that its plan was frozen at {at}, but holds no frozen plan"
        )
    elif at is not None and not _is_time(at):
        yield f"its plan was frozen at {at!r}, which is no time"


def _untimely(content: Content) -> Iterator[str]:
    """Latencies that nothing can have."""
    for row in content["latency"]:
        for name in ("p50_s", "p95_s"):
            if row[name] is not None and row[name] < 0:
                yield f"latency: {_said(row)}: {name} is {row[name]:g} seconds"


def _unnamed(content: Content) -> Iterator[str]:
    """References to rows that are not there."""
    known = {
        "offer_id": {row["id"] for row in content["offers"]},
        "category": {row["id"] for row in content["categories"]},
        "quality": {row["id"] for row in content["qualities"]},
        "tier": set(TIERS),
    }
    if (n := len(content["release"])) != 1:
        yield f"release: {n} rows, and it is one"
    primary = content["release"][0]["primary_quality"]
    if primary not in known["quality"]:
        yield f"the primary quality {primary!r} is not among its qualities"
    for table in _NAMING:
        for row in content.get(table, ()):  # an earlier version of the format had fewer
            for column in known.keys() & row.keys():
                if row[column] not in known[column]:
                    yield f"{table}: {_said(row)}: unknown {column} {row[column]!r}"
    metrics = {row["key"] for row in content["metrics"]}
    for row in content["qualities"]:
        if row["metric_key"] is not None and row["metric_key"] not in metrics:
            yield f"qualities: {row['id']}: no metric {row['metric_key']!r}"
    for row in content.get("pass_rates", ()):
        if row["metric"] not in metrics:
            yield f"pass_rates: {_said(row)}: no metric {row['metric']!r}"


def _unsupported(content: Content) -> Iterator[str]:
    """Verdicts that their threshold or floor does not bear out."""
    thresholds = {_place(row, "category", "modality", "quality", "tier"): row
                  for row in content["thresholds"]}  # fmt: skip
    floors = {_place(row, "offer_id", "category", "modality", "quality"): row
              for row in content["floors"] if row["kind"] == "delivered"}  # fmt: skip
    lower_is_better = {r["id"] for r in content["qualities"] if r["direction"] == "lower"}
    for verdict in content["verdicts"]:
        demanded = thresholds.get(_place(verdict, "category", "modality", "quality", "tier"))
        floor = floors.get(_place(verdict, "offer_id", "category", "modality", "quality"))
        if demanded is None:
            yield f"verdicts: {_said(verdict)}: there is no such threshold"
        elif (demanded["value"], demanded["max_fail"]) != (
            verdict["threshold"],
            verdict["max_fail"],
        ):
            yield (
                f"verdicts: {_said(verdict)}: judged at {verdict['threshold']:g}, "
                f"but the tier demands {demanded['value']:g}"
            )
        if floor is None:
            yield f"verdicts: {_said(verdict)}: there is no delivered floor under it"
        else:
            sign = -1.0 if verdict["quality"] in lower_is_better else 1.0
            yield from _disagreements(verdict, floor, sign)


def _unlearned(content: Content) -> Iterator[str]:
    """Learned thresholds whose evidence is another number's, or none."""
    if "learned_thresholds" not in content:
        return
    place = ("category", "modality", "tier")
    learned = {_place(row, *place): row for row in content["learned_thresholds"]}
    there = set()
    for row in content["thresholds"]:
        found = learned.get(_place(row, *place))
        if row["quality"].startswith("metric:"):
            continue
        if row["rule"] == "absolute":
            continue
        there.add(_place(row, *place))
        if found is None or (found["rule"], found["value"]) != (row["rule"], row["value"]):
            yield (
                f"thresholds: {_said(row)}: {row['value']:g} by rule {row['rule']}, but what was "
                f"learned there is {_number(None if found is None else found['value'])}"
            )
    for at, row in learned.items():
        if row["value"] is not None and at not in there:
            yield f"learned_thresholds: {_said(row)}: {row['value']:g} is no threshold"
        if (row["value"] is None) != bool(row["reason"]):
            yield f"learned_thresholds: {_said(row)}: neither a value nor a reason, or both"


def _disagreements(verdict: Row, floor: Row, sign: float) -> Iterator[str]:
    certified = verdict["ruling"] == "certified"
    if certified and (verdict["upper"] is None or verdict["upper"] > verdict["max_fail"] + _CLOSE):
        yield (
            f"verdicts: {_said(verdict)}: certified although up to {_number(verdict['upper'])} of "
            f"its outputs may fail and {verdict['max_fail']:g} is allowed"
        )
    if certified and floor["provisional"]:
        yield f"verdicts: {_said(verdict)}: certified on a provisional floor"
    number_decides = verdict.get("correction", "bonferroni") == "bonferroni"
    if number_decides and abs(verdict["max_fail"] - 0.25) <= _CLOSE:
        yield from _misnumbered(verdict, floor, sign)
    if "p_adjusted" in verdict:  # since version 1.1
        yield from _misjudged(verdict, floor)


def _misnumbered(verdict: Row, floor: Row, sign: float) -> Iterator[str]:
    """A verdict and the published number say the same, where one level serves both."""
    low, certified = floor["q25_lo_release"], verdict["ruling"] == "certified"
    clears = low is not None and sign * low >= sign * verdict["threshold"]
    if certified != clears and not (clears and _withheld(verdict, floor)):
        yield (
            f"verdicts: {_said(verdict)}: {verdict['ruling']} at {verdict['threshold']:g}, but the "
            f"floor is certified to {_number(low)}"
        )


def _misjudged(verdict: Row, floor: Row) -> Iterator[str]:
    """A verdict and its adjusted p-value say the same, whatever the correction."""
    p, alpha, ruling = verdict["p_adjusted"], floor["alpha_cell"], verdict["ruling"]
    clears = p is not None and p <= alpha
    if (ruling == "certified") != clears and not (clears and _withheld(verdict, floor)):
        yield (
            f"verdicts: {_said(verdict)}: {ruling} at an adjusted p-value of {_number(p)}, "
            f"and the family's alpha is {alpha:g}"
        )


def _withheld(verdict: Row, floor: Row) -> bool:
    return floor["provisional"] or verdict["reason"] in _WITHHELD


def _place(row: Row, *names: str) -> Place:
    return tuple(row[name] for name in names)


def _said(row: Row) -> str:
    names = ("offer_id", "category", "modality", "tier")
    return " ".join(str(row[name]) for name in names if name in row)


def _is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.4g}"
