"""Read a quality database into memory, once, arranged for looking things up.

A `Database` is frozen and shared freely between threads; the file is opened read-only, read and
closed. It knows what the release says and nothing of needs; and it reads SQLite by itself, so
that routing needs no other part of qfloor than its records.
"""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from qfloor.errors import DatabaseError, NewerDatabaseError
from qfloor.read_only import opened_to_read
from qfloor.records import Category, Lifecycle, Offer, PriceRule
from qfloor.router.classification import Classification, Told
from qfloor.router.classifier import Classifier
from qfloor.router.lexicon import SETTINGS, WORDS
from qfloor.router.places import Place, Places, Standing, Standings
from qfloor.router.resolutions import size_of
from qfloor.router.rows import category_of, offer_of, price_of
from qfloor.router.weights import Weights, default_weights
from qfloor.uncollected import uncollected

SUPPORTED_MAJOR = 1
APPLICATION_ID = 0x71666C72
MEMO = 20_000
"""Results kept for requests of the same shape, before starting over."""
READINGS = 2_000
"""Classifications that are kept for prompts that come again."""
SHAPES = 1_000_000
"""Offers of all shapes of requests together whose prices are kept; rows of them are larger."""
ROWS = 200_000

T = TypeVar("T")
Unevidenced = tuple[str | None, float, tuple[str, ...], str, str | None, bool]
"""A `Classification` without its evidence."""


class Demand(NamedTuple):
    """What a tier demands in one category and modality."""

    value: float
    max_fail: float
    rule: str = "absolute"
    evidence: str = ""


class Latency(NamedTuple):
    """Usual seconds of an offer, as the release knows them."""

    p50_s: float | None
    p95_s: float | None
    n: int | None
    as_of: str | None


