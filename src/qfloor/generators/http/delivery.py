"""From what an answer says of media to media in a file, with all that is known of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qfloor.generators.http.outcomes import Charged
from qfloor.generators.http.urls import RefusedUrlError
from qfloor.generators.http.wire import Download, LostError, Wire
from qfloor.generators.protocol import Artifact, Ended
from qfloor.media import sniff
from qfloor.records import Offer

try:  # it holds up all other answers for a fortieth of the time
    from pybase64 import b64decode as _fast
except ImportError:
    _fast = base64.b64decode  # type: ignore[assignment]

Job = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Media that an answer holds or points to, and what it says of them; plain JSON but bytes.

    ``keyed`` media are served by the API itself and need the key.
    """

    url: str = ""
    content: bytes = b""
    declared: str = ""
    seed: int | None = None
    version: str | None = None
    model: str | None = None
    amount_nanousd: int | None = None
    charged: Charged = "yes"
    seconds_run: float | None = None
    seconds_queue: float | None = None
    unsafe: bool = False
    keyed: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)


class Delivery:
    """Fetches media for one generator."""

    def __init__(
        self, wire: Wire, offers: Mapping[str, Offer], redact: Callable[[Any], Any]
    ) -> None:
        self._wire, self._offers, self._redact = wire, offers, redact

    async def deliver(self, found: Found, job: Job, auth: Mapping[str, str] | None = None) -> Ended:
        """Fetch media into a file and say all that is known of them."""
        report = self._report(found, job)
        last: dict[str, Any] = {
            "amount_nanousd": found.amount_nanousd,
            "charged": found.charged,
            "seconds_run": found.seconds_run,
            "seconds_queue": found.seconds_queue,
            "model_version": found.version or found.model,
            "report": report,
        }
        if found.content:
            media_type = sniff(found.content[:512]) or found.declared
            artifact = Artifact(path=self._wire.keep(found.content), media_type=media_type)
            return Ended(reason="ok", artifact=artifact, unsafe=found.unsafe, **last)
        if not found.url:
            last["charged"] = "unknown" if found.amount_nanousd is None else found.charged
            return Ended(reason="empty_success", detail="a success without media", **last)
        try:
            got = await self._wire.download(found.url, auth or {})
            if not got.is_whole:
                got.path.unlink(missing_ok=True)
                got = await self._wire.download(found.url, auth or {})
        except RefusedUrlError as refused:
            return Ended(reason="malformed_answer", detail=str(refused), **last)
        return self._handed(got, found, last)

    def _handed(self, got: Download, found: Found, last: dict[str, Any]) -> Ended:
        """Turn a download into the last word; what the bytes are is for inspection to say."""
        bad = ""
        if got.status in (401, 403, 404, 410):
            bad, last["charged"] = "url_expired", "yes"
        elif got.size > self._wire.max_bytes or not got.is_whole:
            bad, last["charged"] = "undecodable", "yes"
        elif got.status != 200:
            got.path.unlink(missing_ok=True)
            raise LostError(f"media were answered with HTTP {got.status}")
        if bad:
            got.path.unlink(missing_ok=True)
            size = f"more than {self._wire.max_bytes}" if got.is_whole else f"only {got.size}"
            why = f"HTTP {got.status}" if bad == "url_expired" else f"{size} bytes came"
            return Ended(reason=bad, detail=f"media: {why}", **last)
        is_media = sniff(got.head)
        declared = found.declared or got.declared
        if declared and is_media and declared != is_media:
            last["report"] = {**last["report"], "declared_type": declared}
        media_type = is_media or declared or "application/octet-stream"
        artifact = Artifact(path=got.path, media_type=media_type)
        return Ended(reason="ok", artifact=artifact, unsafe=found.unsafe, **last)

    def _report(self, found: Found, job: Job) -> dict[str, Any]:
        about = dict(job.get("about", {}))
        told = {
            "job": job.get("id"),
            "seed_returned": found.seed,
            "model_returned": found.model or found.version,
            **found.report,
        }
        about.update({k: v for k, v in told.items() if v is not None})
        asked, offer = about.get("model_asked"), self._offers.get(str(job.get("offer")))
        drift = mismatch(asked, offer.version if offer else None, found)
        return dict(self._redact({**about, **({"model_mismatch": drift} if drift else {})}))


def inline(text: Any) -> bytes:
    """Decode base64 media, with or without a ``data:`` head.

    Raises
    ------
    ValueError
        When it is not base64.
    """
    if not isinstance(text, str):
        raise ValueError("media are no text of base64")
    _, _, tail = text.partition(",") if text.startswith("data:") else ("", "", text)
    try:
        return _fast(tail, validate=True)
    except ValueError:
        pass  # it is stricter about signs at the end, and what is paid for is read if it can be
    try:
        return base64.b64decode(tail, validate=True)
    except binascii.Error:
        raise ValueError("media are not base64") from None


def mismatch(asked: str | None, pinned: str | None, found: Found) -> dict[str, str] | None:
    """Say when another model or version came than was asked for.

    A returned name that only adds a date or revision to the asked one is the same model; a
    pinned version must come back as it is.
    """
    if found.model and asked and not found.model.lower().startswith(asked.lower()):
        return {"asked": asked, "returned": found.model}
    came = found.version or found.model
    if pinned and came and pinned not in came:
        return {"asked": pinned, "returned": came}
    return None
