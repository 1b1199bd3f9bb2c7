"""Kill the server in the middle of votes: what was answered is kept, and nothing is doubled."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import blind_world
import httpx
import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
from blind_web.live import served

from qfloor.abtest import folder as f

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.slow]


class Rater(threading.Thread):
    """Votes as a page does: sends a ballot until it is answered, keeps what was acknowledged."""

    def __init__(self, token: str) -> None:
        super().__init__(daemon=True)
        self.token = token
        self.base = ""
        self.open = threading.Event()
        self.acknowledged: dict[str, str] = {}
        self.finished = False

    def run(self) -> None:
        """Vote until the session is done, through every outage."""
        state = self._ask("consent", {})["state"]
        while state["trial"]:
            trial = state["trial"]["trial"]
            choice = ("left", "right", "none")[len(self.acknowledged) % 3]
            ballot = {"trial": trial, "submission": secrets.token_hex(8), "response": choice,
                      "scores": [5, 6], "usable": [True, False]}  # fmt: skip
            answer = self._ask("vote", ballot)
            self.acknowledged[trial] = choice
            state = answer["state"]
        self.finished = True

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        while True:
            self.open.wait(120)
            try:
                answer = httpx.post(f"{self.base}/r/{self.token}/{path}", json=body, timeout=30)
            except httpx.HTTPError:
                self.open.wait(0.02)
                continue
            assert answer.status_code == 200, answer.text
            return answer.json()


def test_killed_again_and_again(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path, 240, votes=1, per_rater=30, training=0)
    _, _, db = f.open_folder(root)
    raters = [Rater(token) for (token,) in db.execute("SELECT token FROM raters")]
    db.close()
    for rater in raters:
        rater.start()
    for _ in range(4):
        with served(root) as server:
            for rater in raters:
                rater.base = server.base
                rater.open.set()
            for rater in raters:
                rater.join(0.12)
            server.kill()
            for rater in raters:
                rater.open.clear()
    with served(root) as server:
        for rater in raters:
            rater.base = server.base
            rater.open.set()
        for rater in raters:
            rater.join(200)
            assert rater.finished
    _, _, db = f.open_folder(root)
    kept = db.execute("SELECT trial, response FROM votes").fetchall()
    total = db.execute("SELECT count(*) FROM trials").fetchone()[0]
    db.close()
    assert set(Counter(trial for trial, _ in kept).values()) == {1}
    assert len(kept) == total
    told = {trial: word for rater in raters for trial, word in rater.acknowledged.items()}
    assert dict(kept) == told
