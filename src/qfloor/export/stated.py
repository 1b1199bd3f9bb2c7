"""How often a certificate may be false: in a family, in a release, in a year of releases.

A level of 5% is a family's. A release holds several families and a year holds twelve releases, and
whoever reads the year's certificates should know what that adds up to. What this module does not
know: how a bound is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qfloor import stats
from qfloor.counting import several
from qfloor.export.release import Content
from qfloor.records.family_errors import family_errors

MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class StatedError:
    """What the error levels of a release add up to; each pair is (ceiling, if independent).

    ``alphas`` are of whole families: of their floors, and of the thresholds that were ``learned``
    for their tiers. ``floors_alone`` and ``learned`` are the two parts of the largest. ``shared``
    says that the families' own levels are shares of false certificates (BY, e-BH), not
    probabilities of any.
    """

    alphas: tuple[float, ...]
    floors_alone: float
    learned: tuple[float, ...]
    release: tuple[float, float]
    year_of_a_family: tuple[float, float]
    year: tuple[float, float]
    shared: bool

    def __str__(self) -> str:
        largest = f"{max(self.alphas):.3g}"
        one = "share of false certificates" if self.shared else "probability of a false certificate"
        if self.learned:
            n = len(self.learned)
            largest += (
                f" ({self.floors_alone:.3g} of its floors, {sum(self.learned):.3g} of "
                f"{several(n, 'learned threshold')})"
            )
        n = len(self.alphas)
        return (
            f"{one} in a family: at most {largest}; any in this release ("
            f"{several(n, 'family')}): {_both(self.release)}; in {MONTHS} such releases: "
            f"{_both(self.year_of_a_family)} for one family, {_both(self.year)} for all; reached "
            f"only by offers that lie exactly at a threshold"
        )


def _both(pair: tuple[float, float]) -> str:
    return f"at most {pair[0]:.0%}, {pair[1]:.0%} if independent"


def stated_error(content: Content) -> StatedError | None:
    """Add up the error levels that a quality database was judged at; None when it judged nothing.

    Parameters
    ----------
    content : mapping
        As `qfloor.export.read` gives it.
    """
    verdicts: list[dict[str, Any]] = content["verdicts"]
    families = tuple(family_errors(content).values())
    if not families:
        return None
    alphas = tuple(family.total for family in families)
    largest = max(families, key=lambda family: family.total)
    return StatedError(
        alphas=alphas,
        floors_alone=largest.alpha,
        learned=largest.levels,
        release=stats.error_over(alphas),
        year_of_a_family=stats.error_over([max(alphas)], MONTHS),
        year=stats.error_over(alphas, MONTHS),
        shared=any(row.get("correction") in ("by", "e-bh") for row in verdicts),
    )
