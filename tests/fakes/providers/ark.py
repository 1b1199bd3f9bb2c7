"""Ark / ModelArk: Seedream answers at once, one item may be an error; Seedance is a task."""

from __future__ import annotations

import base64
import re
import time

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

IMAGES = ("seedream-4-0-250828", "seedream-4-5-251128")
VIDEOS = ("dreamina-seedance-2-0-260128",)
WORDS = {"done": "succeeded", "empty": "succeeded", "strange": "preparing",
         "refused_input": "failed", "refused_output": "failed"}  # fmt: skip
CODES = {
    "unauthorised": "AuthenticationError", "unpaid": "AccountOverdueError",
    "forbidden": "OperationDenied.PermissionDenied", "gone": "InvalidEndpointOrModel.NotFound",
    "bad_field": "InvalidParameter", "quota": "QuotaExceeded", "broken": "InternalServiceError",
    "down": "ServiceUnavailable", "down_once": "ServiceUnavailable",
    "unknown_job": "ResourceNotFound",
}  # fmt: skip
INPUT, OUTPUT = "InputTextSensitiveContentDetected", "Output{}SensitiveContentDetected"


class ArkFake(Fake):
    """ark.ap-southeast.bytepluses.com/api/v3."""

    name = "ark"
    statuses = {"bad_field": 400}

    def routes(self):
        tasks = r"/api/v3/contents/generations/tasks"
        return [
            ("POST", r"/api/v3/images/generations", ArkFake._images),
            ("POST", tasks, ArkFake._task),
            ("GET", tasks + r"/(?P<id>cgt-[0-9a-f]+)", ArkFake._get),
            ("DELETE", tasks + r"/(?P<id>cgt-[0-9a-f]+)", ArkFake._delete),
        ]

    def problem(self, kind: str, status: int, said: str):
        code = CODES.get(kind, "RateLimitExceeded.EndpointRPMExceeded")
        return {"error": {"code": code, "message": said, "param": "", "type": "BadRequest"}}

    def _images(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "prompt": str},
            optional={"size": str, "response_format": str, "watermark": bool, "stream": bool,
                      "sequential_image_generation": str, "output_format": str,
                      "sequential_image_generation_options": dict, "image": (str, list),
                      "optimize_prompt_options": dict},
        )  # fmt: skip
        if body["model"] not in IMAGES:
            raise Rejected("gone", f"The model or endpoint {body['model']} does not exist")
        if body.get("watermark", True):
            raise Rejected("bad_field", "watermark: would be drawn on the picture")
        one_of(body, "response_format", ("url", "b64_json"))
        if not re.fullmatch(r"[124]K|\d+x\d+", body.get("size", "2K")):
            raise Rejected("bad_field", "size: neither 2K nor WxH")
        return self.create(Asked(prompt=body["prompt"], model=body["model"], body=body))

    def _task(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "content": list},
            optional={"ratio": str, "resolution": str, "duration": int, "generate_audio": bool,
                      "watermark": bool, "callback_url": str, "return_last_frame": bool},
        )  # fmt: skip
        if body["model"] not in VIDEOS:
            raise Rejected("gone", f"The model or endpoint {body['model']} does not exist")
        if body.get("watermark"):
            raise Rejected("bad_field", "watermark: would be drawn on the clip")
        texts = [c.get("text") for c in body["content"] if c.get("type") == "text"]
        if len(texts) != 1 or not isinstance(texts[0], str):
            raise Rejected("bad_field", "content: one text")
        return self.create(Asked(prompt=texts[0], model=body["model"], modality="video", body=body))

    def accepted(self, job: Job) -> Reply:
        if job.asked.modality == "image":
            return self._pictures(job)
        return Reply(200, {"id": f"cgt-{job.id}"})

    def refusal(self, asked: Asked) -> Reply:
        return Reply(400, {"error": {"code": INPUT, "message": "The request failed because the "
                                     "input text may contain sensitive information.",
                                     "param": "prompt", "type": "BadRequest"}})  # fmt: skip

    def _pictures(self, job: Job) -> Reply:
        stage = self.end(job)
        if stage == "failed":
            return self.error("broken")
        item = {"size": "16x16"}
        if job.asked.body.get("response_format") == "b64_json":
            items = [{**item, "b64_json": base64.b64encode(self.content(job, i)[0]).decode()}
                     for i in range(self.count(job))]  # fmt: skip
        else:
            items = [{**item, "url": self.url(job, i)} for i in range(self.count(job))]
        if stage == "refused_output":
            items = [{"error": {"code": OUTPUT.format("Image"), "message": "The output image may "
                                "contain sensitive information."}}]  # fmt: skip
        if stage == "empty":
            items = []
        made = 0 if stage != "done" else len(items)
        model = "seedream-3-0" if job.scenario == "other_model" else job.asked.model
        return Reply(
            200,
            {
                "model": model,
                "created": int(time.time()),
                "data": items,
                "usage": {
                    "generated_images": made,
                    "output_tokens": 16384 * made,
                    "total_tokens": 16384 * made,
                },
            },
        )

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"].removeprefix("cgt-")))

    def answer(self, job: Job, stage: Stage) -> Reply:
        body = {"id": f"cgt-{job.id}", "model": job.asked.model, "created_at": int(job.at),
                "status": WORDS.get(stage, stage), "updated_at": int(time.time())}  # fmt: skip
        if job.scenario == "other_model":
            body["model"] = "dreamina-seedance-1-0"
        if job.scenario == "expired_job" and stage == "done":
            return Reply(200, {**body, "status": "expired"})
        if stage in ("done", "empty"):
            body["content"] = {"video_url": self.url(job)} if stage == "done" else {}
            body["usage"] = {"completion_tokens": 108900, "total_tokens": 108900}
        if stage in ("failed", "refused_input", "refused_output"):
            code = {"failed": "InternalServiceError", "refused_input": INPUT}
            body["error"] = {"code": code.get(stage, OUTPUT.format("Video")), "message": stage}
        return Reply(200, body)

    def _delete(self, call: Call, match: re.Match[str]) -> Reply:
        job = self.job(match["id"].removeprefix("cgt-"))
        if job.finished:
            raise Rejected("too_late", "the task is finished")
        job.cancelled = True
        return Reply(200, {})
