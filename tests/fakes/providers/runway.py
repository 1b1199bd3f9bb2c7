"""Runway: tasks whose true cost is told at their end, moderated ones included."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

IMAGES = ("gen4_image",)
VIDEOS = ("gen4.5", "veo3.1", "seedance2")
VERSION = "2024-11-06"
WORDS = {"queued": "PENDING", "running": "RUNNING", "strange": "PREPARING", "done": "SUCCEEDED",
         "empty": "SUCCEEDED", "failed": "FAILED", "refused_input": "FAILED",
         "refused_output": "FAILED"}  # fmt: skip
CODES = {"failed": "INTERNAL.BAD_OUTPUT.CODE01", "refused_input": "SAFETY.INPUT.TEXT",
         "refused_output": "SAFETY.OUTPUT.VIDEO.OTHER"}  # fmt: skip


class RunwayFake(Fake):
    """api.dev.runwayml.com."""

    name = "runway"
    tells_cost = True
    refusals_cost = ("refused_input", "refused_output")
    statuses = {"bad_field": 400}

    def routes(self):
        return [
            ("POST", r"/v1/text_to_(?P<what>image|video)", RunwayFake._create),
            ("GET", r"/v1/tasks/(?P<id>[0-9a-f-]+)", RunwayFake._get),
            ("DELETE", r"/v1/tasks/(?P<id>[0-9a-f-]+)", RunwayFake._delete),
        ]

    def problem(self, kind: str, status: int, said: str):
        body = {"error": said}
        if kind == "bad_field":
            body["issues"] = [{"code": "invalid_type", "path": [said.split(":")[0]],
                               "message": said}]  # fmt: skip
        return body

    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        if call.headers.get("x-runway-version") != VERSION:
            raise Rejected("bad_field", "X-Runway-Version: missing or unknown")
        modality = match["what"]
        required = {"model": str, "promptText": str, "ratio": str}
        optional = {"seed": int, "contentModeration": dict, "audio": bool}
        if modality == "video":
            optional |= {"duration": int, "promptImage": (str, list)}
        else:
            optional |= {"referenceImages": list}
        body = check_fields(call.json(), required=required, optional=optional)
        if body["model"] == "gen4.5" and "duration" not in body:
            raise Rejected("bad_field", "duration: required")
        if body["model"] not in (IMAGES if modality == "image" else VIDEOS):
            raise Rejected("gone", f"Model variant {body['model']} is not available.")
        if not 1 <= len(body["promptText"]) <= 1000:
            raise Rejected("bad_field", "promptText: at most 1000 characters")
        if not re.fullmatch(r"\d+:\d+", body["ratio"]) or body["ratio"] == "1:1":
            raise Rejected("bad_field", "ratio: not a size such as 1280:720")
        if not 0 <= body.get("seed", 0) <= 4294967295:
            raise Rejected("bad_field", "seed: out of range")
        one_of(body, "duration", tuple(range(2, 16)))
        return self.create(Asked(prompt=body["promptText"], model=body["model"], modality=modality,
                                 seed=body.get("seed"), body=body))  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        return Reply(200, {"id": _dashed(job.id)})

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"].replace("-", "")))

    def answer(self, job: Job, stage: Stage) -> Reply:
        at = datetime.fromtimestamp(job.at, UTC)
        at += timedelta(days=3 if job.scenario == "skewed_clock" else 0)
        body = {"id": _dashed(job.id), "createdAt": at.isoformat().replace("+00:00", "Z"),
                "status": WORDS[stage]}  # fmt: skip
        credits = {"credits": int(self._amount(job.asked, "happy") / 1e7)}
        if stage == "running":
            body["progress"] = 0.4
            if job.scenario == "throttled" and job.polls == 2:
                body["status"] = "THROTTLED"
                del body["progress"]
        if stage in ("queued", "running", "strange"):
            return Reply(200, {**body, "estimatedCost": credits})
        cost = self.cost(job)
        if cost is not None:
            body["cost"] = {"credits": int(cost / 1e7)}
        if stage in CODES:
            body |= {"failure": "An unexpected error occurred.", "failureCode": CODES[stage]}
            if job.scenario == "partner_down":
                body["failureCode"] = "THIRD_PARTY.UNAVAILABLE"
        if stage in ("done", "empty"):
            outputs = [self.url(job, i) for i in range(self.count(job))]
            body["output"] = [] if stage == "empty" else outputs
        return Reply(200, body)

    def _delete(self, call: Call, match: re.Match[str]) -> Reply:
        self.job(match["id"].replace("-", "")).cancelled = True
        return Reply(204, b"")


def _dashed(id: str) -> str:
    return "-".join((id[:8], id[8:12], id[12:16], id[16:20], id[20:]))
