"""Files made elsewhere: broken ones are named, mended ones taken again, made ones never changed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qfloor import pipeline
from qfloor.records import Event, Status
from qfloor.store import Store

ROWS = ["0.png", "half.png", "page.png", "empty.png"]


def picture(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    contents = [picture(0), picture(1)[:300], b"<!doctype html>", b""]
    for name, content in zip(ROWS, contents, strict=True):
        (folder / name).write_bytes(content)
    lines = [f"a red kettle {i},shop/m,{name}" for i, name in enumerate(ROWS)]
    (folder / "m.csv").write_text("\n".join(["prompt,offer,file", *lines]) + "\n")
    return folder / "m.csv"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "w", create=True)


def test_broken_files_are_named_with_their_rows(store: Store, manifest: Path) -> None:
    found = pipeline.take_in(store, manifest, round="2026-11")
    assert [(row.row, row.file) for row in found.broken] == [
        (3, ROWS[1]),
        (4, ROWS[2]),
        (5, ROWS[3]),
    ]
    assert all(row.reason == "undecodable" and row.detail for row in found.broken)
    assert [row.status for row in found.rows] == ["made", "blank", "blank", "blank"]
    assert found.changed == ()
    assert found.rows[0].prompt == "a red kettle 0"


def test_a_mended_file_is_taken_again_and_the_ledger_keeps_what_it_was(
    store: Store, manifest: Path
) -> None:
    pipeline.take_in(store, manifest, round="2026-11")
    again = pipeline.take_in(store, manifest, round="2026-11")
    assert (again.counts, again.plan.done) == ({}, 4), "nothing has changed"
    (manifest.parent / "half.png").write_bytes(picture(1))
    (manifest.parent / "empty.png").write_bytes(picture(2)[:100])
    mended = pipeline.take_in(store, manifest, round="2026-11")
    assert mended.counts == {Status.MADE: 1, Status.BLANK: 1}
    assert [row.file for row in mended.broken] == ["page.png", "empty.png"]
    (half,) = [o for o in store.outputs_of() if o.report["file"] == "half.png"]
    assert half.status is Status.MADE
    history = store.histories(round="2026-11")[half.id]
    ends = [(a.n, a.status, a.reason) for a in history if a.event is Event.ENDED]
    assert ends == [(1, Status.BLANK, "undecodable"), (2, Status.MADE, "ok")]
    assert sum(spent.amount_nanousd for spent in store.spending()) == 0


def test_what_was_made_stays_and_a_change_of_its_file_is_told(store: Store, manifest: Path) -> None:
    pipeline.take_in(store, manifest, round="2026-11")
    before = {o.id: o for o in store.outputs_of()}
    (manifest.parent / "0.png").write_bytes(picture(9))
    found = pipeline.take_in(store, manifest, round="2026-11")
    assert [(row.row, row.file) for row in found.changed] == [(2, "0.png")]
    assert {o.id: o for o in store.outputs_of()} == before
    anew = pipeline.take_in(store, manifest, round="2026-12")
    assert anew.changed == ()
    assert anew.rows[0].status == "made"
