"""Are learned thresholds as sure as they say, and are any found? Worlds whose truth is known.

Usable-rate: people of differing severity rate outputs and say which are usable. How often is the
usable share just above the learned threshold, or at and above it, truly less than was wanted? In
the flat worlds usefulness has nothing to do with quality and is exactly as wanted, or a hair less:
there every threshold is false, and none may be found more often than the level says. Relative:
offers that are a tenth of a point worse than the margin allows may be certified no more often, in
any of a family, than alpha and level together; offers as good as the reference should be.

    python benchmarks/validity/threshold_rules.py --runs 4000 --out results/threshold_rules.md
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from qfloor import benchmark, stats
from qfloor.calibrate import Flagged, learn_usable
from qfloor.calibrate.sequence import fixed_sequence, rank_grid
from qfloor.floors import Judged, build_cell, reference_quantile
from qfloor.floors.bounds import bound_cell
from qfloor.pipeline import certify_round
from qfloor.ratings import import_ratings
from qfloor.records import Status
from qfloor.store import Store

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

WANTED, ALPHA = 0.8, 0.05
FIELD = 4_000  # people from whom the panels of the worlds without a fixed panel are drawn
TRUTH = 30_000  # prompts that the truth is counted on
SIMPLER = 200  # runs of the rule that was given up


@dataclass(frozen=True)
class Ratings:
    """Ratings as columns: value, usable or not, prompt and rater."""

    value: Floats
    usable: NDArray[np.bool_]
    prompt: Codes
    rater: Codes


@dataclass(frozen=True)
class World:
    """Offers (by their mean quality) on prompts, rated by some of a panel.

    ``raters`` are drawn anew in every run; with ``panel`` they are the same people throughout and
    the statement is about them. ``flat`` makes usefulness independent of quality.
    """

    name: str
    prompts: int
    means: tuple[float, ...]
    repeats: int
    votes: int
    raters: int
    level: float
    flat: bool = False
    panel: bool = False

    def people(self, rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        """Severity, and the least quality each calls usable (in flat worlds: readiness).

        A fixed panel of a flat world is of one severity: else who gives high values would decide
        whose readiness counts there, and usefulness would have to do with quality after all.
        """
        spread = 0.0 if self.flat and self.panel else 0.4
        return rng.normal(0, spread, n), rng.normal(0, math.sqrt(0.1) if self.flat else 0.4, n)

    def draw(
        self, rng: np.random.Generator, prompts: int, people: tuple[Floats, Floats]
    ) -> Ratings:
        """Rate ``prompts`` prompts by some of these people."""
        severity, cut = people
        ease, liked = rng.normal(0, 0.6, prompts), rng.normal(0, math.sqrt(0.4), prompts)
        columns = []
        for mean in self.means:
            for _ in range(self.repeats):
                quality = mean + ease + rng.normal(0, 0.9, prompts)
                first = rng.integers(0, severity.size, prompts)
                for vote in range(self.votes):
                    who = (first + vote) % severity.size
                    felt = quality + severity[who] + rng.normal(0, 0.4, prompts)
                    value = np.clip(np.round(felt, 1), 0, 10)
                    if self.flat:
                        drive = liked + cut[who] + rng.normal(0, math.sqrt(0.5), prompts)
                        usable = special.ndtri(WANTED - 1e-3) + drive > 0
                    else:
                        usable = value + rng.normal(0, 0.5, prompts) >= 6.5 + cut[who]
                    columns.append((value, usable, np.arange(prompts), who))
        return Ratings(*(np.concatenate(column) for column in zip(*columns, strict=True)))

    def wanted(self, people: tuple[Floats, Floats]) -> float:
        """Share asked for: in a flat world with a fixed panel a hair more than this panel says."""
        if not (self.flat and self.panel):
            return WANTED
        z = special.ndtri(WANTED - 1e-3)
        return float(np.mean(special.ndtr((z + people[1]) / math.sqrt(0.9)))) + 1e-3


WORLDS = (
    World("flat, 20 raters", 60, (8.3, 7.4, 5.5), 1, 2, 20, 0.05, flat=True),
    World("flat, 20 raters, repeats", 60, (7.4,), 3, 1, 20, 0.05, flat=True),
    World("flat, 3 raters, repeats", 60, (7.4,), 4, 1, 3, 0.05, flat=True, panel=True),
    World("3 offers, 20 raters", 60, (8.3, 7.4, 5.5), 1, 2, 20, 0.05),
    World("3 offers, 20 raters, level .01", 60, (8.3, 7.4, 5.5), 1, 2, 20, 0.01),
    World("8 offers, 40 raters", 40, (8.5, 8.3, 7.8, 7.4, 6.9, 6.0, 5.5, 5.0), 1, 1, 40, 0.05),
    World("1 offer, 4 raters, repeats", 100, (7.5,), 2, 1, 4, 0.05, panel=True),
)


def flagged(ratings: Ratings) -> list[Flagged]:
    """The ratings as the product takes them."""
    return [
        Flagged(
            output_id=str(i), offer_id="", family=str(p), rater=str(r), value=float(v),
            usable=bool(u),
        )
        for i, (v, u, p, r) in enumerate(
            zip(ratings.value, ratings.usable, ratings.prompt, ratings.rater, strict=True)
        )
    ]  # fmt: skip


def true_share(truth: Ratings, lo: float, hi: float) -> float:
    """Usable share of the truth's outputs from a value to another, prompts weighing the same."""
    inside = (truth.value >= lo) & (truth.value <= hi)
    prompt = truth.prompt[inside]
    sizes = np.bincount(prompt)
    shares = np.bincount(prompt, weights=truth.usable[inside])[sizes > 0] / sizes[sizes > 0]
    return float(shares.mean())


