"""Scorers named on the command line: how their names and arguments are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from qfloor.cli.scoring import spec_of
from qfloor.errors import PluginError
from qfloor.plugins import build_scorer
from qfloor.records import Output, PluginSpec, Prompt, Status
from qfloor.store import Store


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("technical", "technical", {}),
        ("technical:", "technical", {}),
        ("clip:checkpoint=M@T=a.pt,prefix=x", "clip", {"checkpoint": "M@T=a.pt", "prefix": "x"}),
        ("a:x=true,y=3,z=0.5,w=3b", "a", {"x": True, "y": 3, "z": 0.5, "w": "3b"}),
        ("my.scorers:Own", "my.scorers:Own", {}),
        ("my.scorers:Own:size=3", "my.scorers:Own", {"size": 3}),
        ("bad:Bad", "bad:Bad", {}),
        ("bad:Bad:how=str,v=2", "bad:Bad", {"how": "str", "v": 2}),
    ],
)  # fmt: skip
def test_a_scorer_is_read(text: str, name: str, arguments: dict[str, object]) -> None:
    assert spec_of(text) == PluginSpec(name=name, args=arguments)


@pytest.mark.parametrize("text", ["clip:checkpoint", "clip:=x", "clip:a=1,b"])
def test_an_argument_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no KEY=VALUE"):
        spec_of(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clip:checkpoint=5", "checkpoint is text, not 5"),
        ("clip:prefix=5", "prefix is text, not 5"),
        ("aesthetic:head=3", "head is text, not 3"),
        ("aesthetic:affine=1", "affine is true or false, not 1"),
        ("text:detect_side=a", "detect_side is a whole number, not 'a'"),
        ("text:detect_side=512.5", "detect_side is a whole number, not 512.5"),
        ("consistency:per_second=abc", "per_second is a number or none, not 'abc'"),
        ("consistency:per_second=true", "per_second is a number or none, not True"),
        ("safety:threshold=true", "threshold is a number, not True"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(PluginError, match=rf"^scorer '\w+': {says}$"):
        build_scorer(spec_of(text))


def test_whole_numbers_are_numbers_and_other_kinds_are_the_classes_own_business() -> None:
    assert build_scorer(spec_of("consistency:per_second=4")).metrics
    with pytest.raises(PluginError, match="'sharp' is none of fp32, bf16, int8, auto"):
        build_scorer(spec_of("clip:precision=sharp"))


def test_a_scorer_of_a_module_is_built() -> None:
    scorer = build_scorer(spec_of("qfloor.scorers.technical:TechnicalScorer"))
    assert scorer.metrics[0].name.startswith("technical.")


def test_a_round_in_which_nothing_was_made_is_told_with_what_became_of_it(
    tmp_path: Path, call_qfloor: Callable[..., tuple[int, str, str]]
) -> None:
    became = [(Status.REFUSED, "input moderation")] * 2 + [(Status.BLANK, "all one colour")]
    prompt = Prompt(id="p", text="a red ball", category="landscape")
    outputs = [
        Output(
            id=f"o{n}", prompt_id="p", prompt_digest=prompt.digest, offer_id="painters/ochre",
            repeat=n, round="2026-11", status=status, reason=reason,
        )
        for n, (status, reason) in enumerate(became)
    ]  # fmt: skip
    with Store.open(tmp_path / "w", create=True) as store:
        store.save_prompts([prompt])
        store.save_requests([(o.id, prompt.digest, o.offer_id, o.repeat, o.round) for o in outputs])
        store.save_outputs(outputs)
    code, out, err = call_qfloor(
        "score", "--round", "2026-11", "-s", "technical", "-w", tmp_path / "w"
    )
    assert (code, out) == (1, "")
    assert (
        "round 2026-11 has nothing to score: of 3 outputs 2 refused (input moderation), 1 blank "
        "(all one colour)"
    ) in err
    code, out, err = call_qfloor("score", "painters", "--round", "2026-12", "-w", tmp_path / "w")
    assert (code, out) == (1, "")
    assert "round 2026-12 has no output of this benchmark; `qfloor generate` makes them" in err
