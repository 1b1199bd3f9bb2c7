"""What is published about the format, generated from its declaration: a page and a JSON Schema.

cog writes `reference_page` into its page (``docs/blocks.py``), ``docs/schemas.py`` the schema to
``docs/reference/quality.schema.json``.
"""

from __future__ import annotations

import json
from typing import Any

from qfloor.export.columns import Column, Table
from qfloor.export.schema import DOCUMENTATION, SCHEMA_VERSION, TABLES

_INTRO = f"""`quality.db` is an immutable release in one SQLite file, format version
{SCHEMA_VERSION}. It is written whole or not at all; equal evidence gives an equal
`digest`, which covers the tables marked *evidence*: prices and latency are a dated snapshot that
feeds override. The bytes of two exports of the same evidence differ by `release.created_at`, which
says when each was made.
`quality.json` holds the same tables as arrays of objects ([JSON Schema](quality.schema.json)). A
reader refuses a newer major version. Columns of type `list` and `object` are JSON text in SQLite.

```sql
-- the cheapest way to ask it something
SELECT offer_id, upper FROM verdicts
WHERE category = 'portrait' AND tier = 'premium' AND ruling = 'certified' ORDER BY upper;
```
"""

_JSON_TYPES: dict[str, str | None] = {
    "text": "string",
    "integer": "integer",
    "real": "number",
    "boolean": "boolean",
    "list": "array",
    "object": "object",
}

_ANY_VALUE = {("provenance", "value"), ("classifier", "content")}
"""Columns that hold any JSON value: whoever reads them knows which by the row's key."""


def reference_page() -> str:
    """Return the reference page as Markdown."""
    return "\n".join([_INTRO, *(_section(table) for table in (*TABLES, DOCUMENTATION))])


def _section(table: Table) -> str:
    kind = " · *evidence*" if table.evidence else ""
    rows = [f"| `{c.name}` | {_type(c)} | {_cell(c.meaning)} |" for c in table.columns]
    return "\n".join(
        [
            f"## {table.name}",
            "",
            f"{table.meaning} Key: {', '.join(f'`{k}`' for k in table.key)}{kind}",
            "",
            "| column | type | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _type(column: Column) -> str:
    allowed = f" ({' / '.join(column.of)})" if column.of else ""
    return f"{column.type}{allowed}{' or null' if column.null else ''}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``quality.json``."""
    arrays = {
        table.name: {"type": "array", "description": table.meaning, "items": _object(table)}
        for table in TABLES
        if table.name != "release"
    }
    release = next(table for table in TABLES if table.name == "release")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "qfloor quality database",
        "description": f"Format version {SCHEMA_VERSION}; the content of quality.db.",
        "type": "object",
        "properties": {"release": _object(release) | {"description": release.meaning}, **arrays},
        "required": ["release", *arrays],
        "additionalProperties": False,
    }


def json_schema_text() -> str:
    """Return the JSON Schema as it is published."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _object(table: Table) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {c.name: _property(c, table) for c in table.columns},
        "required": [c.name for c in table.columns],
        "additionalProperties": False,
    }


def _property(column: Column, table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {"description": column.meaning}
    if (table.name, column.name) in _ANY_VALUE:
        return found
    named = _JSON_TYPES[column.type]
    found["type"] = [named, "null"] if column.null else named
    if column.of:
        found["enum"] = list(column.of)
    return found
