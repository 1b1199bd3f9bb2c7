"""What a session can show, as its host reads it before the first vote."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import stats
from qfloor.abtest.prospects import in_words

EXPECTED: dict[str, Any] = {
    "pd0": 0.1, "power_when_alike": 0.62, "votes_for_90_percent": 700, "detectable_pd": 0.25,
    "test_votes": 300, "independent_votes": 200, "placebo_votes": 6,
    "item_votes": 15, "item_needed": 12, "chance_detections": 1.25, "chance_detections_of": 40,
}  # fmt: skip


def _told(pairs: int = 40, alpha: float = 0.05, **changed: Any) -> list[str]:
    return in_words({**EXPECTED, **changed}, alpha, pairs)


def test_a_session_that_can_claim_everything_says_its_figures_only() -> None:
    whole, pairs = _told()
    assert "at most 10% of people can tell them apart with probability 62% (700 indep" in whole
    assert "these 300 votes count as 200); differences that 25% of people see would be" in whole
    assert pairs == "a pair is distinguished at 12 of 15 votes; chance alone gives 1.2 of 40 pairs"


def test_what_cannot_be_reached_is_said_and_not_counted() -> None:
    whole, _ = _told(votes_for_90_percent=None, detectable_pd=None)
    assert "(no number of independent votes would make it 90%" in whole
    assert whole.endswith("; not even plain differences would be found")


def test_scores_and_rankings_promise_nothing() -> None:
    assert in_words({"test_votes": 300}, 0.05, 40) == []


@pytest.mark.parametrize(("hidden", "said"), [(0, "0 placebos"), (1, "1 placebo"), (6, None)])
def test_too_few_placebos_are_told_with_their_number(hidden: int, said: str | None) -> None:
    told = [line for line in _told(placebo_votes=hidden) if "choose by chance" in line]
    assert [line.partition(" nobody")[0] for line in told] == ([f"with {said}"] if said else [])


@given(st.floats(1e-9, 0.49), st.integers(1, 2000))
def test_the_audit_that_is_proposed_can_call_a_pair_distinguished(alpha: float, pairs: int) -> None:
    *_, line = _told(pairs, alpha, item_needed=None, item_votes=3)
    assert line.startswith("with 3 votes a pair, no single pair can be called distinguished")
    asked = line.rstrip(")").split()
    at, votes = int(asked[asked.index("(--audit") + 1]), int(asked[-1])
    assert 1 <= at <= pairs  # never of more pairs than there are
    assert votes >= 15
    assert stats.item_rule(votes, alpha).needed is not None
    assert votes == 15 or stats.item_rule(votes - 3, alpha).needed is None  # few more than needed
