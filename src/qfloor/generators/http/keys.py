"""Keys of sellers: read at the moment of a call, shown to nobody.

A key comes from the environment, or from the TOML file that ``QFLOOR_KEYS`` names
(``FAL_KEY = "..."``). Such a file must be its owner's alone and outside any git work tree.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qfloor.errors import SetupError

KEYRING = "QFLOOR_KEYS"
HIDDEN = "[hidden]"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?i)(?<=bearer )[\w\-.~+/]{8,}=*",
        r"(?i)(?<=authorization: key )\S{8,}",
        r"(?i)(?<=[?&]key=)[^&\s\"']+",
        r"(?i)(?<=x-amz-signature=)[^&\s\"']+",
        r"\b(?:sk|key|r8|tgp|xai|whsec)[-_][\w\-]{16,}",
        r"\bAIza[\w\-]{20,}",
        r"\bya29\.[\w\-.]{20,}",
        r"\beyJ[\w\-]{10,}\.[\w\-]{10,}\.[\w\-]{5,}",
    )
)


def find_key(name: str, environment: Mapping[str, str] | None = None) -> str:
    """Read the key called ``name``.

    Raises
    ------
    SetupError
        When there is none, or the keyring file is not kept safe; the message has no key in it.
    """
    environment = os.environ if environment is None else environment
    key = environment.get(name, "").strip()
    if not key and environment.get(KEYRING):
        key = str(read_keyring(Path(environment[KEYRING])).get(name, "")).strip()
    if not key:
        raise SetupError(
            f"there is no key {name}: set it in the environment, or write it into the file that "
            f"{KEYRING} names"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SetupError(f"the key {name} holds characters that no key has; set it again")
    return key


def read_keyring(path: Path) -> dict[str, Any]:
    """Read a keyring file.

    Raises
    ------
    SetupError
        When it is missing, no TOML, open to others, or inside a git work tree.
    """
    path = path.expanduser()
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
        text = real.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"the keyring file {path.name} cannot be read: {_kind(error)}") from None
    if mode & 0o077:
        raise SetupError(f"the keyring file {path.name} is open to others; run chmod 600 on it")
    if any((folder / ".git").exists() for folder in real.parents):
        raise SetupError(f"the keyring file {path.name} lies inside a git work tree; move it out")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        raise SetupError(f'the keyring file {path.name} is not TOML: NAME = "key"') from None


def _kind(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def redactor(*secrets: str) -> Callable[[Any], Any]:
    """Make a function that takes keys out of text and of plain JSON.

    Examples
    --------
    >>> redactor("s3cret-key")({"said": ["no s3cret-key here", 5]})
    {'said': ['no [hidden] here', 5]}
    """
    known = sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True)

    def redact(value: Any) -> Any:
        if isinstance(value, str):
            for secret in known:
                value = value.replace(secret, HIDDEN)
            for pattern in _PATTERNS:
                value = pattern.sub(HIDDEN, value)
            return value
        if isinstance(value, Mapping):
            return {redact(str(k)): redact(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [redact(item) for item in value]
        return value

    return redact
