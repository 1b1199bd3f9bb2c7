"""MiniMax: v1 (Hailuo) answers errors under HTTP 200, v2 (H3) by status.

The optimizer that rewrites prompts is off. A v1 clip is a file that has to be asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qfloor.generators.http.answers import Answer, first
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.outcomes import GONE, Shape, states
from qfloor.generators.http.wire import Call, LostError
from qfloor.generators.protocol import Ended, Ready, Running
from qfloor.records import RateLimits


class MiniMaxGenerator(HttpGenerator):
    """MiniMax's video generation, both versions."""

    PROVIDER = "minimax"
    ORIGIN = "https://api.minimax.io"
    KEY_ENV = "MINIMAX_API_KEY"
    LIMITS = RateLimits(concurrency=None, per_minute=5)
    TIMEOUT_S = 60.0
    FAMILIES = (
        Family(
            name="v2 (H3)", modality="video", models=("MiniMax-H3*",), flow="poll", shape="ratio",
            durations=tuple(range(4, 16)), told="usage", words={"resolution": "resolution"},
        ),
        Family(
            name="v1 (Hailuo)", modality="video", flow="poll", durations=(6, 10),
            rewriting="off", most_characters=2000, words={"resolution": "resolution"},
        ),
    )  # fmt: skip
    SHAPES = (
        Shape(reason="rate_limited", code="1002", charged="no"),
        Shape(reason="auth", code="1004", charged="no"),
        Shape(reason="auth", code="2049", charged="no"),
        Shape(reason="billing", code="1008", charged="no"),
        Shape(reason="billing", code="2056", charged="no"),
        Shape(reason="refused_input", code="1026"),
        Shape(reason="refused_output", code="1027"),
        Shape(reason="model_gone", code="2013", text=GONE, charged="no"),
        Shape(reason="invalid_request", code="2013", charged="no"),
        Shape(reason="refused_input", code="*sensitive*"),
        Shape(reason="refused_input", text=r"sensitive|content safety|moderat"),
    )
    STATE_AT = ("task.status", "status")
    STATES = states(
        running=("preparing", "queueing", "processing", "queued", "running"),
        ready=("success", "succeeded"), failed=("fail", "failed"),
        expired=("cancelled", "expired"),
    )  # fmt: skip

    def call(self, ask: Ask) -> Call:
        """A task of the version that the model belongs to."""
        ask.negative()
        seconds = ask.seconds()
        duration = None if seconds is None else int(seconds)
        if ask.family.name.startswith("v1"):
            body: dict[str, Any] = {
                "model": ask.model, "prompt": ask.text, "prompt_optimizer": False,
                **compact(duration=duration),
            }  # fmt: skip
            return Call(path="/v1/video_generation", json=merged(body, ask.rest()))
        body = {
            "model": ask.model, "content": [{"type": "text", "text": ask.text}],
            **compact(duration=duration, ratio=ask.ratio()), "aigc_watermark": False,
        }  # fmt: skip
        return Call(path="/v2/video_generation", json=merged(body, ask.rest()))

    def taken(self, answer: Answer, ask: Ask) -> Job | Ended:
        """Read the envelope of v1, or the id of v2."""
        if first(answer.json, "base_resp.status_code") not in (None, 0):
            return self.fault(answer, status=0)
        task = first(answer.json, "task_id", "task.id", "task.task_id", "id")
        if not task:
            raise KeyError("task_id")
        return {"id": str(task), "v": ask.family.name[:2]}

    def where(self, job: Job) -> Call:
        """The task."""
        if job["v"] == "v1":
            return Call(path=f"/v1/query/video_generation?task_id={job['id']}", method="GET")
        return Call(path=f"/v2/query/video_generation/{job['id']}", method="GET")

    def standing(self, answer: Answer, job: Job) -> Running | Ready | Ended:
        """Read the envelope first: it may be throttled, or say why the task failed."""
        code = first(answer.json, "base_resp.status_code")
        state = str(first(answer.json, *self.STATE_AT) or "").lower()
        if code in (None, 0) or self.STATES.get(state) == "failed":
            return super().standing(answer, job)
        ended = self.fault(answer, status=0)
        if ended.reason in ("rate_limited", "auth", "billing"):
            raise LostError(f"the query was answered {code}")
        return ended

    def failed(self, answer: Answer, job: Job) -> Ended:
        """Read why; a code of 0 beside a failed task says nothing."""
        ended = self.fault(answer, status=0)
        said = first(answer.json, "task.error.message", "error.message", "base_resp.status_msg")
        return replace(ended, detail=str(self._redact(str(said or "failed"))))

    async def _found(self, job: Job) -> Found | Ended:
        """Ask for the file of a v1 task; v2 has the URL in it."""
        found = await super()._found(job)
        if isinstance(found, Ended) or job["v"] != "v1" or not found.url:
            return found
        where = Call(path=f"/v1/files/retrieve?file_id={found.url}", method="GET")
        answer = await self.wire.read(where, await self._auth())
        if isinstance(stands := self._unread(answer), Ended):
            return replace(stands, reason="url_expired", charged="yes")
        url = first(answer.json, "file.download_url", "file.backup_download_url")
        if stands is not None or not url:
            raise LostError("the file was not named")
        return replace(found, url=str(url))

    def found(self, answer: Answer, job: Job) -> Found:
        """Read the URL, or in v1 the name of the file."""
        body = answer.json
        where = first(body, "task.content.url", "task.content.video_url", "file_id")
        return Found(
            url=str(where or ""),
            model=first(body, "task.model", "model"),
            report=compact(usage=first(body, "task.usage", "usage")),
        )
