"""Scores of one name and two identities are two quantities: they never share a comparison."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from qfloor.errors import ScoringError
from qfloor.records import Metric


def check_comparable(metrics: Iterable[Metric]) -> None:
    """Refuse metrics of one name that do not have one identity.

    Raises
    ------
    ScoringError
        Names the metric and what the identities differ in; says so when one of them knows only
        the painters' world.
    """
    by_key = {metric.key: metric for metric in metrics}
    for left, right in combinations(by_key.values(), 2):
        if left.name != right.name:
            continue
        worlds = {left.definition.get("world"), right.definition.get("world")}
        painters = "one of them knows only the built-in painters; " if _mixes(worlds) else ""
        raise ScoringError(
            f"scores of {left.name} come from two identities ({left.key} and {right.key}, which "
            f"differ in {_difference(left, right)}) and must not be compared; {painters}"
            f"choose one by its key, or score everything again with one"
        )


def metric_of(metrics: Iterable[Metric], wanted: str) -> Metric:
    """Return the one metric of a name or key.

    Parameters
    ----------
    metrics : iterable of Metric
        E.g. ``store.metrics_of()``.
    wanted : str
        A name (``clip.cos``), which must be unambiguous, or a key (``clip.cos@1f2e...``).

    Raises
    ------
    ScoringError
        When there is none, or the name has several identities.
    """
    known = list(metrics)
    found = [metric for metric in known if wanted in (metric.name, metric.key)]
    if not found:
        names = ", ".join(sorted({metric.name for metric in known})) or "none yet"
        raise ScoringError(f"there is no metric {wanted!r}; known: {names}")
    check_comparable(found)
    return found[0]


def _mixes(worlds: set[object]) -> bool:
    return "painters" in worlds and len(worlds) > 1


def _difference(left: Metric, right: Metric) -> str:
    names = sorted(
        name
        for one, other in (
            (left.definition, right.definition),
            (left.execution, right.execution),
        )
        for name in {*one, *other}
        if one.get(name) != other.get(name)
    )
    return ", ".join(names) or "nothing that is declared"
