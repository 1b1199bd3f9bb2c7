from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from scoring_fakes import item, noise_picture

from qfloor.records import Prompt, ScoreStatus
from qfloor.scorers import text as t
from qfloor.scorers.protocol import Pixels
from qfloor.testing import check_scorer

FONT = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans-Bold.ttf"
WORDS = st.text("abcä é12.-'", max_size=12)


class Says:
    """A reader that reads what it is told to."""

    definition: dict[str, Any] = {"engine": "told"}
    execution: dict[str, Any] = {"dtype": "none"}
    alphabet = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789咖啡é")

    def __init__(self, *lines: str) -> None:
        self._lines = lines

    def __call__(self, picture: Pixels) -> tuple[str, ...]:
        return self._lines


def judge(must_render: tuple[str, ...], *lines: str) -> dict[str, Any]:
    scorer = t.TextScorer(reader=Says(*lines))
    (rows,) = scorer.score([item(noise_picture(0), must_render=must_render)])
    return {row.metric.removeprefix("text."): row.value for row in rows}


def lettering(text: str, size: int = 256, points: int = 30) -> Pixels:
    image = Image.new("RGB", (size, size), (240, 230, 200))
    font = ImageFont.truetype(str(FONT), points)
    ImageDraw.Draw(image).multiline_text((10, size // 3), text, font=font, fill=(30, 40, 90))
    return np.asarray(image)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("OPEN", "open"),
        ("Don’t  stop-now!", "dont stop now"),
        ("Straße", "strasse"),
        ("ＡＢＣ１", "abc1"),
        ("50% off\n\tnow", "50 off now"),
        ("e\u0301te\u0301", "été"),
        ("...", ""),
    ],
)
def test_normalise(written: str, normal: str) -> None:
    assert t.normalise(written) == normal


@given(WORDS)
def test_normalise_is_idempotent(text: str) -> None:
    assert t.normalise(t.normalise(text)) == t.normalise(text)


@given(WORDS, WORDS, WORDS)
def test_edit_distance_is_a_metric(a: str, b: str, c: str) -> None:
    assert t.edit_distance(a, a) == 0
    assert t.edit_distance(a, b) == t.edit_distance(b, a)
    assert t.edit_distance(a, c) <= t.edit_distance(a, b) + t.edit_distance(b, c)
    assert abs(len(a) - len(b)) <= t.edit_distance(a, b) <= max(len(a), len(b))


@given(WORDS, WORDS)
def test_edit_distance_agrees_with_the_whole_table(a: str, b: str) -> None:
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    table[:, 0], table[0, :] = range(len(a) + 1), range(len(b) + 1)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            substituted = table[i - 1, j - 1] + (a[i - 1] != b[j - 1])
            table[i, j] = min(substituted, table[i - 1, j] + 1, table[i, j - 1] + 1)
    assert t.edit_distance(a, b) == table[-1, -1]


@given(st.lists(st.sampled_from(["red", "blue", "咖啡"]), min_size=1), WORDS)
def test_word_accuracy_bounds_and_order(target: list[str], read: str) -> None:
    wanted = " ".join(target)
    assert 0 <= t.word_accuracy(wanted, t.normalise(read)) <= 1
    assert t.word_accuracy(wanted, " ".join(reversed(target))) == 1
    assert t.word_accuracy(wanted, "") == 0


def test_words_count_as_often_as_they_stand() -> None:
    assert t.word_accuracy("big big sale", "big sale") == pytest.approx(2 / 3)
    assert t.word_accuracy("咖啡店", "咖啡") == pytest.approx(2 / 3)


def test_exact_reading() -> None:
    perfect = {"word_accuracy": 1.0, "edit_distance_norm": 0.0, "exact": 1.0}
    assert judge(("Open Daily",), "OPEN", "daily!") == perfect
    assert judge(("Fresh Bread", "Coffee"), "coffee", "FRESH BREAD") == perfect


def test_missing_and_further_words() -> None:
    nothing = judge(("Open Daily",))
    assert nothing == {"word_accuracy": 0.0, "edit_distance_norm": 1.0, "exact": 0.0}
    more = judge(("Open",), "OPEN", "exit")
    assert (more["word_accuracy"], more["exact"]) == (1.0, 0.0)
    assert more["edit_distance_norm"] == pytest.approx(5 / 9)


def test_spaces_do_not_spoil_exactness() -> None:
    assert judge(("Open Daily",), "OPENDAILY")["exact"] == 1.0


def test_order_of_many_strings_is_as_given() -> None:
    assert len(t.orders(["a", "b", "c", "d"])) == 24
    assert t.orders(["a", "b", "c", "d", "e"]) == ["a b c d e"]


@pytest.mark.parametrize(
    ("must_render", "reason"),
    [(("ОТКРЫТО",), "alphabet has no"), (("!!!",), "no letter or digit")],
)
def test_what_cannot_be_judged_is_unscored(must_render: tuple[str, ...], reason: str) -> None:
    scorer = t.TextScorer(reader=Says("x"))
    (rows,) = scorer.score([item(noise_picture(0), must_render=must_render)])
    assert {row.status for row in rows} == {ScoreStatus.UNSCORED}
    assert all(reason in (row.reason or "") for row in rows)


def test_applies_only_where_words_are_asked_for() -> None:
    scorer = t.TextScorer(reader=Says())
    prompt = Prompt(id="p", text="a lake", category="landscape")
    assert not scorer.applies(prompt, "image/png")
    asked = Prompt(id="p", text="a sign", category="text-in-image", must_render=("Hi",))
    assert scorer.applies(asked, "image/png")


def test_rapidocr_reads_rendered_words_and_conforms() -> None:
    wanted = ["Open Daily", "Fresh Bread\n& Coffee", "Café 24"]
    pictures = [lettering(text) for text in wanted]
    batch = [
        item(picture, output_id=text, must_render=(text,))
        for picture, text in zip(pictures, wanted, strict=True)
    ]
    scorer = t.TextScorer()
    for rows in scorer.score(batch):
        assert [row.value for row in rows] == [1.0, 0.0, 1.0]
    (wrong,) = scorer.score([item(pictures[0], must_render=("Closed Today",))])
    assert wrong[2].value == 0.0
    check_scorer(lambda: scorer, batch[:2])


def test_rapidocr_reads_nothing_in_tiny_or_empty_pictures() -> None:
    scorer = t.TextScorer()
    for shape in [(1, 1, 3), (3, 200, 3), (64, 64, 3)]:
        (rows,) = scorer.score([item(np.zeros(shape, np.uint8), must_render=("Hi",))])
        assert [row.value for row in rows] == [0.0, 1.0, 0.0]
