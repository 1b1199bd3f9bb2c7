"""What a benchmark file says, as records: the run is decided by them and by nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from qfloor import package_data
from qfloor.records import (
    Correction,
    Exclusion,
    Offer,
    PluginSpec,
    Quality,
    RateLimits,
    Threshold,
    ThresholdRule,
    Traffic,
    digest_of,
)

_NO_EVIDENCE = frozenset({"path", "budget_nanousd", "limits", "allow_unpriced", "declared"})


@dataclass(frozen=True, kw_only=True)
class RaterPanel:
    """Simulated raters of the painters' world: how many, and what share of outputs they see."""

    share: float
    raters: int
    votes: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class CalibrationPlan:
    """Which metric shall speak for people, and how wrong it may be.

    ``epsilon`` bounds P(human < t | metric >= its threshold) at confidence 1 - ``alpha``.
    """

    metric: str
    epsilon: float
    alpha: float


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """What a run is.

    ``imported`` says that nothing is generated: the offers are those in the store that match
    ``patterns``, the prompts those they were judged on; ``declared`` is what the catalogue and
    the benchmark's offer files say of such offers, their prices and rights, which like a budget
    decides nothing of the evidence. ``references`` names, by digest, the
    frozen set that a metric's floors are centred on, for metrics that compare within a prompt.
    ``correction`` says how a family shares its error; with ``traffic`` floors are about a team's
    own mix of requests instead of the suite's.
    ``sessions`` limits the ratings that count to these rating sessions or sources; empty for all.
    ``rules`` are the tiers whose thresholds are learned from the fit split of prompts.
    ``offers`` are those that ``exclusions`` leave. ``limits`` says what a provider's account may
    be asked, ``allow_unpriced`` lets offers without a known price pass the budget; like the
    budget they decide nothing of the evidence.
    """

    name: str
    title: str
    suites: tuple[str, ...]
    offers: tuple[Offer, ...]
    patterns: tuple[str, ...]
    imported: bool
    repeats: int
    scorers: tuple[PluginSpec, ...]
    quality: Quality
    thresholds: tuple[Threshold, ...]
    alpha: float
    family: Literal["category", "release"]
    round: str
    seed: int
    budget_nanousd: int | None
    panel: RaterPanel | None
    calibrations: tuple[CalibrationPlan, ...] = ()
    illustrative: bool = False
    notes: str = ""
    path: str | None = field(default=None, compare=False)
    references: Mapping[str, str] = field(default_factory=dict)
    sessions: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    correction: Correction = "bonferroni"
    traffic: Traffic | None = None
    rules: tuple[ThresholdRule, ...] = ()
    limits: Mapping[str, RateLimits] = field(default_factory=dict)
    allow_unpriced: bool = False
    declared: tuple[Offer, ...] = ()

    @property
    def as_given(self) -> str:
        """What to call it on a command line: its file as it was given, or the name it ships by."""
        if self.path is None or Path(self.path).parent == package_data.folder("benchmarks"):
            return self.name
        return shlex.quote(self.path)

    @property
    def demands(self) -> tuple[Threshold | ThresholdRule, ...]:
        """What every tier demands, known or to be learned: what families are counted by."""
        return (*self.thresholds, *self.rules)

    @property
    def digest(self) -> str:
        """Names all that decides the run's evidence, not the file it came from."""
        plain = {k: v for k, v in self.__dict__.items() if k not in _NO_EVIDENCE}
        for since in ("references", "sessions", "exclusions", "traffic", "rules"):
            if not plain[since]:  # benchmarks from before there were any keep their digests
                del plain[since]
        if self.correction == "bonferroni":
            del plain["correction"]
        return digest_of(plain)
