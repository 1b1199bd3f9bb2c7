from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scoring_fakes import FunctionScorer, item, noise_picture

from qfloor.errors import ScoringError
from qfloor.scorers.protocol import Item, Row
from qfloor.testing import check_scorer

ITEMS = [item(noise_picture(i), output_id=f"o{i}") for i in range(3)]


def mean(item: Item) -> float:
    return float(np.mean(item.inputs["pixels"]))  # type: ignore[arg-type]


class Reversed(FunctionScorer):
    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        return super().score(batch)[::-1]


class Neighbourly(FunctionScorer):
    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        return [(self._row(float(len(batch))),) for _ in batch]


class Short(FunctionScorer):
    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        return super().score(batch)[1:]


def test_a_good_scorer_passes() -> None:
    check_scorer(lambda: FunctionScorer(mean), ITEMS)


@pytest.mark.parametrize("scorer", [Reversed, Neighbourly])
def test_order_and_neighbours_are_found(scorer: type[FunctionScorer]) -> None:
    with pytest.raises(AssertionError, match="out of order, or depend on what else"):
        check_scorer(lambda: scorer(mean), ITEMS)


def test_wrong_length_and_nan_are_found() -> None:
    with pytest.raises(ScoringError, match="2 entries for 3 items"):
        check_scorer(lambda: Short(mean), ITEMS)
    with pytest.raises(ScoringError, match="NaN"):
        check_scorer(lambda: FunctionScorer(lambda item: float("nan")), ITEMS)


def test_chance_is_found() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(AssertionError):
        check_scorer(lambda: FunctionScorer(lambda item: float(rng.random())), ITEMS)


def test_unstable_identity_is_found() -> None:
    versions = iter(range(100))
    with pytest.raises(AssertionError, match="two instances declare different identities"):
        check_scorer(lambda: FunctionScorer(mean, definition={"v": next(versions)}), ITEMS)


def test_a_scorer_that_applies_to_nothing_is_found() -> None:
    with pytest.raises(AssertionError, match="applies to none"):
        check_scorer(lambda: FunctionScorer(mean, applies=False), ITEMS)


def test_writing_into_inputs_is_found() -> None:
    def vandal(item: Item) -> float:
        item.inputs["pixels"][:] = 0  # type: ignore[index]
        return 1.0

    items = [item(noise_picture(i), output_id=f"o{i}") for i in range(2)]
    with pytest.raises(AssertionError, match="wrote into its inputs"):
        check_scorer(lambda: FunctionScorer(vandal), items)
