"""Metrics -> P(human < t): what a person would probably have said of an output nobody saw.

One index a fit: the metric itself, or the direction of proportional odds where there are
several. On top of it, at every threshold, isotonic regression of the fails: monotone in the
index and, since fails nest, in the threshold too. Fitted in folds of prompts, so that no output
is ever predicted by a model that saw a rating of its prompt. What a prediction is worth for an
offer is not decided here; prediction-powered floors find that out from the offer's own labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from qfloor.calibrate.display import display_curve
from qfloor.calibrate.held_out import rank_agreement
from qfloor.calibrate.ordinal import fit_proportional_odds
from qfloor.counting import several
from qfloor.errors import CertificationError
from qfloor.records import Modality, Prediction, digest_of

FloatArray = NDArray[np.float64]

FOLDS = 5
FEWEST_PROMPTS = 20
"""Rated prompts below which nothing is fitted."""

RELIABILITY_BINS = 10


@dataclass(frozen=True, kw_only=True)
class Example:
    """One rating with the metrics of its output, each turned so that higher is better.

    ``metrics`` is None where one of them does not apply to the output.
    """

    output_id: str
    offer_id: str
    family: str
    metrics: tuple[float, ...] | None
    human: float


@dataclass(frozen=True, kw_only=True)
class FailModel:
    """P(human < t) at each t of ``grid`` as monotone curves over an index of the metrics.

    ``fails`` has a row for each t and a column for each of ``knots``; ``base`` is the share of
    fails at each t, which is what is predicted of outputs that lack a metric.
    """

    grid: tuple[float, ...]
    slopes: tuple[float, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]
    knots: FloatArray
    fails: FloatArray
    base: FloatArray

    def index(self, metrics: FloatArray) -> FloatArray:
        """Where outputs lie in the direction of better ratings."""
        return np.asarray((metrics - self.centre) / self.spread @ np.asarray(self.slopes))

    def predict(self, metrics: Sequence[tuple[float, ...] | None]) -> FloatArray:
        """P(human < t), shape (outputs, grid), in [0, 1]."""
        found = np.tile(self.base, (len(metrics), 1))
        known = [i for i, m in enumerate(metrics) if m is not None]
        if known and self.knots.size:
            index = self.index(np.array([metrics[i] for i in known], dtype=np.float64))
            for j, curve in enumerate(self.fails):
                found[known, j] = np.interp(index, self.knots, curve)
        return found


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """One model for each fold of prompts, made without it, and one made with all of them."""

    folds: tuple[FailModel, ...]
    whole: FailModel
    rated: frozenset[str]

    @property
    def grid(self) -> tuple[float, ...]:
        """Thresholds at which fails are predicted."""
        return self.whole.grid

    def predict(
        self,
        metrics: Sequence[tuple[float, ...] | None],
        families: Sequence[str],
        labelled: Sequence[str],
    ) -> FloatArray:
        """Predict fails of one offer's outputs by models that did not see their prompts' ratings.

        Parameters
        ----------
        metrics : sequence, shape (outputs,)
        families : sequence of str, shape (outputs,)
        labelled : sequence of str
            The offer's own rated families. Outputs of prompts that nobody rated are predicted by
            all folds, mixed as these lie in the folds: so both samples see the same mixture, and
            their difference has no bias.

        Returns
        -------
        ndarray, shape (outputs, grid)
        """
        each = np.stack([model.predict(metrics) for model in self.folds])
        shares = np.bincount([fold_of(f) for f in labelled], minlength=FOLDS).astype(np.float64)
        mixture = np.tensordot(shares / shares.sum(), each, axes=1)
        for i, family in enumerate(families):
            if family in self.rated:
                mixture[i] = each[fold_of(family), i]
        return np.asarray(mixture)


def fold_of(family: str) -> int:
    """Fold of a prompt family, by hash: the same for all offers, whatever the ratings say."""
    return int(digest_of(["fold", family], 8), 16) % FOLDS


def fit_predictor(examples: Sequence[Example], grid: Sequence[float]) -> Predictor | str:
    """Fit P(human < t | metrics) in folds of prompts.

    Parameters
    ----------
    examples : sequence of Example
        Ratings of all offers of a category.
    grid : sequence of float
        Thresholds.

    Returns
    -------
    Predictor or str
        In words why there is none: too few rated prompts, or no metric that varies.
    """
    usable = [e for e in examples if e.metrics is not None]
    families = {e.family for e in usable}
    if len(families) < FEWEST_PROMPTS:
        return (
            f"{several(len(families), 'prompt')} with both ratings and metrics, at least "
            f"{FEWEST_PROMPTS} needed to fit on"
        )
    if len({e.human for e in usable}) < 2:
        return "all ratings are the same; no metric can be told to follow them"
    rising = tuple(sorted(set(map(float, grid))))
    fold = np.array([fold_of(e.family) for e in examples])
    try:
        models = tuple(
            _fit([e for e, k in zip(examples, fold, strict=True) if k != out], rising)
            for out in range(FOLDS)
        )
        whole = _fit(examples, rising)
    except CertificationError as error:
        return str(error)
    return Predictor(folds=models, whole=whole, rated=frozenset(e.family for e in examples))


def _fit(examples: Sequence[Example], grid: tuple[float, ...]) -> FailModel:
    usable = [e for e in examples if e.metrics is not None]
    x = np.array([e.metrics for e in usable], dtype=np.float64)
    human = np.array([e.human for e in usable])
    slopes: tuple[float, ...] = (1.0,)
    centre: tuple[float, ...] = (0.0,)
    spread: tuple[float, ...] = (1.0,)
    if x.shape[1] > 1:
        odds = fit_proportional_odds(x, human)
        slopes, centre, spread = odds.slopes, odds.centre, odds.spread
    index = (x - centre) / spread @ np.asarray(slopes)
    knots, group, sizes = np.unique(index, return_inverse=True, return_counts=True)
    everyone = np.array([e.human for e in examples])
    curves = []
    for t in grid:
        shares = np.bincount(group, weights=human < t) / sizes
        fitted = optimize.isotonic_regression(shares, weights=sizes, increasing=False).x
        # A share of 0 or 1 among the few at an end is not a probability; one more of each is.
        curves.append((fitted * human.size + np.mean(human < t)) / (human.size + 1.0))
    return FailModel(
        grid=grid,
        slopes=slopes,
        centre=centre,
        spread=spread,
        knots=knots,
        fails=np.array(curves),
        base=np.array([float(np.mean(everyone < t)) for t in grid]),
    )


@dataclass(frozen=True, kw_only=True)
class PredictionRequest:
    """What predictions are about: a category, the quality people judge, and the metrics' keys."""

    category: str
    modality: Modality
    quality: str
    metrics: tuple[str, ...]
    scale: tuple[float, float]


