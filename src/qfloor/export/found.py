"""Tables of the quality database that hold what was found: floors, verdicts, calibrations."""

from __future__ import annotations

from qfloor.export.columns import (
    CATEGORY,
    CELL,
    KIND,
    MAX_FAIL,
    MODALITY,
    QUALITY,
    RULINGS,
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
            *CELL,
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
                "largest threshold certified at the family's level; alone decides at max_fail .25 "
                "under the correction bonferroni",
                null=True,
            ),
            Column(
                "q25_lo_cell", "real", "the same at the uncorrected level; display only", null=True
            ),
            Column("mean", "real", "mean of the finite values; display only", null=True),
            Column("alpha_release", "real", "error probability spent on this floor"),
            Column("alpha_cell", "real", "error probability before correction: the family's"),
            Column("family", "text", "who was judged together"),
            Column("m", "integer", "size of that family, fixed before the data"),
            Column("bound", "text", "which bound decided"),
            Column(
                "design_effect",
                "real",
                "values per effective value, at the cell's median: variance of the fail rate "
                "against that of independent values",
                null=True,
            ),
            Column(
                "n_effective",
                "real",
                "independent values this is worth: `n_values / design_effect`",
                null=True,
            ),
            Column("n_raters", "integer", "raters, if people judged", null=True),
            Column("population", "object", "what it is a statement about: languages, tags, raters"),
            Column("digests", "object", "what it was computed from"),
            Column("provisional", "boolean", "rests on no judgment of this offer; cannot certify"),
            Column(
                "q25_hi_release",
                "real",
                "upper bound of the lower quartile: the largest threshold not rejected at the "
                "family's level; null when none, or every one, is rejected",
                null=True,
                since="1.1",
            ),
        ),
    ),
    Table(
        "fail_rates",
        "Each floor's fail rate at each threshold.",
        ("offer_id", "category", "modality", "quality", "kind", "threshold"),
        (
            *CELL,
            KIND,
            Column("threshold", "real", "an output below it is a fail"),
            Column("fails", "real", "fails, weighted as the bound counts them"),
            Column("n", "integer", "values"),
            Column("rate", "real", "estimate of P(fail)"),
            Column("upper", "real", "one-sided upper bound of P(fail) at the family's level"),
            Column(
                "upper_one_repeat",
                "real",
                "the exact bound of one value a prompt, at the same level; null when there is "
                "but one value a prompt",
                null=True,
                since="1.1",
            ),
        ),
    ),
    Table(
        "verdicts",
        "Whether an offer reliably clears a tier, and why (not).",
        ("offer_id", "category", "modality", "quality", "tier"),
        (
            *CELL,
            TIER,
            Column("threshold", "real", "as in `thresholds.value`"),
            MAX_FAIL,
            Column("ruling", "text", "the verdict", of=RULINGS),
            Column("reason", "text", "why"),
            Column("upper", "real", "upper bound of P(fail) that decided", null=True),
            Column("lower", "real", "lower bound of P(fail)", null=True),
            Column(
                "level",
                "real",
                "error probability of the bound that decided: under holm, by and e-bh it "
                "depends on the rest of the family",
            ),
            Column("family", "text", "who was judged together"),
            Column("m", "integer", "size of that family"),
            Column(
                "more_prompts", "integer", "prompts still needed at the present estimate", null=True
            ),
            Column("valid_until", "text", "last day the verdict is meant for", null=True),
            Column(
                "post_hoc",
                "boolean",
                "its threshold, family or level is not what was frozen before the first score; "
                "null where no plan was frozen",
                null=True,
                since="1.1",
            ),
            Column(
                "p_value",
                "real",
                "smallest level at which its own evidence certifies; null when nothing could",
                null=True,
                since="1.1",
            ),
            Column(
                "p_adjusted",
                "real",
                "the same by the family's correction: certified where at most its alpha",
                null=True,
                since="1.1",
            ),
            Column(
                "e_value",
                "real",
                "evidence that the correction e-bh judged instead of the p-value",
                null=True,
                since="1.1",
            ),
            Column(
                "correction",
                "text",
                "how the family's error was shared, and so what decided",
                of=("bonferroni", "holm", "by", "e-bh"),
                since="1.1",
            ),
            Column(
                "panel",
                "text",
                "that it is conditional on its panel, of few raters or of an adaptive run, and "
                "whether one decides; null otherwise",
                null=True,
                since="1.1",
            ),
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
            Column("reason", "text", "why there is no threshold, or which offers it hangs on"),
            Column(
                "rank_correlation",
                "real",
                "Spearman's with people, on held-out prompts",
                null=True,
                since="1.1",
            ),
            Column(
                "rank_lo",
                "real",
                "lower end of its 95 % interval over prompts",
                null=True,
                since="1.1",
            ),
            Column("rank_hi", "real", "upper end of it", null=True, since="1.1"),
        ),
    ),
    Table(
        "predictions",
        "How well metrics predict people's fails, for prediction-powered floors; all figures are "
        "of predictions made without any rating of the prompt.",
        ("category", "modality", "quality", "threshold"),
        (
            CATEGORY,
            MODALITY,
            QUALITY,
            Column("metrics", "list", "keys of the metrics, as in `metrics.key`"),
            Column("threshold", "real", "a rating below it is a fail"),
            Column("method", "text", "how they are made; `none` without a fit"),
            Column("n_ratings", "integer", "ratings fitted on and checked with"),
            Column("n_prompts", "integer", "their prompts"),
            Column("fitted_on", "text", "digest of the ratings with their metrics"),
            Column("coefficients", "list", "weights of the metrics in the index"),
            Column("fail_rate", "real", "share of fails among the ratings", null=True),
            Column("brier", "real", "mean squared error of the predicted P(fail)", null=True),
            Column("reliability", "list", "bins of mean prediction, share of fails, ratings"),
            Column("rank_correlation", "real", "Spearman's with people", null=True),
            Column("rank_lo", "real", "lower end of its 95 % interval over prompts", null=True),
            Column("rank_hi", "real", "upper end of it", null=True),
            Column("transfer", "list", "offer, true and predicted fail rate, the offer left out"),
            Column(
                "worst_leave_one_model_out", "real", "largest excess of the true rate", null=True
            ),
            Column("display", "list", "curve from the index to a 0-10 quality, for display only"),
            Column("reason", "text", "why there are none"),
        ),
        since="1.1",
    ),
)
