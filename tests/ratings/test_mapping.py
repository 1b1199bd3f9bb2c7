"""What a user says of a file: options and a TOML file say the same, and a slip is one sentence."""

from __future__ import annotations

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import Mapped, parse_mapping
from qfloor.ratings.mapping import Column, parse_column


def test_options_and_a_file_say_the_same(write):
    path = write(
        "[map]",
        'item = "item1"',
        '"image2.item" = "item2"',
        'model = "file before last _"',
        'category = { is = "portrait" }',
        "[criteria]",
        'q1 = { name = "quality", scale = "0:10" }',
        'q2 = "beauty"',
        "[answers]",
        "Good = 5",
        '"Left is better" = "left"',
        name="mapping.toml",
    )
    said = parse_mapping(
        ["item=item1", "image2.item = item2", "model=file before last _", "category:=portrait"],
        ["q1=quality@0:10", "q2=beauty"],
        ["Good=5", "Left is better=Left"],
    )
    assert parse_mapping([str(path)]) == said
    assert said.objects == ("image2",)
    assert parse_mapping() == Mapped()


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("file", "a/b_c.png", "a/b_c.png"),
        ("file before last _", "a/sd_xl_007.png", "sd_xl"),
        ("file after last _", "a/sd_xl_007.png", "007"),
        ("file before first _", "a\\sd_xl_007.png", "sd"),
        ("file after first _", "sd1.5_highcorr", "highcorr"),
        ("file before last _", "sd1.5", None),
        ("file before last .", "sd1.5", "sd1"),
        ("column before noon", "x", "x"),
        ("folder of file", "out/sdxl/007.png", "sdxl"),
        ("folder of file", "https://host/data/sdxl/007.png", "sdxl"),
        ("folder 2 of file", "out\\sdxl\\cats\\007.png", "sdxl"),
        ("folder of file", "007.png", None),
        ("folder of file", "/007.png", None),
        ("folder 2 of file", "/sdxl/007.png", None),
    ],
)
def test_the_model_may_stand_inside_a_file_name(text, value, found):
    """Trap: the model only inside the file name; split at the last ``_`` and not the first."""
    assert parse_column(text).cut(value) == found


def test_a_column_says_itself():
    for text in ("file", "file before last _", "folder of file", "folder 2 of file"):
        assert str(parse_column(text)) == text
    assert parse_mapping(["model:=m"]).columns == {"model": Column("", fixed="m")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((["item"],), "--map 'item' cannot be read; write it as FIELD=COLUMN"),
        ((["=x"],), "cannot be read"),
        ((["itm=x"],), r"--map: field 'itm' is unknown .did you mean 'item'"),
        ((["ITEM=x"],), r"--map: field 'ITEM' is unknown .did you mean 'item'"),
        ((["score=x"],), "field 'score' is unknown"),
        (([], ["q1"]), "--criterion 'q1' cannot be read"),
        (([], ["q1=a@5"]), "write it as LOW:HIGH"),
        (([], [], ["Good"]), "--answer 'Good' cannot be read"),
        (([], [], ["Good=fine"]), "an answer is worth a number or one of left, right, tie"),
        (([], [], ["Good=nan"]), "an answer is worth"),
        ((["absent.toml"],), "absent.toml: no such file"),
    ],
)
def test_a_slip_is_one_sentence(options, message):
    with pytest.raises(RatingsError, match=message):
        parse_mapping(*options)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("x = 1",), r"'x' is no table of \[map\]"),
        (("[maps]",), r"'maps' is no table"),
        (("[map]", "item = 3"), r"\[map\] item must be a column's name or"),
        (("[map]", "itm = 'x'"), "field 'itm' is unknown"),
        (("[criteria]", "q = 3"), r"\[criteria\] q must be a name"),
        (("[criteria]", "q = {scale = '1:5'}"), r"\[criteria\] q must be a name"),
        (("[answers]", "Good = true"), "an answer is worth"),
        (("[map",), "not valid TOML"),
        (("a = " + "[" * 5000,), "not valid TOML"),
    ],
)
def test_a_slip_in_a_file_names_the_file(write, lines, message):
    path = write(*lines, name="mapping.toml")
    with pytest.raises(RatingsError, match=message) as caught:
        parse_mapping([str(path)])
    assert str(path) in str(caught.value)
