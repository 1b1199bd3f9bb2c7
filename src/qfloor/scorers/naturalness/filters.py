"""Luma, Gaussian window, local normalisation and halving, as the authors' MATLAB does them.

All in float64: E[Y^2] - E[Y]^2 loses the local contrast of smooth skies in float32. Filters work
on strips of rows that stay in the processor's cache; where the strips lie does not move a value.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qfloor.scorers.protocol import Pixels

Plane = npt.NDArray[np.float64]

REACH = 3  # pixels on each side of the 7 x 7 window
FLAT = 1e-9  # grey levels; below is the rounding of the filter, above the least step of a picture
_STRIP = 64
# First row of the inverse of the NTSC matrix, the digits of MATLAB's rgb2gray
_RED, _GREEN, _BLUE = 0.298936021293775, 0.587043074451121, 0.114020904255103


def _window() -> tuple[float, ...]:
    """Return the Gaussian of standard deviation 7/6 at distances 0 to 3, summing to 1."""
    values = np.exp(-(np.arange(REACH + 1.0) ** 2) / (2 * (7 / 6) ** 2))
    return tuple(float(v) for v in values / (values[0] + 2 * values[1:].sum()))


def _cubic() -> tuple[float, ...]:
    """Return Keys' cubic (a = -1/2) stretched by two, at distances 1/2 to 7/2 of a pixel."""
    x = (np.arange(4) + 0.5) / 2
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    values = np.where(x <= 1, near, far)
    return tuple(float(v) for v in values / (2 * values.sum()))


_WINDOW = _window()
_CUBIC = _cubic()


def rounded_luma(picture: Pixels) -> Plane:
    """Return MATLAB's ``rgb2gray`` of 8 bits: whole grey levels 0-255, halves rounded up."""
    y: Plane = np.multiply(picture[:, :, 0], _RED, dtype=np.float64)
    y += picture[:, :, 1] * _GREEN
    y += picture[:, :, 2] * _BLUE
    y += 0.5
    np.floor(y, out=y)
    return y


def normalised(y: Plane, border: str) -> Plane:
    """Return the mean-subtracted, contrast-normalised coefficients (Y - mu) / (sigma + 1).

    mu and sigma are the mean and standard deviation under the 7 x 7 Gaussian window. Where the
    window sees one grey level the result is exactly 0; rounding would leave a sign there, and
    the sign alone moves the fits (see ``docs/decisions``).

    Parameters
    ----------
    y : ndarray of float64, shape (height, width)
        Grey levels.
    border : {"constant", "edge"}
        What lies outside: zeros (MATLAB's ``filter2``) or the nearest pixel (``imfilter``,
        ``'replicate'``).
    """
    height, width = y.shape
    padded = np.pad(y, REACH, mode="constant" if border == "constant" else "edge")
    result = np.empty_like(y)
    for top in range(0, height, _STRIP):
        rows = min(_STRIP, height - top)
        source = padded[top : top + rows + 2 * REACH]
        mean = _blurred(source, rows, width)
        spread = _blurred(source * source, rows, width)
        spread -= mean * mean
        np.sqrt(np.abs(spread, out=spread), out=spread)
        spread += 1
        part = np.subtract(y[top : top + rows], mean, out=result[top : top + rows])
        part[np.abs(part) < FLAT] = 0
        part /= spread
    return result


def _blurred(padded: Plane, rows: int, width: int) -> Plane:
    down = padded[REACH : REACH + rows] * _WINDOW[0]
    for k in range(1, REACH + 1):
        pair = padded[REACH - k : REACH - k + rows] + padded[REACH + k : REACH + k + rows]
        pair *= _WINDOW[k]
        down += pair
    across = down[:, REACH : REACH + width] * _WINDOW[0]
    for k in range(1, REACH + 1):
        pair = down[:, REACH - k : REACH - k + width] + down[:, REACH + k : REACH + k + width]
        pair *= _WINDOW[k]
        across += pair
    return across


def halved(y: Plane) -> Plane:
    """Return MATLAB's ``imresize(y, 0.5)``: bicubic, antialiased, mirrored at the border.

    The result has ceil(n / 2) rows and columns; row i lies at 2 i + 1/2 of the source.
    """
    return _halved(_halved(y, 0), 1)


def _halved(y: Plane, axis: int) -> Plane:
    size = y.shape[axis]
    count = -(-size // 2)
    beyond = [(0, 0), (0, 0)]
    beyond[axis] = (REACH, REACH + size % 2)
    padded = np.pad(y, beyond, mode="symmetric")
    if axis == 0:
        even, odd = padded[0::2], padded[1::2]
    else:  # copied once, or each of the sums below would stride through memory
        even, odd = np.ascontiguousarray(padded[:, 0::2]), np.ascontiguousarray(padded[:, 1::2])

    def tap(plane: Plane, first: int) -> Plane:
        return plane[first : first + count] if axis == 0 else plane[:, first : first + count]

    # source lines 2 i - 3 ... 2 i + 4, in pairs at equal distance from 2 i + 1/2
    result = (tap(odd, 1) + tap(even, 2)) * _CUBIC[0]
    result += (tap(even, 1) + tap(odd, 2)) * _CUBIC[1]
    result += (tap(odd, 0) + tap(even, 3)) * _CUBIC[2]
    result += (tap(even, 0) + tap(odd, 3)) * _CUBIC[3]
    return result
