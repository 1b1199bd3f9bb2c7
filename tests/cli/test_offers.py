"""``qfloor offers check`` looks for a generator that is named as module:attribute."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from qfloor.cli import app
from qfloor.cli.offers import _findings
from qfloor.records import Lifecycle, Offer, PluginSpec, PriceComponent, PriceRule

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


DAY = dt.date(2026, 12, 2)
PRICE = PriceRule(
    components=(PriceComponent(unit="image", amount="0.02"),), source="page", as_of="2026-11-30"
)
OFFER = Offer(
    id="house/fine", provider="house", model="fine", modality="image", price=PRICE,
    generator=PluginSpec(name="folder"), notes="a note",
)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, []),
        ({"lifecycle": Lifecycle(state="gone", gone="2026-10-01")}, [("gone", "since 2026-10-01")]),
        ({"lifecycle": Lifecycle(state="gone")}, [("gone", "a note")]),
        ({"lifecycle": Lifecycle(gone="2026-12-02")}, [("gone", "since 2026-12-02")]),
        ({"lifecycle": Lifecycle(gone="2026-12-03")}, []),
        ({"lifecycle": Lifecycle(state="uncertain")}, [("uncertain", "a note")]),
        (
            {"lifecycle": Lifecycle(deprecated="2026-12-01", gone="2027-01-01")},
            [("deprecated", "goes on 2027-01-01")],
        ),
        ({"lifecycle": Lifecycle(deprecated="2026-12-03")}, []),
        ({"price": None}, [("unpriced", "cannot be bought under a budget")]),
        ({"price": replace(PRICE, as_of="")}, [("price undated", "page")]),
        (
            {"price": replace(PRICE, as_of="2026-10-01")},
            [("price old", "read 62 days ago, on 2026-10-01")],
        ),
        ({"price": replace(PRICE, as_of="2026-10-01", source="declared by us")}, []),
        (
            {"generator": None},
            [("no generator", "nothing installed calls it; import its files as a folder")],
        ),
    ],
)
def test_what_an_offer_lacks_on_a_day(more: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert list(_findings(replace(OFFER, **more), DAY, 60)) == found


def test_a_day_that_is_none_and_a_pattern_that_is_nobodys(tmp_path: Path) -> None:
    asked = ["offers", "check", "--workspace", str(tmp_path)]
    for more, said in (
        (("--today", "yesterday"), "--today is 'yesterday', must be a day such as"),
        (("nobody/*",), "no offer matches 'nobody/"),
    ):
        ran = CliRunner().invoke(app, [*asked, *more])
        assert said in str(ran.exception)
