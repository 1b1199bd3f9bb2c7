"""Outputs with media in a store, by a line each: for tests of what lives long."""

from __future__ import annotations

import io
from typing import Any, Literal

import numpy as np
from PIL import Image

from qfloor.records import (
    Attempt,
    Metric,
    Output,
    Prompt,
    Score,
    ScoreStatus,
    Status,
)
from qfloor.store import Store

METRIC = Metric(name="fake.number", unit="number", lo=None, hi=None, definition={"version": 1})


def png(seed: int, height: int = 48, width: int = 64) -> bytes:
    """A picture of noise, the same for the same seed."""
    rng = np.random.default_rng(seed)
    stream = io.BytesIO()
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG", compress_level=0)
    return stream.getvalue()


def add(
    store: Store,
    n: int,
    content: bytes | None = None,
    *,
    round: str = "2026-11",
    offer: str = "shop/cheap",
    modality: Literal["image", "video"] = "image",
    category: str = "landscape",
    paid: int | None = 0,
    score: float | None = None,
    at: str = "2026-11-02T00:00:00+00:00",
    **more: Any,
) -> str:
    """Keep one made output and return the digest of its media.

    ``paid`` is what the ledger says in nano-USD, None for an output that has no ledger.
    """
    length = 4.0 if modality == "video" else None
    prompt = Prompt(
        id=f"p{n}", text=f"a red ball {n}", category=category, modality=modality, seconds=length
    )
    sha256 = store.put_media(content or f"media {n}".encode(), "image/png")
    output = Output(
        id=f"o{n:05}", prompt_id=prompt.id, prompt_digest=prompt.digest, offer_id=offer,
        repeat=0, round=round, status=Status.MADE, reason="ok", media_sha256=sha256,
        media_type="image/png", at=at, **more,
    )  # fmt: skip
    store.save_prompts([prompt])
    store.save_requests([(output.id, prompt.digest, offer, 0, round)])
    store.save_outputs([output])
    if paid is not None:
        store.append_attempts(
            [
                Attempt(
                    output_id=output.id, n=1, event="ended", at=at, status=Status.MADE, reason="ok",
                    charged="yes" if paid else "no", amount_nanousd=paid,
                )
            ]
        )  # fmt: skip
    if score is not None:
        store.save_metrics([METRIC])
        store.save_scores(
            [Score(output_id=output.id, metric=METRIC.key, status=ScoreStatus.SCORED, value=score)]
        )
    return sha256
