"""Bodies: read up to a size, as JSON or as the multipart form that OpenAI's client sends for clips.

Nothing else is read of a request but its body and a few named headers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from starlette.requests import ClientDisconnect, Request

from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.patience import within

_BRACKET = re.compile(r"^([A-Za-z_]+)((?:\[[A-Za-z0-9_]*\])*)$")
MOST_FIELDS = 200
MOST_HEAD_BYTES = 4_000
BODY_S = 30.0
"""How long a body may take to come."""


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Read the body; `Fault` 413 as soon as it is larger than allowed, 408 when it is too slow."""
    told = request.headers.get("content-length", "0")
    if told.isdigit() and int(told) > most_bytes:
        raise _too_large(most_bytes)
    parts: list[bytes] = []
    size, more, receive = 0, True, request.receive
    with within(BODY_S) as limit:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            more, size = message.get("more_body", False), size + len(part)
            if size > most_bytes:
                raise _too_large(most_bytes)
            parts.append(part)
    if limit.ran_out:
        raise Fault(408, "body_too_slow", f"the body took more than {BODY_S:g} s")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(most_bytes: int) -> Fault:
    return Fault(413, "body_too_large", f"the body is larger than {most_bytes} bytes")


def read_json(body: bytes) -> Any:
    """Parse JSON strictly: no NaN, no bytes that are not UTF-8, no half characters."""
    try:
        text = body.decode("utf-8")
        told = _DECODER.decode(text)
        if _HALF.search(text):  # most are pairs: an emoji, escaped
            json.dumps(told, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise Fault(400, "invalid_body", "the body is not UTF-8") from None
    except UnicodeEncodeError:
        raise Fault(400, "invalid_body", "the body escapes half a character (such as \\ud800 "
                    "without its other half), which is no text") from None  # fmt: skip
    except (ValueError, RecursionError):
        raise Fault(400, "invalid_body", "the body is not valid JSON") from None
    return told


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


async def read_object(request: Request, most_bytes: int, *, forms: bool = False) -> Any:
    """Read and parse a body by its declared type; JSON unless it is a form and may be one."""
    body = await read_body(request, most_bytes)
    declared = request.headers.get("content-type", "")
    kind = declared.partition(";")[0].strip().lower()
    if forms and kind == "multipart/form-data":
        return read_form(body, declared)
    if kind and kind != "application/json" and not kind.endswith("+json"):
        kinds = "application/json" + (" or multipart/form-data" if forms else "")
        raise Fault(
            415,
            "unsupported_media_type",
            f"the body is declared as {kind[:80]!r}; send it with content-type {kinds}",
        )
    return read_json(body)


def read_form(body: bytes, declared: str) -> dict[str, Any]:
    """Read the plain fields of a multipart form; names in brackets become nested objects."""
    fields: dict[str, Any] = {}
    for head, content in _parts(body, declared):
        name = head.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise Fault(400, "invalid_body", "the form has a field without a name")
        if head.get_filename():
            raise Fault(
                400, "unsupported_field", f"{name[:60]}: files are not taken", param=name[:60]
            )
        try:
            _put(fields, name, content.decode("utf-8"))
        except UnicodeDecodeError:
            raise Fault(400, "invalid_body", f"{name[:60]} is not UTF-8") from None
    return fields


def _parts(body: bytes, declared: str) -> Iterator[tuple[Message, bytes]]:
    """Head and content of each part.

    Only heads, of bounded length and number, go through a parser: one of whole messages takes
    seconds for a megabyte of small or nested parts.
    """
    told = BytesParser(policy=HTTP).parsebytes(
        b"content-type: " + declared.encode("latin-1", "replace") + b"\r\n\r\n", headersonly=True
    )
    boundary = told.get_boundary()
    if not boundary:
        raise Fault(400, "invalid_body", "the body is no multipart form")
    line = b"\r\n--" + boundary.encode("latin-1", "replace")
    _, *parts = (b"\r\n" + body).split(line, MOST_FIELDS + 2)
    if not parts or not parts[-1].startswith(b"--") or len(parts) > MOST_FIELDS + 1:
        raise Fault(400, "invalid_body", "the body is no multipart form, or has too many fields")
    for part in parts[:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        if len(head) > MOST_HEAD_BYTES:
            raise Fault(400, "invalid_body", "a field of the form has too long a head")
        yield (
            BytesParser(policy=HTTP).parsebytes(head.lstrip() + b"\r\n\r\n", headersonly=True),
            content,
        )


def _put(fields: dict[str, Any], name: str, value: str) -> None:
    """Put ``routing[tier]`` and ``routing[only][]`` where they belong."""
    found = _BRACKET.match(name)
    if found is None:
        raise Fault(400, "unknown_field", f"there is no field {name[:60]!r}")
    path = [found[1], *re.findall(r"\[([A-Za-z0-9_]*)\]", found[2])]
    is_list = len(path) > 1 and (path[-1] == "" or path[-1].isdigit())
    keys = path[:-1] if is_list else path
    place: Any = fields
    for key in keys[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise Fault(400, "invalid_body", f"{name[:60]} contradicts another field")
    if is_list:
        listed = place.setdefault(keys[-1], [])
        if not isinstance(listed, list):
            raise Fault(400, "invalid_body", f"{name[:60]} contradicts another field")
        listed.append(value)
    elif keys == ["routing"] and value.lstrip().startswith("{"):
        place[keys[-1]] = read_json(value.encode("utf-8"))
    else:
        place[keys[-1]] = value
