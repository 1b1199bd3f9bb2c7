"""Gemini Omni video on the Interactions API: started in the background, polled, fetched by URI."""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, at, first
from qfloor.generators.http.asking import Ask, compact
from qfloor.generators.http.delivery import Found, Job, inline
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import by_tokens
from qfloor.generators.http.outcomes import Shape, states
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended
from qfloor.generators.providers.gemini import GOOGLE_SHAPES

_PATH = "/v1beta/interactions"


class GeminiOmniGenerator(HttpGenerator):
    """Omni's clips."""

    PROVIDER = "gemini-omni"
    ORIGIN = "https://generativelanguage.googleapis.com"
    KEY_ENV = "GEMINI_API_KEY"
    TIMEOUT_S = 120.0
    FAMILIES = (
        Family(
            name="Omni", modality="video", flow="poll", shape="ratio", ratios=("16:9", "9:16"),
            told="usage", words={"resolution": "resolution"},
        ),
    )  # fmt: skip
    SHAPES = (
        *GOOGLE_SHAPES,
        Shape(reason="refused_output", status=(0,), code="*prohibited*"),
        Shape(reason="refused_output", status=(0,), code="*safety*"),
        Shape(reason="refused_output", status=(0,), text=r"output.*(?:safety|filter|polic)"),
        Shape(reason="refused_input", status=(0, 400), text=r"safety|prohibited|polic|blocked"),
        Shape(reason="billing", code="budget_exceeded", charged="no"),
    )
    STATES = states(
        running=("queued", "in_progress"), ready=("completed",),
        failed=("failed", "incomplete", "budget_exceeded", "requires_action"),
        expired=("cancelled",),
    )  # fmt: skip

    def auth(self, key: str) -> dict[str, str]:
        """Give the header of a key."""
        return {"x-goog-api-key": key}

    def call(self, ask: Ask) -> Call:
        """Start an interaction that makes one clip."""
        ask.negative()
        seconds = ask.seconds()
        wanted: dict[str, Any] = {
            "type": "video",
            "delivery": "uri",
            **compact(
                aspect_ratio=ask.ratio(), duration=None if seconds is None else f"{seconds:g}s"
            ),
        }
        return Call(
            path=_PATH,
            json={
                "model": ask.model,
                "input": ask.text,
                "response_format": wanted | ask.rest(),
                "background": True,
            },
        )

    def taken(self, answer: Answer, ask: Ask) -> Job:
        """Keep the interaction's id."""
        return {"id": answer.json["id"]}

    def where(self, job: Job) -> Call:
        """The interaction."""
        return Call(path=f"{_PATH}/{job['id']}", method="GET")

    def found(self, answer: Answer, job: Job) -> Found | Ended:
        """Read the last clip among the outputs."""
        body = answer.json
        paths = ("output_video", "outputs.*", "steps.*.content.*", "output.*", "steps.*")
        clips = [
            c
            for path in paths
            for c in at(body, path)
            if isinstance(c, dict) and (c.get("type") == "video" or path == "output_video")
        ]
        clip = clips[-1] if clips else {}
        offer = self._offers.get(str(job.get("offer")))
        usage = first(body, "usage")
        told = {
            "input": first(usage, "total_input_tokens", "input_tokens"),
            "output": first(usage, "total_output_tokens", "output_tokens"),
            "total": first(usage, "total_tokens"),
        }
        text = first(clip, "data")
        return Found(
            content=inline(text) if text else b"",
            url=str(first(clip, "uri", "url") or ""),
            declared=str(first(clip, "mime_type") or "video/mp4"),
            keyed=True,
            model=first(body, "model"),
            amount_nanousd=by_tokens(offer, told) if offer else None,
            report=compact(usage=usage),
        )
