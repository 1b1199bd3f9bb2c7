"""Where a check finds things: the user's published files, and weights that are here already.

Nothing is downloaded unless that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from qfloor.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the doctor may look at.

    Attributes
    ----------
    golden : Path, optional
        Folder of published files, laid out as ``docs/how-to/doctor.md`` says.
    weights : Path, optional
        Folder of weights brought along by hand, looked at before any cache.
    download : bool
        Whether missing weights may be fetched.
    refused : dict
        Downloads that did not succeed, with the reason: not tried again for the next check.
    """

    golden: Path | None = None
    weights: Path | None = None
    download: bool = False
    refused: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for option, folder in (("--golden", self.golden), ("--weights", self.weights)):
            if folder is not None and not folder.is_dir():
                raise InputError(f"{option} {folder} is not a folder that exists")

    def published(self, path: str) -> Path:
        """Return the place of a published file; that it is there was a need of the check."""
        assert self.golden is not None, "a check that reads published files must say so"
        return self.golden / path
