from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qfloor.scorers.protocol import EMBEDDED_FRAMES, evenly_spaced


@given(st.integers(1, 500), st.integers(1, 40))
def test_evenly_spaced_is_sorted_distinct_and_symmetric(frames: int, wanted: int) -> None:
    indices = evenly_spaced(frames, wanted)
    assert len(indices) == min(frames, wanted)
    assert indices == sorted(set(indices))
    assert indices[0] >= 0
    assert indices[-1] < frames
    gaps = {b - a for a, b in pairwise(indices)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_all_frames_of_a_short_clip() -> None:
    assert evenly_spaced(EMBEDDED_FRAMES) == list(range(EMBEDDED_FRAMES))
