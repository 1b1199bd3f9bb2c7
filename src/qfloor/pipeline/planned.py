"""What a benchmark is about, in a given store: its prompts, its offers, its part of a round."""

from __future__ import annotations

import fnmatch

from qfloor import suite
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError
from qfloor.pipeline.judging import RoundView
from qfloor.records import Offer, Prompt, digest_of
from qfloor.store import Store


def prompts_of(benchmark: Benchmark) -> tuple[Prompt, ...]:
    """Load a benchmark's suites; a prompt that two of them share is one prompt.

    Raises
    ------
    BenchmarkError
        When two suites give one id to different prompts.
    """
    found: dict[str, Prompt] = {}
    for name in benchmark.suites:
        for prompt in suite.load(name).prompts:
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
    """Read a benchmark's part of a round: its offers, its prompts."""
    digests = None if benchmark.imported else [p.digest for p in prompts]
    offers = [offer.id for offer in offers_of(store, benchmark)]
    return RoundView.of(store, benchmark.round, offers, digests)
