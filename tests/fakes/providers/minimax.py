"""MiniMax: version 1 says its errors under HTTP 200; version 2 (H3) has real ones."""

from __future__ import annotations

import re

from fakes.providers.engine import (
    SAYS,
    SHAPES,
    Asked,
    Fake,
    Job,
    Rejected,
    Stage,
    check_fields,
    one_of,
)
from fakes.providers.wire import Call, Reply

V1, V2 = ("MiniMax-Hailuo-2.3", "MiniMax-Hailuo-02"), ("MiniMax-H3",)
CODES = {"unauthorised": 2049, "unpaid": 1008, "quota": 2056, "forbidden": 1004, "gone": 2013,
         "bad_field": 2013, "limited": 1002, "limited_once": 1002, "limited_bare_once": 1002,
         }  # fmt: skip
SAID = {"queued": "Queueing", "running": "Processing", "strange": "Warming", "done": "Success",
        "empty": "Success"}  # fmt: skip
SAID2 = {"done": "succeeded", "empty": "succeeded", "refused_output": "failed",
         "refused_input": "failed", "strange": "reviewing"}  # fmt: skip


class MiniMaxFake(Fake):
    """api.minimax.io."""

    name = "minimax"
    statuses = {"bad_field": 400}

    def routes(self):
        return [
            ("POST", r"/v1/video_generation", MiniMaxFake._create_v1),
            ("GET", r"/v1/query/video_generation", MiniMaxFake._query_v1),
            ("GET", r"/v1/files/retrieve", MiniMaxFake._file_v1),
            ("POST", r"/v2/video_generation", MiniMaxFake._create_v2),
            ("GET", r"/v2/query/video_generation/(?P<id>[0-9a-f]+)", MiniMaxFake._query_v2),
        ]

    def problem(self, kind: str, status: int, said: str):
        return {"type": "error", "request_id": "r",
                "error": {"type": kind, "message": said, "http_code": str(status)}}  # fmt: skip

    def error(self, kind: str, said: str = "") -> Reply:
        asked_v1 = self.here.path.startswith("/v1")
        said = said or SAYS.get(kind, kind)
        code = CODES.get(SHAPES.get(kind, kind))
        if asked_v1 and code is not None:  # HTTP 200 carries the error
            return Reply(200, {"base_resp": {"status_code": code, "status_msg": said}})
        return super().error(kind, said)

    def _create_v1(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "prompt": str},
            optional={"duration": int, "resolution": str, "first_frame_image": str,
                      "prompt_optimizer": bool, "callback_url": str, "aigc_watermark": bool,
                      "fast_pretreatment": bool},
        )  # fmt: skip
        if body["model"] not in V1:
            raise Rejected("gone", f"invalid params, model {body['model']} not found")
        if body.get("prompt_optimizer", True):
            raise Rejected("bad_field", "prompt_optimizer: the prompt would be rewritten")
        one_of(body, "duration", (6, 10))
        one_of(body, "resolution", ("768P", "1080P"))
        if len(body["prompt"]) > 2000:
            raise Rejected("bad_field", "prompt: at most 2000 characters")
        return self.create(Asked(prompt=body["prompt"], model=body["model"], modality="video",
                                 body=body))  # fmt: skip

    def _create_v2(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "content": list},
            optional={"resolution": str, "duration": int, "ratio": str, "aigc_watermark": bool},
        )  # fmt: skip
        if body["model"] not in V2:
            raise Rejected("gone", f"model {body['model']} not found")
        one_of(body, "duration", tuple(range(4, 16)))
        texts = [c.get("text") for c in body["content"] if c.get("type") == "text"]
        if len(texts) != 1:
            raise Rejected("bad_field", "content: one text")
        return self.create(Asked(prompt=texts[0], model=body["model"], modality="video",
                                 body={**body, "v2": True}))  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        if asked.body.get("v2"):
            return Reply(400, {"type": "error", "request_id": "r", "error": {
                "type": "content_sensitive", "message": "input new_sensitive (1026)",
                "http_code": "400"}})  # fmt: skip
        return Reply(200, {"task_id": "", "base_resp": {"status_code": 1026, "status_msg":
                                                        "input new_sensitive"}})  # fmt: skip

    def accepted(self, job: Job) -> Reply:
        ok = {"base_resp": {"status_code": 0, "status_msg": "success"}}
        return Reply(200, {"task_id": job.id, **({} if job.asked.body.get("v2") else ok)})

    def _query_v1(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(call.query.get("task_id", "")))

    def _query_v2(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"]))

    def answer(self, job: Job, stage: Stage) -> Reply:
        if job.asked.body.get("v2"):
            return self._answer_v2(job, stage)
        body = {"task_id": job.id, "status": SAID.get(stage, "Fail"), "file_id": "",
                "base_resp": {"status_code": 0, "status_msg": "success"}}  # fmt: skip
        if stage == "done":
            body["file_id"] = f"f{job.id}"
        if stage.startswith("refused"):
            code = {"refused_input": 1026, "refused_output": 1027}[stage]
            body["base_resp"] = {"status_code": code, "status_msg": "new_sensitive"}
        return Reply(200, body)

    def _answer_v2(self, job: Job, stage: Stage) -> Reply:
        task = {"id": job.id, "model": job.asked.model, "status": SAID2.get(stage, stage)}
        if stage == "done" and job.scenario == "expired_job":
            task["status"] = "expired"
        elif stage == "done":
            if job.scenario == "other_model":
                task["model"] = "MiniMax-H2"
            task |= {"content": {"url": self.url(job)}, "usage": {"seconds": 5}}
        if stage.startswith("refused"):
            code = {"refused_input": 1026, "refused_output": 1027}[stage]
            task["error"] = {"code": code, "message": "new_sensitive"}
        elif stage == "failed":
            task["error"] = {"code": 1000, "message": "unknown error"}
        return Reply(200, {"task": task, "request_id": "r"})

    def _file_v1(self, call: Call, match: re.Match[str]) -> Reply:
        job = self.job(call.query.get("file_id", "").removeprefix("f"))
        return Reply(200, {"file": {"file_id": f"f{job.id}", "bytes": 4096, "filename": "o.mp4",
                                    "download_url": self.url(job)},
                           "base_resp": {"status_code": 0, "status_msg": "success"}})  # fmt: skip
