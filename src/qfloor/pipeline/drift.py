"""Did an offer change between two rounds? Offers first, their categories only behind them.

A certificate is about what was sold in its round. Hosted models change without notice, so a later
round, or a small probe of it, is compared with the one that certified: the same prompts paired,
other prompts side by side, one output a prompt, on fails at each tier's threshold. Per-cell tests
under full correction would hardly ever speak (`results/drift_power.md`), so all categories of an
offer are pooled first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qfloor import stats
from qfloor.benchmark import Benchmark
from qfloor.errors import CertificationError
from qfloor.floors import first_values
from qfloor.pipeline.judged_round import judged_round
from qfloor.pipeline.judging import CellKey
from qfloor.pipeline.planned import offers_of, prompts_of, run_id, view_of
from qfloor.pipeline.signs import Sign, signs_of
from qfloor.records import (
    EVERY,
    DriftFinding,
    DriftWord,
    Modality,
    Output,
    Threshold,
    human_part,
)
from qfloor.stats import Change
from qfloor.store import Store

OWN_QUARTILE = "own q25"
"""Tier of a comparison on a metric: fails lie below the offer's own lower quartile before."""

PAIRED_SHARE = 0.5
"""From this share of common prompts on, only they are compared, in pairs."""

Values = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class DriftReport:
    """What two rounds say of each other.

    ``findings`` pool an offer's categories first (`EVERY`) and then name them one by one;
    ``signs`` are what tells of a silent change besides quality; ``only_before`` and
    ``only_after`` name offers that one round lacks.
    """

    before_run: str
    after_run: str
    alpha: float
    findings: tuple[DriftFinding, ...]
    signs: tuple[Sign, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A cell in both rounds, with the threshold it is compared at."""

    key: CellKey
    tier: str
    threshold: float
    before: Values
    after: Values

    @property
    def paired(self) -> bool:
        common = len(self.before.keys() & self.after.keys())
        return common >= PAIRED_SHARE * min(len(self.before), len(self.after)) > 0

    @property
    def sides(self) -> tuple[list[float], list[float]]:
        """Values before and after: of common prompts in one order, or of all."""
        if not self.paired:
            return list(self.before.values()), list(self.after.values())
        common = sorted(self.before.keys() & self.after.keys())
        return [self.before[f] for f in common], [self.after[f] for f in common]

    @property
    def fails(self) -> tuple[list[bool], list[bool]]:
        before, after = self.sides
        return [v < self.threshold for v in before], [v < self.threshold for v in after]


def check_drift(
    store: Store,
    before: Benchmark,
    after: Benchmark,
    *,
    store_before: Store | None = None,
    metric: str | None = None,
    alpha: float = 0.05,
    now: dt.datetime | None = None,
) -> DriftReport:
    """Compare two rounds of a benchmark, offer by offer.

    Parameters
    ----------
    store : Store
        Holds the later round, and the earlier one unless ``store_before`` is given.
    before, after : Benchmark
        The same benchmark in its two rounds.
    store_before : Store, optional
        Holds the earlier round.
    metric : str, optional
        Compare scores of this metric, where nobody rated: a fail is a score below the offer's own
        lower quartile before.
    alpha : float
        Probability of any false "changed" in the whole report.
    now : datetime, optional
        The clock; by default the machine's, in UTC.

    Returns
    -------
    DriftReport
        Not stored; see `qfloor.store.Store.save_drift`.

    Raises
    ------
    CertificationError
        When the rounds are one, alpha is out of range, or nothing was judged in both.
    """
    if not 0.0 < alpha < 0.5:
        raise CertificationError(f"alpha is {alpha:g}, must lie between 0 and 0.5")
    earlier = store if store_before is None else store_before
    runs = run_id(before), run_id(after)
    if runs[0] == runs[1] and earlier is store:
        raise CertificationError(f"run {runs[0]} is compared with itself; name two rounds")
    then, quality = _values(earlier, before, metric)
    since, _ = _values(store, after, metric)
    places = list(_places(_demanded(earlier, before), then, since, metric))
    if not places:
        raise CertificationError(
            f"nothing was judged in both {before.round} and {after.round}; rate or score outputs "
            "of the later round first"
        )
    at = (now or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds")
    n_trees = _trees(earlier, before, places)
    findings = tuple(_findings(places, runs, quality, alpha, n_trees, at))
    offers = [{key.offer_id for key in cells} for cells in (then, since)]
    return DriftReport(
        before_run=runs[0],
        after_run=runs[1],
        alpha=alpha,
        findings=findings,
        signs=signs_of(_outputs(earlier, before), _outputs(store, after)),
        only_before=tuple(sorted(offers[0] - offers[1])),
        only_after=tuple(sorted(offers[1] - offers[0])),
    )


def _demanded(store: Store, benchmark: Benchmark) -> list[Threshold]:
    """Thresholds as numbers; of those that are learned, what the earlier round's run kept."""
    kept = store.thresholds_of(run=run_id(benchmark))
    human = human_part(benchmark.quality).id
    learned = [t for t in kept if t.rule != "absolute" and t.quality == human]
    return [*benchmark.thresholds, *learned]


def _outputs(store: Store, benchmark: Benchmark) -> tuple[Output, ...]:
    return view_of(store, benchmark, prompts_of(benchmark)).outputs


def _trees(store: Store, benchmark: Benchmark, places: Sequence[_Place]) -> int:
    """Offers planned times tiers compared: a tree each, whether it has data or not."""
    tiers = {place.tier for place in places}
    return len(offers_of(store, benchmark)) * len(tiers)


def _values(
    store: Store, benchmark: Benchmark, metric: str | None
) -> tuple[dict[CellKey, Values], str]:
    """One value a prompt of every cell of a round, higher is better, and what they are of."""
    judged = judged_round(store, benchmark, metric)
    key = judged.metric_key
    quality = benchmark.quality.id if key is None else f"metric:{key}"
    values = {
        place: first_values(outputs, place.modality, sign=judged.sign)
        for place, outputs in judged.cells.items()
    }
    return {place: found for place, found in values.items() if found}, quality


def _places(
    thresholds: Sequence[Threshold],
    then: Mapping[CellKey, Values],
    since: Mapping[CellKey, Values],
    metric: str | None,
) -> Iterator[_Place]:
    for key in sorted(then.keys() & since.keys()):
        sides = {"before": then[key], "after": since[key]}
        if metric is not None:
            quartile = stats.quantile_inverted_cdf(list(then[key].values()), 0.25)
            if quartile is not None:
                yield _Place(key=key, tier=OWN_QUARTILE, threshold=quartile, **sides)
            continue
        for threshold in thresholds:
            if (threshold.category, threshold.modality) == (key.category, key.modality):
                yield _Place(key=key, tier=threshold.tier, threshold=threshold.value, **sides)


Tree = tuple[str, Modality, str]
"""Offer, modality and tier: what is tested as a whole before its categories."""


def _findings(
    places: Sequence[_Place],
    runs: tuple[str, str],
    quality: str,
    alpha: float,
    n_trees: int,
    at: str,
) -> Iterator[DriftFinding]:
    trees: dict[Tree, list[_Place]] = {}
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
        pooled = _finding(mine[0], whole[tree], runs, quality, adjusted[name], alpha, at)
        one = len({place.threshold for place in mine}) == 1
        threshold = mine[0].threshold if one else None
        yield replace(pooled, category=EVERY, threshold=threshold, shape_p=None)
        for place, change, p in zip(mine, parts[tree], inner[name], strict=True):
            yield _finding(place, change, runs, quality, p, alpha, at)


def _change(places: Sequence[_Place], level: float) -> Change:
    """Compare cells together: in pairs if every one has pairs, else in strata."""
    fails = [place.fails for place in places]
    if all(place.paired for place in places):
        before = [fail for side, _ in fails for fail in side]
        after = [fail for _, side in fails for fail in side]
        return stats.paired_change(before, after, level)
    return stats.unpaired_change([b for b, _ in fails], [a for _, a in fails], level)


def _finding(
    place: _Place,
    change: Change,
    runs: tuple[str, str],
    quality: str,
    p_adjusted: float,
    alpha: float,
    at: str,
) -> DriftFinding:
    return DriftFinding(
        before_run=runs[0],
        after_run=runs[1],
        quality=quality,
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
        shape_p=stats.shape_change(*place.sides),
        word=_word(change, p_adjusted, alpha),
        at=at,
    )


def _word(change: Change, p_adjusted: float, alpha: float) -> DriftWord:
    if p_adjusted <= alpha:
        return "changed"
    return "too little data" if change.detectable is None else "not distinguishable"
