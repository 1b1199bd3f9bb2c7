"""Checks of coarser precisions: one a backbone and round, older stores carried over."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from pathlib import Path

from qfloor.records import Parity, to_plain
from qfloor.store import Store
from qfloor.store.migrations import MIGRATIONS, check_precisions_by_round, migrate

PARITY = Parity(
    backbone="b", reference="r", pictures=32, texts=4, least_cosine=0.999, mean_cosine=1.0,
    spearman=1.0, largest_difference=0.0, round="2026-11", ranks={"aesthetic.a@1": 0.995},
)  # fmt: skip


def test_the_newest_of_a_backbone_and_round_counts(tmp_path: Path) -> None:
    with Store.open(tmp_path, create=True) as store:
        later = dataclasses.replace(PARITY, round="2026-12")
        newer = dataclasses.replace(PARITY, spearman=0.999)
        for one in (PARITY, later, newer):
            store.save_parity(one)
        assert list(store.parities()) == [newer, later]


def test_an_older_stores_checks_are_kept_and_of_no_round() -> None:
    before = MIGRATIONS[: MIGRATIONS.index(check_precisions_by_round)]
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, before)
    old = {k: v for k, v in to_plain(PARITY).items() if k not in ("round", "ranks")}
    connection.execute("INSERT INTO parities VALUES ('b', ?)", (json.dumps(old),))
    migrate(connection)
    assert connection.execute("SELECT backbone, round FROM parities").fetchall() == [("b", "")]
    connection.close()


def test_the_lowest_of_all_ranks_decides() -> None:
    assert PARITY.holds
    assert PARITY.least_spearman == 0.995
    assert not dataclasses.replace(PARITY, ranks={"a": 1.0, "b": 0.98}).holds
    assert dataclasses.replace(PARITY, ranks={}).least_spearman == 1.0
