"""Replicate, OpenAI, Gemini, BFL and Runway, answer by answer."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from generators.providers.play import KEY, Network, ask, came, picture, play

from qfloor.generators.providers.bfl import BflGenerator
from qfloor.generators.providers.gemini import GeminiGenerator
from qfloor.generators.providers.openai import OpenAIGenerator
from qfloor.generators.providers.replicate import ReplicateGenerator
from qfloor.generators.providers.runway import RunwayGenerator
from qfloor.records import PriceComponent, PriceRule

B64 = base64.b64encode(picture()).decode()
DELIVERED = "https://replicate.delivery/x/a.png"


def replicate(output: Any, **more: Any) -> Network:
    body = {"id": "p1", "urls": {"get": "https://api.replicate.com/v1/predictions/p1"},
            "status": "starting"}  # fmt: skip
    done = {**body, "status": "succeeded", "output": output, "version": "v" * 8,
            "model": "black-forest-labs/flux-dev", "metrics": {"predict_time": 2.5},
            "created_at": "2026-11-01T00:00:00Z", "started_at": "2026-11-01T00:00:03Z",
            **more}  # fmt: skip
    network = Network().on("POST /v1/", httpx.Response(201, json=body))
    network.on("GET /v1/predictions/p1", body, {**body, "status": "booting"}, done)
    return network.on("GET /x/a.png", network.media)


@pytest.mark.parametrize(
    "output", [DELIVERED, [DELIVERED], {"url": DELIVERED}, {"images": [{"url": DELIVERED}]}]
)
def test_replicate_reads_any_type_of_output(tmp_path: Path, output: Any) -> None:
    request = ask("black-forest-labs/flux-dev", aspect_ratio="16:9")
    ended = play(ReplicateGenerator, network := replicate(output), request, tmp_path)
    assert (ended.reason, ended.seconds_run, ended.seconds_queue) == ("ok", 2.5, 3.0)
    assert ended.model_version == "v" * 8
    assert came(ended) == network.media
    assert network.posts()[0].url.path == "/v1/models/black-forest-labs/flux-dev/predictions"
    assert network.sent()["input"]["aspect_ratio"] == "16:9"


def test_replicate_pins_a_version_that_is_given(tmp_path: Path) -> None:
    request = ask("owner/name", version="ab" * 32)
    network = replicate(DELIVERED, model="owner/name")
    ended = play(ReplicateGenerator, network, request, tmp_path)
    assert network.posts()[0].url.path == "/v1/predictions"
    assert network.sent()["version"] == "ab" * 32
    assert ended.report["model_mismatch"] == {"asked": "ab" * 32, "returned": "v" * 8}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("NSFW content detected. Try running it again.", "refused_output"),
        ("The input was flagged as sensitive (E005)", "refused_input"),
        ("CUDA out of memory", "provider_error"),
    ],
)
def test_replicate_failed_says_why(tmp_path: Path, error: str, reason: str) -> None:
    network = replicate(None, status="failed", error=error)
    ended = play(ReplicateGenerator, network, ask("black-forest-labs/flux-dev"), tmp_path)
    assert (ended.reason, ended.charged) == (reason, "unknown")
    assert error.split(".")[0] in ended.detail


def test_replicate_says_in_words_how_long_to_wait_or_that_credit_is_low(tmp_path: Path) -> None:
    said = "Request was throttled. Your rate limit resets in ~30s."
    network = Network().on("POST /v1/", httpx.Response(429, json={"detail": said}))
    ended = play(ReplicateGenerator, network, ask("a/b"), tmp_path)
    assert (ended.reason, ended.retry_after_s, ended.charged) == ("rate_limited", 30.0, "no")
    said = "throttled: 6 requests per minute while you have less than $5.0 in credit."
    network = Network().on("POST /v1/", httpx.Response(429, json={"detail": said}))
    assert play(ReplicateGenerator, network, ask("a/b"), tmp_path).reason == "billing"


def test_openai_counts_tokens_by_the_offers_rows(tmp_path: Path) -> None:
    rows = (
        PriceComponent(unit="token", amount="0.000005", when={"tokens": "input"}),
        PriceComponent(unit="token", amount="0.00003", when={"tokens": "output"}),
    )
    price = PriceRule(components=rows, source="page", as_of="2026-11-01")
    usage = {"input_tokens": 10, "output_tokens": 1000, "total_tokens": 1010}
    body = {"created": 1, "data": [{"b64_json": B64, "revised_prompt": "a cube, red"}],
            "output_format": "png", "usage": usage}  # fmt: skip
    answer = httpx.Response(
        200, json=body, headers={"x-request-id": "req_1", "openai-processing-ms": "1500"}
    )
    network = Network().on("POST /v1/images/generations", answer)
    request = ask("gpt-image-2", price=price, negative="blur",
                  settings={"quality": "low", "width": 1024, "height": 1536})  # fmt: skip
    ended = play(OpenAIGenerator, network, request, tmp_path)
    assert (ended.reason, ended.amount_nanousd) == ("ok", 50_000 + 30_000_000)
    assert ended.seconds_run == 1.5
    assert ended.report["request_id"] == "req_1"
    assert ended.report["prompt_returned"] == "a cube, red"
    assert ended.report["dropped_params"] == {"negative_prompt": "blur"}
    assert network.sent() == {"model": "gpt-image-2", "prompt": "a red cube", "n": 1,
                              "size": "1024x1536", "quality": "low"}  # fmt: skip
    assert came(ended) == picture()


@pytest.mark.parametrize(
    ("status", "error", "reason", "charged"),
    [
        (400, {"code": "moderation_blocked", "type": "image_generation_user_error"},
         "refused_input", "unknown"),
        (400, {"code": "moderation_blocked", "moderation_details": {"stage": "output"}},
         "refused_output", "unknown"),
        (400, {"code": "invalid_value", "type": "invalid_request_error", "param": "size"},
         "invalid_request", "no"),
        (401, {"code": "invalid_api_key", "message": f"Incorrect API key: {KEY}"}, "auth", "no"),
        (403, {"message": "Your organization must be verified"}, "permission", "no"),
        (404, {"code": "model_not_found"}, "model_gone", "no"),
        (429, {"code": "rate_limit_exceeded"}, "rate_limited", "no"),
        (429, {"code": "insufficient_quota"}, "billing", "no"),
        (500, {"type": "server_error"}, "timeout_ambiguous", "unknown"),
        (503, {"message": "overloaded"}, "capacity", "no"),
    ],
)  # fmt: skip
def test_openai_errors(tmp_path: Path, status: int, error: Any, reason: str, charged: str) -> None:
    network = Network().on("POST /v1/images", httpx.Response(status, json={"error": error}))
    ended = play(OpenAIGenerator, network, ask("gpt-image-2"), tmp_path)
    assert (ended.reason, ended.charged) == (reason, charged)
    assert len(network.posts()) == 1


def gemini(**candidate: Any) -> dict[str, Any]:
    return {"candidates": [candidate], "modelVersion": "gemini-3.1-flash-image",
            "usageMetadata": {"totalTokenCount": 9}}  # fmt: skip


def test_gemini_gives_a_picture_and_its_version(tmp_path: Path) -> None:
    parts = [{"thought": True, "inlineData": {"mimeType": "image/png", "data": "AAAA"}},
             {"text": "here"}, {"inlineData": {"mimeType": "image/jpeg", "data": B64}}]  # fmt: skip
    network = Network().on("POST /v1beta", gemini(content={"parts": parts}, finishReason="STOP"))
    request = ask("gemini-3.1-flash-image", settings={"resolution": "2k"}, aspect_ratio="16:9")
    ended = play(GeminiGenerator, network, request, tmp_path)
    assert (ended.reason, ended.model_version) == ("ok", "gemini-3.1-flash-image")
    config = network.sent()["generationConfig"]
    assert config["imageConfig"] == {"aspectRatio": "16:9", "imageSize": "2K"}
    assert network.posts()[0].headers["x-goog-api-key"] == KEY
    assert "key" not in network.posts()[0].url.params
    other = ask("gemini-2.5-flash-image")
    network = Network().on("POST /v1beta", gemini(content={"parts": parts}))
    drifted = play(GeminiGenerator, network, other, tmp_path)
    assert drifted.report["model_mismatch"]["returned"] == "gemini-3.1-flash-image"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gemini(finishReason="IMAGE_SAFETY"), "refused_output"),
        (gemini(finishReason="NO_IMAGE", content={"parts": [{"text": "no"}]}), "refused_output"),
        (gemini(finishReason="STOP", content={"parts": [{"text": "words"}]}), "empty_success"),
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "refused_input"),
        ({"candidates": []}, "empty_success"),
        ([], "malformed_answer"),
    ],
)
def test_gemini_refuses_under_200(tmp_path: Path, body: Any, reason: str) -> None:
    network = Network().on("POST /v1beta", httpx.Response(200, json=body))
    assert play(GeminiGenerator, network, ask("gemini-x"), tmp_path).reason == reason


def test_gemini_tells_the_delay_in_the_body(tmp_path: Path) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}]
    error = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": details}}
    network = Network().on("POST /v1beta", httpx.Response(429, json=error))
    ended = play(GeminiGenerator, network, ask("gemini-x"), tmp_path)
    assert (ended.reason, ended.retry_after_s) == ("rate_limited", 17.0)


def bfl(status: str, **result: Any) -> Network:
    taken = {"id": "b1", "polling_url": "https://api.eu2.bfl.ai/v1/get_result?id=b1", "cost": 4}
    network = Network().on("POST /v1/flux-2-pro", taken)
    done = {"id": "b1", "status": status, "result": result or None}
    network.on("GET /v1/get_result", {"status": "Pending"}, {"status": "Dreaming"}, done)
    return network.on("GET /p.png", network.media)


def test_bfl_polls_the_region_and_tells_the_cost(tmp_path: Path) -> None:
    network = bfl("Ready", sample="https://delivery-eu1.bfl.ai/p.png", seed=5, start_time=10.0,
                  end_time=12.5, prompt="a red cube")  # fmt: skip
    ended = play(BflGenerator, network, ask("flux-2-pro", aspect_ratio="16:9"), tmp_path)
    assert (ended.reason, ended.amount_nanousd, ended.seconds_run) == ("ok", 40_000_000, 2.5)
    keyed = {r.url.host for r in network.seen if "x-key" in r.headers}
    assert keyed == {"api.bfl.ai", "api.eu2.bfl.ai"}
    sent = network.sent()
    assert sent["prompt_upsampling"] is False
    assert sent["width"] % 16 == sent["height"] % 16 == 0
    assert sent["width"] / sent["height"] == pytest.approx(16 / 9, rel=0.02)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Request Moderated", "refused_input"),
        ("Content Moderated", "refused_output"),
        ("Error", "provider_error"),
        ("Failed", "provider_error"),
        ("Task not found", "job_expired"),
    ],
)
def test_bfl_ends(tmp_path: Path, status: str, reason: str) -> None:
    ended = play(BflGenerator, bfl(status), ask("flux-2-pro"), tmp_path)
    assert (ended.reason, ended.amount_nanousd) == (reason, None)


def runway(**task: Any) -> Network:
    network = Network().on("POST /v1/text_to_", {"id": "t1"})
    network.on("GET /v1/tasks/t1", {"status": "THROTTLED"}, {"status": "RUNNING"}, task)
    return network.on("GET /o.png", network.media)


def test_runway_takes_the_final_cost(tmp_path: Path) -> None:
    network = runway(status="SUCCEEDED", output=["https://cdn.example/o.png"], cost={"credits": 5})
    ended = play(RunwayGenerator, network, ask("gen4_image", aspect_ratio="16:9"), tmp_path)
    assert (ended.reason, ended.amount_nanousd, ended.charged) == ("ok", 50_000_000, "yes")
    assert network.sent()["ratio"] == "1280:720"
    assert network.posts()[0].headers["x-runway-version"] == "2024-11-06"


@pytest.mark.parametrize(
    ("code", "credits", "reason", "charged"),
    [
        ("SAFETY.INPUT.TEXT", 5, "refused_input", "yes"),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", 5, "refused_input", "yes"),
        ("SAFETY.OUTPUT.IMAGE", None, "refused_output", "unknown"),
        ("THIRD_PARTY.UNAVAILABLE", 0, "capacity", "no"),
        ("INTERNAL.BAD_OUTPUT.CODE01", 0, "provider_error", "no"),
        ("SOMETHING.NEW", None, "provider_error", "unknown"),
    ],
)
def test_runway_failures_say_what_was_billed(
    tmp_path: Path, code: str, credits: int | None, reason: str, charged: str
) -> None:
    cost = {} if credits is None else {"cost": {"credits": credits}}
    network = runway(status="FAILED", failure="no", failureCode=code, **cost)
    ended = play(RunwayGenerator, network, ask("gen4_image"), tmp_path)
    assert (ended.reason, ended.charged) == (reason, charged)
    assert ended.amount_nanousd == (None if credits is None else credits * 10_000_000)


@pytest.mark.parametrize(
    ("model", "modality", "resolution", "ratio", "sent"),
    [
        ("gen4_image", "image", "1080p", "16:9", "1920:1080"),
        ("gen4_image", "image", "720p", None, "720:720"),
        ("seedance2", "video", "4k", "9:16", "2160:3840"),
        ("veo3.1", "video", None, "9:16", "720:1280"),
    ],
)
def test_runway_sizes_are_of_the_tier_that_is_paid_for(
    tmp_path: Path, model: str, modality: str, resolution: str | None, ratio: str | None, sent: str
) -> None:
    network = runway(status="FAILED", failureCode="INTERNAL")
    settings = {} if resolution is None else {"resolution": resolution}
    request = ask(model, modality=modality, settings=settings, aspect_ratio=ratio)
    play(RunwayGenerator, network, request, tmp_path)
    assert network.sent()["ratio"] == sent
