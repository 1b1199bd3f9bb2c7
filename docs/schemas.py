"""Write the JSON Schemas that are published: of `quality.json`, and of a decision."""

from __future__ import annotations

from pathlib import Path

REFERENCE = Path(__file__).resolve().parent / "reference"


def schemas() -> dict[str, str]:
    """Return every published schema by its file's name."""
    from qfloor.export import reference
    from qfloor.router import decision_schema

    return {
        "quality.schema.json": reference.json_schema_text(),
        "decision.schema.json": decision_schema(),
    }


if __name__ == "__main__":
    for name, text in schemas().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
