"""Scorers named on the command line: how their names and arguments are read."""

from __future__ import annotations

import pytest
import typer

from qfloor.cli.scoring import spec_of
from qfloor.errors import PluginError
from qfloor.plugins import build_scorer
from qfloor.records import PluginSpec


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("technical", "technical", {}),
        ("technical:", "technical", {}),
        ("clip:checkpoint=M@T=a.pt,prefix=x", "clip", {"checkpoint": "M@T=a.pt", "prefix": "x"}),
        ("a:x=true,y=3,z=0.5,w=3b", "a", {"x": True, "y": 3, "z": 0.5, "w": "3b"}),
        ("my.scorers:Own", "my.scorers:Own", {}),
        ("my.scorers:Own:size=3", "my.scorers:Own", {"size": 3}),
    ],
)  # fmt: skip
def test_a_scorer_is_read(text: str, name: str, arguments: dict[str, object]) -> None:
    assert spec_of(text) == PluginSpec(name=name, args=arguments)


@pytest.mark.parametrize("text", ["clip:checkpoint", "clip:=x", "clip:a=1,b"])
def test_an_argument_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no KEY=VALUE"):
        spec_of(text)


@pytest.mark.parametrize(
    "text", ["clip:checkpoint=5", "clip:prefix=5", "consistency:per_second=abc", "aesthetic:head=3"]
)
def test_an_argument_of_the_wrong_kind_is_one_sentence(text: str) -> None:
    with pytest.raises(PluginError):
        build_scorer(spec_of(text))


def test_a_scorer_of_a_module_is_built() -> None:
    scorer = build_scorer(spec_of("qfloor.scorers.technical:TechnicalScorer"))
    assert scorer.metrics[0].name.startswith("technical.")
