"""Unblinding: logged, final, and the only way to an arm."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import blind_world
import pytest

from qfloor.abtest import folder
from qfloor.abtest.ballots import read_ballot
from qfloor.abtest.building import build_session
from qfloor.abtest.closing import early_end
from qfloor.abtest.key import read_key
from qfloor.abtest.pairs import Pair, Shown
from qfloor.abtest.room import Room
from qfloor.abtest.topping_up import add_raters
from qfloor.abtest.unblinding import unblind, unblind_ratings, unblinding, unblindings, write_rows
from qfloor.errors import SessionError, VoteError


def _answer_all(root: Path, answer: Any) -> int:
    """Let every rater answer everything; ``answer`` gives a ballot's fields for a trial."""
    with Room(root) as room:
        raters = room.rows("SELECT token FROM raters ORDER BY number")
        return sum(_answer(room, rater["token"], answer) for rater in raters)


def _answer(room: Room, token: str, answer: Any) -> int:
    n = 0
    room.consent(token).result()
    while trial := room.state(token)["trial"]:
        said = {"trial": trial["trial"], "submission": f"answer-to-{trial['trial']}",
                "elapsed_ms": 2500, **answer(room, trial)}  # fmt: skip
        room.vote(token, read_ballot(said)).result()
        n += not trial["training"]
    return n


NONE = {"response": "none", "scores": [5, 5], "usable": [True, True]}


def _unit(room: Room, trial: dict[str, Any]) -> dict[str, Any]:
    return room.rows(
        "SELECT t.unit, t.kind, u.spoilt FROM trials t JOIN units u ON u.id = t.unit "
        "WHERE t.token = ?",
        trial["trial"],
    )[0]


def test_votes_come_back_to_their_arms(tmp_path: Path) -> None:
    root, key = blind_world.session(tmp_path, 12, votes=2)
    arms = read_key(key)

    def prefers_routed(room: Room, trial: dict[str, Any]) -> dict[str, Any]:
        unit = _unit(room, trial)
        if unit["kind"] in ("training", "placebo", "catch"):
            return {"response": "none", "scores": [5, 5], "usable": [True, True]}
        cells = arms.units[unit["unit"]].cells
        left = cells[trial["places"][0]].arm == "routed"
        return {
            "response": "left" if left else "right",
            "scores": [8.1, 4.0] if left else [4.0, 8.1],
            "usable": [left, not left],
        }

    n = _answer_all(root, prefers_routed)
    protocol, answers = unblind(root, key)
    assert len(answers) == n
    tests = [a for a in answers if a.kind == "test"]
    assert len(tests) == 24
    for a in tests:
        chosen = a.left_arm if a.response == "left" else a.right_arm
        score = a.left_score if a.left_arm == "routed" else a.right_score
        assert (chosen, score) == ("routed", 8.1)
        assert {a.left_item, a.right_item} == {
            f"{blind_world.OFFERS[arm]}|out{int(a.pair_id[4:])}" for arm in ("routed", "reference")
        }
    by_trial = {a.trial_id: a for a in answers}
    for a in answers:
        if a.kind == "repeat":
            first = by_trial[str(a.repeat_of)]
            assert (first.left_item, first.right_item) == (a.right_item, a.left_item)
        if a.kind == "placebo":
            assert a.left_item == a.right_item
        if a.kind == "catch":
            assert {a.left_arm, a.right_arm} == {"intact", "spoilt"}
    assert {a.session_id for a in answers} == {protocol.session_id}


