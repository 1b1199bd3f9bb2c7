"""Offers that a metric lets through and nobody judged: ignored unless the policy says otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from factories import QUALITY, TIER_VALUES, Seller, metric, release

from qfloor import export, router
from qfloor.records import Floor, Quality, Ruling, Threshold, Verdict

METRIC = replace(metric(), name="judge", direction="higher")
ON_METRIC = Quality.of_metric(METRIC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two sellers people judged, and a cheap one that only a metric has seen."""
    sellers = [
        Seller(name="value", usd="0.02", clears=6.8),
        Seller(name="poor", usd="0.004", clears=2.0),
        Seller(name="unseen", usd="0.005", unjudged=("portrait",), clears=None),
    ]
    made = release(sellers)
    place = {"category": "portrait", "modality": "image", "quality": ON_METRIC.id}
    like = next(f for f in made.floors if f.category == "portrait" and f.modality == "image")
    floors: list[Floor] = []
    verdicts: list[Verdict] = []
    for name in ("shop/unseen", "shop/poor"):
        floors.append(
            replace(like, offer_id=name, quality=ON_METRIC.id, provisional=True, q25_lo_release=0.9)
        )
        verdicts.append(
            Verdict(
                offer_id=name, tier="professional", threshold=0.5, max_fail=0.2,
                ruling=Ruling.UNDECIDED, reason="provisional", upper=0.1, lower=0.01,
                level=0.01, family="portrait/image", m=3, valid_until="2026-12-31", **place,
            )
        )  # fmt: skip
    thresholds = (Threshold(tier="professional", value=0.5, max_fail=0.2, **place),)
    return export.write(
        tmp_path / "quality.db",
        replace(
            made,
            qualities=(QUALITY, ON_METRIC),
            metrics=(METRIC,),
            floors=made.floors + tuple(floors),
            verdicts=made.verdicts + tuple(verdicts),
            thresholds=made.thresholds + thresholds,
        ),
    )


NEED = router.Need(prompt="a studio portrait photo of an old man", tier="professional")
ALLOWED = router.Policy(allow_provisional=True)


def _choose(path: Path, policy: router.Policy | None = None, **need: object) -> router.Decision:
    return router.choose(
        router.load(path),
        replace(NEED, **need),
        policy=policy,
        now="2026-11-24",  # type: ignore[arg-type]
    )


def test_by_default_nobody_routes_by_a_metric_alone(path: Path) -> None:
    decision = _choose(path)
    assert decision.category == "portrait"
    assert decision.offer == "shop/value"
    assert decision.cause == "cheapest_certified"
    row = next(c for c in decision.candidates if c.offer == "shop/unseen")
    assert row.rejected_by == "not_judged"


def test_a_policy_may_allow_it_and_the_decision_says_what_that_is(path: Path) -> None:
    decision = _choose(path, ALLOWED)
    assert decision.offer == "shop/unseen"
    assert decision.cause == "provisional_by_policy"
    assert not decision.certified
    assert decision.runner_up == "shop/value"
    text = router.explain(decision)
    assert "NOT certified for professional in portrait; a metric lets it through" in text
    assert "no person judged it" in text
    assert decision.to_dict()["certified"] is False


def test_what_people_rejected_no_metric_brings_back(path: Path) -> None:
    decision = _choose(path, ALLOWED)
    row = next(c for c in decision.candidates if c.offer == "shop/poor")
    assert row.rejected_by == "not_certified"
    assert _choose(path, ALLOWED, pin="shop/unseen").offer == "shop/unseen"
    assert any("no person judged it" in n for n in _choose(path, ALLOWED, pin="shop/unseen").notes)


def test_it_holds_for_the_tier_the_metric_cleared_only(path: Path) -> None:
    assert set(TIER_VALUES) >= {"premium"}
    assert _choose(path, ALLOWED, tier="premium").offer is None
    assert _choose(path, ALLOWED, tier="standard").offer == "shop/value"


def test_policies_that_do_not_allow_it_keep_their_digest() -> None:
    assert router.Policy().digest == router.Policy(allow_provisional=False).digest
    assert router.Policy().digest != ALLOWED.digest
