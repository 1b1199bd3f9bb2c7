"""Unblinding: votes and arm key are put together, once all voting is over, and that is logged.

Before this there is no statistic by arm to be had anywhere: the folder does not know the arms.
From the first unblinding on the session takes no more votes. What was taken back (undone) stays
in the database and is not an answer; training is none either.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from qfloor.abtest import folder as f
from qfloor.abtest.answers import Answer, Response
from qfloor.abtest.closing import check_closing, early_end_in, standing_of
from qfloor.abtest.key import ArmKey, KeyUnit, read_key
from qfloor.abtest.plan import EarlyEnd
from qfloor.abtest.protocol import Protocol
from qfloor.counting import several
from qfloor.errors import SessionError
from qfloor.whole import write_whole

_VOTES = (
    "SELECT v.*, t.kind, t.unit, t.places, t.repeat_of FROM votes v "
    "JOIN trials t ON t.token = v.trial "
    "WHERE v.undone_at IS NULL AND t.kind != 'training' ORDER BY v.seq"
)


def unblind(
    session: str | Path, key: str | Path, *, early: str | None = None
) -> tuple[Protocol, list[Answer]]:
    """Join a session's votes with its arm key; logged, and it ends the voting.

    Parameters
    ----------
    session : str or Path
        The session's folder.
    key : str or Path
        Its arm key.
    early : str, optional
        Why voting ends although planned votes are missing; logged, and told by every report.

    Returns
    -------
    (Protocol, list of Answer)
        Answers in the order in which they were given.

    Raises
    ------
    SessionError
        When the key is another session's, the session does not compare pairs, nobody has
        answered, or planned votes are missing and nobody says why that is all right.
    """
    with unblinding(session, key, early=early) as found:
        return found.protocol, found.answers


@dataclass(frozen=True, kw_only=True)
class Unblinded:
    """What is known once votes and key are together; ``early`` where voting was ended so."""

    protocol: Protocol
    key: ArmKey
    answers: list[Answer]
    early: EarlyEnd | None


@contextlib.contextmanager
def unblinding(
    session: str | Path, key: str | Path, *, early: str | None = None
) -> Iterator[Unblinded]:
    """Unblind as `unblind` does, for whoever makes something of the answers that may fail.

    Voting is ended, and that is logged, when the block ends: an error within leaves the session as
    it was. So nothing of the answers may be told or kept within the block.
    """
    with _opened(session, key, early, pairs=True) as (protocol, arms, votes, db):
        yield Unblinded(
            protocol=protocol,
            key=arms,
            answers=[_answer(vote, arms.units[vote["unit"]], protocol) for vote in votes],
            early=early_end_in(db),
        )


def unblind_ratings(
    session: str | Path, key: str | Path, *, early: str | None = None
) -> list[dict[str, Any]]:
    """Give a session of absolute ratings as rows of qfloor's own tables; logged as `unblind`.

    Returns
    -------
    list of dict
        Rows of the format ``long`` (ratings), or ``pairwise`` (one row for each two outputs
        that a ranking put in order).

    Raises
    ------
    SessionError
        As `unblind`, or when the session compares pairs.
    """
    with _opened(session, key, early, pairs=False) as (protocol, arms, votes, _):
        given = [vote for vote in votes if vote["response"] != "skip"]
        make = _ranked if protocol.question == "ranking" else _rated
        return [row for vote in given for row in make(vote, arms.units[vote["unit"]], protocol)]


def check_answers(session: str | Path, answers: Sequence[Answer]) -> None:
    """Hold answers that come from a file to the votes of their session.

    Raises
    ------
    SessionError
        When one is missing, was added or was changed, or the session was never unblinded.
    """
    _, _, db = f.open_folder(session)
    try:
        ended = "unblinded_at" in f.meta(db)
        votes = f.columns(db, _VOTES)
    finally:
        db.close()
    if not ended:
        raise SessionError(f"{session} was never unblinded, so no file can hold its answers")
    given = {vote["trial"]: _response(vote) for vote in votes}
    said = {answer.trial_id: str(answer.response) for answer in answers}
    if said != given:
        missing, added = len(given.keys() - said.keys()), len(said.keys() - given.keys())
        changed = sum(said[t] != given[t] for t in said.keys() & given.keys())
        raise SessionError(
            f"the answers are not those of {session}: {missing} are missing, {added} were added, "
            f"{changed} changed; leave --protocol out, and no claim will rest on its margins"
        )


def audited_pairs(session: str | Path, answers: Sequence[Answer]) -> frozenset[str]:
    """Ids of a session's audited pairs among answers that come from a file.

    The session's folder knows which trials show them; what pairs are called stands in the answers.
    """
    _, _, db = f.open_folder(session)
    try:
        sql = "SELECT t.token FROM trials t JOIN units u ON u.id = t.unit WHERE u.audit"
        trials = {token for (token,) in db.execute(sql)}
    finally:
        db.close()
    return frozenset(answer.pair_id for answer in answers if answer.trial_id in trials)


def unblindings(session: str | Path) -> list[dict[str, Any]]:
    """The session's log: when it was made, extended and unblinded, and with how many votes."""
    _, _, db = f.open_folder(session)
    try:
        rows = f.columns(db, "SELECT at, event, detail FROM log ORDER BY seq")
    finally:
        db.close()
    return [{"at": row["at"], "event": row["event"], **json.loads(row["detail"])} for row in rows]


