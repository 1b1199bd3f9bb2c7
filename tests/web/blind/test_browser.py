"""A rater at work, in headless Chromium: by keyboard, closed, resumed on a phone, finished."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import blind_world
import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
pytest.importorskip("selenium", reason="selenium is not installed")
from blind_web.browser import browser
from blind_web.live import served
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from qfloor.abtest import folder as f
from qfloor.abtest.building import build_session
from qfloor.abtest.pairs import Pair, Shown

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1", "localhost"]), pytest.mark.slow]


def _wait(page: Any, script: str) -> Any:
    return WebDriverWait(page, 90).until(lambda p: p.execute_script(f"return {script}"))


def _press(page: Any, *keys: str) -> None:
    for key in keys:
        page.switch_to.active_element.send_keys(key)


def _ready(page: Any, count: str) -> None:
    """Wait until the trial that is told of is drawn and may be answered."""
    _wait(page, f"document.getElementById('progress-text').textContent === {count!r}")
    _wait(page, "document.querySelectorAll('#stage canvas').length > 0")
    _wait(page, "!document.getElementById('answers').classList.contains('early')")


def _score(page: Any) -> None:
    """Fill in what is asked after a choice, by keyboard alone."""
    _press(page, "7.5", Keys.TAB, "y", Keys.TAB, "6,2", Keys.TAB, "n", Keys.ENTER)


def _votes(root: Path) -> list[dict[str, Any]]:
    _, _, db = f.open_folder(root)
    try:
        return f.columns(
            db,
            "SELECT v.*, t.kind FROM votes v JOIN trials t ON t.token = v.trial ORDER BY v.seq",
        )
    finally:
        db.close()


def _count(page: Any) -> int:
    return int(page.execute_script("return document.getElementById('progress-text').textContent")
               .split(" of ")[1])  # fmt: skip


def test_a_rater_does_a_whole_session(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path, 6, min_seconds=0.2, ask_when_none=0.0)
    with served(root) as server:
        link = server.base + server.links[0]
        with browser() as page:
            page.get(link)
            _wait(page, "!document.getElementById('consent').hidden")
            _press(page, Keys.ENTER)  # the button has the focus
            _ready(page, "Practice 1 of 3")
            for n, key in enumerate(("1", "3", "2")):
                _ready(page, f"Practice {n + 1} of 3")
                _press(page, key)
                count = "document.getElementById('progress-text').textContent"
                _wait(page, "document.querySelector('.more')?.hidden === false || "
                      f"{count} !== 'Practice {n + 1} of 3'")  # fmt: skip
                if page.execute_script("return !document.querySelector('.more')?.hidden"):
                    _score(page)
            _wait(page, "/^1 of/.test(document.getElementById('progress-text').textContent)")
            total = _count(page)
            assert page.execute_script("return document.getElementById('lesson').hidden") is False
            _ready(page, f"1 of {total}")
            _press(page, "b", "1")
            _score(page)
            _ready(page, f"2 of {total}")
            _press(page, "u")  # undone, and answered otherwise
            _ready(page, f"1 of {total}")
            _press(page, "3")
            _ready(page, f"2 of {total}")
            page.get("about:blank")  # away, and back by the browser's own button
            page.back()
            _ready(page, f"2 of {total}")
        with browser(390, 780) as page:  # closed; another day, a phone
            page.get(link)
            _ready(page, f"2 of {total}")
            wide = page.execute_script("return document.documentElement.scrollWidth")
            assert wide <= 390
            for n in range(2, total + 1):
                _ready(page, f"{n} of {total}")
                page.find_element(By.CSS_SELECTOR, "[data-response=left]").click()
                page.find_element(By.CSS_SELECTOR, "[data-response=none]").click()  # after all
            _wait(page, "!document.getElementById('done').hidden")
            assert len(page.find_element(By.ID, "code").text) == 8
            assert [e for e in page.get_log("browser") if e["level"] == "SEVERE"] == []
    votes = [v for v in _votes(root) if v["kind"] != "training"]
    live = [v for v in votes if v["undone_at"] is None]
    assert (len(live), len(votes)) == (total, total + 1)
    undone = next(v for v in votes if v["undone_at"])
    assert (undone["response"], undone["both_bad"]) == ("left", 1)
    assert json.loads(undone["scores"]) == [7.5, 6.2]
    assert json.loads(undone["usable"]) == [True, False]
    assert all(v["duration_ms"] >= 200 for v in votes)


def test_two_tabs_and_a_pause(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path, 6, min_seconds=0.1, ask_when_none=0.0, training=0)
    with served(root) as server, browser() as page:
        page.get(server.base + server.links[0])
        _wait(page, "!document.getElementById('consent').hidden")
        _press(page, Keys.ENTER)
        _wait(page, "/^1 of/.test(document.getElementById('progress-text').textContent)")
        total = _count(page)
        _ready(page, f"1 of {total}")
        first = page.current_window_handle
        page.switch_to.new_window("tab")
        page.get(server.base + server.links[0])
        _ready(page, f"1 of {total}")
        _press(page, "3")
        _ready(page, f"2 of {total}")
        page.switch_to.window(first)  # stale: it catches up when it is looked at again
        _ready(page, f"2 of {total}")
        assert len(_votes(root)) == 1
        _press(page, "p")
        _wait(page, "!document.getElementById('curtain').hidden")
        _press(page, "1")  # keys do nothing behind the curtain
        _press(page, Keys.ENTER)
        _wait(page, "document.getElementById('curtain').hidden")
        page.find_element(By.TAG_NAME, "body").send_keys("+", "+")
        zoomed = "[...document.querySelectorAll('canvas')].map((c) => c.style.transform)"
        one, other = page.execute_script(f"return {zoomed}")
        assert one == other
        assert "scale(2.25)" in one
        page.find_element(By.TAG_NAME, "body").send_keys("s")
        _wait(page, "document.getElementById('skip-dialog').open")
        _press(page, "1")
        _ready(page, f"3 of {total}")
        assert _votes(root)[-1]["reason"] == "did not load"


def test_clips_play_in_step(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path, 4, modality="video", min_seconds=0.1, training=0)
    with served(root) as server, browser() as page:
        page.get(server.base + server.links[0])
        _wait(page, "!document.getElementById('consent').hidden")
        _press(page, Keys.ENTER)
        _wait(page, "document.querySelectorAll('#stage canvas').length === 2")
        drawn = ("[...document.querySelectorAll('#stage canvas')].map((c) => "
                 "c.getContext('2d').getImageData(0, 0, 96, 96).data.join())")  # fmt: skip
        before = page.execute_script(f"return {drawn}")
        _wait(page, f"(([a, b]) => a !== {before[0]!r})({drawn})")  # it moves
        assert before[0] != before[1]
        canvases = page.find_elements(By.CSS_SELECTOR, "#stage canvas")
        names = [canvas.get_attribute("aria-label") for canvas in canvases]
        assert names == ["Left picture or clip", "Right picture or clip"]


def _alone(folder: Path, cells: int) -> list[Pair]:
    return [
        Pair(
            id=f"one{i}",
            prompt=blind_world.prompt(i),
            shown=tuple(
                Shown(item=f"o{i}{c}", path=blind_world.side(folder, "routed", 10 * i + c),
                      offer=f"shop/{c}", arm=f"shop/{c}")
                for c in range(cells)
            ),
        )
        for i in range(2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "cells", "keys", "kept"),
    [
        ("acr5", 1, ["4", "y", Keys.ENTER], {"scores": [4.0], "usable": [True]}),
        ("score10", 1, ["8.3", "n", Keys.ENTER], {"scores": [8.3], "usable": [False]}),
        ("ranking", 3, ["2", "1", "2", Keys.ENTER], {"ranks": [2, 1, 2]}),
    ],
)
def test_ratings_and_rankings_by_keyboard(
    tmp_path: Path, question: str, cells: int, keys: list[str], kept: dict[str, Any]
) -> None:
    plan = blind_world.plan(
        _alone(tmp_path, cells), question=question, min_seconds=0.1, repeat=0.0
    )  # fmt: skip
    build_session(plan, tmp_path / "s")
    with served(tmp_path / "s") as server, browser() as page:
        page.get(server.base + server.links[0])
        _wait(page, "!document.getElementById('consent').hidden")
        _press(page, Keys.ENTER)
        for n in (1, 2):
            _ready(page, f"{n} of 2")
            _press(page, *keys)
        _wait(page, "!document.getElementById('done').hidden")
    for vote in _votes(tmp_path / "s"):
        assert {name: json.loads(vote[name]) for name in kept} == kept
