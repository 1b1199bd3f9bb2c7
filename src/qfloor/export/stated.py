"""How often a certificate may be false: in a family, in a release, in a year of releases.

A level of 5% is a family's. A release holds several families and a year holds twelve releases, and
whoever reads the year's certificates should know what that adds up to. What this module does not
know: how a bound is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qfloor import stats
from qfloor.export.release import Content

MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class StatedError:
    """What the error levels of a release add up to; each pair is (ceiling, if independent).

    ``shared`` says that the families' own levels are shares of false certificates (BY, e-BH), not
    probabilities of any.
    """

    alphas: tuple[float, ...]
    release: tuple[float, float]
    year_of_a_family: tuple[float, float]
    year: tuple[float, float]
    shared: bool

    def __str__(self) -> str:
        largest = f"{max(self.alphas):.3g}"
        one = "share of false certificates" if self.shared else "probability of a false certificate"
        n = len(self.alphas)
        return (
            f"{one} in a family: at most {largest}; any in this release ({n} "
            f"famil{'y' if n == 1 else 'ies'}): {_both(self.release)}; in {MONTHS} such releases: "
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
    judged = {row["family"] for row in verdicts}
    levels = {f["family"]: float(f["alpha_cell"]) for f in content["floors"]}
    alphas = tuple(levels[family] for family in sorted(judged) if family in levels)
    if not alphas:
        return None
    return StatedError(
        alphas=alphas,
        release=stats.error_over(alphas),
        year_of_a_family=stats.error_over([max(alphas)], MONTHS),
        year=stats.error_over(alphas, MONTHS),
        shared=any(row.get("correction") in ("by", "e-bh") for row in verdicts),
    )
