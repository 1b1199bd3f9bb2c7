"""The page in a real browser: at three widths, in light and dark, on paper; nothing is fetched."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qfloor.pipeline.months.reporting import Wanted, write_report

RESULTS = Path(__file__).resolve().parents[2] / "results"
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.skipif(
        not (shutil.which(CHROMIUM) and shutil.which(DRIVER)), reason="there is no Chromium here"
    ),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "painters.html"
    write_report(RESULTS / "painters.db", out, Wanted())
    return out


@pytest.fixture
def browser(page: Path, tmp_path: Path) -> Iterator[Any]:
    selenium = pytest.importorskip("selenium.webdriver")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))
    driver.get(page.as_uri())
    yield driver
    driver.quit()


def sized(browser: Any, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def themed(browser: Any, media: str, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    wanted = {"media": media, "features": features}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)


def background(browser: Any) -> list[int]:
    told = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    return [int(part) for part in told.strip("rgb()").split(",")]


def test_it_fits_every_width_follows_the_theme_and_fetches_nothing(browser: Any) -> None:
    for width in (1280, 768, 390):
        sized(browser, width)
        wide = "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"
        needed, given = browser.execute_script(wide)
        assert needed <= given, f"something is wider than {width} pixels"
        broken = "return [...document.querySelectorAll('.fact b')].filter(b => b.clientHeight > 40)"
        assert browser.execute_script(broken) == [], "a number breaks into two lines"
        hidden = wide.replace("document.documentElement", 'document.querySelector("#best .scroll")')
        needed, given = browser.execute_script(hidden)
        assert needed <= given, f"the answer does not fit {width} pixels"
    themed(browser, "screen", "light")
    assert min(background(browser)) > 200
    themed(browser, "screen", "dark")
    assert max(background(browser)) < 60
    themed(browser, "print", "dark")
    assert min(background(browser)) > 200
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.get_log("browser") == []


def test_what_is_folded_on_the_screen_is_open_on_paper(browser: Any) -> None:
    seen = (
        "return [...document.querySelectorAll('details:not(.screen) table')]"
        ".map(t => t.checkVisibility({contentVisibilityAuto: true}))"
    )
    themed(browser, "screen", "light")
    assert not any(browser.execute_script(seen))
    themed(browser, "print", "light")
    end = time.monotonic() + 120  # a busy browser lays the sheet out a little later
    while not all(found := browser.execute_script(seen)) and time.monotonic() < end:
        time.sleep(0.1)
    assert found
    assert all(found)
