"""Metrics beside people, and without them: predictions for powered floors, composites for none.

What crosses from scores and ratings into prediction-powered floors, and into floors on a number
that no calibration ties to people. Both judge outputs by several metrics at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qfloor import calibrate
from qfloor.benchmark import Benchmark
from qfloor.calibrate import Example, PredictionRequest, Predictor
from qfloor.errors import BenchmarkError
from qfloor.floors import Judged, Predicted
from qfloor.meant import meant
from qfloor.pipeline.rounds.centring import Centring, reference_for
from qfloor.pipeline.rounds.declared import Declared, metric_key
from qfloor.pipeline.rounds.judging import (
    CellKey,
    Cells,
    RoundView,
    judged,
    rated_prompts,
    ratings_by_output,
)
from qfloor.records import (
    CompositeQuality,
    Metric,
    Modality,
    Output,
    PoweredQuality,
    Prediction,
    Rating,
    ReferenceSet,
    Score,
    ScoreStatus,
    Threshold,
)
from qfloor.store import Store

Place = tuple[str, Modality]

UNCALIBRATED = "no rating stands behind this number"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One metric's scores of a round, turned so that higher is better, centred where it must be."""

    metric: Metric
    reference: ReferenceSet | None
    scores: Mapping[str, Score]
    centring: Centring

    @classmethod
    def of(
        cls, store: Store, benchmark: Benchmark, view: RoundView, name: str, declared: Declared
    ) -> Column:
        """Read a metric by the one identity that covers the round.

        Raises
        ------
        BenchmarkError
            When no output of the round was scored on it.
        """
        key = metric_key(store, name, view, declared)
        if key is None:
            check_known(store, benchmark, name)
            raise BenchmarkError(
                f"{benchmark.name}: nothing in round {benchmark.round} was scored on {name!r}; "
                "run `qfloor score` first"
            )
        metric = store.metric_of(key)
        reference = reference_for(store, benchmark, metric)
        return cls(
            metric=metric,
            reference=reference,
            scores={s.output_id: s for s in store.scores_of(metric=key)},
            centring=Centring.of(store, key, reference),
        )

    def value(self, output: Output) -> float | None:
        """The number of an output, or None where it has none."""
        score = self.scores.get(output.id)
        raw = None if score is None else score.value
        number = None if raw is None else self.centring.centred(output, raw)
        if number is None:
            return None
        return number if self.metric.direction == "higher" else -number

    def failed(self, output: Output) -> bool:
        """Whether it should have been scored and could not be."""
        score = self.scores.get(output.id)
        return score is not None and score.status is ScoreStatus.FAILED


def check_known(store: Store, benchmark: Benchmark, name: str) -> None:
    """Refuse a misspelt metric: it would be left out in silence.

    Raises
    ------
    BenchmarkError
        When scores of other metrics are there and of none by this name.
    """
    known = {metric.name for metric in store.metrics_of()}
    if known and name not in known:
        hint = meant(name, sorted(known))
        raise BenchmarkError(f"{benchmark.name}: no scorer gave a metric {name!r}{hint}")


def told(columns: Sequence[Column]) -> dict[str, object]:
    """What a floor says of the metrics it rests on: their identities and reference sets."""
    sets = sorted({c.reference.digest for c in columns if c.reference is not None})
    keys = [c.metric.key for c in columns]
    return {"metrics": keys, **({"reference_sets": sets} if sets else {})}


def vector(columns: Sequence[Column], output: Output) -> tuple[float, ...] | None:
    """All metrics of an output, or None where one of them does not apply."""
    found = [c.value(output) for c in columns]
    return None if any(v is None for v in found) else tuple(v for v in found if v is not None)


def composite_cells(
    store: Store,
    benchmark: Benchmark,
    view: RoundView,
    quality: CompositeQuality,
    declared: Declared,
) -> tuple[Cells, dict[str, object]]:
    """Judge every output of a round by a weighted sum of metrics; nothing was learned for it.

    Returns
    -------
    cells : Cells
        Without cells in which no output has all of the metrics.
    told : dict
        What every floor says of them.
    """
    columns = [Column.of(store, benchmark, view, name, declared) for name, _ in quality.parts]
    weights = [weight for _, weight in quality.parts]
    cells: Cells = defaultdict(list)
    scored: set[CellKey] = set()
    for output in view.outputs:
        found = vector(columns, output)
        value = None if found is None else sum(w * v for w, v in zip(weights, found, strict=True))
        failed = any(c.failed(output) for c in columns)
        values = () if value is None else (value,)
        key = view.key(output)
        cells[key].append(judged(view, output, values, scorer_failed=failed))
        if value is not None:
            scored.add(key)
    kept = {key: outputs for key, outputs in cells.items() if key in scored}
    return kept, {"uncalibrated": UNCALIBRATED, **told(columns)}


