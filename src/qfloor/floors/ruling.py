"""From the floors of a family to its verdicts: what needs all of them before any is ruled.

Certified is what the family's correction certifies. Rejected is decided for each offer alone, at
the Bonferroni level: a rejection is never made easier by how others did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qfloor import stats
from qfloor.floors.bounds import CellBounds
from qfloor.floors.compute import Assessed, CellRequest, assess
from qfloor.floors.family import Adjusted, Claim, adjust
from qfloor.records import Floor, FloorKind, Ruling, Threshold, Verdict

POWER = 0.8
"""Chance of a certificate for which "how many more prompts" is answered."""

Asked = tuple[Assessed, Threshold]


def compute_floor(
    request: CellRequest, kind: FloorKind = "delivered"
) -> tuple[Floor, tuple[Verdict, ...]]:
    """Compute one floor, and for the delivered one its verdicts as if it were all there is.

    Parameters
    ----------
    request : CellRequest
    kind : {"delivered", "conditional"}

    Returns
    -------
    floor : Floor
        Values in the quality's own unit and direction.
    verdicts : tuple of Verdict
        One a tier, with the rest of the family planned but without evidence; empty for a
        conditional floor. Under ``bonferroni`` the others change nothing.

    Raises
    ------
    CertificationError
        When thresholds of another quality are given.
    """
    assessed = assess(request, kind)
    return assessed.floor, rule_family([assessed]) if kind == "delivered" else ()


def rule_family(family: Sequence[Assessed]) -> tuple[Verdict, ...]:
    """Rule on every tier of every offer of one family.

    Parameters
    ----------
    family : sequence of Assessed
        All delivered floors of one family, which share its plan.

    Returns
    -------
    tuple of Verdict
        In the order given, tiers as each request has them.

    Raises
    ------
    CertificationError
        When more was judged than planned.
    """
    asked = [(one, threshold) for one in family for threshold in one.request.thresholds]
    if not asked:
        return ()
    plan = family[0].request.family
    open_ = [i for i, (one, _) in enumerate(asked) if _may_certify(one)]
    claims = {i: _claim(*asked[i]) for i in open_}
    adjusted = dict(zip(open_, adjust(plan, list(claims.values())), strict=True))
    return tuple(
        _verdict(asked_of, claims.get(i), adjusted.get(i)) for i, asked_of in enumerate(asked)
    )


def _may_certify(assessed: Assessed) -> bool:
    """What cannot be certified makes no claim, and is no help to the others of its family."""
    bounds = assessed.bounds
    return bool(bounds.cell.value.size) and not (
        bounds.too_much_missing or assessed.request.provisional
    )


def _claim(assessed: Assessed, threshold: Threshold) -> Claim:
    """Evidence for a certificate, in the worst case of what is missing."""
    at, cases = assessed.sign * threshold.value, assessed.bounds.cases
    request, floor = assessed.request, assessed.floor
    e_value = None
    if request.family.correction == "e-bh":
        e_value = min(case.e_value(at, threshold.max_fail) for case in cases)
    return Claim(
        chain=(floor.offer_id, floor.category, floor.modality, threshold.max_fail),
        p_value=max(case.p_value(at, threshold.max_fail) for case in cases),
        e_value=e_value,
    )


def _verdict(asked: Asked, claim: Claim | None, adjusted: Adjusted | None) -> Verdict:
    assessed, threshold = asked
    request, bounds, plan = assessed.request, assessed.bounds, assessed.request.family
    at = assessed.sign * threshold.value
    level = plan.level if adjusted is None else adjusted.level
    ruling, reason, more = Ruling.UNDECIDED, "empty", None
    upper = lower = None
    if bounds.cell.value.size:
        upper = _upper(assessed, at, level, by_bets=claim is not None and claim.e_value is not None)
        lower = bounds.release.lower(at, plan.level)
        ruling, reason = _ruling(asked, adjusted)
        if ruling is Ruling.UNDECIDED and reason in ("more_prompts", "too_few_prompts"):
            rate = bounds.release.rate(at)
            more = _more_prompts(rate, bounds.release, level, threshold.max_fail)
    return Verdict(
        offer_id=request.offer_id,
        category=request.category,
        modality=request.modality,
        quality=assessed.floor.quality,
        tier=threshold.tier,
        threshold=threshold.value,
        max_fail=threshold.max_fail,
        ruling=ruling,
        reason=reason,
        upper=upper,
        lower=lower,
        level=level,
        family=plan.name,
        m=plan.m,
        more_prompts=more,
        valid_until=request.valid_until,
        p_value=None if claim is None else claim.p_value,
        p_adjusted=as_ruled(adjusted, plan.alpha, ruling),
        e_value=None if claim is None else claim.e_value,
        correction=plan.correction,
    )


def as_ruled(adjusted: Adjusted | None, alpha: float, ruling: Ruling) -> float | None:
    """The adjusted p-value on the side of alpha that was ruled: at an exact tie, a last bit."""
    if adjusted is None:
        return None
    if ruling is Ruling.CERTIFIED:
        return min(adjusted.p_adjusted, alpha)
    return max(adjusted.p_adjusted, math.nextafter(alpha, 1.0))


def _upper(assessed: Assessed, at: float, level: float, *, by_bets: bool) -> float:
    """Upper bound of P(fail) that decided, at the level it was judged at in the end."""
    cases = assessed.bounds.cases
    if by_bets:
        return max(case.e_upper(at, level) for case in cases)
    return max(case.upper(at, level) for case in cases)


def _ruling(asked: Asked, adjusted: Adjusted | None) -> tuple[Ruling, str]:
    """Decide; under Bonferroni by ``certified_to``, which is also the number published."""
    assessed, threshold = asked
    request, bounds, plan = assessed.request, assessed.bounds, assessed.request.family
    at = assessed.sign * threshold.value
    if bounds.too_much_missing:
        return Ruling.UNDECIDED, "too_much_missing"
    certified_to = bounds.certified_to(threshold.max_fail)
    clears = certified_to is not None and at <= certified_to
    if request.provisional and clears:
        return Ruling.UNDECIDED, "provisional"
    certified = adjusted is not None and adjusted.certified(plan.alpha)
    if clears if plan.correction == "bonferroni" else certified:
        return Ruling.CERTIFIED, "clears"
    if bounds.release.limits(threshold.max_fail).verdict(at) == "rejected":
        return Ruling.REJECTED, "fails"
    needed = stats.min_prompts(plan.level, threshold.max_fail)
    enough = bounds.release.n_judging >= needed
    return Ruling.UNDECIDED, "more_prompts" if enough else "too_few_prompts"


def _more_prompts(rate: float, bounds: CellBounds, level: float, max_fail: float) -> int | None:
    """Prompts still needed at the present estimate; None when it will never be certified.

    Under a traffic mix some prompts count less than one, and more of them are needed.
    """
    needed = stats.prompts_needed(rate, level, max_fail, POWER)
    if needed is None:
        return None
    have = bounds.cell.n_clusters
    return max(1, math.ceil(needed * have / max(1.0, bounds.n_judging) - 1e-9) - have)
