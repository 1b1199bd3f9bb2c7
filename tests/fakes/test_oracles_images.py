"""Official SDKs, retries off, against our fakes: what the SDK accepts, speaks the protocol."""

from __future__ import annotations

import base64
import gc
import urllib.request

import pytest

from fakes.providers.engine import KEY
from fakes.providers.matrix import case
from qfloor.media import inspect

pytestmark = [
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.filterwarnings(
        "ignore",  # theirs; but what a test leaves open here, another would be failed for
        "error::ResourceWarning",
        "error::pytest.PytestUnraisableExceptionWarning",
    ),
]


@pytest.fixture
def fake(request):
    with case(request.param).start() as started:
        yield started
        assert started.strays == []
        assert started.api.broken == []
    gc.collect()  # SDKs are cycles: what one left open is to be told here and now


def fetched(url: str, modality: str) -> str:
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(url) as answer:
        return inspect(answer.read(), answer.headers["content-type"], modality).reason


@pytest.mark.parametrize("fake", ["openai-gpt-image-2"], indirect=True)
def test_openai_images(fake):
    openai = pytest.importorskip("openai", reason="the oracles extra is not installed")
    client = openai.OpenAI(base_url=f"{fake.origin}/v1", api_key=KEY, max_retries=0)
    ask = {"model": "gpt-image-2", "size": "1024x1024", "quality": "low", "moderation": "low"}
    made = client.images.generate(prompt="a mug", n=1, **ask)
    content = base64.b64decode(made.data[0].b64_json)
    assert inspect(content, "image/png", "image").reason == "ok"
    assert made.usage.total_tokens == 208
    assert made.usage.input_tokens_details.text_tokens == 12
    assert client.images.generate(prompt="a mug #empty", **ask).data == []
    expected = {
        "refused_input": (openai.BadRequestError, "moderation_blocked"),
        "unauthorised": (openai.AuthenticationError, "invalid_api_key"),
        "forbidden": (openai.PermissionDeniedError, "organization_must_be_verified"),
        "gone": (openai.NotFoundError, "model_not_found"),
        "quota": (openai.RateLimitError, "insufficient_quota"),
        "limited": (openai.RateLimitError, "rate_limit_exceeded"),
        "broken": (openai.InternalServerError, None),
    }
    for word, (kind, code) in expected.items():
        with pytest.raises(kind) as caught:
            client.images.generate(prompt=f"a mug #{word}", **ask)
        assert caught.value.code == code, word
    with pytest.raises(openai.BadRequestError, match="extra fields"):
        client.images.generate(prompt="a mug", extra_body={"seed": 1}, **ask)
    with pytest.raises(openai.APIConnectionError):
        client.images.generate(prompt="a mug #reset", **ask)
    assert fake.creates == 10  # one call, one POST: retries are off; two were not taken
    assert sum(e.amount_nanousd for e in fake.ledger) == 3 * 40_000_000


@pytest.mark.parametrize("fake", ["openai-compatible-some-image-model"], indirect=True)
def test_a_gateway_by_the_openai_sdk(fake):
    openai = pytest.importorskip("openai", reason="the oracles extra is not installed")
    client = openai.OpenAI(base_url=f"{fake.origin}/v1", api_key=KEY, max_retries=0)
    made = client.images.generate(model="some-image-model", prompt="a mug", n=1)
    assert fetched(made.data[0].url, "image") == "ok"
    video = client.videos.create(model="sora-2", prompt="a mug turns", seconds="4")
    while video.status not in ("completed", "failed"):
        video = client.videos.retrieve(video.id)
    assert video.status == "completed"
    clip = client.videos.download_content(video.id).read()
    assert inspect(clip, "video/mp4", "video").reason == "ok"
    video = client.videos.create(model="sora-2", prompt="a mug #refused_output", seconds="4")
    for _ in range(3):
        video = client.videos.retrieve(video.id)
    assert (video.status, video.error.code) == ("failed", "moderation_blocked")


@pytest.mark.parametrize("fake", ["gemini-gemini-3.1-flash-image"], indirect=True)
def test_gemini_images(fake):
    genai = pytest.importorskip("google.genai", reason="the oracles extra is not installed")
    types, errors = genai.types, pytest.importorskip("google.genai.errors")
    client = genai.Client(api_key=KEY, http_options={"base_url": fake.origin})
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"], seed=3, image_config=types.ImageConfig(aspect_ratio="16:9")
    )

    def ask(text):
        return client.models.generate_content(
            model="gemini-3.1-flash-image", contents=text, config=config
        )

    made = ask("a mug")
    blob = made.candidates[0].content.parts[0].inline_data
    assert inspect(blob.data, blob.mime_type, "image").reason == "ok"
    assert made.model_version == "gemini-3.1-flash-image"
    assert made.usage_metadata.total_token_count == 1302
    refused = ask("a mug #refused_output").candidates[0]
    assert (refused.finish_reason.name, refused.content.parts) == ("IMAGE_SAFETY", None)
    assert ask("a mug #no_image").candidates[0].finish_reason.name == "NO_IMAGE"
    blocked = ask("a mug #refused_input")
    assert blocked.prompt_feedback.block_reason.name == "PROHIBITED_CONTENT"
    for word, code, status in (
        ("unauthorised", 401, "UNAUTHENTICATED"),
        ("limited", 429, "RESOURCE_EXHAUSTED"),
        ("down", 503, "UNAVAILABLE"),
        ("gone", 404, "NOT_FOUND"),
    ):
        with pytest.raises(errors.APIError) as caught:
            ask(f"a mug #{word}")
        assert (caught.value.code, caught.value.status) == (code, status)
    assert fake.creates == 8


@pytest.mark.parametrize("fake", ["together-FLUX.1-schnell"], indirect=True)
def test_together_images(fake):
    together = pytest.importorskip("together", reason="the oracles extra is not installed")
    client = together.Together(api_key=KEY, base_url=f"{fake.origin}/v1", max_retries=0)
    ask = {"model": "black-forest-labs/FLUX.1-schnell", "width": 16, "height": 16, "steps": 4}
    made = client.images.generate(prompt="a mug", seed=1, response_format="url", **ask)
    assert fetched(made.data[0].url, "image") == "ok"
    inline = client.images.generate(prompt="a mug", response_format="base64", **ask)
    content = base64.b64decode(inline.data[0].b64_json)
    assert inspect(content, "image/png", "image").reason == "ok"
    for word, status in (("refused_input", 422), ("unauthorised", 401), ("limited", 429)):
        with pytest.raises(together.APIStatusError) as caught:
            client.images.generate(prompt=f"a mug #{word}", **ask)
        assert caught.value.status_code == status
    assert fake.creates == 5


@pytest.mark.parametrize("fake", ["together-hailuo-02"], indirect=True)
def test_together_videos(fake):
    together = pytest.importorskip("together", reason="the oracles extra is not installed")
    client = together.Together(api_key=KEY, base_url=f"{fake.origin}/v2", max_retries=0)
    ends = {}
    for word in ("happy", "failed"):
        job = client.videos.create(model="minimax/hailuo-02", prompt=f"a mug #{word}", seconds="6")
        while job.status == "in_progress":
            job = client.videos.retrieve(job.id)
        ends[word] = job
    assert ends["happy"].status == "completed"
    assert ends["happy"].outputs.cost == pytest.approx(0.35)
    assert fetched(ends["happy"].outputs.video_url, "video") == "ok"
    assert (ends["failed"].status, ends["failed"].error.code) == ("failed", "internal_error")
