"""Do the intervals of a blind session hold? Sessions whose truth is known, held many times.

Each world (nothing to see, a small or a large difference, people who click at random, who favour
a side, who differ) is held in each shape (every vote of another person; 30 and 12 people; several
votes a pair), and each interval is asked whether it holds the truth of its estimand. Beside it
two false claims are counted, each in a world where it is false by a hair: "similar" when the true
net discriminability is exactly pd0, and "not worse" when the true mean gap is exactly the margin.
Last, the live bounds: a stream at exactly the limit, looked at after every value.

    python benchmarks/validity/blind_coverage.py --out results/blind_coverage.md [--runs 1000]

Exits 1 when a coverage lies more than `ALLOWED` Monte Carlo errors below 95 % (but for what no
interval can know, see `UNKNOWABLE`), or a false claim as far above 5 %.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from qfloor import stats
from qfloor.abtest.estimands import detection_of, discriminability_of, severity_of
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.raters import left_out_mask, raters_of
from qfloor.abtest.simulate import Shape, World, simulate
from qfloor.abtest.votes import Votes, votes_of

ALLOWED, LEVEL, SEED = 3.5, 0.95, 20_261_201
NAMES = ("D", "W", "net", "net upper", "corrected", "material", "minor", "gap")

WORLDS = {
    "null": World(false_alarm=0.08),
    "null, people differ": World(false_alarm=0.08, false_alarm_spread=0.06),
    "small": World(visible=0.05, worse=0.01, false_alarm=0.05),
    "large": World(visible=0.4, worse=0.05, seen=0.85, false_alarm=0.1),
    "lazy raters": World(visible=0.1, worse=0.02, false_alarm=0.05, lazy=0.15),
    "side-biased raters": World(visible=0.1, worse=0.02, false_alarm=0.3, left_bias=0.9),
    "raters differ": World(
        visible=0.2, worse=0.02, seen=0.7, seen_spread=0.2, false_alarm=0.1, false_alarm_spread=0.08
    ),
}
SHAPES = {
    "600 people, a vote each": Shape(pairs=600, raters=600, placebo=0.2, repeat=0.0, catch=0.0),
    "30 people, 1,200 votes": Shape(pairs=1200, raters=30, placebo=0.1, repeat=0.0, catch=0.0),
    "30 people, 400 pairs x 3": Shape(
        pairs=400, raters=30, votes=3, placebo=0.1, repeat=0.0, catch=0.0
    ),
    "12 people, 600 votes": Shape(pairs=600, raters=12, placebo=0.1, repeat=0.0, catch=0.0),
}  # fmt: skip
UNKNOWABLE = ("lazy raters", "12 people, 600 votes")
"""Of 12 people of whom 15 % click at random, one panel in seven holds no such person."""
PLAN = AnalysisPlan(digest="simulated")


def split(votes: Votes) -> tuple[Votes, Votes]:
    return votes.where(votes.of_kind("test")), votes.where(votes.of_kind("placebo"))


def truths(world: World) -> dict[str, float]:
    return {
        "D": world.detected, "W": world.wrong_way, "net": world.net, "net upper": world.net,
        "corrected": world.corrected, "material": world.material, "minor": world.minor_share,
        "gap": world.mean_gap,
    }  # fmt: skip


def intervals(test: Votes, placebo: Votes) -> dict[str, tuple[float | None, float | None]]:
    found = detection_of(test, placebo, PLAN)
    net = discriminability_of(test, PLAN).net
    severity = severity_of(test, PLAN)
    made = {
        "D": found.detected, "W": found.wrong_way, "net": net, "corrected": found.corrected,
        "material": severity.material, "minor": severity.minor, "gap": severity.gap,
    }  # fmt: skip
    ends = {name: (None, None) if f is None else (f.low, f.high) for name, f in made.items()}
    return {**ends, "net upper": (-1.0, net.upper)}


def coverage(
    world: World, shape: Shape, runs: int, rng: np.random.Generator, *, exclude: bool = False
) -> Iterator[tuple[str, float, int]]:
    """(estimand, share of runs whose interval holds the truth, runs with an interval)."""
    said: Counter[str] = Counter()
    held: Counter[str] = Counter()
    truth = truths(dataclasses.replace(world, lazy=0.0) if exclude else world)
    for _ in range(runs):
        votes = votes_of(simulate(world, shape, rng))
        if exclude:
            votes = votes.where(~left_out_mask(votes, raters_of(votes, PLAN)))
        for name, (low, high) in intervals(*split(votes)).items():
            if low is not None and high is not None:
                said[name] += 1
                held[name] += low - 1e-9 <= truth[name] <= high + 1e-9
    for name in NAMES:
        yield name, held[name] / said[name] if said[name] else math.nan, said[name]


def false_claims(runs: int, rng: np.random.Generator) -> list[list[str]]:
    """Similar at exactly pd0, not worse at exactly the margin: at most 5 % each."""
    rows = []
    at_limit = {
        "small": WORLDS["small"], "large": WORLDS["large"], "raters differ": WORLDS["raters differ"]
    }  # fmt: skip
    for name, world in at_limit.items():
        for label, shape in SHAPES.items():
            similar = notworse = 0
            for _ in range(runs):
                test, _ = split(votes_of(simulate(world, shape, rng)))
                plan = dataclasses.replace(PLAN, pd0=world.net, margin_score=world.mean_gap)
                similar += discriminability_of(test, plan).similar(0.05)
                p_value = severity_of(test, plan).p_noninferior
                notworse += p_value is not None and p_value <= 0.05
            rows.append([name, label, f"{similar / runs:.3f}", f"{notworse / runs:.3f}"])
    return rows


def live(runs: int, rng: np.random.Generator) -> list[list[str]]:
    """Streams at exactly the limit, looked at 500 times: false alarms at most 5 %."""
    bar = -math.log(0.05)
    rows = []
    for what, limit, values, shares in (
        ("served fail rate", 0.25, (0.0, 1.0), (0.75, 0.25)),
        ("served fail rate", 0.10, (0.0, 1.0), (0.90, 0.10)),
        ("net discriminability", 0.10, (0.0, 0.5, 1.0), (0.05, 0.80, 0.15)),
    ):
        mean = float(np.dot(values, shares))
        drawn = rng.choice(values, (runs, 500), p=shares)
        alarms = sum(stats.log_wealth(1.0 - x, 1.0 - mean).max() >= bar for x in drawn)
        rows.append([what, f"{limit:g}", f"{alarms / runs:.4f}"])
    return rows


def table(columns: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=1000)
    given = parser.parse_args()
    rng, started = np.random.default_rng(SEED), time.perf_counter()
    error = math.sqrt(LEVEL * (1 - LEVEL) / given.runs)
    rows, worst = [], 1.0
    for name, world in WORLDS.items():
        for label, shape in SHAPES.items():
            found = {n: (c, k) for n, c, k in coverage(world, shape, given.runs, rng)}
            rows.append([name, label, *(_cell(*found[n], given.runs) for n in NAMES)])
            enough = [c for c, k in found.values() if k > given.runs / 2]
            worst = worst if (name, label) == UNKNOWABLE else min(worst, *enough)
            print(rows[-1], flush=True)
    lazy = dataclasses.replace(SHAPES["30 people, 1,200 votes"], catch=0.2)
    attentive = coverage(WORLDS["lazy raters"], lazy, given.runs, rng, exclude=True)
    kept = ["lazy raters, as if attentive", *(_cell(c, k, given.runs) for _, c, k in attentive)]
    claims = false_claims(given.runs, rng)
    top = max(float(value) for row in claims for value in row[2:])
    streams = live(10_000, rng)
    text = PAGE.format(
        runs=f"{given.runs:,}",
        error=f"{error:.4f}",
        minutes=round((time.perf_counter() - started) / 60),
        coverage=table(["world", "shape", *NAMES], rows),
        kept=table(["world", *NAMES], [kept]),
        claims=table(["world", "shape", "similar", "not worse"], claims),
        live=table(["stream", "limit", "false alarms"], streams),
        worst=f"{worst:.3f}",
        top=f"{top:.3f}",
    )
    given.out.write_text(text, encoding="utf-8")
    failed = worst < LEVEL - ALLOWED * error or top > 0.05 + ALLOWED * error
    return int(failed or any(float(row[2]) > 0.0577 for row in streams))


def _cell(share: float, n: int, runs: int) -> str:
    if not n:
        return "-"
    return f"{share:.3f}" if n == runs else f"{share:.3f} (of {n})"


PAGE = """# Blind sessions: do the intervals hold?

Regenerate with `python benchmarks/validity/blind_coverage.py --out results/blind_coverage.md`.

## Share of {runs} sessions whose 95 % interval holds the truth

D: chose the reference; W: chose the routed side; net: D - W, with its interval and its one-sided
upper bound; corrected: D beyond false alarms (Abbott); material: a loss that matters, of all
votes; minor: of the detected, minor and usable; gap: mean score gap over all votes. Monte Carlo
error {error}; the worst is {worst}, but for 12 people of whom 15 % click at random: one such panel
in seven holds nobody who does, and no interval can know of them. Where nobody detects anything, an
interval may be missing.

{coverage}
## With the raters left out whom the plan excludes

Random clickers are found by catch trials and speed; what is left should speak for attentive
people.

{kept}
## False claims where they are false by a hair

The true net discriminability is exactly pd0, the true mean gap exactly the margin. At most .05;
the worst is {top}. "Not worse" is not tested with fewer than 100 scored votes without a difference
(nought in the table): there it was claimed falsely in up to .09.

{claims}
## Live bounds, looked at after each of 500 values

{live}
It took {minutes} minutes on one shared core.
"""

if __name__ == "__main__":
    sys.exit(main())
