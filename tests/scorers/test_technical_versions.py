"""The seven measures keep their identities, and with them their values to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import technical_reference as reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scoring_fakes import item, noise_picture

from qfloor.media import load_pixels
from qfloor.scorers import technical
from qfloor.scorers.protocol import Pixels
from qfloor.scorers.technical import TechnicalScorer

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
IDENTITIES = {
    "technical.sharpness": "6022edd829ea3155",
    "technical.exposure": "9a255be7cef33829",
    "technical.clipping": "5600c4895ba5c9d2",
    "technical.noise": "94d0c2696a328b56",
    "technical.blockiness": "bc973780312f02ad",
    "technical.colourfulness": "e24d7b02aa497997",
    "technical.blankness": "dbbf3199fa418325",
}
NAMES = [name.partition(".")[2] for name in IDENTITIES]


def test_identities_are_those_of_stored_scores() -> None:
    assert {m.name: m.identity for m in TechnicalScorer().metrics[:7]} == IDENTITIES
    assert [m.name for m in TechnicalScorer().metrics[7:]] == ["technical.near_blank"]


def value(module: object, name: str, picture: Pixels) -> float | str:
    try:
        return float(getattr(module, name)(picture))
    except technical.Unmeasurable as finding:
        return f"{finding.status}: {finding}"


def assert_same_bits(picture: Pixels) -> None:
    wanted = {name: value(reference, name, picture) for name in NAMES}
    assert {name: value(technical, name, picture) for name in NAMES} == wanted
    (rows,) = TechnicalScorer().score([item(picture)])
    found = {row.metric.partition(".")[2]: row for row in rows}
    for name, number in wanted.items():
        row = found[name]
        assert (f"{row.status}: {row.reason}" if row.value is None else row.value) == number


@pytest.mark.parametrize(
    "shape",
    [
        *[(1, 1), (1, 300), (300, 1), (2, 9), (3, 3), (8, 8), (9, 9), (64, 8), (17, 64)],
        *[(31, 33), (100, 257), (333, 512), (719, 641)],
    ],
)
def test_same_bits_on_random_pictures(shape: tuple[int, int]) -> None:
    picture = noise_picture(sum(shape), *shape)
    assert_same_bits(picture)
    assert_same_bits(np.cumsum(picture // 16, axis=0, dtype=np.uint8))
    assert_same_bits(np.full_like(picture, 255))


@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)),
        elements=st.sampled_from([0, 1, 2, 127, 253, 255]),
    )
)
def test_same_bits_on_edge_cases(picture: Pixels) -> None:
    assert_same_bits(picture)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the golden pictures are not on this machine")
@pytest.mark.parametrize("folder", ["iqa_calibration", "imagereward"])
def test_same_bits_on_real_pictures(folder: str) -> None:
    files = [p for p in sorted(SHARED.glob(f"{folder}/**/*")) if p.suffix in (".bmp", ".webp")]
    assert files
    for path in files:
        assert_same_bits(load_pixels(path))
