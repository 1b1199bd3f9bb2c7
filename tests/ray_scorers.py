"""Scorers that actors on a Ray cluster build by name: slow, fatal, or of another identity."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from qfloor.errors import PluginError
from qfloor.records import Metric, Prompt, ScoreStatus
from qfloor.scorers.protocol import Item, Row


class PixelMean:
    """The mean of all pixels; leaves a file named by its process and output in ``folder``.

    ``fatal`` names an output that ends the process; ``lame`` one that the scorer says it cannot
    work on; with ``elsewhere`` it declares another identity in any other process than the first.
    """

    inputs = ("pixels",)

    def __init__(
        self, folder: str = "", seconds: float = 0.0, fatal: str = "", lame: str = "",
        elsewhere: int = 0,
    ) -> None:  # fmt: skip
        self._folder, self._seconds, self._fatal, self._lame = folder, seconds, fatal, lame
        other = elsewhere and elsewhere != os.getpid()
        self.metrics = (
            Metric(
                name="fake.mean", unit="grey", lo=0, hi=255,
                definition={"version": 2 if other else 1},
            ),
        )  # fmt: skip
        if folder:
            Path(folder, f"built-{os.getpid()}").touch()

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        return True

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        return [(self._row(item),) for item in batch]

    def _row(self, item: Item) -> Row:
        time.sleep(self._seconds)
        if item.output_id == self._fatal:
            os._exit(1)
        if item.output_id == self._lame:
            raise PluginError("not on this one")
        if self._folder:
            Path(self._folder, f"scored-{os.getpid()}-{item.output_id}").touch()
        pixels = item.inputs["pixels"]
        assert isinstance(pixels, np.ndarray)
        return Row(metric="fake.mean", status=ScoreStatus.SCORED, value=float(pixels.mean()))
