"""Files of tables that a person writes: read in one place, refused in the same sentences."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from qfloor.errors import QfloorError


def read(path: Path | Traversable, error: type[QfloorError], what: str) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path : Path or Traversable
    error : type of QfloorError
        What is raised when it cannot be read.
    what : str
        What the file should be, such as ``"key file"``.

    Returns
    -------
    dict
        Its tables.

    Raises
    ------
    QfloorError
        ``error``, with one sentence: the file is missing, unreadable, no UTF-8 or no TOML.
    """
    return parse(path, text_of(path, error, what), error)


def text_of(path: Path | Traversable, error: type[QfloorError], what: str) -> str:
    """Read the text alone, for messages that count lines; parameters as of `read`."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error(f"{path}: no such {what}") from None
    except UnicodeDecodeError as fault:
        raise error(f"{path}: not UTF-8 at byte {fault.start}; save it as UTF-8") from fault
    except OSError as fault:
        raise error(f"{path}: cannot be read: {fault.strerror}") from fault


def parse(path: Path | Traversable, text: str, error: type[QfloorError]) -> dict[str, Any]:
    """Parse the text of a TOML file; ``path`` is for the message."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise error(f"{path}: not valid TOML: {fault}") from fault
