"""The official OpenAI client and litellm, both as they are, against a listening gateway."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_world import CLIP, MUG, listening, settings
from PIL import Image

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
ROOT = Path(__file__).resolve().parents[3]


def openai_client(base: str) -> Any:
    if importlib.util.find_spec("openai") is None:
        pytest.skip("needs openai (extra oracles)")
    import openai

    return openai.OpenAI(base_url=f"{base}/v1", api_key="unused", max_retries=0)


@pytest.fixture(scope="module")
def painters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The built-in painters, routed by the release of their own benchmark."""
    folder = tmp_path_factory.mktemp("painters")
    with listening(settings(folder, ROOT / "results" / "painters.db")) as base:
        yield base


def test_openai_makes_a_picture(painters: str) -> None:
    made = openai_client(painters).images.generate(
        model="auto", prompt=MUG, quality="high",
        extra_body={"routing": {"tier": "standard", "explain": True}},
    )  # fmt: skip
    assert base64.b64decode(made.data[0].b64_json).startswith(b"\x89PNG")
    assert made.model.startswith("painters/")
    assert made.routing["cause"] == "cheapest_certified"
    assert made.qfloor["ignored"] == ["quality"], "this client hands over no headers"


def test_the_size_that_would_help_is_the_size_that_comes(painters: str) -> None:
    """A painter's size is the side of a square; it keeps the area in other shapes."""
    client, asked = openai_client(painters), {"model": "auto", "prompt": MUG}
    with pytest.raises(Exception, match="other sizes") as refused:
        client.images.generate(**asked, size="1536x1024")
    named = refused.value.response.json()["metadata"]["relaxation"]["change"]["size"]  # type: ignore[attr-defined]
    made = client.images.generate(**asked, size=named)
    with Image.open(io.BytesIO(base64.b64decode(made.data[0].b64_json))) as picture:
        assert f"{picture.width}x{picture.height}" == named == "314x210"


def test_openai_makes_a_clip(painters: str) -> None:
    client = openai_client(painters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        job = client.videos.create_and_poll(
            model="auto/video", prompt=CLIP, seconds="4", poll_interval_ms=100,
            extra_body={"routing": {"tier": "standard", "only": ["painters/sepia"]}},
        )  # fmt: skip
        assert job.status == "completed", job.error
        assert job.model == job.qfloor["model"] == "painters/sepia"
        assert job.seconds == job.qfloor["seconds_delivered"] == "4", "as long as it was asked for"
        content = client.videos.download_content(job.id).read()
        assert [listed.id for listed in client.videos.list(limit=1)] == [job.id]
        assert client.videos.delete(job.id).deleted
        assert not client.videos.list().data
    assert content[:4] == b"\x1a\x45\xdf\xa3"  # the bytes of the painter's own WebM


def test_openai_lists_models_with_floors_and_prices(painters: str) -> None:
    listed = {m.id: m for m in openai_client(painters).models.list()}
    assert {"auto", "auto/image", "auto/video"} <= set(listed)
    ochre = listed["painters/ochre"]
    assert ochre.owned_by == "painters"
    assert ochre.price["typical_usd"]
    floors = {row["category"]: row for row in ochre.categories}
    assert floors["product-photo"]["tiers"]["standard"] == "certified"
    assert floors["product-photo"]["n_prompts"] > 11


def test_openai_raises_its_own_errors_with_our_reasons(painters: str) -> None:
    import openai

    client = openai_client(painters)
    with pytest.raises(openai.NotFoundError) as unknown:
        client.images.generate(model="painters/ocher", prompt=MUG)
    assert "did you mean 'painters/ochre'" in str(unknown.value)
    for name in ("dall-e-3", "painters/nix"):  # nothing like it: say how to ask
        with pytest.raises(openai.NotFoundError, match="'auto' chooses one, GET /v1/models lists"):
            client.images.generate(model=name, prompt=MUG)
    with pytest.raises(openai.BadRequestError) as wrong:
        client.images.generate(
            model="auto", prompt=MUG, size="1024x1024", extra_body={"aspect_ratio": "16:9"}
        )
    assert "contradicts" in str(wrong.value)
    with pytest.raises(openai.UnprocessableEntityError) as dear:
        client.images.generate(
            model="auto", prompt=MUG, extra_body={"routing": {"max_price_usd": 0.000001}}
        )
    assert dear.value.code == "no_eligible_model"
    assert "What would help: with a ceiling of" in str(dear.value), "the client keeps no more"
    assert dear.value.response.headers["x-qfloor-reason"] == "nothing_eligible"
    assert dear.value.request_id.startswith("req_")


@pytest.mark.slow
def test_litellm_makes_a_picture(painters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("litellm") is None:
        pytest.skip("needs litellm (extra dev)")
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import litellm

        made = litellm.image_generation(
            model="openai/auto", prompt=MUG, api_base=f"{painters}/v1", api_key="unused"
        )
    assert base64.b64decode(made.data[0].b64_json).startswith(b"\x89PNG")


def test_provider_bytes_come_through_unchanged_with_their_c2pa_chunk(tmp_path: Path) -> None:
    from fakes.seller import picture
    from gateway_sellers import behave
    from gateway_world import database

    plain = picture("signed")
    chunk = b"jumbc2pa-manifest-of-the-seller" * 40
    signed = plain[:33] + _png_chunk(b"caBX", chunk) + plain[33:]
    db = database(tmp_path, generator="gateway_sellers:Seller")
    with behave({"shop/value": signed}), listening(settings(tmp_path, db)) as base:
        client = openai_client(base)
        inline = client.images.generate(model="auto", prompt=MUG).data[0].b64_json
        url = client.images.generate(model="auto", prompt=MUG, response_format="url").data[0].url
        import httpx

        fetched = httpx.get(url, trust_env=False).content
    wanted = hashlib.sha256(signed).hexdigest()
    assert hashlib.sha256(base64.b64decode(inline)).hexdigest() == wanted
    assert hashlib.sha256(fetched).hexdigest() == wanted


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    import struct
    import zlib

    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)
