"""A need that exists makes sense; one that does not says why in a sentence."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.errors import NeedError
from qfloor.router import Need

BAD: list[tuple[dict[str, Any], str]] = [
    ({"prompt": ""}, "prompt is empty"),
    ({"prompt": " \n"}, "prompt is empty"),
    ({"prompt": 3}, "prompt must be text"),
    ({"prompt": "a" * 100_000}, "at most 32000"),
    ({"prompt": "a\x00b"}, "control character at position 1"),
    ({"prompt": "\ud800"}, "control character"),
    ({"tier": "profesional"}, "did you mean 'professional'"),
    ({"tier": "gold"}, "known: standard, professional, premium"),
    ({"tier": None}, "no tier is called"),
    ({"modality": "audio"}, "must be 'image' or 'video'"),
    ({"modality": "image", "seconds": 4}, "a still has no length"),
    ({"modality": "image", "audio": True}, "a still has no sound"),
    ({"seconds": 0}, "above 0"),
    ({"seconds": float("nan")}, "above 0"),
    ({"n": 0}, "from 1 to 100"),
    ({"n": True}, "from 1 to 100"),
    ({"aspect_ratio": "wide"}, "must look like 16:9"),
    ({"aspect_ratio": "16:0"}, "must look like 16:9"),
    ({"size": "big"}, "must look like 1024x1024"),
    ({"size": "0x10"}, "must look like 1024x1024"),
    ({"size": "1024x1024", "aspect_ratio": "16:9"}, "contradicts aspect_ratio"),
    ({"size": "1024x1024", "resolution": "4K"}, "contradicts size"),
    ({"resolution": "huge"}, "must be such as 720p"),
    ({"resolution": 2}, "must be such as 720p"),
    ({"separately": 1}, "must be true or false"),
    ({"by_shape": None}, "must be true or false"),
    ({"language": "xx"}, "a code of ISO 639-1"),
    ({"language": "en GB"}, "a code of ISO 639-1"),
    ({"language": "-en"}, "a code of ISO 639-1"),
    ({"language": ""}, "a code of ISO 639-1"),
    ({"language": ["en"]}, "a code of ISO 639-1"),
    ({"max_price_usd": -1}, "from 0 to"),
    ({"max_price_usd": float("nan")}, "from 0 to"),
    ({"max_price_usd": float("inf")}, "from 0 to"),
    ({"max_price_usd": "cheap"}, "from 0 to"),
    ({"max_latency_s": 0}, "seconds above 0"),
    ({"max_latency_s": "soon"}, "'realtime' or 'batch'"),
    ({"max_latency_s": {"p99": 3}}, "'realtime' or 'batch'"),
    ({"max_latency_s": {"p50": 9, "p95": 3}}, "p50 cannot be above p95"),
    ({"only": "shop/value"}, "must be a list"),
    ({"tags": [1]}, "names only"),
    ({"ignore": 5}, "must be a list"),
]


@pytest.mark.parametrize(("fields", "said"), BAD, ids=lambda v: str(v)[:40])
def test_one_sentence(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(NeedError) as raised:
        Need(**{"prompt": "a cat", **fields})
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "tier"),
    [
        ("concept", "standard"),
        ("draft", "professional"),
        ("final", "premium"),
        (" Premium", "premium"),
    ],
)
def test_aliases(given: str, tier: str) -> None:
    assert Need(prompt="x", tier=given).tier == tier


def test_shapes_are_read_once() -> None:
    need = Need(prompt="x", size=" 1344 X 768 ", aspect_ratio="16:9")
    assert (need.size, need.pixels) == ("1344x768", (1344, 768))
    assert Need(prompt="x", size="1000x500").ratio == 2.0


def test_a_ceiling_is_never_raised() -> None:
    assert Need(prompt="x", max_price_usd=0.1).max_price_nanousd == 100_000_000
    assert Need(prompt="x", max_price_usd=Decimal("0.0000000019")).max_price_nanousd == 1
    assert Need(prompt="x", max_price_usd=0).max_price_nanousd == 0


@given(
    prompt=st.text(max_size=40),
    tier=st.text(max_size=12) | st.none(),
    size=st.text(max_size=12) | st.none(),
    n=st.integers() | st.floats(),
    price=st.floats() | st.integers() | st.text(max_size=6) | st.none(),
    latency=st.floats() | st.text(max_size=6) | st.dictionaries(st.text(max_size=3), st.floats()),
)
def test_anything_is_a_need_or_a_need_error(
    prompt: str, tier: Any, size: Any, n: Any, price: Any, latency: Any
) -> None:
    with suppress(NeedError):
        Need(prompt=prompt, tier=tier, size=size, n=n, max_price_usd=price, max_latency_s=latency)


@pytest.mark.parametrize(
    ("told", "language"),
    [
        ("EN", "en"), ("en-GB", "en"), ("pt_BR", "pt"), ("es", "es"), ("es-419", "es"),
        ("zh-Hans", "zh"), ("zh-CN", "zh"), ("zh-Hant-TW", "zh-Hant"), ("zh_tw", "zh-Hant"),
        ("zh-HK", "zh-Hant"), ("zh-Hans-HK", "zh"), ("sr-Latn", "sr-Latn"), ("sr-Cyrl-RS", "sr"),
        ("en-Latn", "en"), ("ja-latn", "ja-Latn"), ("pt-x-latn", "pt"),
    ],
)  # fmt: skip
def test_of_a_tag_the_language_and_an_unusual_script_are_looked_at(
    told: str, language: str
) -> None:
    assert Need(prompt="a mug", language=told).language == language


def test_words_are_taken_in_any_letters_and_what_is_no_word_is_told_as_it_is() -> None:
    assert Need(prompt="x", max_latency_s="Realtime").max_latency_s == "realtime"
    with pytest.raises(NeedError, match="no tier is called None; known: standard, professional"):
        Need(prompt="x", tier=None)  # type: ignore[arg-type]
    with pytest.raises(NeedError, match=r"must be 0 or at least 0\.000000001"):
        Need(prompt="x", max_price_usd=1e-12)
    assert Need(prompt="x", max_price_usd=0).max_price_nanousd == 0
