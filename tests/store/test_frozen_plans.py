"""Frozen plans and first judgments in the store, and how an older store comes to have them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from qfloor.errors import StoreError
from qfloor.records import Output, Prompt, Rating, Status, Threshold
from qfloor.store import Store
from qfloor.store.migrations import MIGRATIONS, create_frozen_plans, migrate

PROMPT = Prompt(id="a", text="a mug", category="portrait")
THRESHOLD = Threshold(
    category="portrait", modality="image", quality="human:overall[0,10]", tier="premium", value=8.0
)


def _output(id: str, round: str) -> Output:
    return Output(
        id=id, prompt_id="a", prompt_digest=PROMPT.digest, offer_id="o", repeat=0, round=round,
        status=Status.MADE, reason="ok",
    )  # fmt: skip


def _rating(id: str, output: str) -> Rating:
    return Rating(id=id, output_id=output, rater="r", criterion="overall", value=5, lo=0, hi=10)


def test_each_round_is_noted_when_it_is_first_judged(tmp_path: Path) -> None:
    with Store.open(tmp_path, create=True) as store:
        store.save_prompts([PROMPT])
        store.save_outputs([_output(r, r) for r in ("2026-10", "2026-11", "2026-12")])
        assert [store.first_judged(r) for r in store.rounds()] == [None, None, None]
        store.save_ratings([_rating("1", "2026-11")])
        first = store.first_judged("2026-11")
        assert first is not None
        assert store.first_judged("2026-10") is None
        assert store.is_judged("2026-11")
        assert not store.is_judged("2026-12")
        store.save_ratings([_rating("2", "2026-10"), _rating("3", "2026-12")])
        assert None not in {store.first_judged(r) for r in store.rounds()}
        assert store.first_judged("2026-11") == first


def test_a_judgment_that_is_refused_notes_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path, create=True) as store:
        store.save_prompts([PROMPT])
        store.save_outputs([_output("x", "2026-11")])
        with pytest.raises(StoreError):
            store.save_ratings([_rating("1", "x"), _rating("2", "nowhere")])
        assert store.first_judged("2026-11") is None
        assert not store.is_judged("2026-11")


def test_an_older_store_keeps_its_rows_and_learns_what_cannot_be_told(tmp_path: Path) -> None:
    """Columns that other migrations added before are carried along, whatever they are."""
    older = MIGRATIONS[: MIGRATIONS.index(create_frozen_plans)]
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as connection:
        migrate(connection, older)
        connection.execute(
            "INSERT INTO thresholds (run, category, modality, quality, tier, value, max_fail, "
            "rule, evidence, post_hoc) VALUES ('r', 'portrait', 'image', 'human:overall[0,10]', "
            "'premium', 8.0, 0.25, 'absolute', '', 0)"
        )
        connection.execute("INSERT INTO runs VALUES ('r', 'b', '2026-11', '{}', 'then', NULL)")
    with Store.open(tmp_path) as store:
        assert list(store.thresholds_of(run="r")) == [THRESHOLD]
        store.save_thresholds([Threshold(**{**vars(THRESHOLD), "post_hoc": None})], run="q")
        assert [t.post_hoc for t in store.thresholds_of(run="q")] == [None]
        run = store.run_of("r")
        assert run is not None
        assert run.plan == {}
        assert store.run_of("nowhere") is None
        assert store.frozen_plan("b", "r") is None
