"""From answers to everything a report says: the four estimands, with and without exclusions.

    answers -> votes -> who is left out -> estimands, pairs, categories, ranking -> claims

Repeats, catches, placebos and pairs of one model are never in the headline; each is counted. It
computes nothing itself and draws nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qfloor import stats
from qfloor.abtest.answers import Answer
from qfloor.abtest.claims import Claim, claims_of
from qfloor.abtest.estimands import (
    Detection,
    Severity,
    Usable,
    detection_of,
    discriminability_of,
    severity_of,
    usable_of,
)
from qfloor.abtest.items import Items, items_of
from qfloor.abtest.plan import AnalysisPlan, EarlyEnd
from qfloor.abtest.ranking import Davidson, Strength, davidson_of_arms, strengths_of_offers
from qfloor.abtest.raters import (
    RaterRow,
    Reliability,
    left_out_mask,
    raters_of,
    reliability_of,
)
from qfloor.abtest.votes import Votes, votes_of
from qfloor.counting import several
from qfloor.errors import RatingsError

SEED = 20_261_201
"""Of what is drawn again (intervals of agreement and odds): the same answers, the same report."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What the session holds. ``votes``, ``pairs``, ``prompts``, ``raters`` are of the test.

    ``skipped`` are test trials that were passed over, ``skipped_others`` those of other kinds
    (placebos, catches, repeats, pairs of one model); both are of all raters.
    """

    pairs: int
    votes: int
    prompts: int
    raters: int
    placebos: int
    catches: int
    repeats: int
    same_model: int
    skipped: int
    skipped_others: int


@dataclass(frozen=True, kw_only=True)
class CategoryRow:
    """One category. ``p_similar_adjusted`` is Holm's over all categories."""

    category: str
    pairs: int
    detected: stats.Estimate
    wrong_way: stats.Estimate
    discriminability: stats.Discriminability
    material: stats.Estimate
    p_similar_adjusted: float | None


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The numbers that are told with and without the raters whom the plan leaves out."""

    counts: Counts
    detection: Detection
    discriminability: stats.Discriminability
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Everything a report says of a session.

    ``headline`` is without the raters left out, ``everyone`` with them (the same object when
    nobody is). ``early`` says that voting was ended before the planned votes were in. ``gaps`` are
    the score gaps of detected votes and whether the routed side was
    usable, for plots.
    """

    plan: AnalysisPlan
    headline: Headline
    everyone: Headline
    items: Items | None
    usable: Usable | None
    ranking: Davidson
    offers: tuple[Strength, ...]
    categories: tuple[CategoryRow, ...]
    raters: tuple[RaterRow, ...]
    reliability: Reliability
    gaps: tuple[tuple[float, bool], ...]
    early: EarlyEnd | None = None
    claims: tuple[Claim, ...] = ()


def analyse(
    answers: Iterable[Answer] | Votes,
    plan: AnalysisPlan,
    *,
    audited: Collection[str] | None = None,
    offers: Mapping[str, str] | None = None,
    early: EarlyEnd | None = None,
) -> Analysis:
    """Analyse a session.

    Parameters
    ----------
    answers : iterable of Answer, or Votes
    plan : AnalysisPlan
        Margins and exclusions; only one that was frozen supports claims about margins.
    audited : collection of str, optional
        Pairs drawn beforehand to be judged one by one.
    offers : mapping, optional
        Which offer made each item; with it the offers behind the arms are ranked.
    early : EarlyEnd, optional
        That voting was ended before the planned votes were in; told with everything else.

    Returns
    -------
    Analysis

    Raises
    ------
    RatingsError
        When there is no test trial with an answer, or the exclusions leave none.
    """
    given = answers if isinstance(answers, Votes) else list(answers)
    votes = given if isinstance(given, Votes) else votes_of(given)
    if not votes.of_kind("test").any():
        raise RatingsError("the session has no answered test trial: there is nothing to analyse")
    rng = np.random.default_rng(SEED)
    rows = raters_of(votes, plan)
    out = left_out_mask(votes, rows)
    kept = votes.where(~out) if out.any() else votes
    test = kept.where(kept.of_kind("test"))
    if not len(test):
        raise RatingsError(
            f"the plan leaves out all {several(len(rows), 'rater')} (the first: {rows[0].rater}, "
            f"{rows[0].left_out}); nothing can be said of the arms"
        )
    headline = _headline(kept, test, plan)
    analysis = Analysis(
        plan=plan,
        headline=headline,
        everyone=headline
        if kept is votes
        else _headline(votes, votes.where(votes.of_kind("test")), plan),
        items=items_of(test, plan, audited),
        usable=usable_of(test, plan),
        ranking=davidson_of_arms(test, plan, rng),
        offers=() if isinstance(given, Votes) else _strengths(given, rows, plan, offers),
        categories=_categories(test, plan),
        raters=tuple(rows),
        reliability=reliability_of(kept, plan, rng),
        gaps=_gaps(test),
        early=early,
    )
    return replace(analysis, claims=claims_of(analysis))


def _headline(votes: Votes, test: Votes, plan: AnalysisPlan) -> Headline:
    placebo = votes.where(votes.of_kind("placebo"))
    counts = Counts(
        pairs=int(np.unique(test.pair).size),
        votes=len(test),
        prompts=int(np.unique(test.prompt).size),
        raters=int(np.unique(test.rater).size),
        placebos=len(placebo),
        catches=int(votes.of_kind("catch").sum()),
        repeats=int(votes.of_kind("repeat").sum()),
        same_model=int(votes.of_kind("same_model").sum()),
        skipped=votes.skipped.get("test", 0),
        skipped_others=sum(n for kind, n in votes.skipped.items() if kind != "test"),
    )
    return Headline(
        counts=counts,
        detection=detection_of(test, placebo, plan),
        discriminability=discriminability_of(test, plan),
        severity=severity_of(test, plan),
    )


def _categories(test: Votes, plan: AnalysisPlan) -> tuple[CategoryRow, ...]:
    present = [c for c in range(len(test.categories)) if (test.category == c).any()]
    rows = []
    for code in present:
        part = test.where(test.category == code)
        found = detection_of(part, part.where(np.zeros(len(part), dtype=bool)), plan)
        rows.append(
            CategoryRow(
                category=test.categories[code],
                pairs=int(np.unique(part.pair).size),
                detected=found.detected,
                wrong_way=found.wrong_way,
                discriminability=discriminability_of(part, plan),
                material=severity_of(part, plan).material,
                p_similar_adjusted=None,
            )
        )
    p_values = [row.discriminability.p_similar for row in rows]
    adjusted = stats.holm([1.0 if p is None else p for p in p_values])
    return tuple(
        replace(row, p_similar_adjusted=None if p is None else float(a))
        for row, p, a in zip(rows, p_values, adjusted, strict=True)
    )


def _strengths(
    answers: Sequence[Answer],
    rows: Sequence[RaterRow],
    plan: AnalysisPlan,
    offers: Mapping[str, str] | None,
) -> tuple[Strength, ...]:
    if offers is None:
        return ()
    out = {row.rater for row in rows if row.left_out}
    kept = [answer for answer in answers if answer.rater_id not in out]
    return tuple(strengths_of_offers(kept, offers, confidence=plan.confidence))


def _gaps(test: Votes) -> tuple[tuple[float, bool], ...]:
    shown = (test.choice > 0) & ~np.isnan(test.gap)
    return tuple(
        (float(gap), bool(usable == 1))
        for gap, usable in zip(test.gap[shown], test.routed_usable[shown], strict=True)
    )
