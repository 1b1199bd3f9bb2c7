"""Luma: Dream Machine as it was (photon, ray-2) and the Agents API (ray-3.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

IMAGES, VIDEOS, AGENTS = ("photon-1", "photon-flash-1"), ("ray-2", "ray-flash-2"), ("ray-3.2",)
RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")
WORDS = {"done": "completed", "empty": "completed", "refused_input": "failed",
         "refused_output": "failed", "strange": "pending_moderation"}  # fmt: skip
MODERATED = "Content moderation failed: the generation was blocked by our safety system"


class LumaFake(Fake):
    """api.lumalabs.ai/dream-machine/v1 and agents.lumalabs.ai/v1."""

    name = "luma"
    statuses = {"bad_field": 400}

    def routes(self):
        base = r"/dream-machine/v1/generations"
        return [
            ("POST", base + r"/image", LumaFake._image),
            ("POST", base + r"(/video)?", LumaFake._video),
            ("GET", base + r"/(?P<id>[0-9a-f-]+)", LumaFake._get),
            ("DELETE", base + r"/(?P<id>[0-9a-f-]+)", LumaFake._delete),
            ("POST", r"/v1/generations", LumaFake._agents),
            ("GET", r"/v1/generations/(?P<id>[0-9a-f-]+)", LumaFake._get),
        ]

    def problem(self, kind: str, status: int, said: str):
        return {"detail": [{"msg": said}]} if kind == "bad_field" else {"detail": said}

    def _image(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "prompt": str},
            optional={"aspect_ratio": str, "format": str, "callback_url": str, "image_ref": list,
                      "generation_type": str, "sync": bool, "sync_timeout": (int, float)},
        )  # fmt: skip
        return self._take(body, "image", IMAGES)

    def _video(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"model": str, "prompt": str},
            optional={"aspect_ratio": str, "duration": str, "resolution": str, "loop": bool,
                      "keyframes": dict, "callback_url": str, "generation_type": str},
        )  # fmt: skip
        one_of(body, "duration", ("5s", "9s"))
        return self._take(body, "video", VIDEOS)

    def _agents(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(
            call.json(), required={"prompt": str},
            optional={"model": str, "type": str, "aspect_ratio": str, "duration": (str, int),
                      "resolution": str, "video": dict, "output_format": str},
        )  # fmt: skip
        return self._take({**body, "agents": True}, "video", AGENTS)

    def _take(self, body: dict, modality: str, models: tuple[str, ...]) -> Reply:
        if body.get("model") not in models:
            raise Rejected("gone", f"Model {body.get('model')} not found")
        one_of(body, "aspect_ratio", RATIOS)
        return self.create(Asked(prompt=body["prompt"], model=body["model"], modality=modality,
                                 body=body))  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return Reply(400, {"detail": [{"msg": "Content moderation failed: prompt rejected"}]})

    def accepted(self, job: Job) -> Reply:
        reply = self.answer(job, "queued")
        reply.status = 201
        return reply

    def _get(self, call: Call, match: re.Match[str]) -> Reply:
        return self.poll(self.job(match["id"].replace("-", "")))

    def answer(self, job: Job, stage: Stage) -> Reply:
        agents, modality = job.asked.body.get("agents"), job.asked.modality
        running = "processing" if agents else "dreaming"
        state = running if stage == "running" else WORDS.get(stage, stage)
        body = {"id": job.id, "state": state, "model": job.asked.model, "failure_reason": None,
                "created_at": datetime.fromtimestamp(job.at, UTC).isoformat()}  # fmt: skip
        if job.scenario == "other_model":
            body["model"] = "ray-0"
        if stage.startswith("refused"):
            body["failure_reason"] = MODERATED
        elif stage == "failed":
            body["failure_reason"] = "Internal error"
        if not agents:
            asset = self.url(job) if stage == "done" else None
            body |= {"generation_type": modality, "assets": {modality: asset} if asset else None,
                     "request": {"model": job.asked.model, "prompt": job.asked.prompt,
                                 "generation_type": modality}}  # fmt: skip
            return Reply(200, body)
        code = "generation_failed" if stage == "failed" else "content_moderated"
        body |= {
            "type": "video",
            "failure_code": code if body["failure_reason"] else None,
            "output": [{"type": "video", "url": self.url(job)}] if stage == "done" else [],
        }
        return Reply(200, body, {"X-API-Version": "2026-04-01"})

    def _delete(self, call: Call, match: re.Match[str]) -> Reply:
        self.job(match["id"].replace("-", "")).cancelled = True
        return Reply(204, b"")
