"""Arm keys and folders that are none: one sentence each, and no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from qfloor.abtest.folder import DATABASE, connect
from qfloor.abtest.key import FORMAT, read_key
from qfloor.errors import SessionError


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no arm key at .*; name it with --key"),
        ("not JSON", "cannot be read as an arm key"),
        ("[]", "is no arm key"),
        ("{}", "is no arm key"),
        (f'{{"units": {{}}, "format": {FORMAT + 1}}}', "was written by a newer qfloor"),
        (f'{{"units": {{"a": {{}}}}, "format": {FORMAT}}}', "is not a whole arm key"),
        (f'{{"units": {{"a": 1}}, "format": {FORMAT}}}', "is not a whole arm key"),
        (f'{{"units": {{}}, "format": {FORMAT}}}', "is not a whole arm key"),
    ],
)
def test_what_is_no_key_is_told_as_such(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "s.key.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SessionError, match=said):
        read_key(path)


def test_what_is_no_session_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    with pytest.raises(SessionError, match=f"is no blind session: it has no {DATABASE}"):
        connect(path)
    path.write_bytes(b"this is not SQLite" * 99)
    with pytest.raises(SessionError, match="cannot be opened as a session"):
        connect(path)
