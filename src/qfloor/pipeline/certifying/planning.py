"""What a benchmark's certificates take: prompts, repeats, ratings and money, cell by cell.

Levels come of the benchmark's own families, prices of its offers' price rules for what its
prompts ask. It plans evidence, not calls: what a round would still buy is `plan_round`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

from qfloor import prices, stats
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError
from qfloor.generate import asked_for
from qfloor.pipeline.certifying.learned import ruled_places, splits_of
from qfloor.pipeline.rounds.families import family_of
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.pipeline.rounds.planned import why_excluded
from qfloor.ratings.panel import rated_prompts
from qfloor.records import Modality, Offer, Prompt
from qfloor.stats import Design, PanelDesign, SimulatedPower


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What nobody knows before the data, stated by whoever plans.

    ``rating_usd`` is the price of one rating, ``rater_usd`` that of a rater before the first one,
    who then rates all there is to rate; the correlations are `stats.design`'s. ``raters`` are how
    many there may be, where it is not the benchmark's own panel.
    """

    fail_rate: float = 0.1
    power: float = 0.8
    rating_usd: float = 0.0
    rater_usd: float = 0.0
    fail_icc: float = stats.FAIL_ICC
    rater_icc: float = stats.RATER_ICC
    raters: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class CellPlan:
    """What the offers of one category take to be certified, if they are as good as assumed.

    ``prompts`` are the independent prompts (families) that the suites have and the benchmark does
    not exclude, those of the offer that is asked for fewest (where a threshold is learned, those
    that certify), and ``chance`` that of a certificate on them at one output each; ``needed`` the
    prompts for the wanted power; ``best`` the cheapest design on an offer of mean price that these
    prompts suffice for; ``beyond`` the cheapest of all, where none does. ``total_usd`` is that of
    ``best`` for all offers, None where an offer's price is unknown (``unpriced``) or there is no
    ``best``. Where something is known of raters (the benchmark's own panel, or those assumed),
    designs are `stats.panel_designs`, and ``best_seen`` is the best where none does at all;
    ``rated`` is the chance with ``raters`` of them (those of ``best``, where there is a choice), on
    one output of each of the ``seen`` prompts. ``chance`` and ``needed`` take the panel to be
    large, and so do designs where nothing is known.
    """

    category: str
    modality: Modality
    offers: int
    level: float
    max_fail: float
    least: int
    prompts: int
    chance: float
    needed: int | None
    output_usd: float | None
    best: Design | None
    beyond: Design | None
    best_seen: PanelDesign | None
    total_usd: float | None
    raters: int | None
    seen: int
    rated: SimulatedPower | None
    unpriced: tuple[str, ...]


