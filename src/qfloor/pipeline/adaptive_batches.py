"""A sequential run of a store, batch after batch: what is bought next, and what has been seen.

    next purchases -> generate -> score -> rate -> look -> again

What a cell has used up is written in one transaction with the judgments it rests on; killed
between batches or within one, a run goes on to the same end. It says nothing of a benchmark as a
whole: whether one can be run so, and what is certified at the end, is `adaptive`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

from qfloor import ratings, score
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError, StoreError
from qfloor.floors import FamilyPlan, Standing, closed_by_cell, next_purchases, stand_all
from qfloor.pipeline.adaptive_spending import Buying, Spending
from qfloor.pipeline.certifying.sequential_cells import (
    Method,
    PlannedCell,
    grown,
    look,
    planned_cell,
    rule_for,
    ruled,
    silent,
    stream_of,
)
from qfloor.pipeline.rounds.declared import declared_of
from qfloor.pipeline.rounds.families import family_of
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.pipeline.rounds.planned import run_id
from qfloor.pipeline.rounds.prompt_order import prompt_orders, spent_prompts
from qfloor.pipeline.run import Report
from qfloor.records import Output, Prompt, Rating, SequentialState, Status
from qfloor.stats.streams import Seen
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class AdaptiveOptions:
    """How a sequential run spends.

    ``rating_nanousd`` is what one rating costs, ``value_nanousd`` what a verdict is worth (None:
    any price within the budget), ``batch`` the most prompts of a cell between two looks.
    """

    method: Method = "auto"
    batch: int = 5
    rating_nanousd: int = 0
    value_nanousd: int | None = None

    def check(self) -> None:
        """Refuse what cannot be, in one sentence."""
        if self.batch < 1:
            raise BenchmarkError(f"batch is {self.batch}, must be at least 1 prompt")


class Next(NamedTuple):
    """The next prompts of a cell: those from ``first`` on, before ``end``, of its order."""

    key: CellKey
    first: int
    end: int


class AdaptiveRun:
    """One sequential run of a store: its cells, what they have seen, and the loop over batches."""

    def __init__(
        self,
        store: Store,
        benchmark: Benchmark,
        prompts: tuple[Prompt, ...],
        options: AdaptiveOptions,
        scorers: Sequence[Any],
        engine: str,
        report: Report,
        buying: Buying,
    ) -> None:
        self.store, self.benchmark, self.prompts, self.options = store, benchmark, prompts, options
        self.scorers, self.engine, self.report = scorers, engine, report
        self.declared = declared_of(benchmark)
        self.run, self.digests = run_id(benchmark), [p.digest for p in prompts]
        self.cells = {planned.key: planned for planned in _plan(store, benchmark, prompts, options)}
        self.states = {key: planned.fresh(benchmark) for key, planned in self.cells.items()}
        self.own = {
            name for planned in self.cells.values() for ids in planned.outputs for name in ids
        }
        self.spending = Spending(store, benchmark, self.own, buying, report)
        for state in store.sequential_of(run=self.run):
            self._take_up(state)

    def _take_up(self, state: SequentialState) -> None:
        """Go on from a kept state, if it is one of this very test."""
        key = CellKey(state.category, state.modality, state.offer_id)
        fresh = self.states.get(key)
        same = ("offer_digest", "rule", "level", "horizon", "prompt_order", "quality")
        if fresh is None or any(getattr(fresh, f) != getattr(state, f) for f in same):
            raise StoreError(
                f"round {state.round} was begun with another sequential test of {state.offer_id} "
                f"in {state.category} (its method, offer or prompts have changed since); go on "
                "as it was begun, or take a new round"
            )
        self.states[key] = replace(state, stopped="")

    def go_on(self) -> None:
        """Buy and judge batch by batch until nothing is left to buy, or people have to rate."""
        while not self.spending.is_over and (chosen := self._next()):
            refused = self._buy(chosen)
            view = self._view()
            score.score_outputs(
                self.store, view.outputs, view.prompts, self.scorers, engine=self.engine,
                progress=lambda done, total: self.report("score", done, total),
            )  # fmt: skip
            with self.store.transaction():
                if self.benchmark.panel is not None:
                    ratings.rate_outputs(
                        self.store, view.outputs, view.prompts, self.benchmark.panel
                    )
                self._look([c for c in chosen if c.key not in refused], view)
            done = sum(s.why != "open" for s in self._standings().values())
            self.report("adaptive", done, len(self.cells))
        with self.store.transaction():
            self._close()

    def awaiting(self) -> tuple[Output, ...]:
        """Made outputs of the prompts that are next, which nobody has rated."""
        waiting = {key for key, state in self.states.items() if state.stopped == "ratings"}
        if not waiting:
            return ()
        view = self._view()
        rated = self._ratings(view)
        return tuple(
            output
            for output in view.outputs
            if view.key(output) in waiting
            and output.status is Status.MADE
            and output.id not in rated
        )

    # -- steps -------------------------------------------------------------------------------

    def _standings(self) -> dict[CellKey, Standing]:
        found = stand_all(
            [self.cells[key].cell for key in self.states],
            self._streams(),
            silent=silent(self.states),
            value_nanousd=self.options.value_nanousd,
        )
        return {key: found[key] for key in self.states}

    def _streams(self) -> dict[Hashable, Sequence[Seen]]:
        return {key: stream_of(state.seen) for key, state in self.states.items()}

    def _next(self) -> list[Next]:
        """Choose by what the tests have seen alone, so that a restart chooses alike."""
        standings = self._standings()
        free = [
            (self.cells[key].cell, standing)
            for key, standing in standings.items()
            if not self.states[key].stopped
        ]
        own = sum(s.spent_nanousd + s.rated_nanousd for s in self.states.values())
        left = self.spending.left(own)
        chosen = next_purchases(free, batch=self.options.batch, budget_nanousd=left)
        return [Next(cast("CellKey", p.key), p.first, p.end) for p in chosen]

    def _buy(self, chosen: Sequence[Next]) -> set[CellKey]:
        """Generate what was chosen; returns the cells that the budget refused."""
        groups: dict[tuple[Prompt, ...], list[CellKey]] = defaultdict(list)
        for key, first, end in chosen:
            groups[self.cells[key].order[first:end]].append(key)
        refused: set[CellKey] = set()
        rated = sum(s.rated_nanousd for s in self.states.values())
        for prompts, keys in groups.items():
            offers = [self.cells[key].offer for key in keys]
            if not self.spending.buy(prompts, offers, rated):
                refused.update(keys)
                for key in keys:
                    self.states[key] = replace(self.states[key], stopped="budget")
        return refused

    def _look(self, chosen: Sequence[Next], view: RoundView) -> None:
        """Take what has been judged into the tests, and keep them."""
        view = view.with_safety(self.store, self.declared)
        rated, spent = self._ratings(view), self.spending.by_output()
        before = {key: state.n_prompts for key, state in self.states.items()}
        for key, first, end in chosen:
            planned = self.cells[key]
            seen, waits = look(planned, first, end, view, rated)
            state = self.states[key]
            cost = sum(spent.get(s.output_id, 0) for s in seen)
            price = self.options.rating_nanousd * sum(len(s.values) for s in seen)
            self.states[key] = replace(
                grown(state, seen),
                spent_nanousd=state.spent_nanousd + cost,
                rated_nanousd=state.rated_nanousd + price,
                stopped=waits,
            )
        standings, streams = self._standings(), self._streams()
        closed = closed_by_cell(
            [planned.cell for planned in self.cells.values()], streams, silent(self.states)
        )
        self.states = {
            key: replace(
                ruled(state, self.cells[key], closed[key], before[key]), standing=standings[key].why
            )
            for key, state in self.states.items()
        }
        self.store.save_sequential(self.states.values(), run=self.run)

    def _close(self) -> None:
        """Say of cells that are still open what stood in the way."""
        for key, standing in self._standings().items():
            state = replace(self.states[key], standing=standing.why)
            if standing.why != "open":
                state = replace(state, stopped="")
            elif not state.stopped:
                state = replace(state, stopped="time" if self.spending.is_over else "budget")
            self.states[key] = state
        self.store.save_sequential(self.states.values(), run=self.run)

    def _view(self) -> RoundView:
        """What the round holds of this run's cells."""
        offers = [offer.id for offer in self.benchmark.offers]
        view = RoundView.of(self.store, self.benchmark.round, offers, self.digests)
        return replace(view, outputs=tuple(o for o in view.outputs if o.id in self.own))

    def _ratings(self, view: RoundView) -> Mapping[str, Sequence[Rating]]:
        found: dict[str, list[Rating]] = defaultdict(list)
        ids = [o.id for o in view.outputs]
        for rating in self.store.ratings_of(criterion=self.benchmark.quality.name, outputs=ids):
            if rating.control == "test":
                found[rating.output_id].append(rating)
        return found


def _plan(
    store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...], options: AdaptiveOptions
) -> list[PlannedCell]:
    """Every cell with its test, fixed by the plan before the first output."""
    rule = rule_for(benchmark, options.method)
    spent = spent_prompts(store, benchmark.round, run_id(benchmark))
    view = RoundView(outputs=(), prompts={p.digest: p for p in prompts})
    found = []
    for (category, modality), order in prompt_orders(benchmark, prompts, spent).items():
        for offer in benchmark.offers:
            key = CellKey(category, modality, offer.id)
            family: FamilyPlan = family_of(benchmark, view, benchmark.offers, key)
            planned = planned_cell(
                benchmark, offer, key, order, family, rule=rule,
                rating_nanousd=options.rating_nanousd,
            )  # fmt: skip
            if planned is not None:
                found.append(planned)
    if not found:
        raise BenchmarkError(
            f"benchmark {benchmark.name} has no prompt left in round {benchmark.round} that any "
            "of its offers makes and any tier asks for; take a new round"
        )
    return found
