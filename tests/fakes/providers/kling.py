"""Kling: an envelope with a code, tasks that ``succeed``, and a mark of ours it remembers."""

from __future__ import annotations

import re
import time

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

MODELS = ("kling-v3", "kling-v2-5-turbo")
CODES = {"unauthorised": 1002, "unpaid": 1102, "quota": 1101, "forbidden": 1103, "gone": 1203,
         "bad_field": 1201, "limited": 1302, "limited_once": 1303, "limited_bare_once": 1302,
         "down": 5001, "down_once": 5001, "broken": 5000, "unknown_job": 1203}  # fmt: skip
WORDS = {"queued": "submitted", "running": "processing", "strange": "reviewing", "done": "succeed",
         "empty": "succeed"}  # fmt: skip


class KlingFake(Fake):
    """api-singapore.klingai.com."""

    name = "kling"
    statuses = {"bad_field": 400, "unpaid": 429, "quota": 429}

    def __init__(self, *args, **options) -> None:
        self.marks: dict[str, str] = {}
        super().__init__(*args, **options)

    def routes(self):
        path = r"/v1/videos/text2video"
        return [("POST", path, KlingFake._create),
                ("GET", path + r"/(?P<id>[\w-]+)", KlingFake._get)]  # fmt: skip

    def problem(self, kind: str, status: int, said: str):
        return {"code": CODES[kind], "message": said, "request_id": "r"}

    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"prompt": str},
            optional={"model_name": str, "negative_prompt": str, "mode": str, "duration": str,
                      "aspect_ratio": str, "cfg_scale": (int, float), "sound": str,
                      "callback_url": str, "external_task_id": str},
        )  # fmt: skip
        if body.get("model_name") not in MODELS:
            raise Rejected("gone", f"model_name: {body.get('model_name')} is not supported")
        one_of(body, "mode", ("std", "pro"))
        one_of(body, "sound", ("on", "off"))
        one_of(body, "aspect_ratio", ("16:9", "9:16", "1:1"))
        if not re.fullmatch(r"[3-9]|1[0-5]", body.get("duration", "5")):
            raise Rejected("bad_field", "duration: 3 to 15, as text")
        if body.get("external_task_id") in self.marks:
            raise Rejected("bad_field", "external_task_id: must be unique")
        return self.create(Asked(prompt=body["prompt"], model=body["model_name"],
                                 modality="video", body=body))  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return Reply(400, {"code": 1301, "message": "The content may violate the policy",
                           "request_id": "r"})  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        mark = job.asked.body.get("external_task_id")
        if mark:
            self.marks[mark] = job.id
        return self.answer(job, "queued")

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(self.marks.get(match["id"], match["id"])))

    def answer(self, job: Job, stage: Stage) -> Reply:
        now = int(time.time() * 1000)
        task = {
            "task_id": job.id,
            "task_status": WORDS.get(stage, "failed"),
            "task_info": {"external_task_id": job.asked.body.get("external_task_id")},
            "created_at": now,
            "updated_at": now - 10**9 * (job.scenario == "skewed_clock"),
        }
        if stage == "done":
            videos = [{"id": "v", "url": self.url(job), "duration": "5.1"}]
            task |= {"task_result": {"videos": videos}, "final_unit_deduction": "2"}
        if stage == "empty":
            task["task_result"] = {"videos": []}
        if stage.startswith("refused"):
            task["task_status_msg"] = "Failure to pass the risk control system"
        elif stage == "failed":
            task["task_status_msg"] = "Service internal error"
        return Reply(200, {"code": 0, "message": "SUCCEED", "request_id": "r", "data": task})
