"""Tables of the quality database that hold what was found: floors, verdicts, calibrations."""

from __future__ import annotations

from qfloor.export.columns import (
    CATEGORY,
    KIND,
    MAX_FAIL,
    MODALITY,
    OFFER,
    QUALITY,
    TIER,
    Column,
    Table,
)

FOUND: tuple[Table, ...] = (
    Table(
        "floors",
        "What is known of an offer in a category: its bad days, and how sure we are.",
        ("offer_id", "category", "modality", "quality", "kind"),
        (
            OFFER,
            CATEGORY,
            MODALITY,
            QUALITY,
            KIND,
            Column("n_prompts", "integer", "prompt families judged: the statistical n"),
            Column("n_outputs", "integer", "outputs that counted"),
            Column("n_values", "integer", "ratings or scores"),
            Column("counts", "object", "outputs by status"),
            Column(
                "q25", "real", "lower quartile (inverted_cdf); null when it is a fail", null=True
            ),
            Column("q25_harrell_davis", "real", "lower quartile, smoothed", null=True),
            Column(
                "q25_lo_release",
                "real",
                "largest threshold certified at the family's level; alone decides at max_fail .25",
                null=True,
            ),
            Column(
                "q25_lo_cell", "real", "the same at the uncorrected level; display only", null=True
            ),
            Column("mean", "real", "mean of the finite values; display only", null=True),
            Column("alpha_release", "real", "error probability spent on this floor"),
            Column("alpha_cell", "real", "error probability before correction"),
            Column("family", "text", "who was judged together"),
            Column("m", "integer", "size of that family, fixed before the data"),
            Column("bound", "text", "which bound decided"),
            Column("design_effect", "real", "variance against independent outputs", null=True),
            Column("n_effective", "real", "independent outputs this is worth", null=True),
            Column("n_raters", "integer", "raters, if people judged", null=True),
            Column("population", "object", "what it is a statement about: languages, tags, raters"),
            Column("digests", "object", "what it was computed from"),
            Column("provisional", "boolean", "rests on no judgment of this offer; cannot certify"),
        ),
    ),
    Table(
        "fail_rates",
        "Each floor's fail rate at each threshold.",
        ("offer_id", "category", "modality", "quality", "kind", "threshold"),
        (
            OFFER,
            CATEGORY,
            MODALITY,
            QUALITY,
            KIND,
            Column("threshold", "real", "an output below it is a fail"),
            Column("fails", "real", "fails, weighted as the bound counts them"),
            Column("n", "integer", "values"),
            Column("rate", "real", "estimate of P(fail)"),
            Column("upper", "real", "one-sided upper bound of P(fail) at the family's level"),
        ),
    ),
    Table(
        "verdicts",
        "Whether an offer reliably clears a tier, and why (not).",
        ("offer_id", "category", "modality", "quality", "tier"),
        (
            OFFER,
            CATEGORY,
            MODALITY,
            QUALITY,
            TIER,
            Column("threshold", "real", "as in `thresholds.value`"),
            MAX_FAIL,
            Column("ruling", "text", "the verdict", of=("certified", "rejected", "undecided")),
            Column("reason", "text", "why"),
            Column("upper", "real", "upper bound of P(fail) that decided", null=True),
            Column("lower", "real", "lower bound of P(fail)", null=True),
            Column("level", "real", "error probability of the bound"),
            Column("family", "text", "who was judged together"),
            Column("m", "integer", "size of that family"),
            Column(
                "more_prompts", "integer", "prompts still needed at the present estimate", null=True
            ),
            Column("valid_until", "text", "last day the verdict is meant for", null=True),
        ),
    ),
    Table(
        "calibrations",
        "How a metric speaks for people in one category, and how well.",
        ("category", "modality", "quality", "metric", "human_threshold"),
        (
            CATEGORY,
            MODALITY,
            QUALITY,
            Column("metric", "text", "as in `metrics.key`"),
            Column("method", "text", "how it was learned"),
            Column("human_threshold", "real", "the threshold people's ratings must clear"),
            Column("metric_threshold", "real", "what the metric must clear instead", null=True),
            Column("epsilon", "real", "tolerated share of fails among outputs that pass"),
            Column("alpha", "real", "error probability"),
            Column("t_grid", "list", "thresholds tried, in order"),
            Column("n_fit", "integer", "outputs fitted on"),
            Column("n_passed", "integer", "of those, how many pass"),
            Column("fitted_on", "text", "digest of the pairs"),
            Column("held_out_agreement", "real", "agreement on outputs not fitted on", null=True),
            Column(
                "worst_leave_one_model_out", "real", "worst excess for an unseen model", null=True
            ),
            Column("display", "list", "curve from metric to the 0-10 display scale"),
            Column("reason", "text", "why there is no threshold"),
        ),
    ),
)