@dataclass(frozen=True, kw_only=True)
class Database:
    """A release in memory; make one with `load`.

    ``provisional`` holds offers that no person judged and a metric lets through: they count only
    where a policy allows it. ``uncalibrated`` says that all verdicts rest on metrics that nothing
    ties to people.
    """

    path: str
    name: str
    round: str
    created_at: str
    schema_version: str
    digest: str
    illustrative: bool
    primary_quality: str
    categories: Mapping[str, Category]
    offers: Mapping[str, Offer]
    demands: Mapping[Place, Demand]
    standings: Mapping[Place, Mapping[str, Standing]]
    certified: Mapping[Place, frozenset[str]]
    prices: Mapping[str, PriceRule]
    latency: Mapping[str, Latency]
    pixels: Mapping[str, tuple[int, int]]
    classifier: Classifier
    scale: tuple[float, float]
    perishable: frozenset[str]
    provisional: Mapping[Place, Mapping[str, Standing]] = field(default_factory=dict)
    uncalibrated: bool = False
    memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    readings: OrderedDict[Any, Unevidenced] = field(
        default_factory=OrderedDict, repr=False, compare=False
    )
    shapes: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    rows: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __deepcopy__(self, memo: Any) -> Database:  # frozen, and shared
        return self

    def __reduce__(self) -> Any:  # another process reads the release again, or hears it changed
        return _reloaded, (str(Path(self.path).resolve()), self.digest)

    def remember(self, key: Any, make: Callable[[], T]) -> T:
        """Keep what follows from its key and this release alone; bounded, safe in threads."""
        return _remember(self.memo, key, make, MEMO)

    def remember_reading(self, key: Any, make: Callable[[], Classification]) -> Classification:
        """Keep what a prompt was taken for; its evidence is found anew where it is looked at.

        What is kept is plain, so that the garbage collector need not look through it, and one goes
        for each that comes: no request waits while thousands are let go.
        """
        kept = self.readings.get(key)
        if kept is not None:
            told = Told(lambda: make().evidence)
            return Classification(*kept[:3], told, *kept[3:])
        made = make()
        while len(self.readings) >= READINGS:  # more than one where threads met
            with contextlib.suppress(KeyError):  # another thread was sooner
                self.readings.popitem(last=False)
        self.readings[key] = (*made[:3], *made[4:])
        return made

    def remember_shape(self, key: Any, make: Callable[[], T]) -> T:
        """Keep what may have a number of every offer."""
        most = min(MEMO, SHAPES // max(1, len(self.offers)))
        return _remember(self.shapes, key, make, max(64, most))

    def remember_rows(self, key: Any, make: Callable[[], T]) -> T:
        """Keep what has a row of every offer."""
        return _remember(self.rows, key, make, max(8, ROWS // max(1, len(self.offers))))


def _remember(kept: dict[Any, Any], key: Any, make: Callable[[], T], most: int) -> T:
    try:
        return kept[key]  # type: ignore[no-any-return]
    except KeyError:
        pass
    if len(kept) >= most:
        kept.clear()
    made = kept[key] = make()
    return made


def load(path: str | Path) -> Database:
    """Read ``quality.db``; its digest is taken as stated (``qfloor verify`` computes it again).

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Database

    Raises
    ------
    NewerDatabaseError
        When a newer major version of the format wrote it.
    DatabaseError
        When it is missing, damaged, or not a quality database.
    """
    path = Path(path)
    if path.is_dir():
        raise DatabaseError(f"{path}: is a folder; name the file in it, such as quality.db")
    if not path.is_file():
        raise DatabaseError(f"{path}: no such quality database")
    try:
        # what stays is made without the garbage collector, which took a third of a first load
        with opened_to_read(path) as connection, uncollected():
            _check(path, connection)
            return _read(path, connection)
    except (sqlite3.Error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DatabaseError(
            f"{path}: not a quality database, or a damaged one ({error})"
        ) from error


@lru_cache(maxsize=4)
def _reloaded(path: str, digest: str) -> Database:
    """The release that was pickled, read once a process."""
    found = load(path)
    if found.digest != digest:
        raise DatabaseError(
            f"{path}: is release {found.digest[:12]} now, {digest[:12]} was pickled"
        )
    return found


def _check(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse another kind of file, a newer major version, and a file that was cut or damaged."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        found = "another kind of SQLite file" if path.stat().st_size else "empty"
        raise ValueError(f"it is {found}")
    major = connection.execute("PRAGMA user_version").fetchone()[0]
    if major > SUPPORTED_MAJOR:
        raise NewerDatabaseError(
            f"{path}: written in format {major}, newer than the {SUPPORTED_MAJOR} that this router "
            "reads; upgrade qfloor"
        )
    said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise ValueError(str(said).splitlines()[-1])


def _read(path: Path, connection: sqlite3.Connection) -> Database:
    about = _rows(
        connection,
        "SELECT name, round, created_at, schema_version, digest, illustrative, primary_quality "
        "FROM release",
    )[0]
    name, round_, created_at, version, digest, illustrative, quality = about
    offers = {row[0]: offer_of(row) for row in _rows(connection, _OFFERS)}
    scale = _rows(connection, "SELECT lo, hi FROM qualities WHERE id = ?", quality)[0]
    categories = {row[0]: category_of(row) for row in _rows(connection, _CATEGORIES)}
    return Database(
        path=str(path),
        name=name,
        round=round_,
        created_at=created_at,
        schema_version=version,
        digest=digest,
        illustrative=bool(illustrative),
        primary_quality=quality,
        categories=categories,
        offers=offers,
        demands={
            (c, m, t): Demand(*told) for c, m, t, *told in _rows(connection, _DEMANDS, quality)
        },
        prices={
            o: price
            for o, rule in _rows(connection, "SELECT offer_id, rule FROM prices")
            if (price := price_of(rule)) is not None
        },
        latency={row[0]: _latency(*row[1:]) for row in _rows(connection, _LATENCY)},
        pixels={o.id: found for o in offers.values() if (found := size_of(o.settings))},
        classifier=_classifier(connection, categories),
        scale=scale,
        **_places(Standings(str(path), connection, quality), offers),
        uncalibrated=quality.startswith("uncalibrated:"),
        perishable=frozenset(o.id for o in offers.values() if _may_go(o.lifecycle)),
    )


def _latency(p50: Any, p95: Any, n: Any, as_of: Any) -> Latency:
    """Told seconds; no digest covers them, and the column takes words as well."""
    for told in (p50, p95):
        if told is None or (isinstance(told, float) and 0.0 <= told < math.inf):
            continue
        raise ValueError(f"a latency of {told!r} seconds")
    return Latency(p50, p95, n, as_of)


def _may_go(lifecycle: Lifecycle) -> bool:
    """Whether it is no longer sold, or will not be from some day."""
    return lifecycle.state == "gone" or lifecycle.gone is not None


def _places(looked: Standings, offers: Mapping[str, Offer]) -> dict[str, Any]:
    """What the release says of its places, looked up when first asked for."""
    standings = Places(looked.places, looked.judged)
    return {
        "standings": standings,
        "certified": Places(
            looked.places,
            lambda place: frozenset(
                offer
                for offer, standing in standings[place].items()
                if standing.ruling == "certified" and offers[offer].makes(place[1])
            ),
        ),
        "provisional": Places(
            looked.places,
            lambda place: {
                offer: standing
                for offer, standing in looked.provisional(place).items()
                if offers[offer].makes(place[1])
            },
        ),
    }


_OFFERS = (
    "SELECT id, model, provider, version, modality, modalities, settings, generator, "
    "capabilities, rights, lifecycle, concurrency, notes FROM offers ORDER BY id"
)
_CATEGORIES = "SELECT id, description, modalities, signals FROM categories ORDER BY id"
_DEMANDS = (
    "SELECT category, modality, tier, value, max_fail, rule, evidence FROM thresholds "
    "WHERE quality = ? ORDER BY category, modality, value"
)
_LATENCY = "SELECT offer_id, p50_s, p95_s, n, as_of FROM latency ORDER BY offer_id"


def _rows(connection: sqlite3.Connection, query: str, *values: str) -> list[Any]:
    return connection.execute(query, values).fetchall()


def _classifier(connection: sqlite3.Connection, categories: Mapping[str, Category]) -> Classifier:
    """Weights of the release; else, where it gives no signals either, those of the package."""
    signals: dict[str, dict[str, float]] = {}
    for category, signal, weight in _rows(
        connection, "SELECT category, signal, weight FROM signals"
    ):
        signals.setdefault(category, {})[signal] = weight
    settings = {**SETTINGS, **signals.pop("*", {})}
    weights = _weights(connection)
    if weights is None and not signals:
        weights = default_weights()
    return Classifier(categories, signals or WORDS, settings, weights)


def _weights(connection: sqlite3.Connection) -> Weights | None:
    there = "SELECT 1 FROM sqlite_master WHERE name = 'classifier'"
    if not _rows(connection, there):  # a file of an earlier minor version
        return None
    parts = _rows(connection, "SELECT part, content FROM classifier")
    return _arranged_weights(tuple(parts)) if parts else None


@lru_cache(maxsize=4)
def _arranged_weights(parts: tuple[tuple[str, str], ...]) -> Weights:
    """Weights of a release, arranged once for all that carry the same: most releases do."""
    return Weights({part: json.loads(content) for part, content in parts})
