"""``/v1/videos``: a job that is asked for again, and its clip."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from qfloor.web.gateway import facts
from qfloor.web.gateway.buying import buy
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.guard import Call, json_response
from qfloor.web.gateway.jobs import Job
from qfloor.web.gateway.pictures import usage


async def create_video(call: Call) -> Response:
    """Take a clip as a job, and answer at once."""
    ask, job, decided = await buy(call, "video")
    body = video(call, job, asked_model=ask.model)
    if ask.routing.explain and decided is not None:
        body["routing"] = decided.decision.to_dict()
    return json_response(body)


async def get_video(call: Call) -> Response:
    """Say how a job stands."""
    job = await _job(call)
    call.facts.update(job.facts)
    return json_response(video(call, job))


async def get_video_content(call: Call) -> Response:
    """Hand over the clip, byte by byte as its seller gave it."""
    job = await _job(call)
    call.facts.update(job.facts)
    if not job.has_ended:
        raise Fault(409, "video_not_ready", f"the job is {job.state}; ask again",
                    retry_after_s=2.0, again=True)  # fmt: skip
    assert job.result is not None
    if job.result["fault"] is not None:
        raise Fault.kept(job.result["fault"])
    variant = call.request.query_params.get("variant", "video")
    if variant != "video":
        raise Fault(400, "invalid_field", "variant: only 'video' is kept", param="variant")
    return call.gateway.delivery.file(job.result["outputs"][0]["sha256"])


async def list_videos(call: Call) -> Response:
    """The caller's own jobs, the newest first unless told, a page at a time."""
    query, jobs = call.request.query_params, call.gateway.jobs
    told, order = query.get("limit", "20"), query.get("order", "desc")
    limit = int(told) if told.isascii() and told.isdigit() and len(told) < 4 else 0
    if not 1 <= limit <= 100:
        raise Fault(400, "invalid_field", "limit must be from 1 to 100", param="limit")
    if order not in ("asc", "desc"):
        raise Fault(400, "invalid_field", "order must be 'asc' or 'desc'", param="order")
    after = await _own(call, query["after"]) if "after" in query else None
    found = await asyncio.to_thread(
        jobs.clips, call.key.name, after=after, at_most=limit + 1, newest_first=order == "desc"
    )
    shown = [video(call, job) for job in found[:limit]]
    return json_response(
        {
            "object": "list",
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": len(found) > limit,
        }
    )


async def delete_video(call: Call) -> Response:
    """Forget a job that has ended; what it cost stays in the key's sums.

    Its clip is handed out no more, and its file goes when the sweep comes to it.
    """
    job, gateway = await _job(call), call.gateway
    if not await gateway.pen.write(lambda: gateway.jobs.delete(job.id)):
        raise Fault(409, "video_not_ended", "the job is under way, or its seller may yet answer; "
                    "it is deleted once that is over")  # fmt: skip
    return json_response({"id": job.id, "object": "video.deleted", "deleted": True})


async def _job(call: Call) -> Job:
    """The caller's own job; another key's is not there."""
    return await _own(call, call.request.path_params["video_id"])


async def _own(call: Call, name: str) -> Job:
    job = await asyncio.to_thread(call.gateway.jobs.get, name)
    if job is None or job.kind != "video" or job.key_name != call.key.name:
        raise Fault(404, "video_not_found", "there is no such video job")
    return job


def video(call: Call, job: Job, asked_model: str | None = None) -> dict[str, Any]:
    """OpenAI's video object; once there is a clip, of its own size and length."""
    fault = job.result["fault"] if job.result else None
    error = None if fault is None else {"code": fault["code"], "message": fault["message"]}
    output = job.result["outputs"][0] if job.state == "completed" and job.result else None
    size = f"{output['width']}x{output['height']}" if output else job.size or ""
    made_s = output.get("seconds") if output else None  # not there in rows of earlier versions
    seconds = job.seconds if made_s is None else made_s
    ended = None if job.ended_at is None else int(job.ended_at)
    keep_s = call.gateway.settings.keep_hours * 3600.0
    return {
        "id": job.id,
        "object": "video",
        "status": job.state,
        "progress": 100 if job.has_ended else 50 if job.state == "in_progress" else 0,
        "model": job.facts.get("x-qfloor-model") or asked_model or "auto",
        "created_at": int(job.created_at),
        "completed_at": ended if job.state == "completed" else None,
        "expires_at": int(job.ended_at + keep_s) if job.ended_at and output else None,
        "seconds": "" if seconds is None else f"{seconds:g}",
        "size": size,
        "error": error,
        "usage": usage(job, 1) if job.has_ended else None,
        "qfloor": facts.body(job.facts),
    }
