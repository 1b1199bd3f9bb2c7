"""Recraft: OpenAI's shape, and what was charged in units of a thousandth of a dollar."""

from __future__ import annotations

import base64
import re
import time

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

MODELS = ("recraftv4_1", "recraftv4_1_pro", "recraftv3")
CODES = {"unauthorised": "unauthorized", "unpaid": "not_enough_credits", "forbidden": "forbidden",
         "gone": "not_found", "bad_field": "invalid_request_parameter",
         "quota": "not_enough_credits"}  # fmt: skip


class RecraftFake(Fake):
    """external.api.recraft.ai/v1/images/generations."""

    name = "recraft"
    tells_cost = True
    statuses = {"bad_field": 400}

    def routes(self):
        return [("POST", r"/v1/images/generations", RecraftFake._generate)]

    def problem(self, kind: str, status: int, said: str):
        return {"code": CODES.get(kind, "rate_limit_exceeded" if status == 429 else "internal"),
                "message": said}  # fmt: skip

    def _generate(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"prompt": str},
            optional={"model": str, "n": int, "size": str, "random_seed": int, "style": str,
                      "response_format": str, "negative_prompt": str, "style_id": str,
                      "controls": dict, "text_layout": list},
        )  # fmt: skip
        if body.get("model") not in MODELS:
            raise Rejected("gone", f"model {body.get('model')} not found")
        if body["model"].startswith("recraftv4") and {"negative_prompt", "style"} & set(body):
            raise Rejected("bad_field", "negative_prompt: V2 and V3 only")
        one_of(body, "response_format", ("url", "b64_json"))
        if not re.fullmatch(r"\d+(x|:)\d+", body.get("size", "1024x1024")):
            raise Rejected("bad_field", "size: such as 1024x1024")
        return self.create(Asked(prompt=body["prompt"], model=body["model"],
                                 seed=body.get("random_seed"), body=body))  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return Reply(400, {"code": "prompt_moderated", "message": "The prompt was rejected by "
                           "content moderation."})  # fmt: skip

    def answer(self, job: Job, stage: Stage) -> Reply:
        if stage == "failed":
            return self.error("broken")
        if stage.startswith("refused"):
            return Reply(400, {"code": "image_moderated", "message": "The generated image was "
                               "rejected by content moderation."})  # fmt: skip
        count = 0 if stage == "empty" else self.count(job)
        if job.asked.body.get("response_format") == "b64_json":
            items = [{"image_id": job.id, "b64_json": base64.b64encode(
                self.content(job, i)[0]).decode()} for i in range(count)]  # fmt: skip
        else:
            items = [{"image_id": job.id, "url": self.url(job, i)} for i in range(count)]
        body = {"created": int(time.time()), "data": items}
        cost = self.cost(job)
        if cost is not None:
            body["credits"] = int(cost / 1e6)
        return Reply(200, body, {"X-Recraft-Requestid": job.id})
