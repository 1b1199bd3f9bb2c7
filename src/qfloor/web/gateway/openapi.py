"""The published OpenAPI document, made of the same pydantic models that check bodies."""

from __future__ import annotations

import functools
from typing import Any

from pydantic.json_schema import models_json_schema

from qfloor import __version__
from qfloor.web.gateway.asked import ImageAsk, RouteAsk, VideoAsk

_ERRORS = ("400", "401", "402", "403", "404", "408", "409", "413", "415", "422", "429", "500",
           "502", "503", "504")  # fmt: skip


@functools.cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    _, schemas = models_json_schema(
        [(ImageAsk, "validation"), (VideoAsk, "validation"), (RouteAsk, "validation")],
        ref_template="#/components/schemas/{model}",
    )
    components = {**schemas["$defs"], **_ANSWERS}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "qfloor gateway",
            "version": __version__,
            "description": "Pictures and clips from the cheapest model that is certified to be "
            "good enough, with every reason. Compatible with OpenAI clients.",
        },
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _paths() -> dict[str, Any]:
    video = [_parameter("video_id")]
    return {
        "/v1/images/generations": {
            "post": _operation("generateImages", "Pictures", "Images", body="ImageAsk")
        },
        "/v1/videos": {
            "post": _operation("createVideo", "A clip, as a job", "Video", body="VideoAsk"),
            "get": _operation("listVideos", "Your own jobs", "Listing", parameters=_PAGE),
        },
        "/v1/videos/{video_id}": {
            "get": _operation("getVideo", "How a job stands", "Video", parameters=video),
            "delete": _operation("deleteVideo", "Forget a job that has ended", "Deleted",
                                 parameters=video),
        },
        "/v1/videos/{video_id}/content": {
            "get": _operation("getVideoContent", "The clip", None, parameters=video)
        },
        "/v1/route": {
            "post": _operation("route", "The decision alone; buys nothing", "Route",
                               body="RouteAsk")
        },
        "/v1/models": {"get": _operation("listModels", "Models, floors and prices", "Listing")},
        "/v1/models/{model_id}": {
            "get": _operation("getModel", "One model", "Model",
                              parameters=[_parameter("model_id")])
        },
        "/v1/health/models": {"get": _operation("modelHealth", "How offers fare now", "Listing")},
        "/healthz": {"get": _operation("healthz", "Alive", "Status", is_open=True)},
        "/readyz": {"get": _operation("readyz", "Ready", "Status", is_open=True)},
    }  # fmt: skip


_PAGE: list[dict[str, Any]] = [
    {"name": name, "in": "query", "required": False, "schema": schema}
    for name, schema in (
        ("after", {"type": "string"}),
        ("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
        ("order", {"enum": ["asc", "desc"], "default": "desc"}),
    )
]


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _operation(
    name: str,
    summary: str,
    answer: str | None,
    *,
    body: str | None = None,
    parameters: list[dict[str, Any]] | None = None,
    is_open: bool = False,
) -> dict[str, Any]:
    content = (
        {"video/*": {"schema": {"type": "string", "format": "binary"}}}
        if answer is None
        else _json(answer)
    )
    told: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {"description": "Done", "content": content, "headers": _HEADERS},
            **{
                status: {"description": "An error", "content": _json("Error"), "headers": _HEADERS}
                for status in _ERRORS
            },
        },
    }
    if body is not None:
        told["requestBody"] = {"required": True, "content": _json(body)}
        told["parameters"] = [_IDEMPOTENCY] if body != "RouteAsk" else []
    if parameters:
        told["parameters"] = parameters
    if is_open:
        told["security"] = []
    return told


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


_SAID = {
    "model": "Who made it; the first of several outputs",
    "models": "How many each made, where several made them: 2x shop/one, 1x shop/other",
    "fallback-from": "Who was to make it, where any output fell to another",
    "missing": "How many of several outputs were not made",
    "ignored": "Fields of the body that were taken and not used, with commas between",
    "reason": "Why it was chosen, of a closed set",
    "certified": "yes, or no: an override, or what serves where nothing is certified",
    "category": "What the request was taken for, or unsure",
    "tier": "The tier that was asked for",
    "seconds-delivered": "How long a clip is, whatever was asked for",
    "estimated-cost-usd": "Most that it could cost",
    "charged-usd": "What it did cost, where that is known",
}
_HEADERS = {
    "x-request-id": {"schema": {"type": "string"}, "required": True},
    **{
        f"x-qfloor-{name}": {"schema": {"type": "string"}, "description": told}
        for name, told in _SAID.items()
    },
}
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body get the same answer and buy nothing again, for a day.",
    "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
_NAMES = {"type": "array", "items": _TEXT}
_FACTS = {
    **_object(["ignored"], ignored=_NAMES),
    "description": "What the headers x-qfloor-* say, for clients that hand over none",
    "additionalProperties": _TEXT,
}
_ANSWERS: dict[str, Any] = {
    "Error": _object(
        ["error"],
        error=_object(
            ["message", "type", "param", "code"],
            message=_TEXT, type=_TEXT, param={"type": ["string", "null"]}, code=_TEXT,
        ),
        metadata={"type": "object"},
    ),
    "Images": _object(
        ["created", "data", "model"],
        created=_NUMBER, model=_TEXT,
        data={"type": "array", "items": _object(["media_type"], media_type=_TEXT)},
        usage={"type": "object"}, routing={"type": "object"}, qfloor=_FACTS,
    ),
    "Video": _object(
        ["id", "object", "status", "progress", "model", "created_at"],
        id=_TEXT, object={"const": "video"}, model=_TEXT, created_at=_NUMBER, progress=_NUMBER,
        status={"enum": ["queued", "in_progress", "completed", "failed"]}, qfloor=_FACTS,
    ),
    "Route": _object(
        ["object", "id", "offer", "cause", "certified", "tier", "modality"],
        object={"const": "route"}, id=_TEXT, offer=_TEXT, cause=_TEXT, tier=_TEXT, modality=_TEXT,
        certified={"type": "boolean"}, ignored=_NAMES,
    ),
    "Model": _object(["id", "object", "owned_by"], id=_TEXT, object=_TEXT, owned_by=_TEXT),
    "Listing": _object(["object", "data"], object=_TEXT, data={"type": "array"}),
    "Deleted": _object(
        ["id", "object", "deleted"],
        id=_TEXT, object={"const": "video.deleted"}, deleted={"type": "boolean"},
    ),
    "Status": _object(["status"], status=_TEXT),
}  # fmt: skip
