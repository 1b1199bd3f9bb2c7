"""Cells of a CSV: faults name its line, and what is said in other words is read and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from qfloor import suite
from qfloor.errors import SuiteError


@pytest.mark.parametrize(
    ("columns", "cells", "says"),
    [
        ("aspect_ratio", "wide", "field 'aspect_ratio' is 'wide', must be two numbers"),
        ("language", "English", "field 'language' is 'English', must be a language code"),
        ("id", "a b", "field 'id' is 'a b', must be letters, digits"),
        ("modality", "gif", "field 'modality' is 'gif', must be 'image' or 'video'"),
        ("tags", "count|mugs", "field 'tags' has 'mugs', unknown"),
        ("seconds", "5", "field 'seconds' is set, but the modality is 'image'"),
        ("seconds", "soon", "seconds is 'soon', must be a number"),
        ("seconds", '"1,500"', "seconds is '1,500', must be a number"),
        ("seconds", "nan", "field 'seconds' is nan"),
        ("modality,category", "video,portrait", "field 'modality' is 'video', but category"),
    ],
)
def test_a_fault_names_the_tables_line_and_how_to_leave_the_column_aside(
    tmp_path: Path, columns: str, cells: str, says: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"text,{columns}\na mug,{',' * columns.count(',')}\na wave,{cells}\n")
    with pytest.raises(SuiteError) as told:
        suite.import_suite(path, "csv")
    field = columns.partition(",")[0]
    assert str(told.value).startswith(f"{path}: line 3: {says}")
    assert str(told.value).endswith(f"leave the column aside with --column {field}=")
    named = {field: ""}
    assert len(suite.import_suite(path, "csv", columns=named).prompts) == 2


def test_a_category_gives_seconds_their_modality_before_they_are_judged(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("text,seconds,category\na wave,4,video\na storm,6,clips\n")
    imported = suite.import_suite(path, "csv", categories={"clips": "video"})
    assert [(p.modality, p.seconds) for p in imported.prompts] == [("video", 4), ("video", 6)]


def test_what_is_said_in_other_words_is_read_and_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "text;modality;seconds;aspect_ratio\n"
        "a mug;Image;;1024x1024\na cup;IMAGE;;1920 × 1080\na bowl;image;;3:2\n"
        "a wave;Video;1,5;16x9\na storm;video;5s;\na fire;video;2.5 sec;\na hill;VIDEO;4;\n"
    )
    told: list[str] = []
    imported = suite.import_suite(path, "csv", say=told.append)
    assert [p.modality for p in imported.prompts] == ["image"] * 3 + ["video"] * 4
    assert [p.seconds for p in imported.prompts] == [None] * 3 + [1.5, 5.0, 2.5, 4.0]
    assert [p.aspect_ratio for p in imported.prompts] == [
        "1:1", "16:9", "3:2", "16:9", None, None, None,
    ]  # fmt: skip
    assert told == [
        "3 cells of aspect_ratio with a size, read as its shape: a prompt has no size "
        "('1024x1024' as 1:1)",
        "3 cells of seconds with a unit or a decimal comma, read as a number ('1,5' as 1.5)",
    ]
    assert suite.load(suite.write(imported, tmp_path / "s.toml")).digest == imported.digest


def test_a_table_in_our_own_words_is_told_nothing_of(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("id,text,aspect_ratio,language,tags\nmug-1,a mug,1:1,de,count|text\n")
    told: list[str] = []
    imported = suite.import_suite(path, "csv", say=told.append)
    assert told == []
    assert imported.prompts[0].tags == ("count", "text")
