"""The decision log and the counters: written a moment later, many at once, by one pen.

Money is not kept here (that is the ledger's, before anything is bought); a worker that is killed
may lose the last fraction of a second of its log, and no more. The prompt is kept only where the
operator says so; a decision stays explainable without it, by the digest and what it was taken for.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from qfloor.errors import StoreError
from qfloor.records import digest_of
from qfloor.router.decision import plain_need
from qfloor.router.needs import Need
from qfloor.web.gateway.deciding import Decided
from qfloor.web.gateway.ledger import GatewayLedger
from qfloor.web.gateway.pen import Pen

FLUSH_S, PACE_S = 0.2, 0.02
"""How often counters and what is late are written, and rows while ever more of them come."""
_PIECE = 64
"""Rows that are written at once, or an eighth of those that wait, if that is more.

Each takes the interpreter from the event loop for a moment, and many of them for a long one: every
request of that moment waits. The young objects that wait to be written are looked at by the garbage
collector again and again besides.
"""
log = logging.getLogger("qfloor.gateway")
MOST_WAITING = 20_000
"""Rows that wait for the disk before further ones are left out, and counted.

Of dry runs and refusals: what is bought is kept, for what comes of it is told of its row.
"""
MOST_CHARACTERS = 32_000_000
"""Of prompts and needs in rows that wait, likewise: 20,000 of the longest would be 640 MB."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
EDGES = (*(f"{edge:g}" for edge in SECONDS), "+Inf")
_COLUMNS = (
    "id", "at", "endpoint", "key_name", "requested_model", "release", "arm", "category",
    "confidence", "plausible", "modality", "language", "tier", "need", "prompt", "decided_offer",
    "cause", "runner_up", "binding_rule", "served_offer", "serving", "price_nanousd",
    "baseline_offer", "baseline_nanousd", "outcome", "reason", "http_status", "seconds",
    "decide_us", "policy", "prices", "health", "decided_at",
)  # fmt: skip
_ID, _AT, _CONFIDENCE, _NEED, _PROMPT, _SECONDS, _DECIDE_US, _DECIDED_AT = map(
    _COLUMNS.index,
    ("id", "at", "confidence", "need", "prompt", "seconds", "decide_us", "decided_at"),
)
_MOST_NEEDS, _LONG = 1_000, 2_000
"""Needs that are kept as JSON, and characters above which one is not: memory is bounded."""
_INSERT = f"INSERT INTO decisions ({', '.join(_COLUMNS)}) VALUES "
_VALUES = f"({', '.join('?' * len(_COLUMNS))})"
_INSERTS = {
    n: f"{_INSERT}{', '.join([_VALUES] * n)} ON CONFLICT (id) DO NOTHING" for n in (16, 4, 1)
}
"""Statements by how many rows they insert; few, so that SQLite has each ready.

The interpreter is held until a statement has its values: of 64 rows, for one or two milliseconds.
"""
_COUNT = (
    "INSERT INTO counters SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
    "json_extract(value, '$[2]') FROM json_each(?) WHERE true "
    "ON CONFLICT (name, labels) DO UPDATE SET value = value + excluded.value"
)
_SETTLE = (
    "UPDATE decisions SET served_offer = ?, serving = ?, charged = ?, charged_nanousd = ?, "
    "outcome = ?, reason = ?, http_status = ?, attempts = ?, fallback_from = ?, seconds = ? "
    "WHERE id = ?"
)

Labels = tuple[tuple[str, str], ...]


@lru_cache(maxsize=4096)
def _labels(*given: tuple[str, str]) -> Labels:
    """Labels in order of their names; most are asked for again."""
    return tuple(sorted(given))


@lru_cache(maxsize=4096)
def _decisions(
    endpoint: str, cause: str, category: str, tier: str, offer: str, arm: str
) -> tuple[str, Labels]:
    """The counter of such decisions."""
    told = {"endpoint": endpoint, "cause": cause, "category": category, "tier": tier,
            "offer": offer, "arm": arm}  # fmt: skip
    return "qfloor_decisions_total", _labels(*told.items())


