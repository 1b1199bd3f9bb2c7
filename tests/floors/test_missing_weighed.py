"""Ways in which a floor could certify falsely, found by a second reader; one test each."""

from __future__ import annotations

import numpy as np
import pytest

from qfloor import stats
from qfloor.calibrate.ltt import _fail_upper
from qfloor.floors import Judged, build_cell
from qfloor.records import Status


def _judged(stratum: str, prompts: int, missing: int, repeats: int = 1) -> list[Judged]:
    return [
        Judged(
            output_id=f"{stratum}{i}.{j}", family=f"{stratum}{i}", repeat=j, stratum=stratum,
            status=Status.FAILED if i < missing else Status.MADE,
            values=() if i < missing else (8.0,),
        )
        for i in range(prompts) for j in range(repeats)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("outputs", "traffic", "share"),
    [
        (_judged("A", 40, 12) + _judged("B", 560, 0), {"A": 0.8, "B": 0.2}, 0.24),
        (_judged("A", 40, 12) + _judged("B", 560, 0), None, 0.02),
        (_judged("A", 60, 0, repeats=10) + _judged("B", 12, 12), None, 12 / 72),
        (_judged("A", 50, 5), {"A": 1.0}, 0.1),
    ],
)
def test_what_is_missing_counts_as_bounds_weigh_it(
    outputs: list[Judged], traffic: dict[str, float] | None, share: float
) -> None:
    cell = build_cell("x/y", "portrait", "image", "delivered", outputs, traffic=traffic)
    assert cell.missing_share == pytest.approx(share, abs=1e-9)


# A hundred prompts x 4: one always fails, two more once. Korn-Graubard alone says .047.
SHARES = np.array([1.0, 0.25, 0.25] + [0.0] * 97)
FAILS = (np.arange(4)[None, :] < (SHARES * 4)[:, None]).ravel()
PROMPTS = np.repeat(np.arange(100), 4)


def test_uneven_weights_do_not_take_the_exact_bound_away() -> None:
    """Weights one part in a hundred apart: Korn-Graubard alone would certify at .05."""
    weights = np.repeat(np.where(np.arange(100) % 2, 1.01, 1.0), 4)

    def certified(w: np.ndarray | None, bound: str) -> float | None:
        return stats.threshold_limits(
            np.where(FAILS, 0.0, 1.0), PROMPTS, alpha=0.05, max_fail=0.05, weights=w,
            first=np.tile(np.arange(4) == 0, 100), bound=bound,  # type: ignore[arg-type]
        ).certified_to  # fmt: skip

    assert certified(weights, "korn_graubard") == 1.0
    assert certified(weights, "auto") != 1.0
    assert certified(None, "auto") != 1.0


def test_a_metric_threshold_takes_the_exact_bound_as_well() -> None:
    exact = stats.every_repeat_upper(SHARES, 0.95)
    alone = stats.korn_graubard_upper(SHARES, np.full(100, 4), 0.95)
    assert alone < 0.05 < exact
    assert _fail_upper(FAILS, PROMPTS, 0.05) == exact
    assert _fail_upper(FAILS, PROMPTS, 0.005) == stats.every_repeat_upper(SHARES, 0.995)
