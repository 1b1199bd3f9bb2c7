"""``feeds.db``: prices and health that are newer than a release, kept for every program at once.

SQLite with a write-ahead log, so that a gateway's workers, a benchmark and a nightly price update
share it; every write is one short transaction. Prices are `qfloor.router.feeds.prices_kept`,
health is `qfloor.router.feeds.health_kept`; here is the file, its tables and its versions.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from qfloor.errors import NewerDatabaseError, StoreError
from qfloor.router.database import Database
from qfloor.router.feeds import health_kept, prices_kept
from qfloor.router.feeds.guards import Checked, Held
from qfloor.router.feeds.prices_kept import SourceAge
from qfloor.router.feeds.rows import PriceRow
from qfloor.router.health import HealthWindow
from qfloor.router.moments import moment
from qfloor.router.policy import HealthFeed, PriceFeed
from qfloor.wal import use_wal

APPLICATION_ID = 0x71666664
VERSION = 1
BUSY_S = 10.0

Check = Callable[[dict[str, list[PriceRow]]], Checked]
"""From every good row, by source, to what is believed of a source that was read anew."""

TABLES = (
    "CREATE TABLE changes (what TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID",
    *prices_kept.TABLES,
    *health_kept.TABLES,
)


class FeedStore:
    """The feeds of a workspace; open one with `open`. Safe in threads and across programs."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection
        self._lock = threading.RLock()
        self._usual = health_kept.UsualMemory()

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True) -> Self:
        """Open ``feeds.db``.

        Parameters
        ----------
        path : str or Path
        create : bool
            Make it where it is not there.

        Raises
        ------
        StoreError
            When it is missing, no feeds database, or cannot be written.
        """
        path = Path(path)
        if not path.is_file() and not create:
            raise StoreError(f"{path}: no such feeds; 'qfloor prices update' makes them, or a run")
        if not create and path.stat().st_size == 0:
            raise StoreError(f"{path}: is empty, and no feeds; 'qfloor prices update' makes them")
        if not path.parent.is_dir():
            if not create:
                raise StoreError(f"{path.parent}: no such folder")
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(path, connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise StoreError(f"{path}: cannot be used as a feeds database ({error})") from error
        return cls(path, connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _writing(self, what: str) -> Iterator[sqlite3.Connection]:
        """One transaction that changes ``what`` (prices or health), or nothing of it."""
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute(
                    "INSERT INTO changes VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1", (what,)
                )
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise StoreError(f"{self.path}: {error}") from error

    def version(self) -> str:
        """Changes whenever prices or health were written, by whichever program."""
        with self._reading() as db:
            counted = dict(db.execute("SELECT what, n FROM changes"))
        return f"{counted.get('prices', 0)}.{counted.get('health', 0)}"

    # prices

    def prices(self, db: Database, *, today: str | None = None) -> PriceFeed | None:
        """Price a release's offers by the newest source that knows each.

        Parameters
        ----------
        db : Database
            Its offers are priced; a price of its own that is newer than the feed's stays.
        today : str, optional
            Leave out what cannot be bought from this day on.

        Returns
        -------
        PriceFeed or None
            None when no offer is priced.
        """
        with self._reading() as connection:
            kept = prices_kept.rows_by_source(connection)
        rules = prices_kept.rules_of(kept, db.offers, db.prices, today)
        return PriceFeed(rules=rules) if rules else None

    def price_rows(self) -> dict[str, list[PriceRow]]:
        """Every good row, by source."""
        with self._reading() as connection:
            return prices_kept.rows_by_source(connection)

    def keep_prices(self, source: str, place: str, check: Check, at: dt.datetime) -> Checked:
        """Keep what is taken and held of a source, and that it was read.

        ``check`` is given every good row by source, and says what is believed. No other update
        comes between: two at once would both be held against what neither of them left.
        """
        with self._writing("prices") as connection:
            checked = check(prices_kept.rows_by_source(connection))
            prices_kept.keep(connection, source, place, checked, at)
        return checked

    def note_refusal(self, source: str, place: str, said: str, at: dt.datetime) -> None:
        """Keep that a source was refused, and why; its last good prices stay."""
        with self._writing("prices") as connection:
            prices_kept.note(connection, source, place, "refused", said, at)

    def held(self) -> list[tuple[str, Held]]:
        """Prices that wait for a person, with their source."""
        with self._reading() as connection:
            return prices_kept.held(connection)

    def ages(self, now: str | dt.datetime) -> list[SourceAge]:
        """Each source: how many rows, how old, how many held, what its last update came to."""
        with self._reading() as connection:
            return prices_kept.ages(connection, _moment(now))

    # health

    def keep(self, window: HealthWindow) -> None:
        """Add what a window recorded since it was last kept; nothing is counted twice."""
        unkept = window.take_unkept()
        if not unkept:
            return
        try:
            with self._writing("health") as connection:
                health_kept.keep(connection, unkept)
                self._usual.forget(unkept)
        except BaseException:
            window.give_back(unkept)
            raise

    def health(
        self,
        now: str | float | dt.datetime,
        *,
        usual: Mapping[str, float] | None = None,
        steer: bool = True,
    ) -> HealthFeed | None:
        """Say how every offer fares, by what all programs kept; None when nothing ever was.

        Parameters
        ----------
        now : str, float or datetime
        usual : mapping of str to float, optional
            Usual 95th percentiles of a release, for offers without one of their own yet.
        steer : bool
            Whether a step of a share that is due is taken for everyone. Who only looks, or looks
            at another time than now, writes nothing.
        """
        at = now if isinstance(now, float | int) else _moment(now).timestamp()
        with self._reading() as connection:
            read = health_kept.read(connection, at, self._usual, usual or {})
        if read.due and steer:
            with self._writing("health") as connection:
                read = health_kept.read(connection, at, self._usual, usual or {})
                read = health_kept.stepped(read, at)
                health_kept.write_steps(connection, read)
            return read.feed(at)
        return health_kept.stepped(read, at).feed(at)

    def taken_upto(self, what: str) -> str:
        """How far what happened before, such as a round, was taken: text that sorts; "" if not."""
        with self._reading() as connection:
            return health_kept.taken_upto(connection, what)

    def take(self, what: str, window: HealthWindow, upto: str) -> None:
        """Keep a window about what happened before, and that it was taken thus far."""
        unkept = window.take_unkept()
        with self._writing("health") as connection:
            self._usual.forget(unkept)
            health_kept.keep(connection, unkept, live=False)
            health_kept.note_taken(connection, what, upto)


def _prepare(path: Path, db: sqlite3.Connection) -> None:
    """Make the tables in a new file; refuse another kind and a newer version."""
    db.execute("BEGIN")  # one look: another program may be making the file
    kind = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    empty = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    db.execute("COMMIT")
    if kind != APPLICATION_ID and not empty:
        raise StoreError(f"{path}: another kind of file than feeds")
    if version > VERSION:
        raise NewerDatabaseError(
            f"{path}: written in format {version}, newer than the {VERSION} that this qfloor "
            "reads; upgrade qfloor"
        )
    if version == VERSION and not empty:
        return
    use_wal(db, BUSY_S)
    db.execute("BEGIN IMMEDIATE")
    if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:  # not another program
        for table in TABLES:
            db.execute(table)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _moment(now: str | dt.datetime) -> dt.datetime:
    if isinstance(now, str):
        return moment(now)
    return now if now.tzinfo else now.replace(tzinfo=dt.UTC)