def _counter_of(decided: Decided) -> tuple[str, Labels]:
    decision = decided.decision
    return _decisions(
        decided.endpoint, decision.cause.value, decision.category or "unsure", decision.tier,
        decision.offer or "none", decided.arm.name,
    )  # fmt: skip


_around: dict[tuple[Any, ...], tuple[str, str]] = {}


def _told(need: Need) -> str:
    """A need as JSON; needs that differ in their prompt alone are put together once."""
    wish = need.max_latency_s
    if need.negative is not None or not (wish is None or isinstance(wish, str | float)):
        return json.dumps(plain_need(need))
    key = (
        need.tier, need.modality, need.aspect_ratio, need.size, need.resolution, need.language,
        need.seconds, need.audio, need.n, need.separately, need.by_shape, need.max_price_nanousd,
        wish, need.only, need.ignore, need.pin, need.project, need.tags,
    )  # fmt: skip
    digest = digest_of(need.prompt, 16)
    around = _around.get(key)
    if around is None:
        whole = json.dumps(plain_need(need))
        if len(whole) > _LONG:
            return whole
        if len(_around) >= _MOST_NEEDS:
            _around.clear()
        before, _, after = whole.partition(digest)
        around = _around[key] = before, after
    return f"{around[0]}{digest}{around[1]}"


class Line(NamedTuple):
    """What the log keeps of decisions that differ in their words, moment and confidence alone.

    ``row`` is that of one of them; ``around`` stands before and after the prompt's digest.
    """

    row: list[Any]
    around: tuple[str, str]
    counted: tuple[str, Labels]


class Again(NamedTuple):
    """What is a decision's own beside its line."""

    line: Line
    request_id: str
    prompt: str
    now: str
    confidence: float
    decide_us: int
    seconds: float

    def row(self, *, keep_prompt: bool) -> list[Any]:
        """The row that it is logged by."""
        before, after = self.line.around
        row = self.line.row.copy()
        row[_ID], row[_AT], row[_DECIDED_AT] = self.request_id, milliseconds(self.now), self.now
        row[_NEED] = f"{before}{digest_of(self.prompt, 16)}{after}"
        row[_PROMPT] = self.prompt if keep_prompt else None
        row[_CONFIDENCE], row[_DECIDE_US] = self.confidence, self.decide_us
        row[_SECONDS] = self.seconds
        return row


def milliseconds(now: str) -> str:
    """A moment in UTC, told to the microsecond unless it is a whole second, as the log has it."""
    return f"{now[:23]}+00:00" if now[19] == "." else f"{now[:19]}.000+00:00"


@lru_cache(maxsize=4096)
def _listed(names: tuple[str, ...]) -> str:
    """Names as JSON; categories come again and again."""
    return json.dumps(list(names))


def _length(row: Any) -> int:
    """How much of a row that waits is as long as whoever asked would have it."""
    if type(row) is Again:
        return len(row.prompt)
    return len(row[_NEED]) + len(row[_PROMPT] or "")


