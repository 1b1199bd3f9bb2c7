"""Files that ship with the package and are found by name: suites and benchmarks."""

from __future__ import annotations

import difflib
from importlib import resources
from pathlib import Path

from qfloor.errors import InputError


def folder(name: str) -> Path:
    """Return where a folder of package data lies, installed or in a source checkout."""
    inside = resources.files("qfloor") / name
    if inside.is_dir():
        return Path(str(inside))
    return Path(__file__).resolve().parents[2] / name


def names(of: str) -> list[str]:
    """Return the names of the TOML files that ship in a folder, sorted."""
    return sorted(p.stem for p in folder(of).glob("*.toml"))


def find(
    of: str,
    kind: str,
    name_or_path: str | Path,
    error: type[InputError],
    *,
    beside: Path | None = None,
) -> Path:
    """Resolve a name that ships, or a path, to a file.

    Parameters
    ----------
    of : str
        The folder of package data.
    kind : str
        What such a file is called in messages.
    name_or_path : str or Path
    error : type of InputError
    beside : Path, optional
        The file that names it, where a file does: a relative path is one from its folder, and
        where there is none, one from where qfloor was called. It never names itself.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        Of the class given, when there is neither such a file nor such a name.
    """
    path = Path(name_or_path)
    for found in (path,) if beside is None else (beside.parent / path, path):
        if found.is_file() and not (beside and beside.is_file() and found.samefile(beside)):
            return found
    if path.suffix == ".toml":
        raise error(f"{path}: no such {kind} file{_where(path, beside)}")
    known = names(of)
    if str(name_or_path) in known:
        return folder(of) / f"{name_or_path}.toml"
    close = difflib.get_close_matches(str(name_or_path), known, n=1)
    ships = f"did you mean {close[0]!r}" if close else f"known: {', '.join(known)}"
    asked = "?" if close else ""
    raise error(
        f"no {kind} is called {str(name_or_path)!r}; {ships}, or a file such as "
        f"{name_or_path}.toml{asked}"
    )


def _where(path: Path, beside: Path | None) -> str:
    """Say where a file was looked for that is not there."""
    if path.is_absolute():
        return ""
    here = f" in {Path.cwd()}, where qfloor was called"
    there = None if beside is None else beside.parent.resolve()
    return here if there in (None, Path.cwd()) else f" in {there}, nor{here}"
