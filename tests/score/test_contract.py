from __future__ import annotations

import math

import pytest

from qfloor.errors import ScoringError
from qfloor.records import Metric, ScoreStatus
from qfloor.score.contract import check_rows
from qfloor.scorers.protocol import Row

NUMBER = Metric(name="a.number", unit="share", lo=0.0, hi=1.0)
FLAG = Metric(name="a.flag", unit="boolean", lo=0.0, hi=1.0, boolean=True)
SCORED, FAILED = ScoreStatus.SCORED, ScoreStatus.FAILED


def row(metric: str = "a.number", status: ScoreStatus = SCORED, **fields: object) -> Row:
    return Row(metric=metric, status=status, **fields)  # type: ignore[arg-type]


GOOD = (row(value=0.5, series=(0.4, 0.6)), row("a.flag", value=1.0))


def test_good_rows_pass_in_any_order_of_metrics() -> None:
    check_rows("S", (NUMBER, FLAG), 2, [GOOD, GOOD[::-1]])
    check_rows("S", (NUMBER,), 1, [(row(status=FAILED, reason="no edge"),)])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "returned 0 entries for 1 item"),
        ([GOOD, GOOD], "returned 2 entries for 1 item"),
        ([GOOD[:1]], r"declares a.flag, a.number and returned rows of a.number$"),
        ([(*GOOD, row("a.other", value=1.0))], "a.other"),
        ([(GOOD[0], GOOD[0])], "returned rows of a.number, a.number"),
        ([(row(value=math.nan), GOOD[1])], "a.number as NaN or infinite"),
        ([(row(value=0.5, series=(math.inf,)), GOOD[1])], "NaN or infinite"),
        ([(row(value=1.5), GOOD[1])], r"as 1.5, outside its declared range \[0, 1\]"),
        ([(row(), GOOD[1])], "with status scored and value None"),
        ([(row(status=FAILED, value=0.0, reason="r"), GOOD[1])], "with status failed and value"),
        ([(row(status=FAILED), GOOD[1])], "with status failed and no reason"),
        ([(GOOD[0], row("a.flag", value=0.5))], "which is no boolean"),
    ],
)
def test_each_fault_names_scorer_and_metric(rows: list[tuple[Row, ...]], message: str) -> None:
    with pytest.raises(ScoringError, match=message) as caught:
        check_rows("MyScorer", (NUMBER, FLAG), 1, rows)
    assert "MyScorer" in str(caught.value)
