"""Buying for a sequential run: batch after batch within one budget and one length of time.

It knows what the round has cost and how long the run may still take. Which prompts are bought,
and what their outputs say, is `adaptive`'s.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from qfloor import generate
from qfloor.benchmark import Benchmark
from qfloor.errors import BudgetError
from qfloor.generate import RunPolicy
from qfloor.generate.run import Watch
from qfloor.pipeline.latency_feed import feed_latency
from qfloor.pipeline.run import Report
from qfloor.records import Event, Offer, Prompt
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class Buying:
    """How a run buys: patience and time, who is shown its progress, what a person releases.

    ``policy.deadline_s`` is the whole run's, over all batches. ``release`` names outputs that may
    have been charged and shall be asked for again, as `qfloor.pipeline.generate_round` takes them.
    """

    policy: RunPolicy = field(default_factory=RunPolicy)
    watch: Watch | None = None
    release: Sequence[str] = ()
    clock: Callable[[], float] = time.monotonic


class Spending:
    """What a round costs, and the next batch bought from what is left.

    ``own`` are the outputs that the run's cells will look at.
    """

    def __init__(
        self, store: Store, benchmark: Benchmark, own: set[str], buying: Buying, report: Report
    ) -> None:
        self.store, self.benchmark, self.own = store, benchmark, own
        self.buying, self.report = buying, report
        self.released = generate.released(store, buying.release, round=benchmark.round)
        wanted_s = buying.policy.deadline_s
        self._ends_at = None if wanted_s is None else buying.clock() + wanted_s

    @property
    def is_over(self) -> bool:
        """Whether the run's time is over."""
        return self._ends_at is not None and self.buying.clock() >= self._ends_at

    def left(self, looked_at_nanousd: int) -> int | None:
        """What the budget leaves once everything looked at, and foreign to the run, is paid."""
        budget = self.benchmark.budget_nanousd
        if budget is None:
            return None
        foreign = sum(a for output, a in self.by_output().items() if output not in self.own)
        return max(0, budget - looked_at_nanousd - foreign)

    def by_output(self) -> dict[str, int]:
        """What each output of the round has cost, as it last ended."""
        ended: dict[tuple[str, int], int] = {}
        for attempt in self.store.attempts_of(round=self.benchmark.round):
            if attempt.event is Event.ENDED:
                ended[attempt.output_id, attempt.n] = attempt.amount_nanousd or 0
        total: dict[str, int] = defaultdict(int)
        for (output, _), amount in ended.items():
            total[output] += amount
        return total

    def buy(self, prompts: Sequence[Prompt], offers: Sequence[Offer], rated_nanousd: int) -> bool:
        """Generate a batch as far as time allows; False when the budget refused it.

        ``rated_nanousd`` is what people's ratings took of the budget.
        """
        benchmark, policy, watch = self.benchmark, self.buying.policy, self.buying.watch
        if self._ends_at is not None:
            policy = replace(policy, deadline_s=max(0.0, self._ends_at - self.buying.clock()))
        budget = benchmark.budget_nanousd
        try:
            generate.generate(
                prompts,
                offers,
                store=self.store,
                round=benchmark.round,
                repeats=benchmark.repeats,
                policy=policy,
                budget_nanousd=None if budget is None else max(0, budget - rated_nanousd),
                limits=benchmark.limits,
                allow_unpriced=benchmark.allow_unpriced,
                release_unknown=self.released,
                watch=watch,
                progress=None
                if watch
                else lambda done, total, _offer: self.report("generate", done, total),
            )
        except BudgetError:
            return False
        feed_latency(self.store, benchmark.round)
        return True
