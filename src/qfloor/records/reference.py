"""What metrics that compare only within a prompt are centred on: frozen scores, by prompt.

A raw quartile over prompts of such a metric would mostly say which prompts are hard. Centring on
the offers at hand would let each new offer move all the others. So the centres are taken once,
from named outputs, and frozen: the digest covers every number they were taken from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from qfloor.errors import CertificationError
from qfloor.records.judged import Metric
from qfloor.records.plain import digest_of

CENTRE = "median"
"""How a prompt's centre is made of its reference scores; even counts take the middle's mean."""


@dataclass(frozen=True, kw_only=True)
class ReferenceOutput:
    """One output that a centre rests on: which media was scored, and the raw score."""

    output_id: str
    media_sha256: str
    value: float


@dataclass(frozen=True, kw_only=True)
class ReferencePrompt:
    """A prompt with the scores its centre is taken from; at least one."""

    prompt_id: str
    prompt_digest: str
    outputs: tuple[ReferenceOutput, ...]

    @property
    def centre(self) -> float:
        """Median of the reference scores."""
        return float(median(output.value for output in self.outputs))


@dataclass(frozen=True, kw_only=True)
class ReferenceSet:
    """Centres of one metric identity for every prompt that the reference outputs answered.

    ``metric`` is the metric's key, ``offers`` and ``round`` say whose outputs these are.
    Prompts and outputs stand in order of their digests and ids, so equal content has one digest.
    """

    metric: str
    round: str
    offers: tuple[str, ...]
    prompts: tuple[ReferencePrompt, ...]
    statistic: str = CENTRE

    @cached_property
    def digest(self) -> str:
        """Names the set: metric identity, statistic, outputs, media and scores."""
        return digest_of(self)

    @cached_property
    def centres(self) -> Mapping[str, float]:
        """The centre of each prompt, by prompt digest."""
        return {prompt.prompt_digest: prompt.centre for prompt in self.prompts}

    @cached_property
    def output_ids(self) -> frozenset[str]:
        """The outputs it rests on."""
        return frozenset(o.output_id for prompt in self.prompts for o in prompt.outputs)

    def check_metric(self, metric: Metric) -> None:
        """Refuse to centre anything but the metric identity that the set was frozen on.

        Raises
        ------
        CertificationError
            Names both.
        """
        if metric.key != self.metric:
            raise CertificationError(
                f"reference set {self.digest} holds scores of {self.metric} and cannot centre "
                f"{metric.key}; score the reference outputs with the present identity and freeze "
                "a new set with `qfloor reference freeze`"
            )
