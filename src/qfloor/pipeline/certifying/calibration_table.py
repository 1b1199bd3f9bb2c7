"""Calibrations and predictions of a run as one table for people."""

from __future__ import annotations

from typing import Any

from qfloor.pipeline.certifying.findings import Findings
from qfloor.records import Calibration, Prediction


def calibration_rows(findings: Findings) -> list[dict[str, Any]]:
    """One row a learned threshold, and one a threshold at which metrics predict people's fails.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    list of dict
        ``rank`` is Spearman's correlation with people on held-out prompts; ``worst_left_out`` the
        largest excess of a left-out offer's fails (above epsilon, or above what was predicted).
    """
    learned = [_learned(calibration) for calibration in findings.calibrations]
    return learned + [_predicted(prediction) for prediction in findings.predictions]


def _learned(found: Calibration) -> dict[str, Any]:
    return {
        "category": found.category,
        "modality": found.modality,
        "metric": found.metric.partition("@")[0],
        "people_want": found.human_threshold,
        "metric_from": found.metric_threshold,
        "epsilon": found.epsilon,
        "fails": None,
        "brier": None,
        "n_fit": found.n_fit,
        "held_out_agreement": found.held_out_agreement,
        **_rank(found),
        "reason": found.reason or None,
    }


def _predicted(found: Prediction) -> dict[str, Any]:
    return {
        "category": found.category,
        "modality": found.modality,
        "metric": " + ".join(key.partition("@")[0] for key in found.metrics),
        "people_want": found.threshold,
        "metric_from": None,
        "epsilon": None,
        "fails": found.fail_rate,
        "brier": found.brier,
        "n_fit": found.n_ratings,
        "held_out_agreement": None,
        **_rank(found),
        "reason": found.reason or None,
    }


def _rank(found: Calibration | Prediction) -> dict[str, float | None]:
    return {
        "rank": found.rank_correlation,
        "rank_lo": found.rank_lo,
        "rank_hi": found.rank_hi,
        "worst_left_out": found.worst_leave_one_model_out,
    }
