"""Stability v2beta: multipart in, bytes or base64 out; a filtered picture is HTTP 200."""

from __future__ import annotations

import base64
import re

from fakes.providers import media
from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, one_of
from fakes.providers.wire import Call, Reply

RATIOS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
FIELDS = {"prompt", "negative_prompt", "aspect_ratio", "seed", "output_format"}
OWN = {"ultra": {"image", "strength", "style_preset"}, "core": {"style_preset"},
       "sd3": {"model", "cfg_scale", "mode", "image", "strength", "style_preset"}}  # fmt: skip
MODELS = ("sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash")
NAMES = {400: "bad_request", 401: "unauthorized", 402: "payment_required", 403: "forbidden",
         404: "not_found", 422: "invalid_prompts", 429: "rate_limit_exceeded",
         500: "internal_error", 503: "service_unavailable"}  # fmt: skip


class StabilityFake(Fake):
    """api.stability.ai/v2beta/stable-image/generate."""

    name = "stability"
    statuses = {"bad_field": 400}

    def routes(self):
        path = r"/v2beta/stable-image/generate/(?P<route>ultra|core|sd3)"
        return [("POST", path, StabilityFake._generate)]

    def problem(self, kind: str, status: int, said: str):
        return {"id": "0f0e", "name": NAMES[status], "errors": [said]}

    def _generate(self, call: Call, match: re.Match[str]) -> Reply:
        form, route = call.form(), match["route"]
        if form is None:
            raise Rejected("bad_field", "content-type: must be multipart/form-data")
        stray = set(form) - FIELDS - OWN[route]
        if stray or "prompt" not in form or not 1 <= len(form["prompt"]) <= 10_000:
            raise Rejected("bad_field", f"prompt: required; unknown fields: {sorted(stray)}")
        one_of(form, "aspect_ratio", RATIOS)
        one_of(form, "output_format", ("png", "jpeg", "webp"))
        if not 0 <= int(form.get("seed", 0)) <= 4_294_967_294:
            raise Rejected("bad_field", "seed: out of range")
        model = form.get("model", "sd3.5-large") if route == "sd3" else route
        if route == "sd3" and model not in MODELS:
            raise Rejected("bad_field", f"model: {model} is not one of {MODELS}")
        accept = call.headers.get("accept", "image/*")
        if accept.split(",")[0] not in ("image/*", "application/json"):
            raise Rejected("bad_field", "accept: must be image/* or application/json")
        asked = Asked(prompt=form["prompt"], model=model, seed=int(form.get("seed", 0)),
                      body={"accept": accept})  # fmt: skip
        return self.create(asked)

    def refusal(self, asked: Asked) -> Reply:
        return Reply(403, {"id": "0f0e", "name": "content_moderation", "errors": [
            "Your request was flagged by our content moderation system, as a result your request "
            "was denied and you were not charged."]})  # fmt: skip

    def answer(self, job: Job, stage: Stage) -> Reply:
        if stage == "failed":
            return self.error("broken")
        content, kind = self.content(job)
        kind = "image/png" if job.scenario == "untyped" else kind
        finish = "CONTENT_FILTERED" if stage.startswith("refused") else "SUCCESS"
        if finish == "CONTENT_FILTERED":
            content = media.black("image")
        if stage == "empty":
            content = b""
        seed = job.asked.seed or 1234567
        if job.asked.body["accept"].startswith("application/json"):
            return Reply(200, {"image": base64.b64encode(content).decode(), "seed": seed,
                               "finish_reason": finish})  # fmt: skip
        headers = {"Content-Type": kind, "finish-reason": finish, "seed": str(seed)}
        return Reply(200, content, {**headers, "x-request-id": job.id})
