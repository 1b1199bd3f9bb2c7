"""The table of thresholds that were learned, with the evidence each rests on."""

from __future__ import annotations

from qfloor.export.columns import CATEGORY, MAX_FAIL, MODALITY, QUALITY, TIER, Column, Table

LEARNED = Table(
    "learned_thresholds",
    "What each rule for a threshold found on prompts that do not certify, or why it found none.",
    ("category", "modality", "quality", "tier"),
    (
        CATEGORY,
        MODALITY,
        QUALITY,
        TIER,
        Column("rule", "text", "how the value is learned", of=("usable-rate", "relative")),
        MAX_FAIL,
        Column(
            "value",
            "real",
            "as in `thresholds.value`; null when none was found: no verdicts then",
            null=True,
        ),
        Column("level", "real", "probability that the value is wrong"),
        Column(
            "total_error",
            "real",
            "probability that any certificate of this tier here is wrong: the family's alpha and "
            "`level` together",
        ),
        Column(
            "usable",
            "real",
            "usable-rate: wanted share of usable from the value on",
            null=True,
        ),
        Column("criterion", "text", "usable-rate: who says usable; empty for ratings' own flag"),
        Column("reference", "text", "relative: the offer that others are held against"),
        Column("margin", "real", "relative: taken off the reference's quantile", null=True),
        Column("split", "text", "prompts it was learned on; the others certify", of=("fit",)),
        Column("n_prompts", "integer", "prompt families it rests on: the statistical n"),
        Column("n_outputs", "integer", "outputs it rests on"),
        Column("n_values", "integer", "ratings or scores it rests on"),
        Column("n_raters", "integer", "raters, if people judged", null=True),
        Column(
            "n_lacking",
            "integer",
            "ratings there that do not say whether the output is usable; outputs of the reference "
            "that are missing",
        ),
        Column("raters", "text", "whether it holds for raters in general, if people judged"),
        Column(
            "estimate",
            "real",
            "usable share from the value to `window_hi` as seen; the reference's quantile as seen",
            null=True,
        ),
        Column(
            "bound", "real", "lower bound of that share; upper bound of that quantile", null=True
        ),
        Column("decided_by", "text", "which bound decided; empty when none could"),
        Column("t_grid", "list", "candidates of a usable-rate, tested from the highest down"),
        Column(
            "worst_offer",
            "text",
            "offer whose outputs at or above the value are least often usable",
        ),
        Column("worst_share", "real", "usable share there, of that offer, as seen", null=True),
        Column("fitted_on", "text", "digest of the rows it rests on"),
        Column("reason", "text", "why there is no value; empty when there is one"),
        Column(
            "post_hoc",
            "boolean",
            "its rule, or what it rests on, is not what was frozen before the first score; null "
            "where no plan was frozen",
            null=True,
        ),
        Column(
            "window_hi",
            "real",
            "usable-rate: the bound is about outputs from the value up to this one; those above "
            "passed before",
            null=True,
        ),
    ),
    since="1.1",
)
