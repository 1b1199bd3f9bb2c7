"""Cells of a sequential run: how each is tested, and what its outputs counted as when looked at.

Streams are what statistics see of a state; states are what the store keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from qfloor import prices
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError
from qfloor.floors import Closed, Demand, FamilyPlan, Judged, SequentialCell, SequentialDesign
from qfloor.floors.cells import FAIL
from qfloor.floors.missing import MISSING_TOO_MUCH
from qfloor.floors.sequential import SequentialRule, counted
from qfloor.generate.outcome import asked_for
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.pipeline.rounds.prompt_order import own_prompts
from qfloor.records import (
    CountsAs,
    FloorKind,
    Offer,
    Output,
    Prompt,
    Rating,
    SeenOutput,
    SequentialState,
    Status,
    TierRuling,
    digest_of,
    output_id,
)
from qfloor.stats.streams import Seen

Method = Literal["auto", "exact", "e_process"]


@dataclass(frozen=True, kw_only=True)
class PlannedCell:
    """An offer in a category: its test, the offer as it is bought, its prompts in order.

    ``outputs`` are the ids of each prompt's outputs, one a repeat.
    """

    key: CellKey
    cell: SequentialCell
    offer: Offer
    order: tuple[Prompt, ...]
    outputs: tuple[tuple[str, ...], ...]

    def fresh(self, benchmark: Benchmark) -> SequentialState:
        """The state of a test that has seen nothing."""
        return SequentialState(
            round=benchmark.round,
            offer_id=self.offer.id,
            offer_digest=digest_of(self.offer),
            category=self.key.category,
            modality=self.key.modality,
            quality=benchmark.quality.id,
            rule=self.cell.design.rule,
            level=self.cell.design.level,
            alpha=benchmark.alpha,
            horizon=self.cell.design.horizon,
            prompt_order=digest_of([p.digest for p in self.order]),
        )


def rule_for(benchmark: Benchmark, method: Method) -> SequentialRule:
    """Choose the test: exact where a prompt has one output and one vote, else the e-process.

    Raises
    ------
    BenchmarkError
        When the method is none of the three.
    """
    if method not in ("auto", "exact", "e_process"):
        raise BenchmarkError(f"method {method!r} is unknown; known: auto, exact, e_process")
    votes = 1 if benchmark.panel is None else benchmark.panel.votes
    single = benchmark.repeats == 1 and votes == 1
    return "exact_sequential" if method == "exact" or (method == "auto" and single) else "e_process"


def planned_cell(
    benchmark: Benchmark,
    offer: Offer,
    key: CellKey,
    order: Sequence[Prompt],
    family: FamilyPlan,
    *,
    rule: SequentialRule,
    rating_nanousd: int,
) -> PlannedCell | None:
    """Plan a cell; None when the offer can make none of its prompts or no tier asks for it."""
    own = own_prompts(benchmark, offer, order)
    demands = tuple(
        Demand(tier=t.tier, threshold=t.value, max_fail=t.max_fail)
        for t in benchmark.thresholds
        if (t.category, t.modality) == (key.category, key.modality)
    )
    if not own or not demands:
        return None
    votes = 1 if benchmark.panel is None else benchmark.panel.votes
    price = round(fmean(_price(offer, p) for p in own)) + rating_nanousd * votes
    design = SequentialDesign(
        rule=rule, horizon=len(own), level=family.level, chains=shared_by(benchmark, family.chains)
    )
    cell = SequentialCell(
        key=key, design=design, demands=demands, price_nanousd=price * benchmark.repeats,
        family=family.name,
    )  # fmt: skip
    outputs = tuple(
        tuple(output_id(p, offer, r, benchmark.round) for r in range(benchmark.repeats))
        for p in own
    )
    return PlannedCell(key=key, cell=cell, offer=offer, order=own, outputs=outputs)


def shared_by(benchmark: Benchmark, chains: int) -> int | None:
    """Chains that share alpha by Holm; None where each cell keeps its level."""
    return chains if benchmark.correction == "holm" else None


def _price(offer: Offer, prompt: Prompt) -> int:
    """What an output is expected to cost; an unknown price steers nothing (a budget refuses it)."""
    if offer.price is None:
        return 0
    asked = asked_for(offer, prompt)
    return prices.estimate(offer.price, settings=offer.settings, **asked) or 0


def look(
    planned: PlannedCell,
    first: int,
    end: int,
    view: RoundView,
    ratings: Mapping[str, Sequence[Rating]],
) -> tuple[list[SeenOutput], str]:
    """Look at the next prompts of a cell, as far as they are judged.

    Returns
    -------
    seen : list of SeenOutput
        Of whole prompts, in order, up to the first that is not there yet.
    waits : str
        What the first that is not there waits for; empty when all are.
    """
    wanted = {name for ids in planned.outputs[first:end] for name in ids}
    outputs = {o.id: o for o in view.outputs if o.id in wanted}
    found: list[SeenOutput] = []
    for prompt, ids in zip(planned.order[first:end], planned.outputs[first:end], strict=True):
        made = [outputs.get(name) for name in ids]
        waits = next((w for w in (_waits(o, ratings) for o in made) if w), "")
        if waits:
            return found, waits
        found += [_seen(o, prompt, view, ratings.get(o.id, ())) for o in made if o is not None]
    return found, ""


def _waits(output: Output | None, ratings: Mapping[str, Sequence[Rating]]) -> str:
    if output is None:
        return "outputs"
    if output.status is Status.SETUP:
        return f"its setup: {output.reason}"
    if output.status is Status.MADE and not ratings.get(output.id):
        return "ratings"
    return ""


def _seen(output: Output, prompt: Prompt, view: RoundView, given: Sequence[Rating]) -> SeenOutput:
    """What an output counts as; ratings in an order drawn by hash, as the exact test takes one."""
    ordered = sorted(given, key=lambda r: digest_of([output.id, r.rater]))
    values = tuple(r.value for r in ordered)
    judged = Judged(
        output_id=output.id,
        family=prompt.family,
        repeat=output.repeat,
        status=output.status,
        values=values,
        unsafe=output.unsafe or output.id in view.safety.unsafe,
        safety_unknown=output.id in view.safety.unknown,
    )
    return SeenOutput(
        output_id=output.id,
        prompt_digest=prompt.digest,
        delivered=counted(judged, "delivered"),
        conditional=counted(judged, "conditional"),
        values=values,
    )


def stream_of(seen: Iterable[SeenOutput], kind: FloorKind = "delivered") -> list[Seen]:
    """Turn what a test has looked at into what statistics take: values by prompt.

    An output that failed outright weighs as much as one that was rated. A prompt of which any
    output is missing is missing: it counts against every verdict.
    """
    return [found for found in (_values(group, kind) for group in by_prompt(seen)) if found != []]


def by_prompt(seen: Iterable[SeenOutput]) -> Iterator[list[SeenOutput]]:
    """Group what was seen by prompt, in order."""
    groups: dict[str, list[SeenOutput]] = {}
    for output in seen:
        groups.setdefault(output.prompt_digest, []).append(output)
    return iter(groups.values())


def _values(group: Sequence[SeenOutput], kind: FloorKind) -> list[float] | None:
    counts = [o.delivered if kind == "delivered" else o.conditional for o in group]
    if CountsAs.MISSING in counts:
        return None
    sizes = [len(o.values) for o, c in zip(group, counts, strict=True) if c is CountsAs.SCORED]
    votes = max(1, round(fmean(sizes))) if sizes else 1
    values: list[float] = []
    for output, count in zip(group, counts, strict=True):
        if count is CountsAs.SCORED:
            values += output.values
        elif count is CountsAs.FAIL:
            values += [FAIL] * votes
    return values


def too_much_missing(state: SequentialState) -> bool:
    """Whether so many of the outputs that were looked at are missing that nothing can be said."""
    counts = [o.delivered for o in state.seen]
    return bool(counts) and counts.count(CountsAs.MISSING) / len(counts) > MISSING_TOO_MUCH


def silent(states: Mapping[CellKey, SequentialState]) -> frozenset[CellKey]:
    """Cells of which nothing can be said: they close no chain."""
    return frozenset(key for key, state in states.items() if too_much_missing(state))


def grown(state: SequentialState, seen: Sequence[SeenOutput]) -> SequentialState:
    """Add what was seen to a state; what follows from it is for `ruled` to say."""
    together = (*state.seen, *seen)
    return replace(state, seen=together, n_prompts=len(stream_of(together)))


def ruled(
    state: SequentialState, planned: PlannedCell, closed: Closed, after: int
) -> SequentialState:
    """Give a state the rulings that follow from what it has seen and what has closed.

    ``after`` is how many prompts it had seen when it was ruled on before.
    """
    stream = stream_of(state.seen)
    earlier = {r.tier: r for r in state.rulings}
    rulings = []
    for demand in planned.cell.demands:
        limits = planned.cell.design.limits(stream, demand.max_fail, closed)
        ruling = limits.verdict(demand.threshold)
        before = earlier.get(demand.tier)
        at = None if before is None else before.decided_at
        if ruling == "undecided":
            at = None
        elif before is None or before.ruling != ruling:
            at = _fell(planned, stream, demand, ruling, closed, after)
        rulings.append(
            TierRuling(
                tier=demand.tier,
                threshold=demand.threshold,
                max_fail=demand.max_fail,
                ruling=ruling,
                decided_at=at,
            )
        )
    return replace(state, rulings=tuple(rulings))


def _fell(
    planned: PlannedCell,
    stream: Sequence[Seen],
    demand: Demand,
    ruling: str,
    closed: Closed,
    after: int,
) -> int:
    """After how many prompts a ruling fell that had not after ``after``.

    One that fell because another cell has closed fell after as many as were seen by then.
    """
    for n in range(after + 1, len(stream)):
        limits = planned.cell.design.limits(stream[:n], demand.max_fail, closed)
        if limits.verdict(demand.threshold) == ruling:
            return n
    return len(stream)
