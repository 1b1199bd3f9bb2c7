"""Black Forest Labs: poll the URL that was returned, and fetch within ten minutes.

"Request Moderated" and "Content Moderated" are final states, each a refusal of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qfloor.generators.http.answers import Answer, first, number
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import CREDIT_USD, in_nanousd
from qfloor.generators.http.outcomes import Shape, states
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended
from qfloor.records import RateLimits

_RATIO = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
_COMMON: dict[str, Any] = {
    "flow": "poll", "seed": "echoed", "told": "amount", "rewriting": "off",
    "safety": "safety_tolerance",
}  # fmt: skip


class BflGenerator(HttpGenerator):
    """BFL's own API."""

    PROVIDER = "bfl"
    ORIGIN = "https://api.bfl.ai"
    KEY_ENV = "BFL_API_KEY"
    API_HOSTS = ("api.bfl.ai", "api.*.bfl.ai")
    MEDIA_HOSTS = ("*.bfl.ai", "*.bfl.ml", "*.blob.core.windows.net")
    LIMITS = RateLimits(concurrency=24, per_minute=None)
    TIMEOUT_S = 60.0
    FAMILIES = (
        Family(
            name="ultra and kontext", models=("*ultra*", "*kontext*"), shape="ratio",
            ratios=_RATIO, **_COMMON,
        ),
        Family(
            name="flex and dev", models=("*flex*", "flux-dev*"), shape="pixels",
            words={"steps": "steps", "guidance": "guidance"}, **_COMMON,
        ),
        Family(name="other models", shape="pixels", **_COMMON),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="refused_input", code="request moderated"),
        Shape(reason="refused_output", code="content moderated"),
        Shape(reason="refused_input", status=(400, 403, 422), text=r"moderat|safety"),
    )
    STATES = states(
        running=("pending",),
        ready=("ready",),
        failed=("request moderated", "content moderated", "error", "failed"),
        expired=("task not found",),
    )

    def auth(self, key: str) -> dict[str, str]:
        """Give the header of a key."""
        return {"x-key": key}

    def call(self, ask: Ask) -> Call:
        """Rewriting of the prompt is off."""
        ask.negative()
        body: dict[str, Any] = {"prompt": ask.text, "prompt_upsampling": False, **ask.seed()}
        if ask.family.shape == "ratio":
            body |= compact(aspect_ratio=ask.ratio())
        else:
            body["width"], body["height"] = ask.pixels()
        return Call(path=f"/v1/{ask.model}", json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Job:
        """Keep the regional URL; the cost is told here only."""
        body = answer.json
        return {
            "id": body["id"],
            "status": body["polling_url"],
            "amount": in_nanousd(body.get("cost"), CREDIT_USD["bfl"]),
        }

    def where(self, job: Job) -> Call:
        """The polling URL as it was given."""
        return Call(path=job["status"], method="GET")

    def failed(self, answer: Answer, job: Job) -> Ended:
        """Name what happened; a reason given under ``details`` says more."""
        ended = self.fault(answer, status=0)
        more = first(answer.json, "details", "result.moderation_reasons")
        status = str(first(answer.json, "status"))
        return replace(ended, detail=self._redact(f"{status}: {more}" if more else status))

    def found(self, answer: Answer, job: Job) -> Found:
        """Read the picture's URL, its seed and the provider's own clock."""
        result = answer.json["result"]
        start, end = number(first(result, "start_time")), number(first(result, "end_time"))
        run = None if start is None or end is None else number(end - start)
        said = first(result, "prompt")
        return Found(
            url=str(first(result, "sample") or ""),
            seed=first(result, "seed"),
            amount_nanousd=job.get("amount"),
            seconds_run=run,
            report=compact(
                timing_source="start_time,end_time" if run is not None else None,
                prompt_returned=said,
            ),
        )
