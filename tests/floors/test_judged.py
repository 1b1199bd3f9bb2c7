"""Outputs laid out as arrays say what the rows say, one by one and in parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.floors import Cell, Judged, build_cell, lay_out
from qfloor.floors.judged import CODE, how_it_counts
from qfloor.records import CountsAs, FloorKind, Status


@st.composite
def outputs(draw: st.DrawFn) -> list[Judged]:
    """Draw outputs of every state, some rated by several people."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    votes, found = draw(st.integers(0, 3)), []
    for i in range(draw(st.integers(1, 40))):
        status = Status.MADE if rng.random() < 0.7 else list(Status)[int(rng.integers(6))]
        n = int(rng.integers(0, max(votes, 1) + 1)) if status is Status.MADE else 0
        found.append(
            Judged(
                output_id=f"o{i}",
                family=f"p{int(rng.integers(12))}",
                repeat=int(rng.integers(3)),
                status=status,
                values=tuple(float(v) for v in rng.integers(0, 10, size=n)),
                raters=tuple(f"r{r}" for r in rng.permutation(4)[:n]) if votes else (),
                scorer_failed=bool(rng.random() < 0.1),
                unsafe=bool(rng.random() < 0.1),
                safety_unknown=bool(rng.random() < 0.1),
                lacking="no_row" if rng.random() < 0.5 else None,
            )
        )
    return found


@pytest.mark.parametrize("kind", ["delivered", "conditional"])
@given(rows=outputs())
def test_arrays_count_as_rows_do(kind: FloorKind, rows: list[Judged]) -> None:
    laid = lay_out(rows)
    expected = [CODE[how_it_counts(row, kind)] for row in laid]
    assert laid.counts_as(kind).tolist() == expected
    assert lay_out(laid) is laid
    assert sorted(o.output_id for o in laid) == sorted(o.output_id for o in rows)
    cell = build_cell("x", "c", "image", kind, rows, sign=-1.0)
    by_id = {row.output_id: row for row in rows}
    for value, rater, name in zip(cell.value, cell.rater, cell.outputs, strict=True):
        row = by_id[name]
        if how_it_counts(row, kind) is CountsAs.FAIL:
            assert value == -np.inf
        else:
            said = dict(zip(row.raters or ("",), row.values, strict=False))
            who = laid.raters[rater] if rater >= 0 else ""
            assert value == -said[who]
    present = [row for row in rows if how_it_counts(row, kind) is not CountsAs.ABSENT]
    assert cell.n_asked == len(present)
    for mark in ("scorer_failed", "unsafe", "safety_unknown"):
        assert cell.counts.get(mark, 0) == sum(getattr(row, mark) for row in present)


def _entered(cell: Cell) -> list[tuple[str, float, str]]:
    """Each value of a cell, by output and by the name of who gave it."""
    names = [*cell.laid.raters, ""]
    who = [names[r] for r in cell.rater.tolist()]
    return sorted(zip(cell.outputs, cell.value.tolist(), who, strict=True))


@given(rows=outputs(), seed=st.integers(0, 2**32 - 1))
def test_a_part_is_what_laying_it_out_would_give(rows: list[Judged], seed: int) -> None:
    laid = lay_out(rows)
    kept = np.flatnonzero(np.random.default_rng(seed).random(len(laid)) < 0.6)
    found = build_cell("x", "c", "image", "delivered", laid.part(kept))
    expected = build_cell("x", "c", "image", "delivered", [laid[i] for i in kept.tolist()])
    for name in ("cluster", "counts", "outputs", "families"):
        assert list(getattr(found, name)) == list(getattr(expected, name)), name
    # raters are numbered, and drawn, by all they said: in the whole and in the part of it
    assert _entered(found) == _entered(expected)
    assert found.counts == expected.counts
    assert (found.n_raters, found.n_missing) == (expected.n_raters, expected.n_missing)
