"""A clip too large to be held is decoded once, and all who need its frames look on.

Scorers that can be shown frames (`qfloor.scorers.protocol.WatchesFrames`) are, side by side; the
frames that are embedded are picked out on the way. Any other scorer walks through the clip
itself, and so does one whose watch failed: what it then says is said in its own rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from qfloor.media import ClipFrames, OtherFramesError
from qfloor.score.inputs import Decoded
from qfloor.scorers.protocol import FrameWatch, Pixels, Scorer, WatchesFrames

Turns = Sequence[AbstractContextManager[object]]
"""What to hold while calling each scorer, by index."""


def shown(
    decoded: Decoded, scorers: Mapping[int, Scorer], turns: Turns
) -> tuple[Decoded, dict[int, FrameWatch]]:
    """Show a streamed clip to all scorers that can watch: one walk, however many they are.

    Parameters
    ----------
    decoded : Decoded
        A clip that may go by its file's promise; frames that are used singly are kept by the way.
    scorers : mapping of int to Scorer
        Those that the clip owes rows, by index.
    turns : sequence

    Returns
    -------
    (Decoded, dict of int to FrameWatch)
        The clip with the times its frames have, and the watch of each scorer that has seen every
        frame: none for what is held in memory anyway.

    Raises
    ------
    MediaError
        When the clip cannot be decoded to its end.
    """
    if not (isinstance(decoded.frames, ClipFrames) and not decoded.frames.is_held):
        return decoded, {}
    try:
        return decoded, _walked(decoded, scorers, turns)
    except OtherFramesError as error:  # a second walk, by what the first one found
        frames = decoded.frames.at_times(error.times)
        decoded = replace(decoded, frames=frames, timestamps=error.times)
        return decoded, _walked(decoded, scorers, turns)


def _walked(decoded: Decoded, scorers: Mapping[int, Scorer], turns: Turns) -> dict[int, FrameWatch]:
    watches: dict[int, FrameWatch] = {}
    for index, scorer in scorers.items():
        if isinstance(scorer, WatchesFrames):
            with contextlib.suppress(Exception, SystemExit), turns[index]:
                watches[index] = scorer.watch(tuple(decoded.times))
    for frame in decoded.walk():
        _show(frame, watches, turns)
    return watches


def _show(frame: Pixels, watches: dict[int, FrameWatch], turns: Turns) -> None:
    for index, watch in list(watches.items()):
        try:
            with turns[index]:
                watch.see(frame)
        except (Exception, SystemExit):
            del watches[index]
