"""What a check is, what it may need, and what came of it. Knows no metric.

A check says beforehand what number is due, how far off it may be and who published it; only what
was got is computed. One that lacks a package, a published file or weights is *not run*, which is
neither good nor bad and says what to fetch. A published number that we do not reproduce, for a
reason that was looked into, is a *known gap* with our own number beside it: never a pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from qfloor.doctor.ground import Ground

Value = bool | int | float | str | tuple[float, ...]
Outcome = Literal["pass", "FAIL", "known gap", "not run"]

OWN = "own, 2026-11"
"""Source of a number that only our implementation ever gave: guards against change, no more."""
BY_DEFINITION = "by definition"
"""Source of a number that follows from the formula."""


class NotRun(Exception):  # noqa: N818  (a finding about a machine, not an error)
    """Raised by a measurement that finds out midway that this machine cannot do it."""


class Need(Protocol):
    """Something a check cannot do without."""

    @property
    def says(self) -> str:
        """What it is, for the list of checks: ``files of laion_v1``."""

    def fault(self, ground: Ground) -> str | None:
        """Say what is missing and how to get it; None when it is here."""


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far from what was expected is still right: the larger of two allowances.

    Attributes
    ----------
    absolute : float
        In the unit of the metric.
    relative : float
        As a share of the size of the expected number.
    """

    absolute: float = 0.0
    relative: float = 0.0

    def allows(self, expected: float, got: float) -> bool:
        """Whether ``got`` is near enough; what is not a number never is."""
        allowance = max(self.absolute, self.relative * abs(expected))
        return math.isfinite(got) and abs(got - expected) <= allowance

    def __str__(self) -> str:
        parts = [f"{self.absolute:g}"] if self.absolute else []
        parts += [f"{100 * self.relative:g}%"] if self.relative else []
        return " or ".join(parts) or "exact"


EXACT = Tolerance()


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A published number that is not reproduced: ``ours`` comes instead, for a stated reason."""

    ours: float
    reason: str

    def is_(self, got: Value) -> bool:
        """Whether what was got is the number that is known to come."""
        near = Tolerance(absolute=1e-4, relative=1e-4)
        return not isinstance(got, bool | str | tuple) and near.allows(self.ours, got)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One promise about one metric on this machine.

    Attributes
    ----------
    id : str
        Small letters, digits and hyphens.
    says : str
        What is checked, in a few words.
    metric : str
        The metric it speaks for, or ``-``.
    expected : bool, int, float, str or tuple of float
        What is due. A text may also describe what ``suffices`` decides.
    measure : callable
        Given the `Ground`, returns what was got; imports what it needs itself. May raise
        anything: the check has then failed with that error's first line.
    tolerance : Tolerance
        For numbers; each of several is compared by itself.
    source : str
        Who published the expected number; `OWN` or `BY_DEFINITION` where nobody had to.
    needs : tuple of Need
        Looked for before anything is imported.
    suffices : callable, optional
        Decides in place of a comparison.
    gap : Gap, optional
        What we give instead of the published number, and why.
    """

    id: str
    says: str
    metric: str
    expected: Value
    measure: Callable[[Ground], Value]
    tolerance: Tolerance = EXACT
    source: str
    needs: tuple[Need, ...] = ()
    suffices: Callable[[Any], bool] | None = None
    gap: Gap | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of a check.

    Attributes
    ----------
    check : Check
    outcome : {"pass", "FAIL", "known gap", "not run"}
    got : bool, int, float, str, tuple of float or None
        None when nothing was measured.
    reason : str, optional
        What is missing, why there is a gap, or the error in one line.
    seconds : float
    """

    check: Check
    outcome: Outcome
    got: Value | None = None
    reason: str | None = None
    seconds: float = 0.0


def agrees(check: Check, got: Value) -> bool:
    """Whether what was got is what the check expects."""
    if check.suffices is not None:
        return check.suffices(got)
    expected = check.expected
    if isinstance(expected, bool | str) or isinstance(got, bool | str):
        return type(got) is type(expected) and got == expected
    ours, due = _numbers(got), _numbers(expected)
    if len(ours) != len(due):
        return False
    return all(check.tolerance.allows(d, o) for d, o in zip(due, ours, strict=True))


def largest_difference(check: Check, got: Value | None) -> float | None:
    """Return the largest |got - expected|, or None where these are not as many numbers."""
    if got is None or any(isinstance(v, bool | str) for v in (got, check.expected)):
        return None
    ours, due = _numbers(got), _numbers(check.expected)
    if len(ours) != len(due):
        return None
    return max(abs(o - d) for o, d in zip(ours, due, strict=True))


def finite(got: Value) -> bool:
    """Whether all of what was got is numbers (or words)."""
    return isinstance(got, bool | str) or all(map(math.isfinite, _numbers(got)))


def _numbers(value: Any) -> Sequence[float]:
    return value if isinstance(value, tuple) else (value,)
