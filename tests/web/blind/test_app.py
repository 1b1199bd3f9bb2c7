"""Addresses of a session: what they answer, always with the same headers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import blind_world
import httpx
import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
from qfloor.abtest.room import Room
from qfloor.web.blind import app, make_app

pytestmark = pytest.mark.anyio
BASE = "http://room"
VOTE = b'{"trial": "t", "submission": "abcdefgh", "response": '


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
             "/host/none/counts", "/static/none.js", "/static/../app.py", "/admin", "/healthz/",
             "/r/none/state/"]
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
    [
        (b"", 422), (b"[1]", 422), (b"{" * 5000, 422), (b"x" * 20_000, 422), (b'{"trial": 3}', 422),
        (b"[" * 9000, 422), (b"\xff\xfe", 422), (b"NaN", 422), (b"9" * 9000, 422),
        (VOTE + b'["left"]}', 422), (VOTE + b'"left", "scores": [1e999, 1]}', 422),
        (VOTE + b'"left", "scores": [1' + b"0" * 400 + b", 1]}", 422),
    ],
)  # fmt: skip
async def test_bad_votes_are_told(client: Any, room: Room, content: bytes, status: int) -> None:
    answer = await client.post(f"/r/{_token(room)}/vote", content=content)
    assert answer.status_code == status
    assert answer.json()["code"] == "not_whole"


async def test_odd_numbers_and_words_do_not_break_the_session(client: Any, room: Room) -> None:
    base = f"/r/{_token(room)}"
    state = (await client.post(f"{base}/consent", json={})).json()["state"]
    trial = state["trial"]["trial"]
    odd = (
        b'{"trial": "%s", "submission": "odd-input-%d", "response": "skip", "elapsed_ms": %s, '
        b'"paused_ms": %s, "reason": "\\ud800 a\\u0000b\\n\\u202ec"}'
    )
    for n, number in enumerate((b"1" + b"0" * 400, b"-1e308", b"1e999", b'"x"')):
        answer = await client.post(
            f"{base}/vote", content=odd % (trial.encode(), n, number, number)
        )
        assert answer.status_code == 200, answer.text
        trial = answer.json()["state"]["trial"]["trial"]
    kept = room.rows("SELECT reason, duration_ms, paused_ms FROM votes")
    assert {row["reason"] for row in kept} == {"a b c"}
    assert all(row["duration_ms"] >= 0 and row["paused_ms"] >= 0 for row in kept)


async def test_clips_are_sent_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "PIECE", 10_000)
    root = blind_world.session(tmp_path, 4, modality="video", training=0)[0]
    with Room(root) as room:
        transport = httpx.ASGITransport(app=make_app(room))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as page:
            base = f"/r/{_token(room)}"
            state = (await page.post(f"{base}/consent", json={})).json()["state"]
            trial = state["trial"]["trial"]
            answer = await page.get(f"/m/{trial}")
        path, media_type = room.sheet(trial)
    assert answer.headers["content-type"] == media_type == "video/webm"
    assert answer.content == path.read_bytes()
    assert int(answer.headers["content-length"]) == len(answer.content) > 3 * 10_000
    assert not {"etag", "last-modified", "accept-ranges"} & set(answer.headers)


async def test_a_vote_that_never_ends_is_not_waited_for(
    client: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "BODY_S", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        yield b'{"trial": '
        await asyncio.sleep(20)
        yield b'"t"}'

    answer = await client.post(f"/r/{_token(room)}/vote", content=dripping())
    assert answer.status_code == 422
    assert "in time" in answer.json()["message"]


async def test_a_burst_of_votes_on_one_pair_is_one_vote(client: Any, room: Room) -> None:
    """Twenty tabs, twenty submissions, one pair: by one rater once, by another's link never."""
    tokens = [r["token"] for r in room.rows("SELECT token FROM raters ORDER BY number")]
    trials = []
    for token in tokens[:2]:
        state = (await client.post(f"/r/{token}/consent", json={})).json()["state"]
        trials.append(state["trial"]["trial"])
    votes = [
        client.post(
            f"/r/{token}/vote",
            json={"trial": trials[0], "submission": f"burst-{n:03d}-{who}", "response": word,
                  "scores": [5, 5], "usable": [True, True]},
        )
        for n, word in enumerate(["left", "right", "none", "left"] * 5)
        for who, token in enumerate(tokens[:2])
    ]  # fmt: skip
    statuses = [answer.status_code for answer in await asyncio.gather(*votes)]
    assert sorted(set(statuses)) == [200, 409]
    assert statuses.count(200) == 1
    kept = room.rows("SELECT v.rater, r.token FROM votes v JOIN raters r ON r.id = v.rater")
    assert [row["token"] for row in kept] == [tokens[0]]


async def test_the_key_beside_the_folder_cannot_be_fetched(client: Any, room: Room) -> None:
    for path in ("/../s.key.json", "/static/../../s.key.json", "/static/%2e%2e%2fs.key.json",
                 "/m/..%2f..%2fs.key.json", "/m/session.db", "/static/%2Fetc%2Fpasswd",
                 "/protocol.json", "/session.db", "/sheets/"):  # fmt: skip
        assert (await client.get(path)).status_code == 404, path


async def test_the_hosts_page(client: Any, room: Room) -> None:
    assert "Raters" in (await client.get(f"/host/{room.host_token}")).text
    told = (await client.get(f"/host/{room.host_token}/counts")).json()
    assert told["session"]["votes"] == 0


def test_pages_ask_nobody_else() -> None:
    from importlib import resources

    static = resources.files("qfloor.web.blind") / "static"
    for file in static.iterdir():
        if file.name.endswith(".webm"):
            continue
        text = file.read_text(encoding="utf-8")
        outside = [w for w in text.split() if "//" in w and "http" in w and "w3.org" not in w]
        assert outside == [], file.name
