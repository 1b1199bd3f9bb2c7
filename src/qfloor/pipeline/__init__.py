"""The stages in order. `run.py` is the file to read first.

This is the only package that knows more than one stage; what crosses stages lives here. Where
to look, by what is asked:

    a run             run, round_money, taking_in, release, raw_rows; adaptive (begin here),
                      adaptive_batches, adaptive_spending, sequential_tables
    rounds/           what a round is: planned, buying, frozen, recorded, prompt_order, traffic,
                      references, anchors; what was judged in it: judging (begin here),
                      judged_round, declared, centring, families, sessions, safety; why there is
                      nothing: unjudged, unmade
    certifying/       floors and verdicts: certify (begin here), findings, ruled, beside, by_metric,
                      vectors, learned, post_hoc; sequential_cells, sequential_findings; before
                      money: planning; as people read them: shown, shown_outputs, explain,
                      calibration_table, threshold_words
    months/           one round after another: monthly, month_log, drift, drift_trees, signs,
                      compared_releases; reporting
    audit/            a release computed again
    blinding/         blind sessions: blind, session_votes, live_audit
    routing, savings  replaying, replay_outputs, savings, workloads, guessed, latency_feed,
                      served, served_bound
"""

from __future__ import annotations

from qfloor.pipeline.adaptive import AdaptiveResult, run_adaptive
from qfloor.pipeline.adaptive_batches import AdaptiveOptions
from qfloor.pipeline.adaptive_spending import Buying
from qfloor.pipeline.audit import Audit, Check, audit
from qfloor.pipeline.certifying.calibration_table import calibration_rows
from qfloor.pipeline.certifying.certify import certify
from qfloor.pipeline.certifying.explain import Example, Explanation, explain
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.shown import (
    floor_rows,
    leave_one_out_rows,
    pass_rate_rows,
    tag_rows,
    undecided_remarks,
)
from qfloor.pipeline.certifying.threshold_words import threshold_remarks, threshold_rows
from qfloor.pipeline.guessed import category_guess
from qfloor.pipeline.months.drift import DriftReport, check_drift
from qfloor.pipeline.release import release_of
from qfloor.pipeline.round_money import forecast_round, summary_of_round
from qfloor.pipeline.rounds.anchors import AnchorReport, check_anchors
from qfloor.pipeline.rounds.buying import plan_round, refuse_unratable
from qfloor.pipeline.rounds.centring import quality_of, reference_for
from qfloor.pipeline.rounds.declared import Declared, declared_of, metric_key, scorers_of
from qfloor.pipeline.rounds.frozen import Difference, PlanState, freeze_plan, plan_state
from qfloor.pipeline.rounds.judging import CellKey, RoundView, human_cells, metric_cells
from qfloor.pipeline.rounds.planned import offers_of, prompts_of, run_id, view_of
from qfloor.pipeline.rounds.references import (
    freeze_reference,
    read_reference,
    reference_called,
    write_reference,
)
from qfloor.pipeline.rounds.sessions import pooling_remarks
from qfloor.pipeline.rounds.unjudged import unjudged_remarks, why_unjudged
from qfloor.pipeline.rounds.unmade import nothing_made
from qfloor.pipeline.run import (
    RunResult,
    certify_round,
    export_round,
    generate_round,
    place_of_release,
    rate_round,
    run,
    score_round,
    score_stored,
)
from qfloor.pipeline.sequential_tables import spent_by_cell, to_rate
from qfloor.pipeline.taking_in import RowTaken, TakenIn, take_in
from qfloor.records import TIERS

__all__ = [
    "TIERS",
    "AdaptiveOptions",
    "AdaptiveResult",
    "AnchorReport",
    "Audit",
    "Buying",
    "CellKey",
    "Check",
    "Declared",
    "Difference",
    "DriftReport",
    "Example",
    "Explanation",
    "Findings",
    "PlanState",
    "RoundView",
    "RowTaken",
    "RunResult",
    "TakenIn",
    "audit",
    "calibration_rows",
    "category_guess",
    "certify",
    "certify_round",
    "check_anchors",
    "check_drift",
    "declared_of",
    "explain",
    "export_round",
    "floor_rows",
    "forecast_round",
    "freeze_plan",
    "freeze_reference",
    "generate_round",
    "human_cells",
    "leave_one_out_rows",
    "metric_cells",
    "metric_key",
    "nothing_made",
    "offers_of",
    "pass_rate_rows",
    "place_of_release",
    "plan_round",
    "plan_state",
    "pooling_remarks",
    "prompts_of",
    "quality_of",
    "rate_round",
    "read_reference",
    "reference_called",
    "reference_for",
    "refuse_unratable",
    "release_of",
    "run",
    "run_adaptive",
    "run_id",
    "score_round",
    "score_stored",
    "scorers_of",
    "spent_by_cell",
    "summary_of_round",
    "tag_rows",
    "take_in",
    "threshold_remarks",
    "threshold_rows",
    "to_rate",
    "undecided_remarks",
    "unjudged_remarks",
    "view_of",
    "why_unjudged",
    "write_reference",
]
