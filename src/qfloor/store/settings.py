"""``workspace.toml``: the little that a workspace has to be told, where it is not the default.

    [media]
    url = "s3://bucket/qfloor"          # where new media go; without it, the folder media/
    also = ["s3://archive/qfloor"]      # where older media are looked for

    [media.options.s3]
    endpoint_url = "http://127.0.0.1:9000"

Keys and passwords are refused: they belong where the protocol's own library looks for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qfloor import toml_file
from qfloor.errors import StoreError
from qfloor.store.media_place import MediaSettings, normal
from qfloor.whole import write_whole

SETTINGS = "workspace.toml"
_SECRET = ("secret", "password", "token", "key")
_PUBLIC = frozenset({"key_env"})


def read_settings(root: Path) -> MediaSettings:
    """Read a workspace's settings; the defaults where it has none.

    Raises
    ------
    StoreError
        When the file is not what it must be; names what is wrong.
    """
    path = root / SETTINGS
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return MediaSettings()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    return _settings(path, toml_file.parse(path, text, StoreError))


def _settings(path: Path, content: Mapping[str, Any]) -> MediaSettings:
    _only(path, "", content, {"media"})
    media = _table(path, "media", content.get("media", {}))
    _only(path, "media.", media, {"url", "also", "options"})
    url, also = media.get("url"), media.get("also", [])
    if url is not None and not (isinstance(url, str) and url):
        raise StoreError(f"{path}: media.url is {url!r}, must be a URL or an absolute path")
    if not (isinstance(also, list) and all(isinstance(one, str) and one for one in also)):
        raise StoreError(f"{path}: media.also is {also!r}, must be a list of URLs")
    options = {
        protocol: _table(path, f"media.options.{protocol}", told)
        for protocol, told in _table(path, "media.options", media.get("options", {})).items()
    }
    for protocol, told in options.items():
        _refuse_secrets(f"{path}: media.options.{protocol}", told)
    return MediaSettings(
        url=None if url is None else normal(url), also=tuple(map(normal, also)), options=options
    )


def _table(path: Path, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise StoreError(f"{path}: {name} is {value!r}, must be a table")
    return value


def _only(path: Path, prefix: str, table: Mapping[str, Any], known: set[str]) -> None:
    for name in table:
        if name not in known:
            raise StoreError(
                f"{path}: unknown field {prefix + name!r}; known: {', '.join(sorted(known))}"
            )


def _refuse_secrets(where: str, options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in _PUBLIC and any(word in name.lower() for word in _SECRET):
            raise StoreError(
                f"{where}.{name}: keys do not belong in a workspace; give them to the protocol's "
                f"own library, e.g. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        if isinstance(value, dict):
            _refuse_secrets(f"{where}.{name}", value)


def write_settings(root: Path, settings: MediaSettings) -> Path:
    """Write a workspace's settings durably, whole or not at all."""
    for protocol, told in settings.options.items():
        _refuse_secrets(f"media.options.{protocol}", told)
    lines = ["# Settings of this workspace; see docs/how-to/store.md", "", "[media]"]
    if settings.url is not None:
        lines.append(f"url = {_toml(settings.url)}")
    if settings.also:
        lines.append(f"also = {_toml(list(settings.also))}")
    for protocol, told in sorted(settings.options.items()):
        lines += ["", f"[media.options.{protocol}]"]
        lines += [f"{name} = {_toml(value)}" for name, value in sorted(told.items())]
    path = root / SETTINGS
    try:
        return write_whole(path, "\n".join(lines) + "\n")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
