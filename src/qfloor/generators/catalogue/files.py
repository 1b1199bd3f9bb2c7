"""Offers in a TOML file: one seller a file, what its offers share first, then each of them.

    provider = "bfl"
    generator = "bfl"                 # left out or "none": known, but nothing here can call it
    charged_on = ["made", "blank"]    # the default: a seller does not see that a picture is blank

    [sources]
    page = "bfl.ai/pricing"

    [[offers]]
    id = "flux-2-pro"                 # "bfl/flux-2-pro" in the catalogue
    model = "flux-2-pro"              # what the seller calls it
    modality = "image"
    price = [{ unit = "megapixel", amount = "0.03", rounding = "up" }]
    source = "page"
    as_of = "2026-02-03"

What is not known is left out: no price, no day, no rights. An unpriced offer can be listed and is
never bought under a budget; a price without a day is of unknown age.
"""

from __future__ import annotations

import datetime as dt
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from qfloor import field_words, prices, toml_file
from qfloor.errors import InputError
from qfloor.records import (
    Capabilities,
    Lifecycle,
    Offer,
    PluginSpec,
    PriceComponent,
    PriceRule,
    Rights,
)

Status = Literal["made", "blank", "refused", "failed", "unknown"]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/@:+-]*$")]
Setting = str | int | float | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class ComponentTable(_Strict):
    """One line of ``price``."""

    unit: Literal["image", "megapixel", "second", "token", "video", "month"]
    """What is counted."""
    amount: str
    """Price of one unit, as text: ``"0.03"``."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    """Three letters."""
    above: Annotated[float, Field(ge=0, strict=False)] = 0.0
    """Units up to here cost nothing by this line."""
    upto: Annotated[float, Field(gt=0, strict=False)] | None = None
    """Units beyond here cost nothing by this line."""
    rounding: Literal["none", "up"] = "none"
    """Whether begun units count as whole ones."""
    when: dict[str, str] = {}
    """Settings under which the line holds."""
    minimum: str | None = None
    """Least that the line comes to."""


class CapabilitiesTable(_Strict):
    """``capabilities``; what is left out is unknown."""

    aspect_ratios: list[str] | None = None
    """Those that are taken."""
    max_seconds: Annotated[float, Field(gt=0, strict=False)] | None = None
    """Longest clip."""
    durations: (
        Annotated[list[Annotated[float, Field(gt=0, strict=False)]], Field(min_length=1)] | None
    ) = None
    """The only lengths of clips that are made, in seconds, rising; others cost the next longer."""
    negative_prompt: bool | None = None
    """Whether one is taken."""
    seed: bool | None = None
    """Whether one is taken."""
    audio: bool | None = None
    """Whether clips have sound."""
    max_outputs: Annotated[int, Field(ge=1)] | None = None
    """Outputs that one call may ask for."""
    languages: list[str] | None = None
    """Languages of prompts."""

    @field_validator("durations")
    @classmethod
    def _rises(cls, value: list[float] | None) -> list[float] | None:
        return None if value is None else sorted(set(value))


class RightsTable(_Strict):
    """``rights``; what is left out is unknown."""

    commercial_use: bool | None = None
    """Whether outputs may be used commercially."""
    trains_on_inputs: bool | None = None
    """Whether the seller trains on what it is sent."""
    region: str | None = None
    """Where requests are processed."""


class _Shared(_Strict):
    """What a file may say for all its offers, and an offer for itself."""

    generator: str | None = None
    """The plugin that calls it; left out or ``none``: outputs are imported."""
    generator_args: dict[str, Any] | None = None
    """The plugin's arguments; ``manifest`` of ``folder`` is named relative to this file."""
    charged_on: list[Status] | None = None
    """Statuses that the seller bills; by default made and blank."""
    capabilities: CapabilitiesTable | None = None
    """What is accepted; left out is unknown."""
    rights: RightsTable | None = None
    """What is allowed; left out is unknown, and unknown is no permission."""
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Calls at once, where the account's limit is not known."""


