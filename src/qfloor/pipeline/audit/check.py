"""One line of an audit: what was looked at, what it should be, what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qfloor.counting import several

Verdict = Literal["ok", "DIFFERS", "missing"]

NAMED = 5
"""What one check names of all that it found; it counts the others."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of an audit.

    ``details`` name what differs, row by row, or say how the check was made.
    """

    check: str
    expected: str
    found: str
    verdict: Verdict
    details: tuple[str, ...] = ()

    def to_row(self) -> dict[str, Any]:
        """Give it as a row of a table, without its details."""
        return {
            "check": self.check,
            "expected": self.expected,
            "found": self.found,
            "verdict": self.verdict,
        }


def same(check: str, expected: object, found: object, *details: str) -> Check:
    """Check that two things are equal."""
    equal = expected == found
    return Check(
        check=check,
        expected=str(expected),
        found=str(found),
        verdict="ok" if equal else "DIFFERS",
        details=details,
    )


def none_of(check: str, total: int, what: str, wrong: Sequence[str]) -> Check:
    """Check that none of many things is wrong, naming the first that are."""
    more = (f"{len(wrong) - NAMED} more",) if len(wrong) > NAMED else ()
    return Check(
        check=check,
        expected=several(total, what),
        found=f"{total - len(wrong)} as they should be" if wrong else f"{total}",
        verdict="DIFFERS" if wrong else "ok",
        details=(*wrong[:NAMED], *more),
    )
