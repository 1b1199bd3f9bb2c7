"""What can be bought, and therefore what is judged: offers, with prices, rights and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qfloor.records.asked import Modality
from qfloor.records.plain import digest_of


@dataclass(frozen=True, kw_only=True)
class PriceComponent:
    """One line of a price: ``amount`` of ``currency`` for each ``unit``, when it applies.

    ``amount`` is a decimal string so that no price is ever rounded by a float. ``when`` limits
    the line to settings (size, quality, resolution, audio); ``above`` and ``upto`` bound the
    units it covers (first megapixel, further megapixels).
    """

    unit: Literal["image", "megapixel", "second", "token", "video", "month"]
    amount: str
    currency: str = "USD"
    above: float = 0.0
    upto: float | None = None
    rounding: Literal["none", "up"] = "none"
    when: Mapping[str, str] = field(default_factory=dict)
    minimum: str | None = None


@dataclass(frozen=True, kw_only=True)
class PriceRule:
    """How money is computed for one offer, where it was read and when."""

    components: tuple[PriceComponent, ...]
    source: str
    as_of: str
    charged_on: tuple[str, ...] = ("made",)

    @property
    def row(self) -> str:
        """Names this price row in the ledger."""
        return digest_of(self, 16)


@dataclass(frozen=True, kw_only=True)
class PluginSpec:
    """A plugin by name and arguments: what a benchmark file can say and a record can keep."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """What a seller allows one account; None is not known.

    ``concurrency`` calls and jobs at once, ``per_minute`` new calls a minute of which ``burst``
    may be made at once.
    """

    concurrency: int | None = None
    per_minute: float | None = None
    burst: int = 1


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an offer accepts; ``None`` is unknown, never permission.

    ``durations`` are the only lengths of clips that are made, in seconds and rising: what is asked
    for between two is made, and charged, at the longer one.
    """

    aspect_ratios: tuple[str, ...] | None = None
    max_seconds: float | None = None
    durations: tuple[float, ...] | None = None
    negative_prompt: bool | None = None
    seed: bool | None = None
    audio: bool | None = None
    max_outputs: int | None = None
    languages: tuple[str, ...] | None = None

    @property
    def longest(self) -> float | None:
        """Longest clip, in seconds, where that is known."""
        made = self.durations[-1] if self.durations else None
        return min((s for s in (made, self.max_seconds) if s is not None), default=None)

    def made_at(self, seconds: float) -> float:
        """Length at which a clip of so many seconds is made, where only some lengths are."""
        return next((made for made in self.durations or () if made >= seconds), seconds)


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What the buyer may do with an output and what the seller does with a prompt."""

    commercial_use: bool | None = None
    trains_on_inputs: bool | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Whether an offer can still be bought; dates are ISO 8601 days.

    ``uncertain`` is for what sources disagree on, or what may go with a model behind it.
    """

    state: Literal["active", "uncertain", "deprecated", "gone"] = "active"
    released: str | None = None
    deprecated: str | None = None
    gone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What can be bought, and therefore what is judged: a model with every setting that matters.

    ``id`` is ``provider/model@settings``; ``settings`` holds every parameter that moves quality
    or price. ``generator`` is None for an offer known only through imported judgments.
    ``concurrency`` is how many calls may be in flight at once.
    """

    id: str
    model: str
    provider: str
    version: str | None = None
    modality: Modality = "image"
    modalities: tuple[Modality, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    generator: PluginSpec | None = None
    capabilities: Capabilities = Capabilities()
    price: PriceRule | None = None
    rights: Rights = Rights()
    lifecycle: Lifecycle = Lifecycle()
    latency_s: Mapping[str, float] = field(default_factory=dict)
    concurrency: int = 4
    notes: str = ""

    def makes(self, modality: str) -> bool:
        """Whether the offer makes this modality at all."""
        return modality in (self.modalities or (self.modality,))
