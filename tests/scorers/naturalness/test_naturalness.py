"""BRISQUE and NIQE: against the published values, a plain reference, and what must hold."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import naturalness_reference as reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy import ndimage
from scoring_fakes import item, noise_picture

from qfloor.media import load_pixels
from qfloor.plugins import build_scorer
from qfloor.records import PluginSpec, ScoreStatus
from qfloor.score.contract import check_rows
from qfloor.scorers.naturalness import NaturalnessScorer, fits, scorer
from qfloor.scorers.naturalness import brisque as brisque_statistics
from qfloor.scorers.naturalness import niqe as niqe_statistics
from qfloor.scorers.naturalness.filters import Plane, halved, normalised, rounded_luma
from qfloor.scorers.naturalness.parameters import brisque_model, niqe_model
from qfloor.scorers.protocol import Pixels, Row
from qfloor.testing import check_scorer

CALIBRATION = Path(__file__).resolve().parents[4] / "shared" / "data" / "iqa_calibration"
needs_calibration = pytest.mark.skipif(
    not CALIBRATION.is_dir(), reason="the calibration pictures are not on this machine"
)

# name -> official BRISQUE and NIQE, and how far ours may be: what rounding in windows of one
# grey level moves them by (docs/decisions). I04 has no such window.
OFFICIAL = {
    "I03": ((94.6421, 0.002), (15.7536293917814, 0.008)),
    "I04": ((-0.107618, 1e-6), (3.65492152353770, 1e-12)),
    "I06": ((0.992889, 0.002), (3.23547743716998, 0.0012)),
    "I08": ((5.35827, 0.55), (3.18403333858339, 0.018)),
    "I19": ((72.2617, 2.2), (8.63519663862637, 0.031)),
}
# The signs that rounding left by grey level, found by trying all: the official values follow.
ROUNDING = {
    "I06": {248: -1, 249: 0},
    "I08": {74: -1, 85: 0, 87: -1, 103: 0, 140: -1, 162: -1},
}


def scene(height: int = 240, width: int = 300, seed: int = 0, grain: float = 3.0) -> Pixels:
    """Soft shapes with grain: something like a photograph's statistics."""
    rng = np.random.default_rng(seed)
    soft = ndimage.gaussian_filter(rng.normal(size=(height, width, 3)), (3, 3, 0)) * 500 + 128
    return np.clip(soft + rng.normal(0, grain, soft.shape), 0, 255).astype(np.uint8)


def calibration_luma(name: str) -> Plane:
    return rounded_luma(load_pixels(CALIBRATION / "dist_dir" / f"{name}.bmp"))


def rows_of(picture: Pixels) -> dict[str, Row]:
    (rows,) = NaturalnessScorer().score([item(picture)])
    return {row.metric.partition(".")[2]: row for row in rows}


@needs_calibration
@pytest.mark.parametrize("name", OFFICIAL)
def test_the_published_values(name: str) -> None:
    y = calibration_luma(name)
    (brisque, brisque_off), (niqe, niqe_off) = OFFICIAL[name]
    assert scorer.brisque(y) == pytest.approx(brisque, abs=brisque_off)
    assert scorer.niqe(y) == pytest.approx(niqe, abs=niqe_off)


@needs_calibration
@pytest.mark.parametrize("name", ROUNDING)
def test_the_gap_is_rounding_in_flat_windows(name: str) -> None:
    """With the signs MATLAB's filter left in flat windows the published digits come out."""
    y = calibration_luma(name)
    (brisque, _), (niqe, _) = OFFICIAL[name]
    found = reference.brisque(y, brisque_model(), ROUNDING[name])
    assert found == pytest.approx(brisque, abs=2e-6)
    assert reference.niqe(y, niqe_model(), ROUNDING[name]) == pytest.approx(niqe, abs=1e-11)


