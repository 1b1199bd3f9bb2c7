"""Replicate: predictions of official models, or of a pinned version.

An official model has no version to pin; what ran is recorded. The type of ``output`` differs by
model and has changed between versions: a string, a list or an object are all read.
"""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, first, number, seconds_between
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.outcomes import Shape, states
from qfloor.generators.http.wire import Call
from qfloor.records import RateLimits

_RATIO = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21", "4:5", "5:4")
_COMMON: dict[str, Any] = {"flow": "poll", "cancel": True, "rewriting": "per model"}


class ReplicateGenerator(HttpGenerator):
    """Predictions on Replicate."""

    PROVIDER = "replicate"
    ORIGIN = "https://api.replicate.com"
    KEY_ENV = "REPLICATE_API_TOKEN"
    API_HOSTS = ("api.replicate.com",)
    MEDIA_HOSTS = ("replicate.delivery", "*.replicate.delivery", "*.replicate.com")
    LIMITS = RateLimits(concurrency=None, per_minute=600)
    TIMEOUT_S = 60.0
    FAMILIES = (
        Family(
            name="recraft", models=("recraft-ai/*",), shape="pixels", words={"size": "size"},
            **_COMMON,
        ),
        Family(
            name="ideogram", models=("ideogram-ai/*",), shape="ratio", ratios=_RATIO, seed="sent",
            words={"resolution": "resolution"}, **_COMMON,
        ),
        Family(
            name="other images", shape="ratio", ratios=_RATIO, seed="per model", negative=None,
            words={"steps": "num_inference_steps", "guidance": "guidance", "quality": "quality"},
            **_COMMON,
        ),
        Family(
            name="clips", modality="video", shape="ratio", ratios=_RATIO, seed="per model",
            negative=None, audio=True,
            words={"resolution": "resolution", "audio": "generate_audio"}, **_COMMON,
        ),
    )  # fmt: skip
    SHAPES = (
        Shape(
            reason="billing", status=(429,), charged="no",
            text=r"less than \$[\d.]+ in credit|low credit|insufficient credit|add credit",
        ),
        Shape(reason="refused_output", status=(0,), text=r"nsfw|safety checker|output .*flagged"),
        Shape(reason="refused_input", status=(0,), text=r"\be005\b|sensitive|flagg|moderat|polic"),
        Shape(reason="capacity", status=(0,), text=r"queue is full|no capacity|overloaded"),
    )  # fmt: skip
    STATES = states(
        running=("starting", "processing"),
        ready=("succeeded",),
        failed=("failed",),
        expired=("canceled", "aborted"),
    )

    def call(self, ask: Ask) -> Call:
        """By the model's name, or by a version that is pinned in the model or the offer."""
        body: dict[str, Any] = {"prompt": ask.text, **ask.negative(), **ask.seed()}
        if ask.family.shape == "ratio":
            body |= compact(aspect_ratio=ask.ratio())
        elif stated := ask.shape():
            body["size"] = f"{stated[0]}x{stated[1]}"
        if ask.family.modality == "video":
            seconds = ask.seconds()
            body |= {} if seconds is None else {"duration": _whole(seconds)}
        given = merged(body, ask.rest())
        model, _, version = ask.model.partition(":")
        version = version or (str(ask.offer.version) if _is_digest(ask.offer.version) else "")
        if version:
            return Call(path="/v1/predictions", json={"version": version, "input": given})
        return Call(path=f"/v1/models/{model}/predictions", json={"input": given})

    def taken(self, answer: Answer, ask: Ask) -> Job:
        """Keep the prediction's id and URLs."""
        body = answer.json
        return {
            "id": body["id"],
            "status": first(body, "urls.get") or f"/v1/predictions/{body['id']}",
            "cancel": first(body, "urls.cancel"),
        }

    def where(self, job: Job) -> Call:
        """The prediction."""
        return Call(path=job["status"], method="GET")

    def found(self, answer: Answer, job: Job) -> Found:
        """Read the first output, whatever it is wrapped in."""
        body = answer.json
        run = number(first(body, "metrics.predict_time"))
        model = first(body, "model")
        return Found(
            url=_url(first(body, "output")),
            seconds_run=run,
            seconds_queue=seconds_between(body.get("created_at"), body.get("started_at")),
            version=first(body, "version"),
            model=None if model is None else str(model),
            report=compact(timing_source="metrics.predict_time" if run is not None else None),
        )

    async def cancel(self, job: Job) -> None:
        """Stop a prediction; one that has ended is left alone."""
        if job.get("cancel"):
            await self.wire.read(Call(path=job["cancel"]), await self._auth())


def _url(output: Any) -> str:
    if isinstance(output, str):
        return output
    if isinstance(output, list):
        return _url(output[0]) if output else ""
    if isinstance(output, dict):
        return _url(first(output, "url", "video", "image", "images", "output", "file"))
    return ""


def _whole(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds


def _is_digest(version: str | None) -> bool:
    return (
        version is not None and len(version) == 64 and all(c in "0123456789abcdef" for c in version)
    )
