"""The types every stage speaks: frozen, keyword-only, standard library only.

==========  =============================================================
`asked`     categories, prompts, suites
`bought`    offers: what is judged, with prices, rights and dates
`made`      outputs, the status table, the ledger's attempts
`judged`    metrics and scores, ratings and comparisons
`found`     qualities, thresholds, calibrations, floors, verdicts
`plain`     records as JSON, and the digests that name them
==========  =============================================================

A record knows its fields and how it is named by a digest; it knows nothing of files, SQL or
providers. Validation of what people write happens at the edges (`suite`, `benchmark`,
`ratings`), so a record that exists is well formed.
"""

from __future__ import annotations

from qfloor.records.asked import (
    CATEGORIES,
    GENERAL,
    Category,
    Modality,
    Prompt,
    Split,
    Suite,
)
from qfloor.records.bought import (
    Capabilities,
    Lifecycle,
    Offer,
    PluginSpec,
    PriceComponent,
    PriceRule,
    Rights,
)
from qfloor.records.found import (
    TIER_ALIASES,
    TIERS,
    Calibration,
    FailRate,
    Floor,
    Quality,
    Ruling,
    Threshold,
    Verdict,
)
from qfloor.records.judged import (
    Comparison,
    Direction,
    Metric,
    Rating,
    Score,
    ScoreStatus,
    WeightsRights,
)
from qfloor.records.made import (
    REASONS,
    STATUS_TABLE,
    Attempt,
    CountsAs,
    Event,
    FloorKind,
    Output,
    Status,
    output_id,
)
from qfloor.records.plain import (
    canonical_json,
    digest_of,
    to_plain,
)

__all__ = [
    "CATEGORIES",
    "GENERAL",
    "REASONS",
    "STATUS_TABLE",
    "TIERS",
    "TIER_ALIASES",
    "Attempt",
    "Calibration",
    "Capabilities",
    "Category",
    "Comparison",
    "CountsAs",
    "Direction",
    "Event",
    "FailRate",
    "Floor",
    "FloorKind",
    "Lifecycle",
    "Metric",
    "Modality",
    "Offer",
    "Output",
    "PluginSpec",
    "PriceComponent",
    "PriceRule",
    "Prompt",
    "Quality",
    "Rating",
    "Rights",
    "Ruling",
    "Score",
    "ScoreStatus",
    "Split",
    "Status",
    "Suite",
    "Threshold",
    "Verdict",
    "WeightsRights",
    "canonical_json",
    "digest_of",
    "output_id",
    "to_plain",
]
