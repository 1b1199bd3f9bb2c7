"""Files of a transformers model: in a folder, or in a hub repository. Knows no model."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor.errors import PluginError
from qfloor.scorers import hub
from qfloor.scorers.weights import file_sha256

_REPOSITORY = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(@(?P<revision>[\w.-]+))?")


@dataclass(frozen=True, kw_only=True)
class HubFolder:
    """Where a model's files are; ``source`` is a folder, or ``ORG/REPO`` with optional ``@REV``."""

    source: str

    @property
    def label(self) -> str:
        """Last part of the source, without a revision."""
        return Path(self.source.partition("@")[0]).name or "model"

    def first_of(self, *names: str) -> Path:
        """Return the first of these files that is there.

        Raises
        ------
        PluginError
            When there is none; says where they were looked for.
        """
        folder = Path(self.source).expanduser()
        if folder.is_dir():
            found = next((folder / name for name in names if (folder / name).is_file()), None)
            if found is None:
                raise PluginError(f"model folder {folder} has no {' or '.join(names)}")
            return found
        repository = _REPOSITORY.fullmatch(self.source)
        if repository is None:
            raise PluginError(
                f"{self.source!r} is neither a folder nor a hub repository (ORG/REPO or "
                f"ORG/REPO@REVISION)"
            )
        trouble: PluginError | None = None
        for name in names:
            try:
                return hub.file(repository["id"], name, repository["revision"])
            except PluginError as error:
                trouble = trouble or error
        assert trouble is not None
        raise trouble

    def settings(self, *names: str) -> dict[str, Any]:
        """Return the content of the first of these JSON files that is there."""
        path = self.first_of(*names)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise PluginError(f"{path} is not JSON: {error}") from error
        if not isinstance(content, dict):
            raise PluginError(f"{path} holds no settings")
        return content


def digests(paths: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of files by name."""
    return {path.name: file_sha256(path) for path in paths}
