"""Learn-then-test: what it promises holds, and a useless metric is not let speak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qfloor.calibrate import (
    CalibrationRequest,
    Pair,
    calibrate,
    learn_threshold,
    total_max_fail,
)
from qfloor.errors import CertificationError

REQUEST = CalibrationRequest(
    category="portrait", modality="image", quality="human:overall[0,10]", metric="m@1",
    human_threshold=6.0, epsilon=0.1, alpha=0.05,
)  # fmt: skip


def _pairs(rng: np.random.Generator, n: int, r: float, offers: int = 4) -> list[Pair]:
    pairs = []
    for i in range(n):
        for k in range(offers):
            metric = rng.normal()
            human = 7.0 + 1.5 * (r * metric + np.sqrt(1 - r**2) * rng.normal())
            pairs.append(
                Pair(output_id=f"{i}-{k}", offer_id=f"o{k}", family=f"p{i}", fit=i % 2 == 0,
                     metric=float(metric), human=float(human))
            )  # fmt: skip
    return pairs


def test_a_good_metric_gets_a_threshold_that_holds() -> None:
    found = calibrate(REQUEST, _pairs(np.random.default_rng(0), 200, 0.95))
    assert found.metric_threshold is not None
    fresh = [p for p in _pairs(np.random.default_rng(1), 4000, 0.95)
             if p.metric >= found.metric_threshold]  # fmt: skip
    assert np.mean([p.human < 6.0 for p in fresh]) <= 0.1
    assert found.held_out_agreement is not None
    assert found.held_out_agreement > 0.75
    assert found.worst_leave_one_model_out is not None
    assert found.display == tuple(sorted(found.display))


def test_a_useless_metric_is_not_let_speak() -> None:
    found = calibrate(REQUEST, _pairs(np.random.default_rng(0), 200, 0.0))
    assert found.metric_threshold is None
    assert "does not tell good outputs from bad" in found.reason


def test_too_few_rated_prompts() -> None:
    found = calibrate(REQUEST, _pairs(np.random.default_rng(0), 30, 0.95))
    assert found.metric_threshold is None
    assert found.reason == "15 rated prompts to fit on, at least 29 needed"
    assert calibrate(REQUEST, []).reason.startswith("0 rated prompts")


def test_false_thresholds_stay_within_alpha() -> None:
    """P(human fails | passes) is exactly 0.12 everywhere: any threshold at all is an error."""
    rng = np.random.default_rng(7)
    errors = 0
    for _ in range(300):
        n = 240
        learned = learn_threshold(
            rng.normal(size=n), rng.random(n) < 0.12, [str(i) for i in range(n)], 0.1, 0.05
        )
        errors += learned.threshold is not None
    assert errors <= 300 * 0.05 + 2 * np.sqrt(300 * 0.05 * 0.95)


def test_offers_without_which_nothing_is_learned_are_named() -> None:
    """Only one offer has prompts enough: what it would add if left out cannot be seen."""
    pairs = _pairs(np.random.default_rng(0), 200, 0.95, offers=3)
    alone = [p for p in pairs if p.offer_id == "o1" or int(p.family[1:]) % 20 == 0]
    found = calibrate(REQUEST, alone)
    assert found.metric_threshold is not None
    assert found.reason.startswith("without o1 no threshold is learned")
    assert found.worst_leave_one_model_out is not None  # of the two others, which did pass
    whole = calibrate(REQUEST, pairs)
    assert (whole.metric_threshold is None, whole.reason) == (False, "")
    single = calibrate(REQUEST, [p for p in pairs if p.offer_id == "o1"])
    assert single.reason.startswith("without o1 ")
    assert single.worst_leave_one_model_out is None


def test_only_fit_prompts_are_learned_from() -> None:
    pairs = _pairs(np.random.default_rng(0), 200, 0.95)
    spoiled = [p if p.fit else Pair(**{**p.__dict__, "human": 0.0}) for p in pairs]
    a, b = calibrate(REQUEST, pairs), calibrate(REQUEST, spoiled)
    assert a.metric_threshold == b.metric_threshold
    assert a.fitted_on == b.fitted_on
    assert a.held_out_agreement != b.held_out_agreement


def _offer(name: str, prompts: range, human: float) -> list[Pair]:
    return [
        Pair(output_id=f"{name}{i}", offer_id=name, family=f"p{i}", fit=True,
             metric=float(i), human=human)
        for i in prompts
    ]  # fmt: skip


def test_the_worst_offer_left_out_is_what_is_told() -> None:
    """The pool vouches for a rare offer that always fails; the others exceed nothing."""
    pairs = [
        *_offer("good", range(100), 8.0), *_offer("fine", range(100), 8.0),
        *_offer("bad", range(3, 6), 4.0),
    ]  # fmt: skip
    found = calibrate(REQUEST, pairs)
    assert found.metric_threshold is not None
    assert found.worst_leave_one_model_out == pytest.approx(1.0 - REQUEST.epsilon)


def test_what_lies_on_the_threshold_does_not_fail() -> None:
    pairs = _offer("a", range(60), REQUEST.human_threshold)
    found = calibrate(REQUEST, pairs)
    assert (found.metric_threshold, found.n_passed) == (0.0, 60)


def test_epsilon_must_leave_room() -> None:
    bad = CalibrationRequest(**{**REQUEST.__dict__, "epsilon": 0.3})
    with pytest.raises(CertificationError, match=r"epsilon 0\.3"):
        calibrate(bad, [])


@pytest.mark.parametrize(("max_fail", "epsilon"), [(0.25, 0.1), (0.25, 0.05), (0.1, 0.05)])
def test_metric_fails_and_epsilon_add_up(max_fail: float, epsilon: float) -> None:
    u = total_max_fail(max_fail, epsilon)
    assert u + epsilon * (1 - u) == pytest.approx(max_fail)


def test_lower_is_better_is_the_same_mirrored() -> None:
    pairs = _pairs(np.random.default_rng(0), 200, 0.95)
    mirrored = [replace(p, metric=-p.metric) for p in pairs]
    a = calibrate(REQUEST, pairs)
    b = calibrate(replace(REQUEST, direction="lower"), mirrored)
    assert a.metric_threshold is not None
    assert b.metric_threshold == -a.metric_threshold
    assert (a.n_passed, a.held_out_agreement) == (b.n_passed, b.held_out_agreement)
    assert b.display == tuple(sorted((-x, y) for x, y in a.display))
