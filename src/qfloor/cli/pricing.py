"""``qfloor prices``: the price feed, updated behind guards and shown with its age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.usage import refuse
from qfloor.counting import several
from qfloor.errors import InputError, QfloorError
from qfloor.meant import meant

if TYPE_CHECKING:
    from qfloor.records import Offer, PriceRule
    from qfloor.router.feeds import FeedStore, PriceRow, PriceUpdate

app = typer.Typer(
    help="Prices that are newer than a release: updated, shown, compared.", no_args_is_help=True
)

SHOWN = 10
"""Rows that are told one by one; the rest are counted."""

_Rate = typer.Option([], "--rate", help="USD per unit of a currency, as CNY=0.14; repeatable.")
_AsOf = typer.Option(None, help="Day of prices that say nothing of theirs.")
_Least = typer.Option(None, min=1, help="Refuse fewer prices; by default 1, of litellm's map 50.")
_Confirm = typer.Option(False, "--confirm", help="You looked at what moved or shrank: believe it.")
_Files = typer.Option([], "--file", help="A file of your own offers beside the catalogue.")


@app.command()
def update(
    place: str | None = typer.Argument(None, help="A file, or an address with https://."),
    source: str | None = typer.Option(None, help="Name to keep it under; by default the file's."),
    form: Literal["auto", "csv", "json", "litellm"] = typer.Option("auto", "--format"),
    as_of: str | None = _AsOf,
    rate: list[str] = _Rate,
    least_rows: int | None = _Least,
    confirm: bool = _Confirm,
    timeout: float = typer.Option(30.0, min=1.0, max=600.0, help="Seconds for fetching."),
    database: Path | None = typer.Option(None, "--db", "-d", help="Its offers are known too."),
    file: list[Path] = _Files,
    workspace: Path = Workspace,
) -> None:
    """Take prices from a file or address (CSV, JSON, litellm's map), what is credible of them.

    Exit 0: taken. Exit 1: refused, or some held because they moved more than three times: the last
    good prices stay, and a person should look (then --confirm).

    Example: qfloor prices update prices.csv --as-of 2026-11-24
    """
    from qfloor.router.feeds import update_file

    if place is None:
        raise typer.BadParameter("give a file, or an address with https://", param_hint="PLACE")
    offers = _sold(database or workspace / "quality.db", file, must=database is not None)
    updated = update_file(
        workspace / "feeds.db",
        place,
        now=dt.datetime.now(dt.UTC),
        source=source,
        form=form,
        as_of=as_of,
        rates=_rates(rate),
        least_rows=least_rows,
        confirmed=confirm,
        offers=offers.values(),
        timeout_s=timeout,
    )
    _tell(updated, offers)


def _sold(database: Path, files: list[Path], *, must: bool) -> dict[str, Offer]:
    """Offers of the catalogue, of files of one's own, and of a release where there is one."""
    from qfloor import router
    from qfloor.generators.catalogue import catalogue_with

    found = dict(catalogue_with(files))
    if must or database.is_file():
        db = router.load(database)
        found |= {o.id: replace(o, price=db.prices.get(o.id)) for o in db.offers.values()}
    return found


def _tell(updated: PriceUpdate, offers: Mapping[str, Offer]) -> None:
    """Counts, what was left out, and what waits for a person."""
    checked = updated.checked
    strange = [r.model for r in checked.taken if not r.provider and r.model not in offers]
    _tell_strange(strange, offers)
    for text in updated.left_out[:SHOWN]:
        say(f"left out: {text}")
    if len(updated.left_out) > SHOWN:
        say(f"left out: {len(updated.left_out) - SHOWN} more")
    if checked.retired:
        say(f"dropped: {len(checked.retired)} that cannot be bought any more")
    say(
        f"{updated.source}: {several(len(checked.taken), 'price')} taken, {checked.changed} of "
        f"them changed; {len(checked.held)} held"
    )
    if checked.held:
        listed = "; ".join(h.text for h in checked.held[:SHOWN])
        raise QfloorError(
            f"{several(len(checked.held), 'price')} moved more than three times, the last good "
            f"one stays: {listed}; look at the source, then run it again with --confirm"
        )


def _tell_strange(strange: list[str], offers: Mapping[str, Offer]) -> None:
    """Names that are nearly an offer's one by one, as they are likely slips; the rest together."""
    import difflib

    close = {name: difflib.get_close_matches(name, offers, n=1, cutoff=0.85) for name in strange}
    for name in [name for name in strange if close[name]][:SHOWN]:
        say(f"note: no offer known here is called {name}; did you mean {close[name][0]}?")
    others = [name for name in strange if not close[name]]
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        say(
            f"note: no offer known here is called {', '.join(others[:SHOWN])}{more} (own offers: "
            "--file or --db)"
        )


def _rates(told: list[str]) -> dict[str, str]:
    from qfloor.router.feeds.rows import money_text

    found = {}
    for text in told:
        currency, sign, rate = text.partition("=")
        if not sign or len(currency.strip()) != 3:
            raise InputError(f"--rate is {text!r}, must look like CNY=0.14")
        found[currency.strip().upper()] = money_text("--rate", currency, rate)
    return found


@app.command()
def show(
    context: typer.Context,
    pattern: str = typer.Argument("*", help="Ids of offers, or with --rows models; wildcards."),
    rows: bool = typer.Option(False, "--rows", help="Every row of every source, not offers."),
    sources: bool = typer.Option(
        False, "--sources", help="Sources: how many prices, how old, what was held."
    ),
    database: Path | None = typer.Option(None, "--db", "-d", help="Offers of this release."),
    file: list[Path] = _Files,
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show which price counts for every offer, where it was read, and how old it is.

    The price is that of one picture of 1024 x 1024, or of 5 seconds, unless the offer fixes them.

    Example: qfloor prices show 'bfl/*'
    """
    from qfloor.router.feeds import FeedStore

    if sources:
        refuse(context, ("pattern", "rows"), "goes without --sources, which are told all")
    if rows or sources:
        refuse(
            context,
            ("database", "file"),
            "goes with prices of offers, not with --rows or --sources",
        )
    now = dt.datetime.now(dt.UTC)
    place = workspace / "feeds.db"
    if not place.is_file() and not (rows or sources):
        say(f"{place}: no feeds yet, 'qfloor prices update' makes them; prices without them:")
        told = _offers({}, now, pattern, database, file)
        emit(told, as_json=as_json, as_csv=as_csv, empty="no price to show")
        return
    with FeedStore.open(place, create=False) as store:
        if sources:
            told = [dict(vars(age)) for age in store.ages(now)]
        elif rows:
            told = _rows(store, now, pattern)
        else:
            told = _offers(store.price_rows(), now, pattern, database, file)
    emit(told, as_json=as_json, as_csv=as_csv, empty="no price to show")


def _rows(store: FeedStore, now: dt.datetime, pattern: str) -> list[dict[str, object]]:
    import fnmatch

    from qfloor.router.moments import days_old

    held = {(source, h.row.key): h.row.usd for source, h in store.held()}
    return [
        {
            "source": source,
            "provider": row.provider or None,
            "model": row.model,
            "unit": row.unit,
            "variant": dict(row.variant),
            "usd": row.usd,
            "held_usd": held.get((source, row.key)),
            "as_of": row.as_of,
            "age_days": days_old(row.as_of, now.isoformat()),
            "retires": row.retires,
        }
        for source, kept in store.price_rows().items()
        for row in kept
        if any(fnmatch.fnmatchcase(name, pattern) for name in _names(row))
    ]


def _names(row: PriceRow) -> tuple[str, ...]:
    """What a row may be asked for by: its model, with its seller where it says so."""
    return (row.model, f"{row.provider}/{row.model}") if row.provider else (row.model,)


def _offers(
    kept: Mapping[str, list[PriceRow]],
    now: dt.datetime,
    pattern: str,
    database: Path | None,
    files: list[Path],
) -> list[dict[str, object]]:
    import fnmatch

    from qfloor.router.feeds.comparing import reference_of, reference_price
    from qfloor.router.feeds.prices_kept import rules_of
    from qfloor.router.moments import days_old
    from qfloor.router.money import usd_text
    from qfloor.router.policy import Policy

    oldest = Policy.max_price_age_days
    offers, known = _known(database, files)
    feed = rules_of(kept, offers, known, now.date().isoformat())
    told: list[dict[str, object]] = []
    for offer_id, offer in offers.items():
        rule = feed.get(offer_id) or known.get(offer_id)
        if rule is None or not fnmatch.fnmatchcase(offer_id, pattern):
            continue
        price = reference_price(offer, rule)
        declared = rule.source.startswith("declared")
        age = None if declared else days_old(rule.as_of, now.isoformat())
        told.append(
            {
                "offer": offer_id,
                "usd": None if price is None else usd_text(price),
                "for": reference_of(offer),
                "by": list(dict.fromkeys(c.unit for c in rule.components)),
                "from": "feed" if offer_id in feed else "release" if database else "catalogue",
                "source": rule.source,
                "as_of": rule.as_of or None,
                "age_days": age,
                "counts": declared or (age is not None and age <= oldest),
            }
        )
    return told


def _known(
    database: Path | None, files: list[Path]
) -> tuple[Mapping[str, Offer], dict[str, PriceRule]]:
    """Offers and what is known of their prices without feeds."""
    if database is not None:
        from qfloor import router

        db = router.load(database)
        return db.offers, dict(db.prices)
    from qfloor.generators.catalogue import catalogue_with

    offers = catalogue_with(files)
    return offers, {o.id: o.price for o in offers.values() if o.price is not None}


@app.command()
def compare(
    one: str = typer.Argument(help="A source of the feeds, or 'catalogue'."),
    other: str = typer.Argument("catalogue", help="The other one."),
    every: bool = typer.Option(False, "--all", help="Also offers on which they agree."),
    file: list[Path] = _Files,
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Hold two sources of prices against each other, worst disagreement first.

    They agree within 10%; an offer that only one of them prices is shown with --all.

    Example: qfloor prices compare litellm catalogue
    """
    from qfloor.router.feeds import FeedStore, compare_sources
    from qfloor.router.feeds.pricing import PriceShelf
    from qfloor.router.money import usd_text

    if one == other:
        raise InputError(f"{one!r} is held against itself; give two sources")
    offers, known = _known(None, file)
    with FeedStore.open(workspace / "feeds.db", create=False) as store:
        kept = store.price_rows()
    rules = []
    for name in (one, other):
        if name != "catalogue" and name not in kept:
            raise InputError(f"no source is called {name!r}{meant(name, ['catalogue', *kept])}")
        shelf = PriceShelf(name, kept.get(name, ()))
        told = {o.id: shelf.rule_of(o, None) for o in offers.values()}
        rules.append(known if name == "catalogue" else {o: r for o, r in told.items() if r})
    found = compare_sources(offers.values(), rules[0], rules[1])
    both = [c for c in found if c.one_nanousd is not None and c.other_nanousd is not None]
    rows = [
        {
            "offer": c.offer,
            one: None if c.one_nanousd is None else usd_text(c.one_nanousd),
            other: None if c.other_nanousd is None else usd_text(c.other_nanousd),
            "ratio": c.ratio,
            "as_of": [c.one_as_of, c.other_as_of],
        }
        for c in (found if every else [c for c in both if not c.agrees])
    ]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="they agree")
    n = sum(c.agrees for c in both)
    agree = several(len(both), "offer that both price agrees", "offers that both price agree")
    say(f"{n} of {agree}; {len(found) - len(both)} in one only")
