"""What follows from judgments: qualities, thresholds, calibrations, floors, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from qfloor.records.asked import Modality
from qfloor.records.judged import Metric
from qfloor.records.made import FloorKind
from qfloor.records.reference import ReferenceSet

Correction = Literal["bonferroni", "holm", "by", "e-bh"]
"""How a family's error is shared among its verdicts: family-wise for the first two, else FDR."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Which number a floor is about; thresholds never cross qualities.

    ``source`` is ``human`` (a criterion with its scale), ``metric`` (a metric's key, judged at
    the threshold a calibration learned for the human one), ``prediction-powered`` or
    ``uncalibrated`` (see `qfloor.records.qualities`).
    """

    source: Literal["human", "metric", "prediction-powered", "uncalibrated"]
    name: str
    lo: float | None
    hi: float | None
    step: float | None = None
    metric_key: str | None = None

    @property
    def id(self) -> str:
        """``human:overall[0,10]`` or ``metric:clip.cos@...``."""
        if self.metric_key:
            return f"{self.source}:{self.metric_key}"
        return f"{self.source}:{self.name}[{self.lo:g},{self.hi:g}]"

    def holds(self, value: float) -> bool:
        """Whether a value lies on the scale."""
        return (self.lo is None or self.lo <= value) and (self.hi is None or value <= self.hi)

    @classmethod
    def of_metric(cls, metric: Metric) -> Quality:
        """The quality that a metric's own scale is; an open scale has no bound."""
        return cls(
            source="metric", name=metric.name, lo=metric.lo, hi=metric.hi, metric_key=metric.key
        )


