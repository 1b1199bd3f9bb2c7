"""Seedance, Kling, MiniMax, Wan, Grok's and Together's clips, Ray, Veo, Omni, Sora's format."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from generators.providers.play import CLIP, KEY, Network, ask, came, play

from qfloor.errors import InputError
from qfloor.generators.protocol import Accepted
from qfloor.generators.providers.ark import ArkGenerator
from qfloor.generators.providers.dashscope import DashScopeGenerator
from qfloor.generators.providers.gemini_omni import GeminiOmniGenerator
from qfloor.generators.providers.kling import KlingGenerator
from qfloor.generators.providers.luma import LumaGenerator
from qfloor.generators.providers.minimax import MiniMaxGenerator
from qfloor.generators.providers.openai_compatible import OpenAICompatibleGenerator
from qfloor.generators.providers.together import TogetherGenerator
from qfloor.generators.providers.vertex import VertexGenerator
from qfloor.generators.providers.xai import XaiGenerator

URL = "https://media.example/c.mp4"
TASKS = "/api/v3/contents/generations/tasks"


def clip(model: str, **more: Any) -> Any:
    return ask(model, modality="video", **more)


def job(create: str, taken: Any, poll: str, *stands: Any) -> Network:
    network = Network().on(create, taken)
    network.on(poll, *stands)
    return network.on("GET /c.mp4", CLIP)


def test_seedance(tmp_path: Path) -> None:
    done = {
        "status": "succeeded",
        "content": {"video_url": URL},
        "model": "dreamina-seedance-2-0",
        "usage": {"completion_tokens": 108900, "total_tokens": 108900},
    }
    network = job(f"POST {TASKS}", {"id": "s1"}, f"GET {TASKS}/s1", {"status": "queued"}, done)
    request = clip(
        "dreamina-seedance-2-0",
        seconds=5,
        aspect_ratio="16:9",
        settings={"resolution": "720p", "audio": False},
    )
    ended = play(ArkGenerator, network, request, tmp_path)
    assert (ended.reason, came(ended)) == ("ok", CLIP)
    assert network.sent() == {
        "model": "dreamina-seedance-2-0",
        "content": [{"type": "text", "text": "a red cube"}],
        "ratio": "16:9",
        "duration": 5,
        "resolution": "720p",
        "generate_audio": False,
    }


@pytest.mark.parametrize(
    ("stands", "reason"),
    [
        (
            {"status": "failed", "error": {"code": "OutputVideoSensitiveContentDetected"}},
            "refused_output",
        ),
        ({"status": "failed", "error": {"code": "InternalServiceError"}}, "provider_error"),
        ({"status": "expired"}, "job_expired"),
        ({"status": "succeeded", "content": {}}, "empty_success"),
        (httpx.Response(404, json={"error": {"code": "ResourceNotFound"}}), "job_expired"),
    ],
)
def test_seedance_ends(tmp_path: Path, stands: Any, reason: str) -> None:
    network = job(f"POST {TASKS}", {"id": "s1"}, f"GET {TASKS}/s1", stands)
    assert play(ArkGenerator, network, clip("seedance"), tmp_path).reason == reason


def kling(status: str = "succeed", code: int = 0, **more: Any) -> Any:
    data = {
        "task_id": "k1",
        "task_status": status,
        "final_unit_deduction": "2",
        "task_result": {"videos": [{"id": "v", "url": URL, "duration": "5"}]},
        **more,
    }
    return {"code": code, "message": "SUCCEED", "request_id": "q", "data": data}


KLING = "/v1/videos/text2video"


def test_kling_carries_our_key_and_records_units(tmp_path: Path) -> None:
    network = job(
        f"POST {KLING}", kling("submitted"), f"GET {KLING}/k1", kling("processing"), kling()
    )
    request = clip(
        "kling-v2-1",
        seconds=3,
        aspect_ratio="16:9",
        negative="blur",
        settings={"quality": "pro", "audio": True},
    )
    ended = play(KlingGenerator, network, request, tmp_path)
    assert (ended.reason, ended.amount_nanousd, ended.report["units"]) == ("ok", None, "2")
    assert ended.report["adjusted"] == {"seconds": [3, 5]}
    assert network.sent() == {
        "model_name": "kling-v2-1",
        "prompt": "a red cube",
        "negative_prompt": "blur",
        "duration": "5",
        "aspect_ratio": "16:9",
        "sound": "on",
        "mode": "pro",
        "external_task_id": request.key,
    }


def test_what_kling_charges_by_the_unit_price_of_the_account(tmp_path: Path) -> None:
    network = job(f"POST {KLING}", kling("submitted"), f"GET {KLING}/k1", kling())
    ended = play(KlingGenerator, network, clip("kling-v3", seconds=5), tmp_path, unit_usd="0.14")
    assert (ended.reason, ended.amount_nanousd, ended.report["units"]) == ("ok", 280_000_000, "2")


@pytest.mark.parametrize(
    ("units", "charged", "amount"),
    [("2", "yes", 280_000_000), ("0", "no", 0), (None, "unknown", None), ("?", "unknown", None)],
)
def test_what_kling_charges_for_a_clip_that_failed(
    tmp_path: Path, units: str | None, charged: str, amount: int | None
) -> None:
    failed = kling("failed", final_unit_deduction=units, task_status_msg="Service internal error")
    network = job(f"POST {KLING}", kling("submitted"), f"GET {KLING}/k1", failed)
    ended = play(KlingGenerator, network, clip("kling-v3", seconds=5), tmp_path, unit_usd="0.14")
    assert (ended.reason, ended.charged, ended.amount_nanousd) == (
        "provider_error", charged, amount,
    )  # fmt: skip


def test_a_unit_price_that_is_none_or_of_a_seller_without_units(tmp_path: Path) -> None:
    for wrong in ("a lot", "-1", "nan"):
        with pytest.raises(InputError, match="must be an amount in USD"):
            KlingGenerator([], tmp_path, unit_usd=wrong)
    with pytest.raises(InputError, match="counts no units: leave out unit_usd"):
        DashScopeGenerator([], tmp_path, unit_usd="0.14")


def test_kling_clips_of_the_third_generation_have_any_length(tmp_path: Path) -> None:
    for settings, asked, sent in (({}, 7, "7"), ({}, None, "5"), ({"seconds": 15}, None, "15")):
        network = job(f"POST {KLING}", kling("submitted"), f"GET {KLING}/k1", kling())
        play(KlingGenerator, network, clip("kling-v3", seconds=asked, settings=settings), tmp_path)
        assert network.sent()["duration"] == sent


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (429, 1102, "billing"),
        (400, 1301, "refused_input"),
        (429, 1303, "rate_limited"),
        (401, 1002, "auth"),
        (400, 1201, "invalid_request"),
        (200, 1301, "refused_input"),
        (500, 5000, "timeout_ambiguous"),
        (503, 5001, "capacity"),
    ],
)
def test_kling_codes(tmp_path: Path, status: int, code: int, reason: str) -> None:
    body = {"code": code, "message": "no", "request_id": "q"}
    network = Network().on(f"POST {KLING}", httpx.Response(status, json=body))
    assert play(KlingGenerator, network, clip("kling-v3"), tmp_path).reason == reason


def test_kling_failed_may_be_free(tmp_path: Path) -> None:
    failed = kling(
        "failed",
        task_status_msg="Failure to pass the risk control system",
        final_unit_deduction="0",
    )
    network = job(f"POST {KLING}", kling("submitted"), f"GET {KLING}/k1", failed)
    ended = play(KlingGenerator, network, clip("kling-v3"), tmp_path)
    assert (ended.reason, ended.charged) == ("refused_output", "no")


def test_kling_is_asked_by_our_key(tmp_path: Path) -> None:
    request = clip("kling-v3")

    async def look(answer: Any) -> Any:
        network = Network().on(f"GET {KLING}/{request.key}", answer)
        generator = KlingGenerator(
            [request.offer], tmp_path, transport=httpx.MockTransport(network)
        )
        try:
            return await generator.lookup(request)
        finally:
            await generator.close()

    found = asyncio.run(look(kling("processing")))
    assert isinstance(found, Accepted)
    assert found.job["id"] == "k1"
    unknown = httpx.Response(404, json={"code": 1203, "message": "no"})  # proves nothing either
    for broken in (
        unknown,
        httpx.Response(500),
        httpx.Response(404, text="<html>"),
        {"code": 1303},
    ):
        with pytest.raises(ConnectionError):
            asyncio.run(look(broken))


OK = {"status_code": 0, "status_msg": "success"}


def test_minimax_v1_fetches_the_file(tmp_path: Path) -> None:
    done = {"task_id": "m1", "status": "Success", "file_id": "f1", "base_resp": OK}
    network = job(
        "POST /v1/video_generation",
        {"task_id": "m1", "base_resp": OK},
        "GET /v1/query/video_generation",
        {"status": "Preparing", "base_resp": OK},
        {"base_resp": {"status_code": 0}, "status": "Queueing"},
        done,
    )
    network.on("GET /v1/files/retrieve", {"file": {"download_url": URL}, "base_resp": OK})
    request = clip("MiniMax-Hailuo-2.3", seconds=6, settings={"resolution": "768P"})
    ended = play(MiniMaxGenerator, network, request, tmp_path)
    assert (ended.reason, came(ended)) == ("ok", CLIP)
    assert network.sent() == {
        "model": "MiniMax-Hailuo-2.3",
        "prompt": "a red cube",
        "prompt_optimizer": False,
        "duration": 6,
        "resolution": "768P",
    }


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1002, "rate_limited"),
        (1004, "auth"),
        (2049, "auth"),
        (1008, "billing"),
        (1026, "refused_input"),
        (2013, "invalid_request"),
        (2056, "billing"),
        (9999, "provider_error"),
    ],
)
def test_minimax_errors_under_200(tmp_path: Path, code: int, reason: str) -> None:
    said = {"base_resp": {"status_code": code, "status_msg": "no"}}
    network = Network().on("POST /v1/video_generation", said)
    assert play(MiniMaxGenerator, network, clip("MiniMax-Hailuo-02"), tmp_path).reason == reason


def test_minimax_output_refused_in_the_query(tmp_path: Path) -> None:
    said = {"status": "Fail", "base_resp": {"status_code": 1027, "status_msg": "sensitive"}}
    network = job(
        "POST /v1/video_generation",
        {"task_id": "m1", "base_resp": OK},
        "GET /v1/query/video_generation",
        said,
    )
    ended = play(MiniMaxGenerator, network, clip("MiniMax-Hailuo-02"), tmp_path)
    assert ended.reason == "refused_output"


def test_minimax_v2(tmp_path: Path) -> None:
    done = {"task": {"status": "succeeded", "content": {"url": URL}, "usage": {"seconds": 5}}}
    network = job(
        "POST /v2/video_generation",
        {"task_id": "m2"},
        "GET /v2/query/video_generation/m2",
        {"task": {"status": "queued"}},
        done,
    )
    ended = play(MiniMaxGenerator, network, clip("MiniMax-H3", seconds=5), tmp_path)
    assert (ended.reason, ended.report["usage"]) == ("ok", {"seconds": 5})
    assert network.sent()["content"] == [{"type": "text", "text": "a red cube"}]


WAN = "/api/v1/services/aigc/video-generation/video-synthesis"


def test_wan_tells_its_own_clock(tmp_path: Path) -> None:
    out = {
        "task_status": "SUCCEEDED",
        "video_url": URL,
        "submit_time": "2026-11-01 00:00:00.000",
        "scheduled_time": "2026-11-01 00:00:02.500",
        "end_time": "2026-11-01 00:01:02.500",
    }
    network = job(
        f"POST {WAN}",
        {"output": {"task_id": "w1", "task_status": "PENDING"}},
        "GET /api/v1/tasks/w1",
        {"output": {"task_status": "RUNNING"}},
        {"output": out, "usage": {"duration": 5}},
    )
    request = clip("wan2.7-t2v", seconds=5, negative="blur", settings={"resolution": "720P"})
    ended = play(DashScopeGenerator, network, request, tmp_path)
    assert (ended.reason, ended.seconds_queue, ended.seconds_run) == ("ok", 2.5, 60.0)
    sent = network.sent()
    assert sent["parameters"]["prompt_extend"] is False
    assert sent["input"]["negative_prompt"] == "blur"
    assert network.posts()[0].headers["x-dashscope-async"] == "enable"
    # a clock that runs backwards is no time at all
    network.on("GET /api/v1/tasks/w1", {"output": {**out, "end_time": "2026-11-01 00:00:01.000"}})
    assert play(DashScopeGenerator, network, request, tmp_path).seconds_run is None


def test_wan_refusals(tmp_path: Path) -> None:
    out = {"task_status": "FAILED", "code": "DataInspectionFailed", "message": "inappropriate"}
    network = job(
        f"POST {WAN}", {"output": {"task_id": "w1"}}, "GET /api/v1/tasks/w1", {"output": out}
    )
    ended = play(DashScopeGenerator, network, clip("wan2.7-t2v"), tmp_path)
    assert ended.reason == "refused_input"


def test_grok_done_may_be_refused(tmp_path: Path) -> None:
    done = {
        "status": "done",
        "video": {"url": URL, "respect_moderation": False},
        "usage": {"cost_in_usd_ticks": 500_000_000},
    }
    network = job(
        "POST /v1/videos/generations",
        {"request_id": "x1"},
        "GET /v1/videos/x1",
        {"status": "pending"},
        done,
    )
    ended = play(XaiGenerator, network, clip("grok-imagine-video-1.5"), tmp_path)
    assert (ended.reason, ended.amount_nanousd, ended.charged) == (
        "refused_output",
        50_000_000,
        "yes",
    )


def test_together_clips_tell_their_cost(tmp_path: Path) -> None:
    done = {"status": "completed", "outputs": {"video_url": URL, "cost": 0.28}, "model": "m/x"}
    network = job(
        "POST /v2/videos", {"id": "t1"}, "GET /v2/videos/t1", {"status": "in_progress"}, done
    )
    ended = play(TogetherGenerator, network, clip("m/x", seconds=6), tmp_path)
    assert (ended.reason, ended.amount_nanousd) == ("ok", 280_000_000)
    assert network.sent()["seconds"] == "6"


def test_luma_has_two_hosts_and_one_key(tmp_path: Path) -> None:
    done = {"state": "completed", "assets": {"video": URL}}
    network = job(
        "POST /dream-machine/v1/generations",
        {"id": "l1"},
        "GET /dream-machine/v1/generations/l1",
        {"state": "queued"},
        done,
    )
    request = clip("ray-2", seconds=5)
    assert play(LumaGenerator, network, request, tmp_path).reason == "ok"
    assert network.sent()["duration"] == "5s"
    network = job("POST /v1/generations", {"id": "l2"}, "GET /v1/generations/l2", done)
    assert play(LumaGenerator, network, clip("ray-3.2"), tmp_path).reason == "ok"
    keyed = {r.url.host for r in network.seen if "authorization" in r.headers}
    assert keyed == {"agents.lumalabs.ai"}


VEO = "/v1/projects/p/locations/us-central1/publishers/google/models/veo-3.1"


def veo(**done: Any) -> Network:
    return job(
        f"POST {VEO}:predictLongRunning",
        {"name": "projects/p/operations/o"},
        f"POST {VEO}:fetchPredictOperation",
        {"name": "o"},
        {"done": True, **done},
    )


def test_veo_comes_inline_or_by_url(tmp_path: Path) -> None:
    inline = {"bytesBase64Encoded": base64.b64encode(CLIP).decode(), "mimeType": "video/mp4"}
    request = clip("veo-3.1", seconds=8, negative="blur", settings={"audio": True})
    network = veo(response={"videos": [inline]})
    ended = play(VertexGenerator, network, request, tmp_path, project="p")
    assert (ended.reason, came(ended)) == ("ok", CLIP)
    given = network.sent()["parameters"]
    assert (given["durationSeconds"], given["generateAudio"]) == (8, True)
    assert given["negativePrompt"] == "blur"
    samples = [{"video": {"uri": "gs://bucket/c.mp4"}}]
    network = veo(response={"generateVideoResponse": {"generatedSamples": samples}})
    network.on("GET /bucket/c.mp4", CLIP)
    ended = play(VertexGenerator, network, request, tmp_path, project="p")
    assert ended.reason == "ok"
    assert "authorization" not in network.seen[-1].headers


@pytest.mark.parametrize(
    ("done", "reason"),
    [
        (
            {
                "response": {
                    "generateVideoResponse": {
                        "raiMediaFilteredCount": 1,
                        "raiMediaFilteredReasons": ["celebrity"],
                    }
                }
            },
            "refused_output",
        ),
        ({"response": {"generateVideoResponse": {}}}, "empty_success"),
        ({"error": {"code": 3, "message": "violates usage guidelines"}}, "refused_input"),
        ({"error": {"code": 13, "message": "internal"}}, "provider_error"),
        ({"error": {"code": 14, "message": "unavailable"}}, "capacity"),
    ],
)
def test_veo_ends(tmp_path: Path, done: Any, reason: str) -> None:
    ended = play(VertexGenerator, veo(**done), clip("veo-3.1"), tmp_path, project="p")
    assert ended.reason == reason


def test_veo_in_the_style_of_the_gemini_api(tmp_path: Path) -> None:
    name = "models/veo-3.1/operations/o"
    own = "https://generativelanguage.googleapis.com/v1beta/files/f:download"
    samples = [{"video": {"uri": own}}]
    network = job(
        "POST /v1beta/models/veo-3.1:predictLongRunning",
        {"name": name},
        f"GET /v1beta/{name}",
        {"name": name},
        {"done": True, "response": {"generateVideoResponse": {"generatedSamples": samples}}},
    )
    network.on("GET /v1beta/files/f", CLIP)
    ended = play(VertexGenerator, network, clip("veo-3.1"), tmp_path, api="gemini")
    assert (ended.reason, came(ended)) == ("ok", CLIP)
    assert all(r.headers["x-goog-api-key"] == KEY for r in network.seen)
    with pytest.raises(InputError, match="api is vertex or gemini"):
        VertexGenerator([], tmp_path, api="sora")


def test_omni_is_fetched_with_the_key_from_the_api_itself(tmp_path: Path) -> None:
    own = "https://generativelanguage.googleapis.com/v1beta/files/f1:download"
    steps = [{"type": "model_output", "content": [{"type": "video", "uri": own}]}]
    network = job(
        "POST /v1beta/interactions",
        {"id": "i1", "status": "queued"},
        "GET /v1beta/interactions/i1",
        {"status": "in_progress"},
        {"status": "completed", "steps": steps, "usage": {"total_tokens": 9}},
    )
    network.on("GET /v1beta/files/f1", CLIP)
    request = clip("gemini-omni-1.2-flash", seconds=5, aspect_ratio="16:9")
    ended = play(GeminiOmniGenerator, network, request, tmp_path)
    assert (ended.reason, ended.report["usage"]) == ("ok", {"total_tokens": 9})
    assert network.seen[-1].headers["x-goog-api-key"] == KEY
    assert network.sent()["response_format"] == {
        "type": "video",
        "delivery": "uri",
        "aspect_ratio": "16:9",
        "duration": "5s",
    }
    steps = [{"content": [{"type": "video", "uri": "https://files.example/c.mp4"}]}]
    network.on("GET /v1beta/interactions/i1", {"status": "completed", "steps": steps})
    network.on("GET /c.mp4", CLIP)
    assert play(GeminiOmniGenerator, network, request, tmp_path).reason == "ok"
    assert "x-goog-api-key" not in network.seen[-1].headers


def test_soras_format_lives_on(tmp_path: Path) -> None:
    queued = {"id": "v1", "object": "video", "status": "queued"}
    network = job(
        "POST /v1/videos", queued, "GET /v1/videos/v1", queued, {**queued, "status": "completed"}
    )
    network.on("GET /v1/videos/v1/content", CLIP)
    request = clip("sora-2", seconds=8, settings={"size": "1280x720"})
    args = {"base_url": "http://127.0.0.1:9", "key_env": "KLING_API_KEY"}
    ended = play(OpenAICompatibleGenerator, network, request, tmp_path, **args)
    assert (ended.reason, came(ended)) == ("ok", CLIP)
    assert (network.sent()["seconds"], network.sent()["size"]) == ("8", "1280x720")
    assert network.seen[-1].headers["authorization"] == f"Bearer {KEY}"
    failed = {**queued, "status": "failed", "error": {"code": "moderation_blocked"}}
    network.on("GET /v1/videos/v1", failed)
    ended = play(OpenAICompatibleGenerator, network, request, tmp_path, **args)
    assert ended.reason == "refused_input"


@pytest.mark.parametrize(
    ("cls", "path", "status", "body"),
    [
        (KlingGenerator, KLING, 400, {"code": 1201, "message": "the model has been retired"}),
        (
            MiniMaxGenerator,
            "/v1/video_generation",
            200,
            {"base_resp": {"status_code": 2013, "status_msg": "model deprecated"}},
        ),
        (
            DashScopeGenerator,
            WAN,
            400,
            {"code": "InvalidParameter", "message": "this model is no longer available"},
        ),
    ],
)
def test_a_model_that_is_gone_is_no_fault_of_ours(
    tmp_path: Path, cls: Any, path: str, status: int, body: Any
) -> None:
    network = Network().on(f"POST {path}", httpx.Response(status, json=body))
    assert play(cls, network, clip("some-model"), tmp_path).reason == "model_gone"


@pytest.mark.parametrize(
    ("cls", "model", "create", "taken", "poll", "failed", "reason"),
    [
        (
            MiniMaxGenerator,
            "MiniMax-H3",
            "POST /v2/video_generation",
            {"task_id": "j"},
            "GET /v2/query/video_generation/j",
            {"task": {"status": "failed", "error": {"code": 1026, "message": "no"}}},
            "refused_input",
        ),
        (
            MiniMaxGenerator,
            "MiniMax-H3",
            "POST /v2/video_generation",
            {"task_id": "j"},
            "GET /v2/query/video_generation/j",
            {"task": {"status": "failed", "error": {"code": 1027, "message": "no"}}},
            "refused_output",
        ),
        (
            TogetherGenerator,
            "m/x",
            "POST /v2/videos",
            {"id": "j"},
            "GET /v2/videos/j",
            {"status": "failed", "error": {"code": "content_policy_violation", "message": "no"}},
            "refused_output",
        ),
        (
            TogetherGenerator,
            "m/x",
            "POST /v2/videos",
            {"id": "j"},
            "GET /v2/videos/j",
            {"status": "failed", "error": {"message": "worker died"}},
            "provider_error",
        ),
        (
            GeminiOmniGenerator,
            "omni",
            "POST /v1beta/interactions",
            {"id": "j"},
            "GET /v1beta/interactions/j",
            {"status": "failed", "steps": [{"error": {"code": 3, "message": "blocked by safety"}}]},
            "refused_input",
        ),
        (
            GeminiOmniGenerator,
            "omni",
            "POST /v1beta/interactions",
            {"id": "j"},
            "GET /v1beta/interactions/j",
            {"status": "failed", "steps": [{"error": {"code": 13, "message": "internal"}}]},
            "provider_error",
        ),
    ],
)
def test_why_a_job_failed_is_told_in_many_places(
    tmp_path: Path,
    cls: Any,
    model: str,
    create: str,
    taken: Any,
    poll: str,
    failed: Any,
    reason: str,
) -> None:
    network = job(create, taken, poll, failed)
    assert play(cls, network, clip(model), tmp_path).reason == reason
