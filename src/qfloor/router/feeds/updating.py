"""Read a price source, look at it with suspicion, keep what is believed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from qfloor.errors import InputError
from qfloor.records import Offer, PriceRule
from qfloor.router.feeds.fetching import TIMEOUT_S, is_address, read_place
from qfloor.router.feeds.files import Format, SourceRead, read_source
from qfloor.router.feeds.guards import Checked, check_rows
from qfloor.router.feeds.prices_kept import rules_of
from qfloor.router.feeds.pricing import rows_of_offers
from qfloor.router.feeds.rows import Key, PriceRow
from qfloor.router.feeds.store import Check, FeedStore
from qfloor.router.feeds.units import about, cannot_price, in_their_unit
from qfloor.router.moments import moment

RESERVED = ("catalogue",)
"""What `compare` and `show` call prices that come with no feed."""


@dataclass(frozen=True, kw_only=True)
class PriceUpdate:
    """What an update came to. ``left_out`` says why rows were no prices, one sentence each."""

    source: str
    place: str
    checked: Checked
    left_out: tuple[str, ...]
    at: str


def update_prices(
    store: FeedStore,
    place: str,
    *,
    now: dt.datetime,
    source: str | None = None,
    form: Format = "auto",
    as_of: str | None = None,
    rates: Mapping[str, str] | None = None,
    least_rows: int | None = None,
    confirmed: bool = False,
    offers: Iterable[Offer] = (),
    timeout_s: float = TIMEOUT_S,
    read: SourceRead | None = None,
) -> PriceUpdate:
    """Take the prices of a file or address into the feeds.

    Parameters
    ----------
    store : FeedStore
    place : str
        A file, or an address that begins with ``https://``.
    now : datetime
    source : str, optional
        Name it is known by; by default the file's.
    form, as_of, rates
        See `qfloor.router.feeds.files.read_source`. What is fetched is as of when its server
        says it changed, else as of now.
    least_rows : int, optional
        Fewer prices are refused; by default 1, and 50 of litellm's map.
    confirmed : bool
        A person looked at what moved or shrank.
    offers : iterable of Offer
        Whose prices are known without feeds: what a source tells for the first time is held
        against them, and against other sources.
    timeout_s : float
        For fetching.
    read : SourceRead, optional
        What the place says, where it was read already.

    Returns
    -------
    PriceUpdate

    Raises
    ------
    InputError
        When the source is refused. What was good before is kept, and the refusal noted.
    """
    source = source or source_name(place)
    if source in RESERVED:
        raise InputError(f"{source!r} is no name for a source: so is called what ships (--source)")
    try:
        if read is None:
            read = _read(place, now, form=form, as_of=as_of, rates=rates, timeout_s=timeout_s)
        sold = {offer.id: offer for offer in offers}
        read = _priceable(place, read, about(sold.values()))
        least = read.least_rows if least_rows is None else least_rows
        how = {"today": now.date().isoformat(), "least_rows": least, "confirmed": confirmed}
        try:
            checked = store.keep_prices(source, place, _check(source, read.rows, sold, how), now)
        except InputError as error:
            raise InputError(f"{place}: {error}") from error
    except InputError as error:
        store.note_refusal(source, place, str(error), now)
        raise
    return PriceUpdate(
        source=source,
        place=place,
        checked=checked,
        left_out=tuple(read.left_out),
        at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
    )


def update_file(path: Path, place: str, **how: Any) -> PriceUpdate:
    """`update_prices` of a feeds file; where there is none, a source that is refused makes none."""
    if not path.is_file():
        told = {name: how[name] for name in ("form", "as_of", "rates", "timeout_s") if name in how}
        read = _read(place, how["now"], **told)
        how |= {"read": read, "offers": tuple(how.get("offers", ()))}  # both passes need them
        with FeedStore.open(":memory:") as first:
            update_prices(first, place, **how)
    with FeedStore.open(path) as store:
        return update_prices(store, place, **how)


def _read(
    place: str,
    now: dt.datetime,
    *,
    form: Format = "auto",
    as_of: str | None = None,
    rates: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> SourceRead:
    """What a file or address says now, none of it of days to come."""
    content, changed = read_place(place, timeout_s=timeout_s)
    if as_of is None and is_address(place):
        as_of = changed or now.astimezone(dt.UTC).isoformat(timespec="seconds")
    read = read_source(content, place, form=form, as_of=as_of, rates=rates)
    _refuse_future(place, [row.as_of for row in read.rows], now)
    return read


def _check(
    source: str, rows: Sequence[PriceRow], sold: Mapping[str, Offer], how: Mapping[str, Any]
) -> Check:
    """Hold a source's rows against what it said last, and what others say."""

    def check(kept: dict[str, list[PriceRow]]) -> Checked:
        reckoned = in_their_unit(rows, about(sold.values()), _before(kept, sold))
        last = {row.key: row for row in kept.pop(source, ())}
        elsewhere = _elsewhere(kept, sold.values())
        return check_rows(rows, last, elsewhere=elsewhere, reckoned=reckoned, **how)

    return check


def _priceable(
    place: str, read: SourceRead, known: Mapping[tuple[str, str], list[Offer]]
) -> SourceRead:
    """Leave out rows whose unit can price nothing they are about; of an own file, refuse it."""
    rows, left = [], list(read.left_out)
    for row in read.rows:
        why = cannot_price(row, known)
        if why is None:
            rows.append(row)
        elif read.own:
            raise InputError(f"{place}: {why}")
        else:
            left.append(f"{row.name}: {why}")
    return replace(read, rows=rows, left_out=left)


def _before(
    kept: Mapping[str, Iterable[PriceRow]], offers: Mapping[str, Offer]
) -> dict[str, PriceRule]:
    """What offers are bought at until now: by the feeds, else as is known without them."""
    known = {o.id: o.price for o in offers.values() if o.price is not None}
    return {**known, **rules_of(kept, offers, known, None)}


def _elsewhere(
    others: Mapping[str, Iterable[PriceRow]], offers: Iterable[Offer]
) -> dict[Key, PriceRow]:
    """What offers are known to cost, and what other sources say, which is newer."""
    found = {row.key: row for row in rows_of_offers(offers)}
    return found | {row.key: row for rows in others.values() for row in rows}


def source_name(place: str) -> str:
    """A short name: of a file without its ending, of an address its last part."""
    path = urlsplit(place).path if is_address(place) else place.replace("\\", "/")
    return PurePosixPath(path).stem or urlsplit(place).hostname or place


def _refuse_future(place: str, days: list[str], now: dt.datetime) -> None:
    """A price of next year would never grow old."""
    last = max(days, key=moment, default=None)
    if last is not None and moment(last) > now + dt.timedelta(days=2):
        raise InputError(f"{place}: as_of {last} lies in the future")
