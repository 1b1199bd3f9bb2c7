"""Pass rates as rows of a table: for a program in numbers, for a person in one cell each."""

from __future__ import annotations

from typing import Any

from qfloor.pipeline import pass_rate_rows
from qfloor.records import PassRate


def rate(offer: str, metric: str, **more: Any) -> PassRate:
    told: dict[str, Any] = {
        "offer_id": offer, "category": "portrait", "modality": "image", "metric": metric,
        "direction": "lower", "n_prompts": 40, "n_scored": 38, "n_true": 2,
        "share_true": 0.05, "share_true_lo": 0.01, "share_true_hi": 0.17, "n_asked": 40,
        "passed": 0.9, "passed_lo": 0.76, "passed_hi": 0.97, "confidence": 0.95,
        "method": "clopper_pearson", "counts": {"made": 38, "refused": 2},
        "reasons": {"too small": 1}, "confidence_release": 0.99, "passed_lo_release": 0.7,
        "passed_hi_release": 0.98,
    }  # fmt: skip
    return PassRate(**told | more)


def test_a_person_reads_share_and_interval_in_one_cell() -> None:
    rows = list(pass_rate_rows([rate("b", "safety@1"), rate("a", "safety@1")], brief=True))
    assert [row["offer"] for row in rows] == ["a", "b"]
    row = rows[0]
    assert (row["metric"], row["true_is"]) == ("safety", "bad")
    assert row["true"] == "0.050 [0.010, 0.170]"
    assert row["passed"] == "0.900 [0.760, 0.970]"
    assert row["of_all"] == "[0.700, 0.980]"
    assert row["not_scored"] == {"too small": 1}
    assert "identity" not in row


def test_what_there_is_no_share_of_is_left_empty() -> None:
    nothing = {"share_true": None, "share_true_lo": None, "share_true_hi": None,
               "passed_lo_release": None, "passed_hi_release": None}  # fmt: skip
    (row,) = pass_rate_rows([rate("a", "safety@1", **nothing)], brief=True)
    assert (row["true"], row["of_all"]) == (None, None)


def test_a_program_reads_numbers() -> None:
    (row,) = pass_rate_rows([rate("a", "safety@1", direction="higher")])
    assert (row["true_is"], row["true"], row["true_lo"], row["true_hi"]) == (
        "good", 0.05, 0.01, 0.17,
    )  # fmt: skip
    assert (row["passed_lo_release"], row["confidence_release"]) == (0.7, 0.99)
    assert (row["identity"], row["counts"]) == ("safety@1", {"made": 38, "refused": 2})
    assert "of_all" not in row
