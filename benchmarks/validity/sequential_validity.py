"""Do sequential verdicts hold at any stopping time? Simulation on the boundary of the hypothesis.

Every row is the share of repetitions with a false verdict when somebody stops at the worst
moment: a true fail rate of exactly max_fail, looked at after every prompt, so that the first
crossing at any time counts. Conditions:

- *any time*: one cell, one threshold, certify and reject;
- *all thresholds*: the same cell at every threshold at once (no correction is made for them);
- *allocation*: ten cells on the boundary share a purse; an adversary who sees all data always
  buys for the cell that is nearest to a false certificate, and stops at the first; the level is
  0.05 for the ten together (Bonferroni), the rate is per ten;
- *missing*: outputs that are fine go missing 5 times as often as fails (3% in all);
- *clusters*: four outputs a prompt, latent correlation .5 and .8, fail shares (e-process);
- *Holm*: ten cells share 0.05 as they close; some are clear (they fail .02, or .7), the others on
  the boundary and bought to the end; with prompts of their own, or all answering the same ones;
  the rate is of families with any false verdict of the side;
- *Holm, fails that exclude each other*: four on the boundary, of which never two fail at the same
  prompt, so that false verdicts hardly fall together: the worst dependence for a sum of chances;
- for contrast, Korn-Graubard or the exact fixed-size bound looked at every ten prompts.

    python benchmarks/validity/sequential_validity.py [--repetitions 20000]
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from qfloor import stats

ROOT = Path(__file__).resolve().parents[2]
ALPHA, MAX_FAIL = 0.05, 0.25
CHUNK = 2_000

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def row(what: str, rule: str, side: str, horizon: int, false: Bools | int, n: int, level: float):
    """One row of the table."""
    rate = float(np.sum(false)) / n
    error = float(np.sqrt(max(rate, level) * (1 - max(rate, level)) / n))
    return {
        "condition": what, "rule": rule, "side": side, "horizon": horizon, "repetitions": n,
        "level": level, "false": rate, "error": error, "holds": rate <= level + 2 * error,
    }  # fmt: skip


def boundary(rule: str, horizon: int, level: float) -> stats.SequentialBoundary:
    """Fails that decide, by rule."""
    made = stats.exact_boundary if rule == "exact" else stats.e_process_boundary
    return made(horizon, level, MAX_FAIL)


def any_time(rng: np.random.Generator, repetitions: int) -> list[dict[str, Any]]:
    """One cell, first crossing at any time."""
    rows = []
    for rule in ("exact", "e_process"):
        for horizon in (60, 120, 300):
            walls = boundary(rule, horizon, ALPHA)
            fails = np.cumsum(rng.random((repetitions, horizon)) < MAX_FAIL, axis=1, dtype=np.int32)
            for side, crossed in (
                ("certify", fails <= walls.certify[1:]),
                ("reject", fails >= walls.reject[1:]),
            ):
                false = crossed.any(axis=1)
                rows.append(row("any time", rule, side, horizon, false, repetitions, ALPHA))
    return rows


def all_thresholds(rng: np.random.Generator, repetitions: int) -> list[dict[str, Any]]:
    """Every threshold of a continuous and of a coarse scale at once, by the library's limits."""
    rows = []
    walls = stats.exact_boundary(60, ALPHA, MAX_FAIL)
    for scale in ("continuous", "coarse"):
        up = down = 0
        for _ in range(repetitions):
            values = rng.random(60) if scale == "continuous" else rng.integers(0, 8, 60) / 8
            limits = stats.exact_limits(values[:, None].tolist(), walls)
            # P(value < t) is at least 1/4 from t = 1/4 on (beyond it, on the coarse scale).
            bar = MAX_FAIL if scale == "continuous" else MAX_FAIL - 1e-9
            up += limits.certified_to is not None and limits.certified_to > bar
            down += limits.rejected_above is not None and limits.rejected_above < MAX_FAIL - 1e-9
        name = f"all thresholds, {scale}"
        rows.append(row(name, "exact", "certify", 60, up, repetitions, ALPHA))
        rows.append(row(name, "exact", "reject", 60, down, repetitions, ALPHA))
    return rows


