"""Stage 4: let metrics speak for people where they have earned it.

==============  ============================================================================
`ltt`           from which metric value on are people content? learn-then-test
`sequence`      the order in which it tests its candidates, from strict to lax
`usable`        from which quality on are outputs called fit for production?
`predict`       metrics -> P(human < t), cross-fitted, for prediction-powered floors
`ordinal`       the direction in which several metrics together point: proportional odds
`held_out`      how far metrics agree with people on prompts they never saw
`display`       metric -> 0-10, for display and sorting only
==============  ============================================================================

Never the quantile of regressed scores: averaging put the lower quartile of real ratings at 3.77
where it was 3.00.
"""

from __future__ import annotations

from qfloor.calibrate.display import display_curve
from qfloor.calibrate.held_out import RankAgreement, rank_agreement
from qfloor.calibrate.ltt import (
    CalibrationRequest,
    Learned,
    Pair,
    calibrate,
    learn_threshold,
    total_epsilon,
    total_max_fail,
)
from qfloor.calibrate.ordinal import ProportionalOdds, fit_proportional_odds
from qfloor.calibrate.predict import (
    Example,
    FailModel,
    PredictionRequest,
    Predictor,
    fit_predictor,
    predictions_of,
)
from qfloor.calibrate.usable import Flagged, UsableThreshold, learn_usable

__all__ = [
    "CalibrationRequest",
    "Example",
    "FailModel",
    "Flagged",
    "Learned",
    "Pair",
    "PredictionRequest",
    "Predictor",
    "ProportionalOdds",
    "RankAgreement",
    "UsableThreshold",
    "calibrate",
    "display_curve",
    "fit_predictor",
    "fit_proportional_odds",
    "learn_threshold",
    "learn_usable",
    "predictions_of",
    "rank_agreement",
    "total_epsilon",
    "total_max_fail",
]
