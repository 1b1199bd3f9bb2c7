"""``qfloor offers``: what can be bought and judged."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.counting import several
from qfloor.errors import InputError, QfloorError

if TYPE_CHECKING:
    from qfloor.records import Offer

app = typer.Typer(help="Offers: what can be bought, and is judged.", no_args_is_help=True)

Files = typer.Option([], "--file", help="A file of your own offers beside the catalogue.")
OLD_DAYS = 180
"""Days after which a catalogue price is worth looking at again."""


@app.command("list")
def list_(
    pattern: str = typer.Argument("*", help="Ids to list, with wildcards."),
    file: list[Path] = Files,
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """List the offers that can be named: built in, of hosted sellers, and your own.

    One whose seller told a run of this workspace that the model is gone is marked.

    Example: qfloor offers list 'bfl/*'
    """
    offers = _matching(pattern, file)
    if as_json:
        emit([{"offer": o} for o in offers], as_json=True)
        return
    gone = _gone(workspace)
    rows = [
        {
            "offer": o.id,
            "makes": list(o.modalities or (o.modality,)),
            "price": _price(o),
            "as_of": (o.price.as_of or None) if o.price else None,
            "state": "gone, its seller says" if o.id in gone else o.lifecycle.state,
            "until": o.lifecycle.gone,
            "called_by": o.generator.name if o.generator else None,
        }
        for o in offers
    ]
    emit(rows, as_csv=as_csv, empty=f"no offer matches {pattern!r}")


@app.command()
def check(
    pattern: str = typer.Argument("*", help="Ids to check, with wildcards."),
    file: list[Path] = Files,
    workspace: Path = Workspace,
    today: str | None = typer.Option(None, help="The day to check against; by default today."),
    old_days: int = typer.Option(OLD_DAYS, min=1, help="Days after which a price is old."),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show offers that are gone, deprecated, unpriced or past a date; exit 1 if there are any.

    Example: qfloor offers check 'painters/*'
    """
    day = _day(today)
    offers = _matching(pattern, file)
    if not offers:
        raise InputError(
            f"no offer matches {pattern!r}; see qfloor offers list, and --file for your own"
        )
    gone = _gone(workspace)
    rows = [
        {"offer": offer.id, "finding": finding, "detail": detail}
        for offer in offers
        for finding, detail in (*_told(offer, gone), *_findings(offer, day, old_days))
    ]
    if not rows:
        say(f"{several(len(offers), 'offer')}, all active, callable and priced")
        return
    emit(rows, as_json=as_json, as_csv=as_csv)
    found = len({row["offer"] for row in rows})
    raise QfloorError(
        f"{found} of {several(len(offers), 'offer needs', 'offers need')} attention, listed above"
    )


def _matching(pattern: str, files: Sequence[Path]) -> list[Offer]:
    from qfloor.generators.catalogue import catalogue_with

    known = catalogue_with(files)
    return [known[name] for name in sorted(known) if fnmatch.fnmatchcase(name, pattern)]


def _gone(workspace: Path) -> dict[str, str]:
    """Offers whose seller last told a run of this workspace that the model is gone, and when."""
    from qfloor.store import Store

    if not (workspace / "store.db").exists():
        return {}
    with Store.open(workspace) as store:
        return store.gone_since()


def _told(offer: Offer, gone: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    if offer.id in gone:
        yield "gone", f"its seller said so when it was asked on {gone[offer.id][:10]}"


def _day(text: str | None) -> dt.date:
    try:
        return dt.date.fromisoformat(text) if text else dt.date.today()
    except ValueError:
        raise InputError(f"--today is {text!r}, must be a day such as 2026-12-01") from None


def _price(offer: Offer) -> list[str] | None:
    if offer.price is None:
        return None
    return [f"{c.amount} {c.currency}/{c.unit}" for c in offer.price.components]


def _findings(offer: Offer, day: dt.date, old_days: int) -> Iterable[tuple[str, str]]:
    """Say what is wrong with an offer on a day: the kind, and a word on it."""
    from qfloor.errors import PluginError
    from qfloor.plugins import find, installed

    dates, today = offer.lifecycle, day.isoformat()
    if dates.state == "gone" or (dates.gone is not None and dates.gone <= today):
        yield "gone", f"since {dates.gone}" if dates.gone else offer.notes
    elif dates.state == "uncertain":
        yield "uncertain", offer.notes
    elif dates.state == "deprecated" or (dates.deprecated and dates.deprecated <= today):
        yield "deprecated", f"goes on {dates.gone}" if dates.gone else offer.notes
    if offer.price is None:
        yield "unpriced", "cannot be bought under a budget"
    elif not offer.price.as_of:
        yield "price undated", offer.price.source
    elif not offer.price.source.startswith("declared"):
        age = (day - dt.date.fromisoformat(offer.price.as_of)).days
        if age > old_days:
            yield "price old", f"read {several(age, 'day')} ago, on {offer.price.as_of}"
    if offer.generator is None:
        yield "no generator", "nothing installed calls it; import its files as a folder"
    elif ":" in offer.generator.name:
        try:
            found = find("qfloor.generators", offer.generator.name)
        except PluginError as error:
            yield "no generator", str(error)
        else:
            if not callable(getattr(found, "submit", None)):
                yield "no generator", f"{offer.generator.name!r} is there, and no generator"
    elif offer.generator.name not in installed("qfloor.generators"):
        yield "no generator", f"none called {offer.generator.name!r} is installed"
