"""Where raters come from and go to, in headless Chromium: recruiting sites, unplayable clips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import blind_world
import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
pytest.importorskip("selenium", reason="selenium is not installed")
from blind_web.browser import browser
from blind_web.live import RecruitingSite, recruiting_site, served, served_here
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from qfloor.abtest.room import Room
from qfloor.web.blind.recruiting import Sites

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1", "localhost"]), pytest.mark.slow]
KNOWS_NO_VP9 = """
Object.defineProperty(HTMLMediaElement.prototype, "src", { set(url) {
  setTimeout(() => this.onerror?.(new Event("error")), 20);
} });
HTMLMediaElement.prototype.load = function () {};
HTMLMediaElement.prototype.play = () => Promise.reject(new Error("not supported"));
"""

HAS_NO_FRAME_YET = """
const draw = CanvasRenderingContext2D.prototype.drawImage;
let late = 3;
CanvasRenderingContext2D.prototype.drawImage = function (...what) {
  if (late-- <= 0) draw.apply(this, what);
};
"""


def _wait(page: Any, script: str) -> Any:
    return WebDriverWait(page, 60).until(lambda p: p.execute_script(f"return {script}"))


def _seen(page: Any, name: str) -> Any:
    return _wait(page, f"document.getElementById({name!r})?.hidden === false")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[str, Room, RecruitingSite]]:
    said: dict[str, Any] = {"training": 0, "min_seconds": 0.0, "ask_when_none": 0.0}
    root, _ = blind_world.session(tmp_path, 3, per_rater=2, completion_code="PAYME", **said)
    with recruiting_site() as site:
        sites = Sites(prolific=site.base, turk=(site.base,), turk_frames=(site.base,))
        with served_here(root, sites) as (base, room):
            yield base, room, site


def _do_everything(page: Any) -> None:
    """Begin, agree, and answer all by clicks."""
    page.find_element(By.CSS_SELECTOR, "form button").click()
    _seen(page, "consent")
    page.find_element(By.ID, "agree").click()
    done = "!document.getElementById('done').hidden"
    ready = "document.querySelectorAll('#stage canvas').length > 0"
    while _wait(page, f"{done} ? 'done' : {ready} ? 'trial' : null") != "done":
        page.execute_script(
            "document.querySelector('#answers [data-response=none]:not([data-used])')?.click();"
            "document.querySelector('#answers [data-response=none]')?.setAttribute('data-used', 1)"
        )


def test_turk_shows_us_in_a_frame_and_takes_the_assignment(world: Any) -> None:
    base, room, site = world
    query = f"assignmentId=A1&hitId=H&workerId=W&turkSubmitTo={site.base}"
    site.task = f"{base}/join/{room.join_token}?{query}"
    with browser() as page:
        page.get(f"{site.base}/task")
        page.switch_to.frame(0)
        _do_everything(page)
        assert page.find_element(By.ID, "completion-link").is_displayed() is False
        page.find_element(By.CSS_SELECTOR, "#completion-form button").click()
        _wait(page, "document.getElementById('paid') !== null")
    ((method, path, body),) = site.returned
    assert (method, path) == ("POST", "/mturk/externalSubmit")
    assert parse_qs(body) == {"assignmentId": ["A1"], "code": ["PAYME"]}


def test_the_host_is_told_when_all_votes_are_in(world: Any) -> None:
    base, room, _ = world
    told = "document.getElementById('sub').textContent"
    with browser() as page:
        page.get(f"{base}/host/{room.host_token}")
        assert _wait(page, told).startswith("No vote has come yet")
        for n in range(room.protocol.raters):
            page.get(f"{base}/join/{room.join_token}?PROLIFIC_PID={n:024d}")
            _do_everything(page)
        page.get(f"{base}/host/{room.host_token}")
        assert _wait(page, told).startswith("All planned votes are in; `qfloor ab unblind` ends")


def test_turks_preview_takes_no_place(world: Any) -> None:
    base, room, site = world
    query = f"assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=H&turkSubmitTo={site.base}"
    site.task = f"{base}/join/{room.join_token}?{query}"
    with browser() as page:
        page.get(f"{site.base}/task")
        page.switch_to.frame(0)
        _wait(page, "document.body.innerText.includes('accept the task')")
        assert page.find_elements(By.TAG_NAME, "button") == []
    assert room.rows("SELECT 1 FROM raters WHERE joined_at IS NOT NULL") == []


def test_a_form_goes_nowhere_else(world: Any) -> None:
    """What the page would be told by a bent link is refused by the browser too."""
    base, room, site = world
    with recruiting_site() as evil, browser() as page:
        query = f"assignmentId=A1&workerId=W&turkSubmitTo={evil.base}"
        page.get(f"{base}/join/{room.join_token}?{query}")
        _do_everything(page)
        assert page.find_element(By.ID, "completion-form").is_displayed() is False
        assert page.find_element(By.ID, "code").text == "PAYME"
        page.execute_script(
            f"const f = document.getElementById('completion-form'); f.action = '{evil.base}/x'; "
            "f.submit()"
        )
        _wait(page, "new Promise((done) => setTimeout(() => done(true), 500))")
        assert evil.returned == []
    assert site.returned == []


def test_prolific_gets_its_people_back(world: Any) -> None:
    base, room, site = world
    with browser() as page:
        page.get(f"{base}/join/{room.join_token}?PROLIFIC_PID=P1&STUDY_ID=S&SESSION_ID=T")
        _do_everything(page)
        assert page.find_element(By.ID, "completion-form").is_displayed() is False
        page.find_element(By.ID, "completion-link").click()
        _wait(page, "document.getElementById('paid') !== null")
    assert site.returned == [("GET", "/submissions/complete?cc=PAYME", "")]


def test_a_browser_that_cannot_play_is_told_before_anything(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path, 4, modality="video", training=0)
    with served(root) as server, browser() as page:
        page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": KNOWS_NO_VP9})
        page.get(server.base + server.join)
        _seen(page, "cannot")
        assert page.find_elements(By.CSS_SELECTOR, "#begin:not([hidden])") == []
        page.get(server.base + server.links[0])
        _seen(page, "cannot")
        assert page.find_element(By.ID, "consent").is_displayed() is False
    with Room(root) as room:
        assert room.rows("SELECT 1 FROM raters WHERE joined_at IS NOT NULL") == []


def test_a_browser_that_can_play_is_let_in(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path, 4, modality="video", training=0)
    with served(root) as server, browser() as page:
        page.get(server.base + server.join)
        assert _wait(page, "document.body.dataset.modality") == "video"
        page.find_element(By.CSS_SELECTOR, "#begin button").click()
        _seen(page, "consent")
        assert "/r/" in page.current_url


def test_a_clip_whose_first_frame_is_late_turns_nobody_away(tmp_path: Path) -> None:
    """Chromium says that a clip can be played through before it has a frame to draw."""
    root, _ = blind_world.session(tmp_path, 4, modality="video", training=0)
    with served(root) as server, browser() as page:
        page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HAS_NO_FRAME_YET})
        page.get(server.base + server.links[0])
        _wait(page, "['consent', 'cannot'].some((n) => !document.getElementById(n).hidden)")
        assert page.find_element(By.ID, "consent").is_displayed()
