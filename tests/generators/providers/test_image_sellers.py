"""Ark's pictures, Stability, Ideogram, Recraft, xAI, Together, DashScope, Luma and gateways."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from generators.providers.play import KEY, Network, ask, came, picture, play

from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.providers.ark import ArkGenerator
from qfloor.generators.providers.dashscope import DashScopeGenerator
from qfloor.generators.providers.ideogram import IdeogramGenerator
from qfloor.generators.providers.luma import LumaGenerator
from qfloor.generators.providers.openai_compatible import OpenAICompatibleGenerator
from qfloor.generators.providers.recraft import RecraftGenerator
from qfloor.generators.providers.stability import StabilityGenerator
from qfloor.generators.providers.together import TogetherGenerator
from qfloor.generators.providers.xai import XaiGenerator

B64 = base64.b64encode(picture()).decode()


def form(request: httpx.Request) -> dict[str, str]:
    """Fields of a multipart body."""
    boundary = request.headers["content-type"].partition("boundary=")[2]
    found = {}
    for part in request.content.decode().split(f"--{boundary}")[1:-1]:
        head, _, value = part.strip("\r\n").partition("\r\n\r\n")
        found[head.partition('name="')[2].partition('"')[0]] = value
    return found


def test_ark_has_no_watermark_and_no_sequence(tmp_path: Path) -> None:
    body = {"model": "seedream-4-0-250828", "data": [{"b64_json": B64, "size": "2048x2048"}],
            "usage": {"generated_images": 1, "output_tokens": 16384}}  # fmt: skip
    network = Network().on("POST /api/v3/images/generations", body)
    request = ask("seedream-4-0-250828", settings={"size": "2K", "guidance": 3})
    ended = play(ArkGenerator, network, request, tmp_path)
    assert ended.reason == "ok"
    assert ended.report["dropped_params"] == {"guidance": 3}
    sent = network.sent()
    assert (sent["watermark"], sent["sequential_image_generation"]) == (False, "disabled")
    assert sent["size"] == "2K"
    assert "seed" not in sent


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, {"data": [{"error": {"code": "OutputImageSensitiveContentDetected"}}]},
         "refused_output"),
        (200, {"data": [{"error": {"code": "InternalServiceError"}}]}, "provider_error"),
        (200, {"data": []}, "empty_success"),
        (400, {"error": {"code": "InputTextSensitiveContentDetected"}}, "refused_input"),
        (403, {"error": {"code": "AccountOverdueError"}}, "billing"),
        (404, {"error": {"code": "InvalidEndpointOrModel.NotFound"}}, "model_gone"),
        (404, {"error": {"code": "ModelNotOpen"}}, "permission"),
        (429, {"error": {"code": "RateLimitExceeded.EndpointRPMExceeded"}}, "rate_limited"),
        (429, {"error": {"code": "ServerOverloaded"}}, "capacity"),
    ],
)  # fmt: skip
def test_ark_ends(tmp_path: Path, status: int, body: Any, reason: str) -> None:
    network = Network().on("POST /api/v3/images", httpx.Response(status, json=body))
    ended = play(ArkGenerator, network, ask("seedream-4-5-251128"), tmp_path)
    assert ended.reason == reason
    if "refused_output" in reason:
        assert ended.charged == "no"  # only successes are billed


def test_stability_asks_for_json_and_keeps_the_seed(tmp_path: Path) -> None:
    body = {"image": B64, "finish_reason": "SUCCESS", "seed": 343940597}
    network = Network().on("POST /v2beta/stable-image/generate/sd3", body)
    request = ask("sd3.5-large", negative="blur", aspect_ratio="16:9", settings={"guidance": 5})
    ended = play(StabilityGenerator, network, request, tmp_path)
    assert (ended.reason, ended.report["seed_returned"]) == ("ok", 343940597)
    sent = form(network.posts()[0])
    assert network.posts()[0].headers["accept"] == "application/json"
    assert sent["model"] == "sd3.5-large"
    assert (sent["negative_prompt"], sent["aspect_ratio"], sent["cfg_scale"]) == (
        "blur", "16:9", "5",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "reason", "charged"),
    [
        (200, {"image": B64, "finish_reason": "CONTENT_FILTERED", "seed": 1}, "refused_output",
         "unknown"),
        (403, {"id": "x", "name": "content_moderation", "errors": ["flagged"]}, "refused_input",
         "no"),
        (400, {"id": "x", "name": "bad_request", "errors": ["seed: must be"]}, "invalid_request",
         "no"),
        (402, {"id": "x", "name": "payment_required", "errors": ["credits"]}, "billing", "no"),
        (429, {"id": "x", "name": "rate_limit_exceeded", "errors": ["wait"]}, "rate_limited",
         "no"),
    ],
)  # fmt: skip
def test_stability_ends(tmp_path: Path, status: int, body: Any, reason: str, charged: str) -> None:
    network = Network().on("POST /v2beta", httpx.Response(status, json=body))
    ended = play(StabilityGenerator, network, ask("ultra"), tmp_path)
    assert (ended.reason, ended.charged) == (reason, charged)


def test_ideogram_is_asked_without_magic(tmp_path: Path) -> None:
    item = {"url": "https://ideogram.ai/a.png", "prompt": "a red cube", "is_image_safe": True,
            "seed": 7, "resolution": "1024x1024"}  # fmt: skip
    network = Network().on("POST /v1/ideogram-v3/generate", {"data": [item]})
    network.on("GET /a.png", network.media)
    request = ask("ideogram-v3", negative="blur", aspect_ratio="16:9",
                  settings={"rendering_speed": "TURBO"})  # fmt: skip
    ended = play(IdeogramGenerator, network, request, tmp_path)
    assert (ended.reason, ended.report["seed_returned"]) == ("ok", 7)
    assert came(ended) == network.media
    sent = form(network.posts()[0])
    assert sent["magic_prompt"] == "OFF"
    assert sent["aspect_ratio"] == "16x9"
    assert sent["rendering_speed"] == "TURBO"
    assert network.posts()[0].headers["api-key"] == KEY
    network = Network().on("POST /v1/ideogram-v4/generate", {"data": [item]})
    network.on("GET /a.png", network.media)
    ended = play(IdeogramGenerator, network, ask("ideogram-v4", negative="blur"), tmp_path)
    assert form(network.posts()[0]) == {"text_prompt": "a red cube"}
    assert ended.report["dropped_params"] == {"negative_prompt": "blur"}


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, {"data": [{"url": None, "is_image_safe": False}]}, "refused_output"),
        (200, {"data": []}, "empty_success"),
        (422, {"error": "Prompt failed safety check"}, "refused_input"),
        (400, {"error": "Invalid aspect ratio"}, "invalid_request"),
        (503, {"error": "busy"}, "capacity"),
    ],
)
def test_ideogram_ends(tmp_path: Path, status: int, body: Any, reason: str) -> None:
    network = Network().on("POST /v1/ideogram-v3", httpx.Response(status, json=body))
    assert play(IdeogramGenerator, network, ask("ideogram-v3"), tmp_path).reason == reason


def test_recraft_tells_credits(tmp_path: Path) -> None:
    network = Network().on(
        "POST /v1/images/generations", {"created": 1, "credits": 40, "data": [{"b64_json": B64}]}
    )
    request = ask("recraftv3", negative="blur", settings={"size": "1024x1024", "style": "any"})
    ended = play(RecraftGenerator, network, request, tmp_path)
    assert (ended.reason, ended.amount_nanousd) == ("ok", 40_000_000)
    sent = network.sent()
    assert (sent["random_seed"], sent["negative_prompt"]) == (ended.report["seed_sent"], "blur")
    said = {"code": "content_moderated", "message": "Prompt was moderated"}
    network = Network().on("POST /v1/images", httpx.Response(400, json=said))
    assert play(RecraftGenerator, network, ask("recraftv4"), tmp_path).reason == "refused_input"


def test_xai_tells_ticks(tmp_path: Path) -> None:
    body = {"data": [{"b64_json": B64}], "usage": {"cost_in_usd_ticks": 200_000_000}}
    network = Network().on("POST /v1/images/generations", body)
    ended = play(XaiGenerator, network, ask("grok-imagine-image"), tmp_path)
    assert (ended.reason, ended.amount_nanousd) == ("ok", 20_000_000)
    body = {"data": [{"respect_moderation": False}], "usage": {"cost_in_usd_ticks": 0}}
    network = Network().on("POST /v1/images/generations", body)
    ended = play(XaiGenerator, network, ask("grok-imagine-image"), tmp_path)
    assert (ended.reason, ended.charged) == ("refused_output", "no")


def test_together_sends_what_it_takes(tmp_path: Path) -> None:
    network = Network().on("POST /v1/images/generations", {"data": [{"b64_json": B64}]})
    request = ask("black-forest-labs/FLUX.1-schnell", negative="blur",
                  settings={"steps": 4, "width": 1024, "height": 768})  # fmt: skip
    assert play(TogetherGenerator, network, request, tmp_path).reason == "ok"
    sent = network.sent()
    assert (sent["width"], sent["height"], sent["steps"], sent["n"]) == (1024, 768, 4, 1)
    assert sent["negative_prompt"] == "blur"
    error = {"error": {"message": "NSFW content detected in the prompt", "code": None}}
    network = Network().on("POST /v1/images", httpx.Response(422, json=error))
    assert play(TogetherGenerator, network, request, tmp_path).reason == "refused_input"


def test_dashscope_pictures_are_not_rewritten(tmp_path: Path) -> None:
    content = [{"image": "https://dashscope.oss.aliyuncs.com/a.png"}]
    body = {"output": {"choices": [{"message": {"content": content}}]}, "request_id": "q"}
    network = Network().on("POST /api/v1/services/aigc/multimodal-generation/generation", body)
    network.on("GET /a.png", network.media)
    ended = play(DashScopeGenerator, network, ask("qwen-image-2.0"), tmp_path)
    assert (ended.reason, ended.report["request_id"]) == ("ok", "q")
    sent = network.sent()["parameters"]
    assert (sent["prompt_extend"], sent["size"]) == (False, "1024*1024")
    network = Network().on("POST /api/v1/services/aigc/multimodal-generation/generation", body)
    network.on("GET /a.png", network.media)
    play(DashScopeGenerator, network, ask("wan2.7-image", negative="blur"), tmp_path)
    sent = network.sent()["parameters"]
    assert not {"prompt_extend", "negative_prompt"} & set(sent)  # Wan's know neither


def test_luma_pictures_are_polled(tmp_path: Path) -> None:
    network = Network().on("POST /dream-machine/v1/generations/image", {"id": "l1"})
    done = {"state": "completed", "assets": {"image": "https://storage.cdn-luma.com/a.png"}}
    network.on("GET /dream-machine/v1/generations/l1", {"state": "dreaming"}, done)
    network.on("GET /a.png", network.media)
    ended = play(LumaGenerator, network, ask("photon-1", aspect_ratio="16:9"), tmp_path)
    assert ended.reason == "ok"
    assert network.sent() == {"model": "photon-1", "prompt": "a red cube", "aspect_ratio": "16:9"}
    network.on(
        "GET /dream-machine/v1/generations/l1",
        {"state": "failed", "failure_reason": "prompt failed moderation"},
    )
    assert play(LumaGenerator, network, ask("photon-1"), tmp_path).reason == "refused_input"


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://127.0.0.1:9/v1/"])
def test_a_gateway_needs_no_key(tmp_path: Path, base: str) -> None:
    network = Network().on("POST /v1/images/generations", {"data": [{"b64_json": B64}]})
    request = ask("local-model", settings={"size": "512x512"})
    ended = play(OpenAICompatibleGenerator, network, request, tmp_path, base_url=base)
    assert ended.reason == "ok"
    assert "authorization" not in network.posts()[0].headers
    assert network.sent()["size"] == "512x512"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"data": []}, "empty_success"),
        ({"created": 1}, "malformed_answer"),
        ({"data": [{"b64_json": "***"}]}, "malformed_answer"),
        ({"error": {"code": "content_policy_violation", "message": "no"}}, "refused_input"),
        (httpx.Response(200, text="<html>502</html>"), "malformed_answer"),
    ],
)
def test_a_success_may_be_none(tmp_path: Path, body: Any, reason: str) -> None:
    network = Network().on("POST /v1/images/generations", body)
    ended = play(
        OpenAICompatibleGenerator, network, ask("m"), tmp_path, base_url="http://127.0.0.1:9"
    )
    assert ended.reason == reason


@pytest.mark.parametrize("cls", [ArkGenerator, StabilityGenerator, IdeogramGenerator])
def test_an_answer_that_never_came_is_never_asked_for_again(
    tmp_path: Path, cls: type[HttpGenerator]
) -> None:
    for error in (httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("reset")):
        network = Network().on("POST /", error)
        ended = play(cls, network, ask("ultra"), tmp_path)
        assert (ended.reason, ended.charged) == ("timeout_ambiguous", "unknown")
        assert len(network.seen) == 1
    network = Network().on("POST /", httpx.ConnectError("refused"))
    ended = play(cls, network, ask("ultra"), tmp_path)
    assert (ended.reason, ended.charged) == ("not_sent", "no")
