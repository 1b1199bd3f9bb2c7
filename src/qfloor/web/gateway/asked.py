"""What may be asked for, as pydantic models: the same ones that the published OpenAPI is made of.

The names are OpenAI's; what is ours stands in one object, ``routing``, whose names follow
OpenRouter's. A field nobody knows is an error, and one of OpenAI's that an offer has no word for
is ignored and said so in a header: nothing is dropped in silence.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from qfloor import field_words
from qfloor.meant import meant
from qfloor.records import TIER_ALIASES, TIERS
from qfloor.router.needs import CEILING_IS, WISH_IS
from qfloor.web.gateway.faults import Fault

FALLBACK_CLASSES = ("rate_limited", "not_sent", "capacity")
"""Reasons after which another seller is asked: nothing was taken, so nothing is bought twice."""

IGNORED = frozenset(
    {"quality", "style", "background", "moderation", "output_format", "output_compression",
     "user", "partial_images", "input_fidelity"}
)  # fmt: skip
"""Fields of OpenAI's that are taken and not used; the offer's own settings stand."""

UNUSED = (
    "Taken and not used: the offer's own settings stand. It is named in the header "
    "x-qfloor-ignored, and in the answer's qfloor.ignored."
)
UnusedText = Annotated[str | None, Field(max_length=40, description=UNUSED)]
FallbackOn = Literal["rate_limited", "not_sent", "capacity", "provider_error", "outage"]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Names = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=200)]


_MOST_NAMES = 100
"""Fields of one object; each that nobody knows would become an error of its own."""


def _auto_is_none(value: Any) -> Any:
    return None if value == "auto" else value


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")
    return value


class Latency(BaseModel):
    """Bounds of the 50th and 95th percentile, in seconds."""

    model_config = ConfigDict(extra="forbid")

    p50: float | None = Field(None, gt=0, allow_inf_nan=False)
    p95: float | None = Field(None, gt=0, allow_inf_nan=False)


class Routing(BaseModel):
    """How to choose; everything may be left out."""

    model_config = ConfigDict(extra="forbid")

    category: str | None = Field(None, max_length=100, description="In place of classifying.")
    language: str | None = Field(
        None, max_length=40, examples=["es"],
        description="Of the prompt, by ISO 639-1 (es; of pt-BR the language; zh-Hant is another "
        "than zh); no guess then.",
    )  # fmt: skip
    tier: str = Field("professional", max_length=40, examples=[*TIERS, *TIER_ALIASES])
    max_price_usd: Annotated[
        Finite | Annotated[str, Field(max_length=40)] | None, BeforeValidator(_no_flag)
    ] = Field(
        None, description="Ceiling for the whole call; an offer of unknown or old price is out."
    )
    max_latency_s: Annotated[
        Finite | Latency | Literal["realtime", "batch"] | None, BeforeValidator(_no_flag)
    ] = None
    speed_premium_pct: float | None = Field(
        None, ge=0, le=1000, allow_inf_nan=False,
        description="Most that is paid on top for speed; never above the operator's own.",
    )  # fmt: skip
    only: Names = Field(default_factory=list)
    ignore: Names = Field(default_factory=list)
    tags: Names = Field(default_factory=list)
    project: str | None = Field(None, max_length=100)
    allow_fallbacks: bool = True
    fallback_on: list[FallbackOn] | None = Field(
        None, description="By default only what surely was not taken; never refusals, never an "
        "unknown outcome.",
    )  # fmt: skip
    explain: bool = Field(False, description="Put the whole decision into the answer.")


class _Ask(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(description="What is to be made; at most 32,000 characters.")
    model: str = Field(
        "auto", max_length=300, description="auto, auto/image, auto/video, or an offer: an override"
    )
    negative_prompt: str | None = None
    size: Annotated[str | None, BeforeValidator(_auto_is_none)] = Field(
        None, max_length=40, examples=["1024x1024", "auto"]
    )
    aspect_ratio: str | None = Field(None, max_length=40, examples=["16:9"])
    resolution: str | None = Field(
        None, max_length=40, examples=["720p", "1080p", "512", "1K", "2K", "4K"]
    )
    seed: int | None = Field(None, ge=0, le=2**63 - 1)
    user: str | None = Field(None, max_length=1_000)
    routing: Routing = Field(default_factory=lambda: Routing.model_validate({}))


class _PictureFields(_Ask):
    """What OpenAI's clients send for pictures beside the prompt, and no offer has a word for."""

    stream: Literal[False] | None = None
    quality: UnusedText = None
    style: UnusedText = None
    background: UnusedText = None
    moderation: UnusedText = None
    output_format: UnusedText = None
    output_compression: Annotated[int | None, Field(description=UNUSED)] = None
    partial_images: Literal[0] | None = None
    input_fidelity: UnusedText = None


