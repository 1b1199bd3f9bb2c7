"""Plans: quotas, what is logged apart, and what is told before the first vote."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import blind_world
import pytest

from qfloor.abtest.pairs import Pair, Shown, choose_pairs
from qfloor.abtest.planning import draft
from qfloor.errors import SessionError


def _pairs(n: int, same: int = 0) -> list[Pair]:
    return [
        Pair(
            id=f"pair{i:04d}",
            prompt=blind_world.prompt(i),
            shown=tuple(
                Shown(
                    item=f"{arm}{i}",
                    path=Path("none"),
                    offer="one" if i < same else arm,
                    arm=arm,
                )
                for arm in ("routed", "reference")
            ),
        )
        for i in range(n)
    ]


def _plan(n: int, same: int = 0, **said: Any) -> Any:
    return blind_world.plan(_pairs(n, same), **said)


@pytest.mark.parametrize(
    ("question", "modality", "told"),
    [
        ("pair", "image", "pairs of pictures and say which one is better"),
        ("score10", "image", "pictures one by one, give each 0 to 10 points"),
        ("acr5", "video", "clips one by one, give each 1 to 5 points"),
        ("ranking", "video", "several clips made for one request, and put them in order"),
    ],
)
def test_raters_consent_to_what_they_are_going_to_do(
    question: str, modality: str, told: str
) -> None:
    begun = draft("may", [], question=question, modality=modality)
    assert begun.consent.startswith(f"You will see {told}")
    assert f"judge the {'clips' if modality == 'video' else 'pictures'}, not you" in begun.consent
    assert draft("may", [], question=question, consent="").consent == ""


def test_quotas_are_kept_and_the_rest_is_counted() -> None:
    plan = _plan(90, quotas={"portrait": 10, "landscape": 5})
    assert plan.protocol.categories == {"landscape": 5, "portrait": 10}
    assert plan.protocol.left_out == {"not drawn": 75}


def test_a_number_of_pairs_is_spread_over_categories() -> None:
    plan = _plan(90, pairs=30)
    assert set(plan.protocol.categories.values()) == {10}


def test_pairs_of_one_offer_are_logged_apart() -> None:
    plan = _plan(30, same=6)
    assert (plan.protocol.pairs, plan.protocol.same_model) == (24, 6)
    assert {p.id for p in plan.chosen.same_model} == {f"pair{i:04d}" for i in range(6)}
    shown = _plan(30, same=6, show_same_model=True)
    kinds = Counter(s.kind for slots in shown.booklets for s in slots)
    assert (kinds["test"], kinds["same_model"]) == (24, 6)


@pytest.mark.parametrize(
    ("said", "tests", "alike"),
    [
        ({}, 60, {"portrait": 10, "landscape": 10, "product-photo": 10}),
        ({"pairs": 12}, 12, {"portrait": 2, "landscape": 2, "product-photo": 2}),
        ({"quotas": {"portrait": 10}}, 10, {"portrait": 5}),
    ],
)
def test_pairs_of_one_offer_are_as_large_a_share_as_the_others(
    said: dict[str, Any], tests: int, alike: dict[str, int]
) -> None:
    plan = _plan(90, same=30, show_same_model=True, **said)
    kinds = Counter(s.kind for slots in plan.booklets for s in slots)
    assert (kinds["test"], kinds["same_model"]) == (tests, sum(alike.values()))
    assert plan.protocol.expected["same_model_votes"] == kinds["same_model"]
    shown = Counter(pair.prompt.category for pair in plan.units.values() if pair.same_model)
    assert shown == alike
    assert plan.protocol.same_model == 30


def test_a_category_of_one_offer_alone_follows_the_size_of_the_session() -> None:
    pairs = [
        replace(pair, prompt=replace(pair.prompt, category="alone")) if pair.same_model else pair
        for pair in _pairs(60, same=20)
    ]
    drawn = choose_pairs(pairs, b"s" * 32, most=10)
    assert len(drawn.beside) == 5
    assert not choose_pairs(pairs, b"s" * 32, quotas={"portrait": 5}).beside


def test_an_audit_subset_gets_its_own_votes() -> None:
    plan = _plan(60, votes=1, audit_pairs=10, audit_votes=5)
    votes = Counter(s.unit for slots in plan.booklets for s in slots if s.kind == "test")
    assert sorted(Counter(votes.values()).items()) == [(1, 50), (5, 10)]
    assert {u for u, n in votes.items() if n == 5} == plan.audit


def test_expectations_are_frozen_with_the_plan() -> None:
    told = _plan(400, votes=1, audit_pairs=30, audit_votes=15, per_rater=60).protocol.expected
    assert told["test_votes"] == 370 + 450
    assert told["item_needed"] == 12  # facts section 4: k = 15 needs 12, alpha .018
    assert told["chance_detections"] == pytest.approx(30 * 0.0176, abs=0.01)
    assert 0 < told["power_when_alike"] < 1
    assert told["noninferiority_pairs_needed"] == 78  # facts: sd 1.5, margin .5


def test_single_votes_allow_no_claim_about_single_pairs() -> None:
    told = _plan(100).protocol.expected
    assert told["item_needed"] is None
    assert told["chance_detections"] is None


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"pairs": 500}, "500 pairs are asked for, but there are 30"),
        ({"quotas": {"portrait": 50}}, "50 pairs of portrait"),
        ({"quotas": {"potrait": 5}}, "there are 0; there are: landscape 10"),
        ({"audit_pairs": 31}, "an audit of 31"),
        ({"votes": 0}, "votes is 0"),
        ({"modality": "video"}, "asks for image"),
        ({"question": "acr5"}, "2 outputs, a acr5 trial shows 1"),
    ],
)
def test_what_cannot_be_had_is_told(said: dict[str, Any], match: str) -> None:
    with pytest.raises(SessionError, match=match):
        _plan(30, **said)


def test_nothing_but_one_offer_is_no_session() -> None:
    with pytest.raises(SessionError, match="one offer on both sides"):
        _plan(5, same=5)


def test_why_there_is_nothing_is_told() -> None:
    from qfloor.abtest.planning import Wishes, plan_session

    asked = _plan(5).protocol
    with pytest.raises(SessionError, match=r"no pair to show \(3 refused\)"):
        plan_session([], Wishes(protocol=asked), left_out={"refused": 3})


def test_a_pair_that_is_there_twice_is_refused() -> None:
    from qfloor.abtest.planning import Wishes, plan_session

    plan = _plan(3)
    with pytest.raises(SessionError, match=r"pair 'pair\d+' is there 2 times"):
        plan_session([*plan.chosen.pairs, plan.chosen.pairs[0]], Wishes(protocol=plan.protocol))
