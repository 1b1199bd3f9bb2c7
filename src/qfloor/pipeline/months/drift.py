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
from dataclasses import dataclass

from qfloor import stats
from qfloor.benchmark import Benchmark
from qfloor.errors import CertificationError
from qfloor.floors import first_values
from qfloor.pipeline.certifying.vectors import check_known
from qfloor.pipeline.months.drift_trees import Compared, Comparison, findings_of
from qfloor.pipeline.months.signs import Sign, signs_of
from qfloor.pipeline.rounds.judged_round import judged_round
from qfloor.pipeline.rounds.judging import CellKey
from qfloor.pipeline.rounds.planned import offers_of, prompts_of, run_id, view_of
from qfloor.records import DriftFinding, Output, Threshold, human_part
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
        Probability that any unchanged offer is called changed; the same within an offer that did,
        for its categories.
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
    BenchmarkError
        When no scorer gave a metric of that name.
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
            _nothing_shared((before.round, then), (after.round, since), metric)
        )
    at = (now or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds")
    n_trees = _trees(earlier, before, places)
    comparison = Comparison(
        before_run=runs[0], after_run=runs[1], quality=quality, alpha=alpha, at=at
    )
    findings = tuple(findings_of(places, comparison, n_trees))
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


def _nothing_shared(
    before: tuple[str, Mapping[CellKey, Values]],
    after: tuple[str, Mapping[CellKey, Values]],
    metric: str | None,
) -> str:
    """Say which of two rounds lacks what is to be compared."""
    lacking = [round for round, cells in (before, after) if not cells]
    what, todo = ("rating", "rate") if metric is None else (f"score of {metric}", "score")
    if lacking:
        return (
            f"there is no {what} of this benchmark's outputs in round {' or '.join(lacking)}, so "
            f"nothing can be compared; {todo} them first, or name another round"
        )
    return (
        f"no offer was judged in the same category in both {before[0]} and {after[0]}, on a tier "
        "that the benchmark asks for"
    )


def _demanded(store: Store, benchmark: Benchmark) -> list[Threshold]:
    """Thresholds as numbers; of those that are learned, what the earlier round's run kept."""
    kept = store.thresholds_of(run=run_id(benchmark))
    human = human_part(benchmark.quality).id
    learned = [t for t in kept if t.rule != "absolute" and t.quality == human]
    return [*benchmark.thresholds, *learned]


def _outputs(store: Store, benchmark: Benchmark) -> tuple[Output, ...]:
    return view_of(store, benchmark, prompts_of(benchmark)).outputs


def _trees(store: Store, benchmark: Benchmark, places: Sequence[Compared]) -> int:
    """Offers planned times tiers compared: a tree each, whether it has data or not."""
    tiers = {place.tier for place in places}
    return len(offers_of(store, benchmark)) * len(tiers)


def _values(
    store: Store, benchmark: Benchmark, metric: str | None
) -> tuple[dict[CellKey, Values], str]:
    """One value a prompt of every cell of a round, higher is better, and what they are of."""
    judged = judged_round(store, benchmark, metric)
    key = judged.metric_key
    if metric is not None and key is None:
        check_known(store, benchmark, metric)
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
) -> Iterator[Compared]:
    for key in sorted(then.keys() & since.keys()):
        if metric is not None:
            quartile = stats.quantile_inverted_cdf(list(then[key].values()), 0.25)
            if quartile is not None:
                yield _compared(key, OWN_QUARTILE, quartile, then[key], since[key])
            continue
        for threshold in thresholds:
            if (threshold.category, threshold.modality) == (key.category, key.modality):
                yield _compared(key, threshold.tier, threshold.value, then[key], since[key])


def _compared(key: CellKey, tier: str, threshold: float, before: Values, after: Values) -> Compared:
    """Put a cell's fails side by side: of common prompts in one order, or of all."""
    common = sorted(before.keys() & after.keys())
    paired = len(common) >= PAIRED_SHARE * min(len(before), len(after)) > 0
    sides = [
        [values[f] for f in common] if paired else list(values.values())
        for values in (before, after)
    ]
    return Compared(
        key=key,
        tier=tier,
        threshold=threshold,
        before=[value < threshold for value in sides[0]],
        after=[value < threshold for value in sides[1]],
        paired=paired,
        shape_p=stats.shape_change(*sides),
    )
