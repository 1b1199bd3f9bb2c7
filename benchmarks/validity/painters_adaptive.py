"""The built-in benchmark run adaptively, beside the fixed round: the same verdicts, for how much?

    qfloor run painters --adaptive --budget 1000 --rating-usd 0.05 --json --out a.db > spent.json
    python benchmarks/validity/painters_adaptive.py --spent spent.json --db a.db

Both runs made, scored and judged real files on their own. The truth is results/painters_truth.csv.
Two prices stand beside what was spent: of the fixed round, every prompt of the suite made and
rated as often as it was, and of the planned design of `adaptive_spend` (90% power at a true fail
rate of .12, as many prompts for every cell, one rating each), had the suite so many.
"""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from adaptive_spend import ALPHA, MAX_FAIL, POWER, RATING_USD, STATED

from qfloor import stats

RESULTS = Path(__file__).resolve().parents[2] / "results"
TIERS = {"standard": "5", "professional": "6.5", "premium": "8"}
Place = tuple[str, str, str]


def verdicts(db: Path) -> dict[tuple[Place, str], str]:
    """Rulings by cell and tier."""
    with sqlite3.connect(db) as base:
        rows = base.execute("SELECT offer_id, category, modality, tier, ruling FROM verdicts")
        return {((o, c, m), tier): ruling for o, c, m, tier, ruling in rows}


def truths() -> dict[tuple[Place, str], float]:
    """True fail rates by cell and tier."""
    with (RESULTS / "painters_truth.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        ((f"painters/{r['painter']}", r["category"], r["modality"]), tier): float(
            r[f"fail_below_{at}"]
        )
        for r in rows
        for tier, at in TIERS.items()
    }


def fixed_usd(db: Path) -> float:
    """What the fixed round cost: outputs, and ratings at the same price."""
    with sqlite3.connect(db) as base:
        (made,) = base.execute("SELECT SUM(amount_nanousd) FROM spending").fetchone()
        (rated,) = base.execute(
            "SELECT SUM(n_values) FROM floors WHERE kind = 'delivered' AND quality LIKE 'human:%'"
        ).fetchone()
    return float(made) / 1e9 + RATING_USD * float(rated)


def planned_usd(spent: list[dict[str, Any]]) -> float:
    """What the planned design would have cost in these cells, at the prices that were paid."""
    sizes = Counter((row["category"], row["modality"]) for row in spent)
    total = 0.0
    for row in spent:
        level = ALPHA / sizes[row["category"], row["modality"]]
        n = stats.prompts_needed(STATED, level, MAX_FAIL, POWER)
        assert n is not None
        total += n * float(row["usd"]) / int(row["prompts"])
    return total


def wrong(ruled: dict[tuple[Place, str], str], truth: dict[tuple[Place, str], float]) -> list[str]:
    """Verdicts that contradict the truth."""
    return [
        f"{' / '.join(place)} {tier}: {ruling}, truly {truth[place, tier]:.3f}"
        for (place, tier), ruling in ruled.items()
        if (ruling == "certified" and truth[place, tier] > MAX_FAIL)
        or (ruling == "rejected" and truth[place, tier] <= MAX_FAIL)
    ]


def page(spent: list[dict[str, Any]], db: Path, fixed: Path) -> str:
    """Write the page."""
    ours, theirs, truth = verdicts(db), verdicts(fixed), truths()
    both = Counter((theirs[key], ours[key]) for key in theirs)
    usd = sum(float(row["usd"]) for row in spent)
    prompts = sum(int(row["prompts"]) for row in spent)
    whole, plan = fixed_usd(fixed), planned_usd(spent)
    names = ("certified", "rejected", "undecided")
    right = {
        name: sum(
            (ruling == "certified" and truth[key] < MAX_FAIL)
            or (ruling == "rejected" and truth[key] > MAX_FAIL)
            for key, ruling in ruled.items()
        )
        for name, ruled in (("adaptive", ours), ("fixed", theirs))
    }
    told = [f"- {line}" for line in (*wrong(ours, truth), *wrong(theirs, truth))]
    return "\n".join([
        "# The painters, run adaptively", "",
        "    qfloor run painters --adaptive --budget 1000 --rating-usd 0.05 --json --out a.db "
        "> spent.json",
        "    python benchmarks/validity/painters_adaptive.py --spent spent.json --db a.db", "",
        "Painters are programs that draw, not AI models. The fixed round is "
        "[`painters.db`](painters.db); both were made and judged on their own, so that they differ "
        "by chance as well. An adaptive verdict is conditional on its panel "
        "([decision 0015](../docs/decisions/0015-sequential.md)), a fixed one speaks of raters "
        "at large.",
        "", "| | adaptive | fixed round | planned design |", "|---|---|---|---|",
        f"| spent, ratings included | ${usd:.2f} | ${whole:.2f} | ${plan:.2f} |",
        f"| adaptive to it | | {usd / whole:.2f} | {usd / plan:.2f} |",
        f"| prompts of cells | {prompts} | {sum(int(row['of']) for row in spent)} at most | |",
        f"| correct verdicts of {len(theirs)} | {right['adaptive']} | {right['fixed']} | |",
        f"| false ones | {len(wrong(ours, truth))} | {len(wrong(theirs, truth))} | |", "",
        "Verdicts, the fixed round's in rows and the adaptive run's in columns:", "",
        "| | " + " | ".join(names) + " |", "|---" * 4 + "|",
        *(f"| {a} | " + " | ".join(str(both[a, b]) for b in names) + " |" for a in names), "",
        "Why cells stopped: " + ", ".join(
            f"{why} {n}" for why, n in Counter(str(r["stopped"]) for r in spent).most_common()
        ) + ".",
        *(["", "False verdicts, by the truth:", "", *told] if told else []),
    ]) + "\n"  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spent", type=Path, required=True, help="JSON that the run printed")
    parser.add_argument("--db", type=Path, required=True, help="database that the run wrote")
    parser.add_argument("--fixed", type=Path, default=RESULTS / "painters.db")
    parser.add_argument("--out", type=Path, default=RESULTS / "painters_adaptive.md")
    told = parser.parse_args()
    spent = json.loads(told.spent.read_text(encoding="utf-8"))
    told.out.write_text(page(spent, told.db, told.fixed), encoding="utf-8")


if __name__ == "__main__":
    main()
