"""The loop of `adaptive_spend` for cells that share alpha by Holm, on counts.

A family at a time: all its open cells buy their next batch, then chains close. Verdicts are those
of `qfloor.floors.judge_sequentially` with ``chains`` set, which `check` compares with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.floors import Demand, SequentialCell, SequentialDesign, judge_sequentially
from qfloor.floors.sequential import PATIENCE_SHARED, WARM
from qfloor.stats import SequentialBoundary

Ints = NDArray[np.int64]


class FamilyWalk:
    """Sequential tests of the cells of a family, one value a prompt; all ask of the same tiers."""

    def __init__(
        self, horizon: int, alpha: float, chains: int, *, patience: float, batch: int
    ) -> None:
        self.horizon, self.alpha, self.chains = horizon, alpha, chains
        self.patience, self.batch = patience, batch
        every = [self.boundary(n, n) for n in range(chains)]
        # How many have to have closed, by prompts and fails, for a verdict at this very prompt.
        fails = np.arange(horizon + 1)
        self.certified_at = np.stack([
            np.sum([fails > b.certify[n] for b in every], axis=0) for n in range(horizon + 1)
        ])  # fmt: skip
        self.rejected_at = np.stack([
            np.sum([fails < b.reject[n] for b in every], axis=0) for n in range(horizon + 1)
        ])  # fmt: skip

    def boundary(self, certified: int, rejected: int) -> SequentialBoundary:
        """Fails that decide once so many chains have closed."""
        return stats.shared_boundary(
            self.horizon, self.alpha, 0.25, chains=self.chains, closed=(certified, rejected)
        )

    def __call__(self, fails: Ints) -> tuple[Ints, Ints]:
        """Verdicts (cells x tiers: 1, -1, 0) and prompts; ``fails``: cells x tiers x prompts."""
        cells, tiers = fails.shape[:2]
        n = np.zeros(cells, dtype=np.int64)
        # Fewest closed chains at which each tier's prompts so far decide.
        fine = np.full((cells, tiers), self.chains)
        bad = np.full((cells, tiers), self.chains)
        certified = rejected = 0
        while True:
            while True:
                # The last one open is judged at alpha, and so it is when all have closed.
                open_ = self.chains - 1
                is_fine, is_bad = fine <= min(certified, open_), bad <= min(rejected, open_)
                now = (int(is_fine.all(axis=1).sum()), int(is_bad.all(axis=1).sum()))
                if now == (certified, rejected):
                    break
                certified, rejected = now
            verdict = np.where(is_fine, 1, np.where(is_bad, -1, 0))
            sizes = [self._size(fails[c], int(n[c]), verdict[c], now) for c in range(cells)]
            if not any(sizes):
                return verdict, n
            for c, size in enumerate(sizes):
                if size:
                    at = np.arange(n[c] + 1, n[c] + size + 1)
                    seen = fails[c, :, n[c] : n[c] + size]
                    fine[c] = np.minimum(fine[c], self.certified_at[at, seen].min(axis=1))
                    bad[c] = np.minimum(bad[c], self.rejected_at[at, seen].min(axis=1))
                    n[c] += size

    def _size(self, fails: Ints, n: int, verdict: Ints, closed: tuple[int, int]) -> int:
        """How many prompts a cell buys next; none where it is decided, left or at its end."""
        undecided = np.flatnonzero(verdict == 0)
        if not undecided.size or n >= self.horizon:
            return 0
        boundary = self.boundary(*closed)
        now = fails[undecided, n - 1] if n else np.zeros(undecided.size, dtype=np.int64)
        ends = [
            min(stats.prompts_to_decide(boundary, int(k), n, rate) for rate in (0.0, 1.0))
            for k in now
        ]
        leaves = stats.prompts_to_leave(boundary, self.patience)[n][now]
        worth = leaves > 0
        if n >= WARM and not worth.any():
            return 0
        soonest = np.minimum(ends, np.maximum(leaves, WARM - n))[worth if worth.any() else ...]
        least = max(1, int(soonest.max()), self.batch // 5)
        return min(self.batch, least, self.horizon - n)


def check(batch: int, seed: int = 5, families: int = 8) -> int:
    """Compare `FamilyWalk` with the library on random families; returns how many cells."""
    rng, horizon, chains, alpha = np.random.default_rng(seed), 90, 4, 0.05
    walk = FamilyWalk(horizon, alpha, chains, patience=PATIENCE_SHARED, batch=batch)
    demands = tuple(Demand(tier=str(k), threshold=k + 0.5) for k in range(2))
    design = SequentialDesign(
        rule="exact_sequential", horizon=horizon, level=alpha / chains, chains=chains
    )
    cells = [SequentialCell(key=c, design=design, demands=demands) for c in range(chains)]
    words = {1: "certified", -1: "rejected", 0: "undecided"}
    for _ in range(families):
        rates = np.sort(rng.random((chains, 2)) ** 2 * 0.9, axis=1)
        values = (rng.random((chains, 1, horizon)) >= rates[:, :, None]).sum(axis=1).astype(float)
        found = judge_sequentially(
            cells,
            lambda key, first, end, v=values: [[float(x)] for x in v[key, first:end]],
            batch=batch,
        )
        fails = np.cumsum(values[:, None, :] < np.array([0.5, 1.5])[:, None], axis=2)
        verdict, bought = walk(fails)
        for c in range(chains):
            standing = found[c].standing
            assert [words[int(v)] for v in verdict[c]] == list(standing.rulings.values())
            assert bought[c] == standing.n, (c, bought, standing)
    return families * chains
