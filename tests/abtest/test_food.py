"""Published comparisons with published strengths: evalica's ``food.csv`` and its golden values."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

from qfloor.abtest.ranking import davidson_scores
from qfloor.ratings import ReadOptions
from qfloor.ratings.formats import format_of

# dustalov/evalica food.csv (Apache-2.0): thirty votes, first letters of left, right and the winner.
NAMES = {"B": "Burger", "P": "Pasta", "S": "Sushi", "T": "Tacos", "Z": "Pizza"}
VOTES = [
    *("ZSl", "BPr", "TZl", "STr", "BZl", "PSr", "TBl", "ZPt", "SBr", "PTl"),
    *("BSr", "TZl", "SPt", "BTl", "ZBr", "PTr", "BSr", "TPl", "ZTr", "SBl"),
    *("PZr", "BSr", "TPl", "ZSl", "SBr", "PTr", "TZl", "BPr", "STl", "ZBr"),
]
WINNER = {"l": "left", "r": "right", "t": "tie"}
NEWMAN = {"Tacos": 2.6652107229187254, "Sushi": 1.0906271591531849, "Burger": 0.8296600883232509,
          "Pasta": 0.7101537820870093, "Pizza": 0.536812511441843}  # fmt: skip


@pytest.fixture
def scores(tmp_path: Path) -> dict[str, float]:
    """Strengths of the file, read by our importer."""
    lines = [f"{NAMES[v[0]]},{NAMES[v[1]]},{WINNER[v[2]]}" for v in VOTES]
    path = tmp_path / "food.csv"
    path.write_text("\n".join(["left,right,winner", *lines, ""]), encoding="utf-8")
    read = format_of("evalica").read(path, ReadOptions()).comparisons
    assert len(read) == 30
    left, right = ([str(side.model) for side in sides]
                   for sides in zip(*((v.left, v.right) for v in read), strict=True))  # fmt: skip
    return davidson_scores(left, right, [v.winner for v in read])


def test_strengths_are_the_published_ones(scores: dict[str, float]) -> None:
    logs = {name: math.log(value) for name, value in NEWMAN.items()}
    middle = sum(logs.values()) / len(logs)
    assert sorted(scores, key=scores.get, reverse=True) == list(NEWMAN)  # type: ignore[arg-type]
    for name, log in logs.items():
        assert scores[name] == pytest.approx(log - middle, abs=1e-6)


def test_strengths_are_davidsons_most_likely_ones(scores: dict[str, float]) -> None:
    """Ties are an outcome of their own: not what half a win to each would say."""
    letters = sorted(NAMES)

    def unlikely(x: np.ndarray) -> float:
        strength = dict(zip(letters, np.exp([0.0, *x[:4]]), strict=True))
        total = 0.0
        for left, right, won in VOTES:
            a, b = strength[left], strength[right]
            tie = math.exp(x[4]) * math.sqrt(a * b)
            total -= math.log({"l": a, "r": b, "t": tie}[won] / (a + b + tie))
        return total

    found = optimize.minimize(unlikely, np.zeros(5), method="BFGS", tol=1e-8).x
    logs = np.array([0.0, *found[:4]])
    told = [scores[NAMES[letter]] for letter in letters]
    assert told == pytest.approx((logs - logs.mean()).tolist(), abs=1e-5)


def test_bradley_terry_with_half_wins_is_evalicas(scores: dict[str, float]) -> None:
    """What facts hold of this file; Davidson's strengths lie further apart than these."""
    evalica = pytest.importorskip("evalica")
    won = {"l": evalica.Winner.X, "r": evalica.Winner.Y, "t": evalica.Winner.Draw}
    found = evalica.bradley_terry(
        [NAMES[v[0]] for v in VOTES], [NAMES[v[1]] for v in VOTES], [won[v[2]] for v in VOTES]
    ).scores
    published = {"Tacos": 2.509025, "Sushi": 1.101156, "Burger": 0.854906, "Pasta": 0.740381,
                 "Pizza": 0.571837}  # fmt: skip
    assert found.to_dict() == pytest.approx(published, abs=1e-6)
    between = math.log(found["Tacos"] / found["Pizza"])
    assert scores["Tacos"] - scores["Pizza"] > between
