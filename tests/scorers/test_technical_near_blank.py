from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw
from scoring_fakes import item, noise_picture

from qfloor.media import load_pixels
from qfloor.scorers.protocol import Pixels
from qfloor.scorers.technical import TechnicalScorer, blankness, luma, near_blank

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SIDE = 512
Y, X = np.mgrid[0:SIDE, 0:SIDE].astype(float)
RNG = np.random.default_rng(0)


def grey(values: npt.NDArray[np.float64]) -> Pixels:
    levels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=2)


def disc(radius: float, level: float, ground: float = 255.0) -> Pixels:
    return grey(np.where(radius**2 > (X - 200) ** 2 + (Y - 300) ** 2, level, ground))


def text(size: int) -> Pixels:
    image = Image.new("RGB", (SIDE, SIDE), "white")
    ImageDraw.Draw(image).text((60, 200), "Opening hours", fill="black", font_size=size)
    return np.asarray(image)


NEAR_BLANK = {
    "white": grey(np.full((SIDE, SIDE), 255.0)),
    "black": grey(np.zeros((SIDE, SIDE))),
    "noise of 250 to 255": grey(RNG.integers(250, 256, (SIDE, SIDE)).astype(float)),
    "grain of 5 on grey": grey(128 + RNG.normal(0, 5, (SIDE, SIDE))),
    "a dot": disc(4, 0),
    "a dot on grain": grey(disc(4, 0)[..., 0] + RNG.normal(0, 3, (SIDE, SIDE)) - 10),
    "a faint gradient": grey(240 + 15 * X / SIDE),
    "a faint shade in the middle": disc(150, 249),
}
NOT_BLANK = {
    "a product on white": disc(120, 90),
    "a small product on white": disc(20, 90),  # 0.5% of the area
    "a pale product on white": disc(120, 242),
    "a coloured product as light as its ground": None,
    "grain of 25": grey(128 + RNG.normal(0, 25, (SIDE, SIDE))),
    "television static": noise_picture(0, SIDE, SIDE),
    "a sky": grey(120 + 100 * Y / SIDE),
    "lettering": text(40),
    "stripes": grey(127 + 100 * (X % 2)),
}


def coloured() -> Pixels:
    """Red and green of equal luma: grey statistics see nothing."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[:] = (0, 51, 0)
    picture[100:300, 100:300] = (100, 0, 0)
    return picture


NOT_BLANK["a coloured product as light as its ground"] = coloured()


@pytest.mark.parametrize("name", NEAR_BLANK)
def test_what_is_near_blank(name: str) -> None:
    assert near_blank(NEAR_BLANK[name]) == 1


@pytest.mark.parametrize("name", NOT_BLANK)
def test_what_is_not(name: str) -> None:
    picture = NOT_BLANK[name]
    assert picture is not None
    assert near_blank(picture) == 0


def test_entropy_alone_would_have_them_the_wrong_way_round() -> None:
    assert blankness(NOT_BLANK["a product on white"]) > blankness(NEAR_BLANK["a faint gradient"])


def test_what_it_cannot_tell() -> None:
    """Said in its docstring: what touches five cells at most, and white on nearly white."""
    assert near_blank(disc(7, 0)) == 1
    assert near_blank(disc(12, 0)) == 0
    assert near_blank(disc(120, 248)) == 1


@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, lambda p: p.transpose(1, 0, 2)])
def test_turning_changes_nothing(turn: Callable[[Pixels], Pixels]) -> None:
    for picture in (*NEAR_BLANK.values(), *NOT_BLANK.values()):
        assert picture is not None
        turned = np.ascontiguousarray(turn(picture))
        assert near_blank(turned) == near_blank(picture)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 3), (31, 33), (33, 500)])
def test_any_size_has_an_answer(shape: tuple[int, int]) -> None:
    noise = noise_picture(0, *shape)
    assert near_blank(noise) == (1 if shape == (1, 1) else 0)
    assert near_blank(np.full_like(noise, 77)) == 1
    assert near_blank(noise, luma(noise)) == near_blank(noise)


def test_it_is_a_boolean_metric() -> None:
    metric = TechnicalScorer().metrics[-1]
    assert (metric.name, metric.boolean, metric.direction) == (
        "technical.near_blank",
        True,
        "lower",
    )
    (rows,) = TechnicalScorer().score([item(NEAR_BLANK["white"])])
    assert rows[-1].value == 1


@pytest.mark.skipif(not SHARED.is_dir(), reason="the golden pictures are not on this machine")
def test_no_real_picture_is_near_blank() -> None:
    files = [
        path
        for folder in ("iqa_calibration", "imagereward", "generated_images_t2v_metrics")
        for path in sorted(SHARED.glob(f"{folder}/**/*"))
        if path.suffix in (".bmp", ".webp", ".png", ".jpg", ".jpeg")
    ]
    assert len(files) > 10
    assert [path.name for path in files if near_blank(load_pixels(path))] == []
