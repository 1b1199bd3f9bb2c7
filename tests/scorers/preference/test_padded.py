"""HPSv2's preprocessing against an independent resize-and-pad, to the last bit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from padding_reference import reference_square
from scoring_fakes import noise_picture

from qfloor.scorers.clip import preprocess
from qfloor.scorers.clip.padded import PADDED, fitted, padded

torch = pytest.importorskip("torch")

MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
CONFIG = {"size": (224, 224), "mean": MEAN, "std": STD}


SHAPES = {
    "portrait": (1344, 768),
    "landscape": (512, 910),
    "square": (1024, 1024),
    "tiny": (5, 9),
    "one pixel": (1, 1),
    "odd": (333, 501),
    "odd padding": (225, 448),
    "as wanted": (224, 224),
    "longest side as wanted": (100, 224),
    "thin": (900, 2),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_equals_a_reference_resize_and_pad_bit_for_bit(shape: tuple[int, int]) -> None:
    picture = noise_picture(sum(shape), *shape)
    ours = padded(CONFIG)([picture])[0]
    theirs = reference_square(picture, 224, MEAN, STD)
    assert ours.shape == (3, 224, 224)
    assert torch.equal(ours, theirs), f"largest difference {(ours - theirs).abs().max():g}"


def test_a_pad_is_black_before_normalising() -> None:
    batch = padded(CONFIG)([noise_picture(0, 100, 200)])[0]
    black = torch.tensor([-m / s for m, s in zip(MEAN, STD, strict=True)])
    assert torch.allclose(batch[:, 0, 0], black)
    assert torch.allclose(batch[:, -1, -1], black)
    assert not torch.allclose(batch[:, 112, 0], black), "the picture reaches both sides"


def test_a_batch_is_its_pictures() -> None:
    pictures = [noise_picture(i, 30 + 40 * i, 170 - 30 * i) for i in range(4)]
    together = padded(CONFIG)(pictures)
    assert torch.equal(together, torch.cat([padded(CONFIG)([p]) for p in pictures]))


@settings(max_examples=200)
@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([32, 224, 336]))
def test_the_longest_side_fits_and_nothing_vanishes(height: int, width: int, size: int) -> None:
    sides = fitted(height, width, size)
    assert max(sides) == size
    assert min(sides) >= 1
    wanted = [side * size / max(height, width) for side in (height, width)]
    assert all(abs(s - w) <= 0.5 or s == 1 for s, w in zip(sides, wanted, strict=True))


def test_it_is_a_named_path_of_its_own_in_the_definition() -> None:
    assert preprocess.describe("hpsv2", {}) == PADDED
    assert PADDED not in (preprocess.FAST, preprocess.OWN)
    picture = noise_picture(1, 100, 300)
    stock = preprocess.fast({**CONFIG, "size": 224})([picture])
    assert not torch.allclose(stock, padded(CONFIG)([picture]), atol=0.1)
