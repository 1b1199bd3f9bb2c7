"""May a session be closed? Unblinding ends the voting, so it should not happen by mistake.

A report read while votes still come in, and the voting ended when it reads well, is a claim chosen
by its result. So an open session with trials unanswered is closed only by whoever says so.
"""

from __future__ import annotations

from pathlib import Path

from qfloor.abtest import folder
from qfloor.errors import SessionError

_OPEN = (
    "SELECT (SELECT count(*) FROM trials WHERE kind != 'training') AS trials, "
    "(SELECT count(*) FROM votes v JOIN trials t ON t.token = v.trial "
    "WHERE v.undone_at IS NULL AND t.kind != 'training') AS votes"
)


def check_closing(session: str | Path, *, early: bool = False) -> None:
    """Refuse to close a session that is open and has trials without an answer.

    Parameters
    ----------
    session : str or Path
        The session's folder.
    early : bool
        Whether whoever asks knows that voting ends before all have answered.

    Raises
    ------
    SessionError
        How many trials have no answer, and what to do.
    """
    _, _, db = folder.open_folder(session)
    try:
        closed = "unblinded_at" in folder.meta(db)
        row = folder.columns(db, _OPEN)[0]
    finally:
        db.close()
    missing = row["trials"] - row["votes"]
    if missing and not closed and not early:
        raise SessionError(
            f"{missing} of {row['trials']} trials of {session} have no answer yet, and unblinding "
            "ends the voting; wait for them, or say --early, which the log will show by the votes"
        )
