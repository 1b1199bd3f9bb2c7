"""The arm key: which cell of which sheet is whose. It lies outside the session's folder.

Raters, their pages, `qfloor ab serve` and the host do without it; only unblinding reads it, and
that is logged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qfloor.errors import SessionError
from qfloor.records import to_plain

FORMAT = 1
INTACT, SPOILT = "intact", "spoilt"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one cell shows: the output's id, its offer, and the arm it stands for."""

    item: str
    offer: str
    arm: str


@dataclass(frozen=True, kw_only=True)
class KeyUnit:
    """What one sheet shows: the pair and prompt by their own names, and its cells in order."""

    pair: str
    prompt_id: str
    category: str
    cells: tuple[Cell, ...]
    audit: bool = False


@dataclass(frozen=True, kw_only=True)
class ArmKey:
    """All of a session's arms; ``same_model`` lists all pairs of one offer, shown or not."""

    session_id: str
    protocol_digest: str
    units: Mapping[str, KeyUnit]
    same_model: tuple[Mapping[str, str], ...] = ()
    format: int = FORMAT
    sources: Mapping[str, Any] = field(default_factory=dict)

    @property
    def audited(self) -> frozenset[str]:
        """Ids of the pairs of the audit subset."""
        return frozenset(unit.pair for unit in self.units.values() if unit.audit)


def default_path(folder: Path) -> Path:
    """Where a session's key lies unless told: beside the folder, never in it."""
    return folder.with_name(f"{folder.name}.key.json")


def check_place(folder: Path, key: Path) -> Path:
    """Refuse a key within the session's folder, or one that is there already.

    Raises
    ------
    SessionError
        One sentence.
    """
    place, inside = key.expanduser().resolve(), folder.expanduser().resolve()
    if place.is_relative_to(inside):
        raise SessionError(
            f"the arm key {key} would lie in the session's folder; put it beside or elsewhere"
        )
    if place.exists():
        raise taken(key)
    return place


def write_key(path: Path, key: ArmKey) -> None:
    """Write a key, readable for its owner alone; never over another, and whole or not at all.

    Raises
    ------
    SessionError
        When one is there already: another session was made at the same moment.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise taken(path) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(to_plain(key), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:  # a full disk, say: the next try must find its name free
        path.unlink()
        raise


def taken(key: Path) -> SessionError:
    """Say that a key is there already."""
    return SessionError(f"{key} is there already; name another key or move it away")


def read_key(path: str | Path) -> ArmKey:
    """Read an arm key.

    Raises
    ------
    SessionError
        When there is none, or it is none.
    """
    try:
        plain = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SessionError(f"there is no arm key at {path}; name it with --key") from None
    except (OSError, ValueError) as error:
        raise SessionError(f"{path} cannot be read as an arm key: {error}") from error
    if not isinstance(plain, dict) or "units" not in plain:
        raise SessionError(f"{path} is no arm key")
    if plain.get("format", 0) > FORMAT:
        raise SessionError(f"{path} was written by a newer qfloor (format {plain['format']})")
    try:
        units = {
            name: KeyUnit(**{**unit, "cells": tuple(Cell(**cell) for cell in unit["cells"])})
            for name, unit in plain["units"].items()
        }
        return ArmKey(**{**plain, "units": units, "same_model": tuple(plain["same_model"])})
    except (KeyError, TypeError, AttributeError) as error:
        raise SessionError(f"{path} is not a whole arm key: {error}") from error
