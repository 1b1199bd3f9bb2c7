"""The page of the adaptive run counts what two databases say, and what is false by the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "validity"))
    import painters_adaptive

    return painters_adaptive


def test_a_release_beside_itself_agrees_in_every_verdict(study) -> None:
    db = ROOT / "results" / "painters.db"
    ruled, truth = study.verdicts(db), study.truths()
    assert set(ruled) == set(truth)
    assert len(ruled) == 204
    spent = [
        {"category": c, "modality": m, "prompts": 10, "of": 60, "usd": 1.0, "stopped": "every tier"}
        for _, c, m in {place for place, _ in ruled}
    ]
    page = study.page(spent, db, db)
    assert "| spent, ratings included | $68.00 |" in page
    assert f"| prompts of cells | 680 | {68 * 60} at most | |" in page
    diagonal = [line for line in page.splitlines() if line.startswith("| certified | ")]
    n = sum(ruling == "certified" for ruling in ruled.values())
    assert diagonal == [f"| certified | {n} | 0 | 0 |"]


def test_what_contradicts_the_truth_is_named(study) -> None:
    truth = study.truths()
    bad = max(truth, key=truth.__getitem__)
    good = min(truth, key=truth.__getitem__)
    told = study.wrong({bad: "certified", good: "rejected"}, truth)
    assert [line.split(": ")[1].split(",")[0] for line in told] == ["certified", "rejected"]
    assert study.wrong({bad: "rejected", good: "undecided"}, truth) == []