@pytest.mark.parametrize("shape", [(240, 300), (193, 289), (97, 211), (192, 96)])
def test_equals_the_plain_reference(shape: tuple[int, int]) -> None:
    y = rounded_luma(scene(*shape))
    assert np.array_equal(y, reference.luma(scene(*shape)))
    found = brisque_statistics.features(y)
    np.testing.assert_allclose(found, reference.brisque_features(y), rtol=1e-9, atol=1e-12)
    assert scorer.brisque(y) == pytest.approx(reference.brisque(y, brisque_model()), abs=1e-9)
    of_patches = niqe_statistics.features(y)
    np.testing.assert_allclose(of_patches, reference.niqe_features(y), rtol=1e-9, atol=1e-12)
    assert scorer.niqe(y) == pytest.approx(reference.niqe(y, niqe_model()), abs=1e-9)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_filters_equal_the_plain_reference(levels: np.ndarray) -> None:
    y = levels.astype(np.float64)
    np.testing.assert_allclose(halved(y), reference.halved(y), atol=1e-9)
    for border, mode in (("constant", "constant"), ("edge", "nearest")):
        wanted = reference.normalised(y, mode)
        np.testing.assert_allclose(normalised(y, border), wanted, atol=1e-6)


@given(st.lists(st.integers(-40, 40), min_size=2, max_size=60))
def test_fits_equal_the_plain_reference(values: list[int]) -> None:
    coefficients = np.array(values) / 16
    shape, left, right = fits.asymmetric(fits.sums(coefficients))
    if coefficients.min() < 0 < coefficients.max():
        wanted = reference.asymmetric_fit(coefficients)
        assert (float(shape), left, right) == pytest.approx(wanted, abs=1.1e-3)
    else:
        assert math.isnan(shape)
    if coefficients.any():
        shape, variance = fits.symmetric(fits.sums(coefficients))
        wanted = reference.symmetric_fit(coefficients)
        assert (float(shape), variance) == pytest.approx(wanted, abs=1.1e-3)


def test_fits_recover_a_gaussian_and_a_laplacian() -> None:
    rng = np.random.default_rng(0)
    shape, variance = fits.symmetric(fits.sums(rng.normal(0, 2, 200_000)))
    assert (float(shape), float(variance)) == pytest.approx((2, 4), rel=0.02)
    shape, left, right = fits.asymmetric(fits.sums(rng.laplace(size=200_000)))
    assert float(shape) == pytest.approx(1, rel=0.02)
    assert float(left) == pytest.approx(float(right), rel=0.02)


def test_parts_add_up() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    whole, parts = fits.sums(values), fits.added([fits.sums(values[:300]), fits.sums(values[300:])])
    assert parts.count == whole.count
    np.testing.assert_allclose(fits.asymmetric(parts), fits.asymmetric(whole), rtol=1e-12)


def test_a_flat_window_leaves_no_sign() -> None:
    y = np.full((30, 30), 103.0)
    y[:, 20:] = 7.0
    coefficients = normalised(y, "edge")
    assert not coefficients[:, :17].any()
    assert coefficients[:, 18:20].all()


@needs_calibration
def test_distortions_are_seen() -> None:
    clean = load_pixels(CALIBRATION / "dist_dir" / "I04.bmp")
    blurred = np.rint(ndimage.gaussian_filter(clean.astype(float), (2, 2, 0))).astype(np.uint8)
    grain = np.random.default_rng(0).normal(0, 25, clean.shape)
    grainy = np.clip(np.rint(clean + grain), 0, 255).astype(np.uint8)
    for name, clear in (("brisque", 30), ("niqe", 2)):
        best = rows_of(clean)[name].value
        assert best is not None
        assert all((rows_of(worse)[name].value or 0) > best + clear for worse in (blurred, grainy))


