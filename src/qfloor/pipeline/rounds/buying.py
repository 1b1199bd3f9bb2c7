"""What a round would still buy, and what is refused before any of it is bought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from qfloor import generate, ratings
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError
from qfloor.generate import GenerationPlan
from qfloor.generate.run import close_all, run_anywhere
from qfloor.generators.builtin.offers import PROVIDER
from qfloor.pipeline.rounds.planned import why_excluded
from qfloor.ratings.wording import listed
from qfloor.records import Offer, Prompt, Status
from qfloor.store import Store


def plan_round(store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...]) -> GenerationPlan:
    """Plan a benchmark's generation: what is left to make, and the most it can cost.

    Generators are built and asked, as they are when it is made: what stands in the way then, such
    as a manifest that is not there, is told now.
    """
    generators = generate.build_generators(benchmark.offers, store)
    try:
        return generate.plan_generation(
            prompts,
            benchmark.offers,
            benchmark.repeats,
            benchmark.round,
            store,
            generators=generators,
            excluded=excluded_by(benchmark),
        )
    finally:
        run_anywhere(close_all(generators))


def excluded_by(benchmark: Benchmark) -> Callable[[Offer, Prompt], str]:
    """Say of an offer and a prompt why the benchmark leaves its output out, if it does."""
    return lambda offer, prompt: why_excluded(benchmark, offer.id, prompt)


def refuse_unratable(store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...]) -> None:
    """Refuse to buy for simulated raters what they cannot rate.

    What is not called, and has made nothing in the round, does not matter: a benchmark may name
    an offer that nobody here has a key for.

    Raises
    ------
    BenchmarkError
        When an offer that is no painter would be, or was, made for a prompt that they rate.
    """
    found = () if benchmark.panel is None else tuple(_unratable(store, benchmark, prompts))
    if found:
        raise BenchmarkError(
            f"benchmark {benchmark.name} has [raters], simulated raters who rate painters only, "
            f"and {listed(found)} {'is' if len(found) == 1 else 'are'} none; take [raters] out and "
            "import people's ratings, or leave the offer out; nothing was bought"
        )


def _unratable(store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...]) -> Iterator[str]:
    assert benchmark.panel is not None
    others = tuple(offer for offer in benchmark.offers if not _leaves_defects(offer))
    if not others:
        return
    rated = ratings.rated_prompts(prompts, benchmark.panel)
    asked = tuple(prompt for prompt in prompts if prompt.digest in rated)
    plan = plan_round(store, replace(benchmark, offers=others), asked)
    wanted = {item.request.offer.id for item in plan.items} - plan.lacking.keys()
    made = store.outputs_of(
        round=benchmark.round, offers=[offer.id for offer in others], status=Status.MADE
    )
    there = {output.offer_id for output in made if output.prompt_digest in rated}
    yield from sorted(wanted | there)


def _leaves_defects(offer: Offer) -> bool:
    """Whether an offer's outputs come with a defect log, which simulated raters rate by."""
    return offer.generator is not None and offer.generator.name == PROVIDER
