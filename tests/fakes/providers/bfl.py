"""Black Forest Labs: tells the cost when it takes a job, and where to poll it."""

from __future__ import annotations

import re
import time

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

MODELS = ("flux-2-pro", "flux-2-flex", "flux-pro-1.1")
WORDS = {"queued": "Pending", "running": "Pending", "strange": "Reasoning", "done": "Ready",
         "empty": "Ready", "failed": "Error", "refused_input": "Request Moderated",
         "refused_output": "Content Moderated"}  # fmt: skip


class BflFake(Fake):
    """api.bfl.ai."""

    name = "bfl"
    auth = ("x-key", "")
    tells_cost = True
    expired_status = 403

    def routes(self):
        return [
            ("POST", r"/v1/(?P<model>flux[a-z0-9.-]+)", BflFake._create),
            ("GET", r"/v1/eu1/get_result", BflFake._get),
        ]

    def problem(self, kind: str, status: int, said: str):
        if kind == "bad_field":
            return {"detail": [{"loc": ["body", said.split(":")[0]], "msg": said,
                                "type": "value_error"}]}  # fmt: skip
        return {"detail": said}

    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        model = match["model"]
        if model not in MODELS:
            raise Rejected("gone", "Not Found")
        optional = {"seed": int, "width": int, "height": int, "aspect_ratio": str,
                    "output_format": str, "safety_tolerance": int, "prompt_upsampling": bool,
                    "webhook_url": str, "webhook_secret": str}  # fmt: skip
        if model == "flux-2-flex":
            optional |= {"steps": int, "guidance": (int, float)}
        body = check_fields(call.json(), required={"prompt": str}, optional=optional)
        if not 0 <= body.get("safety_tolerance", 2) <= 6:
            raise Rejected("bad_field", "safety_tolerance: at most 6")
        one_of(body, "output_format", ("jpeg", "png", "webp"))
        if body.get("prompt_upsampling"):
            raise Rejected("bad_field", "prompt_upsampling: the prompt would be rewritten")
        return self.create(Asked(prompt=body["prompt"], model=model, seed=body.get("seed"),
                                 body=body))  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        cost = self.cost(job)
        body = {"id": job.id, "polling_url": f"{self.origin}/v1/eu1/get_result?id={job.id}",
                "input_mp": 0.0, "output_mp": 1.0}  # fmt: skip
        return Reply(200, body if cost is None else {**body, "cost": cost / 1e7})

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        id = call.query.get("id", "")
        try:
            job = self.job(id)
        except Rejected:
            return Reply(404, {"id": id, "status": "Task not found", "result": None})
        return self.poll(job)

    def answer(self, job: Job, stage: Stage) -> Reply:
        result = None
        skew = -1e6 if job.scenario == "skewed_clock" else 0.0
        if stage in ("done", "empty"):
            result = {"sample": self.url(job), "seed": job.asked.seed or 7,
                      "prompt": job.asked.prompt, "start_time": job.at,
                      "end_time": time.time() + skew, "duration": 0.31 + skew}  # fmt: skip
        if stage == "empty" and result:
            result["sample"] = None if job.scenario == "null_item" else ""
        details = {"Moderation Reasons": ["Derivative Works Filter"]}
        return Reply(200, {"id": job.id, "status": WORDS[stage], "result": result,
                           "progress": 1.0 if result else 0.4,
                           "details": details if "Moderated" in WORDS[stage] else None,
                           "preview": None})  # fmt: skip
