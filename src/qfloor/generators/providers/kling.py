"""Kling: an envelope with codes of its own; our key is its ``external_task_id``.

A task may be asked for by that id too, so a call whose answer was lost can be found again (as
Kling's documentation says; the facts that the fake was written from do not). Units
that it deducts are recorded; what a unit costs depends on the account, which may say so
(``unit_usd``). Without that, the offer's price rule prices what was made.
"""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, first, number
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import in_nanousd
from qfloor.generators.http.outcomes import GONE, Shape, states
from qfloor.generators.http.wire import Call, LostError
from qfloor.generators.protocol import Accepted, Ended, Ready, Request, Running

_PATH = "/v1/videos/text2video"
_COMMON: dict[str, Any] = {
    "modality": "video", "flow": "poll", "shape": "ratio", "ratios": ("16:9", "9:16", "1:1"),
    "negative": True, "audio": True, "told": "usage", "lookup": True,
    "words": {"quality": "mode", "guidance": "cfg_scale"},
}  # fmt: skip
_MODES = {"720p": "std", "1080p": "pro"}  # a resolution is asked for by a mode


class KlingGenerator(HttpGenerator):
    """Kling's text to video."""

    PROVIDER = "kling"
    ORIGIN = "https://api-singapore.klingai.com"
    KEY_ENV = "KLING_API_KEY"
    TIMEOUT_S = 60.0
    COUNTS_UNITS = True
    FAMILIES = (
        Family(
            name="3.0", models=("kling-v3*", "kling-3*"), durations=tuple(range(3, 16)), **_COMMON,
        ),
        Family(name="earlier", durations=(5, 10), **_COMMON),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="billing", code="1101", charged="no"),
        Shape(reason="billing", code="1102", charged="no"),
        Shape(reason="refused_input", code="130[01]"),
        Shape(reason="rate_limited", code="130[23]", charged="no"),
        Shape(reason="auth", code="100[0-4]", charged="no"),
        Shape(reason="permission", code="110[03]", charged="no"),
        Shape(reason="permission", code="1304", charged="no"),
        Shape(reason="model_gone", code="1203", charged="no"),
        Shape(reason="model_gone", code="120[0-2]", text=GONE, charged="no"),
        Shape(reason="invalid_request", code="120[0-2]", charged="no"),
        Shape(reason="capacity", code="5001"),
        Shape(reason="provider_error", code="500?"),
        Shape(reason="refused_output", status=(0,), text=r"risk control|sensitive|violat|policy"),
    )
    STATE_AT = ("data.task_status",)
    STATES = states(
        running=("submitted", "processing"), ready=("succeed", "succeeded"), failed=("failed",)
    )

    def call(self, ask: Ask) -> Call:
        """A task that carries our key."""
        seconds = ask.seconds()
        sound = ask.take("audio")
        stated = ask.offer.settings
        mode = _MODES.get(str(stated.get("resolution")).lower())
        if mode is not None and not {"mode", "quality"} & set(stated):
            ask.take("resolution")
        else:
            mode = None
        body: dict[str, Any] = {
            "model_name": ask.model,
            "prompt": ask.text,
            **ask.negative(),
            **compact(
                duration=None if seconds is None else f"{seconds:g}",
                aspect_ratio=ask.ratio(),
                mode=mode,
                sound=None if sound is None else ("on" if sound else "off"),
            ),
            "external_task_id": ask.mark,
        }
        return Call(path=_PATH, json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Job | Ended:
        """A code that is not 0 is an error, whatever the HTTP status."""
        if answer.json.get("code") not in (0, "0"):
            return self.fault(answer, status=0)
        return {"id": answer.json["data"]["task_id"]}

    def where(self, job: Job) -> Call:
        """The task."""
        return Call(path=f"{_PATH}/{job['id']}", method="GET")

    def standing(self, answer: Answer, job: Job) -> Running | Ready | Ended:
        """Read the envelope first; one that is throttled is asked again."""
        code = str(answer.json.get("code", 0))
        if code == "1203":
            return Ended(reason="job_expired", detail="the task is not known")
        if code != "0":
            raise LostError(f"the envelope says {code}: {first(answer.json, 'message')}")
        return super().standing(answer, job)

    def failed(self, answer: Answer, job: Job) -> Ended:
        """Read why; ``final_unit_deduction`` says whether it was paid."""
        units = first(answer.json, "data.final_unit_deduction")
        told: dict[str, Any] = {}
        if (amount := self._amount(units)) is not None:
            told = {"charged": "yes" if amount else "no", "amount_nanousd": amount}
        elif number(units) == 0:
            told = {"charged": "no"}
        return self.fault(answer, status=0, report=compact(units=units), **told)

    def _amount(self, units: Any) -> int | None:
        """What so many units cost this account, where it has said what one costs."""
        return None if self.unit_usd is None else in_nanousd(units, self.unit_usd)

    def found(self, answer: Answer, job: Job) -> Found:
        """Read the clip and the units."""
        data = answer.json["data"]
        units = first(data, "final_unit_deduction")
        return Found(
            amount_nanousd=self._amount(units),
            url=str(first(data, "task_result.videos.0.url") or ""),
            report=compact(units=units),
        )

    async def lookup(self, request: Request) -> Accepted | None:
        """Ask for a task by our mark.

        Only a find counts. That marks can be asked for is not in the contract we have read, so
        an answer that knows none does not prove that the call was never taken.
        """
        found = await self.wire.read(self.where({"id": request.mark}), await self._auth())
        code, task = first(found.json, "code"), first(found.json, "data.task_id")
        if found.ok and code == 0 and task:
            about = {
                "model_asked": str(request.offer.settings.get("endpoint", request.offer.model))
            }
            return Accepted(job={"offer": request.offer.id, "about": about, "id": task})
        raise LostError(f"HTTP {found.status} to a look-up: that proves nothing")
