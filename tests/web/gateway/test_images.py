from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import factories
import pytest
from factories import Seller
from fakes.seller import FakeSeller, calls
from gateway_world import CLIP, MUG, SHELF, database, drive, settings, until
from prometheus_client.parser import text_string_to_metric_families

from qfloor.export import write
from qfloor.records import Capabilities
from qfloor.router import choose, load
from qfloor.router.asked import read_log
from qfloor.web.gateway.ledger import GatewayLedger

URL = "/v1/images/generations"


def ask(**body: Any) -> dict[str, Any]:
    return {"prompt": MUG, **body}


def decisions(folder: Path) -> list[dict[str, Any]]:
    ledger = GatewayLedger(folder / "ws" / "gateway")
    names = [row[1] for row in ledger.rows("PRAGMA table_info(decisions)")]
    rows = [dict(zip(names, row, strict=True)) for row in ledger.rows("SELECT * FROM decisions")]
    ledger.close()
    return rows


def test_the_cheapest_certified_offer_makes_it_and_says_so(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        return await client.post(URL, json=ask(routing={"explain": True}))

    answer = drive(settings(tmp_path), work)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    content = base64.b64decode(body["data"][0]["b64_json"])
    assert content.startswith(b"\x89PNG")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert body["model"] == body["data"][0]["model"] == "shop/value"
    assert body["routing"]["offer"] == "shop/value"
    told = {k.removeprefix("x-qfloor-"): v for k, v in answer.headers.items()}
    assert told["model"] == "shop/value"
    assert told["requested-model"] == "auto"
    assert told["reason"] == "cheapest_certified"
    assert told["category"] == "product-photo"
    assert told["tier"] == "professional"
    assert told["estimated-cost-usd"] == "0.02"
    assert told["attempts"] == "1"
    assert told["x-request-id"].startswith("req_")
    assert MUG not in str(answer.headers)
    (row,) = decisions(tmp_path)
    assert row["id"] == answer.headers["x-request-id"]
    assert (row["served_offer"], row["outcome"], row["charged_nanousd"]) == (
        "shop/value", "made", 20_000_000,
    )  # fmt: skip
    assert row["prompt"] is None
    assert MUG not in str(row)


def test_a_concrete_model_overrides_the_router(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        return await client.post(URL, json=ask(model="shop/thrift"))

    answer = drive(settings(tmp_path), work)
    assert answer.json()["model"] == "shop/thrift"
    assert answer.headers["x-qfloor-reason"] == "pinned"
    assert answer.headers["x-qfloor-certified"] == "no"


def test_several_pictures_each_its_own(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        return await client.post(URL, json=ask(n=3))

    answer = drive(settings(tmp_path), work)
    assert len({item["b64_json"] for item in answer.json()["data"]}) == 3
    assert answer.headers["x-qfloor-estimated-cost-usd"] == "0.06"
    assert decisions(tmp_path)[0]["charged_nanousd"] == 60_000_000


def test_each_of_several_pictures_is_counted(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        await client.post(URL, json=ask(n=3))
        await client.gateway.flush()
        return (await client.get("/metrics")).text

    read = text_string_to_metric_families(drive(settings(tmp_path), work))
    (made,) = next(family for family in read if family.name == "qfloor_outputs").samples
    assert made.labels == {"offer": "shop/value", "outcome": "made", "reason": "ok"}
    assert made.value == 3


def test_several_of_an_offer_that_makes_one_at_a_time_are_several_calls(tmp_path: Path) -> None:
    one = Seller(name="value", usd="0.02", capabilities=Capabilities(max_outputs=1))
    db = database(tmp_path, [one])

    async def work(client: Any) -> Any:
        route = await client.post("/v1/route", json=ask(n=3))
        return route, await client.post(URL, json=ask(n=3))

    route, answer = drive(settings(tmp_path, db), work)
    assert route.json()["price_usd"] == "0.06"
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 3
    assert decisions(tmp_path)[1]["charged_nanousd"] == 60_000_000
    for asked in read_log(tmp_path / "ws" / "gateway" / "gateway.db"):
        assert (
            choose(load(db), asked.need, classification=asked.classification).offer == "shop/value"
        ), "a replay decides as it did"


def test_a_url_is_signed_and_gives_the_same_bytes(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        answer = await client.post(URL, json=ask(response_format="url"))
        url = answer.json()["data"][0]["url"]
        path = url.partition("8080")[2]
        forged = path.replace("signature=", "signature=0")
        return url, await client.get(path), await client.get(forged)

    url, media, forged = drive(settings(tmp_path), work)
    assert url.startswith("http://127.0.0.1:8080/v1/media/")
    sha256 = url.rpartition("/")[2].partition(".")[0]
    assert hashlib.sha256(media.content).hexdigest() == sha256
    assert media.headers["content-type"] == "image/png"
    assert forged.status_code == 404


@pytest.mark.parametrize(
    ("trick", "status", "code"),
    [
        ("#refused_input", 400, "content_policy_violation"),
        ("#refused_output", 400, "content_policy_violation"),
        ("#raise", 504, "outcome_unknown"),
        ("#malformed", 504, "outcome_unknown"),
        ("#provider_error", 502, "provider_error"),
        ("#empty_success", 502, "blank_output"),
        ("#auth", 502, "provider_setup"),
    ],
)
def test_what_a_seller_did_is_an_answer_and_goes_to_nobody_else(
    tmp_path: Path, trick: str, status: int, code: str
) -> None:
    async def work(client: Any) -> Any:
        return await client.post(URL, json=ask(prompt=f"{MUG} {trick}"))

    answer = drive(settings(tmp_path), work)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert set(error) == {"message", "type", "param", "code"}
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["x-qfloor-model"] == "shop/value"
    assert len([c for c in calls(tmp_path / "remote") if c["event"] == "submit"]) == 1


def test_a_quota_that_is_used_up_goes_to_the_next_offer_and_is_rested_from(tmp_path: Path) -> None:
    from gateway_sellers import behave

    async def work(client: Any) -> Any:
        return [await client.post(URL, json=ask()) for _ in range(2)]

    db = database(tmp_path, SHELF, generator="gateway_sellers:Seller", providers=True)
    with behave({"shop/value": "billing"}) as bought:
        first, second = drive(settings(tmp_path, db), work)
    assert first.headers["x-qfloor-fallback-from"] == "shop/value"
    assert first.json()["model"] == second.json()["model"] == "shop/grand"
    assert [offer for offer, _ in bought] == ["shop/value", "shop/grand", "shop/grand"]


@pytest.mark.parametrize("reason", ["rate_limited", "not_sent", "capacity"])
def test_what_was_surely_not_taken_goes_to_the_next_offer(tmp_path: Path, reason: str) -> None:
    from gateway_sellers import behave

    db = database(tmp_path, SHELF, generator="gateway_sellers:Seller", providers=True)
    with behave({"shop/value": reason}):
        answer = drive(settings(tmp_path, db), lambda c: c.post(URL, json=ask()))
        alone = drive(
            settings(tmp_path, db),
            lambda c: c.post(URL, json=ask(routing={"allow_fallbacks": False})),
        )
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == "shop/grand"
    assert answer.headers["x-qfloor-fallback-from"] == "shop/value"
    assert answer.headers["x-qfloor-attempts"] == "2"
    assert alone.status_code in (429, 503)
    assert int(alone.headers["retry-after"]) >= 1
    assert alone.headers["x-should-retry"] == "true"


def test_a_ceiling_that_nothing_meets_says_which_rule_and_what_would_help(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        return await client.post(URL, json=ask(routing={"max_price_usd": 0.001}))

    answer = drive(settings(tmp_path), work)
    assert answer.status_code == 422
    body = answer.json()
    assert body["error"]["code"] == "no_eligible_model"
    assert body["metadata"]["binding_rule"] in ("budget", "price_stale")
    assert answer.headers["x-qfloor-reason"] == "nothing_eligible"
    assert not (tmp_path / "remote").exists() or calls(tmp_path / "remote") == []
    assert decisions(tmp_path)[0]["outcome"] == "turned_away"


def test_fields_that_are_not_used_are_named(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        return await client.post(URL, json=ask(quality="high", style="vivid", user="u-1"))

    answer = drive(settings(tmp_path), work)
    assert answer.headers["x-qfloor-ignored"] == "quality,style"
    told = answer.json()["qfloor"]
    assert told["ignored"] == ["quality", "style"]
    assert told["model"] == answer.headers["x-qfloor-model"]
    assert told["charged_usd"] == answer.headers["x-qfloor-charged-usd"]


@pytest.mark.parametrize("fell", [(0,), (1,), ()])
def test_headers_speak_for_all_pictures_where_some_fell_to_another_offer(
    tmp_path: Path, fell: tuple[int, ...]
) -> None:
    from gateway_sellers import behave

    db = database(tmp_path, SHELF, generator="gateway_sellers:Seller", providers=True)

    async def work(client: Any) -> Any:
        return await client.post(URL, json=ask(n=3))

    with behave({"shop/value": lambda r: "capacity" if r.repeat in fell else "ok"}):
        answer = drive(settings(tmp_path, db), work)
    by = ["shop/grand" if i in fell else "shop/value" for i in range(3)]
    assert [item["model"] for item in answer.json()["data"]] == by
    told = answer.headers
    assert told["x-qfloor-model"] == answer.json()["model"] == by[0]
    assert told.get("x-qfloor-fallback-from") == ("shop/value" if fell else None)
    counted = {o: by.count(o) for o in dict.fromkeys(by)}
    said = ", ".join(f"{n}x {o}" for o, n in counted.items()) if fell else None
    assert told.get("x-qfloor-models") == answer.json()["qfloor"].get("models") == said


def test_an_offer_that_cannot_be_called_from_here_is_no_matter_of_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It was told as one that is being left alone for a while, and nobody was told why."""
    db = database(tmp_path, generator="somewhere.else:Seller")

    async def work(client: Any) -> Any:
        return [await client.post(URL, json=ask()) for _ in range(2)]

    for answer in drive(settings(tmp_path, db), work):
        assert (answer.status_code, answer.headers["x-should-retry"]) == (502, "false")
        assert "retry-after" not in answer.headers
        error = answer.json()["error"]
        assert error["code"] == "provider_setup"
        assert error["message"] == (
            "no offer that would do can be called from here; the gateway's log says why"
        )
    said = [r.getMessage() for r in caplog.records if "somewhere.else" in r.getMessage()]
    why = "generator 'somewhere.else:Seller' is no installed plugin; list it in the gateway's "
    why += "plugins if it may run"
    assert said == [
        f"4 of 4 offers of test 2026-11 cannot be called from here; shop/film: {why} (shop/grand, "
        "shop/thrift, shop/value likewise)",
        f"shop/value: {why}",
        f"shop/grand: {why}",
    ], "once, not with every request"


def test_a_release_of_imported_ratings_says_that_nobody_makes_its_offers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = factories.release(list(SHELF))
    offers = tuple(replace(offer, generator=None) for offer in made.offers)
    write(tmp_path / "rated.db", replace(made, offers=offers))

    async def work(client: Any) -> Any:
        video = (await client.post("/v1/videos", json={"prompt": CLIP})).json()
        job = await until(lambda: _ended(client, video["id"]))
        return await client.post(URL, json=ask()), await client.post("/v1/route", json=ask()), job

    answer, route, job = drive(settings(tmp_path, tmp_path / "rated.db"), work)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "provider_setup")
    assert (job["status"], job["error"]["code"]) == ("failed", "provider_setup")
    assert route.status_code == 200, "the decision alone may be carried out elsewhere"
    assert "imported ratings; nobody here makes it" in caplog.text


async def _ended(client: Any, job_id: str) -> Any:
    job = (await client.get(f"/v1/videos/{job_id}")).json()
    return job if job["status"] in ("completed", "failed") else None


def test_what_a_generator_does_not_take_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def declines(self: Any, request: Any) -> str | None:
        return "one reads at most 20 characters" if "value" in request.offer.id else None

    monkeypatch.setattr(FakeSeller, "declines", declines, raising=False)

    async def work(client: Any) -> Any:
        alone = ask(routing={"allow_fallbacks": False})
        return await client.post(URL, json=alone), await client.post(URL, json=ask())

    alone, fell = drive(settings(tmp_path), work)
    assert (alone.status_code, alone.json()["error"]["code"]) == (422, "model_not_possible")
    assert alone.json()["error"]["message"] == "shop/value: one reads at most 20 characters"
    assert (fell.status_code, fell.json()["model"]) == (200, "shop/grand")


def test_a_model_is_listed_at_the_price_of_the_size_and_length_it_is_fixed_to(
    tmp_path: Path,
) -> None:
    shelf = [
        Seller(name="plain", usd="0.01", unit="megapixel"),
        Seller(name="large", usd="0.01", unit="megapixel", settings={"resolution": "4K"}),
        Seller(name="sized", usd="0.01", unit="megapixel", settings={"size": "2000x1000"}),
        Seller(name="film", usd="0.01", unit="second", settings={"seconds": 8},
               modalities=("video",)),
    ]  # fmt: skip

    async def work(client: Any) -> Any:
        return (await client.get("/v1/models")).json()["data"]

    rows = drive(settings(tmp_path, database(tmp_path, shelf)), work)
    typical = {row["id"]: row["price"]["typical_usd"] for row in rows if "price" in row}
    assert typical == {
        "shop/plain": "0.01048576", "shop/large": "0.16777216", "shop/sized": "0.02",
        "shop/film": "0.08",
    }  # fmt: skip


def test_a_clip_asked_of_what_makes_pictures_is_told_so_in_plain_words(tmp_path: Path) -> None:
    """It said that no offer is certified in each of six categories; that was not what was wrong."""
    narrow = Seller(name="narrow", usd="0.02", by_category={"landscape": 2.0, "portrait": 2.0})
    wave = "a 5 second video of a wave"

    async def work(client: Any) -> Any:
        return [
            await client.post(URL, json=ask(prompt=wave)),
            await client.post("/v1/route", json=ask(prompt=wave, model="auto/image")),
            await client.post(URL, json=ask(prompt="a wave on a beach, wide landscape photo")),
            await client.post(URL, json=ask(prompt=wave, routing={"category": "landscape"})),
        ]

    made, dry, still, stated = drive(settings(tmp_path, database(tmp_path, [narrow])), work)
    for answer, where in ((made, "POST it to /v1/videos."), (dry, "ask with model auto/video.")):
        assert answer.status_code == 422
        error, metadata = answer.json()["error"], answer.json()["metadata"]
        assert error["code"] == "no_eligible_model"
        assert error["message"].startswith("The prompt reads as asking for a clip, and ")
        assert where in error["message"]
        assert metadata["reads_as"] == "video"
    for answer in (still, stated):
        assert answer.status_code == 422
        assert "clip" not in answer.json()["error"]["message"]
        assert "reads_as" not in answer.json()["metadata"]
