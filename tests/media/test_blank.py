"""Whether a picture is one colour: told from its first rows where they can tell, and alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.media import inspection, is_blank

Pixels = npt.NDArray[np.uint8]


def of_all_rows(pixels: Pixels) -> bool:
    """The same question of the whole picture at once, as it was asked before."""
    blocks = inspection._blocks(pixels)
    spread = blocks.max(axis=(0, 1)) - blocks.min(axis=(0, 1))
    return bool((spread <= inspection.BLANK_RANGE).all())


@given(
    height=st.one_of(st.integers(1, 12), st.integers(60, 72), st.integers(124, 200)),
    width=st.integers(1, 20),
    seed=st.integers(0, 2**32 - 1),
    spread=st.integers(0, 12),
    mark=st.integers(0, 14),
)
def test_strips_tell_what_the_whole_tells(
    height: int, width: int, seed: int, spread: int, mark: int
) -> None:
    draw = np.random.default_rng(seed)
    pixels = (100 + draw.integers(0, spread + 1, (height, width, 3))).astype(np.uint8)
    row, column = int(draw.integers(height)), int(draw.integers(width))
    pixels[row : row + 4, column : column + 4, int(draw.integers(3))] += np.uint8(mark)
    assert is_blank(pixels) == of_all_rows(pixels)


@pytest.mark.parametrize("height", [1, 3, 4, 63, 64, 65, 67, 68, 127, 128, 131, 132, 200])
def test_a_mark_in_the_last_rows_is_seen(height: int) -> None:
    pixels = np.full((height, 8, 3), 30, np.uint8)
    assert is_blank(pixels)
    pixels[-1, :4] = 90
    assert not is_blank(pixels)
    assert not of_all_rows(pixels)


def test_two_strips_of_one_colour_each_are_not_one() -> None:
    pixels = np.full((256, 8, 3), 30, np.uint8)
    pixels[128:] += 5
    assert not is_blank(pixels)
    pixels[128:] -= 1
    assert is_blank(pixels)


def test_what_the_first_rows_tell_is_not_asked_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    blocks = inspection._blocks

    def noted(pixels: Pixels) -> npt.NDArray[np.float32]:
        looked.append(len(pixels))
        return blocks(pixels)

    monkeypatch.setattr(inspection, "_blocks", noted)
    pixels = np.tile(np.arange(0, 250, 5, dtype=np.uint8)[None, :, None], (2_000, 1, 3))
    assert not is_blank(pixels)
    assert looked == [64]
