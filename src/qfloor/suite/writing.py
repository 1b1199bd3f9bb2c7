"""Write a suite as a file that `load` reads back to the same digest."""

from __future__ import annotations

import json
import os
from pathlib import Path

from qfloor.records import Prompt, Suite
from qfloor.suite.loading import split_of


def _value(value: object) -> str:
    """One TOML value; JSON strings are TOML basic strings once DEL is escaped."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    return str(value)


def _fields(prompt: Prompt) -> dict[str, object]:
    row: dict[str, object] = {
        "id": prompt.id,
        "category": prompt.category,
        "modality": prompt.modality,
        "text": prompt.text,
        "language": prompt.language,
        "negative": prompt.negative,
        "aspect_ratio": prompt.aspect_ratio,
        "seconds": prompt.seconds,
        "must_render": prompt.must_render,
        "tags": prompt.tags,
        "difficulty": prompt.difficulty,
        "family": prompt.family if prompt.family != prompt.id else None,
        "split": prompt.split if prompt.split != split_of(prompt.family) else None,
        "inputs": prompt.inputs,
        "source": prompt.source,
    }
    return {k: v for k, v in row.items() if v not in (None, (), "")}


def dump(suite: Suite) -> str:
    """Return a suite as TOML text."""
    header = ("name", "version", "title", "licence")
    lines = ["[suite]", *(f"{key} = {_value(getattr(suite, key))}" for key in header)]
    for prompt in suite.prompts:
        lines += ["", "[[prompts]]"]
        lines += [f"{key} = {_value(value)}" for key, value in _fields(prompt).items()]
    return "\n".join(lines) + "\n"


def write(suite: Suite, path: Path) -> Path:
    """Write a suite to ``path``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(dump(suite), encoding="utf-8")
    os.replace(temporary, path)
    return path
