"""What a benchmark is about, in a given store: its prompts, its offers, its part of a round."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qfloor import suite
from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError, SuiteError
from qfloor.meant import meant
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.pipeline.rounds.traffic import check_traffic
from qfloor.records import CATEGORIES, GENERAL, Offer, Prompt, Suite, digest_of, output_id
from qfloor.store import Store


def suites_of(benchmark: Benchmark) -> dict[str, Suite]:
    """Load a benchmark's suites, by the name it calls them."""
    named_in = None if benchmark.path is None else Path(benchmark.path)
    try:
        return {name: suite.load(name, beside=named_in) for name in benchmark.suites}
    except SuiteError as error:
        if benchmark.path is None:
            raise
        raise SuiteError(f"{benchmark.path}: benchmark.suites: {error}") from error


def prompts_of(
    benchmark: Benchmark, suites: Mapping[str, Suite] | None = None
) -> tuple[Prompt, ...]:
    """Give the prompts of a benchmark's suites; one that two of them share is one prompt.

    Those that the benchmark excludes are among them: `plan_round` and `view_of` leave them out.

    Raises
    ------
    BenchmarkError
        When two suites give one id to different prompts, a prompt's category is none that a
        threshold can be set for, so that nothing could be said of it in the end, the benchmark
        excludes prompts that no suite has, or its traffic does not fit those it keeps.
    """
    known = {category.id for category in (*CATEGORIES, GENERAL)}
    found: dict[str, Prompt] = {}
    first: dict[str, tuple[str, Suite]] = {}  # by the id of a prompt: who gave it
    for name, loaded in (suites_of(benchmark) if suites is None else suites).items():
        for prompt in loaded.prompts:
            if prompt.category not in known:
                raise BenchmarkError(
                    f"suite {name}: prompt {prompt.id} is of the suite's own category "
                    f"{prompt.category!r}, which no benchmark can judge yet; use one of "
                    f"{', '.join(sorted(known))}"
                )
            other = found.setdefault(prompt.id, prompt)
            there, before = first.setdefault(prompt.id, (name, loaded))
            if other != prompt:
                both = f", and both are called {loaded.name}" if before.name == loaded.name else ""
                raise BenchmarkError(
                    f"suites {there}, {name} give the id {prompt.id!r} to different prompts{both}; "
                    "ids name prompts and must be unique across suites"
                )
    _check_exclusions(benchmark, found.values())
    check_traffic(benchmark, (p for p in found.values() if _asked(benchmark, p)))
    return tuple(found.values())


def _check_exclusions(benchmark: Benchmark, prompts: Iterable[Prompt]) -> None:
    if benchmark.imported:
        return
    prompts = list(prompts)
    for exclusion in benchmark.exclusions:
        if not any(exclusion.covers_prompt(prompt) for prompt in prompts):
            raise BenchmarkError(
                f"benchmark {benchmark.name} excludes prompts ({exclusion.reason}), but its suites "
                "have none like that"
            )


def _asked(benchmark: Benchmark, prompt: Prompt) -> bool:
    """Whether any offer is asked for a prompt's output."""
    offers = (offer.id for offer in benchmark.offers if offer.makes(prompt.modality))
    return any(not why_excluded(benchmark, offer, prompt) for offer in offers)


def why_excluded(benchmark: Benchmark, offer_id: str, prompt: Prompt) -> str:
    """Reason for which an offer's outputs for a prompt are left out; nothing when they are not."""
    for exclusion in benchmark.exclusions:
        if exclusion.covers(offer_id, prompt):
            return exclusion.reason
    return ""


def run_id(benchmark: Benchmark) -> str:
    """Name a run: the same benchmark in the same round is the same run."""
    return f"{benchmark.name}-{benchmark.round}-{digest_of(benchmark.digest, 8)}"


