"""``qfloor offers``: what can be bought and judged."""

from __future__ import annotations

import datetime as dt
import fnmatch

import typer

from qfloor.cli.output import Csv, Json, emit, say
from qfloor.errors import QfloorError

app = typer.Typer(help="Offers: what can be bought, and is judged.", no_args_is_help=True)


@app.command("list")
def list_(
    pattern: str = typer.Argument("*", help="Ids to list, with wildcards."),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """List the offers that installed generators declare.

    Example: qfloor offers list 'painters/*'
    """
    from qfloor.generators.catalogue import catalogue

    offers = [o for o in catalogue().values() if fnmatch.fnmatch(o.id, pattern)]
    if as_json:
        emit([{"offer": o} for o in offers], as_json=True)
        return
    rows = [
        {
            "offer": o.id,
            "makes": list(o.modalities or (o.modality,)),
            "version": o.version,
            "price": [f"{c.amount} {c.currency}/{c.unit}" for c in o.price.components]
            if o.price
            else None,
            "as_of": o.price.as_of if o.price else None,
            "state": o.lifecycle.state,
            "notes": o.notes,
        }
        for o in offers
    ]
    emit(rows, as_csv=as_csv, empty=f"no offer matches {pattern!r}")


@app.command()
def check(
    today: str | None = typer.Option(None, help="The day to check against; by default today."),
) -> None:
    """Show offers that are gone, deprecated, unpriced or past a date; exit 1 if there are any.

    Example: qfloor offers check
    """
    from qfloor.generators.catalogue import catalogue

    day = today or dt.date.today().isoformat()
    findings = []
    for offer in catalogue().values():
        dates = offer.lifecycle
        if dates.state != "active":
            findings.append(f"{offer.id}: {dates.state}")
        elif dates.gone and dates.gone <= day:
            findings.append(f"{offer.id}: gone since {dates.gone}, but listed as active")
        if offer.price is None:
            findings.append(f"{offer.id}: unpriced")
    for finding in findings:
        say(finding)
    if findings:
        raise QfloorError(f"{len(findings)} offers need attention, listed above")
    say(f"{len(catalogue())} offers, all active and priced")