def plan_evidence(
    benchmark: Benchmark,
    prompts: Sequence[Prompt],
    assumed: Assumed,
    *,
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> list[CellPlan]:
    """Plan every category and modality that a benchmark demands something of.

    Parameters
    ----------
    benchmark : Benchmark
        One that generates; imported judgments have no prompts to plan with.
    prompts : sequence of Prompt
        Of its suites.
    assumed : Assumed
    report : callable, optional
        Told how many cells are planned: with raters each may take seconds.

    Returns
    -------
    list of CellPlan
        By category and modality; the strictest ``max_fail`` of the tiers counts.

    Raises
    ------
    BenchmarkError
        When the benchmark imports its judgments.
    ValueError
        When an assumption is out of range.
    """
    if benchmark.imported:
        raise BenchmarkError(
            f"benchmark {benchmark.name} imports its judgments and buys nothing; plan with "
            "--offers and --price-usd instead"
        )
    kept = {
        offer.id: [
            p
            for p in prompts
            if offer.makes(p.modality) and not why_excluded(benchmark, offer.id, p)
        ]
        for offer in benchmark.offers
    }
    view = RoundView(outputs=(), prompts={p.digest: p for own in kept.values() for p in own})
    places = sorted({(t.category, t.modality) for t in benchmark.demands})
    splits = splits_of(view.prompts.values(), imported=False)
    learned = ruled_places(benchmark)
    planned = {}
    for place in places:
        asked = {
            offer_id: [
                p
                for p in own
                if (p.category, p.modality) == place
                and (place not in learned or splits[p.digest] == "certify")
            ]
            for offer_id, own in kept.items()
        }
        if any(asked.values()):
            planned[place] = asked
    cells = sum(bool(own) for asked in planned.values() for own in asked.values())
    share = replace(assumed, rater_usd=assumed.rater_usd / max(1, cells))
    found: list[CellPlan] = []
    for at, asked in planned.items():
        report("cells", len(found), len(planned))
        found.append(_cell(benchmark, view, *at, asked, share))
    report("cells", len(found), len(planned))
    return found


def _cell(
    benchmark: Benchmark,
    view: RoundView,
    category: str,
    modality: Modality,
    asked: Mapping[str, Sequence[Prompt]],
    assumed: Assumed,
) -> CellPlan:
    """Plan one place; ``asked`` are its prompts by offer, of which some may have none.

    What a rater costs before the first rating is this cell's share.
    """
    makers = [offer for offer in benchmark.offers if asked[offer.id]]
    key = CellKey(category, modality, makers[0].id)
    level = family_of(benchmark, view, benchmark.offers, key).level
    max_fail = min(
        t.max_fail for t in benchmark.demands if (t.category, t.modality) == (category, modality)
    )
    usd = {offer.id: _output_usd(offer, asked[offer.id]) for offer in makers}
    known = [price for price in usd.values() if price is not None]
    price = mean(known) if known else None
    families = min(len({p.family for p in asked[offer.id]}) for offer in makers)
    raters = assumed.raters
    if raters is None and benchmark.panel is not None:
        raters = (benchmark.panel.raters,)
    best = beyond = best_seen = None
    if price is not None:
        best, best_seen = _best(assumed, level, max_fail, price, raters, families)
        if best is None:
            beyond, best_seen = _best(assumed, level, max_fail, price, raters, None)
    heads = None if raters is None else raters[0] if len(raters) == 1 else _raters_of(best, raters)
    unpriced = tuple(sorted(name for name, found in usd.items() if found is None))
    seen = _seen(benchmark, [asked[offer.id] for offer in makers])
    return CellPlan(
        category=category,
        modality=modality,
        offers=len(makers),
        level=level,
        max_fail=max_fail,
        least=stats.min_prompts(level, max_fail),
        prompts=families,
        chance=stats.certification_power(assumed.fail_rate, families, level, max_fail),
        needed=stats.prompts_needed(assumed.fail_rate, level, max_fail, assumed.power),
        output_usd=price,
        best=best,
        beyond=beyond,
        best_seen=best_seen,
        total_usd=best.cost * len(makers) if best is not None and not unpriced else None,
        raters=heads,
        seen=seen,
        rated=_rated(benchmark, assumed, level, max_fail, seen, heads) if heads else None,
        unpriced=unpriced,
    )


def _seen(benchmark: Benchmark, asked: Iterable[Sequence[Prompt]]) -> int:
    """Independent prompts that raters see, of the offer with fewest: of a panel, its share."""
    if benchmark.panel is None:
        return min(len({p.family for p in own}) for own in asked)
    panel = benchmark.panel
    drawn = [(own, rated_prompts(own, panel)) for own in asked]
    return min(len({p.family for p in own if p.digest in rated}) for own, rated in drawn)


def _rated(
    benchmark: Benchmark, assumed: Assumed, level: float, max_fail: float, prompts: int, raters: int
) -> SimulatedPower | None:
    """Chance with so many raters; None where they see no prompt."""
    if prompts == 0:
        return None
    votes = 1 if benchmark.panel is None else min(benchmark.panel.votes, raters)
    return stats.power_with_raters(
        assumed.fail_rate,
        level,
        prompts=prompts,
        raters=raters,
        votes=votes,
        max_fail=max_fail,
        fail_icc=assumed.fail_icc,
        rater_icc=assumed.rater_icc,
    )


def _best(
    assumed: Assumed,
    level: float,
    max_fail: float,
    price: float,
    raters: Sequence[int] | None,
    most_prompts: int | None,
) -> tuple[Design | None, PanelDesign | None]:
    """Cheapest design, if any does; with raters also the best seen, if none does."""
    asked: dict[str, Any] = {
        "output_price": price,
        "rating_price": assumed.rating_usd,
        "max_fail": max_fail,
        "power": assumed.power,
        "fail_icc": assumed.fail_icc,
        "rater_icc": assumed.rater_icc,
        "most_prompts": most_prompts,
    }
    if raters is None:
        found = stats.designs(assumed.fail_rate, level, **asked)
        return (found[0] if found else None), None
    asked |= {"rater_price": assumed.rater_usd, "keep": 1}
    panels = stats.panel_designs(assumed.fail_rate, level, raters=raters, **asked)
    return (panels.designs[0] if panels.designs else None), panels.best_seen


def _raters_of(best: Design | None, raters: Sequence[int]) -> int:
    """How many of a choice of raters to look at the suites' prompts with."""
    return best.raters if isinstance(best, PanelDesign) else max(raters)


def _output_usd(offer: Offer, prompts: Sequence[Prompt]) -> float | None:
    """Mean worst-case price of one output over the prompts; None where one cannot be known."""
    if offer.price is None:
        return None
    total = 0
    # most prompts ask for the same size and length
    for asked, n in Counter(tuple(asked_for(offer, p).items()) for p in prompts).items():
        nano = prices.estimate(offer.price, settings=offer.settings, **dict(asked))
        if nano is None:
            return None
        total += n * nano
    return total / len(prompts) / prices.NANO
