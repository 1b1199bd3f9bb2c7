"""Why a round, or one of its offers, has no floor of the benchmark's quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from qfloor.benchmark import Benchmark
from qfloor.counting import several
from qfloor.pipeline.rounds.planned import offers_of
from qfloor.ratings.wording import listed
from qfloor.records import human_part
from qfloor.store import Store


def why_unjudged(store: Store, benchmark: Benchmark) -> str:
    """Say that a round has no floor, and what ratings there are instead of those it judges by."""
    return f"round {benchmark.round} has no floor: {_instead(store, benchmark)}"


def _instead(store: Store, benchmark: Benchmark) -> str:
    criterion = human_part(benchmark.quality).name
    mine = {offer.id for offer in offers_of(store, benchmark)}
    there = [(c, round, offer) for c, round, offer, *_ in store.scales_of()]
    if others := {c for c, round, o in there if round == benchmark.round and o in mine}:
        if criterion not in others:
            return (
                f"its offers were rated on {listed(sorted(others))}, and the benchmark asks for "
                f"{criterion!r}; set criterion under [quality] in its file"
            )
        return f"no rating on {criterion!r} is of a prompt or session that the benchmark asks for"
    if rated := {o for _, round, o in there if round == benchmark.round}:
        return (
            f"its ratings are of {listed(sorted(rated))}, none of which the benchmark judges; name "
            "them as its offers"
        )
    if rounds := {round for _, round, o in there if o in mine}:
        return (
            f"its offers were rated in round {listed(sorted(rounds))} only; name that with --round"
        )
    if benchmark.quality.source == "uncalibrated":
        return "it has no score of the metrics that it is judged by; `qfloor score` makes them"
    if benchmark.panel is not None:
        return "nobody has rated in it yet; `qfloor run` has its simulated raters do so"
    return "nobody has rated in it yet; import ratings with `qfloor ratings import`"


def unjudged_remarks(store: Store, benchmark: Benchmark, judged: Collection[str]) -> Iterator[str]:
    """Name offers that have outputs in the round and no floor: no row of the table tells of them.

    Parameters
    ----------
    store : Store
    benchmark : Benchmark
    judged : collection of str
        Ids of the offers that have a floor of its quality.
    """
    made: Counter[str] = Counter()
    for offer, _, n in store.count_outputs(round=benchmark.round):
        made[offer] += n
    lacking = [
        f"{offer.id} ({several(made[offer.id], 'output')})"
        for offer in offers_of(store, benchmark)
        if made[offer.id] and offer.id not in judged
    ]
    if lacking:
        alone = benchmark.quality.source == "uncalibrated"
        lack = "score" if alone else f"rating on {human_part(benchmark.quality).name!r}"
        counts = "it counts" if len(lacking) == 1 else "they count"
        yield (
            f"no floor of {listed(lacking)}: nothing in round {benchmark.round} has a {lack} that "
            f"counts here; {counts} among the offers of a family all the same"
        )
