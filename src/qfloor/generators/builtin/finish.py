"""Spoil pixels: the defects of finish and of motion, on arrays of sRGB bytes.

Every function takes a severity from 0 to 1 and changes nothing at 0. Chances come from a seeded
generator, so that a picture spoilt again has the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Pixels = npt.NDArray[np.uint8]


def blur(pixels: Pixels, severity: float, rng: np.random.Generator) -> Pixels:
    """Soften by a Gaussian whose radius is up to 3% of the height."""
    radius = 0.03 * severity * pixels.shape[0]
    image = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, dtype=np.uint8)


def noise(pixels: Pixels, severity: float, rng: np.random.Generator) -> Pixels:
    """Add grain with a standard deviation of up to 75 grey levels."""
    height, width, _ = pixels.shape
    grain = rng.standard_normal((height, width, 3), dtype=np.float32) * (75.0 * severity)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)


def blockiness(pixels: Pixels, severity: float, rng: np.random.Generator) -> Pixels:
    """Save as a small and poor JPEG and blow it up again."""
    height, width, _ = pixels.shape
    shrink = 1 + 2.5 * severity
    small = Image.fromarray(pixels).resize(
        (max(8, int(width / shrink)), max(8, int(height / shrink))), Image.Resampling.BOX
    )
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=max(1, int(45 * (1 - severity) ** 1.5)))
    with Image.open(buffer) as poor:
        grown = poor.resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(grown, dtype=np.uint8)


def overexposure(pixels: Pixels, severity: float, rng: np.random.Generator) -> Pixels:
    """Lift the tones until bright ones can hardly be told apart; never to one plain white."""
    dark = 1 - np.arange(256, dtype=np.float32) / 255
    left = dark ** (1 + 2 * severity) * (1 - 0.5 * severity)
    table = np.round(255 * (1 - left)).astype(np.uint8)
    return np.take(table, pixels)


_FINISHES: dict[str, Callable[[Pixels, float, np.random.Generator], Pixels]] = {
    "overexposure": overexposure,
    "blur": blur,
    "noise": noise,
    "blockiness": blockiness,
}


def spoil(pixels: Pixels, severities: Mapping[str, float], seed: int) -> Pixels:
    """Apply every finish defect, in the order light, lens, sensor, file."""
    for name, function in _FINISHES.items():
        severity = severities.get(name, 0.0)
        if severity > 0:
            pixels = function(pixels, severity, np.random.default_rng([seed, len(name)]))
    return pixels


def moments(frames: int, frozen: float) -> npt.NDArray[np.float64]:
    """Times within the clip, 0 to 1, at which frames are drawn; frozen ones repeat the last.

    Parameters
    ----------
    frames : int
        How many, at least 2.
    frozen : float
        Share of the clip, from its end, in which nothing moves.
    """
    return np.minimum(np.linspace(0.0, 1.0, frames), 1.0 - frozen)


def flicker_gains(frames: int, severity: float, seed: int) -> npt.NDArray[np.float32]:
    """Brightness of each frame: alternating, by up to half, never the same twice."""
    rng = np.random.default_rng([seed, 7])
    sign = np.where(np.arange(frames) % 2, 1.0, -1.0)
    depth = 0.5 * severity * rng.uniform(0.6, 1.0, frames)
    return (1.0 + sign * depth).astype(np.float32)
