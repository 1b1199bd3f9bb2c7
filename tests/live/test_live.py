"""One real output a provider, for a person with a key: `pytest -m live`. It costs money.

Never in CI. A provider without a key in the environment is skipped. The models are the cheapest
that the facts knew in November 2026; `QFLOOR_LIVE_<PROVIDER>` names another.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from qfloor.generators.protocol import Accepted, Ended, Ready, Request
from qfloor.media import inspect
from qfloor.plugins import build_generator
from qfloor.records import Offer, PluginSpec, Prompt

LIVE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "fal": ("fal-ai/flux/schnell", "image", {"width": 512, "height": 512, "steps": 2}),
    "replicate": ("black-forest-labs/flux-schnell", "image", {}),
    "openai": ("gpt-image-2", "image", {"size": "1024x1024", "quality": "low"}),
    "gemini": ("gemini-3.1-flash-lite-image", "image", {}),
    "bfl": ("flux-2-klein-4b", "image", {"width": 512, "height": 512}),
    "runway": ("gen4_image", "image", {"resolution": "720p"}),
    "ark": ("seedream-4-0-250828", "image", {"size": "1K"}),
    "stability": ("core", "image", {}),
    "ideogram": ("ideogram-v3", "image", {"rendering_speed": "TURBO"}),
    "recraft": ("recraftv3", "image", {}),
    "kling": ("kling-v3", "video", {"mode": "std", "audio": False, "seconds": 5}),
    "minimax": ("MiniMax-H3", "video", {"resolution": "768P", "seconds": 4}),
    "dashscope": ("wan2.7-t2v", "video", {"resolution": "720P", "seconds": 5}),
    "xai": ("grok-imagine-image", "image", {}),
    "together": ("black-forest-labs/FLUX.1-schnell", "image", {"steps": 2}),
    "luma": ("photon-flash-1", "image", {}),
    "vertex": ("veo-3.1-lite-generate-001", "video", {"resolution": "720p", "seconds": 4}),
    "gemini-omni": ("gemini-omni-1.2-flash", "video", {"resolution": "360p", "seconds": 3}),
}


async def one(generator: Any, request: Request) -> Ended:
    """Submit once and follow to the end."""
    try:
        answer = await generator.submit(request)
        while isinstance(answer, Accepted):
            stands = await generator.poll(answer.job)
            if isinstance(stands, Ready):
                return await generator.collect(answer.job)
            if isinstance(stands, Ended):
                return stands
            await asyncio.sleep(stands.retry_after_s or 5.0)
        return answer
    finally:
        await generator.close()


@pytest.mark.live
@pytest.mark.enable_socket
@pytest.mark.timeout(900)
@pytest.mark.parametrize("provider", LIVE)
def test_one_output(provider: str, tmp_path: Path) -> None:
    model, modality, settings = LIVE[provider]
    model = os.environ.get(f"QFLOOR_LIVE_{provider.upper().replace('-', '_')}", model)
    offer = Offer(
        id=f"{provider}/{model}@live", model=model, provider=provider, settings=settings,
        modality=modality, generator=PluginSpec(name=provider),  # type: ignore[arg-type]
    )  # fmt: skip
    generator = build_generator(offer.generator, [offer], tmp_path)
    if not os.environ.get(generator.key_env):
        pytest.skip(f"no {generator.key_env} in the environment")
    prompt = Prompt(
        id="live", text="a red ceramic kettle on a grey table", category="product-photo",
        modality=modality,  # type: ignore[arg-type]
    )  # fmt: skip
    request = Request(
        key="qfloor-live-1", prompt=prompt, offer=offer, repeat=0, round="live", seed=1
    )
    ended = asyncio.run(one(generator, request))
    assert ended.reason == "ok", f"{ended.reason}: {ended.detail}"
    assert ended.artifact is not None
    assert ended.artifact.path is not None
    seen = inspect(ended.artifact.path.read_bytes(), ended.artifact.media_type, modality)
    assert seen.reason == "ok", seen
