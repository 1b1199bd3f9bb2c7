"""The painters as a generator: the adapter between the driver and `work`.

It behaves as a seller with an asynchronous API and a good memory: a request is accepted and
logged before anything is drawn, polling is free, collecting may be repeated, and a request key
that was accepted once is found again after any crash. Nothing sleeps: latencies are declared,
drawn and reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qfloor import prices
from qfloor.errors import SetupError
from qfloor.generators.builtin.atelier import Atelier
from qfloor.generators.builtin.calllog import CallLog
from qfloor.generators.builtin.jobs import Job, report
from qfloor.generators.builtin.offers import offers as painters_offers
from qfloor.generators.builtin.painters import PAINTERS, VERSION
from qfloor.generators.builtin.work import PaintedPlan
from qfloor.generators.protocol import Accepted, Artifact, Ended, Ready, Request, Running
from qfloor.records import Offer

MEDIA_TYPES = {"image": "image/png", "video": "video/webm"}


class PainterGenerator:
    """Draws pictures and clips; a program with declared skill, not an AI model.

    Parameters
    ----------
    offers : sequence of Offer
        Offers whose ``model`` is a painter's name.
    state_dir : Path
        Where the call log lives, the painters' memory.
    workers : int
        Processes that paint; 0 paints in a thread.

    Raises
    ------
    SetupError
        When an offer names no painter.
    """

    alone: Mapping[str, Any] = {"workers": 0}
    device = "cpu"

    def __init__(self, offers: Sequence[Offer], state_dir: Path, workers: int = 2) -> None:
        for offer in offers:
            if offer.model not in PAINTERS:
                known = ", ".join(PAINTERS)
                raise SetupError(f"offer {offer.id!r}: no painter {offer.model!r}; known: {known}")
        self._offers = {offer.id: offer for offer in offers}
        self._log = CallLog(Path(state_dir))
        self._atelier = Atelier(workers)

    @staticmethod
    def catalogue() -> tuple[Offer, ...]:
        """Return the offers that this generator declares."""
        return painters_offers()

    async def submit(self, request: Request) -> Accepted | Ended:
        """Accept a request: one line in the call log, and nothing drawn yet."""
        painter = PAINTERS[request.offer.model]
        if request.prompt.modality != painter.modality:
            wanted, made = request.prompt.modality, painter.modality
            return Ended(
                reason="unsupported",
                detail=f"painter {painter.name} makes {made}s and no {wanted}s",
                charged="no",
                amount_nanousd=0,
            )
        self._offers.setdefault(request.offer.id, request.offer)
        job = _job(request).plain()
        self._log.record(request.key, {"at": datetime.now(UTC).isoformat(), **job})
        return Accepted(job=job)

    async def lookup(self, request: Request) -> Accepted | None:
        """Return the job that was accepted under this request's key, or None."""
        row = self._log.job(request.key)
        return None if row is None else Accepted(job=Job.read(row).plain())

    async def poll(self, job: Mapping[str, Any]) -> Running | Ready | Ended:
        """Painters never keep anyone waiting: refused at once, or ready."""
        known = Job.read(job)
        painted = known.plan()
        return self._refusal(known, painted) if painted.outcome == "refused" else Ready()

    async def collect(self, job: Mapping[str, Any]) -> Ended:
        """Draw the job and hand it over; as often as asked, always the same bytes.

        A blank is handed over as what it is, a picture of one colour that claims to be fine:
        finding that out is the business of whoever bought it.
        """
        known = Job.read(job)
        painted = known.plan()
        if painted.outcome == "refused":
            return self._refusal(known, painted)
        content = await asyncio.wrap_future(self._atelier.submit(known))
        amount = self._amount(known, painted)
        return Ended(
            reason="ok",
            artifact=Artifact(content=content, media_type=MEDIA_TYPES[known.modality]),
            charged=_charged(amount),
            amount_nanousd=amount,
            seconds_run=painted.seconds_run,
            seconds_queue=0.0,
            model_version=VERSION,
            report=report(known, painted),
        )

    async def close(self) -> None:
        """End the workers."""
        await asyncio.to_thread(self._atelier.close)

    def _refusal(self, job: Job, painted: PaintedPlan) -> Ended:
        return Ended(
            reason="refused_input",
            detail=f"painter {job.painter} does not paint this",
            charged="no",
            amount_nanousd=0,
            seconds_run=painted.seconds_run,
            model_version=VERSION,
            report=report(job, painted),
        )

    def _amount(self, job: Job, painted: PaintedPlan) -> int | None:
        """What is charged: seconds as delivered, a blank only by those who charge for blanks."""
        offer = self._offers.get(job.offer_id)
        if offer is None or offer.price is None:
            return None
        return prices.charge(
            offer.price,
            status=painted.outcome,
            width=painted.width,
            height=painted.height,
            seconds=painted.frames / painted.fps if job.modality == "video" else None,
            settings=offer.settings,
        )


def _job(request: Request) -> Job:
    prompt = request.prompt
    return Job(
        offer_id=request.offer.id,
        painter=request.offer.model,
        repeat=request.repeat,
        round=request.round,
        text=prompt.text,
        modality=prompt.modality,
        negative=prompt.negative,
        aspect_ratio=prompt.aspect_ratio,
        seconds=prompt.seconds,
    )


def _charged(amount: int | None) -> Any:
    if amount is None:
        return "unknown"
    return "yes" if amount > 0 else "no"
