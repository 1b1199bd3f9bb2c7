"""What a benchmark's certificates take: prompts, repeats, ratings and money, cell by cell.

Levels come of the benchmark's own families, prices of its offers' price rules for what its
prompts ask. It plans evidence, not calls: what a round would still buy is `plan_round`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from qfloor import prices, stats
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError
from qfloor.generate import asked_for
from qfloor.pipeline.families import family_of
from qfloor.pipeline.judging import CellKey, RoundView
from qfloor.pipeline.learned import ruled_places, splits_of
from qfloor.pipeline.planned import why_excluded
from qfloor.ratings.panel import rated_prompts
from qfloor.records import Modality, Offer, Prompt
from qfloor.stats import Design, SimulatedPower

NANO = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What nobody knows before the data, stated by whoever plans.

    ``rating_usd`` is the price of one rating; the correlations are `stats.design`'s. ``raters``
    are those there will be, where it is not the benchmark's own panel.
    """

    fail_rate: float = 0.1
    power: float = 0.8
    rating_usd: float = 0.0
    fail_icc: float = stats.FAIL_ICC
    rater_icc: float = stats.RATER_ICC
    raters: int | None = None


@dataclass(frozen=True, kw_only=True)
class CellPlan:
    """What the offers of one category take to be certified, if they are as good as assumed.

    ``prompts`` are the independent prompts (families) that the suites have and the benchmark does
    not exclude, those of the offer that is asked for fewest (where a threshold is learned, those
    that certify), and ``chance`` that of a certificate on them at one output each; ``needed`` the
    prompts for the wanted power; ``best`` the cheapest design on an offer of mean price that these
    prompts suffice for; ``beyond`` the cheapest of all, where none does. ``total_usd`` is that of
    ``best`` for all offers, None where an offer's price is unknown (``unpriced``) or there is no
    ``best``. All of that takes the panel to be large; ``rated`` is the chance with as many
    ``raters`` as there are, on one output of each of the ``seen`` prompts: the benchmark's own
    panel and what it sees, or those assumed. None where nothing is known of raters.
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
    total_usd: float | None
    raters: int | None
    seen: int
    rated: SimulatedPower | None
    unpriced: tuple[str, ...]


def plan_evidence(
    benchmark: Benchmark, prompts: Sequence[Prompt], assumed: Assumed
) -> list[CellPlan]:
    """Plan every category and modality that a benchmark demands something of.

    Parameters
    ----------
    benchmark : Benchmark
        One that generates; imported judgments have no prompts to plan with.
    prompts : sequence of Prompt
        Of its suites.
    assumed : Assumed

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
    found = []
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
            found.append(_cell(benchmark, view, *place, asked, assumed))
    return found


def _cell(
    benchmark: Benchmark,
    view: RoundView,
    category: str,
    modality: Modality,
    asked: Mapping[str, Sequence[Prompt]],
    assumed: Assumed,
) -> CellPlan:
    """Plan one place; ``asked`` are its prompts by offer, of which some may have none."""
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
    best = beyond = None
    if price is not None:
        best = _best(assumed, level, max_fail, price, families)
        beyond = _best(assumed, level, max_fail, price, None) if best is None else None
    unpriced = tuple(sorted(name for name, found in usd.items() if found is None))
    raters = assumed.raters
    if raters is None and benchmark.panel is not None:
        raters = benchmark.panel.raters
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
        total_usd=best.cost * len(makers) if best is not None and not unpriced else None,
        raters=raters,
        seen=seen,
        rated=_rated(benchmark, assumed, level, max_fail, seen, raters) if raters else None,
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
    assumed: Assumed, level: float, max_fail: float, price: float, most_prompts: int | None
) -> Design | None:
    found = stats.designs(
        assumed.fail_rate,
        level,
        output_price=price,
        rating_price=assumed.rating_usd,
        max_fail=max_fail,
        power=assumed.power,
        fail_icc=assumed.fail_icc,
        rater_icc=assumed.rater_icc,
        most_prompts=most_prompts,
    )
    return found[0] if found else None


def _output_usd(offer: Offer, prompts: Sequence[Prompt]) -> float | None:
    """Mean worst-case price of one output over the prompts; None where one cannot be known."""
    if offer.price is None:
        return None
    each = [
        prices.estimate(offer.price, settings=offer.settings, **asked_for(offer, prompt))
        for prompt in prompts
    ]
    known = [nano for nano in each if nano is not None]
    return sum(known) / len(known) / NANO if len(known) == len(each) else None
