"""Replicate: predictions of official models, whose output is a string, a list or an object."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields
from fakes.providers.wire import Call, Reply

KNOWN = {"black-forest-labs/flux-schnell": "image", "black-forest-labs/flux-1.1-pro": "image",
         "bytedance/seedance-2.0": "video"}  # fmt: skip
WORDS = {"queued": "starting", "running": "processing", "strange": "booting", "done": "succeeded",
         "empty": "succeeded", "failed": "failed", "refused_output": "failed",
         "refused_input": "failed"}  # fmt: skip
TITLES = {401: "Unauthenticated", 402: "Insufficient credit", 403: "Forbidden", 404: "Not found",
          422: "Input validation failed", 500: "Internal server error",
          503: "Service unavailable"}  # fmt: skip


class ReplicateFake(Fake):
    """api.replicate.com."""

    name = "replicate"
    retry_after = False

    def routes(self):
        return [
            ("POST", r"/v1/models/(?P<model>[^/]+/[^/]+)/predictions", ReplicateFake._create),
            ("GET", r"/v1/predictions/(?P<id>[0-9a-f]+)", ReplicateFake._get),
            ("POST", r"/v1/predictions/(?P<id>[0-9a-f]+)/cancel", ReplicateFake._cancel),
        ]

    def problem(self, kind: str, status: int, said: str):
        if kind == "quota":
            return {"detail": "Request was throttled. Your rate limit for creating predictions is "
                    "reduced to 6 requests per minute while you have less than $5.0 in credit.",
                    "status": 429}  # fmt: skip
        if kind == "limited_bare_once":
            return {"detail": "Request was throttled."}
        if status == 429:
            return {"detail": "Request was throttled. Your rate limit resets in ~1s."}
        return {"title": TITLES.get(status, said), "detail": said, "status": status}

    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        model = match["model"]
        if model not in KNOWN:
            raise Rejected("gone", "The requested resource could not be found.")
        optional = {"webhook": str, "webhook_events_filter": list, "stream": bool}
        body = check_fields(call.json(), required={"input": dict}, optional=optional)
        given = body["input"]
        if not isinstance(given.get("prompt"), str):
            raise Rejected("bad_field", "- input: prompt is required")
        wait = re.fullmatch(r"wait(?:=(\d+))?", call.headers.get("prefer", "wait"))
        if wait is None or not 1 <= int(wait[1] or 60) <= 60:
            raise Rejected("bad_field", "Prefer: wait must be between 1 and 60 seconds")
        return self.create(Asked(prompt=given["prompt"], model=model, modality=KNOWN[model],
                                 seed=given.get("seed"), body=given))  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        reply = self.answer(job, "queued")
        reply.status = 201
        return reply

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"]))

    def answer(self, job: Job, stage: Stage) -> Reply:
        ended = stage in ("done", "failed", "empty", "refused_output", "refused_input")
        skew = timedelta(days=-2) if job.scenario == "skewed_clock" else timedelta(0)
        at = datetime.fromtimestamp(job.at, UTC)
        error = None
        if stage.startswith("refused"):
            error = "NSFW content detected. Try running it again, or try a different prompt."
        elif stage == "failed":
            error = "Prediction failed: CUDA out of memory (E1001)"
        stamp = "%Y-%m-%dT%H:%M:%S.%fZ"
        version = "other-9" if job.scenario == "other_model" else "hidden"
        model = "black-forest-labs/flux-2" if job.scenario == "other_model" else job.asked.model
        body = {
            "id": job.id, "model": model, "version": version, "status": WORDS[stage],
            "input": job.asked.body, "output": self._output(job, stage), "logs": "",
            "error": error, "data_removed": False,
            "metrics": {"predict_time": 0.42} if ended else {},
            "created_at": at.strftime(stamp),
            "started_at": None if stage == "queued" else (at + skew).strftime(stamp),
            "completed_at": (at + skew).strftime(stamp) if ended else None,
            "urls": {"get": f"{self.origin}/v1/predictions/{job.id}",
                     "cancel": f"{self.origin}/v1/predictions/{job.id}/cancel"},
        }  # fmt: skip
        return Reply(200, body)

    def _output(self, job: Job, stage: Stage):
        if stage == "empty":
            return [] if job.asked.modality == "image" else None
        if stage != "done":
            return None
        if job.scenario == "output_string":
            return self.url(job)
        if job.scenario == "output_object":
            return {"image": self.url(job)}
        if job.asked.modality == "video":
            return self.url(job)
        return [self.url(job, i) for i in range(self.count(job))]

    def _cancel(self, call: Call, match: re.Match[str]) -> Reply:
        job = self.job(match["id"])
        if job.finished:
            raise Rejected("too_late", "The prediction has already finished.")
        job.cancelled = True
        reply = self.answer(job, "failed")
        reply.body["status"] = "canceled"
        return reply
