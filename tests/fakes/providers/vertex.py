"""Vertex Veo: an operation asked for by POST; an empty list with a count is a refusal."""

from __future__ import annotations

import base64
import re

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.gemini import google_problem
from fakes.providers.wire import Call, Reply

MODELS = ("veo-3.1-generate-001", "veo-3.1-fast-generate-001")
PATH = (r"/v1(?:beta1)?/(?P<name>projects/[^/]+/locations/[^/]+/publishers/google/models/"
        r"(?P<model>[^/:]+))")  # fmt: skip
FILTERED = ("The prompt could not be submitted. This prompt contains sensitive words that violate "
            "Google's Responsible AI practices.")  # fmt: skip


class VertexFake(Fake):
    """{region}-aiplatform.googleapis.com."""

    name = "vertex"
    statuses = {"bad_field": 400}
    retry_after = False
    problem = staticmethod(google_problem)

    def routes(self):
        return [
            ("POST", PATH + ":predictLongRunning", VertexFake._create),
            ("POST", PATH + ":fetchPredictOperation", VertexFake._fetch),
        ]

    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        if match["model"] not in MODELS:
            raise Rejected("gone", f"Publisher Model `{match['model']}` was not found")
        body = check_fields(call.json(), required={"instances": list},
                            optional={"parameters": dict})  # fmt: skip
        one = check_fields(
            body["instances"][0], required={"prompt": str},
            optional={"image": dict, "lastFrame": dict, "referenceImages": list, "video": dict},
        )  # fmt: skip
        given = check_fields(
            body.get("parameters", {}), required={},
            optional={"sampleCount": int, "aspectRatio": str, "durationSeconds": int,
                      "resolution": str, "seed": int, "negativePrompt": str, "storageUri": str,
                      "personGeneration": str, "generateAudio": bool, "enhancePrompt": bool,
                      "compressionQuality": str},
        )  # fmt: skip
        one_of(given, "sampleCount", (1, 2, 3, 4))
        one_of(given, "aspectRatio", ("16:9", "9:16"))
        one_of(given, "durationSeconds", (4, 5, 6, 7, 8))
        return self.create(Asked(
            prompt=one["prompt"], model=match["model"], modality="video", seed=given.get("seed"),
            body={"name": match["name"]},
        ))  # fmt: skip

    def _name(self, job: Job) -> str:
        return f"{job.asked.body['name']}/operations/{job.id}"

    def accepted(self, job: Job) -> Reply:
        return Reply(200, {"name": self._name(job)})

    def _fetch(self, call: Call, match: re.Match[str]) -> Reply:
        body = check_fields(call.json(), required={"operationName": str}, optional={})
        if not body["operationName"].startswith(match["name"]):
            raise Rejected("unknown_job", "Operation not found")
        return self.poll(self.job(body["operationName"].rpartition("/")[2]))

    def answer(self, job: Job, stage: Stage) -> Reply:
        body = {"name": self._name(job)}
        if stage in ("queued", "running", "strange"):
            return Reply(200, body)
        body["done"] = True
        if stage == "failed":
            return Reply(200, {**body, "error": {"code": 13, "message": "Internal error"}})
        if stage == "refused_input":
            return Reply(200, {**body, "error": {"code": 3, "message": FILTERED}})
        kind = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
        answer = {"@type": kind}
        if stage == "refused_output":
            answer |= {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [FILTERED]}
        elif stage == "done":
            content, type_ = self.content(job)
            encoded = base64.b64encode(content).decode()
            answer["videos"] = [{"bytesBase64Encoded": encoded, "mimeType": type_}] * self.count(
                job
            )
        return Reply(200, {**body, "response": answer})
