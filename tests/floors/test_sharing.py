"""Cells that share alpha: levels rise as chains close, and the family's error stays."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor.floors import (
    Closed,
    Demand,
    SequentialCell,
    SequentialDesign,
    closed_by_cell,
    judge_sequentially,
    stand,
    stand_all,
)
from qfloor.floors.sequential import SequentialRule
from qfloor.stats.streams import Seen

ALPHA = 0.05


def _cells(
    keys: Sequence[str],
    *,
    chains: int,
    horizon: int = 100,
    rule: SequentialRule = "exact_sequential",
    demands: tuple[Demand, ...] = (Demand(tier="standard", threshold=5.0),),
    family: str = "photo",
) -> list[SequentialCell]:
    design = SequentialDesign(rule=rule, horizon=horizon, level=ALPHA / chains, chains=chains)
    return [SequentialCell(key=k, design=design, demands=demands, family=family) for k in keys]


def _clean(n: int) -> list[Seen]:
    return [[9.0]] * n


@pytest.mark.parametrize("rule", ["exact_sequential", "e_process"])
def test_a_prompt_that_did_not_certify_does_once_others_have_closed(rule: SequentialRule) -> None:
    cells = _cells(["a", "b", "c"], chains=3, rule=rule)
    last = cells[0].design.boundary(0.25, Closed(certified=2))
    least = int((last.certify >= 0).argmax())  # clean prompts that certify at the whole alpha
    alone: dict[Hashable, Sequence[Seen]] = {"a": _clean(least), "b": [], "c": []}
    assert stand_all(cells, alone)["a"].why == "open"
    helped: dict[Hashable, Sequence[Seen]] = {"a": _clean(least), "b": _clean(40), "c": _clean(40)}
    assert closed_by_cell(cells, helped)["a"] == Closed(certified=3)
    assert stand_all(cells, helped)["a"].rulings == {"standard": "certified"}


def test_a_cell_of_which_nothing_can_be_said_closes_nothing_and_may_be_helped() -> None:
    cells = _cells(["a", "b", "c"], chains=3)
    streams: dict[Hashable, Sequence[Seen]] = {"a": _clean(40), "b": _clean(40), "c": [[1.0]] * 9}
    assert set(closed_by_cell(cells, streams, {"a"}).values()) == {Closed(certified=1, rejected=1)}
    assert set(closed_by_cell(cells, streams, set("abc")).values()) == {Closed()}
    last = cells[0].design.boundary(0.25, Closed(certified=1))
    just = {"a": _clean(40), "b": _clean(int((last.certify >= 0).argmax())), "c": []}
    assert stand_all(cells, just)["b"].rulings == {"standard": "certified"}
    assert stand_all(cells, just, silent={"a"})["b"].why == "open"


def test_certificates_do_not_help_rejections_nor_another_family() -> None:
    good, bad = _cells(["a", "b"], chains=2), _cells(["c"], chains=2, family="video")
    streams: dict[Hashable, Sequence[Seen]] = {"a": _clean(40), "b": [[1.0]] * 6, "c": []}
    closed = closed_by_cell([*good, *bad], streams)
    assert closed == {
        "a": Closed(certified=1, rejected=1),
        "b": Closed(certified=1, rejected=1),
        "c": Closed(),
    }


def test_a_chain_closes_with_all_its_tiers_and_each_max_fail_is_one() -> None:
    demands = (
        Demand(tier="standard", threshold=5.0),
        Demand(tier="premium", threshold=8.0),
        Demand(tier="strict", threshold=5.0, max_fail=0.1),
    )
    cells = _cells(["a"], chains=4, demands=demands)
    middling: list[Seen] = [[7.0], [7.0], [9.0]] * 30  # above 5, mostly below 8
    assert closed_by_cell(cells, {"a": middling[:18]})["a"] == Closed()
    assert closed_by_cell(cells, {"a": middling})["a"] == Closed(certified=1)  # strict alone
    assert closed_by_cell(cells, {"a": _clean(90)})["a"] == Closed(certified=2)


@settings(max_examples=40, deadline=None)
@given(
    rates=st.lists(st.floats(0.0, 0.6), min_size=2, max_size=5),
    seed=st.integers(0, 10**6),
    rule=st.sampled_from(["exact_sequential", "e_process"]),
)
def test_what_is_decided_alone_is_decided_together(
    rates: list[float], seed: int, rule: SequentialRule
) -> None:
    """A higher level takes back nothing; and more prompts of others take nothing back either."""
    rng = np.random.default_rng(seed)
    keys = [str(i) for i in range(len(rates))]
    cells = _cells(keys, chains=len(keys), rule=rule, horizon=60)
    whole: dict[Hashable, Sequence[Seen]] = {
        k: [[float(v)] for v in np.where(rng.random(60) < r, 1, 9)]
        for k, r in zip(keys, rates, strict=True)
    }
    part: dict[Hashable, Sequence[Seen]] = {
        k: stream[: int(rng.integers(0, 61))] for k, stream in whole.items()
    }
    together, later = stand_all(cells, part), stand_all(cells, part | {keys[0]: whole[keys[0]]})
    for cell in cells:
        alone = stand(cell, part[cell.key]).rulings["standard"]
        if alone != "undecided":
            assert together[cell.key].rulings["standard"] == alone
        if cell.key != keys[0] and together[cell.key].rulings["standard"] == "certified":
            assert later[cell.key].rulings["standard"] == "certified"


@pytest.mark.slow
@pytest.mark.parametrize("shared_prompts", [False, True])
def test_false_families_stay_within_alpha(shared_prompts: bool) -> None:
    """Two clean cells close early, two on the boundary get their share; bought to the end."""
    repetitions, false = 1_500, 0
    cells = _cells(["a", "b", "c", "d"], chains=4, horizon=60)
    for seed in range(repetitions):
        u = np.random.default_rng(seed).random((4, 60))
        u = np.broadcast_to(u[0], u.shape) if shared_prompts else u
        fails = dict(zip("abcd", u < np.array([[0.01], [0.01], [0.25], [0.25]]), strict=True))
        found = judge_sequentially(
            cells,
            lambda key, first, end, fails=fails: [  # type: ignore[misc]
                [1.0 if f else 9.0] for f in fails[key][first:end]
            ],
            patience=None,
        )
        false += any(found[k].standing.rulings["standard"] == "certified" for k in "cd")
    assert false / repetitions <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / repetitions)
    assert false / repetitions > 0.35 * ALPHA  # above alpha / 4 a cell: alpha was passed on


def test_a_family_that_shares_takes_fewer_prompts() -> None:
    rng = np.random.default_rng(4)
    rates = {str(i): r for i, r in enumerate([0.01, 0.02, 0.04, 0.08, 0.1, 0.5, 0.6, 0.7])}
    fails = {k: rng.random(100) < r for k, r in rates.items()}
    spent: dict[int | None, int] = {}
    for chains in (None, 8):
        design = SequentialDesign(
            rule="exact_sequential", horizon=100, level=ALPHA / 8, chains=chains
        )
        demands = (Demand(tier="standard", threshold=5.0),)
        cells = [SequentialCell(key=k, design=design, demands=demands) for k in rates]
        found = judge_sequentially(
            cells,
            lambda key, first, end: [[1.0 if f else 9.0] for f in fails[str(key)][first:end]],
            patience=None,
        )
        assert {o.standing.why for o in found.values()} == {"decided"}
        spent[chains] = sum(o.standing.n for o in found.values())
    assert spent[8] < spent[None]
