"""Records as plain JSON, and the digests that name them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any

_PLAIN = frozenset({str, int, float, bool, type(None)})
_NAMES = frozenset({str})
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def to_plain(value: Any) -> Any:
    """Turn records, enums, tuples and mappings into what JSON knows; the inverse of nothing."""
    if type(value) in _PLAIN:
        return value
    if type(value) is dict and _is_flat(value):  # most that is kept: before slower questions
        return dict(value)
    kind: Any = type(value)
    if kind is tuple or kind is list:
        return [v if type(v) in _PLAIN else to_plain(v) for v in value]
    names = _fields_of(kind)
    if names is not None:
        return {n: v if type(v := getattr(value, n)) in _PLAIN else to_plain(v) for n in names}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value) if _is_flat(value) else {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [v if type(v) in _PLAIN else to_plain(v) for v in value]
    return value


@cache
def _fields_of(kind: Any) -> tuple[str, ...] | None:
    """Names of a record's fields, asked once a class; None of what is no record."""
    return (
        tuple(f.name for f in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None
    )


def _is_flat(value: Mapping[Any, Any]) -> bool:
    """Whether a mapping is JSON as it stands: names for plain values."""
    return _NAMES.issuperset(map(type, value)) and _PLAIN.issuperset(map(type, value.values()))


def canonical_json(value: Any) -> str:
    """Sorted, compact, unicode JSON: equal values give equal bytes; NaN is refused."""
    return _encode(value if type(value) is str else to_plain(value))


def digest_of(value: Any, length: int = 32) -> str:
    """First ``length`` hex digits of the SHA-256 of a value's canonical JSON."""
    digits: str = _sha256()(canonical_json(value).encode("utf-8")).hexdigest()
    return digits[:length]


@cache
def _sha256() -> Callable[[bytes], Any]:
    from hashlib import sha256  # brings 4 MB of OpenSSL, for who names something only

    return sha256
