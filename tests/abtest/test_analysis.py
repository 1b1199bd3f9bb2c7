"""The report's numbers: the golden session, what may be claimed, and what sides must not change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats
from qfloor.abtest import Answer
from qfloor.abtest.analysis import Analysis, analyse
from qfloor.abtest.claims import FEWEST_PLACEBOS, WIDEST_ALARMS, Claim
from qfloor.abtest.page import page_of
from qfloor.abtest.plan import AnalysisPlan, EarlyEnd
from qfloor.abtest.ranking import davidson_scores
from qfloor.abtest.simulate import Shape, World, simulate
from qfloor.errors import InputError, RatingsError
from qfloor.records import to_plain

FROZEN = AnalysisPlan(digest="d1", name="golden", pd0=0.05, reference="premium")


@lru_cache(maxsize=2)
def golden(
    detected: int = 360, minor: int = 216, wrong: int = 0, placebos: int = 600
) -> tuple[Answer, ...]:
    """The golden session, or one with other counts."""
    return tuple(rows(detected, minor, wrong, placebos))


def rows(detected: int, minor: int, wrong: int, placebos: int) -> Iterator[Answer]:
    """12,000 pairs, each of its own prompt and seen by its own rater; sides alternate."""
    for i in range(12_000):
        left_is_routed = i % 2 == 0
        arms = ("routed", "reference") if left_is_routed else ("reference", "routed")
        if i < detected:
            # Of those that matter, half by a gap of exactly 1 (7.6 - 6.6), half not usable.
            gap, usable = (0.9, True) if i < minor else ((1.0, True) if i % 4 < 2 else (0.3, False))
            scores, flags = (6.6, round(6.6 + gap, 1)), (usable, True)
            response = "right" if left_is_routed else "left"
        elif i < detected + wrong:
            scores, flags, response = (
                (7.0, 6.8),
                (True, True),
                "left" if left_is_routed else "right",
            )
        else:
            scores, flags, response = ((7.0, 7.0), (True, True), "none") if i % 10 == 0 else (
                (None, None), (None, None), "none"
            )  # fmt: skip
        if not left_is_routed:
            scores, flags = scores[::-1], flags[::-1]
        yield Answer(
            trial_id=f"t{i}", pair_id=f"x{i}", prompt_id=f"p{i}",
            category=("portrait", "landscape")[i % 2], left_item=f"a{i}", right_item=f"b{i}",
            left_arm=arms[0], right_arm=arms[1], response=response, rater_id=f"r{i}",
            left_score=scores[0], right_score=scores[1], left_usable=flags[0],
            right_usable=flags[1], duration_ms=4000, session_id="golden",
        )  # fmt: skip
    for i in range(placebos):
        yield Answer(
            trial_id=f"o{i}", pair_id=f"o{i}", prompt_id=f"p{i}", category="portrait",
            left_item=f"a{i}", right_item=f"a{i}", left_arm="routed", right_arm="routed",
            response="left" if i < 3 else "right" if i < 6 else "none", rater_id=f"r{i}",
            duration_ms=4000, kind="placebo", session_id="golden",
        )  # fmt: skip


def claim(analysis: Analysis, name: str) -> Claim:
    return next(c for c in analysis.claims if c.name == name)


def percents(found, digits: int = 2) -> list[float]:
    return [round(100 * value, digits) for value in (found.value, found.low, found.high)]


@pytest.fixture(scope="module")
def held() -> Analysis:
    return analyse(golden(), FROZEN)


def test_golden_values(held: Analysis) -> None:
    head = held.headline
    assert percents(head.detection.detected) == [3.00, 2.70, 3.32]
    assert round(100 * head.detection.detected.upper, 2) == 3.27
    assert percents(head.detection.none) == [97.00, 96.68, 97.30]
    assert percents(head.severity.minor, 1) == [60.0, 54.7, 65.1]
    assert percents(head.severity.material) == [1.20, 1.01, 1.41]
    assert head.severity.n_detected == 360
    assert head.counts.pairs == head.counts.raters == 12_000
    assert head.detection.false_alarms.value == pytest.approx(0.01)
    corrected = head.detection.corrected
    assert corrected.value == pytest.approx((0.03 - 0.005) / (1 - 0.005))
    assert corrected.low < corrected.value < corrected.high


def test_the_reference_claim_is_reproduced(held: Analysis) -> None:
    said = claim(held, "not_distinguished")
    assert said.supported
    assert said.text == (
        "Over 12,000 pairs people could not reliably distinguish routed from premium: 97.00 % "
        "[96.68, 97.30] of votes did not prefer premium; where they did, 60.0 % [54.7, 65.1] "
        "differed by less than 1 of 10 points and were usable as they are. A difference is "
        "detectable all the same (net 3.00 % [2.69, 3.31]), and smaller than the 5.00 % that "
        "matter."
    )


def held_in(world: World, shape: Shape, **said: float) -> Analysis:
    return analyse(simulate(world, shape, np.random.default_rng(1)), replace(FROZEN, **said))


def test_who_prefers_the_routed_side_tells_the_two_apart() -> None:
    found = held_in(World(worse=0.6), Shape(pairs=600, raters=30))
    assert found.headline.discriminability.similar(0.05)  # nobody prefers the reference
    said = claim(found, "not_distinguished")
    assert not said.supported
    assert said.text.startswith("People prefer routed (net -47.50 %")
    assert any("they tell the two apart" in why for why in said.why)
    assert "People prefer routed (net -47.50 %)." in claim(found, "similarity").text


def test_a_small_preference_either_way_is_told_beside_the_claim() -> None:
    for world in (World(visible=0.06, minor=1.0), World(worse=0.06)):
        found = held_in(replace(world, false_alarm=0.0), Shape(pairs=2000, raters=100), pd0=0.10)
        for name in ("not_distinguished", "similarity"):
            assert claim(found, name).supported
            assert "A difference is detectable all the same (net" in claim(found, name).text


def test_a_placebo_or_two_say_nothing_of_false_alarms() -> None:
    world = World(visible=0.2, worse=0.2, false_alarm=0.0, minor=1.0)
    said = claim(held_in(world, Shape(pairs=600, raters=30, placebo=1 / 600)), "not_distinguished")
    assert not said.supported
    assert any("1 placebo of 1 rater is too few to know" in why for why in said.why)


def test_people_who_disagree_are_not_told_to_see_nothing() -> None:
    world = World(visible=0.2, worse=0.19, false_alarm=0.02)
    said = claim(held_in(world, Shape(pairs=1300, raters=60, placebo=0.1)), "not_distinguished")
    assert not said.supported
    assert said.text.startswith("People see a difference and do not agree which is better")


@pytest.mark.parametrize(("votes", "fewest"), [(5, 188), (9, 12), (15, 1)])
def test_none_told_apart_by_few_votes_is_told_to_say_little(votes: int, fewest: int) -> None:
    shape = Shape(pairs=300, raters=30, audit_pairs=300, audit_votes=votes)
    found = held_in(World(), shape, catch_share=0.0)
    assert found.items.fewest_found == fewest
    text = claim(found, "items").text
    assert ("says little" in text) == (fewest > 1)
    assert (f"no fewer than {fewest} pairs" in text) == (fewest > 1)


def test_few_raters_speak_for_themselves_in_every_claim() -> None:
    found = held_in(World(visible=0.1, minor=1.0), Shape(pairs=2000, raters=4), margin_score=2.0)
    for name in ("detection", "severity", "noninferiority"):
        assert claim(found, name).supported
        assert "about these 4 raters and says nothing of others" in claim(found, name).text


@pytest.mark.parametrize(("n", "shown"), [(2, False), (40, False), (200, True)])
def test_equal_scores_of_a_few_are_no_proof(n: int, shown: bool) -> None:
    scored = {"left_score": 5.0, "right_score": 5.0, "left_usable": True, "right_usable": True}
    ties = [replace(a, response="none", **scored) for a in golden()[:n]]
    found = analyse(ties, FROZEN)
    assert found.headline.severity.gap.low is None
    assert found.headline.severity.p_noninferior == pytest.approx(0.95**n)
    assert claim(found, "noninferiority").supported == shown


@pytest.mark.parametrize(("n", "needed"), [(40, 40), (300, 100)])
def test_as_many_scores_as_there_can_be_are_asked_for(n: int, needed: int) -> None:
    scored = {"left_score": 5.0, "right_score": 5.0, "left_usable": True, "right_usable": True}
    bare = {"left_score": None, "right_score": None, "left_usable": None, "right_usable": None}
    ties = [
        replace(a, response="none", **(bare if i == 0 or i >= needed else scored))
        for i, a in enumerate(golden()[:n])
    ]
    why = claim(analyse(ties, FROZEN), "noninferiority").why
    assert why == (
        f"only {needed - 1} votes without a difference were scored; {needed} are needed "
        "to see what was missed",
    )


def test_net_is_not_raw_detection() -> None:
    found = analyse(golden(detected=540, minor=324, wrong=180), FROZEN).headline
    assert percents(found.discriminability.net) == [3.00, 2.57, 3.43]
    assert found.detection.detected.value == pytest.approx(0.045)
    assert found.detection.wrong_way.value == pytest.approx(0.015)


def test_without_placebos_the_words_are_refused() -> None:
    found = analyse(golden(placebos=0), FROZEN)
    said = claim(found, "not_distinguished")
    assert not said.supported
    assert "could not reliably distinguish" not in said.text
    assert "could not reliably distinguish" in said.refused
    assert any("placebo trials are missing" in why for why in said.why)
    assert found.headline.detection.corrected is None
    assert claim(found, "similarity").supported  # which rests on no placebo


def test_without_a_frozen_plan_margins_support_nothing() -> None:
    found = analyse(golden(), replace(FROZEN, digest=None))
    for name in ("not_distinguished", "similarity", "noninferiority"):
        assert not claim(found, name).supported
        assert any("before the first vote" in why for why in claim(found, name).why)


def test_too_few_votes_are_told_to_be_underpowered() -> None:
    few = [a for a in golden(detected=4, minor=4, wrong=4) if int(a.trial_id[1:]) < 20]
    said = claim(analyse(few, FROZEN), "similarity")
    assert not said.supported
    assert said.text.startswith("No evidence of a difference (underpowered: would have found pd >=")


def test_a_found_difference_is_told_as_one() -> None:
    found = analyse(golden(detected=2400, minor=1000), FROZEN)
    said = claim(found, "not_distinguished")
    assert not said.supported
    assert said.text.startswith("People prefer premium (net 20.00 %")
    assert any("the similarity test fails" in why for why in said.why)


def test_detections_without_a_score_count_as_losses() -> None:
    blank = {"left_score": None, "right_score": None, "left_usable": None, "right_usable": None}
    answers = [
        replace(a, **blank) if a.response != "none" and int(a.trial_id[1:]) < 36 else a
        for a in golden()
    ]
    found = analyse(answers, FROZEN)
    assert found.headline.severity.n_unscored >= 36
    assert found.headline.severity.material.value == pytest.approx((144 + 36) / 12_000)
    assert not claim(found, "not_distinguished").supported


def test_forced_choices_are_exact() -> None:
    def forced(a: Answer, i: int) -> Answer:
        better = "right" if a.right_arm == "reference" else "left"
        other = {"right": "left", "left": "right"}[better]
        return replace(a, response=better if i < 6180 else other)

    answers = [forced(a, i) for i, a in enumerate(golden(placebos=0))]
    found = analyse(answers, FROZEN).headline.discriminability
    assert found.pd == pytest.approx(0.030)
    assert found.net.upper == pytest.approx(0.045, abs=5e-4)
    assert found.p_different < 0.001
    assert found.similar(0.05)


def test_items_print_what_chance_gives() -> None:
    world = World(visible=0.10, seen=0.95, false_alarm=0.3)
    shape = Shape(pairs=300, raters=60, votes=1, audit_pairs=100, audit_votes=15)
    found = analyse(simulate(world, shape, np.random.default_rng(3)), FROZEN).items
    assert found.n_items == 100
    assert found.needed == 12
    assert found.by_chance == pytest.approx(100 * 0.017578, abs=1e-3)
    assert 3 <= found.n_distinguished <= 16
    assert all(row.p_adjusted <= 0.05 for row in found.rows[: found.n_distinguished])


def test_items_of_pairs_drawn_beforehand_only() -> None:
    world, shape = World(visible=0.2), Shape(pairs=60, raters=20, votes=6)
    answers = simulate(world, shape, np.random.default_rng(1))
    assert analyse(answers, FROZEN, audited=["x1", "x7"]).items.n_items == 2
    assert analyse(answers, FROZEN).items.n_items == 60


def test_davidson_of_two_arms_is_evalicas() -> None:
    answers = simulate(World(visible=0.3, worse=0.1), Shape(pairs=400), np.random.default_rng(2))
    found = analyse(answers, replace(FROZEN, catch_share=0.0, side_bias_p=1e-300)).ranking
    tests = [a for a in answers if a.kind == "test"]
    winner = {"left": "left", "right": "right"}
    scores = davidson_scores(
        [a.left_arm for a in tests],
        [a.right_arm for a in tests],
        [winner.get(a.response, "tie") for a in tests],
    )
    assert found.log_odds == pytest.approx(scores["reference"] - scores["routed"], abs=1e-5)
    assert found.low < found.log_odds < found.high


def test_davidson_reference_values() -> None:
    said = ["left"] * 40 + ["right"] * 30 + ["none"] * 30
    answers = [
        replace(a, response=r, left_arm="reference", right_arm="routed")
        for a, r in zip(golden(placebos=0), said, strict=False)
    ]
    found = analyse(answers, FROZEN).ranking
    assert found.log_odds == pytest.approx(0.287682, abs=1e-6)
    assert np.log(found.tie) == pytest.approx(-0.143841, abs=1e-6)
    none = analyse(golden(placebos=0), FROZEN).ranking
    assert none.log_odds is None
    assert "never chosen" in none.why


SWAP = {"left": "right", "right": "left"}


def swapped(a: Answer) -> Answer:
    return replace(
        a, left_item=a.right_item, right_item=a.left_item, left_arm=a.right_arm,
        right_arm=a.left_arm, left_score=a.right_score, right_score=a.left_score,
        left_usable=a.right_usable, right_usable=a.left_usable,
        response=SWAP.get(a.response, a.response),
    )  # fmt: skip


def without_sides(analysis: Analysis) -> dict:
    plain = to_plain(analysis)
    for row in plain["raters"]:
        row["left"], row["right"] = sorted((row["left"], row["right"]))
        row["left_out"] = row["left_out"] and row["left_out"].split(";")[0][:8]
    share = plain["reliability"]["left_share"]
    plain["reliability"]["left_share"] = None if share is None else round(max(share, 1 - share), 9)
    return plain


@given(
    seed=st.integers(0, 2**16),
    lazy=st.sampled_from([0.0, 0.3]),
    votes=st.sampled_from([1, 3]),
    which=st.sampled_from(["all", "some"]),
)
@settings(max_examples=12, deadline=None)
def test_swapping_sides_changes_nothing(seed: int, lazy: float, votes: int, which: str) -> None:
    rng = np.random.default_rng(seed)
    world = World(visible=0.2, worse=0.05, lazy=lazy, false_alarm=0.1)
    answers = simulate(world, Shape(pairs=60, raters=12, votes=votes), rng)
    plan = replace(FROZEN, side_bias_p=1e-300)
    turned = [swapped(a) for a in answers]
    if which == "some":  # side counts of raters change then, and nothing else may
        turned = [t if rng.random() < 0.5 else a for a, t in zip(answers, turned, strict=True)]
    first, again = (without_sides(analyse(x, plan)) for x in (answers, turned))
    if which == "some":
        for plain in (first, again):
            plain["reliability"].pop("left_share")
            plain["reliability"].pop("side_bias_p")
            for row in plain["raters"]:
                for name in ("left", "right", "side_bias_p"):
                    row.pop(name)
    assert first == again


def test_the_order_of_answers_does_not_matter() -> None:
    answers = simulate(World(visible=0.2), Shape(pairs=80, raters=9), np.random.default_rng(0))
    order = np.random.default_rng(1).permutation(len(answers))
    first = to_plain(analyse(answers, FROZEN).headline)
    again = to_plain(analyse([answers[i] for i in order], FROZEN).headline)

    def numbers(plain):
        if isinstance(plain, dict):
            return [n for value in plain.values() for n in numbers(value)]
        return [plain] if isinstance(plain, float) else []

    assert numbers(again) == pytest.approx(numbers(first), abs=1e-9)


def test_exclusions_are_told_with_and_without() -> None:
    world = World(visible=0.1, lazy=0.25)
    answers = simulate(world, Shape(pairs=900, raters=30, votes=2), np.random.default_rng(4))
    found = analyse(answers, FROZEN)
    out = [row for row in found.raters if row.left_out]
    assert 3 <= len(out) <= 14
    assert all("s" in row.left_out for row in out)
    assert found.everyone.counts.votes == 1800
    assert found.headline.counts.votes < 1800
    # Random clicks are false alarms: without them fewer votes go the wrong way.
    assert found.headline.detection.wrong_way.value < found.everyone.detection.wrong_way.value


def test_favouring_a_side_is_seen_and_left_out() -> None:
    world = World(false_alarm=0.6, left_bias=0.97)
    answers = simulate(world, Shape(pairs=400, raters=8), np.random.default_rng(5))
    found = analyse(answers, replace(FROZEN, side_bias_p=1e-30))
    assert found.reliability.left_share > 0.9
    assert found.reliability.side_bias_p < 1e-6
    with pytest.raises(RatingsError, match="the plan leaves out all 8 raters"):
        analyse(answers, FROZEN)


def test_same_model_pairs_and_skips_are_counted_apart() -> None:
    answers = golden()
    changed = [
        replace(a, kind="same_model", response="right") if i < 10
        else replace(a, response="skip") if i < 30 else a
        for i, a in enumerate(answers)
    ]  # fmt: skip
    placebo = next(i for i, a in enumerate(changed) if a.kind == "placebo")
    changed[placebo] = replace(changed[placebo], response="skip")
    counts = analyse(changed, FROZEN).headline.counts
    assert (counts.same_model, counts.skipped, counts.pairs) == (10, 20, 11_970)
    assert counts.skipped_others == 1


def test_an_early_end_stands_in_the_report() -> None:
    end = EarlyEnd(reason="no <money> left", at="2026-12-01T09:00:00Z", planned=12_000, missing=40)
    page = page_of(analyse(golden(), FROZEN, early=end))
    assert "ended early, on 2026-12-01, with 40 of 12,000 planned votes missing" in page
    assert "no &lt;money&gt; left" in page
    assert "ended early" not in page_of(analyse(golden(), FROZEN))


@pytest.mark.parametrize("answers", [[], [replace(golden()[0], response="skip")]])
def test_nothing_to_analyse_is_told(answers: list[Answer]) -> None:
    with pytest.raises(RatingsError, match="no vote to analyse"):
        analyse(answers, FROZEN)


def test_only_controls_are_told() -> None:
    with pytest.raises(RatingsError, match="no answered test trial"):
        analyse([a for a in golden() if a.kind == "placebo"], FROZEN)


def test_a_pair_of_two_prompts_is_refused() -> None:
    first = golden()[0]
    with pytest.raises(RatingsError, match="a pair answers one prompt"):
        analyse([first, replace(first, trial_id="t9", prompt_id="p9")], FROZEN)


@pytest.mark.parametrize("wrong", [{"pd0": 0.0}, {"alpha": 0.7}, {"minor_gap": -1.0}])
def test_margins_that_no_analysis_can_use_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="must"):
        AnalysisPlan(**wrong)


def test_one_rater_speaks_for_himself() -> None:
    answers = simulate(World(visible=0.1), Shape(pairs=60, raters=1), np.random.default_rng(0))
    found = analyse(answers, FROZEN)
    assert found.headline.detection.detected.low is None
    said = claim(found, "similarity")
    assert not said.supported
    assert "too few raters" in " ".join(said.why)
    told = claim(found, "detection").text
    assert "says nothing of others" in told
    assert "(no 95 % CI: one rater says nothing of others)" in told
    assert "The net difference has none: one rater says nothing of others." in page_of(found)


def test_most_votes_of_one_rater_are_why_there_is_no_interval() -> None:
    answers = [replace(a, rater_id="r0") if n < 9_000 else a for n, a in enumerate(golden())]
    told = claim(analyse(answers, FROZEN), "detection").text
    assert "(no 95 % CI: one rater or one prompt has most of the votes" in told


def test_intervals_are_named_by_what_each_stands_on() -> None:
    answers = [
        replace(a, rater_id=f"r{n % 600}") if a.kind == "placebo" else a
        for n, a in enumerate(golden())
    ]
    found = analyse(
        [*answers, *(replace(a, trial_id=f"x{a.trial_id}") for a in answers[-50:])], FROZEN
    )
    assert found.headline.discriminability.net.method == "independent"
    assert found.headline.detection.false_alarms.method == "two_way"  # type: ignore[union-attr]
    assert "so exact (Clopper-Pearson)" not in page_of(found)
    assert "else with raters and prompts both as clusters" in page_of(found)


def test_fewer_placebos_than_the_fewest_say_nothing_whatever_people_say() -> None:
    for n, enough in ((FEWEST_PLACEBOS - 1, False), (FEWEST_PLACEBOS, True)):
        crossed = stats.crossing(np.arange(n), np.arange(n))
        quiet = stats.two_way_share(np.zeros(n, bool), crossed, 0.95)
        assert quiet.low is not None
        assert quiet.high is not None
        assert (quiet.high - quiet.low <= WIDEST_ALARMS) is enough
