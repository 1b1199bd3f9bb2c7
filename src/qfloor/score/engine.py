"""How batches are run. ``local``: one thread a core takes a batch from its file to its rows.

While one lane waits for the disk or decodes, the others compute: there is always work for every
core, and nobody waits for a slower stage. An engine only decides where and when; what is
computed is `Scoring`'s, so every engine gives the same scores in the same order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from qfloor.errors import ScoringError
from qfloor.records import Score
from qfloor.score.scoring import Scoring, Work
from qfloor.scorers.lanes import available_cores

Batch = Sequence[Work]
Engine = Callable[[Scoring, Iterable[Batch]], Iterator[tuple[Batch, list[Score]]]]


def run_local(scoring: Scoring, batches: Iterable[Batch]) -> Iterator[tuple[Batch, list[Score]]]:
    """Score batches in this process and give them back in order.

    Decoders and model runtimes release the interpreter's lock, so threads suffice. Twice as many
    batches as cores are under way or waiting to be written, however many outputs there are: that
    bounds memory, and lets a short batch pass a long one.
    """
    lanes = available_cores()
    under_way: deque[tuple[Batch, Future[list[Score]]]] = deque()
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


def _next(under_way: deque[tuple[Batch, Future[list[Score]]]]) -> tuple[Batch, list[Score]]:
    batch, future = under_way.popleft()
    return batch, future.result()


ENGINES: dict[str, Engine] = {"local": run_local}


def engine_called(name: str) -> Engine:
    """Return an engine by name.

    Raises
    ------
    ScoringError
        When there is none of that name.
    """
    if name not in ENGINES:
        raise ScoringError(f"there is no scoring engine {name!r}; known: {', '.join(ENGINES)}")
    return ENGINES[name]
