"""Tables of the quality database that stand beside floors: shown with them, certifying nothing."""

from __future__ import annotations

from qfloor.export.columns import (
    CATEGORY,
    CELL,
    MAX_FAIL,
    MODALITY,
    OFFER,
    RULINGS,
    TIER,
    Column,
    Table,
)

BESIDE: tuple[Table, ...] = (
    Table(
        "pass_rates",
        "How often a boolean metric is true of an offer's outputs, and how often one passes; "
        "shown beside floors and never a certificate.",
        ("offer_id", "category", "modality", "metric"),
        (
            OFFER,
            CATEGORY,
            MODALITY,
            Column("metric", "text", "as in `metrics.key`"),
            Column("direction", "text", "whether true is good", of=("higher", "lower")),
            Column("n_prompts", "integer", "prompt families with a scored output"),
            Column("n_scored", "integer", "outputs that have a value"),
            Column("n_true", "integer", "of those, how many are true"),
            Column(
                "share_true", "real", "share that is true, prompts weighing the same", null=True
            ),
            Column("share_true_lo", "real", "lower end of its two-sided interval", null=True),
            Column("share_true_hi", "real", "upper end of its two-sided interval", null=True),
            Column(
                "n_asked",
                "integer",
                "outputs of prompts it applies to: refused, blank and unscorable ones do not pass",
            ),
            Column("passed", "real", "share made, deliverable and good of those", null=True),
            Column("passed_lo", "real", "lower end of its two-sided interval", null=True),
            Column("passed_hi", "real", "upper end of its two-sided interval", null=True),
            Column("confidence", "real", "two-sided level of the intervals, uncorrected"),
            Column(
                "method",
                "text",
                "clopper_pearson at one output a prompt; korn_graubard with repeats, prompts being "
                "clusters; korn_graubard_and_exact with few prompts",
            ),
            Column("counts", "object", "outputs by status"),
            Column("reasons", "object", "why outputs have no value, counted"),
            Column(
                "confidence_release",
                "real",
                "two-sided level of the intervals below: all offers of the family at once hold "
                "with the family's alpha, each metric for itself",
                null=True,
            ),
            Column("share_true_lo_release", "real", "lower end at that level", null=True),
            Column("share_true_hi_release", "real", "upper end at that level", null=True),
            Column("passed_lo_release", "real", "lower end at that level", null=True),
            Column("passed_hi_release", "real", "upper end at that level", null=True),
        ),
        since="1.1",
    ),
    Table(
        "tag_floors",
        "Each delivered floor on the prompts of one challenge tag or language; for display: "
        "uncorrected, and never a certificate.",
        ("offer_id", "category", "modality", "quality", "facet", "label"),
        (
            *CELL,
            Column("facet", "text", "what the label is", of=("tag", "language")),
            Column("label", "text", "the challenge tag or language"),
            Column("n_prompts", "integer", "prompt families judged: the statistical n"),
            Column("n_outputs", "integer", "outputs that counted"),
            Column("n_values", "integer", "ratings or scores"),
            Column("fail_rates", "list", "as the table `fail_rates`, at `alpha`"),
            Column("q25", "real", "lower quartile; null when it is a fail", null=True),
            Column("q25_lo", "real", "largest threshold certifiable at `alpha`", null=True),
            Column("alpha", "real", "error probability of each bound, uncorrected"),
            Column("bound", "text", "which bound; empty where nothing counted"),
            Column("reason", "text", "why there is no `q25_lo`"),
        ),
        since="1.1",
    ),
    Table(
        "leave_one_rater_out",
        "What a verdict that is conditional on few raters would be without each of them.",
        ("offer_id", "category", "modality", "quality", "rater_number", "tier"),
        (
            *CELL,
            Column("rater_number", "integer", "who is left out; follows from what they said alone"),
            TIER,
            Column("threshold", "real", "as in `thresholds.value`"),
            MAX_FAIL,
            Column("ruling", "text", "without the rater", of=RULINGS),
            Column("ruling_with_all", "text", "with all", of=RULINGS),
            Column("rate", "real", "estimate of P(fail) without the rater", null=True),
            Column("upper", "real", "upper bound of P(fail) without the rater", null=True),
            Column("q25_lo", "real", "`q25_lo_release` without the rater", null=True),
            Column("n_prompts", "integer", "prompt families judged by the others"),
            Column("n_values", "integer", "their ratings"),
            Column("bound", "text", "which bound decided"),
        ),
        since="1.1",
    ),
)