@dataclass(frozen=True, kw_only=True)
class Powered:
    """Predictions of a round: for floors, by cell; for people, how good they are."""

    cells: Mapping[CellKey, Predicted]
    predictions: tuple[Prediction, ...]
    told: Mapping[str, object]


def predict_round(
    store: Store,
    benchmark: Benchmark,
    view: RoundView,
    quality: PoweredQuality,
    declared: Declared,
    thresholds: Iterable[Threshold],
) -> Powered:
    """Learn from a round's ratings what its metrics say of people's fails, and say it of all.

    Returns
    -------
    Powered
        Cells of categories in which nothing could be fitted are left out; the predictions there
        say why.
    """
    columns = [Column.of(store, benchmark, view, name, declared) for name in quality.metrics]
    keys = tuple(c.metric.key for c in columns)
    ratings = ratings_by_output(store, view, quality.human)
    rated = rated_prompts(view, ratings)
    demanded: dict[Place, list[Threshold]] = defaultdict(list)
    for threshold in thresholds:
        demanded[threshold.category, threshold.modality].append(threshold)
    metrics = {o.id: vector(columns, o) for o in view.outputs}
    cells: dict[CellKey, Predicted] = {}
    predictions: list[Prediction] = []
    for place, outputs in sorted(_by_place(view).items()):
        examples = list(_examples(view, outputs, metrics, ratings))
        asked = sorted({t.value for t in demanded[place]})
        if not examples or not asked:
            continue
        grid = sorted({e.human for e in examples} | set(asked))
        predictor = calibrate.fit_predictor(examples, grid)
        request = PredictionRequest(
            category=place[0],
            modality=place[1],
            quality=quality.human.id,
            metrics=keys,
            scale=(float(quality.lo or 0.0), float(quality.hi or 0.0)),
        )
        predictions += calibrate.predictions_of(request, examples, asked, predictor)
        if isinstance(predictor, Predictor):
            cells |= _predicted(view, outputs, metrics, rated, predictor)
    return Powered(cells=cells, predictions=tuple(predictions), told=told(columns))


def _by_place(view: RoundView) -> dict[Place, list[Output]]:
    found: dict[Place, list[Output]] = defaultdict(list)
    for output in view.outputs:
        prompt = view.prompts[output.prompt_digest]
        found[prompt.category, prompt.modality].append(output)
    return dict(found)


def _examples(
    view: RoundView,
    outputs: Iterable[Output],
    metrics: Mapping[str, tuple[float, ...] | None],
    ratings: Mapping[str, Sequence[Rating]],
) -> Iterator[Example]:
    for output in outputs:
        for rating in ratings.get(output.id, ()):
            yield Example(
                output_id=output.id,
                offer_id=output.offer_id,
                family=view.prompts[output.prompt_digest].family,
                metrics=metrics[output.id],
                human=rating.value,
            )


def _predicted(
    view: RoundView,
    outputs: Sequence[Output],
    metrics: Mapping[str, tuple[float, ...] | None],
    rated: set[str],
    predictor: Predictor,
) -> dict[CellKey, Predicted]:
    """What is said of each offer's outputs, rated or not."""
    mine: dict[CellKey, list[Output]] = defaultdict(list)
    for output in outputs:
        mine[view.key(output)].append(output)
    found: dict[CellKey, Predicted] = {}
    for key, asked in mine.items():
        families = [view.prompts[o.prompt_digest].family for o in asked]
        labelled = sorted(
            {f for f, o in zip(families, asked, strict=True) if o.prompt_digest in rated}
        )
        if not labelled:
            continue
        said = predictor.predict([metrics[o.id] for o in asked], families, labelled)
        found[key] = Predicted(
            grid=predictor.grid,
            fails={o.id: row for o, row in zip(asked, said, strict=True)},
            base=np.asarray(predictor.whole.base),
            unlabelled=_unrated(view, asked, rated),
        )
    return found


def _unrated(view: RoundView, outputs: Iterable[Output], rated: set[str]) -> tuple[Judged, ...]:
    return tuple(judged(view, o, ()) for o in outputs if o.prompt_digest not in rated)