def predictions_of(
    request: PredictionRequest,
    examples: Sequence[Example],
    thresholds: Sequence[float],
    predictor: Predictor | str,
) -> tuple[Prediction, ...]:
    """Say at each threshold how well the metrics predict people's fails.

    Parameters
    ----------
    request : PredictionRequest
    examples : sequence of Example
    thresholds : sequence of float
        On the human scale, each in the predictor's grid.
    predictor : Predictor or str
        What `fit_predictor` gave.

    Returns
    -------
    tuple of Prediction
        One a threshold; all figures are of predictions by models that did not see the prompt.
    """
    if isinstance(predictor, str):
        return tuple(_nothing(request, examples, t, predictor) for t in thresholds)
    out_of_fold = _out_of_fold(predictor, examples)
    whole = predictor.whole
    usable = [e for e in examples if e.metrics is not None]
    index = whole.index(np.array([e.metrics for e in usable], dtype=np.float64))
    left_out = dict(_left_out(examples, predictor.grid))
    made = []
    for t in thresholds:
        at = predictor.grid.index(float(t))
        f, fails = out_of_fold[:, at], np.array([e.human < t for e in examples], dtype=np.float64)
        agreement = rank_agreement(
            -f, [e.human for e in examples], [e.family for e in examples], seed=0
        )
        transfer = tuple((o, true[at], said[at]) for o, (true, said) in sorted(left_out.items()))
        made.append(
            Prediction(
                category=request.category,
                modality=request.modality,
                quality=request.quality,
                metrics=request.metrics,
                threshold=float(t),
                method=f"{_direction(request)}, isotonic at each threshold, {FOLDS} folds of "
                "prompts",
                coefficients=tuple(s / d for s, d in zip(whole.slopes, whole.spread, strict=True)),
                n_ratings=len(examples),
                n_prompts=len({e.family for e in examples}),
                fitted_on=_digest(examples),
                fail_rate=float(fails.mean()),
                brier=float(np.mean((f - fails) ** 2)),
                reliability=_reliability(f, fails),
                rank_correlation=None if agreement is None else agreement.correlation,
                rank_lo=None if agreement is None else agreement.lo,
                rank_hi=None if agreement is None else agreement.hi,
                transfer=transfer,
                worst_leave_one_model_out=_worst(transfer),
                display=display_curve(index, [e.human for e in usable], request.scale),
            )
        )
    return tuple(made)


