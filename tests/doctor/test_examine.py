"""Each way a check can end, with checks made for it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from qfloor.doctor import Check, Ground, examine, largest_difference, table
from qfloor.doctor.check import EXACT, Gap, NotRun, Tolerance, agrees
from qfloor.errors import InputError, PluginError

GROUND = Ground()


def check(got: Any = 1.0, expected: Any = 1.0, **changes: Any) -> Check:
    def measure(ground: Ground) -> Any:
        if isinstance(got, Exception):
            raise got
        return got

    return Check(
        **{
            "id": "made-up",
            "says": "what it checks",
            "metric": "made.up",
            "expected": expected,
            "measure": measure,
            "source": "this test",
            **changes,
        }
    )


class Lacking:
    says = "a stone"

    def fault(self, ground: Ground) -> str | None:
        return "needs a stone: pick one up"


@pytest.mark.parametrize(
    ("expected", "got", "tolerance", "outcome"),
    [
        (1.0, 1.0, EXACT, "pass"),
        (1.0, 1.0 + 1e-12, EXACT, "FAIL"),
        (1.0, 1.1, Tolerance(absolute=0.11), "pass"),
        (1.0, 1.1, Tolerance(absolute=0.09), "FAIL"),
        (-200.0, -203.0, Tolerance(relative=0.02), "pass"),
        (-200.0, -205.0, Tolerance(relative=0.02), "FAIL"),
        ((1.0, 2.0), (1.0, 2.0), EXACT, "pass"),
        ((1.0, 2.0), (1.0, 2.5), Tolerance(absolute=0.1), "FAIL"),
        ((1.0, 2.0), (1.0,), Tolerance(absolute=9.0), "FAIL"),
        (1.0, (1.0, 1.0), Tolerance(absolute=9.0), "FAIL"),
        ("read me", "read me", EXACT, "pass"),
        ("read me", "raed me", EXACT, "FAIL"),
        (True, True, EXACT, "pass"),
        (True, 1.0, Tolerance(absolute=9.0), "FAIL"),
        (8, 8, EXACT, "pass"),
        (1.0, math.nan, Tolerance(absolute=9.0), "FAIL"),
        (1.0, math.inf, Tolerance(relative=math.inf), "FAIL"),
    ],
)
def test_what_was_got_decides(expected: Any, got: Any, tolerance: Tolerance, outcome: str) -> None:
    (finding,) = examine([check(got, expected, tolerance=tolerance)], GROUND)
    assert finding.outcome == outcome


def test_no_number_is_made_of_what_is_none() -> None:
    (finding,) = examine([check((1.0, math.nan), (1.0, 2.0))], GROUND)
    assert finding.got is None
    assert finding.reason == "what was measured is not a number"


def test_a_rule_may_decide_in_place_of_a_number() -> None:
    high, low = (check(got, ">= 0.9", suffices=lambda got: got >= 0.9) for got in (0.95, 0.5))
    assert [f.outcome for f in examine([high, low], GROUND)] == ["pass", "FAIL"]
    assert agrees(high, 0.9)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PluginError("it is damaged; fetch it anew.\nmore"), "it is damaged; fetch it anew"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (KeyError(), "KeyError"),
    ],
)  # fmt: skip
def test_a_check_that_raises_has_failed_in_one_line_and_the_others_go_on(
    error: Exception, reason: str
) -> None:
    raised, after = examine([check(error), check()], GROUND)
    assert (raised.outcome, raised.reason, raised.got) == ("FAIL", reason, None)
    assert after.outcome == "pass"


def test_what_is_missing_is_no_failure_and_nothing_is_measured() -> None:
    never = AssertionError("measured although something is missing")
    lacking = check(never, needs=(Lacking(), Lacking()))
    midway = check(NotRun("this processor has no such numbers"))
    before, during = examine([lacking, midway], GROUND)
    assert (before.outcome, during.outcome) == ("not run", "not run")
    assert before.reason == "needs a stone: pick one up; needs a stone: pick one up"
    assert during.reason == "this processor has no such numbers"


def test_progress_is_told_from_the_first_to_the_last() -> None:
    told: list[tuple[str, int, int]] = []
    examine([check(), check()], GROUND, lambda *step: told.append(step))
    assert told == [("checks", 0, 2), ("checks", 1, 2), ("checks", 2, 2)]


def test_differences_are_of_numbers_only() -> None:
    assert largest_difference(check(expected=(1.0, 2.0)), (1.5, 2.1)) == 0.5
    assert largest_difference(check(expected=(1.0, 2.0)), (1.0,)) is None
    assert largest_difference(check(expected="a"), "b") is None
    assert largest_difference(check(), None) is None


@pytest.mark.parametrize(
    ("got", "outcome"),
    [(5.0, "pass"), (5.9, "known gap"), (5.90004, "known gap"), (5.8, "FAIL"), (6.0, "FAIL")],
)
def test_a_known_gap_is_no_pass_and_only_our_number_is_known(got: float, outcome: str) -> None:
    gap = Gap(ours=5.9, reason="rounding in flat windows")
    (finding,) = examine([check(got, 5.0, gap=gap)], GROUND)
    assert finding.outcome == outcome
    if outcome == "known gap":
        assert table.summary([finding]) == "0 passed, 0 failed, 1 known gap, 0 not run"
        assert table.explanations([finding]) == ["known gap made-up: rounding in flat windows"]
        assert table.counts([finding])["passed"] == 0


def test_tolerances_in_words() -> None:
    both = Tolerance(absolute=1, relative=0.5)
    said = [EXACT, Tolerance(absolute=1e-4), Tolerance(relative=0.02), both]
    assert [str(one) for one in said] == ["exact", "0.0001", "2%", "1 or 50%"]


def test_findings_as_rows_and_sentences() -> None:
    findings = examine(
        [
            check(),
            check(0.0, 1.0, id="off", tolerance=Tolerance(absolute=0.5)),
            check(ValueError("no"), id="raises"),
            check(needs=(Lacking(),), id="one"),
            check(needs=(Lacking(),), id="two"),
        ],
        GROUND,
    )
    assert table.summary(findings) == "1 passed, 2 failed, 2 not run"
    assert table.explanations(findings) == [
        "FAIL off: 1 was expected and 0 was got, off by 1 (what it checks)",
        "FAIL raises: ValueError: no",
        "not run one, two: needs a stone: pick one up",
    ]
    short, full = table.short_rows(findings), table.full_rows(findings)
    columns = ["check", "metric", "expected", "got", "tolerance", "verdict"]
    assert [list(row) for row in short] == [columns] * 5
    assert short[3]["got"] is None
    assert full[1]["largest_difference"] == 1.0
    assert full[4]["reason"] == "needs a stone: pick one up"
    assert {row["verdict"] for row in full} == {"pass", "FAIL", "not run"}


@pytest.mark.parametrize("option", ["golden", "weights"])
def test_a_folder_that_is_not_there_is_one_sentence(option: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    with pytest.raises(InputError) as caught:
        Ground(**{option: nowhere})  # type: ignore[arg-type]
    assert str(caught.value) == f"--{option} {nowhere} is not a folder that exists"
