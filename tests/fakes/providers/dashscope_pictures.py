"""DashScope's pictures: Wan and Qwen by one synchronous call.

The facts hold DashScope's tasks only. This is written from Alibaba's published reference as it is
kept in the project's library (alibabacloud.com/help model-studio: "Wan - image generation and
editing 2.7", 2026-04-02; "Text to image", 2026-06-30): path, body, sizes, what each model takes.
Bodies of errors are those of the tasks.
"""

from __future__ import annotations

import re

from fakes.providers.dashscope import DashScopeFake
from fakes.providers.engine import Asked, Job, Rejected, Stage, check_fields
from fakes.providers.wire import Call, Reply

_ANY = {"size": str, "n": int, "seed": int, "watermark": bool}
TAKES = {
    "wan2.7-image": {**_ANY, "thinking_mode": bool, "enable_sequential": bool,
                     "color_palette": list},
    "qwen-image-2.0": {**_ANY, "negative_prompt": str, "prompt_extend": bool},
}  # fmt: skip
LARGEST = 2048 * 2048


class DashScopePicturesFake(DashScopeFake):
    """dashscope-intl.aliyuncs.com, the multimodal route."""

    def routes(self):
        path = r"/api/v1/services/aigc/multimodal-generation/generation"
        return [("POST", path, DashScopePicturesFake._create)]

    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        if "x-dashscope-async" in call.headers:
            raise Rejected("forbidden", "current user api does not support asynchronous calls")
        body = check_fields(call.json(), required={"model": str, "input": dict},
                            optional={"parameters": dict})  # fmt: skip
        if body["model"] not in TAKES:
            raise Rejected("gone", "Model not exist.")
        given = check_fields(body["input"], required={"messages": list}, optional={})
        asked = check_fields(body.get("parameters", {}), required={},
                             optional=TAKES[body["model"]])  # fmt: skip
        if len(given["messages"]) != 1:
            raise Rejected("bad_field", "messages: exactly one, of the user")
        message = check_fields(given["messages"][0], required={"role": str, "content": list},
                               optional={})  # fmt: skip
        texts = [c.get("text") for c in message["content"] if isinstance(c, dict)]
        if message["role"] != "user" or len(texts) != 1 or not isinstance(texts[0], str):
            raise Rejected("bad_field", "content: one text")
        if asked.get("prompt_extend", body["model"].startswith("qwen")):
            raise Rejected("bad_field", "prompt_extend: the prompt would be rewritten")
        self._check_size(asked.get("size"))
        if not 0 <= asked.get("seed", 0) <= 2_147_483_647:
            raise Rejected("bad_field", "seed: out of range")
        return self.create(Asked(prompt=texts[0], model=body["model"], seed=asked.get("seed"),
                                 body=body))  # fmt: skip

    def _check_size(self, size: str | None) -> None:
        if size in (None, "1K", "2K"):
            return
        found = re.fullmatch(r"(\d+)\*(\d+)", size)
        if found is None or not 512 * 512 <= int(found[1]) * int(found[2]) <= LARGEST:
            raise Rejected("bad_field", "size: such as 1024*1024, within what the model makes")

    def accepted(self, job: Job) -> Reply:
        return self.answer(job, self.end(job))

    def answer(self, job: Job, stage: Stage) -> Reply:
        if stage.startswith("refused"):
            side = "Output" if stage == "refused_output" else "Input"
            said = f"{side} data may contain inappropriate content."
            return Reply(400, {"code": "DataInspectionFailed", "request_id": "r", "message": said})
        count = 0 if stage == "empty" else self.count(job)
        content = [{"image": self.url(job, i), "type": "image"} for i in range(count)]
        choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        usage = {"image_count": count, "width": 1024, "height": 1024}
        return Reply(200, {"output": {"choices": [choice], "finished": True}, "usage": usage,
                           "request_id": "r"})  # fmt: skip
