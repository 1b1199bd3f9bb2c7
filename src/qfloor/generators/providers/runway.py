"""Runway: its own models and many partners', with the actual cost in every final task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import CREDIT_USD, in_nanousd
from qfloor.generators.http.outcomes import Shape, states
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended

_PICTURES = (
    "1024:1024", "1920:1080", "1080:1920", "1440:1080", "1080:1440", "1360:768", "1280:720",
    "720:1280", "720:720", "960:720", "720:960", "1680:720",
)  # fmt: skip
_CLIPS = ("1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672")
_COMMON: dict[str, Any] = {
    "flow": "poll", "shape": "ratio", "seed": "sent", "told": "amount", "cancel": True,
    "most_characters": 1000, "safety": "contentModeration",
}  # fmt: skip


class RunwayGenerator(HttpGenerator):
    """Runway's tasks."""

    PROVIDER = "runway"
    ORIGIN = "https://api.dev.runwayml.com"
    KEY_ENV = "RUNWAYML_API_SECRET"
    TIMEOUT_S = 60.0
    FAMILIES = (
        Family(name="pictures", ratios=_PICTURES, **_COMMON),
        Family(
            name="veo", modality="video", models=("veo*",), durations=(4, 6, 8),
            ratios=("1280:720", "720:1280", "1920:1080", "1080:1920"), audio=True,
            words={"audio": "audio"}, **_COMMON,
        ),
        Family(
            name="other clips", modality="video", ratios=_CLIPS, audio=True,
            words={"audio": "audio"}, **_COMMON,
        ),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="refused_input", code="safety.input*"),
        Shape(reason="refused_input", code="input_preprocessing.safety*"),
        Shape(reason="refused_output", code="safety.output*"),
        Shape(reason="invalid_request", code="asset.invalid*"),
        Shape(reason="capacity", code="third_party.unavailable*"),
        Shape(reason="provider_error", code="internal*"),
        Shape(reason="refused_output", code="safety*"),
    )
    STATES = states(
        running=("pending", "throttled", "running"),
        ready=("succeeded",),
        failed=("failed",),
        expired=("cancelled",),
    )

    def auth(self, key: str) -> dict[str, str]:
        """Give the key, and the version of the API that this module was written for."""
        return {"authorization": f"Bearer {key}", "x-runway-version": "2024-11-06"}

    def call(self, ask: Ask) -> Call:
        """Ask one of the two routes."""
        ask.negative()
        body: dict[str, Any] = {"model": ask.model, "promptText": ask.text, **ask.seed()}
        body["ratio"] = ask.take("ratio") or _ratio(ask)
        if ask.family.modality == "image":
            return Call(path="/v1/text_to_image", json=merged(body, ask.rest()))
        seconds = ask.seconds()
        body |= {} if seconds is None else {"duration": int(seconds)}
        return Call(path="/v1/text_to_video", json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Job:
        """Keep the task's id; asking for it again refreshes its URLs."""
        return {"id": answer.json["id"]}

    def where(self, job: Job) -> Call:
        """The task."""
        return Call(path=f"/v1/tasks/{job['id']}", method="GET")

    def failed(self, answer: Answer, job: Job) -> Ended:
        """Name the failure code; moderated runs are billed, and the task says how much."""
        ended = self.fault(answer, status=0)
        amount = _cost(answer)
        if amount is None:
            return ended
        return replace(ended, amount_nanousd=amount, charged="yes" if amount else "no")

    def found(self, answer: Answer, job: Job) -> Found:
        """Read the first output and the final cost."""
        amount = _cost(answer)
        return Found(
            url=str(first(answer.json, "output.0") or ""),
            amount_nanousd=amount,
            charged="no" if amount == 0 else "yes",
        )

    async def cancel(self, job: Job) -> None:
        """Stop a task; one that has ended is left alone."""
        where = Call(path=f"/v1/tasks/{job['id']}", method="DELETE")
        await self.wire.read(where, await self._auth())


def _cost(answer: Answer) -> int | None:
    return in_nanousd(first(answer.json, "cost.credits"), CREDIT_USD["runway"])


def _ratio(ask: Ask) -> str:
    """One of Runway's sizes: as stated, else of the nearest shape."""
    stated = ask.shape()
    if stated is not None:
        return f"{stated[0]}:{stated[1]}"
    known = ask.family.ratios or _CLIPS
    return ask.ratio(default=known[0]) or known[0]
