"""Tables of what stands beside a run's floors; the others are in `schema`."""

from __future__ import annotations

from qfloor.store.schema import evidence_table

BESIDE: tuple[str, ...] = (
    evidence_table(
        "pass_rates",
        "offer_id TEXT NOT NULL, category TEXT NOT NULL, modality TEXT NOT NULL, "
        "metric TEXT NOT NULL, direction TEXT NOT NULL, n_prompts INTEGER NOT NULL, "
        "n_scored INTEGER NOT NULL, n_true INTEGER NOT NULL, share_true REAL, "
        "share_true_lo REAL, share_true_hi REAL, n_asked INTEGER NOT NULL, passed REAL, "
        "passed_lo REAL, passed_hi REAL, confidence REAL NOT NULL, method TEXT NOT NULL, "
        "counts TEXT NOT NULL, reasons TEXT NOT NULL",
        "offer_id, category, modality, metric",
    ),
    evidence_table(
        "tag_floors",
        "offer_id TEXT NOT NULL, category TEXT NOT NULL, modality TEXT NOT NULL, "
        "quality TEXT NOT NULL, facet TEXT NOT NULL, label TEXT NOT NULL, "
        "n_prompts INTEGER NOT NULL, n_outputs INTEGER NOT NULL, n_values INTEGER NOT NULL, "
        "fail_rates TEXT NOT NULL, q25 REAL, q25_lo REAL, alpha REAL NOT NULL, "
        "bound TEXT NOT NULL, reason TEXT NOT NULL",
        "offer_id, category, modality, quality, facet, label",
    ),
    evidence_table(
        "leave_one_rater_out",
        "offer_id TEXT NOT NULL, category TEXT NOT NULL, modality TEXT NOT NULL, "
        "quality TEXT NOT NULL, rater_number INTEGER NOT NULL, tier TEXT NOT NULL, "
        "rater TEXT NOT NULL, threshold REAL NOT NULL, max_fail REAL NOT NULL, "
        "ruling TEXT NOT NULL, ruling_with_all TEXT NOT NULL, rate REAL, upper REAL, q25_lo REAL, "
        "n_prompts INTEGER NOT NULL, n_values INTEGER NOT NULL, bound TEXT NOT NULL",
        "offer_id, category, modality, quality, rater_number, tier",
    ),
    "ALTER TABLE verdicts ADD COLUMN panel TEXT",
)
