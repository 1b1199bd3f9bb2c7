"""May a session be closed? Unblinding ends the voting, so it should not happen by mistake.

A session that is closed before its planned votes are in is smaller than the one whose power was
frozen. So it is closed early only by whoever says why; the reason is logged with how many votes
are missing, and every report of the session says both.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from qfloor.abtest import folder
from qfloor.abtest.plan import EarlyEnd
from qfloor.counting import several
from qfloor.errors import SessionError
from qfloor.whole import check_place

_PLANNED = "SELECT id, votes FROM units WHERE votes > 0"
_GIVEN = (
    "SELECT t.unit, count(*) FROM votes v JOIN trials t ON t.token = v.trial "
    "WHERE v.undone_at IS NULL AND v.response != 'skip' AND t.kind IN ('test', 'same_model') "
    "GROUP BY 1"
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far the planned votes are in: of ``planned`` of all pairs, those of ``short`` lack some.

    Skipped trials, and more votes of a pair than were planned, count for nothing.
    """

    planned: int
    given: int
    short: int

    @property
    def missing(self) -> int:
        """Planned votes that have not come."""
        return self.planned - self.given


def standing_of(db: sqlite3.Connection) -> Standing:
    """Count the votes of a session against its plan."""
    given = dict(db.execute(_GIVEN).fetchall())
    pairs = db.execute(_PLANNED).fetchall()
    counted = [(votes, min(votes, given.get(unit, 0))) for unit, votes in pairs]
    return Standing(
        planned=sum(votes for votes, _ in counted),
        given=sum(came for _, came in counted),
        short=sum(came < votes for votes, came in counted),
    )


def check_closing(standing: Standing, session: str, early: str | None) -> None:
    """Refuse to close a session whose planned votes are not in, unless someone says why.

    Where none is in there is nothing to unblind, whatever is said.

    Parameters
    ----------
    standing : Standing
    session : str
        As whoever asks calls it.
    early : str or None
        Why voting ends before all votes are in.

    Raises
    ------
    SessionError
        How many votes are missing, and what to do.
    """
    if early is not None and not early.strip():
        raise SessionError("say why voting ends early: --early 'the panel was paid up'")
    if not standing.given:
        raise SessionError(
            f"nobody has answered a planned trial of {session} yet: there is nothing to unblind, "
            f"and the voting goes on; raters come by the links of `qfloor ab links {session}`"
        )
    if standing.missing and early is None:
        raise SessionError(
            f"{standing.missing} of {several(standing.planned, 'planned vote')} of {session} "
            f"{'is' if standing.missing == 1 else 'are'} not in yet "
            f"({several(standing.short, 'pair')} short of votes), and unblinding ends the voting; "
            "wait, make "
            "places for more raters (qfloor ab links --add), or say why with --early REASON, "
            "which the log and every report will show"
        )


def check_out(
    out: Path, session: str | Path, *, key: Path | None = None, told: str = "--out"
) -> None:
    """Refuse a place where nothing can be written, before the voting is ended for it.

    Parameters
    ----------
    out : Path
        The file to be written; nothing is left there.
    session : str or Path
        The session's folder, or the file of answers that is read.
    key : Path, optional
        The arm key, where it does not lie beside the session.
    told : str
        What the file is called.

    Raises
    ------
    SessionError
        When it is a folder or cannot be written, lies within the session's folder, or would
        replace an arm key or the answers.
    """
    try:
        check_place(out)
    except IsADirectoryError:
        raise SessionError(f"{told} {out} is a folder; name the file") from None
    except OSError as error:
        raise SessionError(
            f"{told} {out} cannot be written ({error.strerror}); name another place"
        ) from error
    place, source = out.resolve(), Path(session).expanduser().resolve()
    if place.name.endswith(".key.json") or (key and place == key.expanduser().resolve()):
        raise SessionError(
            f"{told} {out} is named as an arm key, which it would replace; name another"
        )
    if place == source:
        raise SessionError(f"{told} {out} is the file that the answers come from; name another")
    if place.is_relative_to(source):
        raise SessionError(f"{told} {out} lies in the session's folder; write it elsewhere")


def early_end(session: str | Path) -> EarlyEnd | None:
    """Whether a session was closed before its planned votes were in, and why, by its log."""
    _, _, db = folder.open_folder(session)
    try:
        return early_end_in(db)
    finally:
        db.close()


def early_end_in(db: sqlite3.Connection) -> EarlyEnd | None:
    """`early_end` by an open database, which may just be ending the voting."""
    rows = db.execute("SELECT at, detail FROM log WHERE event = 'unblinded' ORDER BY seq LIMIT 1")
    for at, text in rows.fetchall():
        detail = json.loads(text)
        if "early" in detail:
            return EarlyEnd(
                reason=detail["early"], at=at, planned=detail["planned"], missing=detail["missing"]
            )
    return None
