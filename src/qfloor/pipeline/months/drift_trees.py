"""Test cells of two rounds for a change: offers first, their categories only behind them.

What is compared are fails, one output a prompt; where they come from (a store's outputs, or the
counts of two releases) this module does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qfloor import stats
from qfloor.pipeline.rounds.judging import CellKey
from qfloor.records import EVERY, DriftFinding, DriftWord, Modality
from qfloor.stats import Change


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Fails of a cell in two rounds at a tier's threshold.

    ``paired`` says that both sides are the same prompts in one order; ``shape_p`` is what all
    values together say, where they are known.
    """

    key: CellKey
    tier: str
    threshold: float
    before: Sequence[bool]
    after: Sequence[bool]
    paired: bool
    shape_p: float | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two rounds are called, on which quality, and at which level they are compared."""

    before_run: str
    after_run: str
    quality: str
    alpha: float
    at: str


Tree = tuple[str, Modality, str]
"""Offer, modality and tier: what is tested as a whole before its categories."""


def findings_of(
    places: Sequence[Compared], comparison: Comparison, n_trees: int
) -> Iterator[DriftFinding]:
    """Test every offer as a whole at each tier, then its categories.

    Parameters
    ----------
    places : sequence of Compared
        Of the same cell once for each tier.
    comparison : Comparison
    n_trees : int
        Offers planned times tiers: what the correction is for.

    Yields
    ------
    DriftFinding
        Of each offer, modality and tier first `EVERY` category, then one by one.
    """
    alpha = comparison.alpha
    trees: dict[Tree, list[Compared]] = {}
    for place in places:
        trees.setdefault((place.key.offer_id, place.key.modality, place.tier), []).append(place)
    n_trees = max(n_trees, len(trees))
    level = alpha / n_trees
    whole = {tree: _change(mine, level) for tree, mine in trees.items()}
    parts = {
        tree: [_change([place], alpha / len(mine)) for place in mine]
        for tree, mine in trees.items()
    }
    adjusted, inner = stats.gatekeep(
        {"\x1f".join(tree): change.p_changed for tree, change in whole.items()},
        {"\x1f".join(tree): [c.p_changed for c in changes] for tree, changes in parts.items()},
        n_trees,
    )
    for tree, mine in sorted(trees.items()):
        name = "\x1f".join(tree)
        pooled = _finding(mine[0], whole[tree], comparison, adjusted[name])
        one = len({place.threshold for place in mine}) == 1
        threshold = mine[0].threshold if one else None
        yield replace(pooled, category=EVERY, threshold=threshold, shape_p=None)
        for place, change, p in zip(mine, parts[tree], inner[name], strict=True):
            yield _finding(place, change, comparison, p)


def _change(places: Sequence[Compared], level: float) -> Change:
    """Compare cells together: in pairs if every one has pairs, else in strata."""
    if all(place.paired for place in places):
        before = [fail for place in places for fail in place.before]
        after = [fail for place in places for fail in place.after]
        return stats.paired_change(before, after, level)
    return stats.unpaired_change([p.before for p in places], [p.after for p in places], level)


def _finding(
    place: Compared, change: Change, comparison: Comparison, p_adjusted: float
) -> DriftFinding:
    return DriftFinding(
        before_run=comparison.before_run,
        after_run=comparison.after_run,
        quality=comparison.quality,
        offer_id=place.key.offer_id,
        category=place.key.category,
        modality=place.key.modality,
        tier=place.tier,
        threshold=place.threshold,
        test=change.test,
        n_before=change.n_before,
        n_after=change.n_after,
        before=change.before,
        after=change.after,
        worse=change.worse,
        better=change.better,
        p_value=change.p_changed,
        p_adjusted=p_adjusted,
        level=change.level,
        detectable=change.detectable,
        shape_p=place.shape_p,
        word=_word(change, p_adjusted, comparison.alpha),
        at=comparison.at,
    )


def _word(change: Change, p_adjusted: float, alpha: float) -> DriftWord:
    if p_adjusted <= alpha:
        return "changed"
    return "too little data" if change.detectable is None else "not distinguishable"
