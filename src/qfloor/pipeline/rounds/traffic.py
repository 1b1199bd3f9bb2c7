"""A benchmark's traffic mix against its prompts: what does not fit is told before it is bought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qfloor.benchmark import Benchmark
from qfloor.counting import several
from qfloor.errors import BenchmarkError
from qfloor.floors import Judged
from qfloor.pipeline.rounds.judging import Cells, RoundView
from qfloor.records import Modality, Prompt, Traffic


def check_traffic(benchmark: Benchmark, prompts: Iterable[Prompt]) -> None:
    """Check that every stratum with traffic has prompts, and every prompt's stratum traffic.

    Raises
    ------
    BenchmarkError
        When one has not, or a prompt belongs to two strata.
    """
    traffic = benchmark.traffic
    if traffic is None:
        return
    places: dict[tuple[str, Modality], list[Prompt]] = {}
    for prompt in prompts:
        places.setdefault((prompt.category, prompt.modality), []).append(prompt)
    for (category, modality), found in sorted(places.items()):
        if traffic.of(category):
            _check_place(benchmark.name, traffic, f"{category}/{modality}", found)


def _check_place(name: str, traffic: Traffic, place: str, prompts: Sequence[Prompt]) -> None:
    weights = traffic.of(prompts[0].category)
    there: dict[str, int] = {}
    for prompt in prompts:
        strata = traffic.strata(prompt)
        if len(strata) > 1:
            raise BenchmarkError(
                f"benchmark {name}: prompt {prompt.id} has the tags {' and '.join(strata)}, which "
                "both have traffic; strata must not overlap"
            )
        there[strata[0]] = there.get(strata[0], 0) + 1
    for stratum, n in sorted(there.items()):
        if stratum not in weights:
            raise BenchmarkError(
                f"benchmark {name}: {several(n, 'prompt')} of {place} "
                f"{'has' if n == 1 else 'have'} {traffic.by} {stratum!r}, which traffic gives no "
                "weight; give it one, or exclude what has it"
            )
    for stratum in sorted(weights):
        if stratum not in there:
            raise BenchmarkError(
                f"benchmark {name}: traffic gives {traffic.by} {stratum!r} a weight in {place}, "
                "which has no such prompt"
            )


def stratified(view: RoundView, traffic: Traffic, cells: Cells) -> Cells:
    """Name the stratum of every judged output."""

    def named(judged: Judged) -> Judged:
        prompt = view.prompts[view.prompt_of[judged.output_id]]
        return replace(judged, stratum=traffic.strata(prompt)[0])

    return {key: [named(judged) for judged in outputs] for key, outputs in cells.items()}
