"""Learned weights: one addition a word gives what adding feature by feature gives."""

from __future__ import annotations

import copy
import struct
import zlib
from base64 import b64decode, b64encode
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.records import CATEGORIES
from qfloor.router import reading
from qfloor.router.stored import KINDS, Stored, packed
from qfloor.router.weights import Weights, default_content, default_weights

SMALL: dict[str, Any] = {
    "format": 1,
    "categories": ["landscape", "portrait"],
    "bound": 0.7,
    "plausible": 0.1,
    "step": 0.5,
    "bias": [-1.0, -2.0],
    "lexicon": [[2.0, 0.0], [-1.0, 3.0]],
    "calibration": [[-2.0, 0.1], [0.0, 0.5], [2.0, 0.9]],
    "features": {
        "lake": [8, -2], "~<la": [4, 0], "~ame": [0, -6], "#wide": [1, 0], "!lake": [-3, 1],
        "a lake": [2, 0], "^a": [0, 2], "$lake": [1, 1],
    },
}  # fmt: skip


def odds(text: str, names: list[str], sums: list[float], weights: Weights) -> list[float]:
    told = dict(zip(weights.categories, sums, strict=True))
    return list(weights.odds(reading.content_of(reading.read(text).tokens), names, told).values())


def plainly(told: dict[str, Any], text: str, names: list[str], sums: list[float]) -> list[float]:
    """The same, feature by feature: a known word has its pieces' weights in its own."""
    content = reading.content_of(reading.read(text).tokens)
    table, share = told["features"], reading.damping(content.length)
    counted = (*content.negated, *content.beside)
    values = {name: share * counted.count(name) for name in counted}
    for word in content.words:
        if word in table:
            values[word] = values.get(word, 0.0) + share
        else:
            for name, value in reading.token_features(word)[1:]:
                values[name] = values.get(name, 0.0) + value * share
    values |= dict.fromkeys(names, 1.0)
    squeezed = [reading.bounded(s) for s in sums]
    return [
        told["bias"][i]
        + sum(told["step"] * table[n][i] * v for n, v in values.items() if n in table)
        + sum(w * s for w, s in zip(told["lexicon"][i], squeezed, strict=True))
        for i in range(len(told["categories"]))
    ]


@cache
def plain_content() -> dict[str, Any]:
    """What ships, as format 1 has it."""
    told = default_content()
    n = len(told["categories"])
    stored, block = Stored(told, n), memoryview(zlib.decompress(b64decode(told["rows"])))
    names = [name for kind in KINDS for name in stored.names[kind]]
    columns = [block.cast("b")[j * len(names) : (j + 1) * len(names)] for j in range(n)]
    rows = zip(*columns, strict=True)
    return told | {"format": 1, "features": dict(zip(names, rows, strict=True))}


@pytest.mark.parametrize("text", ["a lake", "lame", "no lake", "lake lake", "a lame lake, wide"])
def test_by_hand(text: str) -> None:
    found = odds(text, ["#wide"], [3.0, -3.0], Weights(SMALL))
    assert found == pytest.approx(plainly(SMALL, text, ["#wide"], [3.0, -3.0]), abs=0.01)


def test_one_word_by_hand() -> None:
    # bias -1 + word 8 * .5 + last word 1 * .5 = 3.5; bias -2 + word -2 * .5 + 1 * .5 = -2.5
    assert odds("lake", [], [0.0, 0.0], Weights(SMALL)) == pytest.approx([3.5, -2.5])


ALPHABET = st.sampled_from("abcdelmnoprst  ,.!'\"áßж山景ाक")


