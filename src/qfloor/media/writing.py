"""Write pixels as files: a PNG, or a WebM clip (VP9).

The same pixels give the same bytes: one encoder thread, no time stamps, no random ids.
"""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
_VP9 = {"deadline": "realtime", "cpu-used": "8", "b": "0"}


def write_png(pixels: Pixels) -> bytes:
    """Write a PNG, fast rather than small.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def write_webm(
    frames: Iterable[Pixels], width: int, height: int, fps: int, *, crf: int = 22
) -> bytes:
    """Write a WebM clip in VP9, 8 bits, 4:2:0.

    Parameters
    ----------
    frames : iterable of ndarray of uint8, shape (height, width, 3)
    width, height : int
        Even numbers of pixels.
    fps : int
        Frames per second.
    crf : int, default 22
        0 (lossless) to 63; below 10 nobody sees it.
    """
    import av  # who writes no clip need not load it

    buffer = io.BytesIO()
    options = {**_VP9, "crf": str(crf)}
    with av.open(buffer, "w", format="webm", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libvpx-vp9", rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()
