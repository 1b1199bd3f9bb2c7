"""The tables of a benchmark file as they may be written: types, limits and defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class BenchmarkTable(_Strict):
    """``[benchmark]``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """What the run is called: small letters, digits, hyphens."""
    title: str = ""
    """What a person calls it."""
    suites: list[str] = []
    """Names of suites that ship, or files, from this file's folder (or where qfloor runs)."""
    offers: Annotated[list[str], Field(min_length=1)]
    """Ids of offers, or patterns (``bfl/*``)."""
    offer_files: list[str] = []
    """Files of offers of your own, from this file's folder; also of what was made elsewhere."""
    imported: bool = False
    """Nothing is generated: judge what was imported; then name no suite."""
    repeats: Annotated[int, Field(ge=1, le=100)] = 1
    """Outputs of each prompt from each offer."""
    round: str
    """``2026-11``, or ``2026-11-b``: a new round buys anew."""
    seed: int = 0
    """Order of prompts in a sequential run; outputs get their seeds from their own ids."""
    budget_usd: str | int | float | None = None
    """The most that the round may cost; without one there is no limit."""
    allow_unpriced: bool = False
    """Let offers without a known price pass the budget, uncounted."""
    alpha: Annotated[float, Field(gt=0, lt=0.5, strict=False)] = 0.05
    """Error probability that a family of verdicts shares."""
    family: Literal["category", "release"] = "category"
    """Whose verdicts share ``alpha``: a category's offers, or all."""
    correction: Literal["bonferroni", "holm", "by", "e-bh"] = "bonferroni"
    """How they share it."""
    illustrative: bool = False
    """An example, no measurement: ``route`` refuses it unless told."""
    notes: str = ""
    """Anything a reader should know."""


class QualityTable(_Strict):
    """``[quality]``: the number that decides."""

    source: Literal["human", "prediction-powered", "uncalibrated", "metric"] = "human"
    """Whose numbers decide: people, people with metrics, metrics alone."""
    criterion: str = "overall"
    """Which question people were asked."""
    lo: Annotated[float, Field(strict=False)] = 0.0
    """Lower end of the scale."""
    hi: Annotated[float, Field(strict=False)] = 10.0
    """Upper end of the scale."""
    step: Annotated[float, Field(gt=0, strict=False)] | None = None
    """Distance of neighbouring values, where the scale has steps."""
    sessions: list[str] = []
    """Only ratings of these sessions or sources count; empty for all."""
    metrics: list[Annotated[str, Field(min_length=1)]] = []
    """Metrics that help people, or that decide when uncalibrated."""
    weights: list[Annotated[float, Field(strict=False, allow_inf_nan=False)]] = []
    """Of an uncalibrated quality, one for each metric."""


class PluginTable(_Strict):
    """``[[scorers]]``."""

    name: str
    """A scorer's name (``qfloor plugins``)."""
    args: dict[str, Any] = {}
    """Its arguments; see the metric cards."""


class PanelTable(_Strict):
    """``[raters]``."""

    share: Annotated[float, Field(gt=0, le=1, strict=False)]
    """Share of outputs that simulated raters of the painters see."""
    raters: Annotated[int, Field(ge=1)] = 12
    """How many raters there are."""
    votes: Annotated[int, Field(ge=1)] = 1
    """Ratings of each output."""
    seed: int = 0
    """Who they are and how they err."""


class CalibrationTable(_Strict):
    """``[[calibrations]]``."""

    metric: str
    """The metric that shall speak for people."""
    epsilon: Annotated[float, Field(gt=0, lt=0.25, strict=False)] = 0.1
    """Bound of P(human < t) where the metric clears its threshold."""
    alpha: Annotated[float, Field(gt=0, lt=0.5, strict=False)] = 0.05
    """Probability that the bound does not hold."""


class ThresholdTable(_Strict):
    """``[[thresholds]]``; ``category`` and ``modality`` may be ``*``.

    A number (``value``), or a rule that learns one: ``usable-rate`` with ``usable`` and perhaps
    ``criterion``, ``relative`` with ``reference`` and ``margin``; both with their own ``level``.
    """

    category: str = "*"
    """A category's id, or ``*`` for all; the more special line wins."""
    modality: Literal["image", "video", "*"] = "*"
    """image, video, or ``*`` for both."""
    tier: str
    """standard, professional or premium."""
    rule: Literal["absolute", "usable-rate", "relative"] = "absolute"
    """A number somebody chose, or how one is learned."""
    value: Annotated[float, Field(strict=False)] | None = None
    """Of an absolute rule: below it an output fails."""
    max_fail: Annotated[float, Field(gt=0, le=0.5, strict=False)] = 0.25
    """Share of outputs that may fail: 0.25 is the lower quartile."""
    usable: Annotated[float, Field(gt=0, lt=1, strict=False)] | None = None
    """Of a usable-rate: the share that people must call usable."""
    criterion: str = ""
    """Of a usable-rate: a question answered 0 or 1, in place of the flag ``usable``."""
    reference: str = ""
    """Of a relative rule: the offer that others are held against."""
    margin: Annotated[float, Field(ge=0, strict=False, allow_inf_nan=False)] | None = None
    """Of a relative rule: how much lower than the reference is allowed; 0 if left out."""
    level: Annotated[float, Field(gt=0, lt=0.5, strict=False)] | None = None
    """Probability that a learned number is wrong; 0.01 if left out."""
    evidence: str = ""
    """Where the number comes from."""


class LimitsTable(_Strict):
    """``[limits.<provider>]``: what an account may be asked, in place of what is documented."""

    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Calls at once."""
    per_minute: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)] | None = None
    """Calls a minute."""
    burst: Annotated[int, Field(ge=1)] = 1
    """Calls that may be made at once before ``per_minute`` holds."""


class ExcludeTable(_Strict):
    """``[[exclude]]``; patterns of ids, or names; at least one beside the reason."""

    reason: Annotated[str, Field(min_length=1)]
    """Why; it stands in the release."""
    offers: str | None = None
    """Pattern of offers' ids."""
    prompts: str | None = None
    """Pattern of prompts' ids."""
    category: str | None = None
    """A category's id."""
    tag: str | None = None
    """A challenge tag."""


Weights = dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)]]


class TrafficTable(_Strict):
    """``[traffic]``: a team's own mix of requests, for all categories or by category."""

    by: Literal["language", "tag", "difficulty", "source"]
    """What requests are told apart by."""
    weights: Weights = {}
    """Share of each value in your traffic, for all categories."""
    categories: dict[str, Weights] = {}
    """The same by category."""


class BenchmarkFile(_Strict):
    """A whole benchmark file."""

    benchmark: BenchmarkTable
    """What is run."""
    quality: QualityTable = QualityTable()
    """The number that decides."""
    scorers: list[PluginTable] = []
    """What outputs are scored with."""
    raters: PanelTable | None = None
    """Simulated raters, for painters only."""
    calibrations: list[CalibrationTable] = []
    """Metrics whose thresholds are learned from people's ratings."""
    references: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]] = {}
    """Digest of the frozen reference set, by metric."""
    exclude: list[ExcludeTable] = []
    """What is left out, and why."""
    traffic: TrafficTable | None = None
    """A team's own mix of requests."""
    limits: dict[str, LimitsTable] = {}
    """What a provider's account may be asked, by provider."""
    thresholds: Annotated[list[ThresholdTable], Field(min_length=1)]
    """What tiers demand."""
