"""DashScope: Wan as an asynchronous task; three clocks of its own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields
from fakes.providers.wire import Call, Reply

MODELS = ("wan2.7-t2v", "wan3.0-video")
CODES = {"unauthorised": "InvalidApiKey", "unpaid": "Arrearage", "forbidden": "AccessDenied",
         "gone": "ModelNotFound", "bad_field": "InvalidParameter",
         "quota": "AllocationQuota.FreeTierOnly", "broken": "InternalError",
         "down": "ServiceUnavailable", "down_once": "ServiceUnavailable"}  # fmt: skip
WORDS = {"queued": "PENDING", "running": "RUNNING", "strange": "SUSPENDED", "done": "SUCCEEDED",
         "empty": "SUCCEEDED"}  # fmt: skip


class DashScopeFake(Fake):
    """dashscope-intl.aliyuncs.com."""

    name = "dashscope"
    statuses = {"bad_field": 400, "quota": 403, "unpaid": 400}

    def routes(self):
        return [
            ("POST", r"/api/v1/services/aigc/video-generation/video-synthesis",
             DashScopeFake._create),
            ("GET", r"/api/v1/tasks/(?P<id>[0-9a-f]+)", DashScopeFake._get),
            ("POST", r"/api/v1/tasks/(?P<id>[0-9a-f]+)/cancel", DashScopeFake._cancel),
        ]  # fmt: skip

    def problem(self, kind: str, status: int, said: str):
        code = CODES.get(kind, "Throttling.RateQuota")
        if kind == "unpaid":
            said = "Access denied, please make sure your account is in good standing."
        return {"code": code, "message": said, "request_id": "r"}

    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        if call.headers.get("x-dashscope-async") != "enable":
            raise Rejected("forbidden", "current user api does not support synchronous calls")
        body = check_fields(call.json(), required={"model": str, "input": dict},
                            optional={"parameters": dict})  # fmt: skip
        given = check_fields(body["input"], required={"prompt": str},
                             optional={"negative_prompt": str, "audio_url": str})  # fmt: skip
        set_ = check_fields(
            body.get("parameters", {}), required={},
            optional={"size": str, "resolution": str, "duration": int, "seed": int,
                      "prompt_extend": bool, "watermark": bool, "ratio": str, "audio": bool,
                      "shot_type": str},
        )  # fmt: skip
        if body["model"] not in MODELS:
            raise Rejected("gone", "Model not exist.")
        if set_.get("prompt_extend", True):
            raise Rejected("bad_field", "prompt_extend: the prompt would be rewritten")
        if "size" in set_ and not re.fullmatch(r"\d+\*\d+", set_["size"]):
            raise Rejected("bad_field", "size: such as 1280*720")
        return self.create(Asked(prompt=given["prompt"], model=body["model"], modality="video",
                                 seed=set_.get("seed"), body=body))  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return Reply(400, {"code": "DataInspectionFailed", "request_id": "r",
                           "message": "Input data may contain inappropriate content."})  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        return Reply(200, {"output": {"task_id": job.id, "task_status": "PENDING"},
                           "request_id": "r"})  # fmt: skip

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        try:
            job = self.job(match["id"])
        except Rejected:  # an unknown task is a status here, not an HTTP error
            lost = {"task_id": match["id"], "task_status": "UNKNOWN"}
            return Reply(200, {"request_id": "r", "output": lost})
        return self.poll(job)

    def answer(self, job: Job, stage: Stage) -> Reply:
        at = datetime.fromtimestamp(job.at)
        skew = timedelta(hours=-9 if job.scenario == "skewed_clock" else 0)
        stamp = "%Y-%m-%d %H:%M:%S.%f"
        output = {"task_id": job.id, "task_status": WORDS.get(stage, "FAILED"),
                  "submit_time": at.strftime(stamp)[:-3],
                  "scheduled_time": (at + timedelta(seconds=2)).strftime(stamp)[:-3]}  # fmt: skip
        body = {"request_id": "r", "output": output}
        if stage in WORDS and WORDS[stage] == "SUCCEEDED":
            end = at + timedelta(seconds=12) + skew
            output |= {"end_time": end.strftime(stamp)[:-3], "orig_prompt": job.asked.prompt}
            if stage == "done":
                output["video_url"] = self.url(job)
            body["usage"] = {"duration": 5, "video_count": 1, "SR": 720}
        elif stage.startswith("refused"):
            output |= {"code": "DataInspectionFailed",
                       "message": "Output data may contain inappropriate content."}  # fmt: skip
        elif stage == "failed":
            output |= {"code": "InternalError.Algo", "message": "Algorithm error"}
        return Reply(200, body)

    def _cancel(self, call: Call, match: re.Match[str]) -> Reply:
        job = self.job(match["id"])
        if job.polls > 1:
            return Reply(400, {"code": "UnsupportedOperation", "request_id": "r",
                               "message": "Failed to cancel the task"})  # fmt: skip
        job.cancelled = True
        return Reply(200, {"request_id": "r"})
