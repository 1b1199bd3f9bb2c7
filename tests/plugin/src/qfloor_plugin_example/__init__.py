"""A generator that draws checkerboards and a scorer that measures brightness."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from qfloor.generators.protocol import Accepted, Artifact, Ended, Ready, Request
from qfloor.records import Metric, Offer, Prompt, ScoreStatus
from qfloor.scorers.protocol import Item, Row


class CheckerboardGenerator:
    """Answers at once; nothing is remembered and nothing costs anything."""

    def __init__(self, offers: Sequence[Offer], state_dir: Path, squares: int = 8) -> None:
        self.squares = squares

    async def submit(self, request: Request) -> Accepted | Ended:
        """Draw a board whose colour follows the seed."""
        rng = np.random.default_rng(request.seed)
        dark, light = rng.integers(0, 100, 3), rng.integers(150, 256, 3)
        board = np.indices((self.squares, self.squares)).sum(axis=0) % 2
        pixels = (
            np.where(board[..., None] == 0, dark, light).astype(np.uint8).repeat(8, 0).repeat(8, 1)
        )
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return Ended(
            reason="ok",
            artifact=Artifact(content=buffer.getvalue(), media_type="image/png"),
            charged="no",
            amount_nanousd=0,
        )

    async def poll(self, job: Mapping[str, Any]) -> Ready:
        """Never asked: there are no jobs."""
        return Ready()

    async def collect(self, job: Mapping[str, Any]) -> Ended:
        """Never asked: there are no jobs."""
        return Ended(reason="job_expired")

    async def close(self) -> None:
        """Nothing is held."""


class BrightnessScorer:
    """Mean of all pixels, 0 to 1."""

    metrics = (
        Metric(
            name="example.brightness", unit="1", lo=0.0, hi=1.0,
            definition={"mean of": "all channels", "scale": 255},
            execution={"numpy": "float64"},
        ),
    )  # fmt: skip
    inputs = ("pixels",)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Any picture or clip has a brightness."""
        return True

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch."""
        (metric,) = self.metrics
        return [
            (
                Row(
                    metric=metric.name,
                    status=ScoreStatus.SCORED,
                    value=float(np.mean(np.asarray(item.inputs["pixels"])) / 255),
                ),
            )
            for item in batch
        ]
