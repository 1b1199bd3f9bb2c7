"""xAI: cost in ticks, ten thousand million to the dollar; a clip may be done and refused."""

from __future__ import annotations

import base64
import re

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

IMAGES = ("grok-imagine-image", "grok-imagine-image-2.0")
VIDEOS = ("grok-imagine-video-1.5",)
WORDS = {"queued": "pending", "running": "pending", "strange": "rendering", "failed": "failed",
         "refused_input": "failed"}  # fmt: skip
TICKS = 10  # of one nano-USD


class XaiFake(Fake):
    """api.x.ai/v1."""

    name = "xai"
    tells_cost = True
    refusals_cost = ("refused_output",)
    statuses = {"bad_field": 422}

    def routes(self):
        return [
            ("POST", r"/v1/images/generations", XaiFake._image),
            ("POST", r"/v1/videos/generations", XaiFake._video),
            ("GET", r"/v1/videos/(?P<id>[0-9a-f]+)", XaiFake._get),
        ]

    def problem(self, kind: str, status: int, said: str):
        if kind == "quota":
            return {"code": "The caller does not have permission to execute the operation",
                    "error": "Your team has used all available credits or reached its monthly "
                    "spending limit."}  # fmt: skip
        return {"code": f"Request failed ({status})", "error": said}

    def _image(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "prompt": str},
            optional={"n": int, "aspect_ratio": str, "resolution": str, "response_format": str,
                      "quality": str, "user": str},
        )  # fmt: skip
        if body["model"] not in IMAGES:
            raise Rejected("gone", f"The model {body['model']} does not exist or your team does "
                           "not have access to it.")  # fmt: skip
        one_of(body, "response_format", ("url", "b64_json"))
        one_of(body, "resolution", ("1k", "2k"))
        return self.create(Asked(prompt=body["prompt"], model=body["model"], body=body))

    def _video(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "prompt": str},
            optional={"duration": int, "aspect_ratio": str, "resolution": str, "image": dict},
        )  # fmt: skip
        if body["model"] not in VIDEOS:
            raise Rejected("gone", f"The model {body['model']} does not exist")
        one_of(body, "resolution", ("480p", "720p", "1080p"))
        return self.create(Asked(prompt=body["prompt"], model=body["model"], modality="video",
                                 body=body))  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return Reply(400, {"code": "Client specified an invalid argument",
                           "error": "Generated image rejected by content moderation."})  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        if job.asked.modality == "video":
            return Reply(200, {"request_id": job.id})
        return self._pictures(job)

    def _usage(self, job: Job) -> dict:
        cost = self.cost(job)
        return {} if cost is None else {"usage": {"cost_in_usd_ticks": cost * TICKS}}

    def _pictures(self, job: Job) -> Reply:
        stage = self.end(job)
        if stage == "failed":
            return self.error("broken")
        count = 0 if stage == "empty" else self.count(job)
        if job.asked.body.get("response_format") == "b64_json":
            items = [{"b64_json": base64.b64encode(self.content(job, i)[0]).decode(),
                      "mime_type": "image/png"} for i in range(count)]  # fmt: skip
        else:
            items = [{"url": self.url(job, i), "mime_type": "image/png"} for i in range(count)]
        if stage == "refused_output":
            items = [{"url": "", "respect_moderation": False}]
        model = "grok-imagine-0" if job.scenario == "other_model" else job.asked.model
        return Reply(200, {"data": items, "model": model, **self._usage(job)})

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"]))

    def answer(self, job: Job, stage: Stage) -> Reply:
        body = {"status": WORDS.get(stage, "done"), "model": job.asked.model}
        if job.scenario == "expired_job" and stage == "done":
            return Reply(200, {"status": "expired"})
        if stage in ("queued", "running", "strange"):
            return Reply(200, {"status": body["status"], "progress": 40})
        if stage in ("failed", "refused_input"):
            return Reply(200, {**body, "error": {"code": "internal_error", "message": "failed"}})
        if job.scenario == "other_model":
            body["model"] = "grok-imagine-video-0"
        if stage != "empty":
            body["video"] = {
                "url": "" if stage == "refused_output" else self.url(job),
                "duration": 5,
                "respect_moderation": stage != "refused_output",
            }
        return Reply(200, {**body, **self._usage(job)})
