"""The word that a request's first phrase ends with."""

from __future__ import annotations

import pytest

from qfloor.router.heads import heads_of, opening_of
from qfloor.router.reading import read


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("an interior designer laughing with a client", "designer"),
        ("a photo of a film camera on a shelf", "camera"),
        ("portrait of a mountain guide", "portrait"),
        ("photo, harbour, fog", "harbour"),
        ("a video store clerk behind the counter", "clerk"),
        ("a red brick building", "building"),
        ("three swimming pools next to a motel", "pools"),
        ("gato negro en la ventana", "negro"),
    ],
)
def test_the_first_phrase_ends_with_its_head(text: str, head: str) -> None:
    assert heads_of(read(text).tokens) == [f"@{head}", f"@-{head[-3:]}"]


@pytest.mark.parametrize("text", ["", ", ; .", "a photo of", "in", "雪をかぶった山", "ox"])
def test_none_where_there_is_none(text: str) -> None:
    assert heads_of(read(text).tokens) == []


def test_a_first_phrase_that_does_not_end_is_cut() -> None:
    assert heads_of(["word"] * 13 + ["last", "later"]) == ["@last", "@-ast"]


@pytest.mark.parametrize(
    ("text", "opening"),
    [("How do I cut a clip in half", ["@^how"]), ("a lake", []), ("2 cats on a mat", []),
     ("ein altes Haus am See", ["@^ein"]), ("... and then", []), ("", [])],
)  # fmt: skip
def test_the_word_that_several_begin_with(text: str, opening: list[str]) -> None:
    assert opening_of(read(text).tokens) == opening
