"""The types every stage speaks: frozen, keyword-only, standard library only.

==========  =============================================================
`asked`     categories, tiers, prompts, suites
`bought`    offers: what is judged, with prices, rights and dates
`made`      outputs, the status table, the ledger's attempts
`judged`    metrics and scores, ratings and comparisons
`parity`    what a check of a coarser precision found
`reference` the frozen reference sets that metrics within a prompt are centred on
`sequential` what a test that looks after every prompt has used up
`found`     qualities, thresholds, calibrations, floors, verdicts
`needed`    what an undecided verdict lacks, in words
`rules`     thresholds that are learned: the rule as planned, and what it found
`frozen`    what is left out, and plans frozen before the first score
`raw`       digests of the rows that findings rest on, and what they cost
`beside`    pass rates, floors of tags and languages, panels less one rater
`traffic`   a team's own mix of requests
`drift`     what a comparison of two rounds found
`family_errors`  how often some certificate of a family may be wrong
`plain`     records as JSON, and the digests that name them
==========  =============================================================

A record knows its fields and how it is named by a digest; it knows nothing of files, SQL or
providers. Validation of what people write happens at the edges (`suite`, `benchmark`,
`ratings`), so a record that exists is well formed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from qfloor.records.asked import (
    CATEGORIES,
    GENERAL,
    PRIVATE,
    TIER_ALIASES,
    TIERS,
    Category,
    Modality,
    Prompt,
    Split,
    Suite,
    aspect_ratio_of,
    category_of,
)
from qfloor.records.bought import (
    Capabilities,
    Lifecycle,
    Offer,
    PluginSpec,
    PriceComponent,
    PriceRule,
    RateLimits,
    Rights,
)
from qfloor.records.plain import canonical_json, digest_of, to_plain

if TYPE_CHECKING:
    from qfloor.records.beside import LeaveOneOut, PassRate, TagFloor
    from qfloor.records.drift import EVERY, DriftFinding, DriftWord
    from qfloor.records.found import (
        Calibration,
        CentredQuality,
        Correction,
        FailRate,
        Floor,
        Prediction,
        Quality,
        Ruling,
        Threshold,
        Verdict,
    )
    from qfloor.records.frozen import Exclusion, FrozenPlan
    from qfloor.records.judged import (
        Comparable,
        Comparison,
        Direction,
        Linking,
        Metric,
        Rating,
        Score,
        ScoreStatus,
        WeightsRights,
        Winner,
    )
    from qfloor.records.made import (
        COMPARED_SUFFIX,
        CONTROLS_SUFFIX,
        REASONS,
        STATUS_TABLE,
        Attempt,
        CountsAs,
        Event,
        FloorKind,
        Output,
        Status,
        home_round,
        output_id,
        output_ids,
    )
    from qfloor.records.parity import Parity
    from qfloor.records.qualities import (
        CompositeQuality,
        PoweredQuality,
        human_part,
        kind_of_quality,
    )
    from qfloor.records.raw import RawRows, Spent
    from qfloor.records.reference import ReferenceOutput, ReferencePrompt, ReferenceSet
    from qfloor.records.rules import LearnedThreshold, ThresholdRule
    from qfloor.records.sequential import SeenOutput, SequentialState, TierRuling
    from qfloor.records.traffic import Strata, Traffic

_LATER: dict[str, str] = {
    name: module
    for module, names in {
        "beside": "LeaveOneOut PassRate TagFloor",
        "drift": "DriftFinding DriftWord EVERY",
        "found": "Calibration CentredQuality Correction FailRate Floor "
        "Prediction Quality Ruling Threshold Verdict",
        "frozen": "Exclusion FrozenPlan",
        "judged": "Comparable Comparison Direction Linking Metric "
        "Rating Score ScoreStatus WeightsRights Winner",
        "made": "Attempt COMPARED_SUFFIX CONTROLS_SUFFIX CountsAs Event FloorKind "
        "Output REASONS STATUS_TABLE Status home_round output_id output_ids",
        "parity": "Parity",
        "qualities": "CompositeQuality PoweredQuality human_part kind_of_quality",
        "raw": "RawRows Spent",
        "reference": "ReferenceOutput ReferencePrompt ReferenceSet",
        "rules": "LearnedThreshold ThresholdRule",
        "sequential": "SeenOutput SequentialState TierRuling",
        "traffic": "Strata Traffic",
    }.items()
    for name in names.split()
}


if not TYPE_CHECKING:  # mypy knows the names above, and would take any other for one of these

    def __getattr__(name: str) -> Any:
        """Load what a router does without only when somebody asks for it."""
        module = _LATER.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
        return found


__all__ = [
    "CATEGORIES",
    "COMPARED_SUFFIX",
    "CONTROLS_SUFFIX",
    "EVERY",
    "GENERAL",
    "PRIVATE",
    "REASONS",
    "STATUS_TABLE",
    "TIERS",
    "TIER_ALIASES",
    "Attempt",
    "Calibration",
    "Capabilities",
    "Category",
    "CentredQuality",
    "Comparable",
    "Comparison",
    "CompositeQuality",
    "Correction",
    "CountsAs",
    "Direction",
    "DriftFinding",
    "DriftWord",
    "Event",
    "Exclusion",
    "FailRate",
    "Floor",
    "FloorKind",
    "FrozenPlan",
    "LearnedThreshold",
    "LeaveOneOut",
    "Lifecycle",
    "Linking",
    "Metric",
    "Modality",
    "Offer",
    "Output",
    "Parity",
    "PassRate",
    "PluginSpec",
    "PoweredQuality",
    "Prediction",
    "PriceComponent",
    "PriceRule",
    "Prompt",
    "Quality",
    "RateLimits",
    "Rating",
    "RawRows",
    "ReferenceOutput",
    "ReferencePrompt",
    "ReferenceSet",
    "Rights",
    "Ruling",
    "Score",
    "ScoreStatus",
    "SeenOutput",
    "SequentialState",
    "Spent",
    "Split",
    "Status",
    "Strata",
    "Suite",
    "TagFloor",
    "Threshold",
    "ThresholdRule",
    "TierRuling",
    "Traffic",
    "Verdict",
    "WeightsRights",
    "Winner",
    "aspect_ratio_of",
    "canonical_json",
    "category_of",
    "digest_of",
    "home_round",
    "human_part",
    "kind_of_quality",
    "output_id",
    "output_ids",
    "to_plain",
]
