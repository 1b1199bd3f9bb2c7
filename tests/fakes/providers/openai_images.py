"""OpenAI Images: answered at once in base64; the same status for a burst and for no money."""

from __future__ import annotations

import base64
import re
import time

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

MODELS = ("gpt-image-2", "gpt-image-2.6-sunburst")
CODES = {
    "unauthorised": ("invalid_request_error", "invalid_api_key"),
    "forbidden": ("invalid_request_error", "organization_must_be_verified"),
    "gone": ("invalid_request_error", "model_not_found"),
    "bad_field": ("invalid_request_error", "invalid_value"),
    "quota": ("insufficient_quota", "insufficient_quota"),
    "unpaid": ("insufficient_quota", "insufficient_quota"),
    "broken": ("server_error", None), "down": ("server_error", None),
    "down_once": ("server_error", None),
}  # fmt: skip


class OpenAIFake(Fake):
    """api.openai.com/v1/images/generations."""

    name = "openai"
    statuses = {"bad_field": 400, "unpaid": 429}
    models: tuple[str, ...] = MODELS

    def routes(self):
        return [("POST", r"/v1/images/generations", type(self)._generate)]

    def problem(self, kind: str, status: int, said: str):
        type_, code = CODES.get(kind, ("requests", "rate_limit_exceeded"))
        if said.startswith("model"):
            code = "model_not_found"
        return {"error": {"message": said, "type": type_, "param": None, "code": code}}

    def error(self, kind: str, said: str = "") -> Reply:
        reply = super().error(kind, said)
        reply.headers["x-request-id"] = "req_fake"
        return reply

    def _generate(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(),
            required={"prompt": str},
            optional={
                "model": str, "n": int, "size": str, "quality": str, "output_format": str,
                "output_compression": int, "background": str, "moderation": str, "user": str,
                "stream": bool, "partial_images": int,
            },
        )  # fmt: skip
        if body.get("model") not in self.models:
            raise Rejected("gone", f"The model `{body.get('model')}` does not exist")
        one_of(body, "quality", ("low", "medium", "high", "auto"))
        one_of(body, "moderation", ("auto", "low"))
        one_of(body, "output_format", ("png", "jpeg", "webp"))
        size = re.fullmatch(r"(\d+)x(\d+)", body.get("size", "16x16"))
        if body.get("size") != "auto" and (not size or any(int(s) % 16 for s in size.groups())):
            raise Rejected("bad_field", "size: width and height must be multiples of 16")
        if not 1 <= body.get("n", 1) <= 10 or len(body["prompt"]) > 32_000:
            raise Rejected("bad_field", "n: between 1 and 10")
        return self.create(Asked(prompt=body["prompt"], model=body["model"], body=body))

    def answer(self, job: Job, stage: Stage) -> Reply:
        if stage in ("refused_input", "refused_output"):
            return self._moderated(stage.partition("_")[2])
        if stage == "failed":
            return self.error("broken")
        count = 0 if stage == "empty" else self.count(job)
        usage = {"input_tokens": 12, "output_tokens": 196, "total_tokens": 208,
                 "input_tokens_details": {"text_tokens": 12, "image_tokens": 0}}  # fmt: skip
        body = {
            "created": int(time.time()), "background": "opaque", "output_format": "png",
            "quality": job.asked.body.get("quality", "auto"), "usage": usage,
            "size": job.asked.body.get("size", "1024x1024"),
            "data": [{"b64_json": base64.b64encode(self.content(job, i)[0]).decode()}
                     for i in range(count)],
        }  # fmt: skip
        if job.scenario == "null_item":
            body["data"] = [{"b64_json": None}]
        if job.scenario == "other_model":
            body["model"] = "gpt-image-1-mini"
        headers = {"x-request-id": f"req_{job.id}", "openai-processing-ms": "4210",
                   "x-ratelimit-remaining-requests": "49"}  # fmt: skip
        return Reply(200, body, headers)

    def _moderated(self, stage: str) -> Reply:
        return Reply(400, {"error": {
            "message": "Your request was rejected by the safety system. If you believe this is an "
            "error, contact us at help.openai.com and include the request ID req_fake.",
            "type": "image_generation_user_error", "param": None, "code": "moderation_blocked",
            "moderation_details": {"moderation_stage": stage, "categories": ["violence"]},
        }}, {"x-request-id": "req_fake"})  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return self._moderated("input")
