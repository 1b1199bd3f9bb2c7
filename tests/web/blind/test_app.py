"""Addresses of a session: what they answer, always with the same headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import blind_world
import httpx
import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
from qfloor.abtest.room import Room
from qfloor.web.blind import make_app

pytestmark = pytest.mark.anyio
BASE = "http://room"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return blind_world.session(tmp_path_factory.mktemp("web"), 8)[0]


@pytest.fixture
def room(built: Path, tmp_path: Path) -> Iterator[Room]:
    import shutil

    with Room(shutil.copytree(built, tmp_path / "s")) as opened:
        yield opened


@pytest.fixture
async def client(room: Room) -> Any:
    transport = httpx.ASGITransport(app=make_app(room))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as found:
        yield found


def _token(room: Room) -> str:
    return str(room.rows("SELECT token FROM raters ORDER BY number")[0]["token"])


async def test_a_rater_goes_through(client: Any, room: Room) -> None:
    base = f"/r/{_token(room)}"
    assert "<main" in (await client.get(base)).text
    state = (await client.get(f"{base}/state")).json()
    assert state["phase"] == "consent"
    state = (await client.post(f"{base}/consent", json={})).json()["state"]
    n = 0
    while state["trial"]:
        sheet = await client.get(f"/m/{state['trial']['trial']}")
        assert sheet.headers["content-type"] == "image/jpeg"
        ballot = {
            "trial": state["trial"]["trial"],
            "submission": f"submission-{n}",
            "response": "left",
            "scores": [7.1, 7.0],
            "usable": [True, True],
        }
        answer = await client.post(f"{base}/vote", json=ballot)
        assert answer.status_code == 200
        state, n = answer.json()["state"], n + 1
    assert state["phase"] == "done"
    undone = (await client.post(f"{base}/undo", json={})).json()["state"]
    assert undone["phase"] == "trials"


@pytest.mark.parametrize(
    "path", ["/", "/r/none", "/r/none/state", "/m/none", "/join/none", "/host/none",
             "/host/none/counts", "/static/none.js", "/static/../app.py", "/admin"]
)  # fmt: skip
async def test_what_is_not_there_is_not_there(client: Any, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "content-security-policy" in answer.headers


async def test_all_answers_have_the_same_headers(client: Any, room: Room) -> None:
    token = _token(room)
    await client.post(f"/r/{token}/consent")
    trial = (await client.get(f"/r/{token}/state")).json()["trial"]["trial"]
    seen = [
        await client.get(path)
        for path in (f"/r/{token}", f"/r/{token}/state", f"/m/{trial}", "/static/room.js",
                     f"/host/{room.host_token}", f"/host/{room.host_token}/counts", "/nowhere")
    ]  # fmt: skip
    names = {tuple(sorted(answer.headers)) for answer in seen}
    assert len(names) == 1
    assert "no-store" in seen[0].headers["cache-control"]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (b"[1]", 422), (b"{" * 5000, 422), (b"x" * 20_000, 422), (b'{"trial": 3}', 422)],
)
async def test_bad_votes_are_told(client: Any, room: Room, content: bytes, status: int) -> None:
    answer = await client.post(f"/r/{_token(room)}/vote", content=content)
    assert answer.status_code == status
    assert answer.json()["code"] == "not_whole"


async def test_recruiting_sites_lead_in(client: Any, room: Room) -> None:
    join = f"/join/{room.join_token}"
    first = await client.get(f"{join}?PROLIFIC_PID=abc&STUDY_ID=s&SESSION_ID=t")
    again = await client.get(f"{join}?PROLIFIC_PID=abc")
    assert first.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert "abc" not in first.headers["location"]
    preview = await client.get(f"{join}?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&workerId=w")
    assert "accept the task" in preview.text
    places = len(room.rows("SELECT 1 FROM raters WHERE joined_at IS NULL"))
    for n in range(places):
        assert (await client.get(f"{join}?workerId=w{n}")).status_code == 303
    assert "Every place is taken" in (await client.get(f"{join}?workerId=late")).text


async def test_the_hosts_page(client: Any, room: Room) -> None:
    assert "Raters" in (await client.get(f"/host/{room.host_token}")).text
    told = (await client.get(f"/host/{room.host_token}/counts")).json()
    assert told["session"]["votes"] == 0


def test_pages_ask_nobody_else() -> None:
    from importlib import resources

    static = resources.files("qfloor.web.blind") / "static"
    for file in static.iterdir():
        text = file.read_text(encoding="utf-8")
        outside = [w for w in text.split() if "//" in w and "http" in w and "w3.org" not in w]
        assert outside == [], file.name
