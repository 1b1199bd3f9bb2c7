"""What the tests of an adaptive run say they looked at, against the plan and the raw rows.

Verdicts of such a run follow from what its states hold, not from the ratings as they are by now:
ratings that came later change nothing. So the states are raw rows too, and each of their values
must be one that somebody gave, of the prompts in their drawn order, at the level of the plan.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from qfloor.benchmark import Benchmark
from qfloor.pipeline.audit.check import Check, none_of
from qfloor.pipeline.rounds.families import family_of
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.pipeline.rounds.prompt_order import own_prompts, prompt_orders, spent_prompts
from qfloor.records import CountsAs, Output, Prompt, SequentialState, Status
from qfloor.store import Store


def looked_at(
    store: Store, benchmark: Benchmark, view: RoundView, prompts: Sequence[Prompt], run: str
) -> Iterator[Check]:
    """Check the states of a run's tests; none of a run that had no tests."""
    states = list(store.sequential_of(run=run))
    if not states:
        return
    wrong = [*_unsaid(store, benchmark, view, states), *_unplanned(benchmark, prompts, states)]
    wrong += _unordered(store, benchmark, prompts, states, run)
    total = sum(len(state.seen) for state in states)
    yield none_of("what tests looked at", total, "output", wrong)


def _unsaid(
    store: Store, benchmark: Benchmark, view: RoundView, states: Sequence[SequentialState]
) -> Iterator[str]:
    """Values that nobody gave, and outputs that are not there or cannot count so."""
    outputs: dict[str, Output] = {o.id: o for o in view.outputs}
    given: dict[str, Counter[float]] = {}
    for rating in store.ratings_of(criterion=benchmark.quality.name, outputs=list(outputs)):
        if rating.control == "test":
            given.setdefault(rating.output_id, Counter())[rating.value] += 1
    for state in states:
        for seen in state.seen:
            output = outputs.get(seen.output_id)
            name = f"{state.offer_id}: {seen.output_id}"
            if output is None or output.offer_id != state.offer_id:
                yield f"{name}: is no output of its round"
            elif output.prompt_digest != seen.prompt_digest:
                yield f"{name}: was made for another prompt"
            elif Counter(seen.values) - given.get(output.id, Counter()):
                yield f"{name}: {', '.join(map(str, seen.values))} is not what people said"
            elif seen.delivered is CountsAs.SCORED and (
                output.status is not Status.MADE or not seen.values
            ):
                yield f"{name}: is {output.status.value} and counts as scored"


def _unplanned(
    benchmark: Benchmark, prompts: Sequence[Prompt], states: Sequence[SequentialState]
) -> Iterator[str]:
    """Tests at a level that is not the plan's."""
    view = RoundView(outputs=(), prompts={p.digest: p for p in prompts})
    for s in states:
        key = CellKey(s.category, s.modality, s.offer_id)
        level = family_of(benchmark, view, benchmark.offers, key).level
        if s.alpha != benchmark.alpha or not math.isclose(s.level, level):
            yield f"{s.offer_id} in {s.category}: tested at {s.level:g}, planned at {level:g}"


def _unordered(
    store: Store,
    benchmark: Benchmark,
    prompts: Sequence[Prompt],
    states: Sequence[SequentialState],
    run: str,
) -> Iterator[str]:
    """Tests that did not go through their prompts in the drawn order, from its start on.

    What another run of the round has used up may be left out; which came first is not told.
    """
    whole = prompt_orders(benchmark, prompts)
    fresh = prompt_orders(benchmark, prompts, spent_prompts(store, benchmark.round, run))
    offers = {offer.id: offer for offer in benchmark.offers}
    for s in states:
        place, name = (s.category, s.modality), f"{s.offer_id} in {s.category}"
        if s.offer_id not in offers:
            yield f"{name}: is no offer of the benchmark"
            continue
        offer = offers[s.offer_id]
        its = [p.digest for p in own_prompts(benchmark, offer, whole.get(place, ()))]
        left = {p.digest for p in own_prompts(benchmark, offer, fresh.get(place, ()))}
        used = list(dict.fromkeys(seen.prompt_digest for seen in s.seen))
        until = its.index(used[-1]) + 1 if used and used[-1] in its else 0
        if used != [p for p in its[:until] if p in left or p in used]:
            yield f"{name}: its prompts are not the first of the drawn order"
        if not len(left) <= s.horizon <= len(its):
            yield f"{name}: tested up to {s.horizon} prompts, and there are {len(its)}"
