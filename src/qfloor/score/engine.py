"""How batches are run: ``local``, one thread a core, or ``ray``, actors on many machines.

While one lane waits for the disk or decodes, the others compute: there is always work for every
core, and nobody waits for a slower stage. An engine only decides where and when; what is
computed is `Scoring`'s, so every engine gives the same scores.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from qfloor.errors import ScoringError
from qfloor.score.batches import batches_of, shifts_of
from qfloor.score.scoring import Found, Scoring, Work
from qfloor.scorers.lanes import available_cores

Batch = Sequence[Work]
Engine = Callable[[Scoring, Sequence[Work], int], Iterator[tuple[Batch, Found]]]
"""From work and the size of a batch to batches and what they found, in any order."""

ENGINES = ("local", "ray")


def run_local(scoring: Scoring, work: Sequence[Work], size: int) -> Iterator[tuple[Batch, Found]]:
    """Score in this process, one lane a core, and give batches back in order."""
    for shift in shifts_of(work):
        scoring.read_texts(shift)
        yield from in_lanes(scoring, batches_of(shift, size), available_cores())


def in_lanes(
    scoring: Scoring, batches: Iterable[Batch], lanes: int
) -> Iterator[tuple[Batch, Found]]:
    """Score batches in so many threads and give them back in order.

    Decoders and model runtimes release the interpreter's lock, so threads suffice. Twice as many
    batches as lanes are under way or waiting to be written, however many outputs there are: that
    bounds memory, and lets a short batch pass a long one.
    """
    under_way: deque[tuple[Batch, Future[Found]]] = deque()
    pool = ThreadPoolExecutor(lanes, thread_name_prefix="score")
    try:
        for batch in batches:
            under_way.append((batch, pool.submit(scoring.score, batch)))
            if len(under_way) > 2 * lanes:
                yield _next(under_way)
        while under_way:
            yield _next(under_way)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _next(under_way: deque[tuple[Batch, Future[Found]]]) -> tuple[Batch, Found]:
    batch, future = under_way.popleft()
    return batch, future.result()


def engine_called(name: str) -> Engine:
    """Return an engine by name; ``ray`` takes settings behind a colon.

    Raises
    ------
    ScoringError, PluginError
        When there is none of that name, a setting is wrong, or its package is not installed.
    """
    kind, _, settings = name.partition(":")
    if kind == "local" and not settings:
        return run_local
    if kind == "ray":
        from qfloor.ray_cluster import ray_settings
        from qfloor.score.on_ray import ray_engine

        return ray_engine(ray_settings(settings))
    raise ScoringError(f"there is no scoring engine {name!r}; known: {', '.join(ENGINES)}")
