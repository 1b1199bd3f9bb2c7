"""With what probability some certificate of a family is wrong: its floors and its learned numbers.

What this module does not know: what the families of a release, or twelve releases, add up to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_PLACE = ("category", "modality", "quality", "tier")


class FamilyError(NamedTuple):
    """A family's ``alpha``, and the levels of the learned thresholds that its verdicts use."""

    alpha: float
    levels: tuple[float, ...] = ()

    @property
    def total(self) -> float:
        """The sum of all, by a union bound: whatever hangs together with what."""
        return min(1.0, round(self.alpha + sum(self.levels), 12))


def family_errors(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, FamilyError]:
    """Say of each family that was judged how often some certificate of it may be wrong.

    A threshold that was learned is wrong with its own ``level``, and each tier of a family has one
    of its own, so all of them are added to the alpha of the floors that are held against them.

    Parameters
    ----------
    tables : mapping
        ``floors``, ``verdicts`` and ``learned_thresholds`` of a quality database, as rows.
    """
    alphas = {row["family"]: float(row["alpha_cell"]) for row in tables["floors"]}
    level_at = {
        tuple(row[name] for name in _PLACE): float(row["level"])
        for row in tables.get("learned_thresholds", ())
        if row["value"] is not None
    }
    used: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for row in tables["verdicts"]:
        if row["family"] in alphas:
            used[row["family"]].add(tuple(row[name] for name in _PLACE))
    return {
        family: FamilyError(
            alphas[family], tuple(level_at[p] for p in sorted(places) if p in level_at)
        )
        for family, places in sorted(used.items())
    }
