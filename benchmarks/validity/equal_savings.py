"""What routing saves on real ratings and real prices, at an equal served fail rate.

Ratings: GenAI-Bench (Apache-2.0), 3 people x 527 prompts. Prices: of the two of its six models that
the public price map knows, one picture of 1024 x 1024. A prompt's group is what our classifier
reads it as, before anything is made. The ratings are not ours and are not committed.

    python benchmarks/validity/equal_savings.py --data ../shared/data [--out FILE]

About half a minute on one core.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from savings_at_equal_fails import EqualSavings, savings_at_equal_fails

from qfloor.pipeline import category_guess
from qfloor.records import CATEGORIES, digest_of

PRICED = {
    "DALLE_3": "azure/standard/1024-x-1024/dall-e-3",
    "SDXL_Base": "nscale/stabilityai/stable-diffusion-xl-base-1.0",
}
PIXELS = 1024 * 1024
TIERS = {"standard": 2.0, "professional": 3.0, "premium": 4.0}
FOLDS = 5


HEAD = """# Savings at an equal served fail rate, on real ratings and real prices

`python benchmarks/validity/equal_savings.py`: GenAI-Bench's ratings by people (527 prompts, 3
raters), and what one picture of 1024 x 1024 costs by litellm's price map:
{prices}.
Of the other four models no price is public there, and an unknown price is never routed to. Prompts
are grouped by what our classifier reads them as (a classifier that reads some of them otherwise
moves the figures by a point, the rest is seeded); which offer a group goes to is learned on four
fifths of them and judged on the rest; two policies may be mixed. The best single offer is a policy
as well, so nothing is ever lost by routing and no interval reaches below 0. Intervals are over
resampled prompts, policies learned anew in each. A fail is a rating below the tier's threshold.
"""
COLUMNS = (
    "| tier | best single offer | fails | saved at equal fails | 95 % | 1 point more | 2 | 5 |",
    "|---|---|---|---|---|---|---|---|",
)
READING = """How to read it: where an interval reaches 0 no saving at equal fails is shown, and we
do not claim one. DALLE_3 fails least in nearly every group, and at standard so few ratings fall
short that one or two in a small group move the estimate (LOG.md). What routing saves here comes
from not buying more than a tier asks for: at standard both models are certified (at most 25 % may
fail), the cheap one costs a fourteenth, and who accepts that tier saves 93 % with it while failing
more often than with DALLE_3, yet within what the tier promises."""


def prices(folder: Path) -> dict[str, float]:
    """Dollars of one picture, from the price map."""
    told = json.loads((folder / "litellm_prices" / "image_video_subset.json").read_text())
    return {model: told[key]["input_cost_per_pixel"] * PIXELS for model, key in PRICED.items()}


def rated(folder: Path) -> list[dict[str, object]]:
    """Prompts with their ratings; misprints (above 5) are left out."""
    told = json.loads((folder / "genai_bench" / "genai_image.json").read_text())
    return list(told.values())


def study(folder: Path, threshold: float, resamples: int) -> EqualSavings:
    """One tier."""
    rows, costs = rated(folder), prices(folder)
    guess = category_guess("image")
    known = [*(c.id for c in CATEGORIES), None]
    groups, folds, fails = [], [], []
    for row in rows:
        text = str(row["prompt"])
        groups.append(known.index(guess(text)))
        folds.append(int(digest_of(text, 8), 16) % FOLDS)
        given = row["models"]
        assert isinstance(given, dict)
        fails.append([np.mean([v < threshold for v in given[model] if v <= 5]) for model in PRICED])
    return savings_at_equal_fails(
        np.array(fails), [costs[m] for m in PRICED], np.array(groups), np.array(folds),
        list(PRICED), resamples=resamples,
    )  # fmt: skip


def report(folder: Path, resamples: int) -> str:
    """The page, as Markdown."""
    costs = prices(folder)
    told = ", ".join(f"{model} ${usd:.4f}" for model, usd in costs.items())
    lines = [HEAD.format(prices=told), *COLUMNS]
    for tier, threshold in TIERS.items():
        found = study(folder, threshold, resamples)
        told = [f"{s:.0%} [{lo:.0%}, {hi:.0%}]" for _, s, lo, hi in found.rows[1:]]
        _, saved, low, high = found.rows[0]
        lines.append(
            f"| {tier} (below {threshold:g}) | {found.best} | {found.best_fails:.1%} | {saved:.1%} "
            f"| [{low:.1%}, {high:.1%}] | {' | '.join(told)} |"
        )
    lines += ["", READING]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Folder of the public data.")
    parser.add_argument("--out", type=Path, help="Write the page here.")
    parser.add_argument("--resamples", type=int, default=1000)
    options = parser.parse_args()
    text = report(options.data, options.resamples)
    print(text, end="")
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
