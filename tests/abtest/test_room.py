"""The rater's room: votes once, in order, whatever browsers and clocks do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import blind_world
import pytest

from qfloor.abtest.ballots import read_ballot
from qfloor.abtest.counts import host_counts
from qfloor.abtest.room import Room
from qfloor.errors import SessionError, StoreError, VoteError


class Clock:
    """A clock that tests turn."""

    def __init__(self, at: float = 1_790_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return blind_world.session(tmp_path_factory.mktemp("blind"), 12, min_seconds=1.0)[0]


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(built, tmp_path / "session"))


@pytest.fixture
def room(folder: Path) -> Iterator[Room]:
    clock, watch = Clock(), Clock(0.0)
    with Room(folder, clock, watch) as opened:
        opened.clock, opened.watch = clock, watch  # type: ignore[attr-defined]
        yield opened


def _enter(room: Room, n: int = 0) -> str:
    token = str(room.rows("SELECT token FROM raters ORDER BY number")[n]["token"])
    room.consent(token).result()
    return token


def _say(room: Room, token: str, response: str = "none", seconds: float = 3.0, **said: Any) -> Any:
    """Answer the trial that is due, after a while."""
    trial = room.state(token)["trial"]
    room.watch.at += seconds  # type: ignore[attr-defined]
    room.clock.at += seconds  # type: ignore[attr-defined]
    ballot = {
        "trial": trial["trial"],
        "submission": f"submission-{trial['trial']}",
        "response": response,
        "scores": [7.5, 6.0] if response != "skip" else None,
        "usable": [True, False] if response != "skip" else None,
        "elapsed_ms": int(1000 * seconds),
        **said,
    }
    return room.vote(token, read_ballot(ballot)).result()


def _votes(room: Room) -> list[dict[str, Any]]:
    return room.rows("SELECT * FROM votes ORDER BY seq")


def test_a_whole_session(room: Room) -> None:
    token = _enter(room)
    assert room.state(token)["phase"] == "training"
    lessons = [_say(room, token, response) for response in ("left", "none", "right")]
    assert {lesson["spoilt"] for lesson in lessons} >= {None}
    state = room.state(token)
    assert state["phase"] == "trials"
    assert state["can_undo"] is False  # training is not taken back
    total = state["progress"]["trials"]["total"]
    for n in range(total):
        assert room.state(token)["progress"]["trials"]["done"] == n
        assert _say(room, token, ("left", "right", "none")[n % 3]) is None
    state = room.state(token)
    assert (state["phase"], state["trial"], state["next"]) == ("done", None, None)
    assert len(state["completion"]["code"]) == 8


def test_a_page_is_told_nothing_of_kinds(room: Room) -> None:
    token = _enter(room)
    assert set(room.state(token)["trial"]) == {
        "trial", "prompt", "places", "cells", "width", "height", "stride", "clip",
        "scores_when_none", "training",
    }  # fmt: skip


def test_the_same_submission_is_one_vote(room: Room) -> None:
    token = _enter(room)
    first = room.state(token)["trial"]["trial"]
    _say(room, token)
    again = read_ballot(
        {"trial": first, "submission": f"submission-{first}", "response": "none", "scores": [1, 1],
         "usable": [True, True]}
    )  # fmt: skip
    assert room.vote(token, again).result() is None
    assert len(_votes(room)) == 1


def test_a_stale_tab_is_sent_to_where_the_rater_is(room: Room) -> None:
    token = _enter(room)
    trial = room.state(token)["trial"]["trial"]
    _say(room, token)
    with pytest.raises(VoteError, match="not the one that is due") as told:
        _say(room, token, trial=trial, submission="another-tab")
    assert told.value.code == "stale"
    future = room.state(token)["next"]["trial"]
    with pytest.raises(VoteError) as told:
        _say(room, token, trial=future, submission="ahead-of-time")
    assert told.value.code == "stale"
    assert len(_votes(room)) == 1


def test_nobody_votes_on_anothers_trial(room: Room) -> None:
    first, second = _enter(room, 0), _enter(room, 1)
    trial = room.state(second)["trial"]["trial"]
    with pytest.raises(VoteError):
        _say(room, first, trial=trial)
    with pytest.raises(VoteError, match="nothing here"):
        room.state("no-such-token")


def test_answers_faster_than_eyes_are_not_taken(room: Room) -> None:
    token = _enter(room)
    with pytest.raises(VoteError, match="a moment longer") as told:
        _say(room, token, seconds=0.4)
    assert told.value.code == "too_soon"
    _say(room, token, seconds=0.7)  # 1.1 s since it was told of


def test_reading_the_invitation_is_not_looking(room: Room) -> None:
    token = str(room.rows("SELECT token FROM raters ORDER BY number")[0]["token"])
    room.state(token)
    room.watch.at += 60.0  # type: ignore[attr-defined]
    room.consent(token).result()
    with pytest.raises(VoteError) as told:
        _say(room, token, seconds=0.5)
    assert told.value.code == "too_soon"


def test_undo_takes_back_the_last_vote_once(room: Room) -> None:
    token = _enter(room)
    for _ in range(3):
        _say(room, token)
    _say(room, token, "left")
    last = room.state(token)
    room.undo(token).result()
    state = room.state(token)
    assert state["next"]["trial"] == last["trial"]["trial"]
    assert state["can_undo"] is False
    with pytest.raises(VoteError, match="nothing to undo"):
        room.undo(token).result()
    _say(room, token, "right", submission="second-thoughts")
    kept = _votes(room)[-2:]
    assert [(v["response"], v["undone_at"] is None) for v in kept] == [
        ("left", False),
        ("right", True),
    ]
    assert kept[0]["trial"] == kept[1]["trial"]


def test_an_undone_submission_sent_again_is_no_vote(room: Room) -> None:
    token = _enter(room)
    for _ in range(3):
        _say(room, token)
    trial = room.state(token)["trial"]["trial"]
    _say(room, token, "left")
    room.undo(token).result()
    with pytest.raises(VoteError) as told:
        _say(room, token, "left", submission=f"submission-{trial}")
    assert told.value.code == "stale"


@pytest.mark.parametrize(
    "said",
    [
        {"response": "both"},
        {"response": "left", "scores": None},
        {"response": "left", "scores": [7.5]},
        {"response": "left", "scores": [7.55, 3]},
        {"response": "left", "scores": [11, 3]},
        {"response": "left", "scores": [float("nan"), 3]},
        {"response": "left", "usable": [1, 0]},
        {"response": "skip", "reason": " "},
        {"submission": "x"},
        {"submission": "a b c d e f g h"},
        {"trial": 5},
    ],
)
def test_votes_that_are_not_whole_are_refused(room: Room, said: dict[str, Any]) -> None:
    token = _enter(room)
    with pytest.raises(VoteError) as told:
        _say(room, token, **said)
    assert told.value.code == "not_whole"
    assert _votes(room) == []


def test_a_skip_needs_a_reason_and_nothing_else(room: Room) -> None:
    token = _enter(room)
    _say(room, token, "skip", reason="did not load", seconds=0.1)
    assert _votes(room)[0]["reason"] == "did not load"


def test_scores_that_were_not_asked_for_are_not_kept(room: Room) -> None:
    """They would be of those who chose a side first, and count as a random sample of "none"."""
    token = _enter(room)
    while (trial := room.state(token)["trial"])["training"] or trial["scores_when_none"]:
        _say(room, token)
    _say(room, token)
    _say(room, token, "skip", reason="other", scores=[9, 1], usable=[True, False])
    kept = [(v["response"], v["scores"], v["usable"]) for v in _votes(room)[-2:]]
    assert kept == [("none", None, None), ("skip", None, None)]


def test_clocks_of_browsers_are_bounded_by_ours(room: Room) -> None:
    token = _enter(room)
    _say(room, token, seconds=5, elapsed_ms=10**15, paused_ms=10**15)
    vote = _votes(room)[0]
    assert vote["paused_ms"] == 5000
    assert vote["duration_ms"] == 0
    _say(room, token, seconds=5, elapsed_ms=-3)
    assert _votes(room)[1]["duration_ms"] == 5000


def test_our_own_clock_may_jump(room: Room) -> None:
    token = _enter(room)
    _say(room, token)
    room.clock.at -= 3600  # type: ignore[attr-defined]
    _say(room, token, seconds=2)
    assert _votes(room)[1]["duration_ms"] == 2000


def test_a_session_resumes_where_it_was(folder: Path) -> None:
    clock, watch = Clock(), Clock(0.0)
    with Room(folder, clock, watch) as room:
        room.clock, room.watch = clock, watch  # type: ignore[attr-defined]
        token = _enter(room)
        _say(room, token)
        before = room.state(token)
    with Room(folder, clock, watch) as room:
        room.clock, room.watch = clock, watch  # type: ignore[attr-defined]
        assert room.state(token) == before
        ballot = {"trial": before["trial"]["trial"], "submission": "after-a-restart",
                  "response": "none", "elapsed_ms": 4000, "scores": [1, 2],
                  "usable": [True, True]}  # fmt: skip
        room._opened.clear()  # the page stood open while the server was away
        clock.at += 4
        room.vote(token, read_ballot(ballot)).result()
        assert _votes(room)[1]["duration_ms"] == 4000


def test_one_process_at_a_time(folder: Path, room: Room) -> None:
    with pytest.raises(StoreError, match="ab serve"):
        Room(folder)


def test_newcomers_get_places_and_keep_them(room: Room) -> None:
    first = room.join("prolific", "person-1").result()
    assert room.join("prolific", "person-1").result() == first
    second = room.join("mturk", "person-1").result()
    assert second != first
    text = str(room.rows("SELECT * FROM raters"))
    assert "person-1" not in text
    places = len(room.rows("SELECT 1 FROM raters"))
    for n in range(places - 2):
        room.join("prolific", f"more-{n}").result()
    with pytest.raises(VoteError) as told:
        room.join("prolific", "one-too-many").result()
    assert told.value.code == "full"
    assert room.join("prolific", "person-1").result() == first


def test_consent_comes_first(room: Room) -> None:
    token = str(room.rows("SELECT token FROM raters")[0]["token"])
    assert room.state(token)["trial"] is None
    trial = room.rows("SELECT token FROM trials ORDER BY position")[0]["token"]
    ballot = {"trial": trial, "submission": "too-early-vote", "response": "none"}
    with pytest.raises(VoteError, match="accept the invitation"):
        room.vote(token, read_ballot(ballot)).result()


def test_an_edited_folder_is_not_opened(folder: Path) -> None:
    db = sqlite3.connect(folder / "session.db")
    db.execute("UPDATE meta SET value = 'x' WHERE name = 'protocol_digest'")
    db.commit()
    db.close()
    with pytest.raises(SessionError, match="two sessions"):
        Room(folder)


def test_the_host_sees_counts_and_attention(room: Room) -> None:
    token = _enter(room)
    for _ in range(3):
        _say(room, token)
    while (state := room.state(token))["phase"] == "trials":
        trial = room.rows(
            "SELECT t.kind, t.places, u.spoilt FROM trials t JOIN units u ON u.id = t.unit "
            "WHERE t.token = ?",
            state["trial"]["trial"],
        )[0]
        spoilt_left = trial["places"][1] == str(trial["spoilt"])
        _say(
            room,
            token,
            ("right" if spoilt_left else "left") if trial["kind"] == "catch" else "left",
        )
    told = host_counts(room)
    assert told["session"]["votes"] == told["raters"][0]["done"] == told["raters"][0]["of"]
    assert told["session"]["catch_share"] in (None, 1.0)
    assert told["session"]["placebo_alarm_share"] in (None, 1.0)
    assert told["raters"][0]["median_seconds"] == 3.0
    assert sum(told["categories"].values()) == told["session"]["kinds"]["test"]
    planned = told["session"]["planned"]
    assert planned == 12
    assert told["session"]["planned_given"] == told["session"]["kinds"]["test"] < planned
    assert told["session"]["pairs_short"] == planned - told["session"]["kinds"]["test"]
    assert "routed" not in str(told)


def test_a_room_that_does_not_open_holds_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock stayed taken: "another run is writing", and the other run was none."""

    def fails(connection: sqlite3.Connection) -> None:
        raise SessionError("no thread can be started")

    with monkeypatch.context() as broken:
        broken.setattr("qfloor.abtest.room.GroupWriter", fails)
        with pytest.raises(SessionError, match="no thread") as failed:
            Room(folder)
    Room(folder).close()
    assert failed.value  # held until now, and with it what the room had opened
