from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from gateway_sellers import behave
from gateway_world import MUG, SHELF, database, drive, listening, settings

URL = "/v1/images/generations"


async def traffic(client: Any) -> None:
    for body in (
        {"prompt": MUG},
        {"prompt": MUG, "model": "shop/thrift"},
        {"prompt": MUG, "routing": {"max_price_usd": 0.001}},
        {"prompt": f"<script>alert(1)</script> {MUG}"},
    ):
        await client.post(URL, json=body)
    with behave({"shop/value": "refused_input"}):
        await client.post(URL, json={"prompt": MUG})
    await client.post("/v1/route", json={"prompt": MUG})


def text_of(page: str) -> str:
    """What a person reads: no markup."""

    class Reader(HTMLParser):
        said: list[str] = []

        def handle_data(self, data: str) -> None:
            if self.lasttag != "style":
                self.said.append(data)

    reader = Reader()
    reader.said = []
    reader.feed(page)
    return re.sub(r"\s+", " ", " ".join(reader.said))


def test_it_shows_what_was_chosen_why_and_what_it_cost(tmp_path: Path) -> None:
    db = database(tmp_path, SHELF, generator="gateway_sellers:Seller")

    async def work(client: Any) -> Any:
        await traffic(client)
        page = await client.get("/")
        row = re.search(r"/decisions/(req_\w+)", page.text)
        assert row is not None
        return page, await client.get(row[0]), await client.get("/decisions/req_none")

    with behave({}):
        given = settings(tmp_path, db, baseline={"image": "shop/grand"}, look_every_s=3600.0)
        page, one, none = drive(given, work)  # health is not looked at in between
    said = text_of(page.text)
    assert page.headers["content-type"].startswith("text/html")
    for expected in (
        "Requests, 24 h 5 1 dry run beside",
        "Charged $0.043",  # 2 at $0.02, one at $0.003
        "Against baseline -82%",  # of three at $0.08
        "Turned away 1",
        "Baseline: shop/grand for images",
        "cheapest certified",
        "nothing eligible",
        "refused input",
        "dry run",
        "release 4",  # its prices are a feed with an age
    ):
        assert expected in said, f"{expected!r} not in {said}"
    assert re.search(r"\d\d:00 \d\d:00 \d\d:00 UTC charged baseline highest hour", said)
    assert "alert(1)" not in page.text
    assert MUG not in page.text
    assert "<script" not in page.text
    again = text_of(one.text)
    for offer in ("shop/thrift", "shop/value", "shop/grand", "shop/film"):
        assert offer in again, "every candidate with its reason"
    assert "not good enough" in again
    assert "Since then changed" not in again
    assert none.status_code == 404


def test_an_empty_one_says_so(tmp_path: Path) -> None:
    said = text_of(drive(settings(tmp_path), lambda c: c.get("/")).text)
    assert "no request yet" in said
    assert "Against baseline –" in said
    assert "nan" not in said.lower()


@pytest.mark.parametrize(
    ("sellers", "said"),
    [
        (
            [{"name": "a", "as_of": "2026-01-10"}, {"name": "b", "as_of": "2026-02-10"}],
            "release 2 ",
        ),
        ([{"name": "a", "source": "declared here"}], "release 1 declared"),
    ],
)
def test_a_release_is_as_old_as_its_oldest_price(
    tmp_path: Path, sellers: list[dict[str, Any]], said: str
) -> None:
    from factories import Seller

    db = database(tmp_path, [Seller(**s) for s in sellers], generator="gateway_sellers:Seller")
    page = text_of(drive(settings(tmp_path, db), lambda c: c.get("/")).text)
    assert said in page
    if "declared" not in said:
        days = (datetime.now(UTC) - datetime(2026, 1, 10, tzinfo=UTC)).total_seconds() / 86_400
        found = re.search(r"release 2 ([\d.]+) days", page)
        assert found is not None
        assert float(found[1]) == pytest.approx(days, abs=0.2)


def test_names_from_a_database_are_escaped(tmp_path: Path) -> None:
    from factories import Seller

    db = database(
        tmp_path, [Seller(name="<b>bold</b>", clears=7.0)], generator="gateway_sellers:Seller"
    )

    async def work(client: Any) -> Any:
        await client.post(URL, json={"prompt": MUG})
        return await client.get("/")

    with behave({}):
        page = drive(settings(tmp_path, db), work)
    assert "<b>bold" not in page.text
    assert "&lt;b&gt;bold" in page.text


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs chromium and chromedriver")
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(flag)
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1"])
@pytest.mark.parametrize("width", [1280, 768, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_at_every_width(
    tmp_path: Path, browser: Any, width: int, scheme: str
) -> None:
    import httpx

    db = database(tmp_path, SHELF, generator="gateway_sellers:Seller")
    with behave({}), listening(settings(tmp_path, db)) as base:
        with httpx.Client(base_url=base, trust_env=False) as client:
            for tier in ("standard", "professional", "premium"):
                client.post(URL, json={"prompt": MUG, "routing": {"tier": tier}})
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        browser.get(f"{base}/")
        assert browser.title == "qfloor gateway"
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, "nobody scrolls sideways"
        seen = browser.find_element("tag name", "body").text
        assert "shop/grand" in seen
        small = browser.execute_script(
            "return [...document.querySelectorAll('td span, small, dd')]"
            ".filter(e => e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 12).length"
        )
        assert small == 0
        background = browser.execute_script(
            "return getComputedStyle(document.body).backgroundColor"
        )
        light = sum(int(n) for n in re.findall(r"\d+", background)[:3]) > 380
        assert light is (scheme == "light")
        browser.find_element("css selector", "a[href^='/decisions/']").click()
        assert "cheapest_certified" in browser.find_element("tag name", "body").text