def _key_of(protocol: Protocol, key: str | Path) -> ArmKey:
    arms = read_key(key)
    if (arms.session_id, arms.protocol_digest) != (protocol.session_id, protocol.digest):
        raise SessionError(
            f"{key} is the key of session {arms.session_id}, not of {protocol.session_id}"
        )
    return arms


@contextlib.contextmanager
def _opened(
    session: str | Path, key: str | Path, early: str | None, *, pairs: bool
) -> Iterator[tuple[Protocol, ArmKey, list[dict[str, Any]], sqlite3.Connection]]:
    """Votes and arms; the voting is ended with the block, unless an error ends that."""
    _, protocol, db = f.open_folder(session)
    try:
        _check_question(session, protocol, pairs)  # before anything is told or ended
        arms = _key_of(protocol, key)
        _check_whole(db, arms, key)
        with f.change(db, session):
            _close_voting(db, Path(key), str(session), early)
            yield protocol, arms, f.columns(db, _VOTES), db
    finally:
        db.close()


def _check_whole(db: sqlite3.Connection, arms: ArmKey, key: str | Path) -> None:
    units = {u for (u,) in db.execute("SELECT unit FROM trials WHERE kind != 'training'")}
    if lost := units - arms.units.keys():
        raise SessionError(
            f"{key} does not know {several(len(lost), 'sheet')} of the session; restore the key"
        )


def _check_question(session: str | Path, protocol: Protocol, pairs: bool) -> None:
    if pairs and protocol.question != "pair":
        raise SessionError(
            f"{session} asks for {protocol.question}, not for pairs; its votes are ratings, write "
            "them with `qfloor ab unblind --out`"
        )
    if not pairs and protocol.question == "pair":
        raise SessionError(f"{session} compares pairs; unblind it as such")


def _close_voting(db: sqlite3.Connection, key: Path, session: str, early: str | None) -> None:
    """End the voting and log who may now know: in one commit, before anything is told."""
    at = f.stamp(dt.datetime.now(dt.UTC))
    first = "unblinded_at" not in f.meta(db)
    detail: dict[str, Any] = {}
    if first:
        standing = standing_of(db)
        check_closing(standing, session, early)
        if standing.missing and early is not None:
            detail = {
                "early": " ".join(early.split()),
                "planned": standing.planned,
                "missing": standing.missing,
            }
        f.say_meta(db, unblinded_at=at)
    votes = db.execute("SELECT seq, trial, response FROM votes WHERE undone_at IS NULL")
    given = votes.fetchall()
    detail |= {
        "votes": len(given),
        "votes_digest": hashlib.sha256(json.dumps(given).encode()).hexdigest()[:32],
        "key_sha256": hashlib.sha256(key.expanduser().read_bytes()).hexdigest(),
        "first": first,
    }
    db.execute(
        "INSERT INTO log (at, event, detail) VALUES (?, 'unblinded', ?)",
        (at, json.dumps(detail)),
    )


