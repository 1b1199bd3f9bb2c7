"""Gemini Omni: clips on the Interactions API."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.gemini import google_problem
from fakes.providers.wire import Call, Reply

MODELS = ("gemini-omni-1.2-flash", "gemini-omni-1.1-flash")
BASE = r"/v1(?:beta|alpha)?/interactions"
WORDS = {"queued": "queued", "running": "in_progress", "strange": "rendering",
         "done": "completed", "empty": "completed", "refused_input": "failed",
         "refused_output": "failed", "failed": "failed"}  # fmt: skip


class OmniFake(Fake):
    """generativelanguage.googleapis.com/{v}/interactions."""

    name = "gemini-omni"
    auth = ("x-goog-api-key", "")
    statuses = {"bad_field": 400}
    retry_after = False
    problem = staticmethod(google_problem)

    def routes(self):
        return [("POST", BASE, OmniFake._create),
                ("GET", BASE + r"/(?P<id>[0-9a-f]+)", OmniFake._get),
                ("POST", BASE + r"/(?P<id>[0-9a-f]+)/cancel", OmniFake._cancel)]  # fmt: skip

    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "input": (str, list)},
            optional={"response_format": (dict, list), "background": bool, "store": bool,
                      "response_modalities": list, "generation_config": dict, "stream": bool},
        )  # fmt: skip
        if body["model"] not in MODELS:
            raise Rejected("gone", f"models/{body['model']} is not found")
        asked_for = body.get("response_format", {})
        asked_for = asked_for[0] if isinstance(asked_for, list) else asked_for
        check_fields(asked_for, required={"type": str}, optional={
            "aspect_ratio": str, "duration": str, "resolution": str, "delivery": str,
            "gcs_uri": str})  # fmt: skip
        one_of(asked_for, "type", ("video",))
        one_of(asked_for, "aspect_ratio", ("16:9", "9:16"))
        one_of(asked_for, "resolution", ("360p", "720p", "1080p", "4k"))
        one_of(asked_for, "delivery", ("inline", "uri"))
        if not re.fullmatch(r"\d+s", asked_for.get("duration", "5s")):
            raise Rejected("bad_field", "duration: such as 5s")
        text = body["input"]
        if isinstance(text, list):
            text = "".join(c.get("text", "") for c in text)
        delivery = {"delivery": asked_for.get("delivery", "inline")}
        return self.create(Asked(prompt=text, model=body["model"], modality="video", body=delivery))

    def accepted(self, job: Job) -> Reply:
        return self.answer(job, "queued")

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"]))

    def answer(self, job: Job, stage: Stage) -> Reply:
        stamp = datetime.fromtimestamp(job.at, UTC).isoformat().replace("+00:00", "Z")
        model = "gemini-omni-0" if job.scenario == "other_model" else job.asked.model
        body = {"id": job.id, "object": "interaction", "model": model, "status": WORDS[stage],
                "created": stamp, "updated": stamp, "steps": []}  # fmt: skip
        if stage == "done":
            content, kind = self.content(job)
            where = {"uri": self.url(job)}
            if job.asked.body["delivery"] == "inline":
                where = {"data": base64.b64encode(content).decode()}
            item = {"type": "video", "mime_type": kind, **where}
            body["steps"] = [{"type": "model_output", "content": [item] * self.count(job)}]
            body["usage"] = {"total_tokens": 28972, "total_output_tokens": 28960}
        if stage.startswith("refused") or stage == "failed":
            code = 13 if stage == "failed" else 3
            said = "Internal error" if stage == "failed" else (
                "The video was blocked by our safety filters (PROHIBITED_CONTENT).")  # fmt: skip
            body["steps"] = [{"type": "model_output", "content": [],
                              "error": {"code": code, "message": said}}]  # fmt: skip
        return Reply(200, body)

    def _cancel(self, call: Call, match: re.Match[str]) -> Reply:
        job = self.job(match["id"])
        if job.finished:
            raise Rejected("too_late", "the interaction is completed")
        job.cancelled = True
        reply = self.answer(job, "running")
        reply.body["status"] = "cancelled"
        return reply
