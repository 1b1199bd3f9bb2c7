"""What a benchmark is about: an id names one prompt, whichever of its suites has it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qfloor import benchmark, pipeline
from qfloor.errors import BenchmarkError
from qfloor.records import Prompt, Suite

MUG = Prompt(id="mug", text="a red mug", category="product-photo", family="mug")
FACE = Prompt(id="face", text="a face", category="portrait", family="face")
OTHER = replace(MUG, text="a blue mug")


def suite_of(name: str, *prompts: Prompt) -> Suite:
    return Suite(name=name, version="1.0.0", prompts=prompts)


def test_a_prompt_that_two_suites_share_is_one() -> None:
    suites = {"first": suite_of("first", MUG, FACE), "second": suite_of("second", MUG)}
    assert pipeline.prompts_of(benchmark.load("painters"), suites) == (MUG, FACE)


@pytest.mark.parametrize(
    "other",
    [OTHER, replace(MUG, category="portrait"), replace(MUG, family="mugs"),
     replace(MUG, aspect_ratio="3:2")],
    ids=["text", "category", "family", "shape"],
)  # fmt: skip
def test_one_id_of_two_prompts_is_refused_with_the_suites_that_give_it(other: Prompt) -> None:
    suites = {
        "faces": suite_of("faces", FACE),
        "first": suite_of("first", MUG),
        "second.toml": suite_of("second", FACE, other),
    }
    with pytest.raises(BenchmarkError) as told:
        pipeline.prompts_of(benchmark.load("painters"), suites)
    assert str(told.value) == (
        "suites first, second.toml give the id 'mug' to different prompts; ids name prompts and "
        "must be unique across suites"
    )


def test_two_files_whose_suites_have_one_name_are_told_to() -> None:
    suites = {"may/own.toml": suite_of("own", MUG), "june/own.toml": suite_of("own", OTHER)}
    with pytest.raises(BenchmarkError, match="'mug' to different prompts, and both are called own"):
        pipeline.prompts_of(benchmark.load("painters"), suites)
