"""The painters as the kill harness sees them: what to ask, and their own call log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qfloor.generators.builtin import calllog
from qfloor.generators.builtin.generator import PainterGenerator
from qfloor.generators.builtin.jobs import Job
from qfloor.records import Offer, Prompt

_WORDS = ("a red mug on a wooden table", "a green apple", "two blue books", "a house by a lake")


def kill_setup(n: int = 4, painters: int = 3) -> tuple[list[Prompt], list[Offer]]:
    """So many prompts by so many of the painters of pictures."""
    offers = [o for o in PainterGenerator.catalogue() if o.makes("image")][:painters]
    asked = [
        Prompt(id=f"p{i}", text=f"{_WORDS[i % len(_WORDS)]}, number {i}", category="product-photo")
        for i in range(n)
    ]
    return asked, offers


def calls(workspace: str | Path) -> list[dict[str, Any]]:
    """Every request the painters accepted, and which of them they paint or leave blank."""
    found = []
    for log in Path(workspace).glob("generators/*/calls.jsonl"):
        for row in calllog.calls(log.parent):
            found.append({"event": "submit", "key": row["key"]})
            if Job.read(row).plan().outcome == "made":
                found.append({"event": "made", "key": row["key"]})
    return found