@pytest.mark.parametrize(
    ("picture", "brisque", "niqe"),
    [
        (np.full((300, 300, 3), 255, np.uint8), "failed", "failed"),
        (np.zeros((1, 1, 3), np.uint8), "failed", "failed"),
        (noise_picture(0, 13, 200), "unscored", "unscored"),
        (noise_picture(0, 14, 14), "scored", "unscored"),
        (noise_picture(0, 1, 500), "unscored", "unscored"),
        (noise_picture(0, 100, 191), "scored", "unscored"),
        (noise_picture(0, 96, 192), "scored", "scored"),
    ],
)
def test_flat_and_small_pictures_have_reasons(picture: Pixels, brisque: str, niqe: str) -> None:
    rows = rows_of(picture)
    assert (rows["brisque"].status.value, rows["niqe"].status.value) == (brisque, niqe)
    for row in rows.values():
        assert (row.value is None) == bool(row.reason)


def test_patches_without_texture_are_left_out_of_niqe() -> None:
    picture = np.full((384, 384, 3), 255, np.uint8)
    picture[96:288, 96:288] = scene(192, 192)
    row = rows_of(picture)["niqe"]
    assert row.status is ScoreStatus.SCORED
    white = np.full((288, 288, 3), 255, np.uint8)
    white[150, 150] = 0
    assert rows_of(white)["niqe"].status is not ScoreStatus.SCORED
    one = np.full((288, 288, 3), 255, np.uint8)
    one[100:180, 100:180] = scene(80, 80)
    row = rows_of(one)["niqe"]
    assert (row.status, row.reason) == (
        ScoreStatus.UNSCORED,
        "only 1 of 9 patches of 96 x 96 has texture and the spread takes two",
    )


@settings(deadline=None, max_examples=40)
@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)),
        elements=st.sampled_from([0, 1, 127, 254, 255]),
    ),
    st.integers(1, 5),
)
def test_any_picture_keeps_the_contract(picture: Pixels, times: int) -> None:
    grown = np.repeat(np.repeat(picture, times, axis=0), 6, axis=1)
    found = NaturalnessScorer()
    check_rows("NaturalnessScorer", found.metrics, 1, found.score([item(grown)]))


def test_threads_do_not_meet() -> None:
    items = [item(scene(200, 210, seed)) for seed in range(6)]
    found = NaturalnessScorer()
    alone = [found.score([one]) for one in items]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: found.score([one]), items)) == alone


def test_what_the_metrics_say_of_themselves() -> None:
    built = build_scorer(PluginSpec(name="naturalness"))
    by_name = {metric.name: metric for metric in built.metrics}
    assert set(by_name) == {"naturalness.brisque", "naturalness.niqe"}
    for metric in by_name.values():
        assert (metric.direction, metric.hi) == ("lower", None)
        assert metric.definition["clips"] == "middle frame"
        assert len(metric.definition["weights_sha256"]) == 64
        assert metric.weights[0].licence
        # each release has a notice of its own; one's readme says nothing of the other's table
        release = "utlive/" + metric.name.partition(".")[2]
        assert release in str(metric.weights[0].source).lower()
    assert by_name["naturalness.niqe"].lo == 0
    assert by_name["naturalness.brisque"].lo is None


def test_bundled_parameters_have_the_published_sizes() -> None:
    model = brisque_model()
    assert model.vectors.shape == (774, 36)
    assert np.abs(model.weights).max() == 1024
    assert model.weights.sum() == pytest.approx(0, abs=1e-6)  # an SVR's coefficients cancel
    pristine = niqe_model()
    assert np.allclose(pristine.covariance, pristine.covariance.T)
    assert np.linalg.eigvalsh(pristine.covariance).min() > -1e-12


def test_conforms() -> None:
    flat = np.full((200, 200, 3), 90, np.uint8)
    check_scorer(
        NaturalnessScorer, [item(scene()), item(flat), item(noise_picture(1)), item(scene(200, 97))]
    )


@needs_calibration
def test_a_lossless_file_scores_as_its_pixels(tmp_path: Path) -> None:
    picture = load_pixels(CALIBRATION / "dist_dir" / "I04.bmp")
    Image.fromarray(picture).save(tmp_path / "same.png")
    again = rows_of(load_pixels(tmp_path / "same.png"))
    assert again == rows_of(picture)
