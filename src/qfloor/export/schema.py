"""The quality database's format: every table and column, declared and documented once.

From `TABLES` come the SQL that creates the file, the ``documentation`` table inside it, and (in
`qfloor.export.reference`) the reference page and the JSON Schema. A column added at the end of
a table is a minor version; one removed, or whose meaning changed, a major one, which readers
refuse.
"""

from __future__ import annotations

from collections.abc import Iterator

from qfloor.export.columns import Column, Table

SCHEMA_VERSION = "1.0"

APPLICATION_ID = 0x71666C72
"""``qflr``: marks the SQLite file as ours."""

MODALITY = ("image", "video")
_OFFER = Column("offer_id", "text", "the offer, as in `offers.id`")
_CATEGORY = Column("category", "text", "the category, as in `categories.id`")
_MODALITY = Column("modality", "text", "what is made", of=MODALITY)
_QUALITY = Column("quality", "text", "which number this is about, as in `qualities.id`")
_TIER = Column("tier", "text", "standard, professional or premium")
_KIND = Column(
    "kind",
    "text",
    "whether refusals are fails (delivered) or absent (conditional)",
    of=("delivered", "conditional"),
)
_MAX_FAIL = Column("max_fail", "real", "largest tolerated share of fails; .25 = the lower quartile")

