"""fal's adapter, answer by answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from generators.providers.play import KEY, Network, ask, came, play

from qfloor.generators.providers.fal import FalGenerator

BASE = "https://queue.fal.run/fal-ai/flux/requests/r1"
TAKEN = {"request_id": "r1", "status_url": f"{BASE}/status", "response_url": BASE,
         "cancel_url": f"{BASE}/cancel"}  # fmt: skip
DONE = {"status": "COMPLETED", "metrics": {"inference_time": 1.2}}
RESULT = {
    "images": [{"url": "https://v3.fal.media/a.png", "content_type": "image/png"}],
    "seed": 11, "timings": {"inference": 1.25}, "has_nsfw_concepts": [False],
}  # fmt: skip


def queue(result: Any = RESULT, *states: Any) -> Network:
    """A queue that takes one request."""
    network = Network()
    network.on("POST /fal-ai/flux/dev", TAKEN)
    network.on("GET /fal-ai/flux/requests/r1/status", *states, DONE)
    network.on("GET /fal-ai/flux/requests/r1", *(result if isinstance(result, list) else [result]))
    return network.on("GET /a.png", network.media)


def test_a_picture_comes_with_seed_and_time(tmp_path: Path) -> None:
    network = queue(RESULT, {"status": "IN_QUEUE", "queue_position": 0}, {"status": "HURRYING"})
    request = ask("fal-ai/flux/dev", settings={"steps": 4, "quality": "hd", "acceleration": "none",
                                               "audio": True}, negative="blur")  # fmt: skip
    ended = play(FalGenerator, network, request, tmp_path)
    assert (ended.reason, ended.charged, ended.amount_nanousd) == ("ok", "yes", None)
    assert came(ended) == network.media
    assert ended.seconds_run == 1.25
    assert ended.report["seed_returned"] == 11
    assert ended.report["dropped_params"] == {"negative_prompt": "blur", "audio": True}
    sent = network.sent()
    assert sent["num_inference_steps"] == 4
    assert sent["acceleration"] == "none"
    assert sent["image_size"] == {"width": 1024, "height": 1024}
    assert sent["seed"] == ended.report["seed_sent"] < 2**31
    post = network.posts()[0]
    assert post.headers["x-fal-no-retry"] == "1"
    assert post.headers["x-app-fal-disable-fallback"] == "1"
    assert post.headers["authorization"] == f"Key {KEY}"


def test_media_are_fetched_without_the_key(tmp_path: Path) -> None:
    network = queue()
    play(FalGenerator, network, ask("fal-ai/flux/dev"), tmp_path)
    media = [r for r in network.seen if r.url.host == "v3.fal.media"]
    assert len(media) == 1
    assert "authorization" not in media[0].headers


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason", "charged"),
    [
        (422, {"detail": [{"msg": "flagged", "type": "content_policy_violation"}]}, {},
         "refused_input", "unknown"),
        (422, {"detail": [{"loc": ["body", "seed"], "msg": "large", "type": "value_error"}]}, {},
         "invalid_request", "no"),
        (503, {"detail": "gone", "error_type": "runner_disconnected"},
         {"x-fal-error-type": "runner_disconnected"}, "capacity", "no"),
        (504, {"detail": "slow", "error_type": "request_timeout"}, {}, "provider_error", "no"),
        (500, {"detail": "Internal Server Error"}, {}, "provider_error", "no"),
        (404, {"detail": "Not found"}, {}, "job_expired", "unknown"),
    ],
)  # fmt: skip
def test_a_completed_job_may_have_failed(
    tmp_path: Path, status: int, body: Any, headers: dict[str, str], reason: str, charged: str
) -> None:
    network = queue(httpx.Response(status, json=body, headers=headers))
    ended = play(FalGenerator, network, ask("fal-ai/flux/dev"), tmp_path)
    assert (ended.reason, ended.charged) == (reason, charged)
    assert len(network.posts()) == 1


def test_one_bad_gateway_does_not_lose_a_result(tmp_path: Path) -> None:
    network = queue([httpx.Response(500, json={"detail": "oops"}), RESULT])
    assert play(FalGenerator, network, ask("fal-ai/flux/dev"), tmp_path).reason == "ok"


def test_a_withheld_picture_is_a_refusal_that_costs(tmp_path: Path) -> None:
    network = queue({**RESULT, "has_nsfw_concepts": [True]})
    ended = play(FalGenerator, network, ask("fal-ai/flux/dev"), tmp_path)
    assert (ended.reason, ended.charged, ended.artifact) == ("refused_output", "yes", None)
    network = queue({**RESULT, "has_nsfw_concepts": [True]})
    open_ = ask("fal-ai/flux/dev", settings={"enable_safety_checker": False})
    ended = play(FalGenerator, network, open_, tmp_path)
    assert (ended.reason, ended.unsafe) == ("ok", True)


def test_urls_of_strangers_do_not_see_the_key(tmp_path: Path) -> None:
    network = queue().on("POST /fal-ai/flux/dev", {**TAKEN, "status_url": "https://evil.example/s"})
    with pytest.raises(ConnectionError, match=r"evil\.example is not the API's own host"):
        play(FalGenerator, network, ask("fal-ai/flux/dev"), tmp_path)
    assert [r.url.host for r in network.seen] == ["queue.fal.run"]


def test_a_clip_is_as_long_as_the_family_makes(tmp_path: Path) -> None:
    network = Network().on("POST /fal-ai/veo3.1", TAKEN)
    network.on("GET /fal-ai/flux/requests/r1/status", DONE)
    network.on("GET /fal-ai/flux/requests/r1", {"video": {"url": "https://fal.media/c.mp4"}})
    network.on("GET /c.mp4", network.media)
    request = ask("fal-ai/veo3.1", modality="video", seconds=5, aspect_ratio="16:9",
                  settings={"audio": False})  # fmt: skip
    ended = play(FalGenerator, network, request, tmp_path)
    assert ended.report["adjusted"] == {"seconds": [5, 6]}
    sent = network.sent()
    assert (sent["duration"], sent["aspect_ratio"], sent["generate_audio"]) == ("6s", "16:9", False)
