"""What a fail is decides whether the size of the panel does: mean ratings against ratings.

``python benchmarks/validity/panel_size.py --ratings genai_image.json`` reads the published
ratings of GenAI-Bench (three raters, 527 prompts, six models, 1 to 5) and writes
``results/panel_size.md``: at one threshold, the fail rate and its upper bound with all three
raters and with any two, once where a fail is *mean rating below t* and once per rating, as
qfloor's floors have it. It holds rates and rulings, no rating.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.floors import (
    CellRequest,
    FamilyPlan,
    Judged,
    assess,
    number_raters,
    on_panels,
    rule_family,
)
from qfloor.pipeline import RoundView, human_cells
from qfloor.ratings import import_ratings
from qfloor.ratings.formats import genai_bench
from qfloor.records import GENERAL, Floor, LeaveOneOut, Quality, Threshold, Verdict
from qfloor.store import Store

RESULTS = Path(__file__).parents[2] / "results"
ALPHA, MAX_FAIL = 0.05, 0.25
QUALITY = Quality(source="human", name=genai_bench.CRITERION, lo=1.0, hi=5.0, step=1.0)

ROUND, DRAWS = "2024-06", 10_000

Cells = Mapping[str, Sequence[Judged]]
"""Judged outputs by offer."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One offer judged per rating, with all raters and without each."""

    floor: Floor
    verdict: Verdict
    without: tuple[LeaveOneOut, ...]
    drawn: float

    @property
    def hangs_on_one(self) -> bool:
        """Whether leaving some one rater out changes the ruling."""
        return any(row.ruling is not row.ruling_with_all for row in self.without)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One offer's fails by mean rating, with some of the raters."""

    fails: int
    n: int
    upper: float

    @property
    def certified(self) -> bool:
        """Whether the bound clears."""
        return self.upper <= MAX_FAIL


def read(path: Path) -> Cells:
    """Import the published file into a store of its own and judge it as `qfloor floors` does."""
    with tempfile.TemporaryDirectory() as folder, Store.open(folder, create=True) as store:
        import_ratings(store, path, "genai_bench", round=ROUND)
        view = RoundView.of(store, ROUND, [offer.id for offer in store.offers_of()])
        return {key.offer_id: found for key, found in human_cells(store, view, QUALITY).items()}


def by_mean(cells: Cells, threshold: float, level: float) -> dict[str, list[Panel]]:
    """Count fails of the mean rating with all raters, then with all but one of them."""
    panels: dict[str, list[Panel]] = {}
    for offer, outputs in sorted(cells.items()):
        raters = sorted({rater for output in outputs for rater in output.raters})
        for chosen in ([], *([rater] for rater in raters)):
            means = _means(outputs, chosen)
            fails = int((means < threshold).sum())
            upper = stats.clopper_pearson_upper(fails, means.size, level)
            panel = Panel(fails=fails, n=means.size, upper=upper)
            panels.setdefault(offer, []).append(panel)
    return panels


def _means(outputs: Sequence[Judged], left_out: Sequence[str]) -> NDArray[np.float64]:
    given = (
        [v for v, r in zip(o.values, o.raters, strict=True) if r not in left_out] for o in outputs
    )
    return np.array([np.mean(values) for values in given if values])


def by_rating(cells: Cells, threshold: float, level: float) -> list[Line]:
    """Judge every offer per rating, as `qfloor floors` does, and without each rater in turn."""
    demanded = Threshold(
        category=GENERAL.id,
        modality="image",
        quality=QUALITY.id,
        tier="standard",
        value=threshold,
    )
    numbers = number_raters(cells.values())
    lines = []
    for offer, outputs in sorted(cells.items()):
        request = CellRequest(
            offer_id=offer,
            category=GENERAL.id,
            modality="image",
            quality=QUALITY,
            outputs=outputs,
            thresholds=[demanded],
            family=FamilyPlan(name=offer, m=1, alpha=level),
        )
        one = assess(request)
        (verdict,), without = on_panels([one], rule_family([one]), numbers)
        drawn = drawn_anew(outputs, threshold, level)
        lines.append(Line(floor=one.floor, verdict=verdict, without=without, drawn=drawn))
    return lines


def drawn_anew(outputs: Sequence[Judged], threshold: float, level: float) -> float:
    """Share of draws of one rating a prompt on which the exact bound would certify.

    No verdict hangs on such a draw any more; this says how much of one used to (decision 0021).
    """
    rng = np.random.default_rng(1)
    fails = [np.array(o.values) < threshold for o in outputs if o.values]
    most = stats.max_fails(len(fails), level, MAX_FAIL)
    if most is None:
        return 0.0
    share = np.array([mine.mean() for mine in fails])
    counts = (rng.random((DRAWS, share.size)) < share).sum(axis=1)
    return float((counts <= most).mean())


