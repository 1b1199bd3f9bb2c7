"""Findings as rows: short ones for people, full ones for programs, and what is left to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qfloor.doctor.check import Check, Finding, Outcome, Value, largest_difference
from qfloor.scorers.rights import Concern, described

_SHOWN = 5


def short_rows(findings: Sequence[Finding]) -> list[dict[str, str | None]]:
    """Return the table: check, metric, expected, got, tolerance, verdict."""
    return [
        {
            "check": finding.check.id,
            "metric": finding.check.metric,
            "expected": shown(finding.check.expected),
            "got": None if finding.got is None else shown(finding.got),
            "tolerance": tolerance(finding.check),
            "verdict": finding.outcome,
        }
        for finding in findings
    ]


def full_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return everything, with full precision."""
    return [
        {
            "check": finding.check.id,
            "says": finding.check.says,
            "metric": finding.check.metric,
            "expected": finding.check.expected,
            "got": finding.got,
            "largest_difference": largest_difference(finding.check, finding.got),
            "tolerance": tolerance(finding.check),
            "verdict": finding.outcome,
            "reason": finding.reason,
            "source": finding.check.source,
            "seconds": round(finding.seconds, 3),
        }
        for finding in findings
    ]


def shown(value: Value) -> str:
    """Write a value in few characters; of many numbers the first and the last.

    Examples
    --------
    >>> shown((1.0, 2.0, 3.0, 4.0, 5.0, 6.5))
    '1 ... 6.5 (6)'
    >>> shown(0.123456789)
    '0.123457'
    """
    if isinstance(value, bool | str):
        return str(value)
    if not isinstance(value, tuple):
        return f"{value:.6g}"
    if len(value) > _SHOWN:
        return f"{value[0]:.6g} ... {value[-1]:.6g} ({len(value)})"
    return ", ".join(f"{one:.6g}" for one in value)


def tolerance(check: Check) -> str:
    """Return the tolerance where numbers are compared; nothing where words or a rule decide."""
    compared = check.suffices is None and not isinstance(check.expected, str)
    return str(check.tolerance) if compared else ""


def explanations(findings: Sequence[Finding]) -> list[str]:
    """Return a sentence for each check that failed, and for each reason of the others."""
    lines = [
        f"FAIL {finding.check.id}: {finding.reason or _difference(finding)}"
        for finding in findings
        if finding.outcome == "FAIL"
    ]
    return [*lines, *_grouped(findings, "known gap"), *_grouped(findings, "not run")]


def _grouped(findings: Sequence[Finding], outcome: Outcome) -> list[str]:
    told: dict[str, list[str]] = {}
    for finding in findings:
        if finding.outcome == outcome:
            told.setdefault(finding.reason or "", []).append(finding.check.id)
    return [f"{outcome} {', '.join(ids)}: {reason}" for reason, ids in told.items()]


def counts(findings: Sequence[Finding]) -> dict[str, int]:
    """Return how many passed, failed, fell into a known gap and were not run."""
    outcomes = [finding.outcome for finding in findings]
    return {
        "passed": outcomes.count("pass"),
        "failed": outcomes.count("FAIL"),
        "known_gaps": outcomes.count("known gap"),
        "not_run": outcomes.count("not run"),
    }


def summary(findings: Sequence[Finding]) -> str:
    """Return the counts in words: ``31 passed, 0 failed, 1 known gap, 9 not run``."""
    told = counts(findings)
    gaps = told["known_gaps"]
    between = f", {gaps} known gap{'s' if gaps > 1 else ''}" if gaps else ""
    return f"{told['passed']} passed, {told['failed']} failed{between}, {told['not_run']} not run"


def concern_rows(concerns: Sequence[Concern]) -> list[dict[str, str]]:
    """Return a row for each of the weights that one must think about before selling anything."""
    return [
        {**described(concern.weights), "metrics": ", ".join(concern.metrics)}
        for concern in concerns
    ]


def _difference(finding: Finding) -> str:
    expected, got = shown(finding.check.expected), shown(finding.got or 0.0)
    difference = largest_difference(finding.check, finding.got)
    off = "" if difference is None else f", off by {difference:.3g}"
    return f"{expected} was expected and {got} was got{off} ({finding.check.says})"
