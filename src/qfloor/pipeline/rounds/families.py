"""Who is judged together: the offers of a category and modality, or of the whole release.

Counted by the plan alone. Offers without outputs, categories without ratings and tiers nobody
could learn a threshold for count as much as the others: what the data turned out to be must not
move the level.
"""

from __future__ import annotations

from qfloor.benchmark import Benchmark
from qfloor.floors import FamilyPlan
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.records import Modality, Offer

Place = tuple[str, Modality]


def family_of(
    benchmark: Benchmark, view: RoundView, planned: tuple[Offer, ...], key: CellKey
) -> FamilyPlan:
    """Name who is judged together; m is what was planned, never what happened to have data."""
    asked: dict[Place, list[float]] = {}
    for threshold in benchmark.demands:
        place = (threshold.category, threshold.modality)
        asked.setdefault(place, []).append(threshold.max_fail)
    here = (key.category, key.modality)
    name, places, tiers = f"{key.category}/{key.modality}", {here}, [asked.get(here, [])]
    if benchmark.family == "release":
        places = {(p.category, p.modality) for p in view.prompts.values()}
        name, tiers = "release", list(asked.values())
    offers = {place: sum(offer.makes(place[1]) for offer in planned) for place in places}
    return FamilyPlan(
        name=name,
        m=max(1, sum(offers.values())),
        alpha=benchmark.alpha,
        demands=max([1, *(len(set(found)) for found in tiers)]),
        correction=benchmark.correction,
        verdicts=sum(n * len(asked.get(place, [])) for place, n in offers.items()),
    )