TABLES: tuple[Table, ...] = (
    Table(
        "release",
        "What this file is; one row. `created_at`, `written_by`, `schema_version` and `digest` "
        "are not part of what the digest covers.",
        ("name",),
        (
            Column("name", "text", "the benchmark's or import's name"),
            Column("round", "text", "the round the evidence was bought in, e.g. 2026-11"),
            Column(
                "schema_version", "text", "version of this format; readers refuse a newer major"
            ),
            Column("created_at", "text", "when the release was made, ISO 8601"),
            Column("written_by", "text", "the code that wrote it"),
            Column("illustrative", "boolean", "an example rather than a measurement"),
            Column("primary_quality", "text", "the quality that a router goes by"),
            Column("digest", "text", "SHA-256 (32 hex digits) of the evidence tables"),
        ),
        evidence=False,
    ),
    Table(
        "categories",
        "The strata of requests that were judged apart.",
        ("id",),
        (
            Column("id", "text", "short name"),
            Column("description", "text", "what belongs here"),
            Column("modalities", "list", "what a request of it may ask for"),
            Column("signals", "list", "words a team gave that point to it"),
        ),
    ),
    Table(
        "offers",
        "What can be bought, and therefore what is judged: a model with every setting that "
        "matters.",
        ("id",),
        (
            Column("id", "text", "`provider/model@settings`"),
            Column("model", "text", "model name"),
            Column("provider", "text", "who sells or runs it"),
            Column("version", "text", "version, where one is told", null=True),
            Column("modality", "text", "what it mainly makes", of=MODALITY),
            Column("modalities", "list", "all it makes; empty means `modality` only"),
            Column("settings", "object", "every parameter that moves quality or price"),
            Column(
                "generator", "object", "plugin name and arguments, if it can be called", null=True
            ),
            Column("capabilities", "object", "what it accepts; null is unknown, never permission"),
            Column(
                "rights", "object", "commercial use, training on inputs, region; null is unknown"
            ),
            Column("lifecycle", "object", "active, deprecated or gone, with dates"),
            Column("concurrency", "integer", "calls that may be in flight at once"),
            Column("notes", "text", "remarks for people"),
        ),
    ),
    Table(
        "qualities",
        "The numbers floors are about; thresholds never cross them.",
        ("id",),
        (
            Column("id", "text", "`human:criterion[lo,hi]` or `metric:key`"),
            Column(
                "source",
                "text",
                "people, or a metric that learned to speak for them",
                of=("human", "metric"),
            ),
            Column("name", "text", "criterion or metric"),
            Column("lo", "real", "lowest value of the scale, if any", null=True),
            Column("hi", "real", "highest value of the scale, if any", null=True),
            Column("step", "real", "smallest difference of the scale", null=True),
            Column("metric_key", "text", "the metric's key, for a metric", null=True),
            Column("direction", "text", "which way is better", of=("higher", "lower")),
        ),
    ),
    Table(
        "metrics",
        "Declared scales with their identities: what the number means and how it was computed.",
        ("key",),
        (
            Column("key", "text", "`name@identity`"),
            Column("name", "text", "metric name"),
            Column("unit", "text", "unit"),
            Column("lo", "real", "lower limit, if any", null=True),
            Column("hi", "real", "upper limit, if any", null=True),
            Column("direction", "text", "which way is better", of=("higher", "lower")),
            Column("modalities", "list", "what it can judge"),
            Column("boolean", "boolean", "true or false only"),
            Column("definition", "object", "weights digest, preprocessing, sampling, truncation"),
            Column("execution", "object", "dtype and runtime"),
        ),
    ),
    Table(
        "thresholds",
        "What a tier demands of a category.",
        ("category", "modality", "quality", "tier"),
        (
            _CATEGORY,
            _MODALITY,
            _QUALITY,
            _TIER,
            Column("value", "real", "an output below it is a fail"),
            _MAX_FAIL,
            Column(
                "rule", "text", "how the value was set", of=("absolute", "usable-rate", "relative")
            ),
            Column("evidence", "text", "why this value"),
            Column("post_hoc", "boolean", "set after the data were seen"),
        ),
    ),
    Table(
        "floors",
        "What is known of an offer in a category: its bad days, and how sure we are.",
        ("offer_id", "category", "modality", "quality", "kind"),
        (
            _OFFER,
            _CATEGORY,
            _MODALITY,
            _QUALITY,
            _KIND,
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
            _OFFER,
            _CATEGORY,
            _MODALITY,
            _QUALITY,
            _KIND,
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
            _OFFER,
            _CATEGORY,
            _MODALITY,
            _QUALITY,
            _TIER,
            Column("threshold", "real", "as in `thresholds.value`"),
            _MAX_FAIL,
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
            _CATEGORY,
            _MODALITY,
            _QUALITY,
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
    Table(
        "signals",
        "Weights of the router's classifier; empty means the router's own lexicon.",
        ("category", "signal"),
        (
            Column("category", "text", "the category it speaks for; `*` holds settings"),
            Column("signal", "text", "a word or phrase, or `#name` for anything else"),
            Column("weight", "real", "log odds it adds"),
        ),
    ),
    Table(
        "provenance",
        "Where the evidence comes from: suite digests, benchmark file, code, sources.",
        ("key",),
        (
            Column("key", "text", "what"),
            Column("value", "object", "any JSON value"),
        ),
    ),
    Table(
        "prices",
        "Dated snapshot of each offer's price rule; a feed overrides it.",
        ("offer_id",),
        (
            _OFFER,
            Column("rule", "object", "the price rule: components, source, as_of, charged_on"),
            Column("source", "text", "where it was read; `declared ...` never goes stale"),
            Column("as_of", "text", "the day it was read"),
        ),
        evidence=False,
    ),
    Table(
        "latency",
        "Dated snapshot of each offer's usual latency; a feed overrides it.",
        ("offer_id",),
        (
            _OFFER,
            Column("p50_s", "real", "median seconds", null=True),
            Column("p95_s", "real", "95th percentile of seconds", null=True),
            Column("n", "integer", "requests measured; null when declared", null=True),
            Column("as_of", "text", "when", null=True),
        ),
        evidence=False,
    ),
)

DOCUMENTATION = Table(
    "documentation",
    "This description, row by row; an empty column name describes the table.",
    ("table_name", "column_name"),
    (
        Column("table_name", "text", "table"),
        Column("column_name", "text", "column"),
        Column("type", "text", "type; list and object are JSON text"),
        Column("meaning", "text", "meaning"),
    ),
    evidence=False,
)

BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}
EVIDENCE: tuple[str, ...] = tuple(table.name for table in TABLES if table.evidence)


def ddl() -> str:
    """All statements that create an empty quality database."""
    return ";\n".join(table.sql for table in (*TABLES, DOCUMENTATION)) + ";\n"


def documentation_rows() -> Iterator[tuple[str, str, str, str]]:
    """Rows of the ``documentation`` table."""
    for table in (*TABLES, DOCUMENTATION):
        yield table.name, "", "table", table.meaning
        for column in table.columns:
            yield table.name, column.name, column.type, column.meaning