def test_unblinding_is_logged_and_ends_the_voting(tmp_path: Path) -> None:
    root, key = blind_world.session(tmp_path, 4)
    with Room(root) as room:
        token = room.join("link", None).result()
        room.consent(token).result()
        for early in (None, "nobody came"):
            with pytest.raises(SessionError, match=r"nobody has answered .* the voting goes on"):
                unblind(root, key, early=early)
        assert room.state(token)["phase"] == "training"  # a refusal ends nothing
        kind = ""
        while kind != "test":
            trial = room.state(token)["trial"]
            kind = _unit(room, trial)["kind"]
            said = {"trial": trial["trial"], "submission": f"answer-to-{trial['trial']}"}
            room.vote(token, read_ballot({**said, **NONE})).result()
        trial = room.state(token)["trial"]["trial"]
        with pytest.raises(SessionError, match=r"3 of 4 planned votes .* are not in yet"):
            unblind(root, key)
        assert room.state(token)["phase"] != "closed"
        unblind(root, key, early="a test")  # while the room is open
        assert room.state(token)["phase"] == "closed"
        ballot = {"trial": trial, "submission": "one-too-late", "response": "none",
                  "scores": [1, 1], "usable": [True, True]}  # fmt: skip
        with pytest.raises(VoteError) as told:
            room.vote(token, read_ballot(ballot)).result()
        assert told.value.code == "closed"
        with pytest.raises(VoteError):
            room.undo(token).result()
    unblind(root, key)
    events = unblindings(root)
    assert [e["event"] for e in events] == ["created", "unblinded", "unblinded"]
    assert [e.get("first") for e in events] == [None, True, False]
    assert [e.get("early") for e in events] == [None, "a test", None]


def test_an_early_end_needs_a_reason_and_is_told(tmp_path: Path) -> None:
    root, key = blind_world.session(tmp_path, 6, votes=2, training=0, repeat=0.0)
    skipped = iter([True])
    _answer_all(
        root,
        lambda room, trial: (
            {"response": "skip", "reason": "other"}
            if _unit(room, trial)["kind"] == "test" and next(skipped, False)
            else {"response": "none", "scores": [5, 5], "usable": [True, True]}
        ),
    )
    with pytest.raises(SessionError, match=r"1 of 12 planned votes .* \(1 pair short of votes\)"):
        unblind(root, key)  # everybody has answered, and one vote is missing all the same
    for nothing in ("", "  "):
        with pytest.raises(SessionError, match="say why"):
            unblind(root, key, early=nothing)
    assert early_end(root) is None
    unblind(root, key, early="the panel\n was paid up")
    end = early_end(root)
    assert end is not None
    assert (end.reason, end.planned, end.missing) == ("the panel was paid up", 12, 1)
    assert "with 1 of 12 planned votes missing" in end.sentence
    unblind(root, key, early="again")  # what ended it is what is told
    assert early_end(root) == end


def test_whoever_came_instead_makes_an_end_that_is_not_early(tmp_path: Path) -> None:
    """Places that nobody took stay empty when others gave the votes."""
    root, key = blind_world.session(tmp_path, 4, votes=1, training=0, repeat=0.0)
    with Room(root) as room:
        gone = room.join("link", None).result()
        room._writer.submit(
            lambda db: db.execute(
                "UPDATE raters SET joined_at = '2020-01-01T00:00:00.000Z' WHERE token = ?", (gone,)
            )
        ).result()
    assert add_raters(root, 5) == 1
    with Room(root) as room:
        for rater in room.rows("SELECT token FROM raters WHERE token != ?", gone):
            _answer(room, rater["token"], lambda r, t: {"response": "left", "scores": [6, 5],
                                                        "usable": [True, True]})  # fmt: skip
    unblind(root, key)
    assert early_end(root) is None


def test_the_wrong_question_ends_no_voting(tmp_path: Path) -> None:
    root, key = blind_world.session(tmp_path, 4)
    with pytest.raises(SessionError, match="compares pairs"):
        unblind_ratings(root, key, early="by mistake")
    assert [e["event"] for e in unblindings(root)] == ["created"]


def test_what_fails_within_the_block_ends_no_voting(tmp_path: Path) -> None:
    root, key = blind_world.session(tmp_path, 4)
    _answer_all(root, lambda room, trial: NONE)
    with pytest.raises(ZeroDivisionError), unblinding(root, key) as found:
        assert len(found.answers) / 0
    assert [e["event"] for e in unblindings(root)] == ["created"]
    with unblinding(root, key) as found:
        assert [e["event"] for e in unblindings(root)] == ["created"]  # as others see it
    assert [e["event"] for e in unblindings(root)] == ["created", "unblinded"]


def test_a_key_that_is_not_whole_ends_no_voting(tmp_path: Path) -> None:
    """It was a KeyError, after the voting was over."""
    root, key = blind_world.session(tmp_path, 4)
    _answer_all(root, lambda room, trial: NONE)
    plain = json.loads(key.read_text())
    plain["units"].popitem()
    key.write_text(json.dumps(plain))
    with pytest.raises(SessionError, match=r"does not know 1 sheet of the session"):
        unblind(root, key)
    assert [e["event"] for e in unblindings(root)] == ["created"]


