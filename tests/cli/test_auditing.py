"""``qfloor audit``: faults in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qfloor.cli import main


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("draw", "w", "--baseline", "painters/umber"), 1, "no gateway.db"),
        (("draw", "w", "--baseline", "painters/umber", "--share", "2"), 1, "share is 2"),
        (("watch", "nowhere"), 1, "is no blind session"),
        (("watch", "nowhere", "--limit-fail", "7"), 2, "between 0 and 1"),
    ],
)
def test_faults_are_told(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["qfloor", "audit", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == code
    assert said in " ".join(capfd.readouterr().err.split())
