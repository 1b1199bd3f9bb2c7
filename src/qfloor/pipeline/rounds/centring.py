"""Which numbers of a metric compare across prompts: raw ones, or raw less a frozen centre.

Only metrics that declare themselves comparable within a prompt are centred; all others pass
through unchanged. How a reference set comes to be is `references`' business.
"""

from __future__ import annotations

from dataclasses import dataclass

from qfloor.benchmark import Benchmark
from qfloor.errors import CertificationError
from qfloor.records import CentredQuality, Metric, Output, Quality, ReferenceSet
from qfloor.score import metric_of
from qfloor.store import Store

WITHIN = "within a prompt"


@dataclass(frozen=True, kw_only=True)
class Centring:
    """How a metric's raw scores become numbers that compare across prompts; None: as they are."""

    reference: ReferenceSet | None

    @classmethod
    def of(cls, store: Store, metric_key: str, reference: ReferenceSet | None) -> Centring:
        """Find out whether a stored metric has to be centred, and that it can be.

        Raises
        ------
        CertificationError
            When it has to be and no set is given, or the set is another metric's, or it need
            not be and one is given.
        """
        metric = metric_of(store.metrics_of(), metric_key)
        if metric.comparable != WITHIN:
            if reference is not None:
                raise CertificationError(
                    f"{metric.name} compares across prompts and is not centred on a reference set"
                )
            return cls(reference=None)
        if reference is None:
            raise CertificationError(_no_set(metric))
        reference.check_metric(metric)
        return cls(reference=reference)

    def centred(self, output: Output, raw: float) -> float | None:
        """Return the number a floor sees; None where the set has no scores of the prompt."""
        if self.reference is None:
            return raw
        centre = self.reference.centres.get(output.prompt_digest)
        return None if centre is None else raw - centre


def reference_for(store: Store, benchmark: Benchmark, metric: Metric) -> ReferenceSet | None:
    """Choose the set that a benchmark's floors on a metric are centred on.

    The benchmark names it by digest under ``[references]``; where it names none, the metric's
    identity must have exactly one.

    Returns
    -------
    ReferenceSet or None
        None for a metric that compares across prompts.

    Raises
    ------
    CertificationError
        When there is none, there are several to choose from, or the named one is not there.
    """
    if metric.comparable != WITHIN:
        return None
    known = list(store.references_of())
    wanted = benchmark.references.get(metric.name)
    if wanted is not None:
        named = next((r for r in known if r.digest == wanted), None)
        if named is None:
            raise CertificationError(
                f"{benchmark.name} names reference set {wanted} for {metric.name}, which is not "
                "in this workspace; bring it in with `qfloor reference import FILE`"
            )
        named.check_metric(metric)
        return named
    mine = [reference for reference in known if reference.metric == metric.key]
    if not mine:
        raise CertificationError(_no_set(metric))
    if len(mine) > 1:
        raise CertificationError(
            f"{metric.key} has {len(mine)} reference sets "
            f"({', '.join(reference.digest for reference in mine)}); name one in the benchmark: "
            f'[references] "{metric.name}" = "DIGEST"'
        )
    return mine[0]


def quality_of(metric: Metric, reference: ReferenceSet | None) -> Quality:
    """The scale a metric's floors lie on: its own, or that of centred numbers."""
    if reference is None:
        return Quality.of_metric(metric)
    return CentredQuality.of_reference(metric, reference)


def _no_set(metric: Metric) -> str:
    return (
        f"{metric.key} compares only within a prompt and has no reference set to centre its "
        f"floors on; freeze one with `qfloor reference freeze BENCHMARK --metric {metric.name}`"
    )
