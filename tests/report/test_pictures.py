"""Pictures on the page: inside it, within its weight, and never what must not be shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qfloor import media
from qfloor.report import Picture, ReportContent, Strip
from qfloor.report.pictures import SIDES, _strip, shrunk

NOBODY = ReportContent(tables={"offers": ()}, written_at="", written_by="")


@pytest.fixture
def noisy(tmp_path: Path) -> list[Path]:
    """Pictures that no codec can make small."""
    rng = np.random.default_rng(0)
    files = []
    for n in range(6):
        pixels = rng.integers(0, 256, (300, 300, 3), dtype=np.uint8)
        files.append(tmp_path / f"{n}.png")
        files[-1].write_bytes(media.write_png(pixels))
    return files


def test_pictures_shrink_until_all_of_them_fit(noisy: list[Path]) -> None:
    whole, side = shrunk(noisy)
    assert side == SIDES[0]
    total = sum(map(len, whole.values()))
    small, less = shrunk(noisy, budget=total // 3)
    assert less < side
    assert len(small) == len(noisy)
    assert sum(map(len, small.values())) <= total // 3


def test_a_picture_that_is_shown_twice_counts_twice(noisy: list[Path]) -> None:
    once = sum(map(len, shrunk(noisy)[0].values()))
    assert shrunk([*noisy, *noisy], budget=once)[1] < SIDES[0]


def test_where_not_even_the_smallest_fit_the_first_are_kept(noisy: list[Path]) -> None:
    smallest = shrunk(noisy, budget=1)[0]
    assert smallest == {}
    one = len(shrunk(noisy[:1], budget=10**9)[0][noisy[0]])
    kept, side = shrunk(noisy, budget=one // 4)
    assert side == SIDES[-1]
    assert 0 < len(kept) <= len(noisy)
    assert sum(map(len, kept.values())) <= one // 4


def test_what_cannot_be_read_is_said_in_its_place(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    encoded, _ = shrunk([broken, tmp_path / "gone.png"])
    assert encoded == {}
    html = _strip(NOBODY, strip(file=broken), encoded, "strip")
    assert "no picture: the file is not at hand or cannot be read" in html


def test_an_outright_fail_has_no_number(tmp_path: Path) -> None:
    html = _strip(NOBODY, strip(value=None, why="refused"), {}, "strip")
    assert "fails outright" in html
    assert "no picture: refused" in html


def strip(*, value: float | None = 3.0, why: str = "", file: Path | None = None) -> Strip:
    picture = Picture(title="5th percentile", offer_id="shop/x", prompt='a "red" <mug>',
                      output_id="o", value=value, why=why, file=file, clip=False)  # fmt: skip
    return Strip(quality="by overall", category="portrait", modality="image", n=1,
                 pictures=(picture,))  # fmt: skip
