"""Drive one adapter over a stand-in for the network: a function from request to response."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from qfloor.generators.protocol import Accepted, Ended, Ready, Request, Running
from qfloor.records import Offer, PriceRule, Prompt, canonical_json

KEY = "planted-key-0123456789abcdef"
Route = Callable[[httpx.Request], httpx.Response]


def picture(seed: int = 1, kind: str = "PNG") -> bytes:
    """A small picture of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


CLIP = b"\x00\x00\x00\x18ftypisom" + b"\x00" * 64


class Network:
    """Routes by ``METHOD path`` (a prefix), remembering every request."""

    def __init__(self, **fixed: Any) -> None:
        self.seen: list[httpx.Request] = []
        self.routes: dict[str, Any] = {}
        self.media = picture()

    def on(self, route: str, *answers: Any) -> Network:
        """Answer a route with these in turn, the last one for ever."""
        self.routes[route] = list(answers)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        key = f"{request.method} {request.url.path}"
        found = max((r for r in self.routes if key.startswith(r)), key=len, default=None)
        if found is None:
            return httpx.Response(404, json={"detail": f"no route {key}"})
        answers = self.routes[found]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer, headers={"content-type": "image/png"})
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def posts(self) -> list[httpx.Request]:
        """Every create."""
        return [r for r in self.seen if r.method == "POST"]

    def sent(self) -> Any:
        """Body of the first create."""
        return json.loads(self.posts()[0].content)


def ask(
    model: str,
    *,
    provider: str = "x",
    modality: str = "image",
    text: str = "a red cube",
    settings: dict[str, Any] | None = None,
    price: PriceRule | None = None,
    version: str | None = None,
    **prompt: Any,
) -> Request:
    """A request for one output of a model."""
    offer = Offer(
        id=f"{provider}/{model}@t", model=model, provider=provider, modality=modality,  # type: ignore[arg-type]
        settings=settings or {}, price=price, version=version,
    )  # fmt: skip
    words = Prompt(id="p", text=text, category="product-photo", modality=modality, **prompt)  # type: ignore[arg-type]
    return Request(key="k" * 16, prompt=words, offer=offer, repeat=0, round="r", seed=2**40 + 7)


async def follow(generator: Any, job: Any) -> Ended:
    """Poll to the end as the driver does, through the ledger's JSON."""
    job = json.loads(canonical_json(job))
    for _ in range(50):
        stands = await generator.poll(job)
        if isinstance(stands, Ready):
            return await generator.collect(job)
        if isinstance(stands, Ended):
            return stands
        assert isinstance(stands, Running)
    raise AssertionError("never ended")


def play(cls: Any, network: Route, request: Request, folder: Path, **args: Any) -> Ended:
    """Submit and follow one request."""

    async def run() -> Ended:
        generator = cls([request.offer], folder, transport=httpx.MockTransport(network), **args)
        try:
            answer = await generator.submit(request)
            if isinstance(answer, Accepted):
                assert KEY not in canonical_json(answer.job)
                answer = await follow(generator, answer.job)
            assert KEY not in answer.detail
            assert KEY not in canonical_json(answer.report)
            return answer
        finally:
            await generator.close()

    return asyncio.run(run())


def came(ended: Ended) -> bytes:
    """Bytes of the media."""
    assert ended.artifact is not None
    assert ended.artifact.path is not None
    return ended.artifact.path.read_bytes()
