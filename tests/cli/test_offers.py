"""``qfloor offers check`` looks for a generator that is named as module:attribute."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from qfloor.cli import app

FILE = """
provider = "house"
generator = "{generator}"
[sources]
sheet = "declared by us"
[[offers]]
id = "fine"
model = "fine"
modality = "image"
price = [{{ unit = "image", amount = "0.02" }}]
source = "sheet"
as_of = "2026-12-01"
"""


@pytest.mark.parametrize(
    ("generator", "code", "said"),
    [
        ("qfloor.generators.folder:FolderGenerator", 0, ""),
        ("folder", 0, ""),
        ("no_such_module:Thing", 1, "No module named 'no_such_module'"),
        ("qfloor.generators.folder:Nothing", 1, "cannot be imported"),
        ("os:path", 1, "'os:path' is there, and no generator"),
        ("nothing", 1, "none called 'nothing' is installed"),
    ],
)
def test_a_generator_is_looked_for(generator: str, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(FILE.format(generator=generator), encoding="utf-8")
    asked = ["offers", "check", "house/*", "--file", str(tmp_path / "house.toml"), "--csv"]
    ran = CliRunner().invoke(app, [*asked, "--workspace", str(tmp_path / "w")])
    assert said in ran.stdout
    assert (ran.exit_code, "no generator" in ran.stdout) == (code, bool(code))