def allocation(rng: np.random.Generator, repetitions: int) -> list[dict[str, Any]]:
    """Ten cells and an adversary with a purse for half of their prompts."""
    cells, horizon = 10, 60
    rows = []
    for rule in ("exact", "e_process"):
        walls = boundary(rule, horizon, ALPHA / cells)
        fails = np.zeros((repetitions, cells), dtype=np.int64)
        bought = np.zeros_like(fails)
        false = np.zeros(repetitions, dtype=bool)
        at, who = np.arange(repetitions), np.arange(cells)
        for _ in range(cells * horizon // 2):
            # Nearest to a certificate: fewest fails beyond a quarter of the prompts.
            near = np.where(bought < horizon, fails - MAX_FAIL * bought, np.inf)
            chosen = (near + 1e-9 * rng.random(near.shape) * who).argmin(axis=1)
            failed = rng.random(repetitions) < MAX_FAIL
            bought[at, chosen] += 1
            fails[at, chosen] += failed
            n = np.minimum(bought[at, chosen], horizon)
            false |= fails[at, chosen] <= walls.certify[n]
        rows.append(row("allocation", rule, "certify", horizon, false, repetitions, ALPHA))
    return rows


def missing(rng: np.random.Generator, repetitions: int) -> list[dict[str, Any]]:
    """Outputs that are fine go missing more often; a missing one makes no verdict."""
    horizon, walls = 120, stats.exact_boundary(120, ALPHA, MAX_FAIL)
    failed = rng.random((repetitions, horizon)) < MAX_FAIL
    gone = rng.random(failed.shape) < np.where(failed, 0.0075, 0.0375)
    low = np.cumsum(failed | gone, axis=1)
    high = np.cumsum(failed & ~gone, axis=1)
    return [
        row("missing", "exact", "certify", horizon, (low <= walls.certify[1:]).any(axis=1),
            repetitions, ALPHA),
        row("missing", "exact", "reject", horizon, (high >= walls.reject[1:]).any(axis=1),
            repetitions, ALPHA),
    ]  # fmt: skip


def clusters(rng: np.random.Generator, repetitions: int) -> list[dict[str, Any]]:
    """Fail shares of four outputs a prompt: the e-process, at the worst moment."""
    rows, horizon, repeats = [], 120, 4
    for rho in (0.5, 0.8):
        false = np.zeros((2, 0), dtype=bool)
        for start in range(0, repetitions, CHUNK):
            n = min(CHUNK, repetitions - start)
            shared = np.sqrt(rho) * rng.standard_normal((n, horizon, 1))
            own = np.sqrt(1 - rho) * rng.standard_normal((n, horizon, repeats))
            shares = (shared + own < ndtri(MAX_FAIL)).mean(axis=2)
            found = np.stack([
                [stats.log_wealth(z, MAX_FAIL).max() >= -np.log(ALPHA) for z in shares],
                [stats.log_wealth(1 - z, 1 - MAX_FAIL).max() >= -np.log(ALPHA) for z in shares],
            ])  # fmt: skip
            false = np.concatenate([false, found], axis=1)
        for side, wrong in zip(("certify", "reject"), false, strict=True):
            name = f"clusters, rho {rho}"
            rows.append(row(name, "e_process", side, horizon, wrong, repetitions, ALPHA))
    return rows


def sharing(rng: np.random.Generator, repetitions: int) -> list[dict[str, Any]]:
    """Clear cells close and pass alpha on to those on the boundary."""
    chains, horizon, rows = 10, 120, []
    ladder = [
        stats.shared_boundary(horizon, ALPHA, MAX_FAIL, chains=chains, closed=(n, n))
        for n in range(chains)
    ]
    for clear in (0, 5, 9):
        for same in (False, True):
            for side, rate in (("certify", 0.02), ("reject", 0.7)):
                rates = np.where(np.arange(chains) < clear, rate, MAX_FAIL)[:, None]
                false = 0
                for start in range(0, repetitions, CHUNK):
                    n = min(CHUNK, repetitions - start)
                    u = rng.random((n, 1 if same else chains, horizon))
                    fails = np.cumsum(u < rates, axis=2, dtype=np.int16)
                    false += _families_wrong(fails, ladder, side, clear)
                name = f"Holm, {clear} of 10 clear, {'the same' if same else 'own'} prompts"
                rows.append(row(name, "exact", side, horizon, false, repetitions, ALPHA))
    return rows


def _families_wrong(
    fails: NDArray[np.integer[Any]],
    ladder: Sequence[stats.SequentialBoundary],
    side: str,
    clear: int,
) -> int:
    """Families with a false verdict among the cells after the clear ones, once all is bought."""
    n, chains = fails.shape[:2]
    # Fewest closed chains at which each cell has crossed at some time.
    needs = np.full((n, chains), chains)
    for k in range(chains - 1, -1, -1):
        walls = ladder[k]
        crossed = fails <= walls.certify[1:] if side == "certify" else fails >= walls.reject[1:]
        needs[crossed.any(axis=2)] = k
    closed = np.zeros(n, dtype=np.int64)
    for _ in range(chains):
        closed = (needs <= np.minimum(closed, chains - 1)[:, None]).sum(axis=1)
    wrong = needs[:, clear:] <= np.minimum(closed, chains - 1)[:, None]
    return int(wrong.any(axis=1).sum())


def sharing_apart(rng: np.random.Generator, repetitions: int) -> list[dict[str, Any]]:
    """Clear cells close; of the four on the boundary exactly one fails at each prompt."""
    chains, clear, rows = 10, 6, []
    for horizon in (60, 120):
        ladder = [
            stats.shared_boundary(horizon, ALPHA, MAX_FAIL, chains=chains, closed=(n, n))
            for n in range(chains)
        ]
        for side, rate in (("certify", 0.0), ("reject", 0.95)):
            false = 0
            for start in range(0, repetitions, CHUNK):
                n = min(CHUNK, repetitions - start)
                failed = rng.random((n, chains, horizon)) < rate
                who = rng.integers(clear, chains, (n, 1, horizon))
                failed[:, clear:] = who == np.arange(clear, chains)[:, None]
                fails = np.cumsum(failed, axis=2, dtype=np.int16)
                false += _families_wrong(fails, ladder, side, clear)
            name = "Holm, 6 of 10 clear, fails that exclude each other"
            rows.append(row(name, "exact", side, horizon, false, repetitions, ALPHA))
    return rows


def fixed_bound(rng: np.random.Generator, repetitions: int) -> list[dict[str, Any]]:
    """For contrast: the exact fixed-size test looked at every ten prompts. It does not hold."""
    fails = np.cumsum(rng.random((repetitions, 200)) < MAX_FAIL, axis=1)
    looks = range(20, 201, 10)
    most = [stats.max_fails(n, ALPHA, MAX_FAIL) for n in looks]
    false = np.zeros(repetitions, dtype=bool)
    for n, k in zip(looks, most, strict=True):
        false |= fails[:, n - 1] <= (-1 if k is None else k)
    name = "for contrast: every ten prompts"
    return [row(name, "fixed-size", "certify", 200, false, repetitions, ALPHA)]


def study(repetitions: int, seed: int = 1) -> list[dict[str, Any]]:
    """All conditions, each with a stream of its own."""
    conditions = (
        any_time, all_thresholds, allocation, missing, clusters, fixed_bound, sharing,
        sharing_apart,
    )  # fmt: skip
    return [
        found
        for i, condition in enumerate(conditions)
        for found in condition(np.random.default_rng([seed, i]), repetitions)
    ]


def markdown(rows: Sequence[dict[str, Any]], seconds: float) -> str:
    """Write the table."""
    lines = [
        "# Sequential verdicts at any stopping time",
        "",
        f"`python benchmarks/validity/sequential_validity.py`; {rows[0]['repetitions']} "
        f"repetitions a row, {seconds:.0f} s. Share of repetitions with a false verdict at a true "
        f"fail rate of {MAX_FAIL}, the worst there is. *holds*: at most the level and two Monte "
        "Carlo errors.",
        "",
        "| condition | rule | side | prompts | level | false | error | holds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['condition']} | {r['rule']} | {r['side']} | {r['horizon']} | {r['level']:g} "
        f"| {r['false']:.4f} | {r['error']:.4f} | {'yes' if r['holds'] else 'no'} |"
        for r in rows
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "sequential_validity")
    given = parser.parse_args()
    started = time.monotonic()
    rows = study(given.repetitions)
    with given.out.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    text = markdown(rows, time.monotonic() - started)
    given.out.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
