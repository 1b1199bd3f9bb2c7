"""BRISQUE and NIQE written out from their definitions, one plain array operation at a time.

No strips, no tables searched by bisection, no shared sums, no line of the package: the reference
that the fast code is compared with, by the tests and by ``benchmarks/perf/naturalness.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.special import gamma

Array = npt.NDArray[np.float64]

SHAPES = 0.2 + 0.001 * np.arange(9801)
SYMMETRIC = gamma(1 / SHAPES) * gamma(3 / SHAPES) / gamma(2 / SHAPES) ** 2
ASYMMETRIC = gamma(2 / SHAPES) ** 2 / (gamma(1 / SHAPES) * gamma(3 / SHAPES))


def luma(picture: npt.NDArray[np.uint8]) -> Array:
    weights = [0.298936021293775, 0.587043074451121, 0.114020904255103]
    return np.floor(picture.astype(float) @ weights + 0.5)


def window() -> Array:
    y, x = np.mgrid[-3:4, -3:4]
    values = np.exp(-(x**2 + y**2) / (2 * (7 / 6) ** 2))
    return values / values.sum()


def normalised(y: Array, mode: str, signs: Mapping[int, int] | None = None) -> Array:
    """``signs``: what rounding left in windows of one grey level, by level; 0 where not told."""
    mean = ndimage.correlate(y, window(), mode=mode)
    spread = np.sqrt(np.abs(ndimage.correlate(y * y, window(), mode=mode) - mean**2))
    apart = y - mean
    flat = np.abs(apart) < 1e-9
    left: Callable[[float], float] = lambda level: 1e-14 * (signs or {}).get(round(level), 0)  # noqa: E731
    apart[flat] = [left(level) for level in y[flat]]
    return apart / (spread + 1)


def halved(y: Array) -> Array:
    """``imresize`` by its definition: for each output all ten inputs within reach, mirrored."""

    def cubic(x: Array) -> Array:
        x = np.abs(x)
        near = 1.5 * x**3 - 2.5 * x**2 + 1
        far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
        return np.where(x <= 1, near, np.where(x <= 2, far, 0))

    for _ in range(2):
        size = len(y)
        centres = 2 * np.arange(1, -(-size // 2) + 1) - 0.5
        sources = np.floor(centres - 4)[:, None] + np.arange(10)
        weights = cubic((centres[:, None] - sources) / 2)
        weights /= weights.sum(axis=1, keepdims=True)
        mirrored = np.concatenate([np.arange(size), np.arange(size)[::-1]])
        y = np.einsum("ik,ikj->ij", weights, y[mirrored[(sources.astype(int) - 1) % (2 * size)]]).T
    return y


def symmetric_fit(values: Array) -> tuple[float, float]:
    variance = np.mean(values**2)
    ratio = variance / np.mean(np.abs(values)) ** 2
    return SHAPES[np.argmin(np.abs(SYMMETRIC - ratio))], variance


def asymmetric_fit(values: Array) -> tuple[float, float, float]:
    left = np.sqrt(np.mean(values[values < 0] ** 2))
    right = np.sqrt(np.mean(values[values > 0] ** 2))
    g = left / right
    ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    wanted = ratio * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    return SHAPES[np.argmin((ASYMMETRIC - wanted) ** 2)], left, right


def brisque_features(y: Array, signs: Mapping[int, int] | None = None) -> Array:
    found: list[float] = []
    for _ in range(2):
        coefficients = normalised(y, "constant", signs)
        found += symmetric_fit(coefficients)
        for shift in ((0, 1), (1, 0), (1, 1), (-1, 1)):
            a, left, right = asymmetric_fit(coefficients * np.roll(coefficients, shift, (0, 1)))
            scale = np.sqrt(gamma(1 / a)) / np.sqrt(gamma(3 / a))
            mean = (right - left) * gamma(2 / a) / gamma(1 / a) * scale
            found += [a, mean, left**2, right**2]
        y = halved(y)
    return np.array(found)


def brisque(y: Array, model: Any, signs: Mapping[int, int] | None = None) -> float:
    features = np.array([float(f"{value:f}") for value in brisque_features(y, signs)])
    scaled = -1 + 2 * (features - model.lows) / (model.highs - model.lows)
    scaled = [float(f"{value:g}") for value in scaled]
    total = -model.offset
    for weight, vector in zip(model.weights, model.vectors, strict=True):
        total += weight * np.exp(-model.width * np.sum((vector - scaled) ** 2))
    return float(total)


def niqe_features(y: Array, signs: Mapping[int, int] | None = None) -> Array:
    y = y[: len(y) // 96 * 96, : y.shape[1] // 96 * 96]
    scales = []
    for side in (96, 48):
        coefficients = normalised(y, "nearest", signs)
        patches = [
            coefficients[top : top + side, left : left + side]
            for top in range(0, len(y), side)
            for left in range(0, y.shape[1], side)
        ]
        scales.append(np.array([_patch_features(patch) for patch in patches]))
        y = halved(y)
    return np.hstack(scales)


def _patch_features(patch: Array) -> list[float]:
    a, left, right = asymmetric_fit(patch)
    found = [a, (left + right) / 2 * np.sqrt(gamma(1 / a) / gamma(3 / a))]
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a, left, right = asymmetric_fit(patch * np.roll(patch, shift, (0, 1)))
        left, right = (side * np.sqrt(gamma(1 / a) / gamma(3 / a)) for side in (left, right))
        found += [a, (right - left) * gamma(2 / a) / gamma(1 / a), left, right]
    return found


def niqe(y: Array, model: Any, signs: Mapping[int, int] | None = None) -> float:
    features = niqe_features(y, signs)
    apart = model.mean - features.mean(axis=0)
    pooled = (model.covariance + np.cov(features.T)) / 2
    return float(np.sqrt(apart @ np.linalg.pinv(pooled) @ apart))
