"""The tables of a benchmark file as they may be written: types, limits and defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class BenchmarkTable(_Strict):
    """``[benchmark]``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str = ""
    suites: list[str] = []
    offers: Annotated[list[str], Field(min_length=1)]
    offer_files: list[str] = []
    imported: bool = False
    repeats: Annotated[int, Field(ge=1, le=100)] = 1
    round: str
    seed: int = 0
    budget_usd: str | int | float | None = None
    allow_unpriced: bool = False
    alpha: Annotated[float, Field(gt=0, lt=0.5, strict=False)] = 0.05
    family: Literal["category", "release"] = "category"
    correction: Literal["bonferroni", "holm", "by", "e-bh"] = "bonferroni"
    illustrative: bool = False
    notes: str = ""


class QualityTable(_Strict):
    """``[quality]``: the number that decides."""

    source: Literal["human", "prediction-powered", "uncalibrated", "metric"] = "human"
    criterion: str = "overall"
    lo: Annotated[float, Field(strict=False)] = 0.0
    hi: Annotated[float, Field(strict=False)] = 10.0
    step: Annotated[float, Field(gt=0, strict=False)] | None = None
    sessions: list[str] = []
    metrics: list[Annotated[str, Field(min_length=1)]] = []
    weights: list[Annotated[float, Field(strict=False, allow_inf_nan=False)]] = []


class PluginTable(_Strict):
    """``[[scorers]]``."""

    name: str
    args: dict[str, Any] = {}


class PanelTable(_Strict):
    """``[raters]``."""

    share: Annotated[float, Field(gt=0, le=1, strict=False)]
    raters: Annotated[int, Field(ge=1)] = 12
    votes: Annotated[int, Field(ge=1)] = 1
    seed: int = 0


class CalibrationTable(_Strict):
    """``[[calibrations]]``."""

    metric: str
    epsilon: Annotated[float, Field(gt=0, lt=0.25, strict=False)] = 0.1
    alpha: Annotated[float, Field(gt=0, lt=0.5, strict=False)] = 0.05


class ThresholdTable(_Strict):
    """``[[thresholds]]``; ``category`` and ``modality`` may be ``*``.

    A number (``value``), or a rule that learns one: ``usable-rate`` with ``usable`` and perhaps
    ``criterion``, ``relative`` with ``reference`` and ``margin``; both with their own ``level``.
    """

    category: str = "*"
    modality: Literal["image", "video", "*"] = "*"
    tier: str
    rule: Literal["absolute", "usable-rate", "relative"] = "absolute"
    value: Annotated[float, Field(strict=False)] | None = None
    max_fail: Annotated[float, Field(gt=0, le=0.5, strict=False)] = 0.25
    usable: Annotated[float, Field(gt=0, lt=1, strict=False)] | None = None
    criterion: str = ""
    reference: str = ""
    margin: Annotated[float, Field(ge=0, strict=False, allow_inf_nan=False)] | None = None
    level: Annotated[float, Field(gt=0, lt=0.5, strict=False)] | None = None
    evidence: str = ""


class LimitsTable(_Strict):
    """``[limits.<provider>]``: what an account may be asked, in place of what is documented."""

    concurrency: Annotated[int, Field(ge=1)] | None = None
    per_minute: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)] | None = None
    burst: Annotated[int, Field(ge=1)] = 1


class ExcludeTable(_Strict):
    """``[[exclude]]``; patterns of ids, or names; at least one beside the reason."""

    reason: Annotated[str, Field(min_length=1)]
    offers: str | None = None
    prompts: str | None = None
    category: str | None = None
    tag: str | None = None


Weights = dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)]]


class TrafficTable(_Strict):
    """``[traffic]``: a team's own mix of requests, for all categories or by category."""

    by: Literal["language", "tag", "difficulty", "source"]
    weights: Weights = {}
    categories: dict[str, Weights] = {}


class BenchmarkFile(_Strict):
    """A whole benchmark file."""

    benchmark: BenchmarkTable
    quality: QualityTable = QualityTable()
    scorers: list[PluginTable] = []
    raters: PanelTable | None = None
    calibrations: list[CalibrationTable] = []
    references: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]] = {}
    exclude: list[ExcludeTable] = []
    traffic: TrafficTable | None = None
    limits: dict[str, LimitsTable] = {}
    thresholds: Annotated[list[ThresholdTable], Field(min_length=1)]
