"""Why a round, or one of its offers, has no floor of the benchmark's quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from qfloor.benchmark import Benchmark
from qfloor.counting import several
from qfloor.pipeline.rounds.planned import offers_of
from qfloor.ratings.panel import CRITERION
from qfloor.ratings.wording import listed
from qfloor.records import human_part
from qfloor.store import Store

NOBODY = "nobody has rated in it yet; import ratings with `qfloor ratings import`"


def why_unjudged(store: Store, benchmark: Benchmark) -> str:
    """Say that a round has no floor, and what ratings there are instead of those it judges by."""
    return f"round {benchmark.round} has no floor: {_instead(store, benchmark)}"


def foreseen(store: Store, benchmark: Benchmark) -> str:
    """Say why a round has no floor of people's once it is made; nothing if it may have one.

    It can be told before anything is bought: by what the simulated raters judge, by what people
    judged in this round or in others, or because nobody has judged yet.
    """
    if benchmark.quality.source == "uncalibrated":
        return ""
    criterion = human_part(benchmark.quality).name
    rated = {CRITERION} if benchmark.panel else _rated(store, benchmark, benchmark.round)
    asked = rated or _rated(store, benchmark)
    if criterion in rated:
        return ""
    why = _on_others(asked, criterion) if asked and criterion not in asked else NOBODY
    return f"round {benchmark.round} will have no floor of {criterion!r}: {why}"


def _rated(store: Store, benchmark: Benchmark, round: str | None = None) -> set[str]:
    """Criteria that the benchmark's offers were rated on, in one round or in any."""
    mine = {offer.id for offer in offers_of(store, benchmark)}
    return {c for c, there, o, *_ in store.scales_of() if o in mine and round in (None, there)}


def _on_others(rated: Collection[str], criterion: str) -> str:
    return (
        f"its offers were rated on {listed(sorted(rated))}, and the benchmark asks for "
        f"{criterion!r}; set criterion under [quality] in its file"
    )


def _instead(store: Store, benchmark: Benchmark) -> str:
    criterion = human_part(benchmark.quality).name
    if others := _rated(store, benchmark, benchmark.round):
        if criterion not in others:
            return _on_others(others, criterion)
        return f"no rating on {criterion!r} is of a prompt or session that the benchmark asks for"
    mine = {offer.id for offer in offers_of(store, benchmark)}
    there = [(round, offer) for _, round, offer, *_ in store.scales_of()]
    if rated := {o for round, o in there if round == benchmark.round}:
        return (
            f"its ratings are of {listed(sorted(rated))}, none of which the benchmark judges; name "
            "them as its offers"
        )
    if rounds := {round for round, o in there if o in mine}:
        return (
            f"its offers were rated in round {listed(sorted(rounds))} only; import this round's "
            "ratings with `qfloor ratings import`, or name that one with --round"
        )
    if benchmark.quality.source == "uncalibrated":
        return "it has no score of the metrics that it is judged by; `qfloor score` makes them"
    if benchmark.panel is not None:
        return "nobody has rated in it yet; `qfloor run` has its simulated raters do so"
    return NOBODY


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
