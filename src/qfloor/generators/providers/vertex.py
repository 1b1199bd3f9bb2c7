"""Veo: a long-running operation; an empty list with a filtered count is a refusal.

On Vertex an operation is asked for by a POST; ``api = "gemini"`` speaks the style of the Gemini
API, a GET with a key, which that API no longer serves for Veo but gateways do.

The token is a short-lived OAuth one: from ``VERTEX_ACCESS_TOKEN``, or by google-auth (extra
``vertex``) from the machine's own credentials when that is not set.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qfloor.errors import InputError, SetupError
from qfloor.generators.http.answers import Answer, at, first
from qfloor.generators.http.asking import Ask, compact, merged
from qfloor.generators.http.delivery import Found, Job, inline
from qfloor.generators.http.families import Family
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.http.keys import find_key
from qfloor.generators.http.outcomes import Shape
from qfloor.generators.http.wire import Call
from qfloor.generators.protocol import Ended, Ready, Running
from qfloor.generators.providers.gemini import GOOGLE_SHAPES, GeminiGenerator
from qfloor.records import Offer

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class VertexGenerator(HttpGenerator):
    """Veo on Vertex AI.

    Parameters
    ----------
    project, location : str, optional
        Of the Google Cloud account; by default of ``GOOGLE_CLOUD_PROJECT`` and
        ``GOOGLE_CLOUD_LOCATION``.
    api : {"vertex", "gemini"}
        How operations are asked for. Further ones as `HttpGenerator`.
    """

    PROVIDER = "vertex"
    KEY_ENV = "VERTEX_ACCESS_TOKEN"
    MEDIA_HOSTS = ("storage.googleapis.com", "*.googleapis.com", "*.googleusercontent.com")
    TIMEOUT_S = 60.0
    FAMILIES = (
        Family(
            name="Veo", modality="video", flow="poll", shape="ratio", ratios=("16:9", "9:16"),
            durations=(4, 6, 8), seed="sent", negative=True, audio=True,
            safety="personGeneration",
            words={"resolution": "resolution", "audio": "generateAudio"},
        ),
    )  # fmt: skip
    SHAPES = (
        *GOOGLE_SHAPES,
        Shape(
            reason="refused_input",
            status=(0, 400),
            text=r"usage guidelines|polic|sensitive|safety|responsible ai",
        ),
        Shape(reason="capacity", code="8"),
        Shape(reason="capacity", code="14"),
        Shape(reason="invalid_request", code="3", charged="no"),
    )

    def __init__(
        self,
        offers: Sequence[Offer],
        state_dir: Path,
        project: str | None = None,
        location: str | None = None,
        api: str = "vertex",
        base_url: str | None = None,
        key_env: str | None = None,
        timeout_s: float | None = None,
        poll_s: float | None = None,
        max_bytes: int | None = None,
        media_hosts: list[str] | None = None,
        transport: Any = None,
    ) -> None:
        project = project or os.environ.get("GOOGLE_CLOUD_PROJECT", "")
        location = location or os.environ.get("GOOGLE_CLOUD_LOCATION") or "us-central1"
        if api not in ("vertex", "gemini"):
            raise InputError(f"vertex: api is vertex or gemini, not {api!r}")
        self._gemini = api == "gemini"
        own = GeminiGenerator if self._gemini else type(self)
        regional = f"https://{location}-aiplatform.googleapis.com"
        super().__init__(
            offers, state_dir, base_url or own.ORIGIN or regional, key_env or own.KEY_ENV,
            timeout_s, poll_s, max_bytes, media_hosts, transport,
        )  # fmt: skip
        self._project = project or ("-" if self._gemini else "")
        self._models = (
            "/v1beta/models"
            if self._gemini
            else f"/v1/projects/{project}/locations/{location}/publishers/google/models"
        )

    def auth(self, key: str) -> dict[str, str]:
        """Give a token, or a key in the Gemini API's header."""
        return {"x-goog-api-key": key} if self._gemini else super().auth(key)

    def lacks(self) -> str | None:
        """Without a key the machine may have a token of its own, which only a call finds out."""
        return super().lacks() if self._gemini else None

    async def _auth(self) -> dict[str, str]:
        try:
            return self.auth(find_key(self.key_env))
        except SetupError:
            token = None if self._gemini else await asyncio.to_thread(_machine_token)
            if token is None:
                raise
            return self.auth(token)

    def call(self, ask: Ask) -> Call:
        """Start an operation for one clip."""
        if not self._project:
            raise SetupError("vertex needs a project: its argument, or GOOGLE_CLOUD_PROJECT")
        seconds = ask.seconds()
        given: dict[str, Any] = {
            "sampleCount": 1,
            **ask.seed(),
            **ask.negative("negativePrompt"),
            **compact(
                aspectRatio=ask.ratio(), durationSeconds=None if seconds is None else int(seconds)
            ),
        }
        return Call(
            path=f"{self._models}/{ask.model}:predictLongRunning",
            json={"instances": [{"prompt": ask.text}], "parameters": merged(given, ask.rest())},
        )

    def taken(self, answer: Answer, ask: Ask) -> Job:
        """Keep the operation's name."""
        return {"id": answer.json["name"], "model": ask.model}

    def where(self, job: Job) -> Call:
        """Vertex is asked by a POST that costs nothing."""
        if self._gemini:
            return Call(path=f"/v1beta/{job['id']}", method="GET")
        return Call(
            path=f"{self._models}/{job['model']}:fetchPredictOperation",
            json={"operationName": job["id"]},
        )

    def standing(self, answer: Answer, job: Job) -> Running | Ready | Ended:
        """An operation is done with an error or a response, or is not done."""
        if not answer.json.get("done"):
            return Running(retry_after_s=self.poll_s, detail="not done")
        return self.fault(answer, status=0) if answer.json.get("error") else Ready()

    def found(self, answer: Answer, job: Job) -> Found | Ended:
        """Read the clip, inline or by URL; filtered ones are counted by the provider."""
        body = first(answer.json, "response.generateVideoResponse", "response") or {}
        clip = first(body, "generatedSamples.0.video", "videos.0", "generatedVideos.0.video") or {}
        count = first(body, "raiMediaFilteredCount")
        if not clip and count:
            said = [str(w) for w in at(body, "raiMediaFilteredReasons.*")]
            return Ended(
                reason="refused_output", detail=self._redact("; ".join(said)[:500]),
                report={**job.get("about", {}), "raiMediaFilteredCount": count},
            )  # fmt: skip
        text = first(clip, "bytesBase64Encoded", "encodedVideo", "videoBytes")
        url = str(first(clip, "uri", "gcsUri") or "")
        if url.startswith("gs://"):
            url = "https://storage.googleapis.com/" + url.removeprefix("gs://")
        return Found(
            content=inline(text) if text else b"",
            url=url,
            declared=str(first(clip, "mimeType", "encoding") or "video/mp4"),
            keyed=True,
        )


def _machine_token() -> str | None:
    """Give a token of this machine's own credentials; None without google-auth or any."""
    try:
        import google.auth
        import google.auth.transport.requests
    except ImportError:
        return None
    try:
        credentials: Any = google.auth.default(scopes=[_SCOPE])[0]
        credentials.refresh(google.auth.transport.requests.Request())
    except Exception:  # google-auth raises many kinds, and all mean: no token
        return None
    return str(credentials.token) if credentials.token else None
