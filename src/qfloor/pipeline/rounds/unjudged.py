"""Why a round has no floor of its benchmark's quality: what was rated instead, and where."""

from __future__ import annotations

from qfloor.benchmark import Benchmark
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
