"""The recovery study's four demands, as arithmetic on what releases said and what is true."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from painters_truth import APART, THRESHOLDS, Key, read

from qfloor.benchmark import Benchmark
from qfloor.records import TIERS

PROMISED, GOOD, POWER, SPREAD = 0.05, 0.12, 0.8, 0.7
BOUNDARY = (0.25, 0.275)  # true fail rates that a certificate at .25 is hardest to deny
NOTHING = -math.inf  # no floor: below every value; inside arrays only
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of every cell; arrays run over ``keys`` and tiers."""

    keys: tuple[Key, ...]
    fails: Floats
    allowed: Floats
    q25: Floats
    everywhere: Floats  # fail rates at `THRESHOLDS`

    @classmethod
    def of(cls, benchmark: Benchmark) -> Truth:
        """Read the truth at the thresholds of a benchmark."""
        rows = read()
        demanded = {(t.category, t.modality, t.tier): t for t in benchmark.thresholds}
        at = [[demanded[key[0], key[1], tier] for tier in TIERS] for key in rows]
        return cls(
            keys=tuple(rows),
            fails=np.array(
                [
                    [float(row[f"fail_below_{t.value:g}"]) for t in thresholds]
                    for row, thresholds in zip(rows.values(), at, strict=True)
                ]
            ),
            allowed=np.array([[t.max_fail for t in thresholds] for thresholds in at]),
            q25=np.array([float(row["q25"]) for row in rows.values()]),
            everywhere=np.array(
                [[float(row[f"fail_below_{t:g}"]) for t in THRESHOLDS] for row in rows.values()]
            ),
        )

    @property
    def families(self) -> list[tuple[str, str]]:
        """Who is judged together: category and modality, in the order of the cells."""
        return list(dict.fromkeys(key[:2] for key in self.keys))

    def members(self, family: tuple[str, str]) -> Bools:
        """Which cells belong to a family."""
        return np.array([key[:2] == family for key in self.keys])


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one release said of every cell, and how its refusals add up."""

    certified: Bools
    q25: Floats
    reached: Floats
    refusals: list[dict[str, Any]]


def share(given: npt.ArrayLike) -> dict[str, float]:
    """Share of hits with its Monte Carlo error; at nought, of one hit in as many tries."""
    hits = np.asarray(given, dtype=np.float64)
    p, n = float(hits.mean()), hits.size
    return {"share": p, "error": math.sqrt(max(p * (1 - p), (n - 1) / n**2) / n), "n": n}


def false_certificates(truth: Truth, releases: list[Seen]) -> dict[str, Any]:
    """Demand 1: at the tiers' thresholds, and at any threshold a floor reaches at all."""
    bad = truth.fails > truth.allowed
    false = np.array([(r.certified & bad).any(axis=1) for r in releases])
    over = np.array([r.reached > truth.q25 + 1e-9 for r in releases])
    families: dict[str, dict[str, Any]] = {
        " / ".join(family): {
            "tiers": share(false[:, truth.members(family)].any(axis=1)),
            "any_threshold": share(over[:, truth.members(family)].any(axis=1)),
            "bad_cells": int(bad[truth.members(family)].sum()),
        }
        for family in truth.families
    }
    found = share(false.any(axis=1))
    bound = PROMISED + 2 * math.sqrt(PROMISED * (1 - PROMISED) / len(releases))
    return {
        "release": found, "bound": bound, "held": found["share"] <= bound, "families": families,
        "release_any_threshold": share(over.any(axis=1)),
        "cells_any_threshold": float(over.mean()), "boundary": boundary(truth, releases),
        "families_held": all(f["any_threshold"]["share"] <= bound for f in families.values()),
    }  # fmt: skip