def _answer(vote: Mapping[str, Any], unit: KeyUnit, protocol: Protocol) -> Answer:
    left, right = (unit.cells[place] for place in json.loads(vote["places"]))
    scores = json.loads(vote["scores"]) if vote["scores"] else (None, None)
    usable = json.loads(vote["usable"]) if vote["usable"] else (None, None)
    if vote["both_bad"] and vote["response"] != "skip" and vote["usable"]:
        usable = (False, False)  # only where it was asked: those stand in for the rest
    return Answer(
        trial_id=vote["trial"],
        pair_id=unit.pair,
        prompt_id=unit.prompt_id,
        category=unit.category,
        left_item=left.item,
        right_item=right.item,
        left_arm=left.arm,
        right_arm=right.arm,
        response=cast("Response", _response(vote)),
        left_score=scores[0],
        right_score=scores[1],
        left_usable=usable[0],
        right_usable=usable[1],
        rater_id=vote["rater"],
        shown_at=vote["shown_at"],
        submitted_at=vote["submitted_at"],
        duration_ms=vote["duration_ms"],
        kind=vote["kind"],
        repeat_of=vote["repeat_of"],
        session_id=protocol.session_id,
    )


def _response(vote: Mapping[str, Any]) -> str:
    """What a vote says, in the words of answers."""
    neither = vote["both_bad"] and vote["response"] == "none"
    return "both_bad" if neither else str(vote["response"])


def _rated(vote: Mapping[str, Any], unit: KeyUnit, protocol: Protocol) -> list[dict[str, Any]]:
    lo, hi = protocol.scale
    return [
        {
            "item_id": unit.cells[0].item,
            "prompt_id": unit.prompt_id,
            "category": unit.category,
            "model_id": unit.cells[0].offer,
            "rater_id": vote["rater"],
            "dimension": protocol.criterion,
            "score": json.loads(vote["scores"])[0],
            "scale_min": lo,
            "scale_max": hi,
            "session_id": protocol.session_id,
            "submitted_at": vote["submitted_at"],
            "duration_ms": vote["duration_ms"],
            "kind": vote["kind"],
            "usable": int(json.loads(vote["usable"])[0]),
            "annotation_id": vote["trial"],
        }
    ]


def _ranked(vote: Mapping[str, Any], unit: KeyUnit, protocol: Protocol) -> list[dict[str, Any]]:
    """Every two outputs of a ranking, as comparisons: the better place wins, equals tie."""
    ranks = json.loads(vote["ranks"])
    shown = [
        (unit.cells[place], rank)
        for place, rank in zip(json.loads(vote["places"]), ranks, strict=True)
    ]
    rows = []
    for n, (left, first) in enumerate(shown):
        for m, (right, second) in enumerate(shown[n + 1 :], start=n + 1):
            word = "left" if first < second else "right" if second < first else "none"
            rows.append(
                {
                    "trial_id": f"{vote['trial']}-{n}{m}",
                    "pair_id": unit.pair,
                    "prompt_id": unit.prompt_id,
                    "category": unit.category,
                    "left_item": left.item,
                    "right_item": right.item,
                    "response": word,
                    "rater_id": vote["rater"],
                    "shown_at": vote["shown_at"],
                    "submitted_at": vote["submitted_at"],
                    "duration_ms": vote["duration_ms"],
                    "kind": vote["kind"],
                    "session_id": protocol.session_id,
                    "dimension": protocol.criterion,
                }
            )
    return rows


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write rows of one of qfloor's own tables as CSV, and say how many."""
    if not rows:
        raise SessionError("nobody has voted yet; there is nothing to write")
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())
    return len(rows)
