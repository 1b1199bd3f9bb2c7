"""Which weights were loaded: a digest of a folder's files, computed once and remembered.

A name says nothing about weights on a disk, so outputs carry this digest as their model version:
a changed file is another model, and drift shows it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from qfloor.whole import sha256_of, write_whole

_KEPT = frozenset((".json", ".safetensors", ".bin", ".txt", ".model"))


def digest_of_folder(folder: Path, memory: Path) -> str:
    """SHA-256 over the names and contents of a folder's weights and configuration.

    Parameters
    ----------
    folder : Path
        A pipeline saved by diffusers, or one file.
    memory : Path
        A JSON file that remembers digests by path, size and time of change, since gigabytes
        need not be read again at every start.

    Returns
    -------
    str
        64 hex digits.
    """
    files = [folder] if folder.is_file() else sorted(
        f for f in folder.rglob("*") if f.is_file() and f.suffix in _KEPT
    )  # fmt: skip
    known = _remembered(memory)
    fresh: dict[str, str] = {}
    whole = hashlib.sha256()
    for file in files:
        seen = file.stat()
        key = f"{file.resolve()}|{seen.st_size}|{seen.st_mtime_ns}"
        fresh[key] = known.get(key) or sha256_of(file)
        name = file.name if folder.is_file() else file.relative_to(folder).as_posix()
        whole.update(f"{name}\0{fresh[key]}\n".encode())
    if fresh.keys() - known.keys():
        write_whole(memory, json.dumps(known | fresh, indent=0, sort_keys=True))
    return whole.hexdigest()


def _remembered(memory: Path) -> dict[str, str]:
    try:
        told = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