def report(cells: Cells, threshold: float, levels: Mapping[str, float]) -> str:
    """Write the page: a section a definition, a table a level."""
    lines = [
        "# Does the size of the panel decide?",
        "",
        "    python benchmarks/validity/panel_size.py --ratings genai_image.json "
        f"--threshold {threshold:g}",
        "",
        f"GenAI-Bench (Apache-2.0): {len(cells)} models, {len(next(iter(cells.values())))} "
        f"prompts, three raters, 1 to 5; t = {threshold:g}, {MAX_FAIL:g} of fails allowed. Rates "
        "and rulings only; no rating is repeated here.",
        "",
        "## A fail is: mean rating below t",
        "",
        "The more raters, the less extreme a mean, so the panel's size is part of what is "
        "measured. Upper bounds are Clopper-Pearson's. *Certified* counts panels of two.",
        "",
    ]
    for name, level in levels.items():
        panels = by_mean(cells, threshold, level)
        hang = [
            o
            for o, (all_, *two) in panels.items()
            if {p.certified for p in two} != {all_.certified}
        ]
        lines += [*_mean_table(panels, name), "", f"Another ruling with two: {_named(hang)}.", ""]
    lines += [
        "## A fail is: a rating below t",
        "",
        "Each rating counts, as in qfloor's floors. Leaving a rater out moves the rate by what "
        "that rater is like and not by how many are left: in a complete panel the mean of the "
        "rates without one is the rate with all. What a verdict then still hangs on is the three "
        "people, which is why it says *conditional on this panel*. Bounds are those of floors: "
        f"below alpha {stats.TRUSTED_ALPHA:g} `every_repeat` takes all ratings of every prompt. "
        "Before, one rating a prompt was drawn: *one drawn* is the share of "
        f"{DRAWS:,} draws on which that would certify.",
        "",
    ]
    for name, level in levels.items():
        judged = by_rating(cells, threshold, level)
        hang = [line.verdict.offer_id for line in judged if line.hangs_on_one]
        lines += [
            *_rating_table(judged, name),
            "",
            f"Another ruling without one: {_named(hang)}.",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _named(offers: Sequence[str]) -> str:
    return ", ".join(offers) or "none"


def _mean_table(panels: Mapping[str, Sequence[Panel]], level: str) -> list[str]:
    rows = [
        f"Level {level}:",
        "",
        "| offer | rate, three raters | upper | certified | rates, any two | uppers | certified |",
        "|---|---|---|---|---|---|---|",
    ]
    for offer, (all_, *pairs) in panels.items():
        rates = ", ".join(f"{p.fails / p.n:.3f}" for p in pairs)
        uppers = ", ".join(f"{p.upper:.3f}" for p in pairs)
        some = sum(p.certified for p in pairs)
        rows.append(
            f"| {offer} | {all_.fails / all_.n:.3f} | {all_.upper:.3f} | "
            f"{'yes' if all_.certified else 'no'} | {rates} | {uppers} | {some} of {len(pairs)} |"
        )
    return rows


def _rating_table(lines: Sequence[Line], level: str) -> list[str]:
    rows = [
        f"Level {level}:",
        "",
        "| offer | rate, three raters | upper | ruling | rates without one | uppers | rulings | "
        "bound | one drawn |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        exact = line.floor.bound == "every_repeat"
        rows.append(
            f"| {line.verdict.offer_id} | {line.floor.fail_rates[0].rate:.3f} | "
            f"{line.verdict.upper:.3f} | {line.verdict.ruling.value} | "
            f"{', '.join(f'{r.rate:.3f}' for r in line.without)} | "
            f"{', '.join(f'{r.upper:.3f}' for r in line.without)} | "
            f"{', '.join(r.ruling.value for r in line.without)} | {line.floor.bound} | "
            f"{f'{line.drawn:.3f}' if exact else ''} |"
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratings", type=Path, required=True, help="genai_image.json")
    parser.add_argument("--threshold", type=float, default=2.5)
    parser.add_argument("--out", type=Path, default=RESULTS / "panel_size.md")
    chosen = parser.parse_args()
    cells = read(chosen.ratings)
    levels = {".05": ALPHA, f".05/{len(cells)}": ALPHA / len(cells)}
    page = report(cells, chosen.threshold, levels)
    chosen.out.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
