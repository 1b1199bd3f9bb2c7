"""What is missing: below two in a hundred nothing, above them the worst case, everywhere."""

from __future__ import annotations

import pytest
from scipy.stats import beta, binom

from qfloor import stats
from qfloor.floors import CellRequest, FamilyPlan, Judged, assess, rule_family
from qfloor.floors.compute import Assessed
from qfloor.records import Correction, Quality, Ruling, Status, Threshold, Verdict

QUALITY = Quality(source="human", name="overall", lo=0, hi=10, step=0.1)


def _assessed(
    fails: int,
    judged: int,
    missing: int,
    *,
    max_fail: float = 0.25,
    offer: str = "x/y",
    m: int = 1,
    correction: Correction = "bonferroni",
    status: Status = Status.FAILED,
    provisional: bool = False,
) -> Assessed:
    outputs = [
        Judged(
            output_id=f"o{i}", family=f"p{i}", repeat=0,
            status=Status.MADE if i < judged else status,
            values=(1.0 if i < fails else 9.0,) if i < judged else (),
        )
        for i in range(judged + missing)
    ]  # fmt: skip
    demanded = Threshold(
        category="portrait", modality="image", quality=QUALITY.id, tier="standard", value=5.0,
        max_fail=max_fail,
    )  # fmt: skip
    plan = FamilyPlan(name="portrait/image", m=m, alpha=0.05, correction=correction)
    return assess(
        CellRequest(
            offer_id=offer, category="portrait", modality="image", quality=QUALITY,
            outputs=outputs, thresholds=[demanded], family=plan, provisional=provisional,
        )
    )  # fmt: skip


def _verdict(one: Assessed) -> Verdict:
    (verdict,) = rule_family([one])
    return verdict


def _most(n: int, max_fail: float = 0.25) -> int:
    """Most fails of so many prompts that certify when judged alone."""
    most = stats.max_fails(n, 0.05, max_fail)
    assert most is not None
    return most


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNKNOWN])
@pytest.mark.parametrize(
    ("asked", "missing", "max_fail", "certified"),
    [
        (200, 4, 0.25, True),  # two in a hundred are tolerated where a quarter may fail
        (200, 5, 0.25, False),
        (400, 1, 0.05, True),  # and two in five hundred where one in twenty may
        (400, 2, 0.05, False),
    ],
)
def test_from_which_share_on_the_worst_case_must_hold(
    asked: int, missing: int, max_fail: float, certified: bool, status: Status
) -> None:
    judged = asked - missing
    fails = _most(judged, max_fail)
    assert fails + missing > _most(asked, max_fail), "in the worst case it is not certified"
    one = _assessed(fails, judged, missing, max_fail=max_fail, status=status)
    assert (_verdict(one).ruling is Ruling.CERTIFIED) == certified
    assert (one.bounds.worst is None) == certified


def test_what_is_published_is_the_worst_case() -> None:
    one = _assessed(20, 195, 5)
    verdict = _verdict(one)
    upper = beta.ppf(0.95, 26, 175)
    (rate,) = one.floor.fail_rates
    assert (rate.rate, one.floor.population["missing"]) == (pytest.approx(20 / 195), 5)
    assert rate.upper == pytest.approx(upper, rel=1e-12)
    assert verdict.upper == pytest.approx(upper, rel=1e-12)
    assert verdict.p_value == pytest.approx(binom.cdf(25, 200, 0.25), rel=1e-9)


@pytest.mark.parametrize("correction", ["holm", "by", "bonferroni"])
def test_a_p_value_of_the_seen_alone_certifies_nothing(correction: Correction) -> None:
    one = _assessed(_most(195), 195, 5, correction=correction)
    assert binom.cdf(_most(195), 195, 0.25) <= 0.05
    assert _verdict(one).ruling is Ruling.UNDECIDED


def test_what_cannot_certify_is_no_help_to_the_others_of_its_family() -> None:
    """Under Holm a rejected claim raises the level of the next: a provisional one is none."""
    between = next(k for k in range(120, 0, -1) if binom.cdf(k, 120, 0.25) <= 0.05)
    assert binom.cdf(between, 120, 0.25) > 0.025

    def ruling(*, provisional: bool) -> Ruling:
        good, other = (
            _assessed(fails, 120, 0, offer=name, m=2, correction="holm", provisional=late)
            for name, fails, late in (("good", 0, provisional), ("other", between, False))
        )
        return rule_family([good, other])[1].ruling

    assert ruling(provisional=False) is Ruling.CERTIFIED
    assert ruling(provisional=True) is Ruling.UNDECIDED
