"""People sent in by a link: nothing happens before they press a button; and how they are paid."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import blind_world
import httpx
import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
from qfloor.abtest.room import Room
from qfloor.web.blind import make_app
from qfloor.web.blind.recruiting import PREVIEW, Sites, way_back

pytestmark = pytest.mark.anyio
TURK = {"workerId": "W1", "assignmentId": "ASSIGN1", "hitId": "H1",
        "turkSubmitTo": "https://www.mturk.com/"}  # fmt: skip


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recruiting")
    return blind_world.session(folder, 6, training=0, completion_code="C0DE&1")[0]


@pytest.fixture
def room(built: Path, tmp_path: Path) -> Iterator[Room]:
    with Room(shutil.copytree(built, tmp_path / "s")) as opened:
        yield opened


def _browser(room: Room) -> httpx.AsyncClient:
    """Somebody's browser: cookies of its own."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=make_app(room)), base_url="http://room"
    )


def _all_rows(room: Room) -> dict[str, list[dict[str, Any]]]:
    tables = room.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return {t["name"]: room.rows(f"SELECT * FROM {t['name']}") for t in tables}


async def test_looking_changes_nothing(room: Room) -> None:
    """Chat apps and mail scanners fetch every link, often twice, and with HEAD."""
    token = room.rows("SELECT token FROM raters ORDER BY number")[0]["token"]
    before = _all_rows(room)
    for _ in range(2):
        async with _browser(room) as page:
            for path in (
                f"/join/{room.join_token}", f"/join/{room.join_token}?PROLIFIC_PID=p",
                f"/join/{room.join_token}?workerId=w&assignmentId=a", f"/r/{token}",
                f"/r/{token}/state", f"/host/{room.host_token}", f"/host/{room.host_token}/counts",
            ):  # fmt: skip
                for method in ("GET", "HEAD"):
                    assert (await page.request(method, path)).status_code == 200, path
    assert _all_rows(room) == before


async def test_the_button_takes_one_place_however_often_it_is_pressed(room: Room) -> None:
    async with _browser(room) as page:
        join = f"/join/{room.join_token}"
        assert 'method="post"' in (await page.get(join)).text
        taken = [(await page.post(join)).headers["location"] for _ in range(3)]
        assert len(set(taken)) == 1
        assert (await page.get(taken[0])).status_code == 200
    async with _browser(room) as other:
        await other.get(join)
        assert (await other.post(join)).headers["location"] != taken[0]
    assert len(room.rows("SELECT 1 FROM raters WHERE joined_at IS NOT NULL")) == 2


async def test_the_place_is_found_again_after_the_browser_was_closed(room: Room) -> None:
    async with _browser(room) as page:
        answer = await page.get(f"/join/{room.join_token}")
    kept = answer.headers["set-cookie"].lower()
    assert "max-age=" in kept
    assert {"httponly", "path=/join", "samesite=lax"} <= {part.strip() for part in kept.split(";")}


async def test_a_cookie_that_is_not_ours_is_replaced(room: Room) -> None:
    async with _browser(room) as page:
        said = {"cookie": 'place="x\\012y; path=/"'}
        answer = await page.get(f"/join/{room.join_token}", headers=said)
        assert answer.status_code == 200
        assert len(answer.cookies["place"]) == 22


async def test_prolific(room: Room) -> None:
    join = f"/join/{room.join_token}?PROLIFIC_PID=abc&STUDY_ID=s&SESSION_ID=t"
    async with _browser(room) as page:
        first = (await page.post(join)).headers["location"]
        async with _browser(room) as elsewhere:
            assert (await elsewhere.post(join)).headers["location"] == first
        assert "abc" not in first
        told = await _to_the_end(page, first)
    assert told["link"] == "https://app.prolific.com/submissions/complete?cc=C0DE%261"
    assert told["form"] is None


async def test_a_turker_who_has_not_accepted_sees_a_preview_and_takes_no_place(room: Room) -> None:
    query = {**TURK, "assignmentId": PREVIEW}
    async with _browser(room) as page:
        for method in ("GET", "POST"):
            answer = await page.request(method, f"/join/{room.join_token}", params=query)
            assert "accept the task" in answer.text
            assert "<form" not in answer.text
    assert room.rows("SELECT 1 FROM raters WHERE joined_at IS NOT NULL") == []


async def test_a_turker_goes_back_by_a_form(room: Room) -> None:
    async with _browser(room) as page:
        answer = await page.post(f"/join/{room.join_token}", params=TURK)
        told = await _to_the_end(page, answer.headers["location"])
    assert told["form"] == {
        "action": "https://www.mturk.com/mturk/externalSubmit",
        "fields": {"assignmentId": "ASSIGN1", "code": "C0DE&1"},
    }
    rules = dict(
        part.strip().split(" ", 1)
        for part in answer.headers["content-security-policy"].split(";")
    )  # fmt: skip
    assert "https://www.mturk.com" in rules["form-action"].split()
    assert "https://worker.mturk.com" in rules["frame-ancestors"].split()
    text = str(_all_rows(room))
    assert "ASSIGN1" not in text
    assert "W1'" not in text


async def test_many_turkers_fill_the_session(room: Room) -> None:
    places = len(room.rows("SELECT 1 FROM raters"))
    async with _browser(room) as page:
        for n in range(places):
            answer = await page.post(f"/join/{room.join_token}?workerId=w{n}")
            assert answer.status_code == 303
        late = await page.post(f"/join/{room.join_token}?workerId=late")
    assert "Every place is taken" in late.text


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ({**TURK, "turkSubmitTo": "https://www.mturk.com.evil.example"}, "mturk"),
        ({**TURK, "turkSubmitTo": "http://www.mturk.com"}, "mturk"),
        ({**TURK, "turkSubmitTo": "javascript:alert(1)//"}, "mturk"),
        ({**TURK, "assignmentId": 'A"><script>'}, "mturk"),
        ({**TURK, "assignmentId": PREVIEW}, "mturk"),
        ({}, "mturk"),
        (TURK, "link"),
    ],
)
def test_nobody_is_sent_elsewhere(query: dict[str, str], source: str) -> None:
    told = way_back(source, "CODE", own=False, query=query, sites=Sites())
    assert told == {"code": "CODE", "link": None, "form": None}


def test_prolific_is_not_told_a_code_that_it_does_not_know() -> None:
    assert way_back("prolific", "X", own=True, query={}, sites=Sites())["link"] is None


async def _to_the_end(page: httpx.AsyncClient, entry: str) -> dict[str, Any]:
    """Answer everything; gives what the last page is told."""
    base, _, query = entry.partition("?")
    query = f"?{query}" if query else ""
    state = (await page.post(f"{base}/consent{query}", json={})).json()["state"]
    while state["trial"]:
        ballot = {"trial": state["trial"]["trial"], "submission": f"s-{state['trial']['trial']}",
                  "response": "none", "scores": [5, 5], "usable": [True, True]}  # fmt: skip
        state = (await page.post(f"{base}/vote{query}", json=ballot)).json()["state"]
    assert state["phase"] == "done"
    return dict((await page.get(f"{base}/state{query}")).json()["completion"])
