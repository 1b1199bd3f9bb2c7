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

Sizes = dict[str, tuple[str, ...]]
# Sizes by tier of resolution, for a tier decides the price; the first of each is the default.
_PICTURES: Sizes = {
    "720p": ("720:720", "1280:720", "720:1280", "960:720", "720:960", "1680:720"),
    "1080p": ("1080:1080", "1920:1080", "1080:1920", "1440:1080", "1080:1440", "2112:912"),
}
_SEEDANCE: Sizes = {
    "480p": ("864:496", "752:560", "640:640", "560:752", "496:864", "992:432"),
    "720p": ("1280:720", "1112:834", "960:960", "834:1112", "720:1280", "1470:630"),
    "1080p": ("1920:1080", "1664:1248", "1440:1440", "1248:1664", "1080:1920", "2206:946"),
    "4k": ("3840:2160", "3840:2880", "3840:3840", "2880:3840", "2160:3840", "3840:1646"),
}
_CLIPS: Sizes = {
    "720p": ("1280:720", "720:1280", "960:960"),
    "1080p": ("1920:1080", "1080:1920", "1440:1440"),
}
_WIDE: Sizes = {"720p": ("1280:720", "720:1280"), "1080p": ("1920:1080", "1080:1920")}
_TIERS: dict[str, Sizes] = {
    "pictures": _PICTURES,
    "seedance": _SEEDANCE,
    "veo, gen4.5": _WIDE,
    "other clips": _CLIPS,
}
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
        Family(name="pictures", words={"quality": "quality"}, **_COMMON),
        Family(
            name="seedance", modality="video", models=("seedance*",), audio=True,
            words={"audio": "audio"}, **_COMMON,
        ),
        Family(
            name="veo, gen4.5", modality="video", models=("veo*", "gen4.5*"), audio=True,
            durations=(4, 6, 8), words={"audio": "audio"}, **_COMMON,
        ),
        Family(
            name="other clips", modality="video", audio=True, durations=(5, 10),
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
    """One of Runway's sizes: as stated, else of the asked shape in the tier that is paid for."""
    stated = ask.shape()
    if stated is not None:
        return f"{stated[0]}:{stated[1]}"
    tiers = _TIERS[ask.family.name]
    told = str(ask.take("resolution", "720p")).lower()
    known = tiers.get(told)
    if known is None:
        ask.dropped["resolution"] = told
        known = tiers["720p"]
    return ask.ratio(default=known[0], known=known) or known[0]
