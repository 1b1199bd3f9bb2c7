"""Local generation on Ray: what a generator only computes is computed on many machines.

Buying stays in one process, where asynchronous calls by the thousand need no more. A generator
whose `collect` is a function of its job (`qfloor.generators.protocol.Computes`: diffusers
pipelines, painters) is built once in each of several actors; the driver keeps ledger, limits and
store, and hands each job to an actor that is free, first to one that has the pipeline loaded. A
job whose actor was lost is computed again elsewhere: it is free, and gives the same bytes. What
this module does not know: money, and what is drawn.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qfloor import plugins
from qfloor.counting import several
from qfloor.errors import QfloorError
from qfloor.generators.protocol import Artifact, Computes, Ended
from qfloor.ray_cluster import RaySettings, actors_that_fit, connected, settings_called
from qfloor.records import Offer, PluginSpec


class Collector:
    """What runs on a node: the generator, built once, and one job at a time."""

    def __init__(self, spec: PluginSpec, offers: Sequence[Offer]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="qfloor-collect-")
        self._refusal: QfloorError | None = None
        try:
            self._generator = plugins.build_generator(spec, offers, Path(self._folder.name))
        except QfloorError as error:
            self._refusal = error
            self._folder.cleanup()

    async def collect(self, job: Mapping[str, Any]) -> Ended | QfloorError:
        """Compute a job; a file comes back as its bytes, for the driver may not see this disk."""
        if self._refusal is not None:
            return self._refusal
        try:
            ended: Ended = await self._generator.collect(job)
        except QfloorError as error:
            return error
        if ended.artifact is None or ended.artifact.path is None:
            return ended
        content = await asyncio.to_thread(ended.artifact.path.read_bytes)
        ended.artifact.path.unlink(missing_ok=True)
        artifact = Artifact(content=content, media_type=ended.artifact.media_type)
        return replace(ended, artifact=artifact)


class OnRay:
    """A generator whose jobs are collected by actors; all else is the generator's own.

    Parameters
    ----------
    inside : Computes
        Built in this process; never asked to collect.
    actors : sequence
        Handles of `Collector` actors.
    lost : type of BaseException
        What awaiting an actor raises when it was lost.
    tries : int
        How often a job is begun in all.
    """

    def __init__(
        self, inside: Any, actors: Sequence[Any], lost: type[BaseException], tries: int
    ) -> None:
        self._inside, self._lost, self._tries = inside, lost, tries
        self._actors = list(actors)
        self._free = list(range(len(actors)))
        self._had: dict[int, str] = {}
        self._changed: asyncio.Condition | None = None

    def __getattr__(self, name: str) -> Any:
        """Everything else is the generator's own."""
        return getattr(self._inside, name)

    async def collect(self, job: Mapping[str, Any]) -> Ended:
        """Let a free actor compute the job; when it is lost, another."""
        offer = str(job.get("offer") or job.get("offer_id") or "")
        index = await self._take(offer)
        try:
            for _ in range(self._tries):
                try:
                    ended = await self._actors[index].collect.remote(dict(job))
                except self._lost:
                    continue
                if isinstance(ended, QfloorError):
                    raise ended
                return _checked(ended)
        finally:
            await self._give(index, offer)
        return Ended(
            reason="capacity", charged="no", amount_nanousd=0,
            detail=f"the actor that computed it was lost {several(self._tries, 'time')}",
        )  # fmt: skip

    async def _take(self, offer: str) -> int:
        """Wait for a free actor; one that last had this offer is taken first."""
        if self._changed is None:
            self._changed = asyncio.Condition()
        async with self._changed:
            while not self._free:
                await self._changed.wait()
            index = min(self._free, key=lambda i: self._had.get(i) != offer)
            self._free.remove(index)
            return index

    async def _give(self, index: int, offer: str) -> None:
        assert self._changed is not None
        async with self._changed:
            self._had[index] = offer
            self._free.append(index)
            self._changed.notify()


def _checked(ended: Any) -> Ended:
    if not isinstance(ended, Ended):
        raise TypeError(f"an actor gave {type(ended).__name__} in place of an end")
    return ended


@contextlib.contextmanager
def spread(
    generators: Mapping[str, Any], offers: Sequence[Offer], engine: str
) -> Iterator[dict[str, Any]]:
    """Give generators by offer id, those that only compute spread over actors where asked to.

    Parameters
    ----------
    generators : mapping of str to Generator
        By offer id, as `qfloor.generate` builds them.
    offers : sequence of Offer
        All offers; those of an equal spec share a generator.
    engine : str
        ``local``, or ``ray`` with its settings.

    Raises
    ------
    PluginError
        When there is no such engine, or the cluster has no room.
    """
    settings = settings_called(engine)
    computing = {id(g): g for g in generators.values() if isinstance(g, Computes)}
    if settings is None or not computing:
        yield dict(generators)
        return
    with connected(settings) as ray:
        mine = {
            key: [o for o in offers if generators.get(o.id) is g] for key, g in computing.items()
        }
        made = {
            key: _spread(ray, one, mine[key], settings, among=len(computing))
            for key, one in computing.items()
        }
        yield {offer: made.get(id(one), one) for offer, one in generators.items()}


def _spread(
    ray: Any, inside: Computes, offers: Sequence[Offer], settings: RaySettings, *, among: int
) -> OnRay:
    told = offers[0].generator
    assert told is not None  # or nothing would have been built
    spec = PluginSpec(name=told.name, args={**told.args, **inside.alone})
    gpus = settings.gpus
    if gpus is None:  # one each, where there are any and the generator can use them
        gpus = float(inside.device != "cpu" and ray.cluster_resources().get("GPU", 0.0) > 0)
    count = max(1, actors_that_fit(ray, settings, gpus) // among)
    remote = ray.remote(Collector).options(
        num_cpus=settings.cpus, num_gpus=gpus, max_restarts=-1, max_task_retries=0
    )
    actors = [remote.remote(spec, list(offers)) for _ in range(count)]
    return OnRay(inside, actors, ray.exceptions.RayError, settings.restarts + 1)
