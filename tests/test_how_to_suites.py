"""The page on suites: every file it shows is written, every command it shows is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from scoring_fakes import noise_picture
from typer.testing import CliRunner

from qfloor import suite
from qfloor.cli import app
from qfloor.records import CATEGORIES, GENERAL
from qfloor.store import Store
from qfloor.suite.loading import TAGS, PromptRow

PAGE = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "suites.md"
TEXT = PAGE.read_text(encoding="utf-8")
FENCES = re.findall(r"```(\w+) ?(\S*)\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from PIL import Image, ImageDraw, ImageFont

    monkeypatch.chdir(tmp_path)
    for _, name, content in FENCES:
        if name:
            (tmp_path / name).write_text(content, encoding="utf-8")
    for name, text in (("bakery", "FRESH BREAD"), ("station", "HALT\nEXIT"), ("kettle", "")):
        picture = Image.fromarray(noise_picture(1, 240, 400) // 16 + 220)
        ImageDraw.Draw(picture).text((60, 60), text, "black", ImageFont.load_default(40))
        picture.save(tmp_path / f"{name}.png")
    return tmp_path


def test_every_command_does_what_the_page_says(folder: Path) -> None:
    pytest.importorskip("rapidocr")
    lines = [line[2:] for kind, _, text in FENCES if kind == "console"
             for line in text.splitlines() if line.startswith("$ ")]  # fmt: skip
    for line in lines:
        ran = CliRunner().invoke(app, shlex.split(line)[1:])
        assert ran.exit_code == 0, (line, ran.output, ran.exception)
    with Store.open(folder / ".qfloor") as store:
        assert {o.prompt_id for o in store.outputs_of()} == {"bakery", "station", "kettle"}
        read = [m.key for m in store.metrics_of() if m.name == "text.exact"]
        assert [s.value for s in store.scores_of(metric=read[0])] == [1.0, 1.0]
    captions = suite.load("captions.toml").prompts
    assert [(p.category, p.must_render) for p in captions] == [
        ("text-in-image", ("JAZZ NIGHT",)), ("landscape", ()),
    ]  # fmt: skip


def test_the_table_of_fields_has_them_all() -> None:
    rows = re.findall(r"^\| (`.+?) \| (.+) \|$", TEXT, re.MULTILINE)
    named = {name for cell, _ in rows for name in re.findall(r"`(\w+)`", cell)}
    said = " ".join(text for _, text in rows)
    assert named | {"seconds", "inputs"} == set(PromptRow.model_fields)
    assert "seconds" in said
    assert [tag for tag in TAGS if not re.search(rf"\b{tag}\b", said)] == []
    assert [c.id for c in (*CATEGORIES, GENERAL) if c.id not in said] == []
