"""fal: a queue before many models. The queue's own retries and model fallbacks are off.

There is no failed state: a job that failed is COMPLETED and only its result answers 4xx or 5xx.
Status and result URLs are followed as given, never built.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qfloor.generators.http.answers import Answer, first, number
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.outcomes import Shape, states
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended
from qfloor.records import RateLimits

_IMAGE = {
    "steps": "num_inference_steps", "guidance": "guidance_scale", "quality": "quality",
    "resolution": "resolution",
}  # fmt: skip
_VIDEO = {"resolution": "resolution", "audio": "generate_audio", "steps": "num_inference_steps"}
_RATIO = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9")
_COMMON: dict[str, Any] = {
    "flow": "poll", "cancel": True, "rewriting": "per model", "safety": "enable_safety_checker",
}  # fmt: skip
_KLING: dict[str, Any] = {
    **_COMMON, "modality": "video", "shape": "ratio", "ratios": ("16:9", "9:16", "1:1"),
    "negative": True, "audio": True, "words": _VIDEO,
}  # fmt: skip


class FalGenerator(HttpGenerator):
    """fal's queue."""

    PROVIDER = "fal"
    ORIGIN = "https://queue.fal.run"
    KEY_ENV = "FAL_KEY"
    API_HOSTS = ("queue.fal.run", "*.queue.fal.run")
    MEDIA_HOSTS = ("fal.media", "*.fal.media", "*.fal.ai", "*.fal.run", "storage.googleapis.com")
    LIMITS = RateLimits(concurrency=2, per_minute=None)
    TIMEOUT_S = 60.0
    FAMILIES = (
        Family(
            name="images by aspect ratio", shape="ratio", ratios=_RATIO, seed="echoed",
            models=("*v1.1-ultra*", "*kontext*", "*nano-banana*", "*imagen4*", "*gemini*"),
            words=_IMAGE, **_COMMON,
        ),
        Family(
            name="gpt-image", models=("openai/*", "*gpt-image*"), shape="pixels", words=_IMAGE,
            seed="no", **_COMMON,
        ),
        Family(
            name="images with negative prompt", shape="pixels", seed="echoed", negative=True,
            models=("*ideogram*", "*qwen-image*", "*stable-diffusion*", "*sdxl*"), words=_IMAGE,
            **_COMMON,
        ),
        Family(name="other images", shape="pixels", seed="echoed", words=_IMAGE, **_COMMON),
        Family(
            name="veo", modality="video", models=("*veo*",), ratios=("16:9", "9:16"),
            shape="ratio", durations=(4, 6, 8), duration_as="{:g}s", seed="sent", negative=True,
            audio=True, words=_VIDEO, **_COMMON,
        ),
        Family(
            name="kling 3", models=("*kling-video/v3*",), durations=tuple(range(3, 16)), **_KLING,
        ),
        Family(name="kling", models=("*kling-video*",), durations=(5, 10), **_KLING),
        Family(
            name="hailuo", modality="video", models=("*hailuo*",), durations=(6, 10),
            words={"resolution": "resolution"}, **_COMMON,
        ),
        Family(
            name="wan", modality="video", models=("*wan-*", "*wan/*"), durations=(5, 10),
            shape="ratio", ratios=("16:9", "9:16", "1:1"), seed="echoed", negative=True,
            words=_VIDEO, **_COMMON,
        ),
        Family(
            name="other clips", modality="video", shape="ratio", ratios=_RATIO, seed="echoed",
            audio=True, words=_VIDEO, **_COMMON,
        ),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="refused_input", code="content_policy_violation"),
        Shape(reason="refused_output", code="*nsfw*"),
        Shape(reason="capacity", code="runner_*", charged="no"),
        Shape(reason="capacity", code="startup_timeout", charged="no"),
        Shape(reason="provider_error", code="request_timeout", charged="no"),
        Shape(reason="provider_error", status=(500, 502, 504), charged="no"),
        Shape(reason="capacity", status=(503,), charged="no"),
    )

    def auth(self, key: str) -> dict[str, str]:
        """Give the header of a key."""
        return {"authorization": f"Key {key}"}

    def codes(self, answer: Answer) -> tuple[str, ...]:
        """Platform errors are named in a header."""
        return (answer.headers.get("x-fal-error-type", ""),)

    def call(self, ask: Ask) -> Call:
        """One picture or clip, with nothing retried or replaced behind our back."""
        body: dict[str, Any] = {"prompt": ask.text, **ask.negative(), **ask.seed()}
        if ask.family.modality == "image":
            body |= _shape(ask) | ({"num_images": 1} if "num_images" not in body else {})
        else:
            body |= compact(aspect_ratio=ask.ratio() if ask.family.shape == "ratio" else None)
            seconds = ask.seconds()
            body |= {} if seconds is None else {"duration": ask.family.duration_as.format(seconds)}
        return Call(
            path=f"/{ask.model.strip('/')}",
            json=merged(body, ask.rest()),
            headers={"x-fal-no-retry": "1", "x-app-fal-disable-fallback": "1"},
        )

    def taken(self, answer: Answer, ask: Ask) -> Job:
        """Keep the URLs as given."""
        body = answer.json
        return {
            "id": body["request_id"],
            "status": body["status_url"],
            "result": body["response_url"],
            "cancel": body.get("cancel_url"),
            "unchecked": ask.offer.settings.get("enable_safety_checker") is False,
        }

    STATES = states(running=("in_queue", "in_progress"), ready=("completed",))

    def where(self, job: Job) -> Call:
        """The status URL."""
        return Call(path=job["status"], method="GET")

    async def _found(self, job: Job) -> Found | Ended:
        """Fetch the result, which alone says whether a completed job failed."""
        where = Call(path=job["result"], method="GET")
        answer = await self.wire.read(where, await self._auth())
        if answer.status >= 500 and answer.status != 504 and not any(self.codes(answer)):
            answer = await self.wire.read(where, await self._auth())  # once more: a gateway's?
        if answer.ok and isinstance(answer.json, dict):
            return self.read_found(answer, job)
        if answer.status in (401, 403, 429) or answer.ok or not answer.is_structured:
            stands = self._unread(answer)
            if isinstance(stands, Ended):
                return stands
            raise ConnectionError(f"HTTP {answer.status} to the result")
        ended = self.fault(answer)
        return ended if ended.reason != "model_gone" else _expired(ended)

    def found(self, answer: Answer, job: Job) -> Found | Ended:
        """Read media, seed and timings; a flagged picture has been blacked out."""
        body = answer.json
        media = first(body, "images.0", "image", "video", "videos.0") or {}
        run = number(first(body, "timings.inference", "metrics.inference_time"))
        flagged = first(body, "has_nsfw_concepts.0") is True
        if flagged and not job.get("unchecked"):
            return Ended(
                reason="refused_output", charged="yes", seconds_run=run,
                detail="has_nsfw_concepts: the picture was withheld",
                report={**job.get("about", {}), "has_nsfw_concepts": True},
            )  # fmt: skip
        return Found(
            url=media.get("url") or "" if isinstance(media, dict) else str(media),
            declared=str(media.get("content_type") or "") if isinstance(media, dict) else "",
            seed=first(body, "seed"),
            seconds_run=run,
            unsafe=flagged,
            report=compact(
                timing_source="timings.inference" if run is not None else None,
                prompt_returned=first(body, "prompt", "revised_prompt", "actual_prompt"),
            ),
        )

    async def cancel(self, job: Job) -> None:
        """Stop a job; one that has ended is left alone."""
        if job.get("cancel"):
            await self.wire.read(Call(path=job["cancel"], method="PUT"), await self._auth())


def _shape(ask: Ask) -> dict[str, Any]:
    if ask.family.shape == "ratio":
        return compact(aspect_ratio=ask.ratio())
    if isinstance(ask.offer.settings.get("image_size"), str | dict):
        return {}  # the offer says it in fal's own words
    width, height = ask.pixels()
    return {"image_size": {"width": width, "height": height}}


def _expired(ended: Ended) -> Ended:
    return replace(ended, reason="job_expired", charged="unknown")