def boundary(truth: Truth, releases: list[Seen]) -> list[dict[str, Any]]:
    """Cells that stand just beyond .25 at some threshold, and how often they are certified there.

    A threshold is certified when ``q25_lo_release`` reaches it: that is the verdict's own rule.
    """
    low, high = BOUNDARY
    near = np.argwhere((truth.everywhere > low) & (truth.everywhere <= high))
    return [
        {
            "cell": " / ".join(truth.keys[cell]), "threshold": THRESHOLDS[at],
            "true_fail": float(truth.everywhere[cell, at]),
            "certified": share(np.array([r.reached[cell] >= THRESHOLDS[at] for r in releases])),
        }
        for cell, at in near
    ]  # fmt: skip


def power(truth: Truth, releases: list[Seen]) -> dict[str, Any]:
    """Demand 2, over cells of offer, category, modality and tier."""
    good = truth.fails <= GOOD
    certified = np.array([r.certified for r in releases])
    by_cell = certified.mean(axis=0)
    # errors by release: cells of one release share prompts and raters
    by_release = certified[:, good].mean(axis=1)
    overall = float(by_release.mean())
    rows = {}
    for family in truth.families:
        chosen = good & truth.members(family)[:, None]
        rows[" / ".join(family)] = {
            "cells": int(chosen.sum()),
            "share": float(by_cell[chosen].mean()) if chosen.any() else None,
            "weakest": float(by_cell[chosen].min()) if chosen.any() else None,
        }
    return {
        "share": overall, "error": float(by_release.std() / math.sqrt(len(releases))),
        "cells": int(good.sum()), "bound": POWER, "held": overall >= POWER, "families": rows,
        "families_held": all(r["share"] is None or r["share"] >= POWER for r in rows.values()),
    }  # fmt: skip


def order(truth: Truth, real: Seen, releases: list[Seen]) -> dict[str, Any]:
    """Demand 3: in the real round, and in how many of the simulated ones."""
    rows: dict[str, dict[str, Any]] = {}
    for family in truth.families:
        pairs = list(itertools.combinations(np.flatnonzero(truth.members(family)).tolist(), 2))
        far = [(a, b) for a, b in pairs if abs(round(truth.q25[a] - truth.q25[b], 6)) > APART]
        wrong = [len(swapped(truth, r.q25, far)) for r in releases]
        rows[" / ".join(family)] = {
            "pairs": len(pairs), "apart": len(far), "share": len(far) / len(pairs),
            "swapped_q25": swapped(truth, real.q25, far),
            "swapped_q25_lo_release": swapped(truth, real.reached, far),
            "releases_in_order": float(np.mean([not n for n in wrong])),
            "pairs_in_order": 1 - float(np.mean(wrong)) / max(1, len(far)),
        }  # fmt: skip
    held = all(not row["swapped_q25"] and row["share"] >= SPREAD for row in rows.values())
    return {"families": rows, "bound": SPREAD, "held": held}


def swapped(truth: Truth, measured: Floats, pairs: Iterable[tuple[int, int]]) -> list[str]:
    """Name pairs that a measured number does not order as the truth does; ties count."""
    return [
        f"{truth.keys[a][2]} {_said(measured[a])} (true {truth.q25[a]:.1f}), "
        f"{truth.keys[b][2]} {_said(measured[b])} (true {truth.q25[b]:.1f})"
        for a, b in pairs
        if _ahead(measured[a], measured[b]) * (truth.q25[a] - truth.q25[b]) <= 0
    ]


def exact_refusals(real: Seen, releases: list[Seen]) -> dict[str, Any]:
    """Demand 4, in every cell of every release."""
    rows = [row for one in (real, *releases) for row in one.refusals]
    off = max((row["off"] for row in rows), default=0.0)
    wrong = sum(row["refused"] != row["counted"] for row in rows)
    return {
        "real": real.refusals, "cells_with_refusals": len(rows), "largest_deviation": off,
        "wrong_counts": wrong, "held": bool(rows) and off < 1e-9 and wrong == 0,
    }  # fmt: skip


def _said(number: float) -> str:
    return "no floor" if number == NOTHING else f"{number:.1f}"


def _ahead(a: float, b: float) -> int:
    """Sign of the difference; two offers without a floor are level."""
    return int(a > b) - int(a < b)
