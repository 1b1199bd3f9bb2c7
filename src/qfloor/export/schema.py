"""The quality database's format: every table and column, declared and documented once.

From `TABLES` come the SQL that creates the file, the ``documentation`` table inside it, and (in
`qfloor.export.reference`) the reference page and the JSON Schema. A column added at the end of
a table is a minor version; one removed, or whose meaning changed, a major one, which readers
refuse. What came later says so (``since``), so that an older file is read as what it was.
"""

from __future__ import annotations

from collections.abc import Iterator

from qfloor.export.beside import BESIDE
from qfloor.export.columns import (
    CATEGORY,
    MAX_FAIL,
    MODALITIES,
    MODALITY,
    OFFER,
    QUALITY,
    TIER,
    Column,
    Table,
)
from qfloor.export.found import FOUND
from qfloor.export.learned import LEARNED
from qfloor.export.raw import RAW_ROWS, SPENDING

SCHEMA_VERSION = "1.1"

APPLICATION_ID = 0x71666C72
"""``qflr``: marks the SQLite file as ours."""

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
            Column(
                "frozen_at",
                "text",
                "when its plan was frozen, before the first score; null when none was",
                null=True,
                since="1.1",
            ),
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
            Column("modality", "text", "what it mainly makes", of=MODALITIES),
            Column("modalities", "list", "all it makes; empty means `modality` only"),
            Column("settings", "object", "every parameter that moves quality or price"),
            Column(
                "generator", "object", "plugin name and arguments, if it can be called", null=True
            ),
            Column("capabilities", "object", "what it accepts; null is unknown, never permission"),
            Column(
                "rights", "object", "commercial use, training on inputs, region; null is unknown"
            ),
            Column("lifecycle", "object", "active, uncertain, deprecated or gone, with dates"),
            Column("concurrency", "integer", "calls that may be in flight at once"),
            Column("notes", "text", "remarks for people"),
        ),
    ),
    Table(
        "qualities",
        "The numbers floors are about; thresholds never cross them.",
        ("id",),
        (
            Column("id", "text", "`human:criterion[lo,hi]`, `metric:key`, ..."),
            Column(
                "source",
                "text",
                "people, a metric that learned to speak for them, people with metrics beside "
                "them, or metrics that nothing ties to people",
                of=("human", "metric", "prediction-powered", "uncalibrated"),
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
            CATEGORY,
            MODALITY,
            QUALITY,
            TIER,
            Column("value", "real", "an output below it is a fail"),
            MAX_FAIL,
            Column(
                "rule", "text", "how the value was set", of=("absolute", "usable-rate", "relative")
            ),
            Column("evidence", "text", "why this value"),
            Column(
                "post_hoc",
                "boolean",
                "not the one frozen before the first score; null where no plan was frozen",
                null=True,
            ),
        ),
    ),
    LEARNED,
    *FOUND,
    *BESIDE,
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
        "classifier",
        "Learned weights of the router's classifier, in parts: `names` and `rows` (packed; in "
        "format 1 `features`) have for every word, pair or piece of words one whole number a "
        "category, in the order of `categories`, each worth `step` in log odds. Empty means the "
        "router's own.",
        ("part",),
        (
            Column("part", "text", "what: features, bias, lexicon, calibration, bound, ..."),
            Column("content", "object", "any JSON value"),
        ),
        since="1.1",
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
    RAW_ROWS,
    Table(
        "prices",
        "Dated snapshot of each offer's price rule; a feed overrides it.",
        ("offer_id",),
        (
            OFFER,
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
            OFFER,
            Column("p50_s", "real", "median seconds", null=True),
            Column("p95_s", "real", "95th percentile of seconds", null=True),
            Column("n", "integer", "requests measured; null when declared", null=True),
            Column("as_of", "text", "when", null=True),
        ),
        evidence=False,
    ),
    SPENDING,
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


def tables_at(version: str) -> tuple[Table, ...]:
    """All tables, with their columns, that a version of the format had."""
    return tuple(there for table in TABLES if (there := table.at(version)) is not None)


def ddl() -> str:
    """All statements that create an empty quality database."""
    return ";\n".join(table.sql for table in (*TABLES, DOCUMENTATION)) + ";\n"


def documentation_rows() -> Iterator[tuple[str, str, str, str]]:
    """Rows of the ``documentation`` table."""
    for table in (*TABLES, DOCUMENTATION):
        yield table.name, "", "table", table.meaning
        for column in table.columns:
            yield table.name, column.name, column.type, column.meaning
