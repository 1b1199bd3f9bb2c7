"""xAI: the exact cost in every answer; a clip that is done may still be refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import TICK_USD, in_nanousd
from qfloor.generators.http.outcomes import POLICY, states
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended
from qfloor.generators.providers.openai import read_image

_RATIO = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")


class XaiGenerator(HttpGenerator):
    """Grok Imagine."""

    PROVIDER = "xai"
    ORIGIN = "https://api.x.ai"
    KEY_ENV = "XAI_API_KEY"
    TIMEOUT_S = 180.0
    FAMILIES = (
        Family(
            name="pictures", shape="ratio", ratios=_RATIO, told="amount", rewriting="recorded",
            words={"resolution": "resolution", "quality": "quality"},
        ),
        Family(
            name="clips", modality="video", flow="poll", shape="ratio", ratios=_RATIO,
            told="amount", words={"resolution": "resolution"},
        ),
    )  # fmt: skip
    SHAPES = (POLICY,)
    STATES = states(running=("pending",), ready=("done",), failed=("failed",), expired=("expired",))

    def call(self, ask: Ask) -> Call:
        """One picture in base64, or a request for a clip."""
        ask.negative()
        body: dict[str, Any] = {"model": ask.model, "prompt": ask.text}
        body |= compact(aspect_ratio=ask.ratio())
        if ask.family.modality == "image":
            body |= {"n": 1, "response_format": "b64_json"}
            return Call(path="/v1/images/generations", json=merged(body, ask.rest()))
        seconds = ask.seconds()
        body |= compact(duration=None if seconds is None else int(seconds))
        return Call(path="/v1/videos/generations", json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Job | Found | Ended:
        """Read the picture with its cost, or a request's id."""
        if ask.family.modality == "video":
            return {"id": answer.json["request_id"]}
        amount = _cost(answer)
        if first(answer.json, "data.0.respect_moderation") is False:
            return _refused(amount)
        return replace(read_image(answer, ask.offer), amount_nanousd=amount)

    def where(self, job: Job) -> Call:
        """The request."""
        return Call(path=f"/v1/videos/{job['id']}", method="GET")

    def failed(self, answer: Answer, job: Job) -> Ended:
        """Read why; a rejection can cost a fee, and then it is told."""
        amount = _cost(answer)
        as_refusal = self.fault(answer, status=400)  # policy is told in words only
        ended = self.fault(answer, status=0)
        if as_refusal.reason == "refused_input":
            ended = replace(as_refusal, charged="unknown")
        if amount is None:
            return ended
        return replace(ended, amount_nanousd=amount, charged="yes" if amount else "no")

    def found(self, answer: Answer, job: Job) -> Found | Ended:
        """Read the clip, unless its moderation was not respected."""
        amount = _cost(answer)
        if first(answer.json, "video.respect_moderation", "respect_moderation") is False:
            return _refused(amount)
        return Found(
            url=str(first(answer.json, "video.url") or ""),
            model=first(answer.json, "model"),
            amount_nanousd=amount,
            report=compact(usage=first(answer.json, "usage")),
        )


def _cost(answer: Answer) -> int | None:
    return in_nanousd(first(answer.json, "usage.cost_in_usd_ticks"), TICK_USD)


def _refused(amount: int | None) -> Ended:
    return Ended(
        reason="refused_output", detail="respect_moderation is false", amount_nanousd=amount,
        charged="unknown" if amount is None else ("yes" if amount else "no"),
        report={"respect_moderation": False},
    )  # fmt: skip
