"""Tables of thresholds that a run learned; the others are in `schema`."""

from __future__ import annotations

from qfloor.store.schema import evidence_table

LEARNED: tuple[str, ...] = (
    evidence_table(
        "learned_thresholds",
        "category TEXT NOT NULL, modality TEXT NOT NULL, quality TEXT NOT NULL, "
        "tier TEXT NOT NULL, rule TEXT NOT NULL, max_fail REAL NOT NULL, value REAL, "
        "level REAL NOT NULL, total_error REAL NOT NULL, usable REAL, criterion TEXT NOT NULL, "
        "reference TEXT NOT NULL, margin REAL, split TEXT NOT NULL, n_prompts INTEGER NOT NULL, "
        "n_outputs INTEGER NOT NULL, n_values INTEGER NOT NULL, n_raters INTEGER, "
        "n_lacking INTEGER NOT NULL, raters TEXT NOT NULL, estimate REAL, bound REAL, "
        "decided_by TEXT NOT NULL, t_grid TEXT NOT NULL, worst_offer TEXT NOT NULL, "
        "worst_share REAL, fitted_on TEXT NOT NULL, reason TEXT NOT NULL, post_hoc INTEGER, "
        "window_hi REAL, "
        "CHECK ((value IS NULL) = (reason <> ''))",
        "category, modality, quality, tier",
    ),
    *(
        f"ALTER TABLE pass_rates ADD COLUMN {name} REAL"
        for name in (
            "confidence_release",
            "share_true_lo_release",
            "share_true_hi_release",
            "passed_lo_release",
            "passed_hi_release",
        )
    ),
)
