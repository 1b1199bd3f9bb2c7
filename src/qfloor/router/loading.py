"""What `choose` takes beside a release, from the files that a team keeps.

    policy.toml                            load_policy (qfloor.router.policy_file)
    feeds.db, or prices as CSV or JSON     load_prices
    feeds.db, or health.json               load_health

No part of ``import qfloor.router``: `qfloor.router` loads this module when one of its names is
first asked for. Each function reads the file once, whole or not at all; nothing watches it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from qfloor.errors import InputError, NeedError, StoreError
from qfloor.router.database import Database
from qfloor.router.feeds import FeedStore, update_prices
from qfloor.router.health_file import read_health
from qfloor.router.moments import moment
from qfloor.router.policy import HealthFeed, PriceFeed
from qfloor.router.policy_file import load_policy

__all__ = ["load_health", "load_policy", "load_prices"]

_SQLITE = b"SQLite format 3\0"
_IN_MEMORY = ":memory:"


def load_prices(
    path: str | Path,
    db: Database,
    *,
    now: str | None = None,
    as_of: str | None = None,
    rates: Mapping[str, str] | None = None,
    confirmed: bool = False,
) -> PriceFeed | None:
    """Read prices that are newer than a release's.

    Parameters
    ----------
    path : str or Path
        ``feeds.db`` as ``qfloor prices update`` keeps it, or a source that it reads: CSV, JSON,
        or litellm's price map.
    db : Database
        Its offers are priced; a price of its own that is newer than the file's stays.
    now : str, optional
        ISO day or time: what cannot be bought any more is left out. By default now.
    as_of, rates : optional
        Of a source: the day of rows that have none of their own, and USD per unit of other
        currencies, such as ``{"CNY": "0.14"}``.
    confirmed : bool
        Of a source: a person looked at the prices that moved far from the release's.

    Returns
    -------
    PriceFeed or None
        None when no offer of the release is priced.

    Raises
    ------
    InputError
        When a source is refused, or holds a price that is too far from the release's to be
        believed unseen.
    StoreError
        When there is no such file, or it is another kind of database.
    """
    at, path = _at(now), Path(path)
    today = at.date().isoformat()
    if _is_database(path):
        with FeedStore.open(path, create=False) as store:
            return store.prices(db, today=today)
    offers = [replace(offer, price=db.prices.get(offer.id)) for offer in db.offers.values()]
    with FeedStore.open(_IN_MEMORY) as store:  # so the guards are those of `qfloor prices update`
        update = update_prices(
            store, str(path), now=at, as_of=as_of, rates=rates, offers=offers, confirmed=confirmed
        )
        if held := update.checked.held:
            raise InputError(
                f"{path}: too far from what is known to be believed unseen ({held[0].text}); look "
                "at it, and give confirmed=True if it is right"
            )
        return store.prices(db, today=today)


def load_health(
    path: str | Path, *, db: Database | None = None, now: str | None = None
) -> HealthFeed | None:
    """Read how offers fare now.

    Parameters
    ----------
    path : str or Path
        ``health.json``, or ``feeds.db`` as a gateway or a run keeps it.
    db : Database, optional
        Of ``feeds.db``: its 95th percentiles are the usual ones of offers that have none yet.
    now : str, optional
        Of ``feeds.db``: ISO time to look at; by default now.

    Returns
    -------
    HealthFeed or None
        None when ``feeds.db`` has heard of no offer.

    Raises
    ------
    InputError
        One sentence: which offer's field is wrong, and what it must be.
    StoreError
        When the database is another one than feeds.
    """
    at, path = _at(now), Path(path)
    if not path.is_file() or not _is_database(path):
        return read_health(path)
    seen = {} if db is None else db.latency
    usual = {offer: one.p95_s for offer, one in seen.items() if one.p95_s and one.n}
    with FeedStore.open(path, create=False) as store:
        return store.health(at, usual=usual, steer=False)  # who only looks moves nothing


def _at(now: str | None) -> dt.datetime:
    if now is None:
        return dt.datetime.now(dt.UTC)
    try:
        return moment(now)
    except ValueError:
        raise NeedError(f"now is {now!r}, must be a day or time such as 2026-11-24") from None


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:
        raise StoreError(f"{path}: no such file") from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
