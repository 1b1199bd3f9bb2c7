"""A team's month as a file: what is asked for how often, and what is paid for it today.

A workload names prompts and a tier, never a category or an offer to route to: where its requests
go, the router decides. Knows suites, to draw prompts from; no database and no store.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qfloor import field_words, package_data, suite, toml_file
from qfloor.errors import InputError, NeedError, SuiteError
from qfloor.meant import meant, offer_meant
from qfloor.prices import NANO, nanousd
from qfloor.records import PriceComponent, PriceRule, Prompt
from qfloor.router import Need
from qfloor.router.asked import Asked

Text = Annotated[str, Field(min_length=1)]
MOST_NANOUSD = 10**12 * NANO
"""No month costs more; what is written beyond is a slip, and no number to reckon with."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class _Head(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """What the workload is called: small letters, digits, hyphens."""
    title: str = ""
    """What a person calls it."""


class _Now(_Strict):
    offer: Text | None = None
    """What everything goes to today; one of the three is needed."""
    flat_usd: str | None = None
    """Or what the month costs today, whatever is asked for."""
    usd_each: str | None = None
    """Or what one output costs today."""


class _Reference(_Strict):
    before_usd: str
    """What a known case says it paid."""
    after_usd: str
    """And what it pays when routed."""
    mix: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """Its share of requests by the price of one."""


class _Benchmark(_Strict):
    usd: str | None = None
    """What the benchmark itself costs."""
    months: Annotated[float, Field(gt=0, le=120, strict=False)] = 1.0
    """Months that it serves."""


class _Policy(_Strict):
    objective: Literal["price", "usable_cost"] = "price"
    """What cheapest means; as in `policy.toml`."""
    on_uncertified: Text = "refuse"
    """When nothing is eligible; as in `policy.toml`."""


class _Requests(_Strict):
    count: Annotated[int, Field(gt=0, lt=10**12)]
    """Requests a month."""
    tier: Text = "professional"
    """What they must clear."""
    prompts: list[Text] = []
    """Their texts, in equal shares; or"""
    suite: Text | None = None
    """a suite's prompts: one that ships, or a file, from this file's folder."""
    category: Text | None = None
    """Of a suite: only its prompts; of prompts: what they are, where you know it."""
    modality: Literal["image", "video"] | None = None
    """Likewise."""


class _File(_Strict):
    workload: _Head
    """What it is."""
    now: _Now
    """What is paid today."""
    reference: _Reference | None = None
    """A known case to be compared with."""
    policy: _Policy = _Policy()
    """How it is routed."""
    benchmark: _Benchmark = _Benchmark()
    """What knowing the floors costs."""
    prices: dict[str, str] = {}
    """Prices of an output by offer, in place of the database's."""
    requests: Annotated[list[_Requests], Field(min_length=1)]
    """What is asked for, in parts."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What a known case says of itself; the report tells where the measurement differs.

    ``mix`` is the share of requests by the price of one, as decimal strings.
    """

    before_nanousd: int
    after_nanousd: int
    mix: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A month of requests and what is paid for them now, by exactly one of three ways."""

    name: str
    title: str
    requests: tuple[Asked, ...]
    offer: str | None
    flat_nanousd: int | None
    each_nanousd: int | None
    reference: Reference | None
    policy: Mapping[str, str]
    prices: Mapping[str, str]
    benchmark_nanousd: int | None
    months: float

    @property
    def volume(self) -> int:
        """Requests a month."""
        return round(sum((Fraction(a.count) for a in self.requests), Fraction(0)))


def workloads() -> list[str]:
    """Names of the workloads that ship."""
    return package_data.names("benchmarks/workloads")


def load_workload(
    name_or_path: str | Path, *, categories: Collection[str] | None = None
) -> Workload:
    """Read a workload by name or path.

    Parameters
    ----------
    name_or_path : str or Path
        One that ships, or a TOML file.
    categories : collection of str, optional
        What the ``category`` of prompts may be; of any other no rate is known.

    Returns
    -------
    Workload

    Raises
    ------
    InputError
        One sentence: what is wrong with which field.
    """
    path = package_data.find("benchmarks/workloads", "workload", name_or_path, InputError)
    if path.suffix.lower() in (".csv", ".tsv", ".jsonl", ".db"):
        raise InputError(f"{path}: not a TOML file: a log of requests is for `qfloor replay`")
    told = toml_file.read(path, InputError, "workload")
    file = field_words.checked(path, told, _File, InputError)
    now = file.now
    if sum(v is not None for v in (now.offer, now.flat_usd, now.usd_each)) != 1:
        raise InputError(f"{path}: [now] takes exactly one of offer, flat_usd and usd_each")
    return Workload(
        name=file.workload.name,
        title=file.workload.title,
        requests=tuple(
            a for n, row in enumerate(file.requests) for a in _asked(path, n, row, categories)
        ),
        offer=now.offer,
        flat_nanousd=_money(path, "now.flat_usd", now.flat_usd),
        each_nanousd=_money(path, "now.usd_each", now.usd_each),
        reference=_reference(path, file.reference),
        policy=file.policy.model_dump(),
        prices={
            o: usd for o, usd in file.prices.items() if _money(path, f"prices.{o}", usd) is not None
        },
        benchmark_nanousd=_money(path, "benchmark.usd", file.benchmark.usd),
        months=file.benchmark.months,
    )


def _money(path: Path, name: str, usd: str | None) -> int | None:
    if usd is None:
        return None
    try:
        amount = nanousd(usd)
    except InputError as error:
        raise InputError(f"{path}: field {name!r} is {usd!r}, must be dollars as '0.04'") from error
    if amount > MOST_NANOUSD:
        most = f"${MOST_NANOUSD // NANO:,}"
        raise InputError(f"{path}: field {name!r} is {usd!r}, must be at most {most}")
    return amount


def _reference(path: Path, told: _Reference | None) -> Reference | None:
    if told is None:
        return None
    before = _money(path, "reference.before_usd", told.before_usd)
    after = _money(path, "reference.after_usd", told.after_usd)
    assert before is not None
    assert after is not None
    if not before:
        raise InputError(f"{path}: field 'reference.before_usd' must be above 0")
    for usd in told.mix:
        _money(path, "reference.mix", usd)
    return Reference(before_nanousd=before, after_nanousd=after, mix=told.mix)


def _asked(path: Path, n: int, row: _Requests, categories: Collection[str] | None) -> list[Asked]:
    """Share a count among the prompts it is about."""
    where = f"{path}: {field_words.place(('requests', n))}"
    texts: list[tuple[str, dict[str, Any], str | None]]
    if bool(row.prompts) == (row.suite is not None):
        raise InputError(f"{where}: give either prompts or a suite to draw them from")
    if row.suite is None:
        if row.category is not None and categories is not None and row.category not in categories:
            hint = meant(row.category, categories)
            raise InputError(f"{where}: the release has no category {row.category!r}{hint}")
        texts = [(text, {"modality": row.modality}, row.category) for text in row.prompts]
    else:
        try:
            prompts = suite.load(row.suite, beside=path).prompts
        except SuiteError as error:
            raise InputError(f"{where}.suite: {error}") from error
        texts = [
            (p.text, {"modality": p.modality, "aspect_ratio": p.aspect_ratio, "seconds": p.seconds,
                      "negative": p.negative}, p.category)
            for p in _drawn(where, row, prompts)
        ]  # fmt: skip
    each = Fraction(row.count, len(texts))
    try:
        return [
            Asked(need=Need(prompt=text, tier=row.tier, **more), count=each, category=category)
            for text, more, category in texts
        ]
    except NeedError as error:
        raise InputError(f"{where}: {error}") from error


def _drawn(where: str, row: _Requests, prompts: Sequence[Prompt]) -> list[Prompt]:
    """What of a suite's prompts is asked for."""
    of_category = [p for p in prompts if row.category in (None, p.category)]
    if not of_category:
        hint = meant(str(row.category), sorted({p.category for p in prompts}))
        raise InputError(f"{where}: the suite {row.suite!r} has no category {row.category!r}{hint}")
    drawn = [p for p in of_category if row.modality in (None, p.modality)]
    if not drawn:
        of = "" if row.category is None else f" of {row.category}"
        raise InputError(f"{where}: the suite {row.suite!r} has no {row.modality} prompt{of}")
    return drawn


def price_rules(workload: Workload, known: Mapping[str, PriceRule]) -> dict[str, PriceRule]:
    """A release's prices with those that this team pays for an output in their place.

    Raises
    ------
    InputError
        When it pays for an offer that the release has no price of to replace.
    """
    rules = dict(known)
    for offer, usd in workload.prices.items():
        if offer not in known:
            raise InputError(
                f"workload {workload.name}: prices.{offer!r} is no offer that the database prices"
                f"{offer_meant(offer, known)}"
            )
        rules[offer] = PriceRule(  # of an output, be it a clip, whatever the list price counts
            components=(PriceComponent(unit="image", amount=usd),),
            source=f"declared by the workload {workload.name}",
            as_of=known[offer].as_of,
            charged_on=known[offer].charged_on,
        )
    return rules
