"""How fast are BRISQUE, NIQE and the technical metrics? Side by side, with equal results.

Times ours, the plain reference of the tests (the definitions, one array operation at a time) and,
where it is installed and runs, the ``brisque`` package, in one run on one machine; asserts that
ours and the reference agree to 1e-9. The package has another model and is timed only. A matrix
product in float32 is timed before and after, for what the machine could give meanwhile.

    python benchmarks/perf/naturalness.py [--side 1024] [--rounds 5] [--json]
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
import naturalness_reference as reference

from qfloor.scorers import technical
from qfloor.scorers.naturalness import scorer
from qfloor.scorers.naturalness.filters import rounded_luma
from qfloor.scorers.naturalness.parameters import brisque_model, niqe_model
from qfloor.scorers.protocol import Pixels

MEASURES = ("sharpness", "exposure", "clipping", "noise", "blockiness", "colourfulness")


def picture(side: int) -> Pixels:
    """Soft shapes with grain, the same every time."""
    rng = np.random.default_rng(0)
    soft = ndimage.gaussian_filter(rng.normal(size=(side, side, 3)), (3, 3, 0)) * 500 + 128
    return np.clip(soft + rng.normal(0, 4, soft.shape), 0, 255).astype(np.uint8)


def milliseconds(run: Callable[[], Any], rounds: int) -> float:
    """Return the median over rounds, after one that is not counted."""
    run()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return 1e3 * statistics.median(found)


def gemm_gflops(size: int = 1024) -> float:
    """Return the speed of a float32 matrix product, in GFLOP/s."""
    a = np.random.default_rng(0).random((size, size), dtype=np.float32)
    return 2 * size**3 / milliseconds(lambda: a @ a, 5) / 1e6


def package(pixels: Pixels) -> tuple[Callable[[], Any] | None, str]:
    """Return a call of the ``brisque`` package, or why there is none."""
    try:
        from brisque import BRISQUE

        peer = BRISQUE(url=False)
        peer.score(pixels[:64, :64])
    except Exception as error:  # not installed, or broken by a newer numpy
        return None, f"{type(error).__name__}: {error}"
    return lambda: peer.score(pixels), ""


def assert_equal(pixels: Pixels) -> dict[str, float]:
    """Return how far ours is from the reference, having checked that it is next to nothing."""
    y = rounded_luma(pixels)
    apart = {
        "brisque": abs(scorer.brisque(y) - reference.brisque(y, brisque_model())),
        "niqe": abs(scorer.niqe(y) - reference.niqe(y, niqe_model())),
    }
    assert max(apart.values()) < 1e-9, apart
    return apart


def measure(side: int, rounds: int) -> dict[str, Any]:
    """Return everything that is printed."""
    pixels = picture(side)
    before = gemm_gflops()
    apart = assert_equal(pixels)
    peer, why_not = package(pixels)
    luma, y = technical.luma(pixels), rounded_luma(pixels)
    runs: dict[str, Callable[[], Any]] = {
        "brisque": lambda: scorer.brisque(rounded_luma(pixels)),
        "brisque reference": lambda: reference.brisque(reference.luma(pixels), brisque_model()),
        **({} if peer is None else {"brisque package": peer}),
        "niqe": lambda: scorer.niqe(rounded_luma(pixels)),
        "niqe reference": lambda: reference.niqe(reference.luma(pixels), niqe_model()),
        "technical luma": lambda: technical.luma(pixels),
        "technical blankness": lambda: technical.blankness(pixels, luma),
        "technical near_blank": lambda: technical.near_blank(pixels, luma),
    }
    for name in MEASURES:
        runs[f"technical {name}"] = functools.partial(getattr(technical, name), pixels, luma)
    found = {name: milliseconds(run, rounds) for name, run in runs.items()}
    with ThreadPoolExecutor(2) as pool:
        two = milliseconds(lambda: list(pool.map(scorer.brisque, [y, y])), rounds)
    return {
        "side": side,
        "gemm_gflops": [before, gemm_gflops()],
        "apart_from_reference": apart,
        "milliseconds": found,
        "two_brisque_in_two_threads": two,
        "package": why_not or "timed",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.side, options.rounds)
    if options.json:
        print(json.dumps(found))
        return
    gemm = " and ".join(f"{value:.0f}" for value in found["gemm_gflops"])
    print(f"{options.side} x {options.side}; float32 matrix product {gemm} GFLOP/s")
    for name, ms in found["milliseconds"].items():
        ours = found["milliseconds"].get(name.split()[0])
        print(f"{name:24s} {ms:9.1f} ms" + (f"  {ms / ours:6.1f} x" if ours else ""))
    print(f"two BRISQUE in two threads {found['two_brisque_in_two_threads']:.1f} ms")
    print(f"equal to the reference within {max(found['apart_from_reference'].values()):.1e}")
    print(f"brisque package: {found['package']}")


if __name__ == "__main__":
    main()
