"""The store: one folder that keeps what was bought, said and found out."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from qfloor.errors import StoreError
from qfloor.records import Attempt, Event, home_round
from qfloor.store.drift import DriftTables
from qfloor.store.evidence import EvidenceTables
from qfloor.store.frames import Frames
from qfloor.store.judgments import JudgmentTables
from qfloor.store.ledger import LedgerTables
from qfloor.store.lock import WriterLock
from qfloor.store.media_kept import GENERATORS, KeepsMedia
from qfloor.store.media_place import media_of, read_media
from qfloor.store.outputs import OutputTables
from qfloor.store.sequential import SequentialTables
from qfloor.store.settings import read_settings
from qfloor.store.tiers import TierTables

DATABASE = "store.db"
_LOG = f"{DATABASE}-wal"
_COPIES = 3
"""How often a copy is tried: another command may just be ending."""


class Store(
    OutputTables,
    LedgerTables,
    JudgmentTables,
    EvidenceTables,
    SequentialTables,
    DriftTables,
    TierTables,
    Frames,
    KeepsMedia,
):
    """A workspace's store: ``store.db``, ``media/`` and the lock of its one writer.

    Where ``workspace.toml`` says so, media lie in another place (`qfloor.store.media_place`).

    Readers that give records end in ``_of`` (``outputs_of``, ``ratings_of``); those with the
    plain name give pandas frames (``outputs``, ``ratings``). Writers are ``save_*``, and
    ``append_*`` for the ledger. Each is one transaction unless called within `transaction`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store.open(folder, create=True) as store:
    ...     list(store.outputs_of(round="2026-11"))
    []
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.media = media_of(root, read_settings(root))
        self._writer = WriterLock(root / "store.lock")
        super().__init__(root / DATABASE)

    @classmethod
    def open(cls, path: str | Path, create: bool = False) -> Store:
        """Open the store of a workspace, bringing an older one up to date.

        Parameters
        ----------
        path : str or Path
            A workspace folder or its ``store.db``.
        create : bool, default False
            Make folder and store when they are not there.

        Raises
        ------
        StoreError
            When there is none (and ``create`` is False), it is not a store, or a newer qfloor
            wrote it.
        """
        given = Path(path).expanduser()
        root = given.parent if given.name == DATABASE else given
        if not (root / DATABASE).exists():
            if not create:
                raise StoreError(f"there is no store at {root}; run `qfloor run` or name another")
            _make_folder(root)
        return cls(root.resolve())

    @classmethod
    @contextlib.contextmanager
    def copy_of(cls, path: str | Path) -> Iterator[Store]:
        """Open a copy of a store's rows, with its media; the store's own folder is only read.

        Whatever is done to the copy is gone afterwards; a store of an older qfloor is brought up
        to date in the copy alone.

        Raises
        ------
        StoreError
            When there is none, or it is written to meanwhile.
        """
        given = Path(path).expanduser()
        root = (given.parent if given.name == DATABASE else given).resolve()
        if not (root / DATABASE).is_file():
            raise StoreError(f"there is no store at {root}; name another")
        with tempfile.TemporaryDirectory(prefix="qfloor-") as folder:
            _copy_rows(root, Path(folder))
            with cls(Path(folder)) as store:
                store.media = media_of(root, read_settings(root))
                yield store

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the lock and close the file."""
        self._writer.release()
        super().close()

    @contextlib.contextmanager
    def writing(self, purpose: str) -> Iterator[None]:
        """Hold the store as its one writer for the length of a run; stages within may nest it.

        Parameters
        ----------
        purpose : str
            What another process is told when it asks, e.g. ``generate``.

        Raises
        ------
        StoreError
            When another run holds it; names the process and since when.
        """
        outermost = not self._writer.held
        if outermost:
            self._writer.acquire(purpose)
            self.media.sweep()
        try:
            yield
        finally:
            if outermost:
                self._writer.release()

    def reopen_media(self) -> None:
        """Look again where ``workspace.toml`` says that media lie."""
        self.media = media_of(self.root, read_settings(self.root))

    def check_round(self, name: str) -> None:
        """Refuse a round of which nothing is here, not even outputs kept beside it.

        Raises
        ------
        StoreError
            In one sentence with the rounds that are.
        """
        known = {home_round(each) for each in self.rounds()}
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise StoreError(f"{self.root} has no round {name}; it has: {there}")

    def append_attempts(self, attempts: Iterable[Attempt]) -> int:
        """Append events of the ledger; see `qfloor.store.ledger`.

        Raises
        ------
        StoreError
            When a call is intended by who held this store and does so no more.
        """
        events = list(attempts)
        if self._writer.held and any(event.event is Event.INTENDED for event in events):
            self._check_still_ours()
        return super().append_attempts(events)

    def _check_still_ours(self) -> None:
        if not self._writer.stands():
            raise StoreError(
                f"{self._writer.path} was removed or replaced during this run, so that another may "
                "write this store; nothing more is bought, what was bought is kept: run it again"
            )

    def media_path(self, sha256: str) -> Path:
        """File on this machine with stored media; `StoreError` when there is none."""
        return self.media.path(sha256)

    def read_media(self, sha256: str) -> bytes:
        """Stored media's bytes, wherever they lie; `StoreError` when there are none."""
        return read_media(self.media, sha256)

    def generator_folders(self) -> list[Path]:
        """Folders of all generators that ever had one."""
        return sorted(p for p in (self.root / GENERATORS).glob("*") if p.is_dir())


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the workspace folder {root} cannot be made: {error}") from error


def _copy_rows(root: Path, folder: Path) -> None:
    """Copy the database and its log, or say that they keep changing under our eyes."""
    for _ in range(_COPIES):
        before = _stamps(root)
        if _copied(root, folder, before) and _stamps(root) == before:
            return
    raise StoreError(f"the store at {root} is being written; wait for that to end")


def _copied(root: Path, folder: Path, names: Iterable[str]) -> bool:
    """Copy files that are there; the log goes with the last who writes."""
    (folder / _LOG).unlink(missing_ok=True)
    try:
        for name in names:
            shutil.copyfile(root / name, folder / name)
    except FileNotFoundError:
        return False
    return True


def _stamps(root: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for name in (DATABASE, _LOG):
        with contextlib.suppress(FileNotFoundError):
            seen = (root / name).stat()
            found[name] = (seen.st_size, seen.st_mtime_ns)
    return found
