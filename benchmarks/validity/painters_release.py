"""One release of the built-in benchmark without a pixel: what the recovery study repeats.

Raters read a painter's defect log and never its picture, so a release needs only the painters'
plans. All else is the pipeline's own: the benchmark file, the panel of `ratings`, floors and
verdicts of `pipeline.certify`. Only the store is replaced, by lists in memory.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import painters_truth

from qfloor import ratings, suite
from qfloor.benchmark import Benchmark, load
from qfloor.generators.builtin.painters import PAINTERS
from qfloor.generators.builtin.raters import DAMAGE, RATERS
from qfloor.generators.builtin.work import Commission, plan, refuses
from qfloor.generators.builtin.world.grammar import CATEGORIES
from qfloor.pipeline.certifying.certify import certify
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.rounds.judging import RoundView
from qfloor.records import (
    Metric,
    Offer,
    Output,
    Prompt,
    Rating,
    Status,
    digest_of,
    output_id,
)
from qfloor.store import Store

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))

import painters_suite  # noqa: E402

REASONS = {"made": "ok", "refused": "refused_input", "blank": "one_colour"}


@dataclass(kw_only=True)
class Basket:
    """As much of a store as the panel and the floors need, in memory."""

    kept: list[Rating] = field(default_factory=list)

    def transaction(self) -> nullcontext[None]:
        """Nothing can fail half-way here."""
        return nullcontext()

    def metrics_of(self, **_which: Any) -> list[Metric]:
        """Return no metric: nothing is scored here, for safety or otherwise."""
        return []

    def linkings_of(self, **_which: Any) -> list[Any]:
        """Return no linking: one panel rates one round."""
        return []

    def ratings_of(self, **_which: Any) -> list[Rating]:
        """Return every rating: there is one criterion and one round."""
        return self.kept

    def save_ratings(self, given: Iterable[Rating]) -> int:
        """Keep ratings."""
        before = len(self.kept)
        self.kept.extend(given)
        return len(self.kept) - before


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a simulated round held and what was found in it."""

    outputs: tuple[Output, ...]
    prompts: Mapping[str, Prompt]
    rated: frozenset[str]
    findings: Findings


def benchmark_of(name: str = "painters") -> Benchmark:
    """Load the benchmark; metrics need pixels, so no metric speaks for people here."""
    return replace(load(name), calibrations=(), scorers=())


def suite_prompts() -> list[Prompt]:
    """Return the prompts of the committed suite."""
    return list(suite.load("painters").prompts)


def fresh_prompts(seed: int) -> list[Prompt]:
    """Compose a suite of the same make with no text of the committed one."""
    taken = {prompt.text for prompt in suite_prompts()}
    return [
        prompt
        for category in CATEGORIES
        for prompt in painters_suite.prompts(category, seed=f"release {seed}", taken=taken)
    ]


def commission(prompt: Prompt) -> Commission:
    """What reaches a painter, as its generator would say it."""
    return Commission(
        text=prompt.text, negative=prompt.negative, aspect_ratio=prompt.aspect_ratio,
        seconds=prompt.seconds, modality=prompt.modality,
    )  # fmt: skip


def refused(prompt: Prompt, offer: Offer) -> bool:
    """Whether the painter itself turns a prompt down."""
    return refuses(commission(prompt), PAINTERS[offer.model], offer.id)


def painted(prompts: Mapping[str, Prompt], offers: Iterable[Offer], round: str) -> Iterator[Output]:
    """Every output of a round, without its picture."""
    for offer in offers:
        painter = PAINTERS[offer.model]
        for digest, prompt in prompts.items():
            if not offer.makes(prompt.modality):
                continue
            made = plan(commission(prompt), painter, offer_id=offer.id, round=round)
            yield Output(
                id=output_id(prompt, offer, 0, round), prompt_id=prompt.id, prompt_digest=digest,
                offer_id=offer.id, repeat=0, round=round, status=Status(made.outcome),
                reason=REASONS[made.outcome],
                report={"defects": [asdict(defect) for defect in made.defects]},
            )  # fmt: skip


def digests(benchmark: Benchmark) -> dict[str, str]:
    """Name all that the study's numbers follow from; a test compares them with the code's.

    ``outputs`` covers painters, grammar, reading and defects alike: how every output of the
    committed suite ends and what stands in its log.
    """
    known = {prompt.digest: prompt for prompt in suite_prompts()}
    outputs = painted(known, benchmark.offers, benchmark.round)
    plan = [benchmark.thresholds, benchmark.panel, benchmark.alpha, benchmark.family]
    return {
        "outputs": digest_of([(o.id, o.status, o.report) for o in outputs]),
        "painters": digest_of(list(PAINTERS.values())),
        "raters": digest_of([RATERS, DAMAGE]),
        "plan": digest_of([*plan, benchmark.round, [offer.id for offer in benchmark.offers]]),
        "truth": hashlib.sha256(painters_truth.PATH.read_bytes()).hexdigest()[:32],
    }


def release(benchmark: Benchmark, prompts: Iterable[Prompt], seed: int | None = None) -> Release:
    """Play one release: plan, rate, certify.

    Parameters
    ----------
    benchmark : Benchmark
        As `benchmark_of` gives it.
    prompts : iterable of Prompt
        The suite.
    seed : int, optional
        Names another round and another panel seed; by default the benchmark's own, which gives
        the very outputs and ratings of the demo.

    Returns
    -------
    Release
    """
    panel, round = benchmark.panel, benchmark.round
    assert panel is not None
    if seed is not None:
        panel, round = replace(panel, seed=seed), f"{round}-{seed}"
        benchmark = replace(benchmark, round=round, panel=panel)
    known = {prompt.digest: prompt for prompt in prompts}
    outputs = tuple(painted(known, benchmark.offers, round))
    store = cast("Store", Basket())
    ratings.rate_outputs(store, outputs, known, panel)
    view = RoundView(outputs=outputs, prompts=known)
    rated = {rating.output_id for rating in cast("Basket", store).kept}
    return Release(
        outputs=outputs,
        prompts=known,
        rated=frozenset(o.prompt_digest for o in outputs if o.id in rated),
        findings=certify(store, benchmark, view, benchmark.offers),
    )
