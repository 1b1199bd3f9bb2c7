from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_fakes import item, noise_picture

from qfloor.errors import ScoringError
from qfloor.scorers import text
from qfloor.scorers.text_aggregate import ONEIG_CHINESE, count_target_words, oneig_text_score

ROWS = st.lists(
    st.tuples(st.integers(0, 300), st.floats(0, 1), st.integers(1, 40)), min_size=1, max_size=20
)


def test_a_value_computed_by_hand() -> None:
    # ED = (0 + 4 + 30 + 6) / 4 = 10, CR = 1/4, WAC = (3 + 1 + 0 + 4) / (3 + 2 + 5 + 6) = 1/2
    found = oneig_text_score([0, 4, 30, 6], [1.0, 0.5, 0.0, 4 / 6], [3, 2, 5, 6])
    assert (found.edit_distance, found.completion_rate, found.word_accuracy) == (10, 0.25, 0.5)
    assert found.score == pytest.approx(1 - 10 * 0.75 * 0.5 / 100)  # 0.9625
    chinese = oneig_text_score(
        [0, 4, 30, 6], [1.0, 0.5, 0.0, 4 / 6], [3, 2, 5, 6], ceiling=ONEIG_CHINESE
    )
    assert chinese.score == pytest.approx(0.925)


def test_the_ends_of_the_scale() -> None:
    assert oneig_text_score([0, 0], [1.0, 1.0], [1, 9]).score == 1.0
    assert oneig_text_score([500, 900], [0.0, 0.0], [1, 9]).score == 0.0
    assert oneig_text_score([100], [0.0], [7]).score == 0.0  # at the ceiling, not above it


def test_words_are_pooled_and_not_averaged() -> None:
    assert oneig_text_score([1, 1], [1.0, 0.0], [1, 9]).word_accuracy == pytest.approx(0.1)


@given(ROWS)
def test_it_stays_on_its_scale_and_no_output_made_worse_raises_it(
    rows: list[tuple[int, float, int]],
) -> None:
    distances, accuracies, counts = zip(*rows, strict=True)
    score = oneig_text_score(distances, accuracies, counts).score
    assert 0 <= score <= 1
    worse = oneig_text_score([d + 1 for d in distances], accuracies, counts).score
    assert worse <= score + 1e-12


def test_it_follows_from_the_rows_the_scorer_writes() -> None:
    class Says:
        definition = execution = {"engine": "told"}
        alphabet = frozenset("abcdefghijklmnopqrstuvwxyz")

        def __call__(self, picture: object) -> tuple[str, ...]:
            return ("fresh", "bead")

    scorer = text.TextScorer(raw_distance=True, reader=Says())
    wanted = [("Fresh Bread",), ("fresh", "bead")]
    batch = [item(noise_picture(0), must_render=strings) for strings in wanted]
    rows = [{row.metric: row.value for row in found} for found in scorer.score(batch)]
    assert [row["text.edit_distance"] for row in rows] == [1.0, 0.0]
    found = oneig_text_score(
        [row["text.edit_distance"] or 0.0 for row in rows],
        [row["text.word_accuracy"] or 0.0 for row in rows],
        [count_target_words(strings) for strings in wanted],
    )
    assert found.score == pytest.approx(1 - 0.5 * 0.5 * 0.25 / 100)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([], [], []), "at least one"),
        (([1], [1.0], []), "1 edit distances, 1 word accuracies and 0 counts"),
        (([-1], [1.0], [1]), "output 0"),
        (([0], [math.nan], [1]), "output 0"),
        (([0, 0], [1.0, 1.0], [1, 0]), "output 1"),
    ],
)
def test_bad_rows_are_refused(
    rows: tuple[list[float], list[float], list[int]], message: str
) -> None:
    with pytest.raises(ScoringError, match=message):
        oneig_text_score(*rows)


def test_a_ceiling_of_zero_is_refused() -> None:
    with pytest.raises(ScoringError, match="ceiling"):
        oneig_text_score([1], [0.0], [1], ceiling=0)
