"""What is asked: categories, tiers, prompts, suites."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from qfloor.records.plain import digest_of

Modality = Literal["image", "video"]
Split = Literal["fit", "certify"]

TIERS: tuple[str, ...] = ("standard", "professional", "premium")
TIER_ALIASES: dict[str, str] = {"concept": "standard", "draft": "professional", "final": "premium"}


@dataclass(frozen=True, kw_only=True)
class Category:
    """A declared stratum of requests; a team may declare its own."""

    id: str
    description: str
    modalities: tuple[Modality, ...] = ("image",)
    signals: tuple[str, ...] = ()


CATEGORIES: tuple[Category, ...] = (
    Category(id="product-photo", description="objects as shops and advertisers show them"),
    Category(id="portrait", description="people, and animals sitting for their picture"),
    Category(id="landscape", description="nature and outdoor scenery"),
    Category(id="text-in-image", description="pictures whose words must be readable"),
    Category(id="video", description="live-action clips", modalities=("video",)),
    Category(
        id="animation",
        description="drawn or animated style, as stills or clips",
        modalities=("image", "video"),
    ),
    Category(id="architectural-render", description="buildings and interiors"),
)
GENERAL = Category(
    id="general",
    description="imported judgments that carry no category",
    modalities=("image", "video"),
)

_SHIPPED = {category.id for category in (*CATEGORIES, GENERAL)}


def aspect_ratio_of(width: int, height: int) -> str:
    """Word the shape of a size in pixels, as prompts have it.

    Examples
    --------
    >>> aspect_ratio_of(1024, 768)
    '4:3'
    """
    common = math.gcd(width, height)
    return f"{width // common}:{height // common}"


@lru_cache(maxsize=1024)
def category_of(text: str) -> str:
    """Give a category that ships in its own spelling, and any other as it is.

    Examples
    --------
    >>> category_of(" Product Photo"), category_of("Cinematic")
    ('product-photo', 'Cinematic')
    """
    text = text.strip()
    folded = "-".join(text.lower().replace("_", " ").replace("-", " ").split())
    return folded if folded in _SHIPPED else text


PRIVATE = "private"
"""Tag of a prompt that nobody outside shall see; pages leave it and its outputs out."""


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One request of a suite.

    ``family`` names the template or near-duplicate group and is the statistical cluster;
    ``split`` keeps prompts that thresholds are fitted on apart from those that certify.
    """

    id: str
    text: str
    category: str
    modality: Modality = "image"
    negative: str | None = None
    aspect_ratio: str | None = None
    seconds: float | None = None
    must_render: tuple[str, ...] = ()
    language: str = "en"
    tags: tuple[str, ...] = ()
    difficulty: str | None = None
    family: str = ""
    split: Split = "certify"
    inputs: tuple[str, ...] = ()
    source: str | None = None

    @property
    def is_private(self) -> bool:
        """Whether nobody outside shall see it."""
        return PRIVATE in self.tags

    @cached_property
    def digest(self) -> str:
        """Names what a generator would be sent, not the prompt's labels."""
        return digest_of(
            [self.id, self.text, self.modality, self.negative, self.aspect_ratio, self.seconds,
             self.must_render, self.inputs]
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A versioned set of prompts."""

    name: str
    version: str
    prompts: tuple[Prompt, ...]
    title: str = ""
    licence: str = ""
    path: str | None = None

    @property
    def digest(self) -> str:
        """Names the suite's content; independent of the file it came from."""
        return digest_of([self.name, self.version, self.prompts])
