"""A request to the router, checked when it is made: a Need that exists makes sense.

Knows nothing of offers or databases: names of offers are checked against a database by
`qfloor.router.choose`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from qfloor.errors import NeedError
from qfloor.meant import meant
from qfloor.prices import NANO
from qfloor.records import TIER_ALIASES, TIERS
from qfloor.router.languages import CODES, primary
from qfloor.router.resolutions import is_of, resolution_of
from qfloor.router.scripts import variety

MAX_PROMPT = 32_000
"""Characters; longer than any provider takes."""

RATIO_TOLERANCE = 0.03
"""How far a pixel size may be from the aspect ratio it is given with (1344x768 is 16:9)."""

LatencyWish = float | Mapping[str, float] | Literal["realtime", "batch"] | None

_SIZE = re.compile(r"^\s*(\d{1,6})\s*[xX×*]\s*(\d{1,6})\s*$")
_RATIO = re.compile(r"^\s*(\d{1,4}(?:\.\d+)?)\s*[:/xX]\s*(\d{1,4}(?:\.\d+)?)\s*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Need:
    """What is to be made, how good, how dear at most and how soon.

    Parameters
    ----------
    prompt : str
        The request in words.
    negative : str, optional
        What shall not be in it; evidence against, and a capability an offer must have.
    aspect_ratio : str, optional
        ``16:9``.
    size : str, optional
        ``1344x768`` pixels.
    resolution : str, optional
        ``720p``, ``1080p``; ``512``, ``1K``, ``2K``, ``4K``. An offer must be known to make it.
    language : str, optional
        Of the prompt, as ISO 639-1 has it: ``es``; of ``pt-BR`` the language alone is looked at.
        A script that is not the language's usual one counts: ``zh-Hant`` is another than ``zh``.
        Else guessed from the prompt.
    modality : {"image", "video"}, optional
        Else inferred from the request.
    seconds : float, optional
        Length of a clip.
    audio : bool, optional
        True asks for sound.
    n : int, default 1
        Pictures or clips asked for in one call.
    separately : bool, default False
        Each of them is a call of its own, as the gateway makes them: how many an offer makes at
        a time does not matter then, and each call has its price.
    by_shape : bool, default False
        Offers are asked for the shape of ``size`` alone and make their own, as the gateway asks:
        a small one does not make a price by the megapixel lower.
    tier : str, default "professional"
        standard, professional, premium; or concept, draft, final.
    max_price_usd : number or str, optional
        Ceiling for the whole call. An offer whose price is unknown or old is then out.
    max_latency_s : number, mapping, "realtime" or "batch", optional
        A number bounds the 95th percentile; a mapping bounds ``p50`` and ``p95`` apart.
    only, ignore : sequence of str
        Offers to choose among, and never to choose.
    pin : str, optional
        This offer and no other, certified or not.
    project, tags
        Labels that a policy's overrides go by; a challenge tag (count, text, group, hands,
        long) must also be covered by the certificate. One that is nearly a challenge's is an error,
        but for those the policy names.

    Raises
    ------
    NeedError
        One sentence: what contradicts itself or is unknown, and what would be valid.
    """

    prompt: str
    negative: str | None = None
    aspect_ratio: str | None = None
    size: str | None = None
    resolution: str | None = None
    language: str | None = None
    modality: str | None = None
    seconds: float | None = None
    audio: bool | None = None
    n: int = 1
    separately: bool = False
    by_shape: bool = False
    tier: str = "professional"
    max_price_usd: float | str | Decimal | None = None
    max_latency_s: LatencyWish = None
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pin: str | None = None
    project: str | None = None
    tags: tuple[str, ...] = ()

    pixels: tuple[int, int] | None = field(init=False, repr=False, compare=False, default=None)
    ratio: float | None = field(init=False, repr=False, compare=False, default=None)
    max_price_nanousd: int | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        _check_text("prompt", self.prompt, may_be_empty=False)
        if self.negative is not None:
            _check_text("negative", self.negative, may_be_empty=True)
        changes: dict[str, Any] = {}
        if self.tier not in TIERS:
            changes["tier"] = _tier(self.tier)
        for name, value in (("only", self.only), ("ignore", self.ignore), ("tags", self.tags)):
            if type(value) is not tuple or value:
                changes[name] = _names(name, value)
        if self.pin is not None or self.project is not None:
            _check_labels(self.pin, self.project)
        if self.only or self.ignore or self.pin is not None:
            _check_named(changes.get("only", ()), changes.get("ignore", ()), self.pin)
        if self.modality is not None or self.seconds is not None or self.audio is not None:
            _check_clip(self)
        if type(self.n) is not int or not 1 <= self.n <= 100:
            raise NeedError(f"n is {self.n!r}, must be a whole number from 1 to 100")
        for name, flag in (("separately", self.separately), ("by_shape", self.by_shape)):
            if type(flag) is not bool:
                raise NeedError(f"{name} is {flag!r}, must be true or false")
        if self.size is not None or self.aspect_ratio is not None:
            changes |= _shape(self.size, self.aspect_ratio)
        if self.resolution is not None:
            changes["resolution"] = _resolution(self.resolution, changes.get("pixels"))
        if self.language is not None:
            changes["language"] = language_of(self.language)
        if self.max_price_usd is not None:
            changes["max_price_nanousd"] = _ceiling(self.max_price_usd)
        if self.max_latency_s is not None:
            changes["max_latency_s"] = _latency(self.max_latency_s)
        for name, value in changes.items():
            object.__setattr__(self, name, value)


def reworded(need: Need, prompt: str) -> Need:
    """The same need in other words: these are checked, all else was."""
    _check_text("prompt", prompt, may_be_empty=False)
    made = object.__new__(Need)
    vars(made).update(vars(need))
    vars(made)["prompt"] = prompt
    return made


def _check_text(name: str, text: Any, *, may_be_empty: bool) -> None:
    if not isinstance(text, str):
        raise NeedError(f"{name} must be text, not {type(text).__name__}")
    if not may_be_empty and not text.strip():
        raise NeedError(f"{name} is empty; say what is to be made")
    if len(text) > MAX_PROMPT:
        raise NeedError(f"{name} has {len(text)} characters, at most {MAX_PROMPT} are taken")
    if found := _CONTROL.search(text):
        raise NeedError(
            f"{name} holds a control character at position {found.start()}; it must be plain text"
        )


def _tier(tier: Any) -> str:
    if not isinstance(tier, str):
        raise NeedError(f"no tier is called {tier!r}; known: {', '.join(TIERS)}")
    if tier in TIERS:
        return tier
    name = tier.strip().lower()
    name = TIER_ALIASES.get(name, name)
    if name in TIERS:
        return name
    hint = meant(name, [*TIERS, *TIER_ALIASES], cutoff=0.5)
    raise NeedError(f"no tier is called {tier!r}{hint}")


def _names(field_name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise NeedError(f"{field_name} must be a list, such as [{value!r}], not text")
    try:
        names = tuple(value)
    except TypeError:
        raise NeedError(f"{field_name} must be a list, not {type(value).__name__}") from None
    if not all(isinstance(name, str) for name in names):
        raise NeedError(f"{field_name} must hold names only")
    return names


def _check_labels(pin: Any, project: Any) -> None:
    for name, value in (("pin", pin), ("project", project)):
        if value is not None and not isinstance(value, str):
            raise NeedError(f"{name} is {value!r}, must be text")


def _check_named(only: tuple[str, ...], ignore: tuple[str, ...], pin: str | None) -> None:
    """Offers that are named must leave one that may be chosen."""
    if pin is not None and pin in ignore:
        raise NeedError(f"pin is {pin!r}, which is among those to ignore; give one of the two")
    if pin is not None and only and pin not in only:
        raise NeedError(f"pin is {pin!r}, which only does not name; give one of the two")
    if only and set(only) <= set(ignore):
        raise NeedError("only names no offer that is not to be ignored as well")


def _check_clip(need: Need) -> None:
    """Modality, seconds and audio must agree."""
    if need.modality not in (None, "image", "video"):
        raise NeedError(f"modality is {need.modality!r}, must be 'image' or 'video'")
    if need.audio not in (None, True, False):
        raise NeedError(f"audio is {need.audio!r}, must be true or false")
    if need.seconds is not None and (not _is_number(need.seconds) or not 0 < need.seconds <= 3600):
        raise NeedError(f"seconds is {need.seconds!r}, must be a number above 0 and up to 3600")
    if need.modality == "image" and need.seconds is not None:
        raise NeedError("seconds are given but the modality is image; a still has no length")
    if need.modality == "image" and need.audio:
        raise NeedError("audio is asked for but the modality is image; a still has no sound")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def ratio_of(text: str) -> float | None:
    """Width over height of ``16:9`` or ``1344x768``; None when it says neither."""
    found = _RATIO.match(text) or _SIZE.match(text)
    if not found or not float(found[1]) or not float(found[2]):
        return None
    return float(found[1]) / float(found[2])


def _shape(size: Any, aspect_ratio: Any) -> dict[str, Any]:
    """Pixels and ratio, which must agree when both are given."""
    changes: dict[str, Any] = {}
    if aspect_ratio is not None:
        ratio = ratio_of(aspect_ratio) if isinstance(aspect_ratio, str) else None
        if ratio is None:
            raise NeedError(f"aspect_ratio is {aspect_ratio!r}, must look like 16:9")
        changes["ratio"] = ratio
    if size is not None:
        found = _SIZE.match(size) if isinstance(size, str) else None
        pixels = (int(found[1]), int(found[2])) if found else (0, 0)
        if not all(16 <= side <= 32768 for side in pixels):
            raise NeedError(f"size is {size!r}, must look like 1024x1024")
        own = pixels[0] / pixels[1]
        if aspect_ratio is not None and abs(own / changes["ratio"] - 1) > RATIO_TOLERANCE:
            raise NeedError(
                f"size {size} is {own:.2f} wide to 1 high, which contradicts aspect_ratio "
                f"{aspect_ratio} ({changes['ratio']:.2f}); give one of the two"
            )
        changes |= {"pixels": pixels, "ratio": changes.get("ratio", own)}
        changes["size"] = f"{pixels[0]}x{pixels[1]}"
    return changes


def _resolution(told: Any, pixels: tuple[int, int] | None) -> str:
    """Its one spelling; a size that is given with it must go by that name."""
    name = resolution_of(told)
    if name is None:
        raise NeedError(f"resolution is {told!r}, must be such as 720p, 1080p, 512, 1K, 2K or 4K")
    if pixels is not None and not is_of(pixels, name):
        raise NeedError(
            f"resolution {told} contradicts size {pixels[0]}x{pixels[1]}; give one of the two"
        )
    return name


def language_of(told: Any, field_name: str = "language") -> str:
    """The language, with its script where that is not the usual one; no region."""
    name = variety(told) if isinstance(told, str) else ""
    if primary(name) not in CODES:
        raise NeedError(
            f"{field_name} is {told!r}, must be a code of ISO 639-1 such as en or pt-BR"
        )
    return name


CEILING_IS = "must be a number from 0 to 1000000"
WISH_IS = "must be seconds above 0, {'p50': .., 'p95': ..}, 'realtime' or 'batch'"
"""What ``max_price_usd`` and ``max_latency_s`` may be; the gateway says so too."""


def _ceiling(value: Any) -> int:
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or not 0 <= amount <= 1_000_000:
        raise NeedError(f"max_price_usd is {value!r}, {CEILING_IS}")
    if 0 < amount < Decimal(1) / NANO:
        raise NeedError(f"max_price_usd is {value!r}, must be 0 or at least 0.000000001")
    return int(amount * NANO)  # rounded down: a ceiling is never raised


def _latency(wish: Any) -> Any:
    """The wish as it was told; words in small letters."""
    if isinstance(wish, str):
        word = wish.strip().lower()
        if word not in ("realtime", "batch"):
            raise NeedError(f"max_latency_s is {wish!r}, {WISH_IS}")
        return word
    limits = wish if isinstance(wish, Mapping) else {"p95": wish}
    if not limits or set(limits) - {"p50", "p95"}:
        raise NeedError(f"max_latency_s is {wish!r}, {WISH_IS}")
    for value in limits.values():
        if not _is_number(value) or value <= 0:
            raise NeedError(f"max_latency_s is {wish!r}, {WISH_IS}")
    if limits.get("p50", 0) > limits.get("p95", math.inf):
        raise NeedError(f"max_latency_s is {wish!r}: p50 cannot be above p95")
    return wish
