"""Small, sound releases for tests: who sells, who clears which tier, at what price."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qfloor.export import Release
from qfloor.records import (
    CATEGORIES,
    TIERS,
    Capabilities,
    Category,
    FailRate,
    Floor,
    Lifecycle,
    Metric,
    Offer,
    PluginSpec,
    PriceComponent,
    PriceRule,
    Quality,
    Rights,
    Ruling,
    Threshold,
    Verdict,
)

QUALITY = Quality(source="human", name="overall", lo=0, hi=10, step=0.1)
TIER_VALUES: dict[str, float] = dict(zip(TIERS, (4.0, 6.0, 8.0), strict=True))
AS_OF = "2026-11-20"
CREATED_AT = "2026-11-21T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Seller:
    """One offer as a test cares about it; ``clears`` is its certified lower quartile.

    ``clears`` holds for every category unless ``by_category`` says otherwise; None certifies
    nothing there.
    """

    name: str
    usd: str | None = "0.01"
    clears: float | None = 7.0
    by_category: Mapping[str, float | None] = field(default_factory=dict)
    modalities: tuple[str, ...] = ("image",)
    unit: str = "image"
    latency: Mapping[str, Any] = field(default_factory=lambda: {"p50": 4.0, "p95": 9.0})
    capabilities: Capabilities = field(default_factory=Capabilities)
    rights: Rights = field(default_factory=Rights)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    settings: Mapping[str, Any] = field(default_factory=dict)
    as_of: str = AS_OF
    source: str = "price page"
    unjudged: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Offer id."""
        return f"shop/{self.name}"


def offer(seller: Seller) -> Offer:
    """Build the offer record."""
    component = PriceComponent(unit=seller.unit, amount=seller.usd or "0")  # type: ignore[arg-type]
    rule = PriceRule(components=(component,), source=seller.source, as_of=seller.as_of)
    return Offer(
        id=seller.id,
        model=seller.name,
        provider="shop",
        modality=seller.modalities[0],  # type: ignore[arg-type]
        modalities=seller.modalities,  # type: ignore[arg-type]
        settings=seller.settings,
        generator=PluginSpec(name="painters"),
        capabilities=seller.capabilities,
        price=None if seller.usd is None else rule,
        rights=seller.rights,
        lifecycle=seller.lifecycle,
        latency_s=seller.latency,
    )


def release(
    sellers: Sequence[Seller] | None = None,
    *,
    categories: Sequence[Category] = CATEGORIES,
    population: Mapping[str, Any] | None = None,
    valid_until: str | None = "2026-12-31",
    **changes: Any,
) -> Release:
    """Build a release in which numbers and verdicts agree."""
    sellers = shop() if sellers is None else sellers
    floors: list[Floor] = []
    verdicts: list[Verdict] = []
    for seller in sellers:
        for category, modality in _places(categories, seller.modalities):
            if category in seller.unjudged:
                continue
            low = seller.by_category.get(category, seller.clears)
            floors.append(_floor(seller.id, category, modality, low, population or {}))
            verdicts += _verdicts(floors[-1], len(sellers), valid_until)
    thresholds = tuple(
        Threshold(category=c, modality=m, quality=QUALITY.id, tier=t, value=v)  # type: ignore[arg-type]
        for c, m in _places(categories, ("image", "video"))
        for t, v in TIER_VALUES.items()
    )
    made = Release(
        name="test",
        round="2026-11",
        created_at=CREATED_AT,
        primary_quality=QUALITY.id,
        qualities=(QUALITY,),
        categories=tuple(categories),
        offers=tuple(offer(s) for s in sellers),
        floors=tuple(floors),
        thresholds=thresholds,
        verdicts=tuple(verdicts),
        provenance={"suites": {"quick": "0" * 32}},
    )
    return replace(made, **changes)


def misprice(path: Path, offer_id: str, amount: str) -> Path:
    """Put a price into a file that `qfloor.export.write` would not write; its digest stays."""
    with closing(sqlite3.connect(path)) as connection, connection:
        (rule,) = connection.execute(
            "SELECT rule FROM prices WHERE offer_id = ?", (offer_id,)
        ).fetchone()
        told = json.loads(rule)
        told["components"][0]["amount"] = amount
        connection.execute(
            "UPDATE prices SET rule = ? WHERE offer_id = ?", (json.dumps(told), offer_id)
        )
    return path


def shop() -> list[Seller]:
    """Four sellers with one trait each: cheap and poor, good value, dear and fine, films."""
    return [
        Seller(name="thrift", usd="0.003", clears=4.5),
        Seller(name="value", usd="0.02", clears=6.8),
        Seller(name="grand", usd="0.08", clears=8.6),
        Seller(name="film", usd="0.05", unit="second", clears=6.5, modalities=("video",)),
    ]


def metric() -> Metric:
    """A metric for which less is better."""
    return Metric(name="flicker", unit="1", lo=0.0, hi=None, direction="lower")


def _places(categories: Sequence[Category], modalities: Sequence[str]) -> list[tuple[str, str]]:
    return [(c.id, m) for c in categories for m in c.modalities if m in modalities]


def _upper(low: float | None, value: float) -> float:
    """An upper bound of the fail rate that is .25 exactly where the floor's limit is."""
    return 0.9 if low is None else min(1.0, max(0.01, 0.25 - 0.05 * (low - value)))


def _floor(
    offer_id: str, category: str, modality: str, low: float | None, population: Mapping[str, Any]
) -> Floor:
    return Floor(
        offer_id=offer_id,
        category=category,
        modality=modality,  # type: ignore[arg-type]
        quality=QUALITY.id,
        kind="delivered",
        n_prompts=120,
        n_outputs=120,
        n_values=240,
        counts={"made": 120},
        fail_rates=tuple(
            FailRate(threshold=v, fails=10, n=240, rate=10 / 240, upper=_upper(low, v))
            for v in TIER_VALUES.values()
        ),
        q25=None if low is None else low + 0.4,
        q25_harrell_davis=None if low is None else low + 0.38,
        q25_lo_release=low,
        q25_lo_cell=None if low is None else low + 0.2,
        mean=7.1,
        alpha_release=0.05 / 4,
        alpha_cell=0.05,
        family=f"{category}/{modality}",
        m=4,
        bound="korn-graubard",
        design_effect=1.2,
        n_effective=200.0,
        n_raters=12,
        population=population,
        digests={"benchmark": "b" * 32},
    )


def _verdicts(floor: Floor, m: int, valid_until: str | None) -> list[Verdict]:
    low = floor.q25_lo_release
    return [
        Verdict(
            offer_id=floor.offer_id,
            category=floor.category,
            modality=floor.modality,
            quality=floor.quality,
            tier=tier,
            threshold=value,
            max_fail=0.25,
            ruling=Ruling.CERTIFIED if low is not None and low >= value else Ruling.REJECTED,
            reason="clears" if low is not None and low >= value else "fails",
            upper=_upper(low, value),
            lower=0.01,
            level=floor.alpha_release,
            family=floor.family,
            m=m,
            valid_until=valid_until,
            p_value=0.001 if low is not None and low >= value else 0.4,
            p_adjusted=0.004 if low is not None and low >= value else 1.0,
        )
        for tier, value in TIER_VALUES.items()
    ]
