"""The painters' own account of every call, kept as a real seller would keep it.

An append-only file with one JSON line a request. A line is one ``write`` to a descriptor opened
with ``O_APPEND``, so that two processes never mix theirs. A kill or a full disk can still cut a
line short (a write ends between two pages of memory when its process is killed), so each begins
with a newline of its own: half a line never swallows the next one, and is nobody's job.
It is the painters' memory of jobs, and the proof that nothing was called for twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FILE_NAME = "calls.jsonl"


class CallLog:
    """Lines of ``calls.jsonl`` in a folder; reads what other processes wrote meanwhile."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self._jobs: dict[str, dict[str, Any]] = {}
        self._read_to = 0

    def record(self, key: str, job: Mapping[str, Any]) -> None:
        """Append one accepted request and remember its job."""
        line = json.dumps({"key": key, **job}, ensure_ascii=False, separators=(",", ":"))
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            content = b"\n" + line.encode("utf-8", "surrogatepass") + b"\n"
            if os.write(descriptor, content) != len(content):
                raise OSError(f"{self.path}: the disk took only part of a line; nothing accepted")
        finally:
            os.close(descriptor)

    def job(self, key: str) -> dict[str, Any] | None:
        """Return the job that was accepted under a key, or None."""
        if key not in self._jobs:
            self._catch_up()
        return self._jobs.get(key)

    def _catch_up(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read_to)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                if (row := _row(line)) is not None:
                    self._jobs.setdefault(row.pop("key"), row)


def _row(line: bytes) -> dict[str, Any] | None:
    """Parse a line; half a line and an empty one are nobody's job."""
    try:
        row = json.loads(line.decode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("key"), str) else None


def calls(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield every line of a folder's call log, in order; for audits and tests."""
    path = folder / FILE_NAME
    if path.exists():
        for line in path.read_bytes().splitlines():
            if (row := _row(line)) is not None:
                yield row
