"""What cells of a CSV say of a prompt: read as people write them, checked where they stand.

A fault names the table's line and not the suite file that was to be written, which nobody has seen.
What a cell says in other words than ours (``5s``, ``1024x1024``) is read and told, never guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qfloor import field_words
from qfloor.counting import several
from qfloor.errors import SuiteError
from qfloor.records import Prompt, aspect_ratio_of
from qfloor.suite.loading import SHIPPED, PromptRow, clash
from qfloor.suite.writing import fields_of

_SECONDS = re.compile(r"(\d+(?:\.\d+)?|\d+,\d{1,2})\s*(?:s|secs?|seconds?)?", re.IGNORECASE)
"""With a decimal comma at most two places: ``1,500`` may be thousands."""
_SIZE = re.compile(r"([1-9]\d*)\s*[x×]\s*([1-9]\d*)", re.IGNORECASE)
_TOLD = {
    "seconds": "{} of seconds with a unit or a decimal comma, read as a number",
    "aspect_ratio": "{} of aspect_ratio with a size, read as its shape: a prompt has no size",
}


class Cells:
    """The cells of one table, row by row; what was read in other words is counted.

    Parameters
    ----------
    path : Path
        The table, for messages.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._met: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def read(self, line: int, values: Mapping[str, str]) -> dict[str, Any]:
        """Give what a row's cells say, by field; empty ones say nothing."""
        said: dict[str, Any] = {field: text for field, text in values.items() if text}
        for field in ("must_render", "tags"):
            if field in said:
                said[field] = tuple(part.strip() for part in said[field].split("|"))
        if "modality" in said:
            said["modality"] = said["modality"].lower()
        if "seconds" in said:
            said["seconds"] = self._seconds(line, said["seconds"])
        if size := _SIZE.fullmatch(said.get("aspect_ratio", "")):
            said["aspect_ratio"] = aspect_ratio_of(int(size[1]), int(size[2]))
            self._count("aspect_ratio", size[0], said["aspect_ratio"])
        return said

    def _seconds(self, line: int, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            found = _SECONDS.fullmatch(text)
        if found is None:
            raise self._fault(line, "seconds", f"seconds is {text!r}, must be a number")
        seconds = float(found[1].replace(",", "."))
        self._count("seconds", text, f"{seconds:g}")
        return seconds

    def check(self, line: int, prompt: Prompt, given: str | None) -> None:
        """Refuse what no suite file may say of a prompt; ``given`` is the id that the row has."""
        fields = {**fields_of(prompt), "id": given or "counted"}
        row = {k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()}
        try:
            parsed = PromptRow.model_validate(row)
        except ValidationError as error:
            first = field_words.first_of(error)
            said = field_words.sentence(first, PromptRow)
            raise self._fault(line, str(first["loc"][0]), said) from error
        if found := clash(parsed, SHIPPED):
            raise self._fault(line, *found)

    def told(self) -> Iterator[str]:
        """Say how many cells were read in other words than ours, and the first of each."""
        for field, n in self._met.items():
            yield f"{_TOLD[field].format(several(n, 'cell'))} ({self._first[field]})"

    def _count(self, field: str, text: str, read: str) -> None:
        self._met[field] += 1
        self._first.setdefault(field, f"{text!r} as {read}")

    def _fault(self, line: int, field: str, told: str) -> SuiteError:
        return SuiteError(
            f"{self._path}: line {line}: {told}; correct it, or leave the column aside with "
            f"--column {field}="
        )
