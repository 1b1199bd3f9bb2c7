"""P(human < t) from metrics: honest out of fold, monotone, and told how far it carries over."""

from __future__ import annotations

import numpy as np
import pytest

from qfloor.calibrate import Example, PredictionRequest, Predictor, fit_predictor, predictions_of
from qfloor.calibrate.predict import FOLDS, fold_of

REQUEST = PredictionRequest(
    category="portrait", modality="image", quality="human:overall[0,10]", metrics=("a@1", "b@1"),
    scale=(0.0, 10.0),
)  # fmt: skip
GRID = (4.0, 5.0, 6.0, 7.0)


def _examples(
    n: int = 300, r: float = 0.8, shift: float = 0.0, seed: int = 0, d: int = 2
) -> list[Example]:
    """Three offers; the third is worse by ``shift`` than its metrics say."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(n):
        for k in range(3):
            quality = rng.normal()
            metrics = tuple(r * quality + np.sqrt(1 - r**2) * rng.normal() for _ in range(d))
            human = 6.0 + 1.5 * quality - (shift if k == 2 else 0.0)
            found.append(
                Example(output_id=f"{i}-{k}", offer_id=f"o{k}", family=f"p{i}",
                        metrics=metrics, human=float(np.clip(np.round(human, 1), 0, 10)))
            )  # fmt: skip
    return found


def _fitted(examples: list[Example]) -> Predictor:
    found = fit_predictor(examples, GRID)
    assert isinstance(found, Predictor)
    return found


def test_predictions_are_calibrated_out_of_fold_and_rank_outputs() -> None:
    examples = _examples()
    made = predictions_of(REQUEST, examples, [5.0, 6.0], _fitted(examples))
    for prediction in made:
        assert prediction.reason == ""
        for said, seen, n in prediction.reliability:
            assert abs(said - seen) < 4 * np.sqrt(0.25 / n)
        assert prediction.fail_rate is not None
        assert prediction.brier is not None
        base = prediction.fail_rate * (1 - prediction.fail_rate)
        assert prediction.brier < 0.8 * base
        assert prediction.rank_correlation is not None
        assert prediction.rank_lo is not None
        assert 0.5 < prediction.rank_lo < prediction.rank_correlation < 1.0
        assert prediction.display == tuple(sorted(prediction.display))
        assert prediction.coefficients[0] > 0
        assert prediction.n_prompts == 300


def test_noise_predicts_the_base_rate_and_does_not_pretend() -> None:
    examples = _examples(r=0.0)
    (made,) = predictions_of(REQUEST, examples, [6.0], _fitted(examples))
    assert made.fail_rate is not None
    assert made.brier is not None
    assert made.rank_lo is not None
    assert made.rank_lo < 0.1
    assert made.brier > 0.97 * made.fail_rate * (1 - made.fail_rate)


def test_fails_nest_and_better_metrics_mean_fewer() -> None:
    predictor = _fitted(_examples(d=1))
    f = predictor.whole.predict([(x,) for x in np.linspace(-4, 4, 50)])
    assert np.all(np.diff(f, axis=0) <= 1e-12)
    assert np.all(np.diff(f, axis=1) >= -1e-12)
    assert f.min() > 0.0
    assert f.max() < 1.0


def test_no_output_is_predicted_by_a_model_that_saw_its_prompt() -> None:
    """Spoiling the ratings of one fold's prompts moves no prediction of that fold's outputs."""
    examples = _examples(120)
    spoiled = [
        Example(**{**e.__dict__, "human": 0.0}) if fold_of(e.family) == 0 else e for e in examples
    ]
    a, b = _fitted(examples), _fitted(spoiled)
    metrics, families = [e.metrics for e in examples], [e.family for e in examples]
    mine = np.array([fold_of(f) == 0 for f in families])
    before, after = a.predict(metrics, families, families), b.predict(metrics, families, families)
    assert np.array_equal(before[mine], after[mine])
    assert not np.array_equal(before[~mine], after[~mine])


def test_unrated_prompts_get_the_mixture_that_rated_ones_got() -> None:
    predictor = _fitted(_examples(100))
    labelled = [f"p{i}" for i in range(30)]
    each = np.stack([m.predict([(0.3, -0.2)]) for m in predictor.folds])
    shares = np.bincount([fold_of(f) for f in labelled], minlength=FOLDS) / 30
    got = predictor.predict([(0.3, -0.2)], ["never seen"], labelled)
    assert got == pytest.approx(np.tensordot(shares, each, axes=1))


def test_an_offer_whose_metrics_flatter_it_is_told() -> None:
    """As in real data: a model's true fail rate can be four times what a pooled fit predicts."""
    examples = _examples(shift=2.0)
    (made,) = predictions_of(REQUEST, examples, [6.0], _fitted(examples))
    told = {offer: (true, said) for offer, true, said in made.transfer}
    assert told["o2"][0] > 0.85
    assert told["o2"][1] < told["o2"][0] - 0.25
    assert made.worst_leave_one_model_out == pytest.approx(told["o2"][0] - told["o2"][1])


def test_outputs_without_a_metric_get_the_base_rate() -> None:
    examples = _examples(60)
    holes = [Example(**{**e.__dict__, "metrics": None}) if i % 4 == 0 else e
             for i, e in enumerate(examples)]  # fmt: skip
    predictor = _fitted(holes)
    base = predictor.whole.predict([None])[0]
    assert base == pytest.approx([np.mean([e.human < t for e in holes]) for t in GRID])


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        (_examples(19), "19 prompts with both ratings and metrics, at least 20 needed"),
        ([], "0 prompts"),
        ([Example(**{**e.__dict__, "human": 5.0}) for e in _examples(30)], "all ratings are"),
    ],
)
def test_where_nothing_can_be_fitted_the_reason_is_told(examples: list[Example], said: str) -> None:
    found = fit_predictor(examples, GRID)
    assert isinstance(found, str)
    assert said in found
    (made,) = predictions_of(REQUEST, examples, [5.0], found)
    assert made.reason == found
    assert made.brier is None
    assert made.method == "none"