def test_another_sessions_key_opens_nothing(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path / "a", 4)
    _, other = blind_world.session(tmp_path / "b", 4)
    with pytest.raises(SessionError, match="is the key of session"):
        unblind(root, other)
    assert [e["event"] for e in unblindings(root)] == ["created"]
    with pytest.raises(SessionError, match="no arm key"):
        unblind(root, tmp_path / "none.json")


def test_both_bad_is_said_beside_the_answer(tmp_path: Path) -> None:
    root, key = blind_world.session(
        tmp_path, 4, placebo=0.0, catch=0.0, repeat=0.0, ask_when_none=1.0
    )
    words = iter(["none", "left"] * 50)

    def bad(room: Room, trial: dict[str, Any]) -> dict[str, Any]:
        return {"response": next(words), "both_bad": True, "scores": [1.0, 2.0],
                "usable": [True, True]}  # fmt: skip

    _answer_all(root, bad)
    answers = unblind(root, key)[1]
    assert {a.response for a in answers} == {"both_bad", "left"}
    assert {(a.left_usable, a.right_usable) for a in answers} == {(False, False)}


def _alone(folder: Path, n: int, cells: int) -> list[Pair]:
    return [
        Pair(
            id=f"one{i}",
            prompt=blind_world.prompt(i),
            shown=tuple(
                Shown(
                    item=f"out{i}-{c}",
                    path=blind_world.side(folder, ("routed", "reference")[c % 2], 10 * i + c),
                    offer=f"shop/{'abcd'[c]}",
                    arm=f"shop/{'abcd'[c]}",
                )
                for c in range(cells)
            ),
        )
        for i in range(n)
    ]


def test_absolute_ratings_become_rows_of_the_long_table(tmp_path: Path) -> None:
    plan = blind_world.plan(_alone(tmp_path, 6, 1), question="acr5", votes=2)
    key = build_session(plan, tmp_path / "s")
    _answer_all(
        tmp_path / "s",
        lambda room, trial: {"response": "rated", "scores": [4], "usable": [True]},
    )
    with pytest.raises(SessionError, match="not for pairs"):
        unblind(tmp_path / "s", key)
    rows = unblind_ratings(tmp_path / "s", key)
    assert sum(row["kind"] == "test" for row in rows) == 12
    assert {(row["score"], row["scale_min"], row["scale_max"]) for row in rows} == {(4, 1.0, 5.0)}
    path = tmp_path / "out.csv"
    write_rows(path, rows)
    with path.open() as file:
        assert next(csv.DictReader(file))["item_id"].startswith("out")


def test_rankings_become_comparisons(tmp_path: Path) -> None:
    plan = blind_world.plan(_alone(tmp_path, 4, 4), question="ranking", repeat=0.0)
    key = build_session(plan, tmp_path / "s")

    def by_item(room: Room, trial: dict[str, Any]) -> dict[str, Any]:
        cells = read_key(key).units[_unit(room, trial)["unit"]].cells
        place = {"a": 1, "b": 2, "c": 2, "d": 3}
        ranks = [place[cells[c].offer[-1]] for c in trial["places"]]
        return {"response": "ranked", "ranks": ranks}

    _answer_all(tmp_path / "s", by_item)
    rows = unblind_ratings(tmp_path / "s", key)
    assert len(rows) == 4 * 6
    for row in rows:
        left, right = (int(row[f"{side}_item"][-1]) for side in ("left", "right"))
        place = (1, 2, 2, 3)
        word = {True: "left", False: "right"}[place[left] < place[right]]
        assert row["response"] == ("none" if place[left] == place[right] else word)


@pytest.mark.parametrize("what", ["unblind", "add raters"])
def test_a_session_that_another_process_is_writing_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """It was SQLite's "database is locked", with a traceback."""
    root, key = blind_world.session(tmp_path, 12)
    monkeypatch.setattr(folder, "BUSY_SECONDS", 0.01)
    other = folder.connect(root / folder.DATABASE)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(SessionError, match=r"cannot be written just now .*try again"):
            unblind(root, key, early="a test") if what == "unblind" else add_raters(root, 1)
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert [told["event"] for told in unblindings(root)] == ["created"]
