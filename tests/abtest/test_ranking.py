"""Strengths of offers by evalica: in order, within their intervals, honest at the ends."""

from __future__ import annotations

import numpy as np
import pytest

from qfloor.abtest import Answer
from qfloor.abtest.ranking import davidson_scores, strengths_of_offers


def answer(**said: str) -> Answer:
    return Answer(category="portrait", left_arm="routed", right_arm="reference", **said)


TRUE = {"shop/low": -0.6, "shop/mid": 0.0, "shop/top": 0.6}


def votes(n: int, seed: int = 0, ties: float = 0.3) -> tuple[list[Answer], dict[str, str]]:
    """Votes of Davidson's own model, three offers against each other."""
    rng = np.random.default_rng(seed)
    names = list(TRUE)
    found, offers = [], {}
    for i in range(n):
        first, second = rng.permutation(3)[:2]
        odds = np.exp([TRUE[names[first]], TRUE[names[second]]])
        shares = np.array([*odds, ties * np.sqrt(odds[0] * odds[1])])
        said = rng.choice(["left", "right", "none"], p=shares / shares.sum())
        offers |= {f"a{i}": names[first], f"b{i}": names[second]}
        found.append(
            answer(trial_id=f"t{i}", pair_id=f"x{i}", prompt_id=f"p{i}", left_item=f"a{i}",
                   right_item=f"b{i}", response=said, rater_id=f"r{i % 9}")
        )  # fmt: skip
    return found, offers


def test_strengths_are_found_with_intervals_that_hold_them() -> None:
    found = strengths_of_offers(*votes(2500))
    assert [s.name for s in found] == ["shop/top", "shop/mid", "shop/low"]
    for s in found:
        assert s.low < TRUE[s.name] < s.high
        assert s.high - s.low < 0.4


def test_intervals_hold_at_their_rate() -> None:
    held = [
        s.low is not None and s.low <= TRUE[s.name] <= s.high
        for seed in range(15)
        for s in strengths_of_offers(*votes(300, seed), n_resamples=59)
    ]
    assert np.mean(held) > 0.84


def test_an_offer_that_always_loses_has_no_interval() -> None:
    given, offers = votes(60)
    told = [
        answer(**{f: getattr(a, f) for f in ("trial_id", "pair_id", "prompt_id", "left_item",
                                             "right_item", "rater_id")},
               response="right" if offers[a.left_item] == "shop/low" else "left"
               if offers[a.right_item] == "shop/low" else a.response)
        for a in given
    ]  # fmt: skip
    lowest = strengths_of_offers(told, offers)[-1]
    assert lowest.name == "shop/low"
    assert lowest.low is None


def test_what_cannot_be_ranked_is_told() -> None:
    given, offers = votes(5)
    with pytest.raises(ValueError, match="has no offer"):
        strengths_of_offers(given, {})
    assert strengths_of_offers(given, dict.fromkeys(offers, "shop/one")) == []
    with pytest.raises(ValueError, match="winners must be"):
        davidson_scores(["a"], ["b"], ["lfet"])
