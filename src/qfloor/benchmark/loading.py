"""Load a benchmark file: everything is checked before anything is spent."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from qfloor import field_words, package_data, toml_file
from qfloor.benchmark.qualities import quality_of
from qfloor.benchmark.record import Benchmark, CalibrationPlan, RaterPanel
from qfloor.benchmark.tables import (
    BenchmarkFile,
    BenchmarkTable,
    ExcludeTable,
    LimitsTable,
    PanelTable,
    TrafficTable,
)
from qfloor.benchmark.thresholds import check_references, demands_of
from qfloor.errors import BenchmarkError
from qfloor.generators.builtin.raters import RATERS
from qfloor.generators.catalogue import catalogue_with
from qfloor.meant import meant
from qfloor.prices import NANO
from qfloor.records import (
    CATEGORIES,
    GENERAL,
    Exclusion,
    Offer,
    PluginSpec,
    RateLimits,
    Traffic,
)

ROUND = re.compile(r"\d{4}-(0[1-9]|1[0-2])([.-][A-Za-z0-9]+)?")


def names() -> list[str]:
    """Return the names of the benchmarks that ship."""
    return package_data.names("benchmarks")


def find(name_or_path: str | Path) -> Path:
    """Resolve a benchmark's name or path to a file; BenchmarkError when there is none."""
    return package_data.find("benchmarks", "benchmark", name_or_path, BenchmarkError)


def load(name_or_path: str | Path, *, round: str | None = None) -> Benchmark:
    """Load and validate a benchmark file.

    Parameters
    ----------
    name_or_path : str or Path
    round : str, optional
        Overrides the file's round, e.g. ``2026-12``: a new round buys anew.

    Returns
    -------
    Benchmark

    Raises
    ------
    BenchmarkError
        One sentence naming file, field and the nearest valid value.
    """
    path = find(name_or_path)
    file = _parse(path)
    table = file.benchmark
    quality = quality_of(path, file)
    if bool(table.suites) == table.imported:
        raise BenchmarkError(
            f"{path}: benchmark.suites must name at least one suite, unless imported = true; "
            "then the prompts are those that were judged, and no suite may be named"
        )
    exclusions = _exclusions(path, file.exclude)
    thresholds, rules = demands_of(path, file.thresholds, quality)
    offers, declared = _offers(path, table, exclusions)
    loaded = Benchmark(
        name=table.name,
        title=table.title,
        suites=tuple(table.suites),
        offers=offers,
        declared=declared,
        patterns=tuple(table.offers),
        imported=table.imported,
        repeats=table.repeats,
        scorers=tuple(PluginSpec(name=s.name, args=s.args) for s in file.scorers),
        quality=quality,
        thresholds=thresholds,
        rules=rules,
        alpha=table.alpha,
        family=table.family,
        correction=table.correction,
        round=check_round(round) if round is not None else check_round(table.round, str(path)),
        seed=table.seed,
        budget_nanousd=parse_budget(path, table.budget_usd),
        panel=_panel(path, file.raters),
        calibrations=tuple(CalibrationPlan(**c.model_dump()) for c in file.calibrations),
        illustrative=table.illustrative,
        notes=table.notes,
        path=str(path),
        references=dict(file.references),
        sessions=tuple(file.quality.sessions),
        exclusions=exclusions,
        traffic=_traffic(path, file.traffic),
        limits=_limits(path, file.limits, offers),
        allow_unpriced=table.allow_unpriced,
    )
    if not loaded.imported:
        check_references(path, rules, loaded.offers)
    try:
        _ = loaded.digest
    except (ValueError, TypeError, RecursionError) as error:
        raise BenchmarkError(f"{path}: has a value that cannot be kept: {error}") from error
    return loaded


def check_round(round: str, file: str = "") -> str:
    """Return a round's name if a benchmark can have it; BenchmarkError if not.

    ``file`` is where it is written, if in one; else it was said with ``--round``.
    """
    if not ROUND.fullmatch(round):
        where = f"{file}: round" if file else "--round"
        raise BenchmarkError(f"{where} is {round!r}, must look like 2026-11")
    return round


def _panel(path: Path, table: PanelTable | None) -> RaterPanel | None:
    """Refuse a panel that could not sit before anything is bought for it."""
    if table is None:
        return None
    if table.raters > len(RATERS):
        raise BenchmarkError(
            f"{path}: raters.raters is {table.raters}, but there are {len(RATERS)} simulated raters"
        )
    if table.votes > table.raters:
        raise BenchmarkError(
            f"{path}: raters.votes is {table.votes}, more than the {table.raters} raters there are"
        )
    return RaterPanel(**table.model_dump())


