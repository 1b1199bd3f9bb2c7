"""Prediction-powered bounds where prompts have many values and a few prompts always fail."""

from __future__ import annotations

import numpy as np
import pytest

from qfloor.floors import Judged, build_cell
from qfloor.floors.bounds import CellBounds, bound_cell
from qfloor.floors.powered import Predicted, power_cell
from qfloor.records import Status

PROMPTS, UNLABELLED = 100, 300


def _outputs(repeats: int, seed: int) -> tuple[list[Judged], dict[str, np.ndarray], list[Judged]]:
    """Five prompts always fail, the others by chance, which the metric foresees."""
    rng = np.random.default_rng(seed)
    outputs, said = [], {}
    for i in range(PROMPTS + UNLABELLED):
        for k in range(repeats):
            easy = rng.random()
            failed = i % 20 == 0 or easy < 0.15
            name = f"o{i}-{k}"
            said[name] = np.array([float(easy < 0.15 + 0.05 * rng.standard_normal())])
            outputs.append(
                Judged(output_id=name, family=f"p{i}", repeat=k, status=Status.MADE,
                       values=(1.0 if failed else 9.0,))
            )  # fmt: skip
    split = PROMPTS * repeats
    return outputs[:split], said, outputs[split:]


def _bounds(labelled: list[Judged], said: dict[str, np.ndarray], rest: list[Judged]) -> CellBounds:
    cell = build_cell("x/y", "portrait", "image", "delivered", labelled)
    predicted = Predicted(grid=(5.0,), fails=said, base=np.array([0.15]), unlabelled=rest)
    return power_cell(bound_cell(cell, 0.05), labelled, predicted)


@pytest.mark.parametrize("seed", range(5))
def test_many_values_are_never_surer_than_one_a_prompt(seed: int) -> None:
    labelled, said, rest = _outputs(10, seed)
    many = _bounds(labelled, said, rest)
    one = _bounds([o for o in labelled if o.repeat == 0], said, rest)
    assert many.rule == one.rule == "prediction_powered"
    assert many.upper(5.0, 0.05) >= one.upper(5.0, 0.05) - 1e-12
    assert (many.p_value(5.0, 0.25) <= 0.05) == (many.upper(5.0, 0.05) <= 0.25)


def test_two_values_a_prompt_need_no_other_sample() -> None:
    surer = []
    for seed in range(5):
        labelled, said, rest = _outputs(2, seed)
        two = _bounds(labelled, said, rest)
        one = _bounds([o for o in labelled if o.repeat == 0], said, rest)
        assert two.rule == "prediction_powered"
        surer.append(two.upper(5.0, 0.05) < one.upper(5.0, 0.05))
    assert any(surer)


def test_where_metrics_add_nothing_the_bound_is_that_of_all_labels() -> None:
    labelled, said, rest = _outputs(10, 3)
    blind = {name: np.array([0.2]) for name in said}
    cell = build_cell("x/y", "portrait", "image", "delivered", labelled)
    alone = bound_cell(cell, 0.05)
    found = _bounds(labelled, blind, rest)
    assert found.rule == alone.rule == "korn_graubard"
    assert found.upper(5.0, 0.05) == pytest.approx(alone.upper(5.0, 0.05), rel=1e-9)
