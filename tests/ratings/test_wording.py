"""What a misspelt value of a ratings file was probably meant to be."""

from __future__ import annotations

import pytest

from qfloor.ratings.wording import nearest


@pytest.mark.parametrize("given", ["quality", "Qualtiy", "QUALITY"])
def test_capitals_of_the_file_hide_no_suggestion(given: str) -> None:
    assert nearest(given, ["Quality", "Speed"]) == "(did you mean 'Quality'?)"


def test_what_is_near_to_nothing_is_told_what_there_is() -> None:
    assert nearest("colour", ["Quality", "Speed"]) == "(known: Quality, Speed)"