def _limits(
    path: Path, tables: dict[str, LimitsTable], offers: tuple[Offer, ...]
) -> dict[str, RateLimits]:
    """Limits by provider; one that sells none of the offers is a slip of the pen."""
    known = {offer.provider for offer in offers}
    for provider in tables:
        if provider not in known:
            raise BenchmarkError(
                f"{path}: limits.{provider} limits nobody; the benchmark's offers are of "
                f"{', '.join(sorted(known)) or 'no provider'}"
            )
    return {provider: RateLimits(**table.model_dump()) for provider, table in tables.items()}


def _traffic(path: Path, table: TrafficTable | None) -> Traffic | None:
    """Refuse a mix of one, or of a category that is none."""
    if table is None:
        return None
    known = {category.id for category in (*CATEGORIES, GENERAL)}
    for category in table.categories:
        if category not in known:
            hint = meant(category, sorted(known))
            raise BenchmarkError(f"{path}: traffic of category {category!r} is unknown{hint}")
    if not table.weights and not any(table.categories.values()):
        raise BenchmarkError(f"{path}: traffic gives no weights, neither for all nor by category")
    return Traffic(by=table.by, weights=table.weights, categories=table.categories)


def _parse(path: Path) -> BenchmarkFile:
    content = toml_file.read(path, BenchmarkError, "benchmark file")
    return field_words.checked(path, content, BenchmarkFile, BenchmarkError)


def _offers(
    path: Path, table: BenchmarkTable, exclusions: tuple[Exclusion, ...]
) -> tuple[tuple[Offer, ...], tuple[Offer, ...]]:
    """The benchmark's offers; or what is declared of those that imported ratings may be of."""
    known = catalogue_with(path.parent / name for name in table.offer_files)
    if not table.imported:
        return _kept(path, _chosen(path, table, known), exclusions), ()
    named = (o for o in known if any(fnmatch.fnmatchcase(o, p) for p in table.offers))
    return (), tuple(known[name] for name in sorted(named))


def _chosen(path: Path, table: BenchmarkTable, known: Mapping[str, Offer]) -> tuple[Offer, ...]:
    chosen: dict[str, Offer] = {}
    for pattern in table.offers:
        matched = fnmatch.filter(sorted(known), pattern)
        if not matched:
            files = ", ".join(table.offer_files) or "none"
            hint = meant(
                pattern, known,
                "offers come from the catalogue (see qfloor offers list) and from the files that "
                f"benchmark.offer_files names (here {files})",
            )  # fmt: skip
            raise BenchmarkError(f"{path}: no offer matches {pattern!r}{hint}")
        chosen |= {name: known[name] for name in matched}
    return tuple(chosen[name] for name in sorted(chosen))


def _exclusions(path: Path, tables: list[ExcludeTable]) -> tuple[Exclusion, ...]:
    found = tuple(Exclusion(**table.model_dump()) for table in tables)
    for n, exclusion in enumerate(found, start=1):
        if exclusion.whole_offers and exclusion.offers is None:
            raise BenchmarkError(
                f"{path}: exclude {n} ({exclusion.reason}) names neither offers, prompts, category "
                "nor tag, and would leave nothing"
            )
    return found


def _kept(
    path: Path, offers: tuple[Offer, ...], exclusions: tuple[Exclusion, ...]
) -> tuple[Offer, ...]:
    """Offers that are not left out; an exclusion of none of them is a slip of the pen."""
    for exclusion in exclusions:
        if not any(exclusion.covers_offer(offer.id) for offer in offers):
            raise BenchmarkError(f"{path}: exclude leaves out {exclusion.offers!r}, which is no "
                                 "offer of this benchmark")  # fmt: skip
    kept = tuple(
        o for o in offers if not any(e.whole_offers and e.covers_offer(o.id) for e in exclusions)
    )
    if not kept:
        raise BenchmarkError(f"{path}: exclude leaves no offer")
    return kept


def parse_budget(where: str | Path, value: str | float | None) -> int | None:
    """Turn an amount in USD into integer nano-USD, exactly; BenchmarkError if it is none.

    ``where`` is the file whose ``budget_usd`` it is, or the option that said it.
    """
    if value is None:
        return None
    said = f"{where}: budget_usd" if isinstance(where, Path) else where
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise BenchmarkError(f"{said} is {value!r}, must be an amount") from None
    if not amount.is_finite():
        raise BenchmarkError(f"{said} is {value!r}, must be an amount")
    if amount < 0:
        raise BenchmarkError(f"{said} is {value!r}, must not be negative")
    return int(amount * NANO)
