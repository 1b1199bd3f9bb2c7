from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from scoring_fakes import item, noise_picture

from qfloor.errors import PluginError, ScoringError
from qfloor.records import Prompt, ScoreStatus
from qfloor.records.judged import digest_of
from qfloor.scorers import text as t
from qfloor.scorers.protocol import Pixels
from qfloor.testing import check_scorer

FONT = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans-Bold.ttf"
WORDS = st.text("abcä é12.-'", max_size=12)
ANYTHING = st.text(max_size=16)  # every script, surrogate pairs of other encodings, combining marks
PERFECT = {"word_accuracy": 1.0, "edit_distance_norm": 0.0, "exact": 1.0}


class Says:
    """A reader that reads what it is told to."""

    definition: dict[str, Any] = {"engine": "told"}
    execution: dict[str, Any] = {"dtype": "none"}
    alphabet = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789咖啡店éß")

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
        ("“Quoted” „text“ «here»", "quoted text here"),
        ("rock 'n' roll", "rock n roll"),
        ("it’s its`", "its its"),
        ("€5.50, 1,000 & 24/7", "5 50 1 000 24 7"),
        ("No. 5 / №5", "no 5 no5"),
        ("x² ½", "x2 1 2"),
        ("ﬁne", "fine"),
        ("전화", "전화"),
        ("e-mail—now_then", "e mail now then"),
        ("ЁЖ", "ёж"),
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


@given(st.one_of(WORDS, ANYTHING), st.one_of(WORDS, ANYTHING))
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


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        (("Open Daily",), ("OPEN", "daily!")),  # lines, case, punctuation
        (("Fresh Bread", "Coffee"), ("coffee", "FRESH BREAD")),  # any order of strings
        (("one", "two", "three", "four"), ("four", "two", "one", "three")),
        (("Don't",), ("DON’T",)),  # any apostrophe, or none
        (("Don't",), ("DONT",)),
        (("“Hello”",), ("Hello",)),
        (("Café",), ("CAFE\u0301",)),  # composed or not
        (("ＯＰＥＮ",), ("open",)),  # full width
        (("咖啡 café",), ("咖啡", "Café")),
        (("Stop-Now",), ("STOP", "NOW")),
    ],
)
def test_what_is_read_exactly(wanted: tuple[str, ...], lines: tuple[str, ...]) -> None:
    assert judge(wanted, *lines) == PERFECT


@pytest.mark.parametrize(
    ("wanted", "lines", "values"),
    [
        (("café",), ("cafe",), (0.0, 1 / 4, 0.0)),  # accents count
        (("Straße",), ("STRASSE",), (1.0, 0.0, 1.0)),
        (("wonderful day",), ("won-", "derful day"), (1 / 2, 1 / 14, 1.0)),  # broken over lines
        (("50% off",), ("5O% off",), (1 / 2, 1 / 6, 0.0)),  # a letter for a digit
        (("$5.50",), ("$550",), (0.0, 1 / 4, 1.0)),  # a point is a space
        (("big big sale",), ("big sale",), (2 / 3, 4 / 12, 0.0)),  # as often as it stands
        (("sale",), ("sale sale sale",), (1.0, 10 / 14, 0.0)),
        (("Open",), ("OPEN", "exit"), (1.0, 5 / 9, 0.0)),  # further text
        (("咖啡店",), ("咖啡",), (2 / 3, 1 / 3, 0.0)),  # each character is a word
        (("Open Daily",), (), (0.0, 1.0, 0.0)),
        (("Open Daily",), ("?!",), (0.0, 1.0, 0.0)),
        (("a", "b", "c", "d", "e"), ("e d c b a",), (1.0, 4 / 9, 0.0)),  # five: order as given
    ],
)
def test_definitions(
    wanted: tuple[str, ...], lines: tuple[str, ...], values: tuple[float, float, float]
) -> None:
    assert tuple(judge(wanted, *lines).values()) == pytest.approx(values)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=4))
def test_comparison_stays_on_its_scale_and_keeps_no_order(
    wanted: list[str], lines: list[str]
) -> None:
    if not any(map(t.normalise, wanted)):
        with pytest.raises(ScoringError, match="no letter or digit"):
            t.compare(wanted, lines)
        return
    found = t.compare(wanted, lines)
    assert 0 <= found.word_accuracy <= 1
    assert 0 <= found.edit_distance_norm <= 1
    assert (found.edit_distance == 0) == (found.edit_distance_norm == 0)
    assert found.exact or found.edit_distance > 0
    assert t.compare(wanted[::-1], lines) == found
    assert t.compare(wanted, wanted[::-1]).exact


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


def test_identities_that_calibrations_were_fitted_on() -> None:
    scorer = t.TextScorer()
    digests = {m.name: digest_of([m.name, m.definition], 16) for m in scorer.metrics}
    assert digests == {
        "text.word_accuracy": "f8265485b9a19b87",
        "text.edit_distance_norm": "b4534db87c5f6984",
        "text.exact": "d23e872bcd26f3dd",
    }
    runtime = "rapidocr 3.10.0 onnxruntime 1.32.0"
    if scorer.metrics[0].execution["runtime"] == runtime:
        assert scorer.metrics[0].execution == {"dtype": "float32", "runtime": runtime}
        assert [m.identity for m in scorer.metrics] == [
            "25f9b4df9178ddd1",
            "ab2365872d432eb1",
            "a58b84237aeebbdf",
        ]


def test_other_settings_are_other_metrics() -> None:
    scorers = [t.TextScorer(), t.TextScorer(960), t.TextScorer(right_turned=False)]
    assert len({m.identity for scorer in scorers for m in scorer.metrics}) == 9


def test_the_raw_distance_is_one_more_metric_and_moves_none() -> None:
    plain, raw = (
        t.TextScorer(reader=Says("opn")),
        t.TextScorer(raw_distance=True, reader=Says("opn")),
    )
    assert raw.metrics[:3] == plain.metrics
    assert (raw.metrics[3].name, raw.metrics[3].hi) == ("text.edit_distance", None)
    batch = [item(noise_picture(0), must_render=("Open",))]
    (rows,) = raw.score(batch)
    assert rows[:3] == plain.score(batch)[0]
    assert rows[3].value == 1.0
    (unscored,) = raw.score([item(noise_picture(0), must_render=("!!!",))])
    assert len(unscored) == 4


def test_a_batch_is_read_in_the_calling_thread() -> None:
    seen = set()

    class Watches(Says):
        def __call__(self, picture: Pixels) -> tuple[str, ...]:
            seen.add(threading.get_ident())
            return ()

    batch = [item(noise_picture(i), must_render=("Open",)) for i in range(8)]
    t.TextScorer(reader=Watches()).score(batch)
    assert seen == {threading.get_ident()}


def test_without_rapidfuzz_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    with pytest.raises(PluginError, match=r"qfloor\[ocr\]"):
        t.edit_distance("a", "b")


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
