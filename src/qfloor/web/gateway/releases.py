"""Which quality database decides: adopted whole, a canary on a share of requests, taken back.

A release is read and checked before it counts, and a copy of it is kept under its digest, so that
whatever happens to the file it came from, a decision is never made by half of one and yesterday's
can be put back with one command. Roles stand in ``gateway.db``: every worker sees a change within
a second, and it outlives them.
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from qfloor import router
from qfloor.errors import DatabaseError, IllustrativeDatabaseError, InputError
from qfloor.export import verify
from qfloor.web.gateway.ledger import GatewayLedger

log = logging.getLogger("qfloor.gateway")
STABLE, CANARY, PREVIOUS, WITHDRAWN = "stable", "canary", "previous", "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Role:
    """What a release is for now."""

    role: str
    digest: str
    source: str
    percent: float
    at: str


class Releases:
    """The releases of a gateway."""

    def __init__(self, ledger: GatewayLedger, *, allow_illustrative: bool = False) -> None:
        self._ledger, self._allow_illustrative = ledger, allow_illustrative
        self._folder = ledger.root / "releases"
        self._folder.mkdir(exist_ok=True)

    def roles(self) -> dict[str, Role]:
        """What is what."""
        found = self._ledger.rows("SELECT role, digest, source, percent, at FROM releases")
        return {
            row[0]: Role(role=row[0], digest=row[1], source=row[2], percent=row[3], at=row[4])
            for row in found
        }

    def load(self, digest: str) -> router.Database:
        """Read a kept release."""
        return router.load(self._folder / f"{digest}.db")

    def keep(self, source: Path) -> str:
        """Check a release and keep a copy of it; return its digest.

        Raises
        ------
        DatabaseError
            When it cannot be read, was changed since it was exported, or is an example and that is
            not allowed; nothing changes.
        """
        draft = self._folder / f"draft-{uuid.uuid4().hex}"
        try:
            if not source.is_file():
                raise DatabaseError(f"{source}: no such quality database")
            shutil.copyfile(source, draft)
            try:
                db = router.load(draft)
                verify(draft)  # what the router cannot look at each time it is asked
            except DatabaseError as error:
                raise type(error)(str(error).replace(str(draft), str(source))) from None
            if db.illustrative and not self._allow_illustrative:
                raise IllustrativeDatabaseError(
                    f"{source}: is an example and not a measurement; --allow-illustrative serves it"
                )
            os.replace(draft, self._folder / f"{db.digest}.db")
        finally:
            draft.unlink(missing_ok=True)
        return db.digest

    def adopt(self, source: Path) -> bool:
        """Make a file the stable release, unless it is that already, or a command has decided.

        What was taken back, and what another file was promoted over, stays so until the file has
        another content; that is said in the log. Returns whether anything changed.
        """
        digest = self.keep(source)
        with self._ledger.transaction():
            roles = self.roles()
            stable = roles.get(STABLE)
            if stable is not None and stable.digest == digest:
                return False
            if stable is not None and (why := _decided_before(roles, digest, str(source))):
                log.warning("%s is not taken up: %s; %s decides", source, why, stable.source)
                return False
            if stable is not None:
                self._put(PREVIOUS, stable.digest, stable.source)
            self._put(STABLE, digest, str(source))
        return True

    def canary(self, source: Path, percent: float) -> Role:
        """Let a release decide a share of requests."""
        if not 0 < percent <= 100:
            raise InputError(f"percent is {percent:g}, must be above 0 and up to 100")
        digest = self.keep(source)
        with self._ledger.transaction():
            roles = self.roles()
            if STABLE in roles and roles[STABLE].digest == digest:
                raise InputError(f"{source}: is the stable release already")
            self._drop(WITHDRAWN, digest)
            self._put(CANARY, digest, str(source), percent)
            return self.roles()[CANARY]  # within: another command may be quick

    def promote(self) -> Role:
        """Make the canary the stable release."""
        with self._ledger.transaction():
            roles = self.roles()
            if CANARY not in roles:
                raise InputError("there is no canary to promote; start one with `gateway canary`")
            if STABLE in roles:
                self._put(PREVIOUS, roles[STABLE].digest, roles[STABLE].source)
            self._put(STABLE, roles[CANARY].digest, roles[CANARY].source)
            self._drop(CANARY)
            return self.roles()[STABLE]

    def rollback(self) -> Role:
        """Take back the canary, or without one the stable release, and say what decides now.

        The file it came from is not adopted again until its content changes.
        """
        with self._ledger.transaction():
            roles = self.roles()
            if CANARY in roles and STABLE in roles:
                taken = roles[CANARY]
                self._drop(CANARY)
            elif PREVIOUS in roles and STABLE in roles:
                taken = roles[STABLE]
                self._put(STABLE, roles[PREVIOUS].digest, roles[PREVIOUS].source)
                self._drop(PREVIOUS)
            else:
                raise InputError("there is nothing to go back to: no canary and no release before")
            self._put(WITHDRAWN, taken.digest, taken.source)
            return self.roles()[STABLE]

    def _put(self, role: str, digest: str, source: str, percent: float = 100.0) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._ledger.write(
            "INSERT INTO releases VALUES (?, ?, ?, ?, ?) ON CONFLICT (role) DO UPDATE SET "
            "digest = excluded.digest, source = excluded.source, percent = excluded.percent, "
            "at = excluded.at",
            (role, digest, source, percent, at),
        )

    def _drop(self, role: str, digest: str | None = None) -> None:
        self._ledger.write(
            "DELETE FROM releases WHERE role = ? AND (? IS NULL OR digest = ?)",
            (role, digest, digest),
        )


def _decided_before(roles: Mapping[str, Role], digest: str, source: str) -> str:
    """Why a file's content does not decide, though it is not the stable release; else empty."""
    stable, previous, withdrawn = (roles.get(r) for r in (STABLE, PREVIOUS, WITHDRAWN))
    if withdrawn is not None and withdrawn.digest == digest:
        return f"`rollback` took release {digest[:12]} back, and `canary` tries it again"
    promoted_over = (
        stable is not None
        and previous is not None
        and (previous.digest, previous.source) == (digest, source)
        and stable.source != source
    )
    if promoted_over:
        return f"release {digest[:12]} was promoted over, and `rollback` returns to it"
    return ""
