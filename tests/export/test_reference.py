"""What is published about the format agrees with what is written."""

from __future__ import annotations

import json
from pathlib import Path

import factories
import jsonschema
import pytest

from qfloor import export
from qfloor.export.reference import json_schema, json_schema_text, reference_page
from qfloor.export.schema import DOCUMENTATION, TABLES

ROOT = Path(__file__).resolve().parents[2]


def test_the_json_schema_accepts_what_is_written(tmp_path: Path) -> None:
    told = json.loads(export.write_json(tmp_path / "q.json", factories.release()).read_text())
    schema = json.loads(json_schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(told, schema)
    told["verdicts"][0]["ruling"] = "maybe"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, json_schema())


def test_the_json_schema_accepts_a_release_with_the_learned_classifier() -> None:
    told = json.loads(json.dumps(export.read(ROOT / "results" / "painters.db")))
    kinds = {type(row["content"]) for row in told["classifier"]}
    assert {dict, list, str, float} <= kinds
    (told["release"],) = told["release"]
    jsonschema.validate(told, json_schema())


def test_the_page_names_every_table_and_column() -> None:
    page = reference_page()
    for table in (*TABLES, DOCUMENTATION):
        assert f"## {table.name}\n" in page
        assert all(f"| `{column.name}` |" in page for column in table.columns)


def test_every_key_is_a_column() -> None:
    for table in (*TABLES, DOCUMENTATION):
        assert set(table.key) <= {column.name for column in table.columns}
        assert all(column.meaning for column in table.columns)
