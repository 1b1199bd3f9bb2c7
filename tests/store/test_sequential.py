"""States of sequential tests come back as they went in, cell by cell and run by run."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from qfloor.errors import StoreError
from qfloor.records import CountsAs, SeenOutput, SequentialState, TierRuling
from qfloor.store import Store

STATE = SequentialState(
    round="2026-11",
    offer_id="seller/model",
    offer_digest="abc",
    category="portrait",
    modality="image",
    quality="human:overall[0,10]",
    rule="exact_sequential",
    level=0.005,
    alpha=0.05,
    horizon=120,
    prompt_order="d1",
    seen=(
        SeenOutput(
            output_id="o1",
            prompt_digest="p1",
            delivered=CountsAs.SCORED,
            conditional=CountsAs.SCORED,
            values=(7.5, 8.0),
        ),
        SeenOutput(
            output_id="o2",
            prompt_digest="p2",
            delivered=CountsAs.FAIL,
            conditional=CountsAs.ABSENT,
        ),
    ),
    n_prompts=2,
    rulings=(TierRuling(tier="standard", threshold=5.0, max_fail=0.25, ruling="undecided"),),
    spent_nanousd=5,
)


def test_a_state_comes_back_and_a_later_one_takes_its_place(tmp_path: Path) -> None:
    with Store.open(tmp_path, create=True) as store:
        store.save_sequential([STATE], run="a")
        store.save_sequential([replace(STATE, round="2026-12")], run="b")
        assert list(store.sequential_of(run="a")) == [STATE]
        later = replace(STATE, standing="decided", n_prompts=3)
        store.save_sequential([later], run="a")
        assert list(store.sequential_of(run="a")) == [later]
        assert [s.round for s in store.sequential_of()] == ["2026-11", "2026-12"]
        assert store.sequential_runs_of(round="2026-12") == ["b"]


def test_a_state_is_kept_with_the_evidence_it_rests_on_or_not_at_all(tmp_path: Path) -> None:
    with Store.open(tmp_path, create=True) as store:
        with contextlib.suppress(KeyboardInterrupt), store.transaction():
            store.save_sequential([STATE], run="a")
            raise KeyboardInterrupt
        assert list(store.sequential_of()) == []
        with pytest.raises(StoreError, match="refused a row"):
            store.save_sequential([replace(STATE, rule="guess")], run="a")  # type: ignore[arg-type]
