"""Luma: the Dream Machine API (Photon, Ray 2) and the Agents API (Ray 3 and later).

Two hosts of one provider and one key; the model says which.
"""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.outcomes import Shape, states
from qfloor.generators.http.wire import Call
from qfloor.records import RateLimits

_RATIO = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")
_LEGACY = "/dream-machine/v1/generations"
_AGENTS = "https://agents.lumalabs.ai"


class LumaGenerator(HttpGenerator):
    """Luma's two APIs."""

    PROVIDER = "luma"
    ORIGIN = "https://api.lumalabs.ai"
    KEY_ENV = "LUMAAI_API_KEY"
    API_HOSTS = ("api.lumalabs.ai", "agents.lumalabs.ai")
    LIMITS = RateLimits(concurrency=40, per_minute=80)
    TIMEOUT_S = 60.0
    FAMILIES = (
        Family(
            name="Photon", flow="poll", shape="ratio", ratios=_RATIO,
        ),
        Family(
            name="Ray 2", modality="video", models=("ray-2*", "ray-flash-2*", "ray-1*"),
            flow="poll", shape="ratio", ratios=_RATIO, durations=(5, 9), duration_as="{:g}s",
            words={"resolution": "resolution"},
        ),
        Family(
            name="agents", modality="video", flow="poll", shape="ratio", ratios=_RATIO,
            durations=(5, 10), duration_as="{:g}s", words={"resolution": "resolution"},
        ),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="refused_output", status=(0,), text=r"output .*moderat"),
        Shape(reason="refused_input", status=(0, 400, 403, 422), text=r"moderat|blacklist|policy"),
        Shape(reason="billing", status=(400,), text=r"credits?\b", charged="no"),
    )
    STATE_AT = ("state", "status")
    STATES = states(
        running=("queued", "dreaming", "processing", "pending"), ready=("completed",),
        failed=("failed",), expired=("cancelled",),
    )  # fmt: skip

    def call(self, ask: Ask) -> Call:
        """One picture or clip, by the API that the model belongs to."""
        ask.negative()
        body: dict[str, Any] = {
            "model": ask.model, "prompt": ask.text, **compact(aspect_ratio=ask.ratio()),
        }  # fmt: skip
        if ask.family.modality == "image":
            return Call(path=f"{_LEGACY}/image", json=merged(body, ask.rest()))
        seconds = ask.seconds()
        body |= {} if seconds is None else {"duration": ask.family.duration_as.format(seconds)}
        where = self._root(ask.family.name == "agents")
        return Call(path=where, json=merged(body, ask.rest()))

    def _root(self, agents: bool) -> str:
        """Where generations live; an operator's own base URL serves both APIs."""
        if not agents:
            return _LEGACY
        return f"{_AGENTS if self.wire.base == self.ORIGIN else ''}/v1/generations"

    def taken(self, answer: Answer, ask: Ask) -> Job:
        """Keep the id, and which API it is of."""
        return {"id": answer.json["id"], "agents": ask.family.name == "agents"}

    def where(self, job: Job) -> Call:
        """The generation."""
        return Call(path=f"{self._root(bool(job.get('agents')))}/{job['id']}", method="GET")

    def found(self, answer: Answer, job: Job) -> Found:
        """Read where it is."""
        url = first(
            answer.json, "assets.image", "assets.video", "output.0.url", "output.url",
            "video.url", "outputs.0.url",
        )  # fmt: skip
        return Found(url=str(url or ""), model=first(answer.json, "model"))
