"""A Prolific export beside a file of judgments: which submissions count.

The export has no answers, only who took part and what became of the submission. Judgments of
submissions that were returned, rejected, timed out, screened out or withdrawn are dropped, by
reason; so are those still under way, which a later import adds. Of a partially approved one the
judgments that were made count. Everything else in the table says who people are and is not even
read.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

from qfloor import tables
from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import ANONYMOUS, Faults, Judgment, Reading, Versus
from qfloor.ratings.wording import nearest

SUBMISSION, PARTICIPANT, STATUS = "Submission id", "Participant id", "Status"
KEPT = ("APPROVED", "PARTIALLY APPROVED", "AWAITING REVIEW")
DROPPED = (
    "REJECTED", "RETURNED", "TIMED-OUT", "SCREENED OUT", "PROCESSING", "ACTIVE", "RESERVED",
    "CONSENT_REVOKED", "DATA_EXPIRED",
)  # fmt: skip
_PARTS = re.compile(r"[\s_-]+")
_BY_WORDS = {_PARTS.sub(" ", status): status for status in (*KEPT, *DROPPED)}
"""Words of a status -> how the export writes it; the API and scripts write ``TIMED_OUT`` too."""


def join_submissions(reading: Reading, path: Path) -> Reading:
    """Leave out judgments whose submission does not count.

    Judgments are matched by session where it is a submission's id, else by participant; a
    participant with several submissions counts when any of them does.

    Parameters
    ----------
    reading : Reading
        Raters as the source calls them, before they are hashed.
    path : Path
        Prolific's export of a study's submissions.

    Raises
    ------
    RatingsError
        When it is no such export, has an unknown status, or speaks of other people altogether.
    """
    submissions, participants = _statuses(path)
    said: tuple[Judgment | Versus, ...] = (*reading.judgments, *reading.comparisons)
    raters = {j.rater for j in said} - {ANONYMOUS}
    sessions = {j.session for j in said}
    if not raters & set(participants) and not sessions & set(submissions):
        raise RatingsError(
            f"{path}: none of the {several(len(raters), 'rater')} is among its "
            f"{several(len(participants), 'participant')}, is it the export of this study?; "
            "nothing was imported"
        )
    dropped = Counter(reading.dropped)

    def is_kept(judgment: Judgment | Versus) -> bool:
        found = submissions.get(judgment.session or "") or _best(participants.get(judgment.rater))
        if found is None or found in KEPT:
            return True
        if isinstance(judgment, Versus) or not judgment.trial:  # else its comparison is counted
            dropped[f"prolific {found.lower()}"] += 1
        return False

    judgments = tuple(judgment for judgment in reading.judgments if is_kept(judgment))
    comparisons = tuple(versus for versus in reading.comparisons if is_kept(versus))
    strangers = sum(rater not in participants for rater in raters)
    notes = (
        (f"{several(strangers, 'rater is', 'raters are')} not among the Prolific submissions",)
        if strangers
        else ()
    )
    return replace(
        reading,
        judgments=judgments,
        comparisons=comparisons,
        dropped=dropped,
        notes=(*reading.notes, *notes),
    )


def _statuses(path: Path) -> tuple[dict[str, str], dict[str, set[str]]]:
    faults = Faults(path)
    submissions: dict[str, str] = {}
    participants: dict[str, set[str]] = defaultdict(set)
    for line, row in tables.rows(path, RatingsError):
        for name in (SUBMISSION, PARTICIPANT, STATUS):
            if name not in row:
                raise RatingsError(
                    f"{path}: column {name!r} is missing, is it Prolific's export of "
                    "submissions?; nothing was imported"
                )
        status = _BY_WORDS.get(_PARTS.sub(" ", row[STATUS].strip().upper()))
        if status is None:
            known = nearest(row[STATUS], (*KEPT, *DROPPED))
            raise faults.wrong(line, f"status {row[STATUS]!r} is unknown {known}")
        submissions[row[SUBMISSION].strip()] = status
        participants[row[PARTICIPANT].strip()].add(status)
    if not submissions:
        raise RatingsError(f"{path}: there is no submission in it; nothing was imported")
    return submissions, dict(participants)


def _best(statuses: set[str] | None) -> str | None:
    """The status that decides: the first in the order kept, then dropped."""
    if statuses is None:
        return None
    return min(statuses, key=(*KEPT, *DROPPED).index)