class OfferTable(_Shared):
    """``[[offers]]``."""

    id: Id
    """Behind the provider: ``provider/id`` in the catalogue."""
    model: Annotated[str, Field(min_length=1)]
    """What the seller calls it."""
    version: str | None = None
    """Where one is told."""
    modality: Literal["image", "video"]
    """What it makes."""
    settings: dict[str, Setting] = {}
    """Sent with every request; all that moves quality or price."""
    state: Literal["active", "uncertain", "deprecated", "gone"] = "active"
    """Whether it can be bought."""
    released: str | None = None
    """Day."""
    deprecated: str | None = None
    """Day."""
    gone: str | None = None
    """Day."""
    price: Annotated[list[ComponentTable], Field(min_length=1)] | None = None
    """Lines that add up; left out, the price is unknown."""
    source: str | None = None
    """Which of ``sources`` the price was read from."""
    as_of: str = ""
    """The day it was read."""
    notes: str = ""
    """Anything a reader should know."""

    @field_validator("released", "deprecated", "gone", "as_of")
    @classmethod
    def _is_a_day(cls, value: str | None) -> str | None:
        if value:
            dt.date.fromisoformat(value)
        return value

    @model_validator(mode="after")
    def _is_sourced(self) -> OfferTable:
        if (self.price is None) != (self.source is None):
            raise ValueError("price and source come together: where was the price read?")
        return self


class OffersFile(_Shared):
    """A whole file."""

    provider: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    """Who sells: the first part of the offers' ids."""
    sources: dict[str, str] = {}
    """Pages that prices were read from, by a name of your choice."""
    offers: Annotated[list[OfferTable], Field(min_length=1)]
    """The offers."""


def read_offers(path: str | Path | Traversable) -> tuple[Offer, ...]:
    """Read a file of offers.

    Parameters
    ----------
    path : str, Path or Traversable

    Returns
    -------
    tuple of Offer
        In the file's order.

    Raises
    ------
    InputError
        One sentence naming file, offer and field.
    """
    file = Path(path) if isinstance(path, str) else path
    told = toml_file.read(file, InputError, "file of offers")
    try:
        parsed = OffersFile.model_validate(told)
    except ValidationError as error:
        raise InputError(f"{file}: {_first_fault(error, told)}") from error
    offers = tuple(_offer(str(file), parsed, table) for table in parsed.offers)
    seen: set[str] = set()
    for offer in offers:
        if offer.id in seen:
            raise InputError(f"{file}: offer {offer.id!r} is declared twice")
        seen.add(offer.id)
    return offers


def _offer(file: str, shared: OffersFile, table: OfferTable) -> Offer:
    def own(name: str) -> Any:
        value = getattr(table, name)
        return getattr(shared, name) if value is None else value

    generator = own("generator")
    capabilities = own("capabilities") or CapabilitiesTable()
    rights = own("rights") or RightsTable()
    offer = Offer(
        id=f"{shared.provider}/{table.id}",
        model=table.model,
        provider=shared.provider,
        version=table.version,
        modality=table.modality,
        settings=table.settings,
        generator=_generator(Path(file).parent, generator, own("generator_args") or {})
        if generator not in (None, "none")
        else None,
        capabilities=Capabilities(**_tuples(capabilities.model_dump())),
        price=_price(file, shared, table, own("charged_on")),
        rights=Rights(**rights.model_dump()),
        lifecycle=Lifecycle(
            state=table.state,
            released=table.released,
            deprecated=table.deprecated,
            gone=table.gone,
        ),
        concurrency=own("concurrency") or Offer.concurrency,
        notes=table.notes,
    )
    try:
        prices.check_units(offer, [c.unit for c in offer.price.components] if offer.price else ())
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    return offer


def _generator(folder: Path, name: str, args: dict[str, Any]) -> PluginSpec:
    manifest = args.get("manifest")
    if name == "folder" and isinstance(manifest, str):  # beside the file that names it
        args = {**args, "manifest": str((folder / Path(manifest).expanduser()).resolve())}
    return PluginSpec(name=name, args=args)


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}


def _price(
    file: str, shared: OffersFile, table: OfferTable, charged_on: list[Status] | None
) -> PriceRule | None:
    if table.price is None or table.source is None:
        return None
    where = f"{file}: offer {table.id!r}"
    if table.source not in shared.sources:
        raise InputError(f"{where}: source {table.source!r} is not among [sources]")
    rule = PriceRule(
        components=tuple(PriceComponent(**c.model_dump()) for c in table.price),
        source=shared.sources[table.source],
        as_of=table.as_of,
        charged_on=tuple(charged_on or ("made", "blank")),
    )
    try:
        prices.check_rule(rule)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return rule


def _first_fault(error: ValidationError, told: Any) -> str:
    """Word the first fault, with the offer it is in."""
    first = field_words.first_of(error)
    match first["loc"]:
        case ("offers", int(n), *rest) if rest:
            table = told["offers"][n]
            name = table.get("id") if isinstance(table, dict) else None
            inside = {**first, "loc": tuple(rest)}
            return f"offer {name or n + 1!r}: {field_words.sentence(inside, OfferTable)}"
    return field_words.sentence(first, OffersFile)
