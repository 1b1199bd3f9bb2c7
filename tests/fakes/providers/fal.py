"""fal: a queue with no failed state, two shapes of errors, and retries unless told otherwise."""

from __future__ import annotations

import re
import time

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields
from fakes.providers.wire import Call, Reply

KNOWN = {
    "fal-ai/flux/schnell": ("image", 4), "fal-ai/flux/dev": ("image", 50),
    "bytedance/seedance-2.0/text-to-video": ("video", 0), "fal-ai/veo3.1": ("video", 0),
}  # fmt: skip
PLATFORM = {"down": "runner_scheduling_failure", "down_once": "runner_scheduling_failure",
            "broken": "internal_error", "limited": "concurrent_requests_limit",
            "limited_once": "rate_limited", "limited_bare_once": "rate_limited"}  # fmt: skip


class FalFake(Fake):
    """queue.fal.run."""

    name = "fal"
    auth = ("authorization", "Key ")
    refusals_cost = ("nsfw",)
    waits = 2

    def routes(self):
        return [
            ("GET", r"/(?P<app>[^/]+/[^/]+)/requests/(?P<id>[0-9a-f]+)/status", FalFake._status),
            ("PUT", r"/(?P<app>[^/]+/[^/]+)/requests/(?P<id>[0-9a-f]+)/cancel", FalFake._cancel),
            ("GET", r"/(?P<app>[^/]+/[^/]+)/requests/(?P<id>[0-9a-f]+)", FalFake._result),
            ("POST", r"/(?P<endpoint>.+)", FalFake._submit),
        ]

    def problem(self, kind: str, status: int, said: str):
        if kind == "bad_field":
            loc = ["body", said.split(":")[0]]
            return {"detail": [{"loc": loc, "msg": said, "type": "value_error", "input": None}]}
        body = {"detail": said}
        if kind in PLATFORM:
            body["error_type"] = PLATFORM[kind]
        return body

    def error(self, kind: str, said: str = "") -> Reply:
        reply = super().error(kind, said)
        if kind in PLATFORM:
            reply.headers["X-Fal-Error-Type"] = PLATFORM[kind]
        if kind.startswith("down"):
            reply.headers["X-Fal-Retryable"] = "true"
        return reply

    def _submit(self, call: Call, match: re.Match[str]) -> Reply:
        endpoint = match["endpoint"]
        if endpoint not in KNOWN:
            raise Rejected("gone", f"Application '{endpoint}' not found")
        modality = KNOWN[endpoint][0]
        if call.headers.get("x-fal-no-retry") != "1":
            raise Rejected("bad_field", "headers: the queue would retry up to ten times")
        if call.headers.get("x-app-fal-disable-fallback") != "1":
            raise Rejected("bad_field", "headers: another model might answer")
        number = (int, float)
        optional = {"seed": int, "negative_prompt": str, "aspect_ratio": str, "sync_mode": bool,
                    "enable_safety_checker": bool, "safety_tolerance": str}  # fmt: skip
        if modality == "image":
            optional |= {"image_size": (str, dict), "num_images": int, "output_format": str,
                         "num_inference_steps": int, "guidance_scale": number}  # fmt: skip
        else:
            optional |= {"duration": str, "resolution": str, "generate_audio": bool}
        body = check_fields(call.json(), required={"prompt": str}, optional=optional)
        size = body.get("image_size")
        if isinstance(size, dict) and set(size) != {"width", "height"}:
            raise Rejected("bad_field", "image_size: not a known size")
        return self.create(Asked(prompt=body["prompt"], model=endpoint, modality=modality,
                                 seed=body.get("seed"), body=body))  # fmt: skip

    def _urls(self, job: Job) -> dict[str, str]:
        app = "/".join(job.asked.model.split("/")[:2])  # only owner and app, never the rest
        base = f"{self.origin}/{app}/requests/{job.id}"
        return {
            "response_url": base,
            "status_url": f"{base}/status",
            "cancel_url": f"{base}/cancel",
        }

    def accepted(self, job: Job) -> Reply:
        return Reply(200, {"status": "IN_QUEUE", "request_id": job.id, "queue_position": 1,
                           **self._urls(job)}, {"x-fal-request-id": job.id})  # fmt: skip

    def _status(self, call: Call, match: re.Match[str]) -> Reply:
        job = self.job(match["id"])
        return self.poll(self._at_home(job, match))

    def _at_home(self, job: Job, match: re.Match[str]) -> Job:
        if not job.asked.model.startswith(match["app"]):
            raise Rejected("unknown_job", "Request not found")
        return job

    def answer(self, job: Job, stage: Stage) -> Reply:
        body = {"request_id": job.id, "logs": None, **self._urls(job)}
        if stage == "queued":
            body |= {"status": "IN_QUEUE", "queue_position": 0}
        elif stage == "running":
            body |= {"status": "IN_PROGRESS"}
        elif stage == "strange":
            body |= {"status": "WARMING_UP"}
        else:  # there is no failed state: a failed job is COMPLETED, and its result an error
            body |= {"status": "COMPLETED", "metrics": {"inference_time": 0.31}}
            if stage == "failed":
                body |= {"error": "Internal server error", "error_type": "internal_error"}
        return Reply(200, body)

    def _result(self, call: Call, match: re.Match[str]) -> Reply:
        job = self._at_home(self.job(match["id"]), match)
        if not job.finished:
            return Reply(400, {"detail": "Request is still in progress"})
        stage = self.end(job)
        if stage == "failed":
            return Reply(500, {"detail": "Internal server error", "error_type": "internal_error"},
                         {"X-Fal-Error-Type": "internal_error"})  # fmt: skip
        if stage.startswith("refused"):
            where = "body" if stage == "refused_input" else "response"
            said = "The content could not be processed because it contained material flagged"
            detail = {"loc": [where, "prompt"], "msg": said, "type": "content_policy_violation",
                      "url": "https://docs.fal.ai/errors#content_policy_violation",
                      "input": job.asked.prompt}  # fmt: skip
            return Reply(422, {"detail": [detail]}, {"X-Fal-Retryable": "false"})
        return self._made(job, empty=stage == "empty")

    def _made(self, job: Job, *, empty: bool) -> Reply:
        seed = job.asked.seed if job.asked.seed is not None else 7
        if job.asked.modality == "video":
            body = {"video": None if empty else {"url": self.url(job), "content_type": "video/mp4",
                    "file_name": "output.mp4", "file_size": 4096}, "seed": seed}  # fmt: skip
            return Reply(200, body)
        images = [] if empty else [
            {"url": self.url(job, i), "width": 16, "height": 16, "content_type": "image/png"}
            for i in range(self.count(job))
        ]  # fmt: skip
        skew = 3600.0 * 24 if job.scenario == "skewed_clock" else 0.0
        return Reply(200, {
            "images": images, "seed": seed, "prompt": job.asked.prompt,
            "timings": {"inference": 0.31 - skew}, "at": time.time() + skew,
            "has_nsfw_concepts": [job.scenario == "nsfw"] * len(images),
        })  # fmt: skip

    def _cancel(self, call: Call, match: re.Match[str]) -> Reply:
        job = self.job(match["id"])
        if job.finished:
            return Reply(
                409, {"detail": "Request already completed", "status": "ALREADY_COMPLETED"}
            )
        job.cancelled = True
        return Reply(202, {"status": "CANCELLATION_REQUESTED"})
