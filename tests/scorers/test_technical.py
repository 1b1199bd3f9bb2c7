from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy import ndimage
from scoring_fakes import item, noise_picture

from qfloor.records import ScoreStatus
from qfloor.score.contract import check_rows
from qfloor.scorers import technical as t
from qfloor.scorers.protocol import Pixels
from qfloor.testing import check_scorer


def scene(height: int = 120, width: int = 160) -> Pixels:
    """Shapes on a gradient: edges, flat parts, colours."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x * 200 // width + 20, y * 200 // height + 20, 0 * x + 120], axis=2)
    picture[(x - 50) ** 2 + (y - 60) ** 2 < 900] = (220, 40, 40)
    picture[20:60, 90:140] = (40, 60, 200)
    return picture.astype(np.uint8)


def blurred(picture: Pixels, sigma: float) -> Pixels:
    smooth = ndimage.gaussian_filter(picture.astype(float), (sigma, sigma, 0))
    return np.rint(smooth).astype(np.uint8)


def noisy(picture: Pixels, sigma: float) -> Pixels:
    rng = np.random.default_rng(1)
    return np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def as_jpeg(picture: Pixels, quality: int) -> Pixels:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream).convert("RGB"))


FLAT = np.full((40, 40, 3), 90, np.uint8)


def test_sharpness_falls_with_blur() -> None:
    values = [t.sharpness(blurred(scene(), sigma)) for sigma in (0.1, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 3 * values[-1]
    assert t.sharpness(noise_picture(0)) > 0.8


def test_noise_is_the_standard_deviation() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    rng = np.random.default_rng(0)
    for sigma in (2.0, 8.0, 20.0):
        grain = rng.normal(0, sigma, (200, 200, 1))
        noisy_grey = np.clip(np.rint(grey + grain), 0, 255).astype(np.uint8)
        assert t.noise(noisy_grey) == pytest.approx(sigma, rel=0.05)
    assert t.noise(grey) == 0
    assert t.noise(noisy(scene(), 20)) > t.noise(scene())


def test_noise_never_exceeds_its_declared_range() -> None:
    y, x = np.mgrid[0:20, 0:20]
    worst = np.repeat((((x + y) % 2) * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    assert 400 < t.noise(worst) <= 533


def test_blockiness_sees_the_grid_of_a_jpeg() -> None:
    values = [t.blockiness(as_jpeg(noisy(scene(), 6), q)) for q in (95, 30, 5)]
    assert values == sorted(values)
    assert values[-1] > 1.5
    assert t.blockiness(FLAT) == 1


def test_exposure_and_clipping() -> None:
    black, white = np.zeros_like(FLAT), np.full_like(FLAT, 255)
    assert t.exposure(black) == pytest.approx(np.exp(-(0.5**2) / 0.08))
    assert t.exposure(np.full_like(FLAT, 128)) > 0.999
    half = np.concatenate([black, FLAT])
    assert (t.clipping(black), t.clipping(white), t.clipping(half)) == (1.0, 1.0, 0.5)


def test_colourfulness_of_grey_and_of_the_paper() -> None:
    assert t.colourfulness(FLAT) == 0
    red = np.zeros_like(FLAT)
    red[..., 0] = 255
    assert t.colourfulness(red) == pytest.approx(0.3 * np.hypot(255, 127.5))
    assert t.colourfulness(scene()) > t.colourfulness(scene() // 3 + 80)


def test_blankness() -> None:
    assert t.blankness(FLAT) == 1
    levels = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    assert t.blankness(levels) == pytest.approx(0)
    assert t.blankness(scene()) < 0.5


@pytest.mark.parametrize(
    ("shape", "reasons"),
    [((1, 1, 3), 3), ((2, 50, 3), 2), ((50, 2, 3), 2), ((3, 3, 3), 1)],
)
def test_tiny_pictures_have_reasons(shape: tuple[int, ...], reasons: int) -> None:
    rng = np.random.default_rng(0)
    (rows,) = t.TechnicalScorer().score([item(rng.integers(0, 256, shape, dtype=np.uint8))])
    without = [row for row in rows if row.value is None]
    assert len([row.reason for row in without]) == reasons
    assert all("too small" in r.reason or "no side" in r.reason for r in without if r.reason)
    assert {row.status for row in without} == {ScoreStatus.UNSCORED}, "as naturalness has it"


def test_a_flat_picture_fails_sharpness_only() -> None:
    (rows,) = t.TechnicalScorer().score([item(FLAT)])
    without = [row for row in rows if row.value is None]
    assert [row.metric for row in without] == ["technical.sharpness"]
    assert without[0].status is ScoreStatus.FAILED


@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3)),
        elements=st.sampled_from([0, 1, 7, 127, 254, 255]),
    )
)
def test_any_picture_keeps_the_contract(picture: Pixels) -> None:
    scorer = t.TechnicalScorer()
    check_rows("TechnicalScorer", scorer.metrics, 1, scorer.score([item(picture)]))


@pytest.mark.parametrize(
    "function", [t.sharpness, t.noise, t.blockiness, t.exposure, t.blankness, t.colourfulness]
)
def test_transposing_changes_nothing(function: Callable[[Pixels], float]) -> None:
    turned = np.ascontiguousarray(scene().transpose(1, 0, 2))
    assert function(turned) == pytest.approx(function(scene()), rel=1e-5)


def test_conforms() -> None:
    check_scorer(t.TechnicalScorer, [item(scene()), item(FLAT), item(noise_picture(3, 31, 17))])
