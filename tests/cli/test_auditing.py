"""``qfloor audit``: faults in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import blind_world
import pytest

from qfloor.cli import main
from qfloor.pipeline.blinding import live_audit
from qfloor.pipeline.blinding.live_audit import Drawn


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


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "week is there already"),
        (("--key", "new/k.json", "new"), "in the session's folder"),
        (("--votes", "0", "new"), "votes is 0"),
        (("--pd0", "3", "new"), "pd0 is 3"),
    ],
)
def test_a_session_that_cannot_be_written_buys_nothing(
    more: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The baseline was bought first, and then the folder was there already."""
    monkeypatch.chdir(tmp_path)
    Path("week").mkdir()
    drawn = Drawn(prompts=(blind_world.prompt(0),), served={}, left_out={})
    bought: list[object] = []
    monkeypatch.setattr(live_audit, "draw_traffic", lambda *_, **__: drawn)
    monkeypatch.setattr(live_audit, "make_baseline", lambda *_, **__: bought.append(1))
    where = () if more and more[-1] == "new" else ("week",)
    told = ("draw", *more, *where, "--baseline", "painters/umber")
    monkeypatch.setattr(sys, "argv", ["qfloor", "audit", *told])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert said in " ".join(capfd.readouterr().err.split())
    assert not bought
