"""What another classifier does to what is served: two releases, one set of prompts, one code.

Painters' prompts carry the category they were drawn from. Each is asked as `replay --certify` asks
and decided by both databases at every tier. With --out the readings stand in a CSV, one prompt a
row, with the chance of every category that it is acceptable by itself, as the second tells it.

    git show d044073:results/painters.db > before.db
    python benchmarks/classifier/two_readings.py before.db results/painters.db --suite painters
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path
from typing import Any

from qfloor import router, suite
from qfloor.pipeline.replay_outputs import need_of
from qfloor.records import Prompt

TIERS = ("standard", "professional", "premium")
NOW = "2026-12-01"


class Heard:
    """Keeps what a classifier's weights said last, which a classification does not tell."""

    def __init__(self, db: router.Database) -> None:
        assert db.classifier.weights is not None
        self.weights = db.classifier.weights
        self._scores = self.weights.scores
        self.weights.scores = self.scores  # type: ignore[assignment, method-assign]
        self.last: list[float] = []

    def scores(self, *asked: Any) -> list[float]:
        """Pass the question on."""
        self.last = self._scores(*asked)
        return self.last

    def chances(self) -> list[float]:
        """How likely each category was acceptable by itself."""
        return [self.weights.confidence(score) for score in self.last]


def readings(db: router.Database, prompts: tuple[Prompt, ...]) -> list[tuple[str, list[float]]]:
    """Each prompt's category as it is named, and the chance of every category."""
    heard = Heard(db)
    found = []
    for prompt in prompts:
        named = router.classify(db, need_of(prompt, "standard")).category or "unsure"
        found.append((named, heard.chances()))
    return found


def one_tier(dbs: list[router.Database], prompts: tuple[Prompt, ...], tier: str) -> str:
    """What each release serves, and what both do to the money."""
    counts, money = [Counter[str]() for _ in dbs], [0, 0]
    for prompt in prompts:
        place = (prompt.category, prompt.modality, tier)
        made = [router.choose(db, need_of(prompt, tier), now=NOW) for db in dbs]
        for db, decision, count in zip(dbs, made, counts, strict=True):
            count["served"] += decision.offer is not None
            fits = decision.offer is None or decision.offer in db.certified.get(place, ())
            count["unfit"] += not fits
        prices = [decision.price_nanousd for decision in made]
        if None not in prices:
            money = [had + (more or 0) for had, more in zip(money, prices, strict=True)]
    told = ", ".join(f"{c['served']} ({c['unfit']})" for c in counts)
    spent = ", ".join(f"${nanousd / 1e9:.2f}" for nanousd in money)
    return f"{tier:<13} served (not certified where drawn from) {told}; both serve, for {spent}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--suite", default="painters")
    parser.add_argument("--out", type=Path, help="Write every prompt's readings here, as CSV.")
    options = parser.parse_args()
    prompts = suite.load(options.suite).prompts
    dbs = [router.load(options.before), router.load(options.after)]
    for tier in TIERS:
        print(one_tier(dbs, prompts, tier))
    both = [readings(db, prompts) for db in dbs]
    for db, found in zip(dbs, both, strict=True):
        named = [name for name, _ in found]
        other = sum(n not in (p.category, "unsure") for n, p in zip(named, prompts, strict=True))
        print(f"{db.digest[:12]}: {other} named otherwise, {named.count('unsure')} unsure")
    if options.out:
        with options.out.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            weights = dbs[1].classifier.weights
            known = weights.categories if weights else ()
            rows.writerow(("prompt", "modality", "drawn from", "before", "after", *known))
            for p, (was, _), (now, chances) in zip(prompts, *both, strict=True):
                told = [f"{chance:.2f}" for chance in chances]
                rows.writerow((p.text, p.modality, p.category, was, now, *told))


if __name__ == "__main__":
    main()
