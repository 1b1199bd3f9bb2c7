"""Whose prompts are bought next: nothing is bought for nothing, and no rule touches a level."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor.floors import Demand, SequentialCell, SequentialDesign, judge_sequentially, stand
from qfloor.floors.sequential import WARM, SequentialRule
from qfloor.stats.streams import Seen

TIERS = (Demand(tier="standard", threshold=5.0), Demand(tier="premium", threshold=8.0))


def _cells(
    keys: Sequence[str],
    prices: Sequence[int],
    *,
    horizon: int = 120,
    rule: SequentialRule = "exact_sequential",
    demands: tuple[Demand, ...] = TIERS[:1],
) -> list[SequentialCell]:
    design = SequentialDesign(rule=rule, horizon=horizon, level=0.005)
    return [
        SequentialCell(key=k, design=design, demands=demands, price_nanousd=p)
        for k, p in zip(keys, prices, strict=True)
    ]


def _fails(rates: dict[str, float], n: int = 120, seed: int = 1) -> Callable[..., list[Seen]]:
    rng = np.random.default_rng(seed)
    fails = {key: rng.random(n) < rate for key, rate in rates.items()}
    return lambda key, first, end: [[1.0 if f else 9.0] for f in fails[key][first:end]]


def test_clear_cells_are_decided_and_hopeless_ones_left() -> None:
    rates = {"good": 0.02, "bad": 0.8, "close": 0.25}
    found = judge_sequentially(_cells(list(rates), [1, 1, 1]), _fails(rates))
    assert found["good"].standing.rulings == {"standard": "certified"}
    assert found["bad"].standing.rulings == {"standard": "rejected"}
    assert found["close"].standing.why == "futile"
    assert max(found[k].standing.n for k in ("good", "bad")) < 40
    assert WARM <= found["close"].standing.n < 120


def test_no_prompt_is_bought_behind_a_verdict_that_could_fall_sooner() -> None:
    rates = {"clean": 0.0, "broken": 1.0}
    found = judge_sequentially(_cells(list(rates), [1, 1]), _fails(rates), batch=50)
    design = _cells(["x"], [1])[0].design.boundary(0.25)
    assert found["broken"].standing.n <= 10  # a fifth of a batch at least
    assert int((design.certify >= 0).argmax()) <= found["clean"].standing.n < 33


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rates=st.lists(st.floats(0.0, 0.7), min_size=1, max_size=3),
    patience=st.sampled_from([0.3, 1.1, 4.0]),
)
def test_buying_five_at_once_takes_no_prompt_more_than_one_by_one(
    seed: int, rates: list[float], patience: float
) -> None:
    """A batch ends where the cell may be decided or left; so looking less often costs nothing."""
    demands = tuple(Demand(tier=str(i), threshold=i + 0.5) for i in range(len(rates)))
    u = np.random.default_rng(seed).random(120)
    values = (u[:, None] >= np.sort(rates)).sum(axis=1).astype(float)
    found, looks = {}, {}
    for batch in (1, 5):
        bought: list[int] = []

        def buy(_key: object, first: int, end: int, bought: list[int] = bought) -> list[Seen]:
            bought.append(end - first)
            return [[float(v)] for v in values[first:end]]

        cells = _cells(["a"], [1], demands=demands)
        found[batch] = judge_sequentially(cells, buy, batch=batch, patience=patience)["a"]
        looks[batch] = len(bought)
    assert found[1] == found[5]
    assert looks[5] < looks[1]


@pytest.mark.parametrize("budget", [0, 9, 150, 400, 10_000])
def test_a_purse_is_never_overdrawn(budget: int) -> None:
    rates = {"a": 0.02, "b": 0.15, "c": 0.3, "d": 0.7}
    cells = _cells(list(rates), [1, 7, 3, 10])
    found = judge_sequentially(cells, _fails(rates), budget_nanousd=budget)
    assert sum(o.spent_nanousd for o in found.values()) <= budget
    for cell in cells:
        assert found[cell.key].spent_nanousd == found[cell.key].standing.n * cell.price_nanousd


def test_a_tight_purse_decides_what_is_cheap_and_clear() -> None:
    rates = {f"cheap{i}": 0.02 for i in range(3)} | {f"dear{i}": 0.02 for i in range(3)}
    prices = [10] * 3 + [1000] * 3
    found = judge_sequentially(_cells(list(rates), prices), _fails(rates), budget_nanousd=20_000)
    assert all(found[f"cheap{i}"].standing.why == "decided" for i in range(3))
    assert any(found[f"dear{i}"].standing.why == "open" for i in range(3))


def test_all_cells_go_through_the_same_prompts_from_the_first_on() -> None:
    asked: dict[str, list[int]] = {"a": [], "b": []}

    def buy(key: str, first: int, end: int) -> list[Seen]:
        asked[key] += range(first, end)
        return [[9.0 if (i * 7 + len(key)) % 5 else 1.0] for i in range(first, end)]

    judge_sequentially(_cells(["a", "b"], [1, 5]), buy)
    assert all(prompts == list(range(len(prompts))) for prompts in asked.values())


def test_a_verdict_must_be_worth_its_price() -> None:
    cell = _cells(["a"], [100])[0]
    stream: list[Seen] = [[9.0], [1.0], [9.0], [9.0]] * 3
    assert stand(cell, stream).why == "open"
    assert stand(cell, stream, value_nanousd=10).why == "not_worth_it"
    assert stand(cell, stream, value_nanousd=10**9).why == "open"


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.sampled_from([1.0, 6.0, 9.0]), max_size=60),
    rule=st.sampled_from(["exact_sequential", "e_process"]),
)
def test_tiers_are_nested(values: list[float], rule: SequentialRule) -> None:
    """Premium certified implies standard certified; standard rejected implies premium rejected."""
    cell = _cells(["a"], [1], rule=rule, demands=TIERS)[0]
    rulings = stand(cell, [[v] for v in values]).rulings
    if rulings["premium"] == "certified":
        assert rulings["standard"] == "certified"
    if rulings["standard"] == "rejected":
        assert rulings["premium"] == "rejected"


@pytest.mark.parametrize("rule", ["exact_sequential", "e_process"])
def test_false_certificates_stay_within_the_level_under_allocation(rule: SequentialRule) -> None:
    """Cells on the boundary, three of them sharing a purse; the allocation looks at all data."""
    repetitions, level, false, n_cells = 250, 0.05, 0, 3
    design = SequentialDesign(rule=rule, horizon=60, level=level)
    cells = [
        SequentialCell(key=str(i), design=design, demands=TIERS[:1], price_nanousd=1 + 3 * i)
        for i in range(n_cells)
    ]
    for seed in range(repetitions):
        rates = {str(i): 0.25 for i in range(n_cells)}
        found = judge_sequentially(
            cells, _fails(rates, 60, seed), budget_nanousd=300, patience=None, batch=5
        )
        false += sum(o.standing.rulings["standard"] == "certified" for o in found.values())
    n = repetitions * n_cells
    assert false / n <= level + 3 * math.sqrt(level * (1 - level) / n)
    assert false > 0