def pooled_above(ratings: Ratings, wanted: float, level: float) -> float | None:
    """The rule that was given up: each candidate judged by all outputs at or above it."""
    least = max(stats.min_prompts(level, 1 - wanted), np.unique(ratings.prompt).size // 2)
    two_way = np.unique(ratings.rater).size >= stats.FEW_RATERS

    def passes(candidate: float) -> bool | None:
        chosen = ratings.value >= candidate
        if np.unique(ratings.prompt[chosen]).size < least:
            return None
        raters = ratings.rater[chosen] if two_way else None
        bounds = stats.fail_rate_bounds(
            ratings.usable[chosen].astype(float), 0.5, ratings.prompt[chosen], alpha=level,
            raters=raters,
        )  # fmt: skip
        return bounds.upper <= 1 - wanted

    return fixed_sequence(rank_grid(ratings.value), passes)


def usable_row(world: World, runs: int, seed: int) -> str:
    """One world: how many thresholds were found, where, and how many are false."""
    rng = np.random.default_rng([seed, 1])
    fixed = world.people(rng, world.raters)
    truth = world.draw(rng, TRUTH, fixed if world.panel else world.people(rng, FIELD))
    wanted = world.wanted(fixed)
    found, stretch, above, simpler = [], [], [], []
    for _ in range(runs):
        people = fixed if world.panel else world.people(rng, world.raters)
        ratings = world.draw(rng, world.prompts, people)
        learned = learn_usable(flagged(ratings), wanted, world.level)
        if learned.threshold is not None and learned.window_hi is not None:
            found.append(learned.threshold)
            if not world.flat:
                stretch.append(true_share(truth, learned.threshold, learned.window_hi))
                above.append(true_share(truth, learned.threshold, math.inf))
        if not world.flat and len(simpler) < SIMPLER:
            other = pooled_above(ratings, wanted, world.level)
            if other is not None:
                simpler.append((other, true_share(truth, other, other + 0.2)))
    false = [len(found)] * 2
    if not world.flat:
        false = [sum(share < wanted for share in shares) for shares in (stretch, above)]
    cells = [
        world.name,
        f"{world.prompts} x {len(world.means) * world.repeats} x {world.votes}",
        f"{world.level:g}",
        *(_share(k, runs) for k in false),
        f"{len(found) / runs:.3f}",
        "" if world.flat else f"{np.mean(found):.2f} ± {np.std(found):.2f}",
        "" if world.flat else _at(truth, found),
        "" if not simpler else f"{np.mean([t for t, _ in simpler]):.2f}",
        "" if not simpler else f"{np.mean([s for _, s in simpler]):.3f}",
    ]
    return f"| {' | '.join(cells)} |"


def _at(truth: Ratings, found: Sequence[float]) -> str:
    some = found[:SIMPLER]
    return f"{np.mean([true_share(truth, t, t + 0.2) for t in some]):.3f}" if some else ""


def _share(k: int, n: int) -> str:
    return f"{k / n:.4f} ± {math.sqrt(max(k, 1) / n * (1 - k / n) / n):.4f}"


@dataclass(frozen=True)
class Shop:
    """A reference and offers ``shift`` points above it, judged on two splits by shared raters."""

    name: str
    fit: int
    certify: int
    margin: float
    shift: float
    offers: int = 3
    votes: int = 2
    raters: int = 20
    level: float = 0.01


NULL = tuple(
    Shop(f"too bad by 0.1, margin {margin:g}", fit, certify, margin, -margin - 0.1)
    for fit, certify, margin in ((40, 120, 0.5), (40, 120, 1.0), (100, 300, 0.5))
)
GOOD = tuple(
    Shop(f"as good, margin {margin:g}", fit, certify, margin, 0.0)
    for fit, certify, margin in ((40, 120, 0.5), (40, 120, 1.0), (40, 120, 1.5), (100, 300, 1.0))
)


def outputs_of(shop: Shop, rng: np.random.Generator, n: int, severity: Floats, shift: float,
               ease: Floats) -> list[Judged]:  # fmt: skip
    """One offer's judged outputs on ``n`` prompts; a shift moves every value by as much."""
    quality = 7.0 + ease + rng.normal(0, 0.8, n)
    first = rng.integers(0, severity.size, n)
    who = [(first + v) % severity.size for v in range(shop.votes)]
    felt = [np.round(quality + severity[w] + rng.normal(0, 0.4, n) + shift, 1) for w in who]
    return [
        Judged(
            output_id=f"o{i}",
            family=f"f{i:04d}",
            repeat=0,
            status=Status.MADE,
            values=tuple(float(f[i]) for f in felt),
            raters=tuple(f"r{w[i]}" for w in who),
        )
        for i in range(n)
    ]


def relative_row(shop: Shop, runs: int, seed: int) -> str:
    """One shop: certificates of any and of each offer, against the bound and the estimate."""
    rng = np.random.default_rng([seed, 2])
    m = shop.offers + 1
    certified = np.zeros((runs, shop.offers), dtype=bool)
    by_estimate = np.zeros((runs, shop.offers), dtype=bool)
    too_high = 0
    for run in range(runs):
        severity = rng.normal(0, 0.4, shop.raters)
        ease = rng.normal(0, 0.6, shop.fit)
        reference = outputs_of(shop, rng, shop.fit, severity, 0.0, ease)
        found = reference_quantile(reference, "image", level=shop.level)
        if found.upper is None or found.estimate is None:
            continue
        too_high += found.upper < QUARTILE
        ease = rng.normal(0, 0.6, shop.certify)
        for offer in range(shop.offers):
            outputs = outputs_of(shop, rng, shop.certify, severity, shop.shift, ease)
            cell = build_cell("", "", "image", "delivered", outputs)
            low = bound_cell(cell, ALPHA / m).limits(0.25).certified_to
            if low is not None:
                certified[run, offer] = low >= round(found.upper - shop.margin, 9)
                by_estimate[run, offer] = low >= round(found.estimate - shop.margin, 9)
    cells = [
        shop.name,
        f"{shop.fit} + {shop.certify}",
        f"{ALPHA + shop.level:g}",
        _share(int(certified.any(axis=1).sum()), runs),
        f"{certified.mean():.3f}",
        _share(int(by_estimate.any(axis=1).sum()), runs),
        _share(too_high, runs),
    ]
    return f"| {' | '.join(cells)} |"


_QUARTER = 7.0 + float(special.ndtri(0.25)) * math.sqrt(0.36 + 0.64 + 0.16 + 0.16)
QUARTILE = math.floor((_QUARTER + 0.05) * 10) / 10
"""True lower quartile of the reference: the largest tenth below which at most a quarter falls."""


FILE = """
[benchmark]
name = "genai-bench"
imported = true
offers = ["genai_bench/*"]
round = "2024-06"
[quality]
criterion = "alignment"
lo = 1
hi = 5
step = 1
"""
REFERENCES = (
    ("DeepFloyd_I_XL_v1", 0.0),
    ("Midjourney_6", 0.0),
    ("Midjourney_6", 1.0),
    ("DALLE_3", 1.0),
)


def real_rows(ratings: Path) -> Iterator[str]:
    """Relative rules on GenAI-Bench: what is learned, and who clears it."""
    with tempfile.TemporaryDirectory() as folder, Store.open(folder, create=True) as store:
        import_ratings(store, ratings, "genai_bench", round="2024-06")
        for name, margin in REFERENCES:
            path = Path(folder) / "file.toml"
            path.write_text(
                f'{FILE}[[thresholds]]\ncategory = "general"\nmodality = "image"\n'
                f'tier = "professional"\nrule = "relative"\nreference = "genai_bench/{name}"\n'
                f"margin = {margin}\n"
            )
            with store.writing("study"):
                found = certify_round(store, benchmark.load(path), ())
            (learned,) = found.learned
            clears = sorted(v.offer_id.partition("/")[2] for v in found.verdicts
                            if v.ruling == "certified")  # fmt: skip
            yield (
                f"| {name} | {margin:g} | {learned.n_prompts} | {_number(learned.estimate)} | "
                f"{_number(learned.bound)} | {_number(learned.value)} | {', '.join(clears)} |"
            )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def real(ratings: Path) -> Iterator[str]:
    """The section on real ratings."""
    yield "## Relative on real ratings: GenAI-Bench\n"
    yield (
        "Six models, three raters, scale 1 to 5; prompts divided by the hash of their family, "
        "level .01, family of 6 at .05, conditional on the panel. Nobody there says what is "
        "usable, nor in any other public set at hand: of a usable-rate there is no real example "
        "here.\n"
    )
    yield (
        "| reference | margin | fit prompts | quartile as seen | at most | threshold | certified |"
    )
    yield "|---" * 7 + "|"
    yield from real_rows(ratings)


def page(runs: int, seed: int) -> Iterator[str]:
    yield "# Learned thresholds: how often they are wrong, and whether any are found\n"
    yield (
        f"{runs:,} runs a row, ± one Monte Carlo error. Regenerate with `python "
        f"benchmarks/validity/threshold_rules.py --runs {runs} --ratings genai_image.json --out "
        "results/threshold_rules.md`.\n"
    )
    yield f"## Usable-rate: {WANTED:.0%} wanted\n"
    yield (
        "Ratings are prompts x outputs x votes. A threshold is false when the true usable share of "
        "the stretch it was judged by, or of all outputs at or above it, is less than wanted; in "
        "flat worlds every one is. `at it` is the true usable share of outputs from the threshold "
        "to 0.2 above. The last columns are the rule that was given up: each value judged by all "
        f"outputs at or above it ({SIMPLER} runs).\n"
    )
    yield (
        "| world | ratings | level | false: stretch | false: at or above | found | threshold "
        "| at it | given up: threshold | given up: at it |"
    )
    yield "|---" * 10 + "|"
    for world in WORLDS:
        print(world.name, flush=True)
        yield usable_row(world, runs, seed)
    yield f"\n## Relative: 3 offers and a reference, family of 4, alpha {ALPHA:g}, level .01\n"
    yield (
        "`any` is the share of runs in which any offer was certified: for offers that are too bad "
        "it may be no more than `total`. `each` is the share of offers. `by the estimate` is the "
        "same with the reference's quartile as seen in place of its upper bound; `number wrong` "
        "the share of runs in which that bound lies below the true quartile, at most .01. Offers "
        f"as good as the reference in {max(1, runs // 4):,} runs.\n"
    )
    yield "| offers | prompts | total | any | each | any, by the estimate | number wrong |"
    yield "|---" * 7 + "|"
    for shop in (*NULL, *GOOD):
        print(shop.name, flush=True)
        yield relative_row(shop, runs if shop in NULL else max(1, runs // 4), seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=20261130)
    parser.add_argument("--ratings", type=Path, help="genai_image.json of GenAI-Bench")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    lines = list(page(asked.runs, asked.seed))
    if asked.ratings is not None:
        lines += ["", *real(asked.ratings)]
    text = "\n".join(lines) + "\n"
    if asked.out is None:
        print(text)
    else:
        asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