@given(st.text(ALPHABET, max_size=120), st.lists(st.floats(-9, 9), min_size=7, max_size=7))
def test_one_addition_a_word_is_feature_by_feature(text: str, sums: list[float]) -> None:
    told, weights = plain_content(), default_weights()
    found = odds(text, ["#brief"], sums, weights)
    assert found == pytest.approx(plainly(told, text, ["#brief"], sums), abs=0.01)
    assert odds(text, ["#brief"], sums, weights) == found  # remembered words weigh the same


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_confidence_rises_with_odds(a: float, b: float) -> None:
    weights = default_weights()
    low, high = sorted((a, b))
    assert 0.0 <= weights.confidence(low) <= weights.confidence(high) <= 1.0


def test_confidence_by_hand() -> None:
    weights = Weights(SMALL)
    told = [weights.confidence(x) for x in (-9.0, -1.0, 0.0, 1.0, 9.0)]
    assert told == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])


def test_what_ships_fits_the_categories() -> None:
    told = default_content()
    assert told["categories"] == sorted(c.id for c in CATEGORIES)
    assert 0.5 < told["bound"] < 1.0
    assert len(default_weights().categories) == 7


def broken(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(SMALL) | changes


@pytest.mark.parametrize(
    "content",
    [
        broken(format=2), broken(format=3), broken(bias=[0.0]),
        broken(lexicon=[[1.0, 2.0]]), broken(calibration=[]),
        broken(features={"lake": [1]}), {k: v for k, v in SMALL.items() if k != "bound"},
        broken(features={"lake": [1.5, 0]}), broken(features={"lake": [0, float("nan")]}),
        broken(bound=float("nan")), broken(bound=-1), broken(plausible=2), broken(step=0),
        broken(bias=[0.0, float("inf")]), broken(calibration=[[0.0, float("nan")]]),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(content: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Weights(content)


PACKED = {k: v for k, v in SMALL.items() if k != "features"} | {"format": 2}


def test_packed_features_weigh_the_same() -> None:
    small = Weights(PACKED | packed(SMALL["features"]))
    for text in ("a lake", "lame", "no lake", "lake lake", "a lame lake, wide", "lakes", ""):
        told = odds(text, ["#wide", "@lake"], [3.0, -3.0], Weights(SMALL))
        assert odds(text, ["#wide", "@lake"], [3.0, -3.0], small) == told


def test_what_ships_weighs_the_same_in_the_earlier_format() -> None:
    earlier = Weights(plain_content())
    for text in (
        "portrait of a landscape photographer",
        "a teapott on a shelf",
        "雪山の朝",
        "no dogs",
    ):
        told = odds(text, ["#brief"], [0.5] * 7, default_weights())
        assert odds(text, ["#brief"], [0.5] * 7, earlier) == told


def test_a_damaged_block_is_told() -> None:
    good = packed(SMALL["features"])
    cut = b64encode(b64decode(good["rows"])[:-6]).decode()
    fewer = packed({"lake": [1, 2]})
    for bad in (
        good | {"rows": "no base64!"}, good | {"rows": b64encode(b"not deflated").decode()},
        good | {"rows": cut}, good | {"rows": fewer["rows"]}, good | {"names": fewer["rows"]},
        {"rows": good["rows"]},
    ):  # fmt: skip
        with pytest.raises((ValueError, KeyError)):
            Weights(PACKED | bad)


def test_what_cannot_be_packed_is_told() -> None:
    with pytest.raises(ValueError, match="line break"):
        packed({"a\nlake": [1, 0]})
    with pytest.raises(struct.error):
        packed({"lake": [200, 0]})


def test_large_numbers_have_room() -> None:
    wide = {name: [10**6 * w for w in row] for name, row in SMALL["features"].items()}
    weights = Weights(broken(features=wide, step=SMALL["step"] / 10**6))
    told = odds("a lame lake", ["#wide"], [3.0, -3.0], Weights(SMALL))
    assert odds("a lame lake", ["#wide"], [3.0, -3.0], weights) == pytest.approx(told, abs=0.01)
    with pytest.raises(ValueError, match="too large"):
        Weights(broken(features={"lake": [10**15, 0]}))
