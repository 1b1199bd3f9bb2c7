"""What is known of words: looked up once, forgotten before it fills the memory."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qfloor.router import vocabulary
from qfloor.router.languages import BY_WORD
from qfloor.router.phrases import arrange
from qfloor.router.reading import MOST_WORDS
from qfloor.router.vocabulary import Vocabulary
from qfloor.router.weights import default_weights

STOPS = arrange({"lake": {"landscape": 2.0}, "lake house": {"architectural-render": 3.0}}).stops


def test_all_of_a_word_in_one_look() -> None:
    weights = default_weights()
    words = Vocabulary(STOPS, weights)
    lake, the, comma = words.look_up(["lake", "the", ","])
    assert lake == (*weights.word("lake"), STOPS["lake"], 0, False)
    assert the[2:] == (None, BY_WORD["the"], False)
    assert comma[2] is not None
    assert comma[2].marks
    assert words.look_up(["lake"]) == [lake]


def test_words_behind_those_that_weights_look_at_weigh_nothing() -> None:
    words = Vocabulary(STOPS, default_weights())
    found = words.look_up([*["a"] * MOST_WORDS, "misspeltt", "lake", "a"])
    plain = (0, None, *found[0][2:])
    assert found[MOST_WORDS:] == [
        (0, None, None, 0, False), (0, None, STOPS["lake"], 0, False), plain,
    ]  # fmt: skip
    assert "misspeltt" not in words


def test_words_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "MOST", 4)
    words = Vocabulary(STOPS, default_weights())
    first = words["lame"]
    for i in range(20):
        words.look_up([f"word{i}", "x" * (vocabulary.LONG + 1)])
        assert len(words) <= 4
    assert words["lame"] == first


@given(st.integers(0, 10**25).map(str))
@example("240")
@example("32000")
@example("1920")
@example("911" * 9)
def test_numbers_weigh_as_their_pieces_do_and_are_not_remembered(number: str) -> None:
    weights = default_weights()
    words = Vocabulary(STOPS, weights)
    known = number in weights.own_words or number in BY_WORD
    assert words[number] == (*weights.word(number), None, BY_WORD.get(number, 0), not known)
    assert weights.weighs_nothing(number) <= (weights.word(number) == (0, None))
    if len(number) > vocabulary.SHORT and weights.weighs_nothing(number):
        assert number not in words


def test_most_long_numbers_weigh_nothing() -> None:
    weights = default_weights()
    assert not weights.weighs_nothing("35mm")
    assert sum(weights.weighs_nothing(str(n)) for n in range(10_000, 11_000)) == 0  # "<10"
    assert sum(weights.weighs_nothing(str(n)) for n in range(30_000, 31_000)) > 900


def test_a_request_of_many_unknown_words_is_read_as_it_is_spelled() -> None:
    """Equal requests are read alike, whatever was asked before."""
    typed = ["portriait", "kitcehn", "sculptrue", "snekaer"]
    weights = default_weights()
    assert [word for word in typed if word in weights.own_words] == []
    words = Vocabulary(STOPS, weights)
    few, many = words.look_up(typed[:3]), words.look_up(typed)
    assert [word[:2] for word in few] == [
        weights.word(meant) for meant in ("portrait", "kitchen", "sculpture")
    ]
    assert [word[:2] for word in many] == [weights.word(word) for word in typed]
    again = Vocabulary(STOPS, weights)
    assert again.look_up(typed) == many
    assert again.look_up(typed[:3]) == few
