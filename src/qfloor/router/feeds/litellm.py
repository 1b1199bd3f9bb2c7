"""Prices of pictures and clips from litellm's JSON map, in our words.

The map is litellm's ``model_prices_and_context_window`` file; of its rows those whose mode is
``image_generation`` or ``video_generation`` are read. A name such as
``fal_ai/low/1024-x-1024/openai/gpt-image-2`` holds provider, variant and model. A price of zero
means there that nobody knows it. Does not import litellm.

Which field is the price, in this order: per second by resolution; per image by resolution; per
pixel where fal rounds up to megapixels; per image; per pixel; per token by kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from qfloor.errors import InputError
from qfloor.router.feeds.rows import PriceRow, checked_row, money_text

MODES = ("image_generation", "video_generation")
LEAST_ROWS = 50

PROVIDERS = {
    "fal_ai": "fal", "openai": "openai", "azure": "azure", "azure_ai": "azure",
    "black_forest_labs": "bfl", "stability": "stability", "recraft": "recraft", "gemini": "google",
    "vertex_ai": "vertex", "vertex_ai-image-models": "vertex", "vertex_ai-video-models": "vertex",
    "vertex_ai-language-models": "vertex", "runwayml": "runway", "xai": "xai",
    "dashscope": "alibaba", "minimax": "minimax", "volcengine": "volcengine",
    "bedrock": "bedrock", "together_ai": "together", "replicate": "replicate",
}  # fmt: skip
"""Their names of sellers, in ours; others keep theirs."""

_QUALITY = frozenset(("low", "medium", "high", "xhigh", "max", "standard", "hd", "auto"))
_SIZE = re.compile(r"^(\d+)-x-(\d+)$")
_STEPS = re.compile(r"^(?:max-)?(\d+)-steps$")
_BY_RESOLUTION = re.compile(r"^output_cost_per_(second|image)_(\d+(?:\.\d+)?[kp]?)$", re.IGNORECASE)
_TOKENS = (
    ("output_cost_per_image_token", "output"),
    ("output_cost_per_token", "output"),
    ("input_cost_per_token", "input"),
)


def is_litellm(told: Any) -> bool:
    """Whether a JSON document looks like the map."""
    return isinstance(told, Mapping) and any(
        isinstance(row, Mapping) and "litellm_provider" in row for row in told.values()
    )


def read_litellm(told: Mapping[str, Any], as_of: str) -> tuple[list[PriceRow], list[str]]:
    """Read the map.

    Parameters
    ----------
    told : mapping
        The JSON document.
    as_of : str
        When it was true: the map itself does not say.

    Returns
    -------
    tuple of list of PriceRow and list of str
        Rows, of two under one name the dearer; and what was left out, one sentence each.
    """
    found: dict[Any, PriceRow] = {}
    left: list[str] = []
    for name, row in told.items():
        if not isinstance(row, Mapping) or row.get("mode") not in MODES or name == "sample_spec":
            continue
        try:
            rows = list(_rows(name, row, as_of))
        except InputError as error:
            left.append(str(error))
            continue
        if not rows:
            left.append(f"{name}: no price")
        for one in rows:
            before = found.get(one.key)
            if before is None or Decimal(before.usd) < Decimal(one.usd):
                found[one.key] = one
    return list(found.values()), left


def _rows(name: str, row: Mapping[str, Any], as_of: str) -> Iterator[PriceRow]:
    seller = str(row.get("litellm_provider") or "")
    model, variant = _model(name, seller)
    about = {
        "provider": PROVIDERS.get(seller, seller),
        "model": model,
        "as_of": as_of,
        "page": str(row.get("source") or ""),
        "retires": row.get("deprecation_date"),
    }
    for price in _prices(seller, row):
        usd = Decimal(money_text(name, "the price", price["usd"])) * price.get("times", 1)
        told = {**about, **price, "usd": usd, "variant": {**variant, **price.get("variant", {})}}
        yield checked_row(name, told)


def _model(name: str, seller: str) -> tuple[str, dict[str, str]]:
    """Model and variant of a name, whose parts may begin with the seller's own."""
    parts = name.split("/")
    variant: dict[str, str] = {}
    while len(parts) > 1:
        part = parts[0]
        if size := _SIZE.match(part):
            variant["size"] = f"{size[1]}x{size[2]}"
        elif steps := _STEPS.match(part):
            variant["steps"] = steps[1]
        elif part in _QUALITY:
            variant["quality"] = part
        elif part not in (seller, seller.partition("-")[0]):
            break
        parts = parts[1:]
    return "/".join(parts), variant


def _prices(seller: str, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Unit, usd and variant of each price; the first kind of field that is there decides."""
    flat: dict[str, list[dict[str, Any]]] = {"second": [], "image": []}
    for field, value in row.items():
        if (told := _BY_RESOLUTION.match(field)) and _is_price(value):
            resolution = {"resolution": told[2].lower()}
            flat[told[1]].append({"unit": told[1], "usd": value, "variant": resolution})
    for field, unit in (
        ("output_cost_per_second", "second"),
        ("output_cost_per_video_per_second", "second"),
    ):
        if _is_price(row.get(field)):
            flat[unit].append({"unit": unit, "usd": row[field]})
            break
    per_image = next(
        (
            row[f]
            for f in ("output_cost_per_image", "input_cost_per_image")
            if _is_price(row.get(f))
        ),
        None,
    )
    per_pixel = next(
        (
            row[f]
            for f in ("output_cost_per_pixel", "input_cost_per_pixel")
            if _is_price(row.get(f))
        ),
        None,
    )
    if row["mode"] == "video_generation":
        yield from flat["second"]
    elif seller == "fal_ai" and per_pixel is not None and per_image is not None:
        yield {"unit": "megapixel", "usd": per_image, "rounding": "up"}
    elif per_image is not None:
        yield from (*flat["image"], {"unit": "image", "usd": per_image})
    elif per_pixel is not None:
        yield {"unit": "megapixel", "usd": per_pixel, "times": 1_000_000}
    else:
        yield from _by_token(row)


def _by_token(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    seen = set()
    for field, kind in _TOKENS:
        if kind not in seen and _is_price(row.get(field)):
            seen.add(kind)
            yield {"unit": "token", "usd": row[field], "variant": {"tokens": kind}}


def _is_price(value: Any) -> bool:
    """Anything but nothing and zero: what is no number is told when the row is made."""
    return value is not None and value != 0
