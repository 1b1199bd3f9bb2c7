"""What the analysis of a session was told before the first vote: margins, levels, exclusions.

A margin chosen after looking is no margin. So a plan knows whether it was frozen: one without the
digest of a protocol is post hoc, and claims that rest on its margins are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qfloor.counting import several
from qfloor.errors import InputError

if TYPE_CHECKING:
    from qfloor.abtest.protocol import Protocol


@dataclass(frozen=True, kw_only=True)
class AnalysisPlan:
    """Margins and rules of an analysis.

    Attributes
    ----------
    pd0 : float
        Net discriminability that would matter.
    margin_score : float
        Mean score gap that would matter, in points of 10.
    minor_gap : float
        A gap below this many points is minor.
    alpha : float
        Level of every one-sided test; intervals are two-sided at ``1 - alpha``.
    audit_votes : int
        Fewest votes with which a pair is judged by itself.
    catch_share, median_seconds, side_bias_p : float
        A rater is left out who passes fewer catch trials than this share, answers faster than
        this in the median, or favours a side with a p-value below this.
    reference, routed : str
        What the arms stand for, in words.
    name : str
        Of the session.
    digest : str or None
        Of its protocol; a plan without one was not frozen.
    """

    pd0: float = 0.10
    margin_score: float = 0.5
    minor_gap: float = 1.0
    alpha: float = 0.05
    audit_votes: int = 5
    catch_share: float = 0.8
    median_seconds: float = 1.5
    side_bias_p: float = 0.001
    reference: str = "reference"
    routed: str = "routed"
    name: str = ""
    digest: str | None = None

    def __post_init__(self) -> None:
        """Refuse margins and levels that no analysis can use."""
        for name in ("pd0", "alpha"):
            if not 0.0 < getattr(self, name) < (1.0 if name == "pd0" else 0.5):
                raise InputError(f"{name} is {getattr(self, name):g}, must lie between 0 and 1")
        for name in ("margin_score", "minor_gap"):
            if not 0.0 < getattr(self, name) <= 10.0:
                raise InputError(f"{name} is {getattr(self, name):g}, must be above 0, up to 10")

    @property
    def frozen(self) -> bool:
        """Whether the margins stood before the first vote."""
        return self.digest is not None

    @property
    def confidence(self) -> float:
        """Level of intervals."""
        return 1.0 - self.alpha


@dataclass(frozen=True, kw_only=True)
class EarlyEnd:
    """That voting was ended before the planned votes were in: why, when, and how many lack."""

    reason: str
    at: str
    planned: int
    missing: int

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return (
            f"Voting was ended early, on {self.at[:10]}, with {self.missing:,} of "
            f"{several(self.planned, 'planned vote')} missing. The reason given: {self.reason}"
        )


def plan_of(protocol: Protocol) -> AnalysisPlan:
    """Take the plan of the analysis out of a session's frozen protocol."""
    words = {arm.name: arm.stands_for for arm in protocol.arms}
    return AnalysisPlan(
        pd0=protocol.pd0,
        margin_score=protocol.margin_score,
        minor_gap=protocol.minor_gap,
        alpha=protocol.alpha,
        catch_share=protocol.exclusions.catch_share,
        median_seconds=protocol.exclusions.median_seconds,
        side_bias_p=protocol.exclusions.side_bias_p,
        reference=words.get("reference") or "reference",
        routed=words.get("routed") or "routed",
        name=protocol.name,
        digest=protocol.digest,
    )
