"""The painters as offers: what a benchmark file can name and a router can choose among."""

from __future__ import annotations

import math
from typing import Literal, cast

from qfloor.generators.builtin.painters import PAINTERS, VERSION, Painter
from qfloor.records import (
    Capabilities,
    Lifecycle,
    Modality,
    Offer,
    PluginSpec,
    PriceComponent,
    PriceRule,
    Rights,
)

PROVIDER = "painters"
AS_OF = "2026-11-01"
NOTE = "A program that draws with declared skill; not an AI model."
ASPECT_RATIOS = ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9")
_Z95 = 1.6448536269514722  # standard normal quantile at 0.95
_Unit = Literal["image", "second", "video"]


def offers() -> tuple[Offer, ...]:
    """Return every painter as an offer, in the order of `painters.PAINTERS`.

    Examples
    --------
    >>> offers()[0].id
    'painters/umber'
    """
    return tuple(offer(painter) for painter in PAINTERS.values())


def offer(painter: Painter) -> Offer:
    """Sell one painter: its settings, price, rights and usual latency, and not its skill."""
    clip = painter.modality == "video"
    return Offer(
        id=f"{PROVIDER}/{painter.name}",
        model=painter.name,
        provider=PROVIDER,
        version=VERSION,
        modality=cast("Modality", painter.modality),
        settings={"size": painter.size, **({"fps": painter.fps} if clip else {})},
        generator=PluginSpec(name="painters"),
        capabilities=Capabilities(
            aspect_ratios=ASPECT_RATIOS,
            max_seconds=painter.max_seconds if clip else None,
            negative_prompt=painter.negative_prompt,
            seed=True,
            audio=False,
            max_outputs=1,
            languages=("en",),
        ),
        price=price(painter),
        rights=Rights(commercial_use=True, trains_on_inputs=False, region="local"),
        lifecycle=Lifecycle(state="active", released=AS_OF),
        latency_s={
            "p50": round(painter.median_s, 3),
            "p95": round(painter.median_s * math.exp(painter.spread * _Z95), 3),
        },
        concurrency=4,
        notes=NOTE,
    )


def price(painter: Painter) -> PriceRule:
    """The painter's price rule in USD: play money, but computed as real money is."""
    unit, amount = painter.price
    return PriceRule(
        components=(PriceComponent(unit=cast("_Unit", unit), amount=amount),),
        source="declared in qfloor.generators.builtin.painters",
        as_of=AS_OF,
        charged_on=("made", "blank") if painter.charges_blanks else ("made",),
    )
