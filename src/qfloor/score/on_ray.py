"""Scoring on Ray: a dataset of parcels, stateful actors, answers in order of arrival.

    work -> parcels of batches -> Ray Data -> ScoringActor (scorers built once) -> answers -> store

The driver alone writes. Ray runs a parcel again when its actor or node was lost, so a parcel may
be answered twice and is taken once. Rows go out `_SPAN` outputs at a time as a few hundred bytes
each and media never do, which bounds the object store whatever the round's size. What this module
does not know: what an actor does with a parcel (`ray_actor`).
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import pickle
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from typing import Any

from qfloor.counting import several
from qfloor.errors import QfloorError, ScoringError
from qfloor.plugins import spec_of
from qfloor.ray_cluster import RaySettings, actors_that_fit, connected
from qfloor.score.batches import batches_of, shifts_of
from qfloor.score.engine import Batch, Engine
from qfloor.score.ray_actor import Begun, ScoringActor, packed, recipe_of
from qfloor.score.scoring import Found, Scoring, Work

_SPAN = 1 << 16
"""Outputs that one dataset holds: actors are built anew for the next, once in many minutes."""

_PARCEL = 16
"""Batches in a parcel: what is scored again when an actor is lost, and seconds of work."""


def ray_engine(settings: RaySettings) -> Engine:
    """Return an engine that scores on a Ray cluster."""

    def run(scoring: Scoring, work: Sequence[Work], size: int) -> Iterator[tuple[Batch, Found]]:
        if not work:
            return
        with connected(settings) as ray:
            gpus = _gpus(scoring, settings)
            actors = actors_that_fit(ray, settings, gpus)
            recipe = _recipe(ray, scoring, work, settings)
            for start in range(0, len(work), _SPAN):
                span = work[start : start + _SPAN]
                batches = [b for shift in shifts_of(span) for b in batches_of(shift, size)]
                yield from _spanned(ray, batches, recipe, settings, actors=actors, gpus=gpus)

    return run


def _recipe(ray: Any, scoring: Scoring, work: Sequence[Work], settings: RaySettings) -> bytes:
    media = getattr(scoring.decode, "media", None)
    probe = None
    if media is not None:  # one that the driver sees, so that a node that does not is found out
        seen = (w for w in islice(work, 20) if media.has(w.output.media_sha256 or ""))
        probe = next(seen, None)
    lanes = max(1, int(settings.cpus))
    return recipe_of(scoring, lanes=lanes, probe=probe, dumps=ray.cloudpickle.dumps)


def _gpus(scoring: Scoring, settings: RaySettings) -> float:
    """GPUs an actor reserves: what was said, else one where a scorer was told to use it."""
    if settings.gpus is not None:
        return settings.gpus
    specs = [spec for scorer in scoring.scorers if (spec := spec_of(scorer)) is not None]
    return float(any(spec.args.get("device") == "cuda" for spec in specs))


def _spanned(
    ray: Any,
    batches: Sequence[Batch],
    recipe: bytes,
    settings: RaySettings,
    *,
    actors: int,
    gpus: float,
) -> Iterator[tuple[Batch, Found]]:
    numbered = list(enumerate(batches))
    length = max(1, min(_PARCEL, -(-len(numbered) // (4 * actors))))
    parcels = [
        {"parcel": packed(numbered[i : i + length])} for i in range(0, len(numbered), length)
    ]
    answers = _answers(ray, parcels, recipe, settings, actors=min(actors, len(parcels)), gpus=gpus)
    due = set(range(len(batches)))
    with contextlib.closing(answers):
        for content in answers:
            answer = pickle.loads(content)
            if isinstance(answer, QfloorError):
                raise answer
            for n, found in answer:
                if n in due:  # a parcel that was run again is taken once
                    due.discard(n)
                    yield batches[n], found
    if due:
        raise ScoringError(
            f"Ray lost {several(sum(len(batches[n]) for n in due), 'output')} without a word; "
            "what was scored "
            f"is kept, run the same command again"
        )


def _answers(
    ray: Any,
    parcels: Sequence[dict[str, bytes]],
    recipe: bytes,
    settings: RaySettings,
    *,
    actors: int,
    gpus: float,
) -> Generator[bytes, None, None]:
    """Yield what actors answer, as it arrives.

    Raises
    ------
    ScoringError
        When Ray gives up: actors or nodes were lost more often than settings allow.
    """
    data: Any = importlib.import_module("ray.data")

    _prepare(data, settings)
    begun = _tally(ray)
    rows = data.from_items(list(parcels), override_num_blocks=len(parcels)).map(
        ScoringActor,
        fn_constructor_kwargs={"recipe": recipe, "begun": begun, "most": settings.restarts + 1},
        compute=data.ActorPoolStrategy(
            min_size=1, max_size=actors, initial_size=actors, max_tasks_in_flight_per_actor=2
        ),
        num_cpus=settings.cpus,
        num_gpus=gpus or None,
    )
    try:
        for block in rows.iter_batches(batch_size=None, batch_format="pyarrow"):
            yield from block.column("answer").to_pylist()
    except ray.exceptions.RayError as error:
        said = next((line for line in reversed(str(error).splitlines()) if line.strip()), "")
        raise ScoringError(
            f"Ray gave up: {' '.join(said.split())[:300]}; what was scored is kept, run the same "
            f"command again"
        ) from error


def _tally(ray: Any) -> Any:
    """Start a counter beside the driver: Ray itself runs a lost parcel again without end."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    return ray.remote(Begun).options(num_cpus=0, scheduling_strategy=here).remote()


def _prepare(data: Any, settings: RaySettings) -> None:
    """Quiet, in order of arrival, and within the object store."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    options = context.execution_options
    options.preserve_order = False
    options.resource_limits = options.resource_limits.copy(
        object_store_memory=settings.store_mb * (1 << 20) / 2
    )
