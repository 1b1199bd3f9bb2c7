"""`ClipFrames`: all frames of a clip as a sequence that need not be in memory.

Ten seconds of 1080p30 are 1.9 GB of pixels in a file of a few MB. A short clip is held decoded;
a longer one is decoded again from the file's bytes whenever it is walked through, so a reader
holds only the frames it keeps. Either way the pixels are the same to the bit.

To know how many frames there are and when each appears, a file is decoded once to its end before
anything else; with ``trusting`` a long clip's own word is taken for it, and checked in the first
walk (`ClipFrames.checked`).

It knows no seeking: a frame is reached by decoding all before it, because what a container says
of its key frames is not always true. Ask for several frames at once (`ClipFrames.at`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload

from qfloor.errors import MediaError
from qfloor.media.clips import (
    Pixels,
    decoded_frames,
    frame_rate,
    frame_time,
    promised_frames,
    upright,
)
from qfloor.media.pictures import read_media
from qfloor.media.sniff import LIMITS, Limits

HELD_BYTES = 128 * 1024 * 1024
"""A clip whose frames together are at most this large, decoded, is held in memory."""


class OtherFramesError(MediaError):
    """A clip has other frames, or at other times, than its file promised; ``times`` are right."""

    def __init__(self, message: str, times: Sequence[float]) -> None:
        super().__init__(message)
        self.times = tuple(times)


class ClipFrames(Sequence[Pixels]):
    """The frames of one clip, upright RGB, read-only, in order of presentation.

    Made by `stream_clip`. Safe to be walked through from several threads at once: each walk has
    its own decoder.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        How messages name it.
    fps : float
        Frames a second as the container declares them.
    timestamps : sequence of float
        When each frame appears, in seconds.
    held : sequence of Pixels, optional
        The decoded frames, if they are few enough to be kept.
    """

    def __init__(
        self,
        content: bytes,
        name: str,
        fps: float,
        timestamps: Sequence[float],
        held: Sequence[Pixels] | None = None,
    ) -> None:
        self._content = content
        self._name = name
        self._held = held
        self.fps = fps
        self.timestamps = tuple(timestamps)

    @property
    def is_held(self) -> bool:
        """Whether the decoded frames are in memory."""
        return self._held is not None

    def __len__(self) -> int:
        return len(self.timestamps)

    def checked(self, limits: Limits = LIMITS) -> Iterator[Pixels]:
        """Walk through all frames, holding the file to its word.

        Raises
        ------
        OtherFramesError
            After the last frame, when the times are not those of the frames.
        MediaError
            When it cannot be decoded to its end, or is beyond the limits.
        """
        if self._held is not None:
            yield from self._held
            return
        times: list[float] = []
        for frame in decoded_frames(self._content, self._name, limits):
            times.append(frame_time(frame, len(times), self.fps))
            yield _read_only(upright(frame))
        if not times:
            raise MediaError(f"{self._name} has no frames")
        if tuple(times) != self.timestamps:
            raise OtherFramesError(f"{self._name} has other frames than its file promises", times)

    def at_times(self, times: Sequence[float]) -> ClipFrames:
        """Return the same clip with its frames at other times."""
        return ClipFrames(self._content, self._name, self.fps, times, self._held)

    def __iter__(self) -> Iterator[Pixels]:
        if self._held is not None:
            yield from self._held
            return
        for frame in decoded_frames(self._content, self._name):
            yield _read_only(upright(frame))

    @overload
    def __getitem__(self, index: int) -> Pixels: ...

    @overload
    def __getitem__(self, index: slice) -> list[Pixels]: ...

    def __getitem__(self, index: int | slice) -> Pixels | list[Pixels]:
        if isinstance(index, slice):
            return self.at(range(*index.indices(len(self))))
        return self.at([index])[0]

    def at(self, indices: Iterable[int]) -> list[Pixels]:
        """Return several frames, in the order asked for, from one walk through the clip.

        Raises
        ------
        IndexError
            When there is no such frame.
        MediaError
            When the file can no longer be decoded up to it.
        """
        asked = [range(len(self))[index] for index in indices]
        if self._held is not None:
            return [self._held[index] for index in asked]
        wanted, last = set(asked), max(asked, default=-1)
        found: dict[int, Pixels] = {}
        if wanted:
            for index, frame in enumerate(decoded_frames(self._content, self._name)):
                if index in wanted:
                    found[index] = _read_only(upright(frame))
                if index == last:
                    break
        if len(found) < len(wanted):
            raise MediaError(f"{self._name} cannot be decoded a second time up to frame {last}")
        return [found[index] for index in asked]


def stream_clip(
    source: str | Path | bytes,
    *,
    held_bytes: int = HELD_BYTES,
    limits: Limits = LIMITS,
    trusting: bool = False,
) -> ClipFrames:
    """Decode a clip once to its end, and keep its pixels only if they are few.

    Parameters
    ----------
    source : str, Path or bytes
        A file or its content.
    held_bytes : int, default 128 MiB
        Decoded frames are kept as long as they are not larger than this together.
    limits : Limits
        Above which the clip is refused.
    trusting : bool, default False
        Whether the times of a long clip may be what its file promises. Nothing is decoded then,
        and no fault is found before `ClipFrames.checked` has walked through it.

    Returns
    -------
    ClipFrames

    Raises
    ------
    MediaError
        When it is missing, no clip, cannot be decoded, has no frames or too many.
    """
    content = read_media(source, limits)
    name = "the clip" if isinstance(source, bytes) else str(source)
    fps = frame_rate(content, name)
    promised = promised_frames(content, name) if trusting else None
    if promised is not None and 3 * promised[1] * len(promised[0]) > held_bytes:
        return ClipFrames(content, name, fps, promised[0])
    timestamps: list[float] = []
    held: list[Pixels] | None = []
    room = held_bytes
    for frame in decoded_frames(content, name, limits):
        timestamps.append(frame_time(frame, len(timestamps), fps))
        room -= frame.width * frame.height * 3
        if room < 0:
            held = None
        elif held is not None:
            held.append(_read_only(upright(frame)))
    if not timestamps:
        raise MediaError(f"{name} has no frames")
    return ClipFrames(content, name, fps, timestamps, held)


def _read_only(pixels: Pixels) -> Pixels:
    pixels.setflags(write=False)
    return pixels