class Records:
    """Hands rows and counts over to the pen, from time to time."""

    def __init__(self, ledger: GatewayLedger, pen: Pen, *, keep_prompts: bool) -> None:
        self._ledger, self._pen, self._keep_prompts = ledger, pen, keep_prompts
        self._rows: list[tuple[str, Any]] = []
        self._counts: dict[tuple[str, Labels], float] = defaultdict(float)
        self._seen: dict[tuple[str, Labels], list[float]] = {}
        self._handing = asyncio.Lock()
        self._characters = 0

    # -- decisions -----------------------------------------------------------------------------

    def decided(self, decided: Decided, *, status: int, seconds: float, reason: str | None) -> None:
        """Log a decision: final for a dry run or a refusal, else settled later."""
        is_final = decided.endpoint == "route" or status >= 400
        if is_final and self._is_full():
            self.count("qfloor_log_rows_dropped_total")
            return
        row = self._row(decided, status, seconds, reason)
        self._rows.append((_INSERT, row))
        self._characters += _length(row)
        self._counts[_counter_of(decided)] += 1.0
        self.observe("qfloor_decide_seconds", decided.decide_us / 1e6)

    def line(self, decided: Decided) -> Line:
        """What is logged of a dry run that went well, and of all that differ as a `Line` has it."""
        before, _, after = _told(decided.need).partition(digest_of(decided.need.prompt, 16))
        row = self._row(decided, 200, 0.0, None)
        return Line(list(row), (before, after), _counter_of(decided))

    def decided_again(self, again: Again) -> None:
        """Log a decision as `decided` does, by the line of one that came before."""
        if self._is_full():
            self.count("qfloor_log_rows_dropped_total")
            return
        self._rows.append((_INSERT, again))  # its row is put together where it is written
        self._characters += len(again.prompt)
        self._counts[again.line.counted] += 1.0
        self.observe("qfloor_decide_seconds", again.decide_us / 1e6)

    def _is_full(self) -> bool:
        return len(self._rows) >= MOST_WAITING or self._characters >= MOST_CHARACTERS

    def settled(
        self,
        request_id: str,
        *,
        served: str | None,
        serving: str,
        charged: str,
        charged_nanousd: int | None,
        outcome: str,
        reason: str,
        status: int,
        attempts: int,
        fallback_from: str | None,
        seconds: float,
        charges: Mapping[str, int] = MappingProxyType({}),
        outputs: Sequence[tuple[str | None, str, str]] = (),
    ) -> None:
        """Log what came of a decision, by `words_of` of each output; known charges by offer."""
        self._rows.append(
            (_SETTLE, (served, serving, charged, charged_nanousd, outcome, reason, status,
                       attempts, fallback_from, seconds, request_id))
        )  # fmt: skip
        for offer, came, why in outputs or ((served, outcome, reason),):
            self.count("qfloor_outputs_total", offer=offer or "none", outcome=came, reason=why)
        for offer, nanousd in charges.items():
            if nanousd:
                self.count("qfloor_charged_usd_total", nanousd / 1e9, offer=offer)

    # -- counters ------------------------------------------------------------------------------

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        """Add to a counter that all workers share."""
        self._counts[name, _labels(*labels.items())] += by

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add to a histogram of seconds."""
        key = name, _labels(*labels.items())
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = [0.0] * (len(SECONDS) + 2)
        seen[bisect.bisect_left(SECONDS, seconds)] += 1.0
        seen[-1] += seconds

    # -- writing -------------------------------------------------------------------------------

    async def keep_flushing(self) -> None:
        """Write what there is, for ever; rows a few at a time while many come.

        Where it is ended, what was handed over goes its way: it may have to be tried again.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + FLUSH_S
        while True:
            await asyncio.sleep(PACE_S if self._rows else FLUSH_S)
            is_due = loop.time() >= due
            if not (self._rows or (is_due and (self._counts or self._seen))):
                continue
            try:
                await asyncio.shield(self._hand_over(self._piece, counted=is_due, along=is_due))
            except StoreError:
                log.exception("the decision log could not be written; it is tried again")
                await asyncio.sleep(FLUSH_S)  # or it would be told fifty times a second
            except Exception:  # of our own making: those rows are lost, not all that follow
                log.exception("some rows of the decision log could not be written")
                await asyncio.sleep(FLUSH_S)
            if is_due:
                due = loop.time() + FLUSH_S

    async def flush(self) -> None:
        """Write what there is.

        Even when that is nothing: then what was handed over before is on disk as well.
        """
        await self._hand_over(self._all, counted=True)

    def _all(self) -> list[tuple[str, Any]]:
        rows, self._rows = self._rows, []
        return rows

    def _piece(self) -> list[tuple[str, Any]]:
        """Take the oldest rows; more at once the more wait."""
        many = max(_PIECE, len(self._rows) // 8)
        piece, self._rows = self._rows[:many], self._rows[many:]
        return piece

    async def _hand_over(
        self, take: Callable[[], list[tuple[str, Any]]], *, counted: bool, along: bool = False
    ) -> None:
        """Write rows; with counts so that it lasts, ``along`` with what else is to be written.

        One after another: rows that found no room go before those that came later, which may tell
        what came of them.
        """
        async with self._handing:
            rows, counts = take(), self._taken_counts() if counted else {}
            gone = sum(_length(row) for sql, row in rows if sql is _INSERT)
            self._characters -= gone
            try:
                await self._pen.write(
                    lambda: self._write(rows, counts), lasting=counted, along=along, yields=True
                )
            except StoreError:
                self._rows[:0] = rows
                self._characters += gone
                for key, by in counts.items():
                    self._counts[key] += by
                raise

    def _taken_counts(self) -> dict[tuple[str, Labels], float]:
        """Take what was counted and seen; what was seen as counts as well."""
        counts, self._counts = self._counts, defaultdict(float)
        seen, self._seen = self._seen, {}
        for (name, labels), found in seen.items():
            for n, le in zip(found, EDGES, strict=False):
                if n:
                    counts[f"{name}_bucket", tuple(sorted((*labels, ("le", le))))] += n
            counts[f"{name}_sum", labels] += found[-1]
            counts[f"{name}_count", labels] += sum(found[:-1])
        return counts

    def _write(
        self, rows: Sequence[tuple[str, Any]], counts: Mapping[tuple[str, Labels], float]
    ) -> None:
        for sql, same in groupby(rows, key=itemgetter(0)):  # in order: logged, then settled
            values = [row[1] for row in same]
            if sql is _INSERT:
                self._log(values)
            else:
                self._ledger.write_many(sql, values)
        if counts:
            told = [(name, json.dumps(dict(labels)), by) for (name, labels), by in counts.items()]
            self._ledger.write(_COUNT, (json.dumps(told),))

    def _log(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert some rows a statement: after each, this thread waits for the event loop's.

        While it waits, every system call of the event loop's thread is dearer: one statement a row
        is too many, and counters are one.
        """
        begun = 0
        for n, sql in _INSERTS.items():
            while len(rows) - begun >= n:
                some = [self._whole(row) for row in rows[begun : begun + n]]
                self._ledger.write(sql, list(chain.from_iterable(some)))
                begun += n

    def _whole(self, row: Any) -> Sequence[Any]:
        return row.row(keep_prompt=self._keep_prompts) if type(row) is Again else row

    def _row(
        self, decided: Decided, status: int, seconds: float, reason: str | None
    ) -> tuple[Any, ...]:
        decision, found = decided.decision, decided.decision.classification
        rule = decision.binding_rule if decision.offer is None else None
        baseline, baseline_nanousd = decided.baseline, decided.baseline_nanousd
        if baseline is None and decided.endpoint != "route" and decision.savings is not None:
            baseline, baseline_nanousd = decision.savings.offer, decision.savings.price_nanousd
        outcome = "turned_away" if decided.endpoint != "route" and status >= 400 else None
        return (
            decided.request_id, decided.at, decided.endpoint, decided.key.name,
            decided.ask.model[:300], decided.arm.db.digest, decided.arm.name, decision.category,
            found.confidence, _listed(found.plausible), decision.modality,
            found.language, decision.tier, _told(decided.need),
            decided.need.prompt if self._keep_prompts else None, decision.offer,
            decision.cause.value, decision.runner_up, None if rule is None else rule.value,
            None, decided.serving, decision.price_nanousd, baseline, baseline_nanousd, outcome,
            reason, status, seconds, decided.decide_us, decision.digests["policy"],
            decision.digests["prices"], decision.digests["health"], decision.now,
        )  # fmt: skip
