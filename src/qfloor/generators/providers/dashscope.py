"""DashScope (Wan, Qwen): clips as tasks with the provider's own clock; rewriting is off.

Pictures go through the synchronous multimodal route, by Alibaba's published reference. Wan's take
neither a negative prompt nor the switch of the rewriting, which they do not have.
"""

from __future__ import annotations

from typing import Any

from qfloor.generators.http.answers import Answer, first, seconds_between
from qfloor.generators.http.asking import Ask, compact
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.outcomes import GONE, Shape, states
from qfloor.generators.http.wire import Call

_CLIPS = "/api/v1/services/aigc/video-generation/video-synthesis"
_PICTURES = "/api/v1/services/aigc/multimodal-generation/generation"


class DashScopeGenerator(HttpGenerator):
    """Alibaba's model studio, international host."""

    PROVIDER = "dashscope"
    ORIGIN = "https://dashscope-intl.aliyuncs.com"
    KEY_ENV = "DASHSCOPE_API_KEY"
    TIMEOUT_S = 180.0
    FAMILIES = (
        Family(
            name="Wan pictures", models=("wan*",), shape="pixels", seed="sent", rewriting="none",
            told="usage",
        ),
        Family(
            name="Qwen and Z pictures", shape="pixels", seed="sent", negative=True,
            rewriting="off", told="usage",
        ),
        Family(
            name="Wan clips", modality="video", flow="poll", seed="sent", negative=True,
            rewriting="off", told="usage", shape="pixels", words={"resolution": "resolution"},
        ),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="refused_output", code="*output*inspection*"),
        Shape(reason="refused_input", code="*datainspection*"),
        Shape(reason="refused_input", code="*sensitive*"),
        Shape(reason="refused_output", text=r"output .*inappropriate"),
        Shape(reason="refused_input", text=r"inappropriate content"),
        Shape(reason="billing", code="arrearage", charged="no"),
        Shape(reason="billing", code="allocationquota*", charged="no"),
        Shape(reason="rate_limited", code="throttling*", charged="no"),
        Shape(reason="auth", code="invalidapikey", charged="no"),
        Shape(reason="permission", code="accessdenied*", charged="no"),
        Shape(reason="model_gone", code="modelnotfound", charged="no"),
        Shape(reason="model_gone", code="invalidparameter*", text=GONE, charged="no"),
        Shape(reason="invalid_request", code="invalidparameter*", charged="no"),
        Shape(reason="capacity", code="*unavailable*"),
    )
    STATE_AT = ("output.task_status",)
    STATES = states(
        running=("pending", "running", "suspended"), ready=("succeeded",), failed=("failed",),
        expired=("canceled", "unknown"),
    )  # fmt: skip

    def call(self, ask: Ask) -> Call:
        """A task for a clip, or a picture at once."""
        given: dict[str, Any] = {"watermark": False, **ask.seed()}
        if ask.family.rewriting == "off":
            given["prompt_extend"] = False
        if ask.family.modality == "image":
            given["size"] = "{}*{}".format(*ask.pixels())
            given |= ask.negative() | ask.rest()
            content = [{"role": "user", "content": [{"text": ask.text}]}]
            asked = {"model": ask.model, "input": {"messages": content}, "parameters": given}
            return Call(path=_PICTURES, json=asked)
        seconds = ask.seconds()
        if stated := ask.shape():
            given["size"] = f"{stated[0]}*{stated[1]}"
        elif ratio := ask.ratio():
            given["ratio"] = ratio
        given |= compact(duration=None if seconds is None else int(seconds))
        words = {"prompt": ask.text, **ask.negative()}
        return Call(
            path=_CLIPS,
            json={"model": ask.model, "input": words, "parameters": given | ask.rest()},
            headers={"x-dashscope-async": "enable"},
        )

    def taken(self, answer: Answer, ask: Ask) -> Job | Found:
        """Read a task's id, or where a picture is."""
        if ask.family.modality == "video":
            return {"id": answer.json["output"]["task_id"]}
        body = answer.json
        url = first(body, "output.choices.0.message.content.0.image", "output.results.0.url")
        if "output" not in body:
            raise KeyError("output")
        return Found(url=str(url or ""), report=compact(usage=first(body, "usage")))

    def request_id(self, answer: Answer) -> str | None:
        """The id stands in the body."""
        found = first(answer.json, "request_id")
        return None if found is None else str(found)

    def where(self, job: Job) -> Call:
        """The task."""
        return Call(path=f"/api/v1/tasks/{job['id']}", method="GET")

    def found(self, answer: Answer, job: Job) -> Found:
        """Read the clip's URL, what it used, and how long it waited and ran."""
        out = answer.json["output"]
        run = seconds_between(out.get("scheduled_time"), out.get("end_time"))
        said = first(out, "actual_prompt")
        return Found(
            url=str(first(out, "video_url", "results.0.url", "results.video_url") or ""),
            seconds_queue=seconds_between(out.get("submit_time"), out.get("scheduled_time")),
            seconds_run=run,
            report=compact(
                usage=first(answer.json, "usage"),
                timing_source="scheduled_time,end_time" if run is not None else None,
                prompt_returned=said,
            ),
        )
