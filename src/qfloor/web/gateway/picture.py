"""All that decisions are made by, as one frozen picture that is swapped whole.

`Watch` looks at releases, policy and feeds once a second beside the event loop and puts a new
picture in place of the old; a decision under way keeps the one it began with, so it is never
made by parts of two. What cannot be read leaves the last good picture standing, and is said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qfloor import router
from qfloor.errors import DatabaseError, InputError, QfloorError
from qfloor.router.feeds import FeedStore
from qfloor.router.health import HealthWindow
from qfloor.router.policy_file import load_policy
from qfloor.web.gateway.releases import CANARY, STABLE, Releases
from qfloor.web.gateway.settings import Settings

log = logging.getLogger("qfloor.gateway")


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A release with the prices that go with it."""

    name: str
    db: router.Database
    prices: router.PriceFeed | None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What the next decision is made by."""

    stable: Arm
    canary: Arm | None
    percent: float
    policy: router.Policy
    health: router.HealthFeed | None

    def arm_for(self, share: Callable[[], float]) -> Arm:
        """The canary for requests whose share (0 to 1) falls into its percentage."""
        if self.canary is None:
            return self.stable
        return self.canary if share() * 100.0 < self.percent else self.stable

    @property
    def offers(self) -> dict[str, Any]:
        """Offers of both arms."""
        canary = {} if self.canary is None else dict(self.canary.db.offers)
        return canary | dict(self.stable.db.offers)


def _was_served(database: Path, sources: Sequence[str]) -> bool:
    """Whether a release came from this file; where one was named from another folder, by its name.

    Configurations name files from where they lie and commands from where they are given.
    """
    places = [Path(source) for source in sources]
    return database.resolve() in {place.resolve() for place in places} or database.name in {
        place.name for place in places if not (place.is_absolute() and database.is_absolute())
    }


class Watch:
    """Keeps the picture up to date; every method may block and runs beside the event loop."""

    def __init__(self, settings: Settings, releases: Releases) -> None:
        self.settings, self.releases = settings, releases
        self._policy = self._read_policy()  # first: what it refuses leaves nothing open
        feeds = settings.feeds or settings.workspace / "feeds.db"
        feeds.parent.mkdir(parents=True, exist_ok=True)
        self.feeds = FeedStore.open(feeds)
        self.window = HealthWindow()
        self.faults: dict[str, str] = {}
        self._seen: dict[str, Any] = {}
        self._dbs: dict[str, router.Database] = {}
        self._feed: dict[str, tuple[str, router.PriceFeed | None]] = {}

    def first(self) -> Picture:
        """The picture a gateway starts with; whatever is wrong is raised."""
        database, roles = self.settings.database, self.releases.roles()
        if database.is_file() or STABLE not in roles:
            self.releases.adopt(database)
            self._seen["database"] = _stamp(database)
        else:
            before = roles[STABLE]
            told = f"release {before.digest[:12]} of {before.source}, which decided before"
            said = "database" in self.settings.model_fields_set
            if said and not _was_served(database, [role.source for role in roles.values()]):
                raise DatabaseError(
                    f"{database}: no such quality database, and none was ever served from there; "
                    f"leave it unsaid to go on with {told}"
                )
            log.warning("%s is not there; %s, goes on", database, told)
        if self.settings.policy is not None:
            self._seen["policy"] = _stamp(self.settings.policy)
        return self._build()

    def look(self, now: Picture) -> Picture:
        """The picture as it is now; the old one, in whole or part, where something is wrong."""
        self._tried("database", self.settings.database, self._adopt)
        if self.settings.policy is not None:
            self._tried("policy", self.settings.policy, self._new_policy)
        try:
            self.keep()
            picture = replace(self._build(), health=now.health)
        except QfloorError as error:
            self.faults["feeds or releases"] = str(error)
            return now
        self.faults.pop("feeds or releases", None)
        return picture

    def health(self, picture: Picture, resting: dict[str, tuple[float, str]]) -> Picture:
        """The picture with offers that are being left alone marked as not answering."""
        feed = self.feeds.health(_now())
        if feed is None and not resting:
            return replace(picture, health=None)
        known = dict(feed.offers) if feed else {}
        for offer_id in resting:
            known[offer_id] = router.OfferHealth(as_of=_now(), available=False)
        if picture.health is None or picture.health.offers != known:  # what was decided by it stays
            picture = replace(picture, health=router.HealthFeed(offers=known))
        return picture

    def keep(self) -> None:
        """Keep what was measured."""
        self.feeds.keep(self.window)

    def _tried(self, name: str, path: Path, read: Any) -> None:
        """Read a file that has changed since it was last looked at."""
        stamp = _stamp(path)
        if stamp is None or stamp == self._seen.get(name):
            return
        self._seen[name] = stamp
        try:
            read()
        except (QfloorError, OSError) as error:
            self.faults[name] = str(error)
        else:
            self.faults.pop(name, None)

    def _adopt(self) -> None:
        self.releases.adopt(self.settings.database)

    def _new_policy(self) -> None:
        self._policy = self._read_policy()

    def _read_policy(self) -> router.Policy:
        path = self.settings.policy
        policy = router.Policy() if path is None else load_policy(path)
        return replace(
            policy,
            allow_illustrative=policy.allow_illustrative or self.settings.allow_illustrative,
            allow_provisional=policy.allow_provisional or self.settings.allow_provisional,
        )

    def _build(self) -> Picture:
        roles = self.releases.roles()
        stable = self._arm("stable", roles[STABLE].digest)
        canary = roles.get(CANARY)
        picture = Picture(
            stable=stable,
            canary=None if canary is None else self._arm("canary", canary.digest),
            percent=0.0 if canary is None else canary.percent,
            policy=self._policy,
            health=None,
        )
        wanted = {arm.db.digest for arm in (picture.stable, picture.canary) if arm is not None}
        self._dbs = {digest: db for digest, db in self._dbs.items() if digest in wanted}
        return picture

    def _arm(self, name: str, digest: str) -> Arm:
        if digest not in self._dbs:
            self._dbs[digest] = self.releases.load(digest)
        db = self._dbs[digest]
        for offer in (*self.settings.shadow.values(), *self.settings.baseline.values()):
            if offer not in db.offers:
                raise InputError(
                    f"{db.name} {db.round} ({name}): shadow or baseline is {offer!r}, and the "
                    "release has no such offer"
                )
        return Arm(name=name, db=db, prices=self._prices(db))

    def _prices(self, db: router.Database) -> router.PriceFeed | None:
        """The feed's prices for a release; read anew only when the feed has changed."""
        version = self.feeds.version().partition(".")[0]
        known = self._feed.get(db.digest)
        if known is None or known[0] != version:
            known = self._feed[db.digest] = version, self.feeds.prices(db)
        return known[1]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file does; None when there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
