"""Gemini image models: synchronous, base64; a refusal is HTTP 200 without a picture."""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, at, first
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, inline
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.money import by_tokens
from qfloor.generators.http.outcomes import Shape
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended

_RATIO = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_REFUSALS = frozenset(
    {"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER", "NO_IMAGE",
     "PROHIBITED_CONTENT", "SAFETY", "RECITATION", "BLOCKLIST", "SPII"}
)  # fmt: skip
GOOGLE_SHAPES = (
    Shape(reason="auth", status=(400,), code="api_key_invalid", charged="no"),
    Shape(reason="auth", status=(400,), text=r"api key (?:not valid|expired)", charged="no"),
    Shape(reason="billing", status=(429,), code="*perday*", charged="no"),
    Shape(reason="billing", status=(429,), text=r"limit: 0\b|prepayment|billing account"),
    Shape(reason="rate_limited", status=(429,), charged="no"),
)


class GeminiGenerator(HttpGenerator):
    """Gemini's generateContent, asked for pictures."""

    PROVIDER = "gemini"
    ORIGIN = "https://generativelanguage.googleapis.com"
    KEY_ENV = "GEMINI_API_KEY"
    TIMEOUT_S = 300.0
    SHAPES = GOOGLE_SHAPES
    FAMILIES = (
        Family(
            name="image models", shape="ratio", ratios=_RATIO, seed="sent", told="usage",
            rewriting="unknown", safety="safetySettings", words={"resolution": "imageSize"},
        ),
    )  # fmt: skip

    def auth(self, key: str) -> dict[str, str]:
        """Give the header of a key; never as ``?key=``."""
        return {"x-goog-api-key": key}

    def call(self, ask: Ask) -> Call:
        """Ask for one picture and nothing else."""
        ask.negative()
        picture = compact(aspectRatio=ask.ratio(), imageSize=_upper(ask.take("resolution")))
        more = {"safetySettings": s} if (s := ask.take("safetySettings")) else {}
        config: dict[str, Any] = {"responseModalities": ["IMAGE"], **ask.seed()}
        config |= {"imageConfig": picture} if picture else {}
        return Call(
            path=f"/v1beta/models/{ask.model}:generateContent",
            json={
                "contents": [{"role": "user", "parts": [{"text": ask.text}]}],
                "generationConfig": merged(config, ask.rest()),
                **more,
            },
        )

    def taken(self, answer: Answer, ask: Ask) -> Found | Ended:
        """Read the last picture that is no thought; without one, why."""
        body = answer.json
        if not isinstance(body, dict):
            raise TypeError("no JSON object")
        usage = first(body, "usageMetadata")
        told = {
            "input": first(usage, "promptTokenCount"),
            "output": first(usage, "candidatesTokenCount"),
            "total": first(usage, "totalTokenCount"),
        }
        amount = by_tokens(ask.offer, told)
        media = [
            picture
            for part in at(body, "candidates.0.content.parts.*")
            if (picture := first(part, "inlineData", "inline_data")) and not part.get("thought")
        ]
        if not media:
            return _without(body, amount, usage)
        return Found(
            content=inline(media[-1]["data"]),
            declared=str(first(media[-1], "mimeType", "mime_type") or "image/jpeg"),
            model=first(body, "modelVersion"),
            amount_nanousd=amount,
            report=compact(usage=usage, request_id=first(body, "responseId")),
        )


def _without(body: Any, amount: int | None, usage: Any) -> Ended:
    """No picture came: refused before, refused after, or nothing at all."""
    blocked = first(body, "promptFeedback.blockReason")
    finish = str(first(body, "candidates.0.finishReason") or "")
    reason = "empty_success"
    if blocked:
        reason = "refused_input"
    elif finish in _REFUSALS or finish.startswith("IMAGE_"):
        reason = "refused_output"
    words = [w for w in at(body, "candidates.0.content.parts.*.text") if isinstance(w, str)]
    said = first(body, "candidates.0.finishMessage", "promptFeedback.blockReasonMessage")
    return Ended(
        reason=reason,
        detail=" ".join(str(w) for w in (blocked or finish, said, *words) if w)[:500],
        amount_nanousd=amount,
        model_version=first(body, "modelVersion"),
        report=compact(code=blocked or finish or None, usage=usage),
    )


def _upper(resolution: Any) -> str | None:
    return None if resolution is None else str(resolution).upper()
