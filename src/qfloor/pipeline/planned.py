"""What a benchmark is about, in a given store: its prompts, its offers, its part of a round."""

from __future__ import annotations

import fnmatch
from dataclasses import replace

from qfloor import suite
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError
from qfloor.pipeline.judging import RoundView
from qfloor.records import CATEGORIES, GENERAL, Offer, Prompt, digest_of, output_id
from qfloor.store import Store


def prompts_of(benchmark: Benchmark) -> tuple[Prompt, ...]:
    """Load a benchmark's suites; a prompt that two of them share is one prompt.

    Raises
    ------
    BenchmarkError
        When two suites give one id to different prompts, or a prompt's category is none that a
        threshold can be set for: nothing could be said of it in the end.
    """
    known = {category.id for category in (*CATEGORIES, GENERAL)}
    found: dict[str, Prompt] = {}
    for name in benchmark.suites:
        for prompt in suite.load(name).prompts:
            if prompt.category not in known:
                raise BenchmarkError(
                    f"suite {name}: prompt {prompt.id} is of the suite's own category "
                    f"{prompt.category!r}, which no benchmark can judge yet; use one of "
                    f"{', '.join(sorted(known))}"
                )
            other = found.setdefault(prompt.id, prompt)
            if other != prompt:
                raise BenchmarkError(
                    f"suites {', '.join(benchmark.suites)} give the id {prompt.id!r} to "
                    "different prompts; ids name prompts and must be unique across suites"
                )
    return tuple(found.values())


def run_id(benchmark: Benchmark) -> str:
    """Name a run: the same benchmark in the same round is the same run."""
    return f"{benchmark.name}-{benchmark.round}-{digest_of(benchmark.digest, 8)}"


def offers_of(store: Store, benchmark: Benchmark) -> tuple[Offer, ...]:
    """Return a benchmark's offers; for imported judgments, those in the store that it names.

    Raises
    ------
    BenchmarkError
        When imported judgments of no such offer are in the store.
    """
    if not benchmark.imported:
        return benchmark.offers
    found = tuple(
        offer
        for offer in store.offers_of()
        if any(fnmatch.fnmatchcase(offer.id, pattern) for pattern in benchmark.patterns)
    )
    if not found:
        raise BenchmarkError(
            f"benchmark {benchmark.name} judges imported ratings of {benchmark.patterns[0]}, but "
            "the store has none; import them first with `qfloor ratings import`"
        )
    return found


def view_of(store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...]) -> RoundView:
    """Read a benchmark's part of a round: its offers as they are now, its prompts.

    What the same round holds of an offer's earlier version or settings is another offer's output
    and stays out.
    """
    digests = None if benchmark.imported else [p.digest for p in prompts]
    offers = offers_of(store, benchmark)
    view = RoundView.of(store, benchmark.round, [offer.id for offer in offers], digests)
    view = replace(view, sessions=benchmark.sessions)
    if benchmark.imported:
        return view
    planned = {
        output_id(prompt, offer, repeat, benchmark.round)
        for offer in offers
        for prompt in prompts
        for repeat in range(benchmark.repeats)
    }
    return replace(view, outputs=tuple(o for o in view.outputs if o.id in planned))