def _direction(request: PredictionRequest) -> str:
    return "the metric" if len(request.metrics) == 1 else "proportional odds of the metrics"


def _out_of_fold(predictor: Predictor, examples: Sequence[Example]) -> FloatArray:
    each = np.stack([m.predict([e.metrics for e in examples]) for m in predictor.folds])
    return np.asarray(each[[fold_of(e.family) for e in examples], np.arange(len(examples))])


def _reliability(f: FloatArray, fails: FloatArray) -> tuple[tuple[float, float, int], ...]:
    """Mean prediction, share of fails and ratings, in bins of as many ratings each."""
    order = np.argsort(f, kind="stable")
    bins = (b for b in np.array_split(order, RELIABILITY_BINS) if b.size)
    return tuple((float(f[b].mean()), float(fails[b].mean()), int(b.size)) for b in bins)


def _left_out(
    examples: Sequence[Example], grid: tuple[float, ...]
) -> Iterator[tuple[str, tuple[FloatArray, FloatArray]]]:
    """True and predicted fail rates of each offer, by a model that saw none of its outputs."""
    for offer in sorted({e.offer_id for e in examples}):
        others = [e for e in examples if e.offer_id != offer]
        mine = [e for e in examples if e.offer_id == offer]
        usable = [e for e in others if e.metrics is not None]
        if len({e.family for e in usable}) < FEWEST_PROMPTS or len({e.human for e in usable}) < 2:
            continue
        said = _fit(others, grid).predict([e.metrics for e in mine]).mean(axis=0)
        true = np.array([float(np.mean([e.human < t for e in mine])) for t in grid])
        yield offer, (true, said)


def _worst(transfer: Sequence[tuple[str, float, float]]) -> float | None:
    """Largest excess of a true fail rate over the predicted one; None where none was left out."""
    return max((float(true - said) for _, true, said in transfer), default=None)


def _nothing(
    request: PredictionRequest, examples: Sequence[Example], t: float, reason: str
) -> Prediction:
    return Prediction(
        category=request.category,
        modality=request.modality,
        quality=request.quality,
        metrics=request.metrics,
        threshold=float(t),
        method="none",
        n_ratings=len(examples),
        n_prompts=len({e.family for e in examples}),
        fitted_on=_digest(examples),
        reason=reason,
    )


def _digest(examples: Sequence[Example]) -> str:
    return digest_of(sorted((e.output_id, list(e.metrics or ()), e.human) for e in examples))
