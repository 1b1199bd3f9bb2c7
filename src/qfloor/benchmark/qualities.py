"""Which number decides: people, people with metrics beside them, or metrics nobody vouches for."""

from __future__ import annotations

from pathlib import Path

from qfloor.benchmark.tables import BenchmarkFile, QualityTable
from qfloor.errors import BenchmarkError
from qfloor.records import CompositeQuality, PoweredQuality, Quality


def quality_of(path: Path, file: BenchmarkFile) -> Quality:
    """Read ``[quality]``.

    Raises
    ------
    BenchmarkError
        When the scale is upside down, a field does not go with the source, or a metric is to
        decide without people and the file does not say that this is uncalibrated.
    """
    table = file.quality
    if table.lo >= table.hi:
        raise BenchmarkError(f"{path}: quality.lo {table.lo:g} must be below hi {table.hi:g}")
    twice = next((m for m in table.metrics if table.metrics.count(m) > 1), None)
    if twice is not None:
        raise BenchmarkError(f"{path}: quality.metrics names {twice!r} twice")
    if table.source == "metric":
        raise BenchmarkError(
            f"{path}: a metric by itself certifies what no person judged; learn its threshold "
            "from ratings with [[calibrations]], let it help people with source = "
            '"prediction-powered", or say source = "uncalibrated" and every floor will say so too'
        )
    if table.source == "uncalibrated":
        return _composite(path, file)
    if table.weights:
        raise BenchmarkError(f'{path}: quality.weights go with source = "uncalibrated" only')
    if table.source == "prediction-powered":
        return _powered(path, table)
    if table.metrics:
        raise BenchmarkError(
            f"{path}: quality.metrics are named, but source is {table.source!r}; say source = "
            '"prediction-powered" to let them make people\'s floors narrower'
        )
    return Quality(source="human", name=table.criterion, lo=table.lo, hi=table.hi, step=table.step)


def _powered(path: Path, table: QualityTable) -> PoweredQuality:
    if not table.metrics:
        raise BenchmarkError(
            f"{path}: a prediction-powered quality needs quality.metrics, "
            'e.g. metrics = ["clip.cos"]'
        )
    return PoweredQuality(
        source="prediction-powered",
        name=table.criterion,
        lo=table.lo,
        hi=table.hi,
        step=table.step,
        metrics=tuple(table.metrics),
    )


def _composite(path: Path, file: BenchmarkFile) -> CompositeQuality:
    """A scale of its own: open where the file does not close it."""
    table = file.quality
    if not table.metrics:
        raise BenchmarkError(f"{path}: an uncalibrated quality needs quality.metrics")
    weights = table.weights or [1.0] * len(table.metrics)
    if len(weights) != len(table.metrics) or 0.0 in weights:
        raise BenchmarkError(
            f"{path}: quality.weights must be {len(table.metrics)} numbers other than 0, one for "
            "each of quality.metrics"
        )
    if file.calibrations:
        raise BenchmarkError(
            f"{path}: [[calibrations]] learn from people's ratings, and an uncalibrated quality "
            "has none"
        )
    told = table.model_fields_set
    return CompositeQuality.of(
        tuple(zip(table.metrics, weights, strict=True)),
        table.lo if "lo" in told else None,
        table.hi if "hi" in told else None,
    )
