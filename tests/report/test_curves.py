"""What the report says of thresholds that metrics were given, or not."""

from __future__ import annotations

from qfloor.report.curves import _held, _predicted

ROW = {
    "metric": "clip@1", "category": "portrait", "modality": "image", "human_threshold": 5.0,
    "metric_threshold": None, "epsilon": 0.1, "n_fit": 90, "held_out_agreement": None,
    "worst_leave_one_model_out": None, "reason": "",
}  # fmt: skip


def test_thresholds_with_one_remark_are_lines_of_their_own_and_failures_are_not() -> None:
    hangs = "without a/b no threshold is learned: what such an offer adds is not known"
    none = [ROW | {"human_threshold": t, "reason": "too few prompts"} for t in (7.0, 8.0)]
    some = [
        ROW | {"human_threshold": t, "metric_threshold": m, "reason": hangs}
        for t, m in ((5.0, 0.31), (6.0, 0.42))
    ]
    page = _held([*some, *none, ROW | {"metric_threshold": 0.25}])
    assert page.count("<tr") == 1 + 2 + 1 + 1
    assert page.count(f"learned; {hangs}") == 2
    assert "0.31" in page
    assert "0.42" in page
    assert "7, 8" in page
    assert page.count(">learned<") == 1
    assert "learned: 3 of 5 asked for" in page


def test_predicted_fails_are_drawn_beside_what_came_or_the_reason_is_said() -> None:
    row = {
        "metrics": ("clip@1", "aesthetic@2"), "category": "portrait", "modality": "image",
        "threshold": 6.5, "reliability": [(0.1, 0.2, 30, 0.0), (0.9, 0.8, 12, 0.0)],
        "brier": 0.125, "rank_correlation": None, "reason": "",
    }  # fmt: skip
    page = _predicted([row, row | {"reliability": [], "reason": "too few prompts"}])
    assert "Predicted fails" in page
    assert "clip + aesthetic in portrait: 10.0" in page
    assert "80.0\N{NO-BREAK SPACE}% came" in page
    assert "Brier score 0.125" in page
    assert "too few prompts" in page
    assert _predicted([]) == ""
