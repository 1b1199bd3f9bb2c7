"""Fail rates from few human labels and many metric scores: prediction-powered, clustered.

A metric that predicts fails is no judge, but it says which outputs were lucky to be drawn: the
labelled ones are corrected by how their predictions differ from the unlabelled ones'. Whatever
the predictions are worth, the estimate stays centred on the fail rate; a tuned weight decides how
much they count, and at weight 0 the bound is Korn-Graubard on the labels alone. This file cannot
see whether the labelled prompts were drawn at random from the same population, nor whether the
predictions were made without the labels they are compared with. Both must hold.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qfloor.stats.clusters import check_confidence, effective_size, upper_at
from qfloor.stats.two_way import variance_parts

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

ADDS_NOTHING = 0.1
"""Below this weight the predictions add nothing, and the labels alone decide."""


@dataclass(frozen=True, kw_only=True)
class FailMoments:
    """A clustered fail rate with its variance: all that a bound at any level is made of."""

    p: float
    variance: float
    most: float
    n_prompts: int
    df: int
    exact: bool = False

    def n_star(self, alpha: float) -> float:
        """Independent labels this is worth, after the correction for few clusters."""
        if self.exact:
            return float(self.n_prompts)
        size = float(self.n_prompts)
        return effective_size(self.p, self.variance, self.most, size, self.df, alpha)

    def upper(self, alpha: float) -> float:
        """One-sided upper bound at ``1 - alpha``: Clopper-Pearson at the effective size."""
        return upper_at(self.p, self.n_star(alpha), float(self.n_prompts), alpha)


@dataclass(frozen=True, kw_only=True)
class PredictionPowered:
    """A prediction-powered fail rate with its one-sided upper bound.

    ``weight`` is the power tuning lambda in [0, 1] that was used, 0 where the predictions add
    nothing, and ``tuned_weight`` what minimised the variance. ``powered`` are the moments of the
    estimate, clustered by prompt (and rater) over both terms, ``labels`` those of the labels
    alone; the two are the same at weight 0.
    """

    powered: FailMoments
    labels: FailMoments
    weight: float
    tuned_weight: float
    n_unlabelled_prompts: int
    n_labels: int
    confidence: float

    @property
    def p(self) -> float:
        """Estimated fail rate."""
        return self.powered.p

    @property
    def upper(self) -> float:
        """Upper bound of the fail rate at ``confidence``."""
        return self.powered.upper(1.0 - self.confidence)

    @property
    def upper_labels(self) -> float:
        """The same from the labels alone."""
        return self.labels.upper(1.0 - self.confidence)

    @property
    def n_star(self) -> float:
        """Independent labels that the estimate is worth."""
        return self.powered.n_star(1.0 - self.confidence)

    @property
    def adds(self) -> bool:
        """Whether the predictions were let count."""
        return self.weight > 0.0


@dataclass(frozen=True, kw_only=True)
class _Samples:
    """Both samples with their clusters: prompts are numbered over both, raters in the first."""

    prompt: Codes
    prompt_unlabelled: Codes
    rater: Codes | None

    @property
    def n_labelled(self) -> int:
        return int(np.unique(self.prompt).size)

    @property
    def n_unlabelled(self) -> int:
        return int(np.unique(self.prompt_unlabelled).size)

    @property
    def df(self) -> int:
        fewest = self.n_labelled
        return (fewest if self.rater is None else min(fewest, int(self.rater.max()) + 1)) - 1

    def influences(self, labelled: FloatArray, unlabelled: FloatArray) -> FloatArray:
        """Sum the residuals of each prompt, scaled so that squares add up to a variance."""
        n = max(self.prompt.max(), self.prompt_unlabelled.max()) + 1
        ours = np.bincount(self.prompt, weights=labelled, minlength=n)
        theirs = np.bincount(self.prompt_unlabelled, weights=unlabelled, minlength=n)
        return np.asarray(
            ours * np.sqrt(_few(self.n_labelled)) + theirs * np.sqrt(_few(self.n_unlabelled))
        )

    def variance(self, labelled: FloatArray, unlabelled: FloatArray) -> float:
        """Variance over prompts, and what raters add to it."""
        total = float(np.sum(self.influences(labelled, unlabelled) ** 2))
        if self.rater is None:
            return total
        prompts, raters, cells = variance_parts(labelled, self.prompt, self.rater)
        return total + max(raters - cells, 0.0, raters - prompts)


def prediction_powered_fail_rate(
    fails: ArrayLike,
    predicted: ArrayLike,
    prompts: Sequence[Hashable] | ArrayLike,
    predicted_unlabelled: ArrayLike,
    prompts_unlabelled: Sequence[Hashable] | ArrayLike,
    *,
    raters: Sequence[Hashable] | ArrayLike | None = None,
    confidence: float = 0.95,
    weight: float | None = None,
) -> PredictionPowered:
    """Fail rate with its upper bound from labels, and predictions on many more outputs.

    Parameters
    ----------
    fails : array_like of bool, shape (labels,)
        Whether each label (a rating) was a fail.
    predicted : array_like, shape (labels,)
        P(fail) that the metrics predicted of the labelled output, in [0, 1], made without its own
        label.
    prompts : sequence, shape (labels,)
        Prompt (family) of each label: the clusters.
    predicted_unlabelled : array_like, shape (outputs,)
        The same prediction of outputs that nobody labelled, in [0, 1].
    prompts_unlabelled : sequence, shape (outputs,)
        Their prompts; one that also has labels is one cluster.
    raters : sequence, shape (labels,), optional
        Who gave each label; then raters enter the variance as prompts do.
    confidence : float
        One-sided level, strictly between 0.5 and 1.
    weight : float, optional
        The power tuning lambda, in [0, 1]. By default the one that minimises the estimated
        variance; below `ADDS_NOTHING`, or where the gain does not pay for estimating it, 0.

    Returns
    -------
    PredictionPowered
        At weight 0 ``upper`` is Korn-Graubard's of the labels (two-way with raters), exactly.

    Raises
    ------
    ValueError
        If lists are empty or differ in length, or a number is out of range.

    Notes
    -----
    ``theta = weight mean_N(f) + mean_n(Z - weight f)``, every prompt weighing the same. Each
    prompt's influence on theta is the sum of its labelled and unlabelled residuals, so
    ``V = sum over prompts of influence**2``; ``weight = sum u v / sum v**2`` with ``u`` the
    influences on the labels' mean and ``v`` those on the difference of the two means of f, which
    is the PPI++ weight when no prompt is in both samples. With raters the labelled part is
    prompts + raters - cells, floored at the larger of the first two. The bound is Clopper-Pearson
    at ``theta n*`` fails in ``n* = theta (1 - theta) / V (t_(n-1) / t_df)**2``, which unlike
    ``theta + z sqrt(V)`` knows that fails are few and skewed; an estimated weight costs a degree
    of freedom.

    References
    ----------
    Angelopoulos, Duchi and Zrnic, "PPI++", arXiv 2311.01453; Zrnic and Candes,
    "Cross-prediction-powered inference", PNAS 121 (2024).

    Examples
    --------
    >>> fails = np.arange(200) % 8 == 0
    >>> found = prediction_powered_fail_rate(
    ...     fails, np.where(fails, 0.6, 0.1), np.arange(200),
    ...     np.where(np.arange(800) % 8 == 0, 0.6, 0.1), np.arange(200, 1000))
    >>> print(f"{found.p:.3f} {found.upper:.3f} {found.weight:.2f}")
    0.125 0.149 1.00
    """
    check_confidence(confidence)
    y = np.asarray(fails, dtype=np.float64)
    if y.ndim != 1 or y.size == 0 or not np.all((y == 0.0) | (y == 1.0)):
        raise ValueError("fails must be a non-empty list of true or false, one for each label.")
    f = _check_predictions("predicted", predicted, y.size)
    g = _check_predictions("predicted_unlabelled", predicted_unlabelled, None)
    samples = _samples(prompts, y.size, prompts_unlabelled, g.size, raters)
    w, w_unlabelled = _even(samples.prompt), _even(samples.prompt_unlabelled)
    p, difference = float(w @ y), float(w @ f) - float(w_unlabelled @ g)
    u, v = w * (y - p), w * (f - w @ f)
    v_unlabelled = -w_unlabelled * (g - w_unlabelled @ g)
    tuned = _tuned(samples, u, v, v_unlabelled) if weight is None else _check_weight(weight)
    used = 0.0 if weight is None and tuned < ADDS_NOTHING else tuned
    theta = p - used * difference
    variance = samples.variance(u - used * v, -used * v_unlabelled)
    labels = powered = _labels_alone(y, p, samples, samples.variance(u, 0.0 * v_unlabelled))
    # An estimated weight costs a degree of freedom, as a slope does in a regression; predictions
    # count only where they are worth more than that.
    df = max(samples.df - (weight is None), 1)
    variance *= samples.df / df
    worth_it = weight is not None or variance < labels.variance
    if used > 0.0 and worth_it and 0.0 < theta < 1.0 and variance > 0.0:
        powered = FailMoments(
            p=theta,
            variance=variance,
            most=float(y.size + g.size),
            n_prompts=samples.n_labelled,
            df=df,
        )
    return PredictionPowered(
        powered=powered,
        labels=labels,
        weight=0.0 if powered is labels else used,
        tuned_weight=tuned,
        n_unlabelled_prompts=samples.n_unlabelled,
        n_labels=y.size,
        confidence=confidence,
    )


def _labels_alone(y: FloatArray, p: float, samples: _Samples, variance: float) -> FailMoments:
    same = y.min() == y.max()
    return FailMoments(
        p=float(y[0]) if same else p,
        variance=0.0 if same else variance,
        most=float(y.size),
        n_prompts=samples.n_labelled,
        df=samples.df,
        exact=samples.rater is None and y.size == samples.n_labelled,
    )


def _tuned(samples: _Samples, u: FloatArray, v: FloatArray, v_unlabelled: FloatArray) -> float:
    """Weight that minimises the variance over prompts, within [0, 1]."""
    ours = samples.influences(u, 0.0 * v_unlabelled)
    theirs = samples.influences(v, v_unlabelled)
    square = float(theirs @ theirs)
    return 0.0 if square <= 0.0 else float(np.clip(ours @ theirs / square, 0.0, 1.0))


def _even(codes: Codes) -> FloatArray:
    """Weights with which every prompt counts the same."""
    sizes = np.bincount(codes)
    return np.asarray(1.0 / (np.count_nonzero(sizes) * sizes[codes]), dtype=np.float64)


def _few(n: int) -> float:
    return n / (n - 1) if n > 1 else 1.0


def _samples(
    prompts: Sequence[Hashable] | ArrayLike,
    n: int,
    prompts_unlabelled: Sequence[Hashable] | ArrayLike,
    n_unlabelled: int,
    raters: Sequence[Hashable] | ArrayLike | None,
) -> _Samples:
    ours, theirs = np.asarray(prompts), np.asarray(prompts_unlabelled)
    if ours.shape != (n,) or theirs.shape != (n_unlabelled,):
        raise ValueError(
            f"prompts must be one list of {n} labels and prompts_unlabelled one of {n_unlabelled}."
        )
    codes = np.unique(np.concatenate([ours, theirs]), return_inverse=True)[1]
    rater = None if raters is None else np.unique(np.asarray(raters), return_inverse=True)[1]
    if rater is not None and rater.shape != (n,):
        raise ValueError(f"raters must be one list of {n} labels, one for each label.")
    return _Samples(prompt=codes[:n], prompt_unlabelled=codes[n:], rater=rater)


def _check_predictions(name: str, predicted: ArrayLike, n: int | None) -> FloatArray:
    f = np.asarray(predicted, dtype=np.float64)
    if f.ndim != 1 or f.size == 0 or (n is not None and f.size != n):
        raise ValueError(f"{name} must be one non-empty list, one number for each output.")
    if not np.all((f >= 0.0) & (f <= 1.0)):
        raise ValueError(f"{name} must lie in [0, 1].")
    return f


def _check_weight(weight: float) -> float:
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"weight must lie in [0, 1], got {weight!r}.")
    return float(weight)
