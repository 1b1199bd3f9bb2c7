"""What ``qfloor score`` says beside its numbers."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
from scoring_fakes import noise_picture

from qfloor.cli import main


@pytest.fixture
def taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures of one's own, taken in for a round."""
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    for i in range(2):
        Image.fromarray(noise_picture(i)).save(f"{i}.png")
    Path("m.csv").write_text("prompt,offer,file\na red ball,us/m,0.png\na dog,us/m,1.png\n")
    call(monkeypatch, "generate", "--manifest", "m.csv", "--round", "2026-11")


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["qfloor", *arguments])
    with contextlib.suppress(SystemExit):
        main()


@pytest.mark.usefixtures("taken_in")
def test_the_painters_clip_on_other_pictures_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    call(monkeypatch, "score", "--round", "2026-11", "-s", "clip", "-s", "technical")
    said = capfd.readouterr().err
    assert "2 outputs scored; " in said
    (warning,) = [line for line in said.splitlines() if "warning" in line]
    assert "clip.cos" in warning
    assert "of 2 outputs: the CLIP that ships was trained on the built-in painters'" in warning
    assert "technical" not in warning
    call(monkeypatch, "score", "--round", "2026-11", "-s", "clip")
    said = capfd.readouterr().err
    assert "0 outputs scored, 2 had been scored before" in said
    assert "warning" not in said


@pytest.mark.usefixtures("taken_in")
def test_outputs_that_a_scorer_does_not_look_at_are_not_called_scored(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    call(monkeypatch, "score", "--round", "2026-11", "-s", "text")
    assert "0 outputs scored, 2 are none of these scorers' business" in capfd.readouterr().err
