"""The language that a request states, from the body to the seller and the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from factories import Seller
from gateway_sellers import behave
from gateway_world import database, drive, settings

from qfloor.records import Capabilities
from qfloor.router.asked import read_log

IMAGES, VIDEOS, ROUTE = "/v1/images/generations", "/v1/videos", "/v1/route"
DALI = "portrait Salvador Dalí"  # a name: nothing tells its language
SPANISH = Capabilities(languages=("es",))
SPOKEN = (
    Seller(name="value", usd="0.02", clears=6.8, capabilities=SPANISH),
    Seller(
        name="film", usd="0.05", unit="second", clears=6.5, modalities=("video",),
        capabilities=SPANISH,
    ),
)  # fmt: skip


def chosen(folder: Path) -> Any:
    return settings(folder, database(folder, SPOKEN, generator="gateway_sellers:Seller"))


def body(url: str, **routing: Any) -> dict[str, Any]:
    prompt = "clip, waves rolling, Bahía" if url == VIDEOS else DALI
    return {"prompt": prompt, "routing": routing}


@pytest.mark.parametrize("url", [IMAGES, VIDEOS, ROUTE])
def test_a_stated_language_is_used_in_place_of_the_guess(tmp_path: Path, url: str) -> None:
    async def work(client: Any) -> Any:
        stated = [
            await client.post(url, json=body(url, language=told, explain=True))
            for told in ("es", "en", "xx")
        ]
        return [await client.post(url, json=body(url)), *stated]

    with behave({}) as calls:
        untold, spanish, english, unknown = drive(chosen(tmp_path), work)
        assert len(calls) <= 1, "nothing is bought in another language"
    assert untold.status_code == english.status_code == 422
    error = untold.json()["error"]
    assert error["code"] == "no_eligible_model"
    assert "state the language: --language, routing.language" in error["message"]
    assert "state it" not in english.json()["error"]["message"]
    assert spanish.status_code == 200, spanish.text
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (400, "routing.language")
    assert "must be a code of ISO 639-1" in unknown.json()["error"]["message"]


def test_a_dry_run_says_that_the_language_was_stated(tmp_path: Path) -> None:
    """And the same prompt without it, asked in between, is read by itself."""

    async def work(client: Any) -> Any:
        return [
            (await client.post(ROUTE, json=body(ROUTE, explain=explain, **told))).json()
            for explain in (False, True)
            for told in ({"language": "es"}, {}, {"language": "es"})
        ]

    first, untold, again, whole, _, _ = drive(chosen(tmp_path), work)
    assert first["language"] == again["language"] == "es"
    assert first["language_stated"] is again["language_stated"] is True
    assert "error" in untold
    assert whole["decision"]["classification"]["language_stated"] is True
    assert whole["decision"]["need"]["language"] == "es"


def test_the_log_keeps_it_for_replays(tmp_path: Path) -> None:
    async def work(client: Any) -> None:
        with behave({}):
            await client.post(IMAGES, json=body(IMAGES, language="es"))

    drive(chosen(tmp_path), work)
    (asked,) = read_log(tmp_path / "ws" / "gateway" / "gateway.db")
    assert asked.need.language == "es"
    assert asked.classification is not None
    assert asked.classification.language == "es"


def test_the_openapi_knows_it(tmp_path: Path) -> None:
    told = drive(chosen(tmp_path), lambda client: client.get("/openapi.json")).json()
    assert "language" in told["components"]["schemas"]["Routing"]["properties"]
