"""A reference set goes from one workspace to another, and nothing altered gets in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qfloor import pipeline
from qfloor.cli import main
from qfloor.records import ReferenceOutput, ReferencePrompt, ReferenceSet

Cli = Callable[..., tuple[int, str, str]]

SETS = [
    ReferenceSet(
        metric="preference.fake@0123456789abcdef",
        round="2026-11",
        offers=("shop/base",),
        prompts=(
            ReferencePrompt(
                prompt_id="p",
                prompt_digest="d",
                outputs=(ReferenceOutput(output_id="o", media_sha256="a" * 64, value=value),),
            ),
        ),
    )
    for value in (0.25, 0.5)
]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["qfloor", "reference", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capfd.readouterr()

    return call


def test_sets_travel_between_workspaces(cli: Cli, tmp_path: Path) -> None:
    for i, reference in enumerate(SETS):
        pipeline.write_reference(tmp_path / f"{i}.json", reference)
        assert cli("import", f"{i}.json")[0] == 0
        assert cli("import", f"{i}.json")[0] == 0, "the same set twice is one set"
    _, text, _ = cli("list", "--json")
    assert [row["digest"] for row in json.loads(text)] == [r.digest for r in SETS]
    assert json.loads(text)[0]["outputs"] == 1
    assert cli("export", SETS[1].digest[:8], "--out", "again.json")[0] == 0
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "1.json").read_bytes()


def test_faults_are_one_sentence(cli: Cli, tmp_path: Path) -> None:
    path = pipeline.write_reference(tmp_path / "set.json", SETS[0])
    path.write_text(path.read_text().replace("0.25", "0.26"))
    code, _, err = cli("import", path)
    assert (code, "it was altered" in err, err.count("\n")) == (1, True, 1)
    assert not (tmp_path / ".qfloor").exists(), "nothing was made for a file that is refused"
    path = pipeline.write_reference(tmp_path / "set.json", SETS[0])
    cli("import", path)
    code, _, err = cli("export", "zz", "--out", "x.json")
    assert (code, "0 reference sets have a digest that begins with" in err) == (1, True)
    code, _, err = cli("freeze", "painters", "--metric", "preference.hps_v2_1")
    assert (code, "there is no metric 'preference.hps_v2_1'" in err) == (1, True)
    code, _, err = cli("import", "nowhere.json")
    assert (code, "nowhere.json: no such file" in err) == (1, True)
