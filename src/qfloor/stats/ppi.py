"""Fail rates from few human labels and many metric scores: prediction-powered, clustered.

A metric that predicts fails is no judge, but it says which outputs were lucky to be drawn: the
labelled ones are corrected by how their predictions differ from the unlabelled ones'. Whatever
the predictions are worth, the estimate stays centred on the fail rate; a tuned weight decides how
much they count, and at weight 0 the bound is Korn-Graubard on the labels alone. This file cannot
see whether the labelled prompts were drawn at random from the same population, nor whether the
predictions were made without the labels they are compared with. Both must hold.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from qfloor.stats.clusters import check_confidence, effective_size, upper_at
from qfloor.stats.rater_parts import CrossedRatings, with_raters
from qfloor.stats.two_way import crossed_df, severity_ratio, upper_with_raters

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

ADDS_NOTHING = 0.1
"""Below this weight the predictions add nothing, and the labels alone decide."""

_NO_SPREAD = 1e-24
"""Predictions whose influences vary less are all the same but for roundings of sums."""


@dataclass(frozen=True, kw_only=True)
class FailMoments:
    """A clustered fail rate with its variance: all that a bound at any level is made of.

    ``by_raters`` is what raters add to the variance, beyond prompts alone.
    """

    p: float
    variance: float
    most: float
    n_prompts: int
    df: float
    exact: bool = False
    by_raters: float = 0.0

    def n_star(self, alpha: float) -> float:
        """Independent labels this is worth, after the correction for few clusters."""
        if self.exact:
            return float(self.n_prompts)
        size = float(self.n_prompts)
        by_prompts = self.variance - self.by_raters
        variance = float(with_raters(by_prompts, self.by_raters, self.p, self.most))
        return effective_size(self.p, variance, self.most, size, self.df, alpha)

    def upper(self, alpha: float) -> float:
        """One-sided upper bound at ``1 - alpha``: Clopper-Pearson at the effective size.

        With raters that size is asked at the bound itself; see `two_way.korn_graubard_ratings`.
        """
        if self.by_raters > 0.0:
            return float(MomentTable([self]).upper(alpha)[0])
        return upper_at(self.p, self.n_star(alpha), float(self.n_prompts), alpha)


class MomentTable:
    """Many `FailMoments`, bounded together: the same numbers at a fraction of the time.

    Parameters
    ----------
    moments : sequence of FailMoments

    Examples
    --------
    >>> rows = [FailMoments(p=k / 120, variance=0.0, most=120, n_prompts=120, df=119, exact=True)
    ...         for k in (0, 12)]
    >>> [f"{u:.4f}" for u in MomentTable(rows).upper(0.05)]
    ['0.0247', '0.1570']
    """

    def __init__(self, moments: Sequence[FailMoments]) -> None:
        rows = [(m.p, m.variance, m.most, m.n_prompts, m.df, m.by_raters, m.exact) for m in moments]
        table = np.array(rows, dtype=np.float64).reshape(-1, 7)
        self.p, self.variance, self.most, self.n_prompts, self.df, self.by_raters = table[:, :6].T
        self._exact = table[:, 6] > 0.0

    def mirror(self) -> MomentTable:
        """The same of P(no fail)."""
        turned = MomentTable(())
        turned.__dict__.update(self.__dict__, p=1.0 - self.p)
        return turned

    def n_star(self, alpha: float, rate: FloatArray | None = None) -> FloatArray:
        """Effective size of each row; see `FailMoments.n_star`.

        With raters at true fail rates of ``rate``; see `two_way.severity_ratio`.
        """
        inside = (self.p > 0.0) & (self.p < 1.0)
        more = self.by_raters
        if rate is not None:
            more = more * severity_ratio(self.p, rate)
        variance = with_raters(self.variance - self.by_raters, more, self.p, self.most)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = special.stdtrit(self.most - 1.0, alpha) / special.stdtrit(self.df, alpha)
            worth = self.p * (1.0 - self.p) / variance
        factor = np.where(self.df < 1, 0.0, np.minimum(1.0, t**2))
        worth = np.where(variance > 0.0, worth, self.most)
        few = self.df < self.n_prompts - 1
        ends = np.where(few, np.minimum(self.n_prompts, self.most * factor), self.n_prompts)
        found = np.where(inside, np.minimum(self.most, worth * factor), ends)
        return np.asarray(np.where(self._exact, self.n_prompts, found))

    def upper(self, alpha: float) -> FloatArray:
        """Upper bound of each row; see `FailMoments.upper`."""
        n = self.n_star(alpha)
        k = self.p * n
        inside = (n - k > 0.0) & (n > 0.0)
        bound = special.betainccinv(k + 1.0, np.where(inside, n - k, 1.0), alpha)
        bound = np.where(inside, bound, 1.0)
        if np.any(self.by_raters > 0.0):
            bound = upper_with_raters(self.p, alpha, bound, lambda rate: self.n_star(alpha, rate))
        least = special.betainccinv(1.0, self.n_prompts, alpha)
        return np.asarray(np.maximum(bound, least))


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

    def alone(self) -> PredictionPowered:
        """The same without the predictions."""
        return replace(self, powered=self.labels, weight=0.0)


class PoweredSample:
    """Labelled and unlabelled outputs with their clusters, for fail rates at many thresholds.

    Parameters are those of `prediction_powered_fail_rate`.

    Examples
    --------
    >>> sample = PoweredSample(["a", "a", "b"], ["b", "c"])
    >>> sample.n_labelled, sample.n_unlabelled, sample.df
    (2, 2, 1)
    """

    def __init__(
        self,
        prompts: Sequence[Hashable] | ArrayLike,
        prompts_unlabelled: Sequence[Hashable] | ArrayLike,
        *,
        raters: Sequence[Hashable] | ArrayLike | None = None,
    ) -> None:
        ours, theirs = np.asarray(prompts), np.asarray(prompts_unlabelled)
        if ours.ndim != 1 or theirs.ndim != 1 or not ours.size or not theirs.size:
            raise ValueError("prompts and prompts_unlabelled must each be one non-empty list.")
        codes = np.unique(np.concatenate([ours, theirs]), return_inverse=True)[1]
        self.n_labels, self.n_outputs = int(ours.size), int(theirs.size)
        self._prompt, self._other = codes[: ours.size], codes[ours.size :]
        self.n_labelled = int(np.unique(self._prompt).size)
        self.n_unlabelled = int(np.unique(self._other).size)
        self._weight, self._other_weight = _even(self._prompt), _even(self._other)
        self._crossed: CrossedRatings | None = None
        self.df: float = self.n_labelled - 1
        if raters is not None:
            rater = np.unique(np.asarray(raters), return_inverse=True)[1]
            if rater.shape != ours.shape:
                raise ValueError(f"raters must be one list of {ours.size}, one for each label.")
            labelled = np.unique(self._prompt, return_inverse=True)[1]
            self._crossed = CrossedRatings.of(self._weight, labelled, rater)
            self.df = crossed_df(self.n_labelled, self._crossed.raters)

    def fail_rate(
        self,
        fails: ArrayLike,
        predicted: ArrayLike,
        predicted_unlabelled: ArrayLike,
        *,
        confidence: float = 0.95,
        weight: float | None = None,
    ) -> PredictionPowered:
        """Fail rate at one threshold; see `prediction_powered_fail_rate`."""
        check_confidence(confidence)
        y = np.asarray(fails, dtype=np.float64)
        if y.shape != (self.n_labels,) or not np.all((y == 0.0) | (y == 1.0)):
            raise ValueError(f"fails must be one list of {self.n_labels} true or false.")
        f = _check_predictions("predicted", predicted, self.n_labels)
        g = _check_predictions("predicted_unlabelled", predicted_unlabelled, self.n_outputs)
        w, w_other = self._weight, self._other_weight
        p, difference = float(w @ y), float(w @ f) - float(w_other @ g)
        u, v, v_other = w * (y - p), w * (f - w @ f), -w_other * (g - w_other @ g)
        tuned = self._tuned(u, v, v_other) if weight is None else _check_weight(weight)
        used = 0.0 if weight is None and tuned < ADDS_NOTHING else tuned
        theta = p - used * difference
        labels = powered = self._labels(y, p, u)
        # An estimated weight costs a degree of freedom, as a slope does in a regression;
        # predictions count only where they are worth more than that.
        df = self.df - (weight is None)
        dearer = self.df / df if df >= 1 else math.inf
        variance, more = (part * dearer for part in self._variance(u - used * v, -used * v_other))
        worth_it = df >= 1 and (weight is not None or variance < labels.variance)
        if used > 0.0 and worth_it and 0.0 < theta < 1.0 and variance > 0.0:
            most = float(self.n_labels + self.n_outputs)
            powered = FailMoments(
                p=theta, variance=variance, most=most, n_prompts=self.n_labelled, df=df,
                by_raters=more,
            )  # fmt: skip
        return PredictionPowered(
            powered=powered,
            labels=labels,
            weight=0.0 if powered is labels else used,
            tuned_weight=tuned,
            n_unlabelled_prompts=self.n_unlabelled,
            n_labels=self.n_labels,
            confidence=confidence,
        )

    def _labels(self, y: FloatArray, p: float, u: FloatArray) -> FailMoments:
        same = y.min() == y.max()
        none = np.zeros(self.n_outputs)
        variance, more = (0.0, 0.0) if same else self._variance(u, none)
        return FailMoments(
            p=float(y[0]) if same else p,
            variance=variance,
            by_raters=more,
            most=float(y.size),
            n_prompts=self.n_labelled,
            df=self.df,
            exact=self._crossed is None and y.size == self.n_labelled,
        )

    def _influences(self, labelled: FloatArray, other: FloatArray) -> FloatArray:
        """Sum the residuals of each prompt, scaled so that squares add up to a variance."""
        n = max(self._prompt.max(), self._other.max()) + 1
        ours = np.bincount(self._prompt, weights=labelled, minlength=n)
        theirs = np.bincount(self._other, weights=other, minlength=n)
        return np.asarray(
            ours * np.sqrt(_few(self.n_labelled)) + theirs * np.sqrt(_few(self.n_unlabelled))
        )

    def _variance(self, labelled: FloatArray, other: FloatArray) -> tuple[float, float]:
        """Variance over prompts and raters, and what raters add to it."""
        total = float(np.sum(self._influences(labelled, other) ** 2))
        if self._crossed is None:
            return total, 0.0
        prompts, raters, cells = self._crossed.parts(labelled)
        more = max(raters - cells, 0.0, raters - prompts)
        return total + more, more

    def _tuned(self, u: FloatArray, v: FloatArray, v_other: FloatArray) -> float:
        """Weight that minimises the variance over prompts, within [0, 1]."""
        ours = self._influences(u, np.zeros(self.n_outputs))
        theirs = self._influences(v, v_other)
        square = float(theirs @ theirs)
        return 0.0 if square <= _NO_SPREAD else float(np.clip(ours @ theirs / square, 0.0, 1.0))


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
    sample = PoweredSample(prompts, prompts_unlabelled, raters=raters)
    return sample.fail_rate(
        fails, predicted, predicted_unlabelled, confidence=confidence, weight=weight
    )


def _even(codes: Codes) -> FloatArray:
    """Weights with which every prompt counts the same."""
    sizes = np.bincount(codes)
    return np.asarray(1.0 / (np.count_nonzero(sizes) * sizes[codes]), dtype=np.float64)


def _few(n: int) -> float:
    return n / (n - 1) if n > 1 else 1.0


def _check_predictions(name: str, predicted: ArrayLike, n: int) -> FloatArray:
    f = np.asarray(predicted, dtype=np.float64)
    if f.shape != (n,):
        raise ValueError(f"{name} must be one list of {n} numbers, one for each output.")
    if not np.all((f >= 0.0) & (f <= 1.0)):
        raise ValueError(f"{name} must lie in [0, 1].")
    return f


def _check_weight(weight: float) -> float:
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"weight must lie in [0, 1], got {weight!r}.")
    return float(weight)
