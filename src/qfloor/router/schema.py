"""The JSON Schema of `Decision.to_dict`, published beside this file."""

from __future__ import annotations

from pathlib import Path


def decision_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a decision, as text."""
    return Path(__file__).with_name("decision.schema.json").read_text(encoding="utf-8")
