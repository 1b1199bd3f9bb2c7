"""Local generation on Ray: the same bytes as here, whatever actor is lost meanwhile."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from qfloor.errors import PluginError, SetupError
from qfloor.generate import generate
from qfloor.generators.builtin.generator import PainterGenerator
from qfloor.generators.on_ray import Collector, OnRay, spread
from qfloor.generators.protocol import Artifact, Computes, Ended
from qfloor.records import Offer, Output, PluginSpec, Prompt, Status
from qfloor.store import Store

PAINTER = next(o for o in PainterGenerator.catalogue() if o.modality == "image")


class LostError(Exception):
    pass


class Actor:
    """Stands in for a handle of an actor: awaitable calls, one of which may be lost."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.jobs = list(answers), []
        self.collect = self

    async def remote(self, job: Mapping[str, Any]) -> Any:
        self.jobs.append(job)
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, type):
            raise answer
        return answer


OK = Ended(reason="ok", artifact=Artifact(content=b"x"))


def collect(on_ray: OnRay, *offers: str) -> list[Ended]:
    async def all_() -> list[Ended]:
        return list(await asyncio.gather(*(on_ray.collect({"offer": o}) for o in offers)))

    return asyncio.run(all_())


def test_a_lost_actor_costs_a_job_nothing() -> None:
    actor = Actor(LostError, OK)
    assert collect(OnRay(None, [actor], LostError, 2), "a") == [OK]
    assert len(actor.jobs) == 2
    [ended] = collect(OnRay(None, [Actor(LostError)], LostError, 3), "a")
    assert (ended.reason, ended.charged, ended.amount_nanousd) == ("capacity", "no", 0)
    assert "lost 3 times" in ended.detail


def test_jobs_go_to_who_has_the_pipeline_loaded() -> None:
    actors = [Actor(OK), Actor(OK)]
    on_ray = OnRay(None, actors, LostError, 1)

    async def turns() -> None:
        await asyncio.gather(on_ray.collect({"offer": "a"}), on_ray.collect({"offer": "b"}))
        for offer in ("b", "a", "b", "a"):
            await on_ray.collect({"offer": offer})
        await asyncio.gather(*(on_ray.collect({"offer": "c"}) for _ in range(9)))

    asyncio.run(turns())
    assert [job["offer"] for job in actors[0].jobs[:3]] == ["a", "a", "a"]
    assert [job["offer"] for job in actors[1].jobs[:3]] == ["b", "b", "b"]
    assert len(actors[0].jobs) + len(actors[1].jobs) == 15


def test_what_stands_in_an_actors_way_is_told_here() -> None:
    with pytest.raises(SetupError, match="no such thing"):
        collect(OnRay(None, [Actor(SetupError("no such thing"))], LostError, 2), "a")
    collector = Collector(
        PluginSpec(name="painters"), [Offer(id="x/y", model="nobody", provider="x")]
    )
    assert isinstance(asyncio.run(collector.collect({})), SetupError)


def test_painters_and_pipelines_compute_and_sellers_do_not(tmp_path: Path) -> None:
    from qfloor.generators.folder import FolderGenerator
    from qfloor.generators.local import DiffusersGenerator

    assert isinstance(PainterGenerator([PAINTER], tmp_path), Computes)
    assert isinstance(DiffusersGenerator([], tmp_path), Computes)
    assert not hasattr(FolderGenerator, "alone")


def test_here_nothing_is_spread_and_an_unknown_engine_is_told() -> None:
    with spread({"a": 1}, [], "local") as same:
        assert same == {"a": 1}
    with pytest.raises(PluginError, match="no engine 'spark'"), spread({}, [], "spark"):
        pass


def _round(folder: Path, offers: list[Offer], engine: str, **more: Any) -> dict[str, Any]:
    prompts = [
        Prompt(id=f"p{n}", text=f"a red ball and {n} cubes", category="product-photo")
        for n in range(6)
    ]
    with Store.open(folder, create=True) as store:
        generate(prompts, offers, store=store, round="r1", engine=engine, **more)
        outputs: list[Output] = list(store.outputs_of())
        assert {o.status for o in outputs} <= {Status.MADE, Status.REFUSED, Status.BLANK}
        return {o.id: (o.media_sha256, o.status, o.model_version) for o in outputs}


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra ray")
@pytest.mark.enable_socket
@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("ignore")
def test_painters_and_a_pipeline_draw_the_same_on_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    offers = [PAINTER]
    if importlib.util.find_spec("diffusers"):
        from fakes import pipelines

        settings = {"size": "32x32", "steps": 2, "guidance": 0.0, "max_sequence_length": 48}
        model = str(pipelines.flux(tmp_path / "flux"))
        offers.append(
            Offer(
                id="local/tiny", model=model, provider="local", settings=settings,
                generator=PluginSpec(name="diffusers"), concurrency=3,
            )
        )  # fmt: skip
    killed: list[int] = []

    def progress(done: int, total: int, offer: str) -> None:
        if done >= 2 and not killed:
            killed.extend(_actors())
            os.kill(killed[0], signal.SIGKILL)

    there = _round(tmp_path / "there", offers, "ray:actors=2", progress=progress)
    assert killed
    assert there == _round(tmp_path / "here", offers, "local")


def _actors() -> list[int]:
    """Processes of collectors on this machine."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(b"ray::Collector"):
            found.append(int(entry.name))
    return found
