"""`check_scorer`: what every scorer must keep, ready to be run on yours.

    from qfloor.testing import check_scorer
    check_scorer(MyScorer, items)

Each check stands alone, so a test suite may also run them one by one (`SCORER_CHECKS`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from qfloor.records import Metric, canonical_json
from qfloor.score.contract import check_rows
from qfloor.scorers.protocol import Concurrent, Item, Row, Scorer

_THREADS = 4

Factory = Callable[[], Scorer]
Check = Callable[[Factory, Sequence[Item]], None]


def check_scorer(factory: Factory, items: Sequence[Item]) -> None:
    """Run every check of `SCORER_CHECKS`.

    Parameters
    ----------
    factory : callable
        Builds the scorer, e.g. the class itself; called several times.
    items : sequence of Item
        At least two, with every input the scorer declares; varied ones find more.

    Raises
    ------
    AssertionError
        In one sentence: which promise was not kept.
    ScoringError
        When rows do not match what is declared.
    """
    assert len(items) >= 2, "give at least two items, or batches cannot be told from single calls"
    for check in SCORER_CHECKS:
        check(factory, items)


def check_declares_metrics(factory: Factory, items: Sequence[Item]) -> None:
    """Metrics have names of their own, ranges the right way round and a written definition."""
    metrics = factory().metrics
    assert metrics, "a scorer must declare at least one metric"
    names = [metric.name for metric in metrics]
    assert len(set(names)) == len(names), f"metric names repeat: {names}"
    for metric in metrics:
        assert metric.definition, f"{metric.name} declares no definition: its identity is empty"
        canonical_json([metric.definition, metric.execution])
        if metric.lo is not None and metric.hi is not None:
            assert metric.lo < metric.hi, f"{metric.name} declares lo >= hi"


def check_identity_is_stable(factory: Factory, items: Sequence[Item]) -> None:
    """Two instances agree on every key, and scoring does not change it."""
    scorer = factory()
    before = _keys(scorer.metrics)
    _score(scorer, items)
    assert _keys(scorer.metrics) == before, "scoring changed a metric's identity"
    assert _keys(factory().metrics) == before, "two instances declare different identities"


def check_rows_match(factory: Factory, items: Sequence[Item]) -> None:
    """Same length, every declared metric, no NaN, values within their range."""
    scorer = factory()
    applicable = _applicable(scorer, items)
    rows = scorer.score(applicable)
    check_rows(type(scorer).__name__, scorer.metrics, len(applicable), rows)


def check_accepts_empty_batch(factory: Factory, items: Sequence[Item]) -> None:
    """No items give no rows."""
    assert len(factory().score([])) == 0, "an empty batch must give no rows"


def check_batches_do_not_matter(factory: Factory, items: Sequence[Item]) -> None:
    """An item has the same rows alone and among others, and they stand in its place."""
    scorer = factory()
    together = _score(scorer, items)
    alone = [rows for item in _applicable(scorer, items) for rows in scorer.score([item])]
    assert together == alone, "rows are out of order, or depend on what else is in the batch"


def check_is_deterministic(factory: Factory, items: Sequence[Item]) -> None:
    """Two calls, and two instances, give equal rows."""
    scorer = factory()
    first = _score(scorer, items)
    assert _score(scorer, items) == first, "two calls on the same batch differ"
    assert _score(factory(), items) == first, "two instances differ on the same batch"


def check_applies_is_plain(factory: Factory, items: Sequence[Item]) -> None:
    """``applies`` answers with a bool, the same twice, and to at least one of the items."""
    scorer = factory()
    for item in items:
        answer = scorer.applies(item.prompt, item.media_type)
        assert isinstance(answer, bool), "applies() must answer True or False"
        assert scorer.applies(item.prompt, item.media_type) is answer, "applies() changed its mind"
    assert _applicable(scorer, items), "the scorer applies to none of the items given"


def check_calls_may_overlap(factory: Factory, items: Sequence[Item]) -> None:
    """One that says ``concurrent`` gives the same rows to several threads at once."""
    scorer = factory()
    if not (isinstance(scorer, Concurrent) and scorer.concurrent):
        return
    expected = _score(scorer, items)
    with ThreadPoolExecutor(_THREADS) as pool:
        asked = [pool.submit(_score, scorer, items) for _ in range(2 * _THREADS)]
        found = [answer.result() for answer in asked]
    assert all(rows == expected for rows in found), (
        "rows differ when several threads call at once; do not declare the scorer concurrent"
    )


def check_leaves_inputs_alone(factory: Factory, items: Sequence[Item]) -> None:
    """Inputs are shared with other scorers: none may be written into."""
    before = [_snapshot(item) for item in items]
    _score(factory(), items)
    assert [_snapshot(item) for item in items] == before, "the scorer wrote into its inputs"


SCORER_CHECKS: tuple[Check, ...] = (
    check_leaves_inputs_alone,  # first: the others would not see it
    check_declares_metrics,
    check_identity_is_stable,
    check_rows_match,
    check_accepts_empty_batch,
    check_batches_do_not_matter,
    check_is_deterministic,
    check_applies_is_plain,
    check_calls_may_overlap,
)


def _keys(metrics: Sequence[Metric]) -> list[str]:
    return [metric.key for metric in metrics]


def _applicable(scorer: Scorer, items: Sequence[Item]) -> list[Item]:
    return [item for item in items if scorer.applies(item.prompt, item.media_type)]


def _score(scorer: Scorer, items: Sequence[Item]) -> list[tuple[Row, ...]]:
    return list(scorer.score(_applicable(scorer, items)))


def _snapshot(item: Item) -> list[tuple[str, object]]:
    return [(name, _bytes(value)) for name, value in sorted(item.inputs.items())]


def _bytes(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, list | tuple):
        return [_bytes(part) for part in value]
    return value
