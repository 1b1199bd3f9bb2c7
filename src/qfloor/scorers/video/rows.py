"""Rows of a series: its mean, and the 10% quantile of its frames beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qfloor.records import Direction, Metric, ScoreStatus, WeightsRights
from qfloor.scorers.protocol import Row

WORST_SHARE = 0.10
WORST = "_worst_frames"


def scored(metric: str, value: float) -> Row:
    """Return a row with a number."""
    return Row(metric=metric, status=ScoreStatus.SCORED, value=value)


def unscored(metrics: Sequence[str], reason: str) -> tuple[Row, ...]:
    """Return rows without a number, and why."""
    return tuple(Row(metric=m, status=ScoreStatus.UNSCORED, reason=reason) for m in metrics)


def worst(series: Sequence[float]) -> float:
    """Return the ``ceil(0.1 n)``-th smallest value (the ``inverted_cdf`` quantile).

    Examples
    --------
    >>> worst([0.4, 0.1, 0.3])
    0.1
    """
    return float(np.quantile(np.asarray(series, float), WORST_SHARE, method="inverted_cdf"))


def mean_and_worst(metric: str, series: Sequence[float]) -> tuple[Row, Row]:
    """Return the rows of the mean, which keeps the series, and of the worst frames."""
    mean = Row(
        metric=metric,
        status=ScoreStatus.SCORED,
        value=math.fsum(series) / len(series),
        series=tuple(series),
    )
    return mean, scored(metric + WORST, worst(series))


def metric(
    name: str,
    unit: str,
    definition: Mapping[str, Any],
    execution: Mapping[str, Any],
    *,
    hi: float | None = 1.0,
    direction: Direction = "higher",
    weights: tuple[WeightsRights, ...] = (),
) -> Metric:
    """Return a metric of clips, from 0 upwards; ``unit`` ``boolean`` makes it one."""
    return Metric(
        name=name,
        unit=unit,
        lo=0.0,
        hi=hi,
        direction=direction,
        modalities=("video",),
        boolean=unit == "boolean",
        definition=definition,
        execution=execution,
        weights=weights,
    )


def mean_and_worst_metrics(
    name: str,
    unit: str,
    definition: Mapping[str, Any],
    execution: Mapping[str, Any],
    *,
    hi: float | None = 1.0,
    weights: tuple[WeightsRights, ...] = (),
) -> tuple[Metric, Metric]:
    """Return the metrics of `mean_and_worst`, the lowest values being the worst."""
    least = f"{WORST_SHARE:g} quantile of the series, inverted_cdf"
    mean, worst_frames = (
        metric(label, unit, {**definition, "of_series": which}, execution, hi=hi, weights=weights)
        for label, which in ((name, "mean"), (name + WORST, least))
    )
    return mean, worst_frames
