"""The one random order in which a round's prompts are used up, shared by all offers.

It is drawn by hash from the benchmark's seed and the round, so that a new round draws a new one
and nothing about any offer can move it. A family of near-duplicates is one observation: one of
its prompts is drawn to stand for it. Prompts that another sequential run of the round has used
up are spent: whoever lost a certificate can regain it on fresh ones only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from qfloor.benchmark import Benchmark
from qfloor.generate.able import cannot
from qfloor.pipeline.rounds.planned import why_excluded
from qfloor.ratings.panel import rated_prompts
from qfloor.records import Modality, Offer, Prompt, digest_of
from qfloor.store import Store

Place = tuple[str, Modality]


def prompt_orders(
    benchmark: Benchmark, prompts: Iterable[Prompt], spent: Collection[str] = ()
) -> Mapping[Place, tuple[Prompt, ...]]:
    """Draw the order of every category and modality.

    Parameters
    ----------
    benchmark : Benchmark
        Its seed and round decide; with a simulated panel only prompts that it rates are used.
    prompts : iterable of Prompt
    spent : collection of str
        Digests of prompts that were used up before; their families are left out.

    Returns
    -------
    mapping of (category, modality) to prompts
        One prompt a family.
    """
    prompts = tuple(prompts)
    if benchmark.panel is not None:
        rated = rated_prompts(prompts, benchmark.panel)
        prompts = tuple(p for p in prompts if p.digest in rated)
    families: dict[tuple[str, Modality, str], list[Prompt]] = defaultdict(list)
    for prompt in prompts:
        families[prompt.category, prompt.modality, prompt.family].append(prompt)
    places: dict[Place, list[Prompt]] = defaultdict(list)
    for (category, modality, _), members in families.items():
        if not any(p.digest in spent for p in members):
            drawn = min(members, key=lambda p: _lot(benchmark, "member", p.digest))
            places[category, modality].append(drawn)
    return {
        place: tuple(sorted(found, key=lambda p: _lot(benchmark, "order", p.family)))
        for place, found in sorted(places.items())
    }


def own_prompts(benchmark: Benchmark, offer: Offer, order: Iterable[Prompt]) -> tuple[Prompt, ...]:
    """Prompts that an offer is asked for, in their order: it can make them, and they are wanted."""
    return tuple(
        p for p in order if not cannot(offer, p) and not why_excluded(benchmark, offer.id, p)
    )


def spent_prompts(store: Store, round: str, run: str) -> set[str]:
    """Digests of prompts that other sequential runs of a round have used up."""
    return {
        seen.prompt_digest
        for other in store.sequential_runs_of(round=round)
        if other != run
        for state in store.sequential_of(run=other)
        for seen in state.seen
    }


def _lot(benchmark: Benchmark, what: str, name: str) -> str:
    return digest_of(["sequential", what, benchmark.seed, benchmark.round, name])
