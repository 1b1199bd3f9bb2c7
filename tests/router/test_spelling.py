"""A word that is known one slip of the fingers away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.records import CATEGORIES
from qfloor.router import Need
from qfloor.router.classifier import Classifier
from qfloor.router.lexicon import SETTINGS, WORDS
from qfloor.router.phrases import arrange
from qfloor.router.reading import MOST_WORDS
from qfloor.router.spelling import LONGEST, SHORTEST, near
from qfloor.router.vocabulary import Vocabulary
from qfloor.router.weights import default_weights

KNOWN = dict.fromkeys(("bottle", "kitchen", "lake", "meadow", "modern", "portrait"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kichen", "kitchen"), ("ktichen", "kitchen"), ("kitchin", "kitchen"),
        ("kittchen", "kitchen"), ("botle", "bottle"), ("portriat", "portrait"),
        ("modren", "modern"), ("medow", "meadow"), ("meaddow", "meadow"),
        ("itchen", None), ("laek", None), ("kitchenette", None), ("bott1e", None), ("küchen", None),
    ],
)  # fmt: skip
def test_one_slip_away(typed: str, meant: str | None) -> None:
    assert near(typed, KNOWN, list(KNOWN)) == meant


@given(st.text(alphabet="aet", min_size=SHORTEST + 1, max_size=LONGEST - 1), st.integers(0, 9))
def test_a_slip_is_found_wherever_it_is(meant: str, place: int) -> None:
    at = 1 + place % (len(meant) - 2)
    left_out = meant[:at] + meant[at + 1 :]
    hit_twice = meant[:at] + meant[at] + meant[at:]
    swapped = meant[:at] + meant[at + 1] + meant[at] + meant[at + 2 :]
    for typed in (left_out, hit_twice, swapped):
        if typed != meant:
            assert near(typed, {meant: 0}, [meant]) == meant


@given(st.text(max_size=40))
def test_few_words_are_tried_and_each_begins_alike(typed: str) -> None:
    asked: list[str] = []

    class Nothing(dict[str, object]):
        def __contains__(self, word: object) -> bool:
            asked.append(str(word))
            return False

    assert near(typed, Nothing(), [typed]) is None
    assert len(asked) <= 400
    assert all(word[:1] == typed[0] for word in asked)
    asked.clear()
    near(typed, Nothing(), [])
    assert not asked, "no word begins like that"


def test_a_misspelled_word_is_read_as_what_was_meant() -> None:
    stops = arrange({"kitchen": {"architectural-render": 2.0}}).stops
    weights = default_weights()
    assert "kitcehn" not in weights.own_words
    typed, meant = Vocabulary(stops, weights).look_up(["kitcehn", "kitchen"])
    assert typed[:3] == meant[:3]
    assert meant[2] is not None


def test_a_request_typed_in_haste() -> None:
    seven = Classifier({c.id: c for c in CATEGORIES}, WORDS, SETTINGS, default_weights())
    for typed, meant in (("modren kichen interor", "architectural-render"),
                         ("portriat of a grandmohter", "portrait")):  # fmt: skip
        assert seven.classify(Need(prompt=typed)).category == meant


def test_words_past_those_that_weights_look_at_are_as_they_are_spelled() -> None:
    """Whether they were met before must not matter: equal requests, equal decisions."""
    stops = arrange({"kitchen": {"architectural-render": 2.0}}).stops
    words = ["a"] * MOST_WORDS + ["kitcehn", "kitchen"]
    fresh = Vocabulary(stops, default_weights())
    before = fresh.look_up(words)
    fresh.look_up(["kitcehn"])
    assert fresh.look_up(words) == before
    assert before[-2][2] is None
    assert before[-1][2] is not None
