"""How batches are run. ``local``: media are read and decoded by threads ahead of the scoring.

An engine only decides where and when; what is computed is `Scoring`'s, so every engine gives
the same scores in the same order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from qfloor.errors import ScoringError
from qfloor.records import Score
from qfloor.score.inputs import Decoded
from qfloor.score.scoring import Scoring, Work

Batch = Sequence[Work]
Engine = Callable[[Scoring, Iterable[Batch]], Iterator[tuple[Batch, list[Score]]]]

_DECODERS = 2
_AHEAD = 2


def run_local(scoring: Scoring, batches: Iterable[Batch]) -> Iterator[tuple[Batch, list[Score]]]:
    """Score batches in this process, in order, with two batches of media decoded ahead.

    Decoders release the interpreter's lock, so threads suffice. Memory is bounded by three
    batches whatever the number of outputs.
    """
    waiting: deque[tuple[Batch, list[Future[Decoded | str]]]] = deque()
    pool = ThreadPoolExecutor(_DECODERS, thread_name_prefix="decode")
    try:
        for batch in batches:
            waiting.append((batch, [pool.submit(scoring.load, work) for work in batch]))
            if len(waiting) > _AHEAD:
                yield _score_next(scoring, waiting)
        while waiting:
            yield _score_next(scoring, waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _score_next(
    scoring: Scoring, waiting: deque[tuple[Batch, list[Future[Decoded | str]]]]
) -> tuple[Batch, list[Score]]:
    batch, futures = waiting.popleft()
    return batch, scoring.score(batch, [future.result() for future in futures])


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