class ImageAsk(_PictureFields):
    """Body of ``POST /v1/images/generations``."""

    n: int = Field(1, ge=1, le=10)
    response_format: Literal["url", "b64_json"] | None = Field(
        None, description="b64_json unless told."
    )


class VideoAsk(_Ask):
    """Body of ``POST /v1/videos``; also taken as a multipart form, as OpenAI's client sends it."""

    seconds: float | None = Field(None, gt=0, le=3600, allow_inf_nan=False)
    audio: bool | None = None
    n: Literal[1] = 1


class RouteAsk(_PictureFields):
    """Body of ``POST /v1/route``: that of a picture or a clip; nothing is bought."""

    modality: Literal["image", "video"] | None = None
    seconds: float | None = Field(None, gt=0, le=3600, allow_inf_nan=False)
    audio: bool | None = None
    n: int = Field(1, ge=1, le=10)
    response_format: str | None = Field(None, max_length=40)


Ask = ImageAsk | VideoAsk | RouteAsk


def read_ask(kind: type[Any], body: Any) -> Any:
    """Validate a body; `Fault` 400 names the field and what is wrong with it."""
    if not isinstance(body, dict):
        raise Fault(400, "invalid_body", "the body must be a JSON object")
    if max([len(body), *[len(v) for v in body.values() if isinstance(v, dict)]]) > _MOST_NAMES:
        raise Fault(400, "invalid_body", "an object of the body has too many fields")
    if None in body.values():  # OpenAI's fields may be null: a client that has none to give
        body = {k: v for k, v in body.items() if v is not None or k not in kind.model_fields}
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _fault(kind, first) from None


def ignored(ask: Ask) -> tuple[str, ...]:
    """Fields that were given and are not used."""
    if IGNORED.isdisjoint(ask.model_fields_set):  # nearly always
        return ()
    return tuple(sorted(name for name in ask.model_fields_set & IGNORED if name != "user"))


def _fault(kind: type[BaseModel], first: Any) -> Fault:
    names = [str(part) for part in first["loc"]]
    param = ".".join(_named(names)) or None
    if first["type"] == "extra_forbidden":
        known = Routing.model_fields if names[0] == "routing" else kind.model_fields
        hint = meant(names[-1][:100], known, "")
        if names[0] in Routing.model_fields:
            hint = f"; it stands in routing: {{'routing': {{{names[0]!r}: ..}}}}"
        return Fault(400, "unknown_field", f"there is no field {param!r:.200}{hint}", param=param)
    if first["type"] == "missing":
        return Fault(400, "missing_field", f"{param} is needed", param=param)
    return Fault(400, "invalid_field", f"{param} {_wrong(param, first)}", param=param)


def _named(names: list[str]) -> list[str]:
    """The way to a field as who asks knows it: pydantic adds which of several forms it tried."""
    if names[:1] != ["routing"]:
        return names[:1]
    if len(names) == 3 and names[1] in _ONE_OF_SEVERAL:
        return names[:2]
    return names[:3]


_ONE_OF_SEVERAL = {"max_latency_s": WISH_IS, "max_price_usd": CEILING_IS}


def _wrong(param: str | None, first: Any) -> str:
    """What is wrong with a field, in our words."""
    several = (param or "").removeprefix("routing.")
    if several in _ONE_OF_SEVERAL:
        return _ONE_OF_SEVERAL[several]
    return field_words.fault(first)
