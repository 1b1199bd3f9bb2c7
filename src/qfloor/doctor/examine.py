"""Run checks one after the other; whatever one of them does, the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from qfloor.doctor.check import Check, Finding, NotRun, Value, agrees, finite
from qfloor.doctor.ground import Ground

Report = Callable[[str, int, int], None]


def examine(checks: Sequence[Check], ground: Ground, report: Report | None = None) -> list[Finding]:
    """Run checks.

    Parameters
    ----------
    checks : sequence of Check
    ground : Ground
        Where published files and weights lie.
    report : callable, optional
        Called as ``report("checks", done, total)``.

    Returns
    -------
    list of Finding
        One a check, in the same order.
    """
    return list(_each(checks, ground, report or (lambda *_: None)))


def _each(checks: Sequence[Check], ground: Ground, report: Report) -> Iterator[Finding]:
    for done, check in enumerate(checks):
        report("checks", done, len(checks))
        yield _examined(check, ground)
    report("checks", len(checks), len(checks))


def _examined(check: Check, ground: Ground) -> Finding:
    started = time.perf_counter()
    try:
        missing = [fault for need in check.needs if (fault := need.fault(ground))]
        if missing:
            return Finding(check=check, outcome="not run", reason="; ".join(missing))
        got = check.measure(ground)
    except NotRun as why:
        return Finding(check=check, outcome="not run", reason=str(why))
    except Exception as error:  # libraries raise what they like, and the other checks go on
        return Finding(
            check=check,
            outcome="FAIL",
            reason=_one_line(error),
            seconds=time.perf_counter() - started,
        )
    return _judged(check, got, time.perf_counter() - started)


def _judged(check: Check, got: Value, seconds: float) -> Finding:
    if not finite(got):
        reason = "what was measured is not a number"
        return Finding(check=check, outcome="FAIL", reason=reason, seconds=seconds)
    if agrees(check, got):
        return Finding(check=check, outcome="pass", got=got, seconds=seconds)
    if check.gap is not None and check.gap.is_(got):
        why = check.gap.reason
        return Finding(check=check, outcome="known gap", got=got, reason=why, seconds=seconds)
    return Finding(check=check, outcome="FAIL", got=got, seconds=seconds)


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    told = lines[0].rstrip(" .:") if lines else ""
    return told if told and type(error).__module__.startswith("qfloor") else _named(error, told)


def _named(error: Exception, told: str) -> str:
    name = type(error).__name__
    return f"{name}: {told}" if told else name
