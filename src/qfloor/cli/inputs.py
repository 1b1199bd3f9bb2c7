"""What a command looks at before it makes anything: a mistyped name leaves no workspace behind."""

from __future__ import annotations

from pathlib import Path

from qfloor.errors import InputError


def must_exist(*paths: Path) -> None:
    """Refuse files and folders that are not there.

    Raises
    ------
    InputError
        Names the first of them.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file")
