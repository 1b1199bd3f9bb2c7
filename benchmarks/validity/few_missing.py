"""How often a few missing outputs certify falsely, where just those are missing that would fail.

A provider that fails on hard prompts, or a safety classifier that breaks on odd pictures, takes
fails out of a cell. Floors leave up to two in a hundred missing outputs out, and this is what that
can do; beside it what it would cost to count them all as fails (decision 0051). One output a
prompt, so every chance is a binomial sum: no Monte Carlo error.

    python benchmarks/validity/few_missing.py [--out results/few_missing.md]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scipy import special

from qfloor import stats

RESULTS = Path(__file__).parents[2] / "results"
LEVELS = (0.05, 0.05 / 7, 0.05 / 40, 0.05 / 280)
ASKED = (60, 120, 250, 527, 1000)
TOLERATED = {0.25: 0.02, 0.10: 0.008, 0.05: 0.004}
"""What share could be left out, for each tolerated fail rate."""

GOOD = {0.25: 0.12, 0.10: 0.04, 0.05: 0.02}
"""True fail rates of offers that should be certified."""


def certified(fails: int, judged: int, missing: int, alpha: float, max_fail: float, *,
              as_fails: bool) -> bool:  # fmt: skip
    """Whether a cell is certified with its missing outputs as fails, or left out."""
    seen = fails + missing if as_fails else fails
    most = stats.max_fails(judged + missing if as_fails else judged, alpha, max_fail)
    return most is not None and seen <= most


def falsely(n: int, missing: int, alpha: float, max_fail: float, *, as_fails: bool) -> float:
    """Chance of a certificate at the tolerated rate where only fails are missing."""
    chance = 0.0
    for fails in range(n + 1):
        gone = min(fails, missing)
        if certified(fails - gone, n - gone, gone, alpha, max_fail, as_fails=as_fails):
            chance += _at(fails, n, max_fail)
    return chance


def rightly(n: int, missing: int, alpha: float, max_fail: float, *, as_fails: bool) -> float:
    """Chance that a good offer is certified where what is missing says nothing of it."""
    judged, rate = n - missing, GOOD[max_fail]
    return sum(
        _at(fails, judged, rate)
        for fails in range(judged + 1)
        if certified(fails, judged, missing, alpha, max_fail, as_fails=as_fails)
    )


def _at(k: int, n: int, rate: float) -> float:
    below = float(special.bdtr(k - 1, n, rate)) if k else 0.0
    return float(special.bdtr(k, n, rate)) - below


def _table(max_fail: float, *, good: bool) -> list[str]:
    heads = " | ".join(f"{name} {a:.4g}" for a in LEVELS for name in ("left out", "as fails"))
    lines = [f"| asked | missing | {heads} |", "|---" * (2 + 2 * len(LEVELS)) + "|"]
    for n in ASKED:
        missing = int(TOLERATED[max_fail] * n + 1e-9)
        found = [
            rightly(n, missing, a, max_fail, as_fails=as_fails)
            if good
            else falsely(n, missing, a, max_fail, as_fails=as_fails) / a
            for a in LEVELS
            for as_fails in (False, True)
        ]
        lines.append(f"| {n} | {missing} | " + " | ".join(f"{x:.2f}" for x in found) + " |")
    return [*lines, ""]


def main() -> None:
    """Write the page."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path, default=RESULTS / "few_missing.md")
    told = arguments.parse_args()
    lines = [
        "# A few missing outputs, where just those are missing that would fail",
        "",
        "`python benchmarks/validity/few_missing.py`; one output a prompt, computed exactly "
        "([decision 0051](../docs/decisions/0051-few-missing.md)). *Left out*: as floors do it "
        "where at most two in a hundred are missing (fewer where less than a quarter may fail). "
        "*As fails*: as they do it above that, and could always.",
        "",
        "## False certificates, times the level",
        "",
        "The offer fails exactly as often as tolerated, and what is missing is all fails.",
        "",
    ]
    for max_fail in TOLERATED:
        lines += [f"A share of {max_fail:g} may fail:", "", *_table(max_fail, good=False)]
    lines += ["## What the other rule would cost: good offers that are certified", "",
              "As many are missing, and nothing follows from which.", ""]  # fmt: skip
    for max_fail, rate in GOOD.items():
        lines += [f"A share of {max_fail:g} may fail, {rate:g} do:", "",
                  *_table(max_fail, good=True)]  # fmt: skip
    told.out.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
