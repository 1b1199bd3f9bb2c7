"""What checks may lack: packages, published files, weights; and how each is to be had."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from qfloor.doctor.check import NotRun
from qfloor.doctor.ground import Ground
from qfloor.errors import PluginError

HOW_TO = "docs/how-to/doctor.md"


@dataclass(frozen=True, kw_only=True)
class Packages:
    """Packages of one extra, looked for without importing them."""

    extra: str
    modules: tuple[str, ...]

    @property
    def says(self) -> str:
        """The extra."""
        return f"extra `{self.extra}`"

    def fault(self, ground: Ground) -> str | None:
        """Name the first package that is not installed."""
        for module in self.modules:
            if importlib.util.find_spec(module) is None:
                return f"needs {module}, which is not installed: pip install 'qfloor[{self.extra}]'"
        return None


CLIP_EXTRA = Packages(extra="clip", modules=("torch", "torchvision", "open_clip"))


@dataclass(frozen=True, kw_only=True)
class Published:
    """Files that somebody published, in a folder of ``--golden DIR``.

    Attributes
    ----------
    folder : str
    files : tuple of tuple of str
        Each under any of its names.
    home : str
        Where to get them.
    """

    folder: str
    files: tuple[tuple[str, ...], ...]
    home: str

    @property
    def says(self) -> str:
        """The folder."""
        return f"files `{self.folder}/`"

    def path(self, ground: Ground, *names: str) -> Path:
        """Return the place of a file, under the first of its names that is there."""
        places = [ground.published(f"{self.folder}/{name}") for name in names]
        return next((place for place in places if place.is_file()), places[0])

    def fault(self, ground: Ground) -> str | None:
        """Name the files that are not there."""
        if ground.golden is None:
            return f"needs --golden DIR with {self.folder}, from {self.home}; see {HOW_TO}"
        places = [self.path(ground, *names) for names in self.files]
        missing = [place for place in places if not place.is_file()]
        if not missing:
            return None
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return f"needs {missing[0]}{more}: get {self.folder} from {self.home}"


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One file of weights: in ``--weights DIR``, in the hub's cache, or fetched if allowed.

    Attributes
    ----------
    name : str
        How people call them: ``ViT-L-14@openai``.
    megabytes : float
        About how large the download is.
    repository, files : str, tuple of str
        Of the hub; the first of the files that is here is taken, the first is what is fetched.
    """

    name: str
    megabytes: float
    repository: str
    files: tuple[str, ...]

    @property
    def says(self) -> str:
        """Name and size."""
        return f"weights `{self.name}` ({self.size})"

    @property
    def size(self) -> str:
        """Size of the download, in words."""
        large = self.megabytes >= 1000
        return f"{self.megabytes / 1000:.1f} GB" if large else f"{self.megabytes:g} MB"

    @property
    def places(self) -> tuple[str, ...]:
        """Names under which ``--weights DIR`` may hold the file."""
        return tuple(dict.fromkeys(self.name + Path(file).suffix for file in self.files))

    def here(self, ground: Ground) -> Path | None:
        """Return the file if it is on this machine."""
        from qfloor.scorers import hub

        if ground.weights is not None:
            for place in self.places:
                if (ground.weights / place).is_file():
                    return ground.weights / place
        for file in self.files:
            try:
                return hub.file(self.repository, file, download=False)
            except PluginError:
                continue
        return None

    def path(self, ground: Ground) -> Path:
        """Return the file, fetched if need be and allowed.

        Raises
        ------
        NotRun
            When it is not here and cannot be had.
        """
        found = self.here(ground)
        if found is None and not ground.download:
            raise NotRun(self._how_to_get(ground))
        return found or self._fetched(ground)

    def _fetched(self, ground: Ground) -> Path:
        from qfloor.scorers import hub

        if self.name not in ground.refused:
            try:
                return hub.file(self.repository, self.files[0], download=True)
            except PluginError as error:
                ground.refused[self.name] = str(error)
        raise NotRun(f"needs {self.name} ({self.size}): {ground.refused[self.name]}")

    def fault(self, ground: Ground) -> str | None:
        """Say how to get it when it is neither here nor may be fetched."""
        return None if ground.download or self.here(ground) else self._how_to_get(ground)

    def _how_to_get(self, ground: Ground) -> str:
        folder = ground.weights or "DIR"
        give = "" if ground.weights else " and run with --weights DIR"
        return (
            f"needs {self.name} ({self.size}): qfloor doctor --download, or put {self.files[0]} of "
            f"{self.repository} at {folder}/{self.places[0]}{give}"
        )
