"""A gateway that speaks OpenAI's images, and the videos format that OpenAI gave up."""

from __future__ import annotations

import base64
import re
import time

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields
from fakes.providers.openai_images import CODES
from fakes.providers.wire import Call, Reply

WORDS = {"running": "in_progress", "strange": "post_processing", "done": "completed",
         "empty": "completed", "refused_input": "failed", "refused_output": "failed"}  # fmt: skip


class CompatibleFake(Fake):
    """/v1/images/generations and /v1/videos of a gateway."""

    name = "openai-compatible"
    statuses = {"bad_field": 400}
    models = ("some-image-model", "sora-2")

    def routes(self):
        return [
            ("POST", r"/v1/images/generations", CompatibleFake._image),
            ("POST", r"/v1/videos", CompatibleFake._video),
            ("GET", r"/v1/videos/video_(?P<id>[0-9a-f]+)", CompatibleFake._get),
            ("GET", r"/v1/videos/video_(?P<id>[0-9a-f]+)/content", CompatibleFake._content),
            ("DELETE", r"/v1/videos/video_(?P<id>[0-9a-f]+)", CompatibleFake._delete),
        ]

    def problem(self, kind: str, status: int, said: str):
        type_, code = CODES.get(kind, ("requests", "rate_limit_exceeded"))
        return {"error": {"message": said, "type": type_, "param": None, "code": code}}

    def _image(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"prompt": str, "model": str},
            optional={"n": int, "size": str, "quality": str, "response_format": str, "user": str,
                      "seed": int, "aspect_ratio": str, "output_format": str},
        )  # fmt: skip
        if body["model"] not in self.models:
            raise Rejected("gone", f"model {body['model']} not found")
        return self.create(Asked(prompt=body["prompt"], model=body["model"], body=body))

    def _video(self, call: Call, match: re.Match[str]) -> Reply:
        given = call.form() or call.json()
        body = check_fields(given, required={"prompt": str, "model": str}, optional={
            "seconds": str, "size": str, "seed": (int, str), "input_reference": str})  # fmt: skip
        if body["model"] not in self.models:
            raise Rejected("gone", f"model {body['model']} not found")
        if body.get("seconds", "4") not in ("4", "8", "12"):
            raise Rejected("bad_field", "seconds: 4, 8 or 12, as text")
        return self.create(Asked(prompt=body["prompt"], model=body["model"], modality="video",
                                 body=body))  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return Reply(400, {"error": {"message": "Your request was rejected by our safety system.",
                                     "type": "invalid_request_error", "param": None,
                                     "code": "content_policy_violation"}})  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        if job.asked.modality == "video":
            return self.answer(job, "queued")
        stage = self.end(job)
        if stage == "failed":
            return self.error("broken")
        if stage.startswith("refused"):
            return self.refusal(job.asked)
        count = 0 if stage == "empty" else self.count(job)
        if job.asked.body.get("response_format") == "b64_json":
            items = [{"b64_json": base64.b64encode(self.content(job, i)[0]).decode()}
                     for i in range(count)]  # fmt: skip
        else:
            items = [{"url": self.url(job, i)} for i in range(count)]
        if job.scenario == "null_item":
            items = [{"url": None, "b64_json": None}]
        body = {"created": int(time.time()), "data": items}
        if job.scenario == "other_model":
            body["model"] = "another-model"
        return Reply(200, body)

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"]))

    def answer(self, job: Job, stage: Stage) -> Reply:
        body = {"id": f"video_{job.id}", "object": "video", "model": job.asked.model,
                "status": WORDS.get(stage, stage), "progress": 100 * (stage == "done"),
                "created_at": int(job.at), "seconds": job.asked.body.get("seconds", "4"),
                "size": job.asked.body.get("size", "1280x720"), "error": None,
                "expires_at": int(job.at) + 3600 if stage == "done" else None}  # fmt: skip
        if job.scenario == "other_model":
            body["model"] = "sora-1"
        if stage.startswith("refused"):
            body["error"] = {"code": "moderation_blocked", "message": "blocked by moderation"}
        elif stage == "failed":
            body["error"] = {"code": "internal_error", "message": "Video generation failed"}
        return Reply(200, body)

    def _content(self, call: Call, match: re.Match[str]) -> Reply:
        job = self.job(match["id"])
        if job.scenario == "empty":
            return Reply(200, b"", {"Content-Type": "video/mp4"})
        return self._file(job, 0, call)

    def _delete(self, call: Call, match: re.Match[str]) -> Reply:
        self.job(match["id"]).cancelled = True
        return Reply(200, {"id": match["id"], "object": "video.deleted", "deleted": True})
