"""Why an offer stands where it stands in a category: its verdicts in words, and its bad days.

A quartile is a number nobody can picture. Here the outputs that stand at the 5th, 10th, 25th and
50th percentile are named with what people (or the metric) said of them, so that a team can look
at them and decide whether that is a day it can live with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor.benchmark import Benchmark
from qfloor.counting import several
from qfloor.errors import CertificationError
from qfloor.floors import AtPercentile, Judged, at_percentiles
from qfloor.pipeline.certifying.findings import Findings
from qfloor.pipeline.certifying.shown_outputs import PRIVATE_PROMPT
from qfloor.pipeline.certifying.threshold_words import sentence_of_rule
from qfloor.pipeline.rounds.judged_round import JudgedRound, judged_round
from qfloor.pipeline.rounds.judging import CellKey, RoundView
from qfloor.records import TIERS, Floor, LearnedThreshold, Output, Prompt, Ruling, Verdict
from qfloor.records.needed import lacking
from qfloor.store import Store


@dataclass(frozen=True, kw_only=True)
class Example:
    """An output at a percentile, with all that is known of it."""

    at: AtPercentile
    output: Output
    prompt: Prompt
    values: tuple[float, ...]
    media: Path | None

    def to_row(self) -> dict[str, Any]:
        """Give it as a row of a table."""
        return {
            "percentile": self.at.percentile,
            "value": self.at.value,
            "why": _why(self.output) if self.at.value is None else None,
            "ratings": list(self.values) or None,
            "prompt": self.prompt.text,
            "status": self.output.status.value,
            "reason": self.output.reason,
            "output": self.output.id,
            "file": None if self.media is None else str(self.media),
            "clip": (self.output.media_type or "").startswith("video/"),
        }

    def to_shown(self, *, private: bool) -> dict[str, Any]:
        """Give it as a row of a page: without a private prompt and its output, unless told."""
        row = self.to_row()
        if self.prompt.is_private and not private:
            row |= {"prompt": PRIVATE_PROMPT, "file": None, "status": PRIVATE_PROMPT}
        return row


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A floor, what was ruled on it, and the outputs at its percentiles."""

    floor: Floor
    verdicts: tuple[Verdict, ...]
    examples: tuple[Example, ...]
    learned: tuple[LearnedThreshold, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """Say each verdict in words, what learned thresholds rest on, and the reference beside."""
        return [
            *(sentence_of(verdict, self.floor) for verdict in self.verdicts),
            *(f"{one.tier}: {sentence_of_rule(one)}" for one in self.learned),
            *(_beside(tier, self._paired[tier]) for tier in TIERS if tier in self._paired),
        ]

    @property
    def _paired(self) -> Mapping[str, Mapping[str, Any]]:
        told: Mapping[str, Mapping[str, Any]] = self.floor.population.get("beside_reference", {})
        return told


def explain(
    store: Store,
    benchmark: Benchmark,
    findings: Findings,
    offer: str,
    category: str,
    *,
    metric: str | None = None,
) -> list[Explanation]:
    """Explain an offer's floors in a category, one for each modality.

    Parameters
    ----------
    store : Store
    benchmark : Benchmark
    findings : Findings
        Of the benchmark's round (`certify_round`).
    offer, category : str
    metric : str, optional
        Name of a metric whose floor to explain; by default what people said.

    Returns
    -------
    list of Explanation

    Raises
    ------
    CertificationError
        When there is no such floor; the sentence says what there is.
    """
    judged = judged_round(store, benchmark, metric)
    quality = judged.metric_key or benchmark.quality.id
    floors = [
        f
        for f in findings.floors
        if (f.offer_id, f.category, f.kind) == (offer, category, "delivered")
        and quality in f.quality
    ]
    if not floors:
        raise CertificationError(_unknown(findings, quality, offer, category))
    return [_explanation(store, judged, findings, floor) for floor in floors]


def _unknown(findings: Findings, quality: str, offer: str, category: str) -> str:
    there = {f.offer_id: f.category for f in findings.floors if quality in f.quality}
    if offer not in there:
        offers = ", ".join(sorted(there)) or "none"
        return f"no floor of {offer!r} on {quality}; offers with one: {offers}"
    categories = ", ".join(sorted({f.category for f in findings.floors if f.offer_id == offer}))
    return f"no floor of {offer} in {category!r}; its categories: {categories}"


def _explanation(
    store: Store, judged: JudgedRound, findings: Findings, floor: Floor
) -> Explanation:
    outputs = judged.cells.get(CellKey(floor.category, floor.modality, floor.offer_id), [])
    place = (floor.offer_id, floor.category, floor.modality, floor.quality)
    return Explanation(
        floor=floor,
        verdicts=tuple(
            sorted(
                (
                    v
                    for v in findings.verdicts
                    if (v.offer_id, v.category, v.modality, v.quality) == place
                ),
                key=lambda v: TIERS.index(v.tier),
            )
        ),
        examples=tuple(_examples(store, judged.view, outputs, judged.sign)),
        learned=tuple(
            sorted(
                (
                    one
                    for one in findings.learned
                    if (one.category, one.modality) == (floor.category, floor.modality)
                    and not floor.quality.startswith("metric:")
                ),
                key=lambda one: TIERS.index(one.tier),
            )
        ),
    )


def _examples(
    store: Store, view: RoundView, judged: Sequence[Judged], sign: float
) -> Iterator[Example]:
    outputs: Mapping[str, Output] = {output.id: output for output in view.outputs}
    values = {one.output_id: one.values for one in judged}
    for at in at_percentiles(judged, sign=sign):
        output = outputs[at.output_id]
        sha256 = output.media_sha256
        yield Example(
            at=at,
            output=output,
            prompt=view.prompts[output.prompt_digest],
            values=values[at.output_id],
            media=None if sha256 is None else store.media.find(sha256),
        )


def _beside(tier: str, told: Mapping[str, Any]) -> str:
    return (
        f"{tier}: more than {told['margin']:g} below {told['reference']} on {told['below']} of "
        f"{several(told['n_prompts'], 'prompt')}, at most {told['upper']:.1%} (level "
        f"{told['alpha']:g}, shown "
        "and deciding nothing)"
    )


def _why(output: Output) -> str:
    if output.unsafe:
        return "unsafe: made, and cannot be delivered"
    return f"{output.status.value}: counts as a fail at every threshold"


def sentence_of(verdict: Verdict, floor: Floor) -> str:
    """Say a verdict in words: what decided, on how much, and what would change it."""
    bar = f"{verdict.tier} ({verdict.threshold:g}, {verdict.max_fail:.0%} may fail)"
    seen = f"{several(floor.n_prompts, 'prompt')}, bound {floor.bound} at level {verdict.level:.3g}"
    seen += "" if verdict.panel is None else f"; {verdict.panel}"
    if verdict.upper is None or verdict.lower is None:
        return f"{bar}: {verdict.ruling.value}, {verdict.reason} ({seen})"
    if verdict.ruling is Ruling.CERTIFIED:
        return f"{bar}: certified, at most {verdict.upper:.1%} fail ({seen})"
    if verdict.ruling is Ruling.REJECTED:
        return f"{bar}: rejected, at least {verdict.lower:.1%} fail ({seen})"
    between = f"between {verdict.lower:.1%} and {verdict.upper:.1%} fail"
    lacks = lacking(verdict.reason, verdict.more_prompts, floor.bound)
    return f"{bar}: undecided, {between} ({lacks}; {seen})"
