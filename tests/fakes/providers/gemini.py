"""Gemini images: refusals are HTTP 200, and how long to wait stands inside the error."""

from __future__ import annotations

import base64
import re

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, check_fields, one_of
from fakes.providers.wire import Call, Reply

MODELS = ("gemini-3.1-flash-image", "gemini-3-pro-image")
STATES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 402: "FAILED_PRECONDITION",
          403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
          503: "UNAVAILABLE", 409: "ABORTED"}  # fmt: skip
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")


def google_problem(kind: str, status: int, said: str):
    """An error as all Google APIs give it."""
    error = {"code": status, "message": said, "status": STATES[status], "details": []}
    if kind in ("limited", "limited_once"):
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo",
                             "retryDelay": "1s"}]  # fmt: skip
    if kind == "quota":
        error["message"] = ("You exceeded your current quota, please check your plan and billing "
                            "details.")  # fmt: skip
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [
                    {"quotaId": "GenerateRequestsPerDayPerProjectPerModel", "quotaValue": "100"}
                ],
            }
        ]
    return {"error": error}


class GeminiFake(Fake):
    """generativelanguage.googleapis.com."""

    name = "gemini"
    auth = ("x-goog-api-key", "")
    statuses = {"bad_field": 400, "unpaid": 402}
    retry_after = False
    problem = staticmethod(google_problem)

    def routes(self):
        path = r"/v1(?:beta)?/models/(?P<model>[^/:]+):generateContent"
        return [("POST", path, GeminiFake._generate)]

    def _generate(self, call: Call, match: re.Match[str]) -> Reply:
        model = match["model"]
        if model not in MODELS:
            raise Rejected("gone", f"models/{model} is not found for API version v1beta")
        also = {"generationConfig": dict, "safetySettings": list}
        body = check_fields(call.json(), required={"contents": list}, optional=also)
        config = check_fields(
            body.get("generationConfig", {}),
            required={"responseModalities": list},
            optional={
                "imageConfig": dict,
                "seed": int,
                "candidateCount": int,
                "temperature": float,
            },
        )
        if "IMAGE" not in config["responseModalities"]:
            raise Rejected("bad_field", "response_modalities: no image was asked for")
        image = check_fields(config.get("imageConfig", {}), required={},
                             optional={"aspectRatio": str, "imageSize": str})  # fmt: skip
        one_of(image, "aspectRatio", RATIOS)
        one_of(image, "imageSize", ("512", "1K", "2K", "4K"))
        try:
            texts = [p["text"] for c in body["contents"] for p in c["parts"]]
        except (KeyError, TypeError):
            raise Rejected("bad_field", "contents: parts without text") from None
        return self.create(Asked(prompt="".join(texts), model=model, seed=config.get("seed"),
                                 body=body))  # fmt: skip

    def answer(self, job: Job, stage: Stage) -> Reply:
        if stage == "failed":
            return self.error("broken")
        if stage == "refused_input":
            return self.refusal(job.asked)
        content, kind = self.content(job)
        kind = "image/jpeg" if job.scenario == "untyped" else kind
        encoded = base64.b64encode(content).decode()
        parts = [{"inlineData": {"mimeType": kind, "data": encoded}}] * self.count(job)
        finish = "STOP"
        if stage == "refused_output":
            parts, finish = [], "IMAGE_SAFETY"
        if stage == "empty":
            parts = [{"text": "Here is the picture you asked for."}]
        if job.scenario == "no_image":
            parts, finish = [], "NO_IMAGE"
        content = {"role": "model", "parts": parts} if parts else {"role": "model"}
        candidates = [{"content": content, "finishReason": finish, "index": 0}]
        if job.scenario == "null_item":
            candidates = []
        return Reply(200, {
            "candidates": candidates, "responseId": job.id,
            "modelVersion": "gemini-9" if job.scenario == "other_model" else job.asked.model,
            "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 1290,
                              "totalTokenCount": 1302},
        })  # fmt: skip

    def refusal(self, asked: Asked) -> Reply:
        return Reply(200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                           "usageMetadata": {"promptTokenCount": 12, "totalTokenCount": 12},
                           "modelVersion": asked.model})  # fmt: skip
