"""Which submissions count is Prolific's word; who took part is nobody's business here."""

from __future__ import annotations

import sqlite3

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import import_ratings

ROUND = "2026-11"
HEAD = "prompt_id,model_id,rater_id,score,session_id"
EXPORT = "Submission id,Participant id,Status,Started at,Time taken,Completion code,Age,Sex"


def both(write, rows, submissions):
    ratings = write("prompt_id,model_id,rater_id,score,session_id", *rows)
    table = write(
        EXPORT, *(f"{s},2026-01-02,60,C1,CONSENT_REVOKED,Female" for s in submissions),
        name="prolific.csv",
    )  # fmt: skip
    return ratings, table


def test_submissions_that_do_not_count_are_dropped_by_reason(store, write):
    ratings, table = both(
        write,
        [f"p,m,{name},3," for name in ("ok", "waiting", "back", "bad", "late", "now", "none")],
        ["s1,ok,APPROVED", "s2,waiting,AWAITING REVIEW", "s3,back,RETURNED", "s4,bad,REJECTED",
         "s5,late,TIMED-OUT", "s6,now,ACTIVE", "s7,none,CONSENT_REVOKED"],
    )  # fmt: skip
    report = import_ratings(store, ratings, round=ROUND, scale="1:5", prolific=table)
    assert (report.read, report.kept) == (7, 2)
    assert report.dropped == {
        "prolific active": 1, "prolific consent_revoked": 1, "prolific rejected": 1,
        "prolific returned": 1, "prolific timed-out": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("PARTIALLY APPROVED", None),
        ("PARTIALLY_APPROVED", None),
        ("Awaiting_review", None),
        ("SCREENED OUT", "prolific screened out"),
        ("screened-out", "prolific screened out"),
        ("TIMED_OUT", "prolific timed-out"),
        ("RESERVED", "prolific reserved"),
        ("PROCESSING", "prolific processing"),
    ],
)
def test_every_status_of_prolifics_is_known_however_its_words_are_parted(
    store, write, status, reason
):
    ratings, table = both(
        write, ["p,m,ann,3,", "p,m,zoe,4,"], ["s1,ann,APPROVED", f"s2,zoe,{status}"]
    )
    report = import_ratings(store, ratings, round=ROUND, scale="1:5", prolific=table)
    assert (report.read, report.kept) == (2, 1 if reason else 2)
    assert report.dropped == ({reason: 1} if reason else {})


def test_demographics_are_never_stored(store, write):
    ratings, table = both(write, ["p,m,ok,3,"], ["s1,ok,APPROVED"])
    report = import_ratings(store, ratings, round=ROUND, scale="1:5", prolific=table)
    dump = "\n".join(sqlite3.connect(store.root / "store.db").iterdump()) + str(report)
    assert "Female" not in dump
    assert "s1" not in dump


def test_a_second_submission_that_counts_is_enough_and_a_session_decides(store, write):
    submissions = ["s1,ann,RETURNED", "s2,ann,APPROVED"]
    ratings, table = both(write, ["p,m,ann,3,", "q,m,ann,4,s1", "r,m,ann,5,s2"], submissions)
    report = import_ratings(store, ratings, round=ROUND, scale="1:5", prolific=table)
    assert report.dropped == {"prolific returned": 1}
    assert sorted(r.value for r in store.ratings_of()) == [3, 5]


def test_raters_from_elsewhere_are_kept_and_told(store, write):
    ratings, table = both(write, ["p,m,ann,3,", "p,m,staff,4,"], ["s1,ann,APPROVED"])
    report = import_ratings(store, ratings, round=ROUND, scale="1:5", prolific=table)
    assert report.kept == 2
    assert "1 rater is not among the Prolific submissions" in report.notes


@pytest.mark.parametrize(
    ("submissions", "message"),
    [
        (
            ["s1,ann,APPROVD"],
            r"prolific.csv: line 2: status 'APPROVD' is unknown .did you mean 'APPROVED'",
        ),
        (["s1,ann,APPROVED", "s2,zoe,"], r"prolific.csv: line 3: status '' is unknown"),
        (["s1,zoe,APPROVED"], "none of the 1 rater is among its 1 participant"),
        ([], "there is no submission in it"),
    ],
)
def test_what_cannot_be_joined_is_refused(store, write, submissions, message):
    ratings, table = both(write, ["p,m,ann,3,"], submissions)
    with pytest.raises(RatingsError, match=message):
        import_ratings(store, ratings, round=ROUND, scale="1:5", prolific=table)
    assert list(store.ratings_of()) == []


def test_another_table_is_refused(store, write):
    ratings, _ = both(write, ["p,m,ann,3,"], [])
    table = write("Participant id,Status", "ann,APPROVED", name="prolific.csv")
    with pytest.raises(RatingsError, match="column 'Submission id' is missing"):
        import_ratings(store, ratings, round=ROUND, scale="1:5", prolific=table)


def test_nobody_left_is_said(store, write):
    ratings, table = both(write, ["p,m,ann,3,"], ["s1,ann,RETURNED"])
    with pytest.raises(RatingsError, match="none of 1 row has a score"):
        import_ratings(store, ratings, round=ROUND, scale="1:5", prolific=table)
