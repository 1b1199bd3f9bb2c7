"""Thresholds that are learned: the rule as it is planned, and what it found with its evidence.

A rule is decided before the data and can be frozen; its number comes from prompts of the fit
split, never from those that certify, and has an error of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qfloor.records.asked import Modality, Split

Rule = Literal["usable-rate", "relative"]


@dataclass(frozen=True, kw_only=True)
class ThresholdRule:
    """How a tier's threshold is to be learned.

    ``usable-rate``
        The smallest quality from which on people call at least the share ``usable`` of outputs
        fit for production, judged by the outputs that just clear it. The flag is the one beside a
        rating, or, with ``criterion``, a 0 or 1 that the same rater gave on that criterion.
    ``relative``
        The upper bound of the ``reference`` offer's own ``max_fail`` quantile, less ``margin``.

    ``level`` is the probability that the learned number is wrong. It is added to the family's:
    a tier's certificates are wrong with probability at most alpha + ``level``.
    """

    category: str
    modality: Modality
    quality: str
    tier: str
    rule: Rule
    level: float
    max_fail: float = 0.25
    usable: float | None = None
    criterion: str = ""
    reference: str = ""
    margin: float | None = None
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class LearnedThreshold:
    """What a rule found on the prompts of ``split``, or why it found nothing.

    Without a ``value`` there is a ``reason``, and the tier has no threshold and no verdicts there.
    ``estimate`` and ``bound`` are about outputs from the value up to ``window_hi``: their usable
    share as seen and its lower bound; or, for a relative rule, the reference's quantile and its
    upper bound. Counts
    are of what the number rests on: all outputs (and ratings) of the split that could be used;
    ``n_lacking`` is how many ratings of them say nothing of usable, or how many of the reference's
    outputs are missing. ``raters`` says whether it holds for raters in general. ``worst_offer``
    names the offer whose outputs at or above the value are least often usable, with that share.
    ``total_error`` is alpha + ``level``; ``fitted_on`` names the rows it rests on by digest.
    """

    category: str
    modality: Modality
    quality: str
    tier: str
    rule: Rule
    max_fail: float
    value: float | None
    level: float
    total_error: float
    usable: float | None
    criterion: str
    reference: str
    margin: float | None
    split: Split
    n_prompts: int
    n_outputs: int
    n_values: int
    n_raters: int | None
    n_lacking: int
    raters: str
    estimate: float | None
    bound: float | None
    decided_by: str
    t_grid: tuple[float, ...]
    worst_offer: str
    worst_share: float | None
    fitted_on: str
    reason: str
    post_hoc: bool | None = False
    window_hi: float | None = None
