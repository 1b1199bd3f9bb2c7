"""Stand-ins for a safety classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qfloor.records import WeightsRights
from qfloor.scorers.protocol import Pixels


class FakeClassifier:
    """Answers with what ``answer`` says of a picture: brightness as a probability by default."""

    execution: Mapping[str, Any] = {"dtype": "float64", "runtime": "none"}
    weights: tuple[WeightsRights, ...] = ()

    def __init__(
        self, answer: Callable[[Pixels], Mapping[str, float]] | None = None, version: int = 1
    ) -> None:
        self.definition: Mapping[str, Any] = {"classifier": "fake", "version": version}
        self._answer = answer or (lambda picture: {"bright": float(picture.mean()) / 255})

    def __call__(self, picture: Pixels) -> Mapping[str, float]:
        return self._answer(picture)


class Undeclared:
    """Says nothing of what it goes by."""

    def __call__(self, picture: Pixels) -> Mapping[str, float]:
        return {"anything": 0.0}


shared = FakeClassifier()
