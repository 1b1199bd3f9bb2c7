"""What stands beside a floor: pass rates, floors of tags and languages, a panel less one rater.

None of it certifies anything: verdicts rest on floors (`found`). It says what a certificate
covers, and on whom it depends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qfloor.records.asked import Modality
from qfloor.records.found import FailRate, Ruling
from qfloor.records.judged import Direction


@dataclass(frozen=True, kw_only=True)
class PassRate:
    """How often a boolean metric is true of an offer's outputs, and how often one passes.

    ``share_true`` is about the ``n_scored`` outputs that have a value, each prompt weighing the
    same, with a two-sided interval. Whether true is good is the metric's ``direction``. An output
    *passes* when it was made, may be delivered and has the good value; ``passed`` is the share
    among the ``n_asked`` outputs of prompts that the metric applies to, in which refused, blank
    and unscorable ones do not pass. Outputs in neither are in ``counts`` (by status) and
    ``reasons``. ``method`` is ``clopper_pearson`` at one output a prompt, ``korn_graubard`` with
    repeats, ``korn_graubard_and_exact`` where few prompts let the exact bound join it. A share is
    None when there is nothing to take it of. Intervals of ``confidence`` are each for itself; those
    ending in ``_release`` hold for all offers of the family at once, each metric for itself.
    """

    offer_id: str
    category: str
    modality: Modality
    metric: str
    direction: Direction
    n_prompts: int
    n_scored: int
    n_true: int
    share_true: float | None
    share_true_lo: float | None
    share_true_hi: float | None
    n_asked: int
    passed: float | None
    passed_lo: float | None
    passed_hi: float | None
    confidence: float
    method: str
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    confidence_release: float | None = None
    share_true_lo_release: float | None = None
    share_true_hi_release: float | None = None
    passed_lo_release: float | None = None
    passed_hi_release: float | None = None


@dataclass(frozen=True, kw_only=True)
class TagFloor:
    """The delivered floor of those prompts of a cell that carry one tag, or are in one language.

    For display only: everything is at ``alpha``, the cell's uncorrected level, and there is no
    verdict. ``q25_lo`` is None with a ``reason`` where no threshold can be certified.
    """

    offer_id: str
    category: str
    modality: Modality
    quality: str
    facet: Literal["tag", "language"]
    label: str
    n_prompts: int
    n_outputs: int
    n_values: int
    fail_rates: tuple[FailRate, ...]
    q25: float | None
    q25_lo: float | None
    alpha: float
    bound: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class LeaveOneOut:
    """What a floor, and its verdict of one tier, would be without one rater of its panel.

    ``rater`` as the workspace's ratings name them, and ``rater_number``, which follows from what
    the rater said alone and is what is published. Levels are those of the floor; ``bound`` is
    what decided without the rater.
    """

    offer_id: str
    category: str
    modality: Modality
    quality: str
    rater_number: int
    tier: str
    rater: str
    threshold: float
    max_fail: float
    ruling: Ruling
    ruling_with_all: Ruling
    rate: float | None
    upper: float | None
    q25_lo: float | None
    n_prompts: int
    n_values: int
    bound: str
