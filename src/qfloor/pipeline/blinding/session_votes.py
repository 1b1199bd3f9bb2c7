"""From a blind session back into the store: votes become comparisons, their scores ratings.

So the loop closes: what people said of routed and reference outputs is what calibration and
floors learn from. It joins the stages `abtest` and `ratings`, which do not know each other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qfloor.abtest.answers import Answer, write_answers
from qfloor.abtest.exporting import storable
from qfloor.errors import RatingsError
from qfloor.ratings import ImportReport, import_ratings
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class VotesStored:
    """What went into the store, and how many showings did not since they show no two outputs."""

    report: ImportReport
    left_out: int


def store_votes(
    store: Store, answers: Sequence[Answer], *, round: str, source: str | None = None
) -> VotesStored:
    """Put a session's votes into the store.

    Parameters
    ----------
    store : Store
    answers : sequence of Answer
        Unblinded; items are ids of outputs.
    round : str
        Round that outputs unknown to the store belong to.
    source : str, optional
        By default ``blind:`` and the session's id: another session is another source, and the
        same one adds nothing twice.

    Returns
    -------
    VotesStored

    Raises
    ------
    RatingsError
        When no showing is of two outputs, or an item is no output of the store.
    """
    kept = storable(answers)
    if not kept:
        raise RatingsError("no answer is about two outputs; nothing was imported")
    with tempfile.TemporaryDirectory(prefix="qfloor-votes-") as folder:
        path = Path(folder) / "votes.csv"
        write_answers(path, kept)
        report = import_ratings(
            store, path, "pairwise", round=round, source=source or f"blind:{kept[0].session_id}"
        )
    return VotesStored(report=report, left_out=len(answers) - len(kept))
