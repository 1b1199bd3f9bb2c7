"""Nothing that was asked for is left out in silence."""

from __future__ import annotations

from typing import Any

import pytest
from generators.providers.play import ask
from hypothesis import given
from hypothesis import strategies as st

from qfloor.generators.http.asking import Ask, merged
from qfloor.generators.http.families import Family, nearest, ratio_of

PICTURES = Family(shape="pixels", seed="sent", words={"steps": "num_steps"})
CLIPS = Family(modality="video", durations=(5, 10), ratios=("16:9", "9:16"))


def put(family: Family, *, modality: str = "image", **more: Any) -> Ask:
    return Ask(ask("m", modality=modality, **more), family)


@given(
    st.dictionaries(
        st.sampled_from(
            ["steps", "guidance", "quality", "resolution", "audio", "style", "endpoint", "n"]
        ),
        st.integers(0, 9),
    )
)
def test_every_setting_is_sent_or_recorded(settings: dict[str, Any]) -> None:
    one = put(PICTURES, settings=settings)
    sent = one.rest()
    expected = {k for k in settings if k not in ("endpoint", "n")}
    assert set(one.dropped) | {"steps" if k == "num_steps" else k for k in sent} == expected
    assert set(one.dropped) <= {"guidance", "quality", "resolution", "audio"}


def test_a_seed_fits_every_provider_and_is_not_sent_where_there_is_none() -> None:
    one = put(PICTURES)
    assert one.seed() == {"seed": one.seed_sent}
    assert 0 <= (one.seed_sent or 0) < 2**31
    assert put(CLIPS, modality="video").seed() == {}
    assert put(PICTURES, settings={"seed": 3}).seed() == {"seed": 3}


@pytest.mark.parametrize(
    ("settings", "asked", "seconds", "adjusted"),
    [
        ({}, None, 5, {}),
        ({}, 5, 5, {}),
        ({}, 4, 5, {"seconds": [4, 5]}),
        ({}, 12, 10, {"seconds": [12, 10]}),
        ({"seconds": 10}, 5, 10, {"seconds": [5, 10]}),
        ({"seconds": 10}, None, 10, {}),
    ],
)
def test_length_is_the_offers_then_the_prompts(
    settings: dict[str, Any], asked: float | None, seconds: float, adjusted: dict[str, Any]
) -> None:
    one = put(CLIPS, modality="video", settings=settings, seconds=asked)
    assert one.seconds() == seconds
    assert one.adjusted == adjusted


@pytest.mark.parametrize(
    ("settings", "ratio", "size", "adjusted"),
    [
        ({}, None, (1024, 1024), {}),
        ({}, "16:9", (1360, 768), {}),
        ({"size": "1024x1024"}, None, (1024, 1024), {}),
        ({"size": "1280*720"}, "16:9", (1280, 720), {}),
        ({"width": 512, "height": 512}, "16:9", (512, 512), {"aspect_ratio": ["16:9", "512x512"]}),
        ({"aspect_ratio": "1:1"}, "16:9", (1024, 1024), {"aspect_ratio": ["16:9", "1:1"]}),
    ],
)
def test_size_is_the_offers_then_the_prompts(
    settings: dict[str, Any], ratio: str | None, size: tuple[int, int], adjusted: dict[str, Any]
) -> None:
    one = put(PICTURES, settings=settings, aspect_ratio=ratio)
    assert one.pixels() == size
    assert one.adjusted == adjusted
    assert one.rest() == {}


def test_a_shape_that_is_not_made_is_the_nearest_and_says_so() -> None:
    one = put(CLIPS, modality="video", aspect_ratio="1:2")
    assert one.ratio() == "9:16"
    assert one.adjusted == {"aspect_ratio": ["1:2", "9:16"]}
    odd = put(CLIPS, modality="video", settings={"aspect_ratio": "wide"})
    assert odd.ratio() is None
    assert odd.about()["dropped_params"] == {"aspect_ratio": "wide"}


@given(st.floats(0.1, 10))
def test_pixels_keep_the_shape(ratio: float) -> None:
    one = put(PICTURES, settings={"aspect_ratio": f"{ratio:.4f}:1"})
    width, height = one.pixels()
    assert width % 16 == height % 16 == 0
    assert width / height == pytest.approx(ratio, rel=0.06)
    assert width * height == pytest.approx(1_048_576, rel=0.15)


@pytest.mark.parametrize("text", ["", "1", "a:b", "1:0", "-1:2", "1:2:3"])
def test_what_is_no_ratio(text: str) -> None:
    with pytest.raises(ValueError):
        ratio_of(text)


def test_ratios_are_near_by_their_quotient() -> None:
    assert nearest(0.5, ("1:1", "9:16", "1:4")) == "9:16"
    assert merged({"a": {"b": 1}, "c": 1}, {"a": {"d": 2}, "c": 2}) == {
        "a": {"b": 1, "d": 2}, "c": 2,
    }  # fmt: skip
