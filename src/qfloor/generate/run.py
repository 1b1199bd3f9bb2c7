"""Drive a plan to its end: many calls at once, each offer within its own limit.

`generate` is the stage in one call: lock the store, build the generators, plan, check the
budget, run. `run_generation` is the part of it that is a coroutine, for who has the rest.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from qfloor.errors import StoreError
from qfloor.generate.desk import Desk, utc_now
from qfloor.generate.gate import Account, Gate, account_of, limits_of
from qfloor.generate.interrupts import second_leaves_at_once
from qfloor.generate.life import Life
from qfloor.generate.outcome import Outcome
from qfloor.generate.plan import GenerationPlan, Planned, plan_generation
from qfloor.generate.policy import Purse, RunPolicy
from qfloor.generate.progress import Progress
from qfloor.generate.state import Step
from qfloor.generators.on_ray import spread
from qfloor.generators.protocol import DOWNLOADS
from qfloor.plugins import build_generator
from qfloor.records import Offer, Prompt, RateLimits, Status, digest_of
from qfloor.store import Store

T = TypeVar("T")
Told = Callable[[int, int, str], None]
Watch = Callable[[Progress], None]
Through = Callable[[Planned, Outcome | None], None]
PATIENT = RunPolicy()
_FIRST = {Step.RESUME: 0, Step.DOUBT: 1, Step.NEW: 2}


@dataclass(frozen=True, kw_only=True)
class GenerationResult:
    """How a run went.

    ``counts`` are ends of this run by status; ``left`` are requests it did not get to, and
    ``stopped`` says why, by offer (``halted`` for all of them). ``waiting`` are output ids that
    may have been charged and are not asked for again until a person releases them.
    """

    plan: GenerationPlan
    counts: Mapping[Status, int]
    left: int
    stopped: Mapping[str, str]
    halted: str
    waiting: tuple[str, ...]
    spent_nanousd: int
    seconds: float


async def run_generation(
    plan: GenerationPlan,
    store: Store,
    generators: Mapping[str, Any],
    *,
    policy: RunPolicy = PATIENT,
    limits: Mapping[str, RateLimits] | None = None,
    progress: Told | None = None,
    watch: Watch | None = None,
    rng: random.Random | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], str] = utc_now,
    trace: Callable[[str, str], None] = lambda step, key: None,
) -> GenerationResult:
    """Carry out a plan.

    Parameters
    ----------
    plan : GenerationPlan
        Made from this store as it is now.
    store : Store
        Held by the caller with `Store.writing`.
    generators : mapping of str to Generator
        By offer id.
    policy : RunPolicy
        Patience and budget.
    limits : mapping of str to RateLimits, optional
        What a provider's account may be asked, in place of what its generator declares.
    progress : callable, optional
        Told (done, total, offer id) after each request.
    watch : callable, optional
        Shown the `Progress` after each request.
    rng : random.Random, optional
        Jitter of waits; seeded with 0 when not given.
    clock, sleep, now, trace : callables
        Sources of time, and a witness of each step (`qfloor.generate.desk.STEPS`), for tests.

    Returns
    -------
    GenerationResult

    Raises
    ------
    StoreError
        When the store has changed since the plan, or cannot be written. Calls under way are
        finished and kept first; a next run goes on from there.
    """
    if store.ledger_position() != plan.ledger_position:
        raise StoreError("the store has changed since this plan was made; plan again")
    _keep_what_is_asked(plan, store)
    started = clock()
    desk = Desk(
        store=store,
        policy=policy,
        purse=Purse(policy.budget_nanousd, plan.spent_nanousd, plan.held_nanousd),
        max_attempts=plan.max_attempts,
        rng=rng or random.Random(0),
        clock=clock,
        sleep=sleep,
        now=now,
        trace=trace,
    )
    made = Progress(plan, desk.purse, clock)
    through = _told(made, progress, watch)
    try:
        await _work(_workers(plan, generators, limits or {}, desk, through), desk)
    finally:
        await desk.journal.close()
        desk.threads.shutdown()
    return GenerationResult(
        plan=plan,
        counts=dict(made.counts),
        left=made.left,
        stopped=dict(desk.stopped),
        halted=desk.halted,
        waiting=(*plan.waiting, *sorted(made.waiting)),
        spent_nanousd=sum(s.amount_nanousd for s in store.spending(round=plan.round))
        if plan.items
        else plan.spent_nanousd,
        seconds=clock() - started,
    )


def _told(made: Progress, progress: Told | None, watch: Watch | None) -> Through:
    """Count each request that is through, and tell who wants to know."""

    def through(item: Planned, outcome: Outcome | None) -> None:
        made.add(item, outcome)
        if progress is not None:
            progress(made.done, made.total, item.request.offer.id)
        if watch is not None:
            watch(made)

    return through


def _keep_what_is_asked(plan: GenerationPlan, store: Store) -> None:
    requests = [item.request for item in plan.items]
    prompts = {id(r.prompt): r.prompt for r in requests}
    digests = {key: prompt.digest for key, prompt in prompts.items()}  # once a prompt
    with store.transaction():
        store.save_prompts(prompts.values())
        store.save_offers({r.offer.id: r.offer for r in requests}.values())
        store.save_requests(
            (r.key, digests[id(r.prompt)], r.offer.id, r.repeat, r.round) for r in requests
        )


def _workers(
    plan: GenerationPlan,
    generators: Mapping[str, Any],
    limits: Mapping[str, RateLimits],
    desk: Desk,
    through: Through,
) -> list[Coroutine[Any, Any, None]]:
    """As many workers an offer as it takes calls at once; jobs under way come first."""
    queues: dict[str, deque[Planned]] = defaultdict(deque)
    for item in sorted(plan.items, key=lambda i: _FIRST[i.standing.step]):
        queues[item.request.offer.id].append(item)
    gates: dict[Account, Gate] = {}
    workers = []
    for offer_id, queue in queues.items():
        offer, generator = queue[0].request.offer, generators[offer_id]
        account = account_of(offer)
        if account not in gates:
            gates[account] = desk.gate(offer.provider, limits_of(offer, generator, limits))
        workers += [
            _serve(queue, generator, gates[account], desk, through)
            for _ in range(min(len(queue), max(1, offer.concurrency)))
        ]
    return workers


async def _serve(
    queue: deque[Planned], generator: Any, gate: Gate, desk: Desk, through: Through
) -> None:
    while queue:
        item = queue.popleft()
        outcome = await Life(item, generator, gate, desk).live()
        through(item, outcome)


async def _work(workers: Sequence[Coroutine[Any, Any, None]], desk: Desk) -> None:
    """Run the workers; on an interrupt or a failing store, finish the calls under way first."""
    tasks = [asyncio.create_task(worker) for worker in workers]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        desk.halted = desk.halted or "interrupted"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if desk.under_way:
            with second_leaves_at_once(len(desk.under_way), desk.policy.grace_s):
                done, _ = await asyncio.wait(set(desk.under_way), timeout=desk.policy.grace_s)
            for task in done:  # looked at, so that nobody complains of what is raised anyway
                task.cancelled() or task.exception()
        raise


def generate(
    prompts: Sequence[Prompt],
    offers: Sequence[Offer],
    *,
    store: Store,
    round: str,
    repeats: int = 1,
    policy: RunPolicy = PATIENT,
    progress: Told | None = None,
    watch: Watch | None = None,
    trace: Callable[[str, str], None] = lambda step, key: None,
    limits: Mapping[str, RateLimits] | None = None,
    engine: str = "local",
    **asked: Any,
) -> GenerationResult:
    """Make what a round still lacks: the generate stage in one call.

    Killed at any instant and called again, it goes on where it was: jobs that were accepted
    are polled and collected, nothing is bought twice in a round.

    Parameters
    ----------
    prompts, offers, repeats, round
        See `qfloor.generate.plan_generation`.
    store : Store
        Where it is kept; held as its one writer meanwhile.
    policy : RunPolicy, optional
        Patience.
    limits, progress, watch, trace
        See `run_generation`.
    engine : str, default "local"
        Where generators that only compute do so (`qfloor.generators.on_ray`); buying stays here.
    **asked
        ``budget_nanousd``, ``allow_unpriced``, ``release_unknown``, ``resolve``, ``max_attempts``
        and ``excluded`` as `qfloor.generate.plan_generation` takes them.

    Returns
    -------
    GenerationResult

    Raises
    ------
    BudgetError
        When the worst case is above the budget; nothing was bought.
    PluginError
        When a generator cannot be built.
    StoreError
        When another run is writing the store.
    """
    if asked.get("budget_nanousd") is not None:
        policy = replace(policy, budget_nanousd=asked["budget_nanousd"])
    if asked.get("resolve"):
        policy, asked["budget_nanousd"] = replace(policy, buys=False), None

    async def stage(generators: Mapping[str, Any]) -> GenerationResult:
        try:
            plan = plan_generation(
                prompts, offers, repeats, round, store, generators=generators, **asked
            )
            store.save_prompts(prompts)  # also of what is made already: their labels may be new
            store.save_offers(offers)
            return await run_generation(
                plan,
                store,
                generators,
                policy=policy,
                limits=limits,
                progress=progress,
                watch=watch,
                trace=trace,
            )
        finally:
            await close_all(generators)

    with store.writing("generate"):
        _sweep_downloads(store)
        with spread(build_generators(offers, store), offers, engine) as generators:
            return run_anywhere(stage(generators))


def _sweep_downloads(store: Store) -> None:
    """Remove files that a killed run's sellers gave and nobody took over."""
    for folder in store.generator_folders():
        shutil.rmtree(folder / DOWNLOADS, ignore_errors=True)


async def close_all(generators: Mapping[str, Any]) -> None:
    """Close each generator once."""
    for generator in {id(g): g for g in generators.values()}.values():
        await generator.close()


def build_generators(offers: Sequence[Offer], store: Store) -> dict[str, Any]:
    """Build generators by offer id; offers of an equal spec share one, in a folder of its own."""
    groups: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        if offer.generator is not None:
            groups[digest_of(offer.generator, 12)].append(offer)
    built: dict[str, Any] = {}
    for digest, group in groups.items():
        spec = group[0].generator
        assert spec is not None
        folder = store.generator_folder(f"{spec.name}-{digest}")
        generator = build_generator(spec, group, folder)
        built.update({offer.id: generator for offer in group})
    return built


def run_anywhere(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also from within a notebook, which has a loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
