"""What other tools get of a session comes back through our own importers of their formats."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qfloor.abtest import Answer
from qfloor.abtest.exporting import LABEL_CONFIG, evalica_csv, label_studio_json
from qfloor.abtest.simulate import Shape, World, simulate
from qfloor.ratings import ReadOptions
from qfloor.ratings.formats import format_of
from qfloor.ratings.mapping import parse_mapping

WINNERS = {"left": "left", "right": "right", "none": "tie", "both_bad": "tie"}


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    world, shape = World(visible=0.3, worse=0.1), Shape(pairs=80, raters=6)
    held = simulate(world, shape, np.random.default_rng(0))
    held[0] = replace(held[0], response="skip")
    held[1] = replace(held[1], response="both_bad")
    return held


def test_evalica_gets_the_arms_and_who_won(answers: list[Answer], tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(evalica_csv(answers))
    read = format_of("evalica").read(path, ReadOptions()).comparisons
    tests = [a for a in answers if a.kind == "test" and a.response != "skip"]
    assert [(v.left.model, v.right.model, v.winner) for v in read] == [
        (a.left_arm, a.right_arm, WINNERS[a.response]) for a in tests
    ]


def test_evalica_s_own_reader_ranks_the_arms(answers: list[Answer], tmp_path: Path) -> None:
    import evalica
    import pandas as pd

    path = tmp_path / "votes.csv"
    path.write_text(evalica_csv(answers))
    frame = pd.read_csv(path)
    word = {"left": evalica.Winner.X, "right": evalica.Winner.Y, "tie": evalica.Winner.Draw}
    found = evalica.newman(frame["left"], frame["right"], frame["winner"].map(word))
    assert found.scores["reference"] > found.scores["routed"]


def test_label_studio_s_file_is_imported_as_it_was_answered(
    answers: list[Answer], tmp_path: Path
) -> None:
    path, config = tmp_path / "tasks.json", tmp_path / "config.xml"
    path.write_text(label_studio_json(answers))
    config.write_text(LABEL_CONFIG)
    mapping = parse_mapping(
        ["image1.item=image1", "image2.item=image2", "prompt=prompt"],
        ["choice=overall", "left_score=overall@0:10", "right_score=overall@0:10"],
        [],
    )
    options = ReadOptions(mapping=mapping, label_config=config, empty_result="tie")
    read = format_of("label_studio").read(path, options)
    answered = [a for a in answers if a.response != "skip"]
    assert Counter(v.winner for v in read.comparisons) == Counter(
        WINNERS[a.response] for a in answered
    )
    scored = [s for a in answered for s in (a.left_score, a.right_score) if s is not None]
    assert sorted(j.value for j in read.judgments if j.hi == 10) == sorted(scored)


def test_label_studio_s_shape(answers: list[Answer]) -> None:
    tasks = json.loads(label_studio_json(answers))
    assert len(tasks) == len(answers)
    assert tasks[0]["annotations"][0]["was_cancelled"] is True
    assert tasks[0]["annotations"][0]["result"] == [] or answers[0].left_score is not None
    neither = {r["from_name"]: r["value"] for r in tasks[1]["annotations"][0]["result"]}
    assert neither["neither"] == {"choices": ["Both bad"]}
    chosen = next(i for i, a in enumerate(answers) if a.response == "left")
    found = tasks[chosen]["annotations"][0]["result"][0]
    assert (found["type"], found["value"]) == ("pairwise", {"selected": "left"})
