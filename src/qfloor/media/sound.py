"""The sound of a clip: its first audio stream decoded through PyAV, as floating point samples.

Samples are taken as the decoder gives them: neither resampled nor mixed, and gaps between frames
are not filled. Full scale is 1.0; lossy codecs may decode to more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qfloor.errors import MediaError
from qfloor.media.clips import opened_clip, said
from qfloor.media.pictures import read_media
from qfloor.media.sniff import LIMITS, Limits

Samples = npt.NDArray[np.float32]

MAX_VALUES = 2**26
"""Samples times channels that are decoded: 256 MiB, 11 minutes of stereo at 48 kHz."""

_USUAL = {1: ("FC",), 2: ("FL", "FR")}


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A clip's sound.

    ``samples`` is (n, channels), read-only, full scale at 1.0; ``rate`` is samples a second;
    ``channels`` names each as FFmpeg does (``FC`` alone is mono; ``FL``, ``FR`` are stereo;
    ``NONE`` is not known).
    """

    samples: Samples
    rate: int
    channels: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate


def load_audio(
    source: str | Path | bytes, *, limits: Limits = LIMITS, max_values: int = MAX_VALUES
) -> Sound | None:
    """Decode the first audio stream of a clip.

    Parameters
    ----------
    source : str, Path or bytes
        A file or its content.
    limits : Limits
        Above which the file is refused unread.
    max_values : int, default `MAX_VALUES`
        Samples times channels above which the sound is refused.

    Returns
    -------
    Sound or None
        None when there is no audio stream, or one without a single sample.

    Raises
    ------
    MediaError
        When it is missing, no clip, too long, cannot be decoded to its end, or changes its rate
        or channels on the way.
    """
    content = read_media(source, limits)
    name = "the clip" if isinstance(source, bytes) else str(source)
    with opened_clip(content, name) as container:
        if not container.streams.audio:
            return None
        return _decoded(container, name, max_values)


def _decoded(container: Any, name: str, max_values: int) -> Sound | None:
    import av

    pieces: list[Samples] = []
    form: tuple[int, tuple[str, ...]] | None = None
    values = 0
    try:
        for frame in container.decode(container.streams.audio[0]):
            found = (int(frame.sample_rate), _names(frame.layout))
            form = form or found
            if found != form:
                raise MediaError(f"the sound of {name} changes its rate or channels on the way")
            values += frame.samples * len(found[1])
            if values > max_values:
                raise MediaError(
                    f"the sound of {name} has more than {max_values} values "
                    f"({max_values / len(found[1]) / found[0]:.0f} s); cut the clip"
                )
            pieces.append(_floats(frame))
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise MediaError(f"the sound of {name} cannot be decoded: {said(error)}") from error
    if form is None or not values:
        return None
    samples = np.concatenate(pieces)
    if not np.isfinite(samples).all():
        raise MediaError(f"the sound of {name} cannot be decoded: it holds numbers not finite")
    samples.setflags(write=False)
    return Sound(samples=samples, rate=form[0], channels=form[1])


def _names(layout: Any) -> tuple[str, ...]:
    """Channel names; where a file leaves them out, one channel is mono and two are stereo."""
    names = tuple(str(channel.name) for channel in layout.channels)
    return _USUAL.get(len(names), names) if set(names) == {"NONE"} else names


def _floats(frame: Any) -> Samples:
    """Samples of a decoded frame as (n, channels), integers scaled by their lowest value."""
    raw = frame.to_ndarray()
    shaped = raw.T if frame.format.is_planar else raw.reshape(frame.samples, -1)
    if shaped.dtype == np.uint8:
        shaped = (shaped.astype(np.float32) - 128) / 128
    elif np.issubdtype(shaped.dtype, np.integer):
        shaped = shaped / -float(np.iinfo(shaped.dtype).min)
    return np.ascontiguousarray(shaped, dtype=np.float32)
