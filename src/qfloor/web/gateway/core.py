"""The gateway as one object: what is built, what runs beside requests, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from PIL import Image
from starlette.concurrency import run_in_threadpool

from qfloor import router
from qfloor.errors import InputError, StoreError
from qfloor.generate import RunPolicy, SingleRequests
from qfloor.generate.single import SERVING
from qfloor.media import inspect
from qfloor.records import PriceRule, RateLimits
from qfloor.web.gateway.delivery import Delivery
from qfloor.web.gateway.dispatch import Dispatcher
from qfloor.web.gateway.familiar import Familiar
from qfloor.web.gateway.glance import glance
from qfloor.web.gateway.jobs import Jobs
from qfloor.web.gateway.keys import Keyring
from qfloor.web.gateway.ledger import FOLDER, GatewayLedger
from qfloor.web.gateway.orders import Orders
from qfloor.web.gateway.pen import LedgerPen, Pen
from qfloor.web.gateway.picture import Picture, Watch
from qfloor.web.gateway.presence import BEAT_S, MARGIN_S, new_worker
from qfloor.web.gateway.records import Records
from qfloor.web.gateway.releases import Releases
from qfloor.web.gateway.sellers import Sellers
from qfloor.web.gateway.settings import Settings

log = logging.getLogger("qfloor.gateway")
_MOST_OLDER = 4
_SWEEP_S = 600.0
_JUMP_S = 60.0


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """At the end: a disk that takes nothing keeps nobody from closing the rest."""
    try:
        yield
    except StoreError:
        log.exception(what)


class Gateway:
    """One worker's gateway. `start` before the first request, `stop` after the last.

    Raises
    ------
    QfloorError
        When settings, keys, policy or database cannot be served.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keyring = Keyring.read(settings.keys, workers=settings.workers)
        check_reach(settings, self.keyring)
        self.names = settings.names
        self.worker = new_worker()
        self.started_at = time.time()
        with contextlib.ExitStack() as opened:  # whatever refuses to serve, nothing stays open
            self._open(settings, opened)
            self._opened = opened.pop_all()
        self.familiar = Familiar()
        self.is_ready = False
        self._beside: list[asyncio.Task[None]] = []
        self._older: dict[str, router.Database] = {}
        self._told = time.time(), time.monotonic()
        self._sweeps_from = -math.inf
        self.pen: Pen
        self.records: Records
        self.singles: SingleRequests
        self.orders: Orders

    def _open(self, settings: Settings, opened: contextlib.ExitStack) -> None:
        self.ledger = GatewayLedger(settings.workspace / FOLDER)
        opened.callback(self.ledger.close)
        self.releases = Releases(self.ledger, allow_illustrative=settings.allow_illustrative)
        self.watch = Watch(settings, self.releases)
        opened.callback(self.watch.feeds.close)
        self.picture: Picture = self.watch.first()
        self.sellers = Sellers(self.ledger, settings.plugins)
        self.delivery = Delivery(self.ledger, settings.root)
        self.jobs = Jobs(self.ledger, self.worker)
        self.jobs.presence.check_alone(time.sleep)

    def close(self) -> None:
        """Let go of the files of a gateway that does not serve, or no more."""
        self._opened.close()

    async def start(self) -> None:
        """Begin to serve: from here on there is a running loop."""
        await run_in_threadpool(Image.preinit)  # both load modules: the first answer would wait
        settings = self.settings
        self.pen = Pen(self.ledger)
        self.records = Records(self.ledger, self.pen, keep_prompts=settings.keep_prompts)
        self.singles = SingleRequests(
            self.ledger,
            policy=_policy(settings),
            limits={name: RateLimits(**account.model_dump())
                    for name, account in settings.accounts.items()},
            rest_s=settings.rest_s,
            look=inspect if settings.inspect == "whole" else glance,
            writer=LedgerPen(self.pen, self.ledger),
        )  # fmt: skip
        dispatcher = Dispatcher(
            ledger=self.ledger,
            singles=self.singles,
            sellers=self.sellers,
            window=self.watch.window,
            database=self.database,
            rule=self.rule,
            deadline_s=settings.deadline_s,
        )
        self.orders = Orders(settings, self.jobs, self.pen, dispatcher, self.records,
                             self.keyring.budgeted)  # fmt: skip
        self.ledger.fence = self.worker
        await self._come()
        self._tell_of(self.picture)
        try:
            await self.orders.take_over()
        except StoreError:  # some may be begun by now: what ends this worker would end their calls
            log.exception("not all open jobs could be taken over; they are at the next beat")
        self._every(settings.look_every_s, self._look)
        self._every(BEAT_S, self._beat)
        self._every(_SWEEP_S, self._sweep)
        self._beside.append(asyncio.create_task(self.records.keep_flushing()))
        self.is_ready = True

    async def _come(self) -> None:
        """Be there, before anything is taken: of two machines that start at once, neither was."""
        presence = self.jobs.presence
        presence.come()
        await self.pen.write(presence.seen)

        def beat(seconds: float) -> None:
            time.sleep(seconds)
            presence.seen()

        try:
            await asyncio.to_thread(presence.check_alone, beat)
        except StoreError:
            try:
                await self.pen.write(presence.leave)
            finally:
                presence.drop()
                await self.pen.close()
                self.close()
            raise

    async def stop(self) -> None:
        """Take nothing more, end what can be ended, keep everything that is known."""
        self.is_ready = False
        await self.orders.drain()
        # calls under way end while we still beat: else another worker takes their jobs for lost
        await self.singles.close(self.settings.drain_s)
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        with _told("the last lines of the log could not be written"):
            await self.records.flush()
        with _told("that this worker leaves could not be written; another finds that it is gone"):
            await self.pen.write(self.jobs.presence.leave)
        self.jobs.presence.drop()
        await self.pen.close()
        await self.sellers.close()
        with _told("what was measured last could not be kept"):
            await asyncio.to_thread(self.watch.keep)
        self.close()

    async def flush(self) -> None:
        """Write the log down: who looks at it next finds all that was answered before."""
        await self.orders.answers_kept()
        await self.records.flush()

    def database(self, digest: str) -> router.Database:
        """The release of a digest: of now, or one that a job began with."""
        for arm in (self.picture.stable, self.picture.canary):
            if arm is not None and arm.db.digest == digest:
                return arm.db
        if digest not in self._older:  # read once, however many jobs wait for it
            while len(self._older) >= _MOST_OLDER:
                self._older.pop(next(iter(self._older)))
            self._older[digest] = self.releases.load(digest)
        return self._older[digest]

    def rule(self, db: router.Database, offer_id: str) -> PriceRule | None:
        """The price an offer is bought at: of the feed it was decided by, or the release's own."""
        for arm in (self.picture.stable, self.picture.canary):
            if arm is not None and arm.db.digest == db.digest and arm.prices is not None:
                return arm.prices.rules.get(offer_id) or db.prices.get(offer_id)
        return db.prices.get(offer_id)

    # -- beside --------------------------------------------------------------------------------

    def _every(self, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
        async def again() -> None:
            while True:
                await asyncio.sleep(seconds)
                try:
                    await work()
                except Exception:
                    log.exception("the gateway's %s failed; it is tried again", work.__name__)

        self._beside.append(asyncio.create_task(again()))

    async def _look(self) -> None:
        """Swap the picture for what it is now, whole."""
        before = self.picture
        resting = self.singles.unavailable(before.offers)
        faults = dict(self.watch.faults)
        fresh = await asyncio.to_thread(self._pictured, before, resting)
        if fresh.stable.db.digest != before.stable.db.digest:
            log.info("release %s decides now", fresh.stable.db.digest[:12])
            self.records.count("qfloor_release_swaps_total")
            self._tell_of(fresh)
        for what, fault in self.watch.faults.items():
            if faults.get(what) != fault:
                log.error("%s: %s; the last good one stays", what, fault)
                self.records.count("qfloor_reload_failures_total", what=what)
        self.picture = fresh

    def _tell_of(self, picture: Picture) -> None:
        """Log which offers of the release that decides cannot be called from here."""
        told = self.sellers.uncallable(picture.stable.db)
        if told is not None:
            log.warning("%s", told)

    def _pictured(self, before: Picture, resting: dict[str, tuple[float, str]]) -> Picture:
        return self.watch.health(self.watch.look(before), resting)

    async def _beat(self) -> None:
        await self.pen.write(self.jobs.presence.seen)
        await self.orders.take_over()

    async def _sweep(self) -> None:
        await asyncio.to_thread(self.ledger.wipe)
        if not self._knows_the_time():
            return
        before = time.time() - self.settings.keep_hours * 3600.0
        most = self.settings.most_decisions
        await asyncio.to_thread(self.ledger.sweep, before, most_decisions=most)

    def _knows_the_time(self) -> bool:
        """Whether what is old by the clock is: it must not have jumped for as long as jobs stay."""
        (was, began), (now, passed) = self._told, (time.time(), time.monotonic())
        self._told = now, passed
        if abs((now - was) - (passed - began)) > _JUMP_S:
            log.warning("the clock has jumped; nothing is forgotten for keep_hours")
            self._sweeps_from = passed + self.settings.keep_hours * 3600.0
        return passed >= self._sweeps_from


def check_reach(settings: Settings, keyring: Keyring) -> None:
    """Refuse to be reached by others without a key."""
    if keyring.is_open and not settings.is_loopback:
        raise InputError(
            f"host {settings.host}: others could reach the gateway there, and it has no keys; give "
            "--keys keys.toml (make one with `qfloor gateway key NAME`), or serve on 127.0.0.1"
        )


def _policy(settings: Settings) -> RunPolicy:
    return replace(SERVING, poll_first_s=settings.poll_first_s, collects=64,
                   quota_cooldown_s=settings.quota_rest_s, claim_s=MARGIN_S)  # fmt: skip
