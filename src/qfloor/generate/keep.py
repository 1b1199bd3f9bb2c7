"""Keep what came of a request: media first, then the ledger row and the output, together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from qfloor.errors import PlaceError, StoreError, UnwritableError
from qfloor.generate import outcome as oc
from qfloor.generate.desk import Desk
from qfloor.generate.outcome import Outcome
from qfloor.generate.policy import seconds_or
from qfloor.generators.protocol import Ended, Request
from qfloor.media import Inspection, size_of
from qfloor.records import Attempt, Event, Output, canonical_json
from qfloor.store.media_files import PASSING

T = TypeVar("T")


class Keeper:
    """Writes the rows of one request.

    ``n`` is the attempt under way, ``started`` when its call was made (None when it was made
    by an earlier run), ``answered_at`` when its answer came or its job was ready; ``download_s``
    is how long fetching took, ``throttled_s`` how long our own limits and waits kept the request,
    and ``told_s`` how long the seller asked to be left alone. ``has_handle`` is whether the
    ledger names its job at the seller, so that it can be asked for again.
    """

    def __init__(self, request: Request, n: int, desk: Desk) -> None:
        self.request, self.n, self.desk = request, n, desk
        self.started: float | None = None
        self.answered_at: float | None = None
        self.download_s: float | None = None
        self.throttled_s = 0.0
        self.told_s: float | None = None
        self.has_handle = False
        self._looked: tuple[Ended, Inspection] | None = None

    async def look(self, ended: Ended) -> Inspection | None:
        """See what an answer's media are; None when it has none to judge."""
        media = oc.media_in(ended)
        if media is None or ended.reason != "ok":
            return None
        return await self.insist(lambda: self.desk.beside(self._see, ended, media))

    def _see(self, ended: Ended, media: bytes | Path) -> Inspection:
        """Look at media, once, in a thread of the desk's."""
        if self._looked is None or self._looked[0] is not ended:
            given = media, _declared(ended), self.request.prompt.modality
            self._looked = (ended, self.desk.inspect(*given))
        return self._looked[1]

    def _judge(self, ended: Ended, seen: Inspection | None) -> Outcome:
        return oc.classify(ended, seen, offer=self.request.offer, prompt=self.request.prompt)

    def _judge_and_put(
        self, ended: Ended, media: bytes | Path
    ) -> tuple[Outcome, Inspection | None, str | None, str | None]:
        """Look at media, judge and keep them, in one turn of a thread.

        They are judged while they are where the seller put them: a file that is kept is moved.
        """
        seen = self._see(ended, media) if ended.reason == "ok" else None
        outcome = self._judge(ended, seen)
        if not size_of(media):
            return outcome, seen, None, None
        media_type = seen.media_type if seen and seen.media_type else _declared(ended)
        return outcome, seen, media_type, self.desk.store.put_media(media, media_type)

    def drop(self, ended: Ended) -> None:
        """Remove a file that was downloaded and is not kept."""
        media = oc.media_in(ended)
        if isinstance(media, Path) and self.desk.store.owns(media):
            media.unlink(missing_ok=True)

    async def close(self, answer: Any, verb: str) -> Outcome:
        """Keep the last word on an attempt: its media, then its rows."""
        self.trace("after_collect")
        seen = media_type = sha256 = None
        if not isinstance(answer, Ended):
            ended = Ended(reason="malformed_answer")
            outcome = answer if isinstance(answer, Outcome) else oc.not_an_answer(answer, verb)
        elif (media := oc.media_in(answer)) is not None:
            ended = answer
            outcome, seen, media_type, sha256 = await self.insist(
                lambda: self.desk.beside(self._judge_and_put, ended, media)
            )
        else:
            ended, outcome = answer, self._judge(answer, None)
        if ended is answer:
            self.told_s = seconds_or(ended.retry_after_s, None)
        self.trace("after_media")
        output = self._output(ended, outcome, seen)
        await self.note(
            Event.ENDED,
            outcome=outcome,
            output=Output(**output, media_sha256=sha256, media_type=media_type),
        )
        self.trace("after_row")
        return outcome

    def _times(self, ended: Ended) -> dict[str, Any]:
        """The seller's time apart from ours; what was not timed or told stays unknown."""
        timed = self.started is not None and self.answered_at is not None
        total = (self.answered_at or 0.0) - (self.started or 0.0) + (self.download_s or 0.0)
        run_s = seconds_or(ended.seconds_run, None)
        return {
            "seconds_total": max(0.0, total) if timed else None,
            "seconds_run": run_s,
            "seconds_queue": seconds_or(ended.seconds_queue, None),
            "seconds_throttled": self.throttled_s if timed else None,
            "seconds_download": self.download_s,
            "timing_source": "seller" if run_s is not None else "clock" if timed else None,
        }

    def _output(self, ended: Ended, outcome: Outcome, seen: Inspection | None) -> dict[str, Any]:
        request = self.request
        report = dict(ended.report) if is_plain(ended.report) else {}
        if outcome.detail:
            report["detail"] = outcome.detail
        report.pop("media_seconds", None)  # what we measured, and no word of a seller
        if seen is not None and seen.seconds is not None:
            report["media_seconds"] = round(seen.seconds, 2)
        return {
            "id": request.key,
            "prompt_id": request.prompt.id,
            "prompt_digest": request.prompt.digest,
            "offer_id": request.offer.id,
            "repeat": request.repeat,
            "round": request.round,
            "status": outcome.status,
            "reason": outcome.reason,
            "width": seen and seen.width,
            "height": seen and seen.height,
            "frames": seen and seen.frames,
            **self._times(ended),
            "model_version": None if ended.model_version is None else oc.clip(ended.model_version),
            "unsafe": bool(ended.unsafe),
            "report": report,
            "at": self.desk.now(),
        }

    async def insist(self, work: Callable[[], Awaitable[T]], job: Any = None) -> T:
        """Keep what came back from a seller, until the disk takes it or the process ends.

        It may be paid for, and nobody can be asked for it again: a store that is busy or full for
        a while is waited for. What no waiting mends is raised, as is all that the seller can be
        asked for again because its handle is kept.
        """
        desk, tries = self.desk, 0
        handle = "" if job is None else f"; its seller's handle is {canonical_json(job)}"
        while True:
            try:
                return await work()
            except (StoreError, OSError) as error:
                said = f"what came of {self.request.key} cannot be kept ({error}){handle}"
                if self.has_handle:
                    raise
                if not _passes(error):
                    desk.tell(said)
                    raise
            tries += 1
            wait_s = desk.policy.wait_s(tries, None, desk.rng)
            desk.tell(f"{said}; it is held and tried again in {wait_s:.0f} s")
            await desk.sleep(wait_s)

    async def note(
        self,
        event: Event,
        *,
        job: Any = None,
        most_nanousd: int | None = None,
        outcome: Outcome | None = None,
        output: Output | None = None,
    ) -> None:
        """Write a row of the ledger, and with it an output; durable when awaited.

        ``most_nanousd`` is what a call that is intended can cost at most. What a seller has said
        is insisted on; what is only asked for, or can be asked again, is not.
        """
        price = self.request.offer.price
        attempt = Attempt(
            output_id=self.request.key,
            n=self.n,
            event=event,
            at=self.desk.now(),
            job=job,
            status=outcome.status if outcome else None,
            reason=outcome.reason if outcome else None,
            charged=outcome.charged if outcome else "unknown",
            amount_nanousd=outcome.amount_nanousd if outcome else most_nanousd,
            price_row=price.row if price and outcome else None,
            detail=outcome.detail if outcome else "",
        )
        if event in (Event.ACCEPTED, Event.ENDED):
            await self.insist(lambda: self.desk.journal.write(attempt, output=output), job)
        else:
            await self.desk.journal.write(attempt, output=output)

    def trace(self, step: str) -> None:
        """Tell the witness of a run which instant this is."""
        self.desk.trace(step, self.request.key)


def _passes(error: Exception) -> bool:
    """Whether what is not kept now may be later: it is the disk's doing, or of who else writes."""
    if isinstance(error, OSError):
        return error.errno in PASSING
    return isinstance(error, UnwritableError | PlaceError)


def _declared(ended: Ended) -> str:
    return oc.clip(getattr(ended.artifact, "media_type", ""))


def is_plain(value: Any) -> bool:
    """Whether a value is a JSON object that survives a restart."""
    try:
        canonical_json(value).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(value, dict)
