"""A protocol is written once, named by its content, and held to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from qfloor.abtest import Arm, Protocol, read_protocol
from qfloor.abtest.protocol import check, write_protocol
from qfloor.errors import SessionError


def _protocol(**changes: object) -> Protocol:
    return replace(
        Protocol(
            name="may",
            arms=(Arm(name="routed", stands_for="a"), Arm(name="reference", stands_for="b")),
            pairs=40,
            categories={"portrait": 40},
            created_at="2026-12-01T00:00:00Z",
            session_id="s1",
        ),
        **changes,  # type: ignore[arg-type]
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    protocol = _protocol(expected={"votes": 40})
    write_protocol(tmp_path, protocol)
    assert read_protocol(tmp_path) == protocol
    with pytest.raises(FileExistsError):
        write_protocol(tmp_path, protocol)


def test_an_edited_protocol_is_refused(tmp_path: Path) -> None:
    path = write_protocol(tmp_path, _protocol())
    plain = json.loads(path.read_text())
    plain["pd0"] = 0.2
    path.write_text(json.dumps(plain))
    with pytest.raises(SessionError, match="changed after it was frozen"):
        read_protocol(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("[]", "is no protocol"),
        ('{"format": 9}', "newer qfloor"),
        ('{"format": 1, "colour": 3}', "no protocol has"),
        ('{"format": 1}', "not a whole protocol"),
    ],
)
def test_damaged_files_are_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "protocol.json").write_text(text)
    with pytest.raises(SessionError, match=said):
        read_protocol(tmp_path)


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="no blind session"):
        read_protocol(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "changes",
    [{"votes": 0}, {"placebo": 0.9}, {"pd0": 0.0}, {"audit_pairs": 41}, {"question": "duel"},
     {"audit_pairs": 5, "votes": 20}],
)  # fmt: skip
def test_contradictions_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SessionError):
        check(_protocol(**changes))
