"""Is everything still there, and how much is it: ``store verify`` and ``store du``.

Nothing is changed here. What this module does not know: what should be done about it
(`cleaning`, `tiering`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from qfloor.errors import StoreError
from qfloor.store.media_files import Lying
from qfloor.store.media_kept import GENERATORS
from qfloor.store.media_place import Media, places_of
from qfloor.store.store import DATABASE, Store
from qfloor.store.tiers import Named

Kind = Literal["database", "missing", "damaged", "orphan"]
GROUPS = ("round", "offer", "category", "modality", "place")
_READERS = 4
_Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is not as the rows say.

    ``database``: the file or its references are broken; ``missing``: an output names media that
    lies nowhere and that no policy deleted; ``damaged``: bytes whose digest is not their name;
    ``orphan``: bytes that no row names, as a run leaves that was killed between file and row.
    """

    kind: Kind
    sha256: str = ""
    place: str = ""
    bytes: int | None = None
    detail: str = ""

    @property
    def is_loss(self) -> bool:
        """Whether something is lost; an orphan is only in the way."""
        return self.kind != "orphan"


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What `verify_store` looked at, and what it found."""

    findings: tuple[Finding, ...]
    n_named: int
    n_files: int
    bytes: int
    n_deleted: int
    read: bool

    @property
    def lost(self) -> int:
        """How many findings are losses."""
        return sum(finding.is_loss for finding in self.findings)


def verify_store(store: Store, *, read: bool = True, progress: _Progress | None = None) -> Verified:
    """Compare rows with media, and media with their names.

    Parameters
    ----------
    store : Store
    read : bool, default True
        Read every copy in every place and hash it; otherwise only look whether it is there.
    progress : callable, optional
        Called with (files read, files to read).
    """
    named = {one.sha256: one for one in store.named_media()}
    deleted = store.deleted_media()
    findings = [Finding(kind="database", detail=said) for said in store.damage()]
    copies = [(place, one) for place in places_of(store.media) for one in place.lying()]
    there = {one.sha256 for _, one in copies}
    for sha256, one in named.items():
        if sha256 not in there and sha256 not in deleted:
            findings.append(Finding(kind="missing", sha256=sha256, detail=_said(one)))
    if read:
        findings += _damaged(copies, named, progress)
    for place, lying in copies:
        if lying.sha256 not in named:
            findings.append(
                Finding(
                    kind="orphan", sha256=lying.sha256, place=place.where, bytes=lying.size,
                    detail="no output names it",
                )
            )  # fmt: skip
    return Verified(
        findings=tuple(findings),
        n_named=len(named),
        n_files=len(copies),
        bytes=sum(one.size for _, one in copies),
        n_deleted=sum(sha256 in deleted and sha256 not in there for sha256 in named),
        read=read,
    )


def _damaged(
    copies: list[tuple[Media, Lying]], named: dict[str, Named], progress: _Progress | None
) -> Iterator[Finding]:
    def hashed(copy: tuple[Media, Lying]) -> Finding | None:
        place, lying = copy
        try:
            found = place.digest(lying.sha256)
        except (OSError, StoreError) as error:
            found, why = "", f"cannot be read: {error}"
        else:
            why = f"its bytes have the digest {found}"
        if found in (lying.sha256, None):  # None: removed meanwhile
            return None
        one = named.get(lying.sha256)
        return Finding(
            kind="damaged", sha256=lying.sha256, place=place.where, bytes=lying.size,
            detail=f"{why}; {_said(one)}" if one else why,
        )  # fmt: skip

    with ThreadPoolExecutor(_READERS, thread_name_prefix="verify") as pool:
        for n, finding in enumerate(pool.map(hashed, copies), start=1):
            if progress is not None:
                progress(n, len(copies))
            if finding is not None:
                yield finding


def _said(one: Named) -> str:
    return f"output {one.output_id} of {one.offer_id}, round {one.round}"


def measure_store(store: Store, by: str = "round") -> list[dict[str, Any]]:
    """Return what media weigh, a row a group, and what else the workspace holds.

    Parameters
    ----------
    store : Store
    by : {"round", "offer", "category", "modality", "place"}
        A file that outputs of several groups name is counted in the first of them.

    Raises
    ------
    StoreError
        When ``by`` is none of these.
    """
    if by not in GROUPS:
        raise StoreError(f"media cannot be told apart by {by!r}; known: {', '.join(GROUPS)}")
    named: dict[str, list[Named]] = defaultdict(list)
    for one in store.named_media():
        named[one.sha256].append(one)
    rows: dict[str, dict[str, Any]] = {}
    for place in places_of(store.media):
        for lying in place.lying():
            outputs = named.get(lying.sha256, [])
            group = place.where if by == "place" else _group(by, outputs)
            row = rows.setdefault(group, {by: group, "outputs": 0, "files": 0, "bytes": 0})
            row["files"] += 1
            row["bytes"] += lying.size
            row["outputs"] += len(outputs)
    found = [rows[name] for name in sorted(rows)]
    return [*found, *_beside(store, by)]


def _group(by: str, outputs: list[Named]) -> str:
    if not outputs:
        return "(named by no output)"
    return str(getattr(outputs[0], "offer_id" if by == "offer" else by))


def _beside(store: Store, by: str) -> Iterable[dict[str, Any]]:
    """The database with its log, and what generators keep."""
    database = [p for p in store.root.glob(f"{DATABASE}*") if p.is_file()]
    kept = [p for p in (store.root / GENERATORS).rglob("*") if p.is_file()]
    for name, files in ((f"({DATABASE})", database), (f"({GENERATORS}/)", kept)):
        yield {
            by: name, "outputs": None, "files": len(files),
            "bytes": sum(p.stat().st_size for p in files),
        }  # fmt: skip
