"""How long the report of a blind session takes: 12,000 pairs x 3 votes, analysis and page.

    python benchmarks/perf/blind_report.py [--out results/blind_report.md]

Times are medians of `RUNS` in one process in seconds of one core (so that other work on the
machine does not count), from `Answer` rows in memory to the finished
`Analysis` and to the page; reading the CSV stands beside them. The ratio is against evalica's
bootstrap of the same votes, which gives one number with its interval, where the report gives all.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import evalica
import numpy as np

from qfloor.abtest.analysis import analyse
from qfloor.abtest.answers import Answer, read_answers, write_answers
from qfloor.abtest.page import page_of
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.simulate import Shape, World, simulate

RUNS, RESAMPLES, GOAL = 7, 99, 1.0
WORLD = World(visible=0.05, worse=0.01, false_alarm=0.04, false_alarm_spread=0.03, lazy=0.05)
SHAPE = Shape(pairs=12_000, raters=200, votes=3)
PLAN = AnalysisPlan(digest="simulated")
WINNER = {"left": evalica.Winner.X, "right": evalica.Winner.Y}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    answers = simulate(WORLD, SHAPE, np.random.default_rng(1))
    analysis = analyse(answers, PLAN)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        write_answers(path, answers)
        reading = _median(lambda: read_answers(path))
    analysing = _median(lambda: analyse(answers, PLAN))
    drawing = _median(lambda: page_of(analysis))
    oracle = _median(lambda: _bootstrap(answers), runs=3)
    n = sum(a.kind == "test" for a in answers)
    rows = [
        ("read the CSV", reading), ("analyse", analysing), ("write the page", drawing),
        (f"evalica's newman, {RESAMPLES} resamples", oracle),
    ]  # fmt: skip
    lines = [f"| {name} | {seconds:.3f} s |" for name, seconds in rows]
    text = PAGE.format(
        answers=f"{len(answers):,}",
        tests=f"{n:,}",
        table="\n".join(lines),
        ratio=oracle / analysing,
    )
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    return int(analysing > GOAL)


def _median(work: Callable[[], object], runs: int = RUNS) -> float:
    times = []
    for _ in range(runs):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return statistics.median(times)


def _bootstrap(answers: list[Answer]) -> list[float]:
    """One number, the log-odds of the arms, resampled vote by vote."""
    tests = [a for a in answers if a.kind == "test"]
    left, right = [a.left_arm for a in tests], [a.right_arm for a in tests]
    winners = [WINNER.get(a.response, evalica.Winner.Draw) for a in tests]
    rng, found = np.random.default_rng(0), []
    for _ in range(RESAMPLES):
        weights = np.bincount(rng.integers(0, len(tests), len(tests)), minlength=len(tests))
        scores = evalica.newman(left, right, winners, weights=weights.astype(float)).scores
        found.append(float(np.log(scores["reference"] / scores["routed"])))
    return found


PAGE = """# How long a blind session's report takes

Regenerate with `python benchmarks/perf/blind_report.py --out results/blind_report.md`.

{answers} answers, {tests} of them test trials: 12,000 pairs x 3 votes of 200 raters. Medians, in
seconds of one core of a machine that was shared with other work.

| step | core seconds |
|---|---|
{table}

The analysis gives every estimand with its interval, with and without exclusions, by category and
rater. A plain bootstrap of one number by evalica takes {ratio:.1f} times as long.
"""

if __name__ == "__main__":
    sys.exit(main())
