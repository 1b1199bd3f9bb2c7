"""Qualities made of more than one thing: people with metrics beside them, or metrics alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qfloor.records.found import Quality


@dataclass(frozen=True, kw_only=True)
class PoweredQuality(Quality):
    """A human criterion whose fail rates metrics make narrower (prediction-powered).

    The scale and the fails are people's; ``metrics`` names what predicts them. It is a quality of
    its own beside the human one, so that what people alone say is never overwritten.
    """

    metrics: tuple[str, ...]

    @property
    def id(self) -> str:
        """``prediction-powered:overall[0,10]+clip.cos``."""
        return f"{self.source}:{self.name}[{self.lo:g},{self.hi:g}]+{'+'.join(self.metrics)}"

    @property
    def human(self) -> Quality:
        """What people alone say, on the same scale."""
        return Quality(source="human", name=self.name, lo=self.lo, hi=self.hi, step=self.step)


@dataclass(frozen=True, kw_only=True)
class CompositeQuality(Quality):
    """A metric, or a weighted sum of metrics, that nothing ties to people: uncalibrated.

    ``parts`` holds (metric name, weight); each metric enters turned so that higher is better.
    """

    parts: tuple[tuple[str, float], ...]

    @property
    def id(self) -> str:
        """``uncalibrated:0.7*clip.cos+0.3*technical.sharpness``: every floor says it."""
        return f"{self.source}:{self.name}"

    @classmethod
    def of(
        cls, parts: tuple[tuple[str, float], ...], lo: float | None, hi: float | None
    ) -> CompositeQuality:
        """Name a composite by its formula."""
        formula = "+".join(m if w == 1.0 else f"{w:g}*{m}" for m, w in parts)
        return cls(source="uncalibrated", name=formula, lo=lo, hi=hi, parts=parts)


def human_part(quality: Quality) -> Quality:
    """The human quality that a benchmark's ratings are on."""
    return quality.human if isinstance(quality, PoweredQuality) else quality


def kind_of_quality(plain: Mapping[str, Any]) -> type[Quality]:
    """Which kind of quality a plain one was, by its own fields."""
    for kind, field in ((PoweredQuality, "metrics"), (CompositeQuality, "parts")):
        if field in plain:
            return kind
    return Quality
