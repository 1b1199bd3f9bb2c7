"""Dense optical flow between two frames, at one working size, by OpenCV's DIS.

DIS (dense inverse search) comes with OpenCV (Apache-2.0) and needs no weights. It is not RAFT:
what is computed from it has names and identities of its own.

References
----------
Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import numpy.typing as npt

from qfloor.errors import PluginError
from qfloor.scorers.protocol import Pixels

Flow = npt.NDArray[np.float32]
"""(height, width, 2): where each pixel goes, right and down, in pixels of the working size."""

Grey = npt.NDArray[np.uint8]

FLOW_SIDE = 256
TOP_SHARE = 0.05
_SMALLEST_SIDE = 16
_LARGEST_ASPECT = 16  # OpenCV's DIS crashes the process on long and flat pictures

FLOW_DEFINITION: dict[str, Any] = {
    "flow": "OpenCV DIS, preset medium",
    "size": f"short side {FLOW_SIDE} px, area when smaller, linear when larger",
    "grey": "OpenCV RGB to grey, 8 bits",
}
_PACKAGES = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)


def opencv_version() -> str:
    """Return ``major.minor.patch`` of the installed OpenCV, without importing it.

    Raises
    ------
    PluginError
        When there is none.
    """
    for package in _PACKAGES:
        try:
            return ".".join(version(package).split(".")[:3])
        except PackageNotFoundError:
            continue
    raise PluginError(
        "optical flow needs OpenCV, which is not installed; pip install 'qfloor[video]'"
    )


def flow_fault(frame: Pixels) -> str | None:
    """Return why there can be no flow between frames of this size, or None."""
    height, width = frame.shape[:2]
    if min(height, width) < _SMALLEST_SIDE:
        return f"frames of {width} x {height} are too small for optical flow ({_SMALLEST_SIDE} px)"
    if max(height, width) > _LARGEST_ASPECT * min(height, width):
        return f"frames of {width} x {height} are too narrow for optical flow (1:{_LARGEST_ASPECT})"
    return None


def working_size(frame: Pixels) -> Pixels:
    """Return the frame with a short side of 256 pixels."""
    cv2 = _cv2()
    height, width = frame.shape[:2]
    scale = FLOW_SIDE / min(height, width)
    size = (max(FLOW_SIDE, round(width * scale)), max(FLOW_SIDE, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, size, interpolation=how), dtype=np.uint8)


def grey(frame: Pixels) -> Grey:
    """Return the frame in 8-bit grey."""
    cv2 = _cv2()
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


class DenseFlow:
    """OpenCV's DIS with its buffers: one for each thread.

    The number of OpenCV's threads does not change the result (tested).
    """

    def __init__(self) -> None:
        cv2 = _cv2()
        self._dis: Any = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def between(self, before: Grey, after: Grey) -> Flow:
        """Return the flow from one picture to the other; exactly 0 between equal ones."""
        return np.asarray(self._dis.calc(before, after, None), dtype=np.float32)


def top_magnitude(flow: Flow) -> float:
    """Return the mean of the largest 5% of the flow's lengths, as a share of the short side.

    At least one pixel is taken. 6/256 = 0.0234 is VBench's threshold of a moving pair.
    """
    lengths: npt.NDArray[np.float32] = np.hypot(flow[..., 0], flow[..., 1]).ravel()
    top = max(1, int(TOP_SHARE * lengths.size))
    largest = np.partition(lengths, -top)[-top:]
    return float(largest.mean(dtype=np.float64)) / int(min(flow.shape[:2]))


def between_frames(
    before: Pixels, after: Pixels, there: Flow, back: Flow, moment: float = 0.5
) -> npt.NDArray[np.float32]:
    """Interpolate a frame: both neighbours warped towards it along the flow, and their mean.

    Parameters
    ----------
    before, after : Pixels
        The neighbours, at the working size.
    there, back : Flow
        From ``before`` to ``after`` and the other way.
    moment : float, default 0.5
        When the frame is, from 0 (``before``) to 1 (``after``).

    Returns
    -------
    array of float32
        (height, width, 3), 0-255, not rounded. Exactly the neighbours where they are equal.
    """
    mean = _warped(before, there * -moment) + _warped(after, back * (moment - 1.0))
    return np.asarray(mean / 2, dtype=np.float32)


def likeness(expected: npt.NDArray[np.float32], found: Pixels) -> float:
    """Return (255 - MAE) / 255 of an interpolated and a real frame. In [0, 1]."""
    apart = np.abs(expected - found.astype(np.float32))
    return (255.0 - float(apart.mean(dtype=np.float64))) / 255.0


def _warped(frame: Pixels, shift: Flow) -> npt.NDArray[np.float32]:
    """The frame's colours fetched at x + shift(x), bilinear, edges repeated."""
    cv2 = _cv2()
    height, width = frame.shape[:2]
    down, right = np.mgrid[0:height, 0:width].astype(np.float32)
    fetched = cv2.remap(
        frame.astype(np.float32),
        right + shift[..., 0],
        down + shift[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(fetched, dtype=np.float32)


def _cv2() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise PluginError(
            f"optical flow needs OpenCV, which cannot be imported: {error}; "
            f"pip install 'qfloor[video]'"
        ) from error
    return cv2