def offers_of(store: Store, benchmark: Benchmark) -> tuple[Offer, ...]:
    """Return a benchmark's offers; for imported judgments, those in the store that it names.

    Ratings say of an offer no more than its name. What the catalogue or the benchmark's offer
    files declare of that name (price, settings, rights, capabilities) is taken from there; an
    offer that a generator of ours made is in the store as it was made, and stays so.

    Raises
    ------
    BenchmarkError
        When imported judgments are in the store of none of them, or not of one that is named, or
        one is declared to make something else than what was judged of it.
    """
    if not benchmark.imported:
        return benchmark.offers
    stored = tuple(store.offers_of())
    declared = {offer.id: offer for offer in benchmark.declared}
    found = tuple(
        _as_declared(benchmark, offer, declared.get(offer.id))
        for offer in stored
        if any(fnmatch.fnmatchcase(offer.id, pattern) for pattern in benchmark.patterns)
        and not any(e.whole_offers and e.covers_offer(offer.id) for e in benchmark.exclusions)
    )
    if not found:
        raise BenchmarkError(
            f"benchmark {benchmark.name} judges imported ratings of {benchmark.patterns[0]}, but "
            "the store has none; import them first with `qfloor ratings import`"
        )
    _refuse_unknown(benchmark, [offer.id for offer in stored])
    return found


def _as_declared(benchmark: Benchmark, stored: Offer, declared: Offer | None) -> Offer:
    """An offer known by its ratings alone, as it is declared; any other as it is stored."""
    if declared is None or stored.generator is not None:
        return stored
    for judged in stored.modalities or (stored.modality,):
        if not declared.makes(judged):
            raise BenchmarkError(
                f"benchmark {benchmark.name}: {stored.id} is declared to make "
                f"{' and '.join(declared.modalities or (declared.modality,))}, but what was "
                f"imported of it is {judged}; correct the offer file or the import's modality"
            )
    return declared


def _refuse_unknown(benchmark: Benchmark, known: Sequence[str]) -> None:
    """A pattern that is nobody's is a slip: the offer meant would be left out in silence."""
    for pattern in benchmark.patterns:
        if not any(fnmatch.fnmatchcase(offer_id, pattern) for offer_id in known):
            hint = meant(pattern, known, f"it has {', '.join(known[:8])}")
            raise BenchmarkError(
                f"benchmark {benchmark.name} names the offer {pattern!r}, of which the store has "
                f"no imported ratings{hint}"
            )


def view_of(store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...]) -> RoundView:
    """Read a benchmark's part of a round: its offers as they are now, its prompts.

    What the same round holds of an offer's earlier version or settings is another offer's output
    and stays out, and so does what the benchmark excludes, which the view counts.
    """
    digests = None if benchmark.imported else [p.digest for p in prompts]
    offers = offers_of(store, benchmark)
    view = RoundView.of(store, benchmark.round, [offer.id for offer in offers], digests)
    view = replace(view, sessions=benchmark.sessions)
    if not benchmark.imported:
        planned = {
            output_id(prompt, offer, repeat, benchmark.round)
            for offer in offers
            for prompt in prompts
            for repeat in range(benchmark.repeats)
        }
        view = replace(view, outputs=tuple(o for o in view.outputs if o.id in planned))
    return _without_excluded(benchmark, view, offers) if benchmark.exclusions else view


def _without_excluded(benchmark: Benchmark, view: RoundView, offers: Sequence[Offer]) -> RoundView:
    """Leave out what a benchmark excludes, and count the prompts by cell and reason."""
    left_out: dict[CellKey, dict[str, int]] = {}
    kept: dict[str, Prompt] = {}
    asked = {o.prompt_digest for o in view.outputs}
    for digest, prompt in view.prompts.items():
        if benchmark.imported and digest not in asked:
            continue  # another round's, or another import's
        for offer in offers:
            if not offer.makes(prompt.modality):
                continue
            reason = why_excluded(benchmark, offer.id, prompt)
            if not reason:
                kept[digest] = prompt
                continue
            counted = left_out.setdefault(CellKey(prompt.category, prompt.modality, offer.id), {})
            counted[reason] = counted.get(reason, 0) + 1
    outputs = tuple(
        o
        for o in view.outputs
        if not why_excluded(benchmark, o.offer_id, view.prompts[o.prompt_digest])
    )
    prompts = kept | {o.prompt_digest: view.prompts[o.prompt_digest] for o in outputs}
    return replace(view, outputs=outputs, prompts=prompts, left_out=left_out)