@dataclass(frozen=True, kw_only=True)
class CentredQuality(Quality):
    """A metric that compares only within a prompt, less the prompt's centre in a reference set.

    ``reference`` is the set's digest and part of the id: numbers centred on two sets are two
    qualities, so no threshold, floor or verdict of one can meet those of the other.
    """

    reference: str

    @property
    def id(self) -> str:
        """``metric:preference.hps_v2_1@...~centred:<digest of the reference set>``."""
        return f"{super().id}~centred:{self.reference}"

    @classmethod
    def of_reference(cls, metric: Metric, reference: ReferenceSet) -> CentredQuality:
        """The scale of differences from a reference set's centres: as wide each way as the metric.

        Raises
        ------
        CertificationError
            When the set was frozen on another metric, or on another identity of it.
        """
        reference.check_metric(metric)
        closed = metric.lo is not None and metric.hi is not None
        width = metric.hi - metric.lo if closed else None  # type: ignore[operator]
        return cls(
            source="metric",
            name=f"{metric.name}, centred per prompt",
            lo=None if width is None else -width,
            hi=width,
            metric_key=metric.key,
            reference=reference.digest,
        )


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What a tier demands of a category.

    ``post_hoc`` says that it is not the one that was frozen before the first score; None where
    no plan was frozen, so that it cannot be told.
    """

    category: str
    modality: Modality
    quality: str
    tier: str
    value: float
    max_fail: float = 0.25
    rule: Literal["absolute", "usable-rate", "relative"] = "absolute"
    evidence: str = ""
    post_hoc: bool | None = False


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How a metric speaks for people in one category (learn-then-test), and how well."""

    category: str
    modality: Modality
    quality: str
    metric: str
    method: str
    human_threshold: float
    metric_threshold: float | None
    epsilon: float
    alpha: float
    t_grid: tuple[float, ...]
    n_fit: int
    n_passed: int
    fitted_on: str
    held_out_agreement: float | None
    worst_leave_one_model_out: float | None
    display: tuple[tuple[float, float], ...] = ()
    reason: str = ""
    rank_correlation: float | None = None
    rank_lo: float | None = None
    rank_hi: float | None = None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """How well metrics predict people's fails at one threshold in one category.

    All figures are of predictions by models that saw no rating of the prompt. ``reliability``
    holds bins of (mean prediction, share of fails, ratings), ``transfer`` each offer's (id, true
    fail rate, predicted by a model that never saw the offer), ``worst_leave_one_model_out`` the
    largest excess of the true one, ``coefficients`` the metrics' weights in the index, and
    ``display`` the curve from the index to a 0-10 quality. Without a fit, ``reason`` says why.
    """

    category: str
    modality: Modality
    quality: str
    metrics: tuple[str, ...]
    threshold: float
    method: str
    n_ratings: int
    n_prompts: int
    fitted_on: str
    coefficients: tuple[float, ...] = ()
    fail_rate: float | None = None
    brier: float | None = None
    reliability: tuple[tuple[float, float, int], ...] = ()
    rank_correlation: float | None = None
    rank_lo: float | None = None
    rank_hi: float | None = None
    transfer: tuple[tuple[str, float, float], ...] = ()
    worst_leave_one_model_out: float | None = None
    display: tuple[tuple[float, float], ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class FailRate:
    """Estimate and one-sided upper bound of P(score < threshold) at one threshold.

    ``upper_one_repeat`` is the exact bound of one value a prompt, drawn by hash, beside whichever
    bound decided;
    None where there is but one value a prompt, so that it is the same.
    """

    threshold: float
    fails: float
    n: int
    rate: float
    upper: float
    upper_one_repeat: float | None = None


@dataclass(frozen=True, kw_only=True)
class Floor:
    """What is known of an offer in a category: its bad days, and how sure we are.

    ``q25_lo_release`` is the largest threshold certifiable at the family's level and alone
    decides verdicts at max_fail .25 under ``bonferroni``; ``q25_lo_cell`` is at the uncorrected
    level and for display. ``q25_hi_release`` is the largest threshold that is *not* rejected at
    the family's level: the upper bound of the lower quartile. ``None`` means that no threshold
    can be certified (for ``hi``: none, or every one, is rejected), or (for q25) that the quartile
    is a fail. ``design_effect`` is values per effective value at the cell's median, and
    ``n_effective`` the values divided by it: independent values that the cell is worth.
    """

    offer_id: str
    category: str
    modality: Modality
    quality: str
    kind: FloorKind
    n_prompts: int
    n_outputs: int
    n_values: int
    counts: Mapping[str, int]
    fail_rates: tuple[FailRate, ...]
    q25: float | None
    q25_harrell_davis: float | None
    q25_lo_release: float | None
    q25_lo_cell: float | None
    mean: float | None
    alpha_release: float
    alpha_cell: float
    family: str
    m: int
    bound: str
    design_effect: float | None
    n_effective: float | None
    n_raters: int | None = None
    population: Mapping[str, Any] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    provisional: bool = False
    q25_hi_release: float | None = None


class Ruling(StrEnum):
    """What a verdict says."""

    CERTIFIED = "certified"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether an offer reliably clears a tier's threshold, and why (not).

    ``post_hoc`` says that its threshold, family or level is not what was frozen before the first
    score; None where no plan was frozen. ``panel`` says, where few people judged, that the verdict
    is conditional on them, and whether it would be another without one of them (`LeaveOneOut`).

    ``correction`` names what decided: the offer is certified where ``p_adjusted`` is at most the
    family's alpha, which says the same as ``upper <= max_fail``, the bound at ``level``.
    ``p_value`` is the smallest level at which its own evidence certifies; ``e_value`` is what
    e-BH judged instead. They are None where nothing could have certified: no values, too much
    missing, provisional.
    """

    offer_id: str
    category: str
    modality: Modality
    quality: str
    tier: str
    threshold: float
    max_fail: float
    ruling: Ruling
    reason: str
    upper: float | None
    lower: float | None
    level: float
    family: str
    m: int
    more_prompts: int | None = None
    valid_until: str | None = None
    post_hoc: bool | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    e_value: float | None = None
    correction: Correction = "bonferroni"
    panel: str | None = None
