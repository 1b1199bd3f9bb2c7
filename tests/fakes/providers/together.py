"""Together: pictures at once, clips as jobs that tell what they cost."""

from __future__ import annotations

import base64
import re
import time

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

IMAGES = ("black-forest-labs/FLUX.1-schnell", "black-forest-labs/FLUX.1.1-pro")
VIDEOS = ("minimax/hailuo-02", "google/veo-3.0")
TYPES = {"unauthorised": ("invalid_request_error", "invalid_api_key"),
         "unpaid": ("credit_limit", "credit_limit"), "gone": ("invalid_request_error",
         "model_not_available"), "bad_field": ("invalid_request_error", None),
         "quota": ("credit_limit", "credit_limit")}  # fmt: skip
WORDS = {"queued": "in_progress", "running": "in_progress", "strange": "moderating",
         "done": "completed", "empty": "completed"}  # fmt: skip


class TogetherFake(Fake):
    """api.together.ai."""

    name = "together"
    statuses = {"bad_field": 400}

    def routes(self):
        return [
            ("POST", r"/v1/images/generations", TogetherFake._image),
            ("POST", r"/v2/videos", TogetherFake._video),
            ("GET", r"/v2/videos/(?P<id>[0-9a-f]+)", TogetherFake._get),
        ]

    def problem(self, kind: str, status: int, said: str):
        type_, code = TYPES.get(kind, ("server_error", "rate_limit" if status == 429 else None))
        return {"id": "r", "error": {"message": said, "type": type_, "param": None, "code": code}}

    def _image(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "prompt": str},
            optional={"n": int, "width": int, "height": int, "steps": int, "seed": int,
                      "negative_prompt": str, "guidance_scale": (int, float),
                      "response_format": str, "disable_safety_checker": bool,
                      "output_format": str, "image_url": str},
        )  # fmt: skip
        if body["model"] not in IMAGES:
            raise Rejected("gone", f"Unable to access model {body['model']}.")
        one_of(body, "response_format", ("base64", "url"))
        one_of(body, "n", (1, 2, 3, 4))
        return self.create(Asked(prompt=body["prompt"], model=body["model"],
                                 seed=body.get("seed"), body=body))  # fmt: skip

    def _video(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "prompt": str},
            optional={"width": int, "height": int, "seconds": str, "fps": int, "steps": int,
                      "seed": int, "guidance_scale": (int, float), "negative_prompt": str,
                      "output_format": str, "resolution": str, "ratio": str,
                      "generate_audio": bool, "output_quality": int},
        )  # fmt: skip
        if body["model"] not in VIDEOS:
            raise Rejected("gone", f"Unable to access model {body['model']}.")
        return self.create(Asked(prompt=body["prompt"], model=body["model"], modality="video",
                                 seed=body.get("seed"), body=body))  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return Reply(422, {"id": "r", "error": {"message": "Image generation rejected: prompt may "
                           "contain NSFW content", "type": "invalid_request_error", "param":
                           "prompt", "code": "content_policy_violation"}})  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        if job.asked.modality == "video":
            return self.answer(job, "queued")
        return self._pictures(job)

    def _pictures(self, job: Job) -> Reply:
        stage = self.end(job)
        if stage == "failed":
            return self.error("broken")
        if stage.startswith("refused"):
            return self.refusal(job.asked)
        count = 0 if stage == "empty" else self.count(job)
        if job.asked.body.get("response_format") == "base64":
            items = [{"index": i, "type": "b64_json", "b64_json": base64.b64encode(
                self.content(job, i)[0]).decode()} for i in range(count)]  # fmt: skip
        else:
            items = [{"index": i, "type": "url", "url": self.url(job, i)} for i in range(count)]
        model = "black-forest-labs/FLUX.0" if job.scenario == "other_model" else job.asked.model
        return Reply(200, {"id": job.id, "model": model, "object": "list", "data": items})

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"]))

    def answer(self, job: Job, stage: Stage) -> Reply:
        body = {
            "id": job.id,
            "object": "video",
            "model": job.asked.model,
            "size": "1366x768",
            "status": WORDS.get(stage, "failed"),
            "created_at": job.at,
            "seconds": "6",
        }
        if stage in ("done", "empty"):
            body["completed_at"] = time.time()
            body["outputs"] = {"video_url": self.url(job)} if stage == "done" else {}
            cost = self.cost(job)
            if cost is not None:
                body["outputs"]["cost"] = cost / 1e9
        if stage in ("failed", "refused_input", "refused_output"):
            moderated = stage != "failed"
            body["error"] = {
                "code": "content_policy_violation" if moderated else "internal_error",
                "message": "blocked by content moderation" if moderated else "no",
            }
        return Reply(200, body)


class TogetherVideoFake(TogetherFake):
    """The same house; its clips tell their cost, its pictures do not."""

    name = "together"
    tells_cost = True
