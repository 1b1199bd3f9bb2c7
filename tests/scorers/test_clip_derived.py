"""Cosines behind a prefix, and the scalings cosines are published in."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_fakes import CountingBackbone, noise_picture

from qfloor.records import Metric, Prompt
from qfloor.score.identity import check_comparable
from qfloor.score.inputs import Decoded, InputComputer
from qfloor.scorers.clip import ClipScorer, ClipScoreScorer, load_backbone
from qfloor.scorers.clip.chosen import Prefixed, chosen_backbone, rights_of
from qfloor.scorers.clip.derived import (
    CLIPSCORE_DERIVED,
    HESSEL_PREFIX,
    derived_columns,
    hessel_clipscore,
    percent_cosine,
)
from qfloor.scorers.protocol import Backbone, Concurrent, Item
from qfloor.testing import check_scorer


def computed(scorers: list[ClipScorer], texts: list[str]) -> list[Item]:
    pictures = [Decoded(frames=[noise_picture(i)], fps=None) for i in range(len(texts))]
    wanted = {name for scorer in scorers for name in scorer.inputs}
    inputs = InputComputer(scorers).compute(pictures, texts, [wanted] * len(texts))
    return [
        Item(
            output_id=f"o{i}",
            prompt=Prompt(id=f"p{i}", text=text, category="portrait"),
            media_type="image/png",
            inputs=one.values,
        )
        for i, (text, one) in enumerate(zip(texts, inputs, strict=True))
    ]


@given(st.floats(-1, 1))
def test_formulas(cosine: float) -> None:
    assert hessel_clipscore(cosine) == 2.5 * np.maximum(cosine, 0)
    assert percent_cosine(cosine) == 100 * cosine
    for derived in CLIPSCORE_DERIVED:
        assert derived.lo <= derived.function(cosine) <= derived.hi


def test_a_prefix_is_read_before_every_prompt(tiny_checkpoint: Path) -> None:
    name = f"local-dir:{tiny_checkpoint}"
    backbone = load_backbone(name)
    scorer = ClipScorer(name, prefix="a photo of ")
    (item,) = computed([scorer], ["a red ball"])
    ((mean, _),) = scorer.score([item])
    text = backbone.embed_texts(["a photo of a red ball"])[0]
    image = backbone.embed_images([noise_picture(0)])[0]
    assert mean.value == pytest.approx(float(image @ text), abs=1e-7)
    assert mean.metric == "clip.cos_prefixed"


def test_with_a_prefix_a_picture_is_still_embedded_once() -> None:
    backbone = CountingBackbone()
    plain, prefixed = ClipScorer(backbone=backbone), ClipScoreScorer(backbone=backbone)
    items = computed([plain, prefixed], ["a ball", "a cube"])
    assert len(backbone.pictures) == 2
    assert sorted(backbone.texts) == sorted(
        ["a ball", "a cube", "A photo depicts a ball", "A photo depicts a cube"]
    )
    assert plain.score(items) != prefixed.score(items)
    check_comparable([*plain.metrics, *prefixed.metrics])


def test_truncation_counts_the_prefix() -> None:
    backbone = CountingBackbone()  # reads five tokens, two of them start and end
    scorers = [ClipScorer(backbone=backbone), ClipScoreScorer(backbone=backbone)]
    reasons = [s.score(computed([s], ["a red ball"]))[0][0].reason for s in scorers]
    assert reasons == [None, "truncated: 8 of 5 tokens"]


def test_a_prefix_is_part_of_the_identity_and_none_is_the_identity_of_before() -> None:
    backbone = CountingBackbone()
    plain, empty = (ClipScorer(backbone=backbone, prefix=prefix) for prefix in ("", ""))
    assert plain.metrics == empty.metrics
    assert "prefix" not in plain.metrics[0].definition
    one, other = (ClipScorer(backbone=backbone, prefix=p).metrics[0] for p in ("a ", "the "))
    assert one.key != other.key
    assert one.definition["prefix"] == "a "


def test_conforms(tiny_checkpoint: Path) -> None:
    def build() -> ClipScorer:
        return ClipScoreScorer(f"local-dir:{tiny_checkpoint}")

    check_scorer(build, computed([build()], ["a red ball", "two cubes", "a face " * 9]))


def test_a_prefixed_backbone_is_a_backbone() -> None:
    inside = CountingBackbone()
    prefixed = Prefixed(inside, "a ")
    assert isinstance(prefixed, Backbone)
    assert isinstance(prefixed, Concurrent)
    assert prefixed.name != inside.name
    assert rights_of(prefixed) == rights_of(inside)
    assert rights_of(inside)[0].commercial_use is None
    assert chosen_backbone(backbone=inside) is inside


def test_clipscore_is_only_what_hessel_called_so() -> None:
    backbone = CountingBackbone()
    made: dict[str, Metric] = {
        "plain": ClipScorer(backbone=backbone).metrics[0],
        "hessel": ClipScoreScorer(backbone=backbone).metrics[0],
        "other": ClipScorer(backbone=backbone, prefix="a photo of ").metrics[0],
        "foreign": Metric(name="text.cer", unit="share", lo=0.0, hi=1.0, definition={"x": 1}),
    }
    names = [*made, "hessel", "hessel"]
    keys = [made[name].key for name in names]
    values: list[float | None] = [0.2, 0.3, 0.2, 0.5, None, -0.1]
    columns = derived_columns(made.values(), keys, values)
    assert columns["clipscore"] == [None, pytest.approx(0.75), None, None, None, 0.0]
    assert columns["100cos"][:4] == [20.0, 30.0, 20.0, None]
    assert columns["100cos"][4:] == [None, -10.0]
    nan = derived_columns(made.values(), keys[:1], [math.nan])
    assert nan == {"clipscore": [None], "100cos": [None]}


def test_the_entry_point_asks_for_the_published_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from qfloor.plugins import installed
    from qfloor.scorers.clip import chosen

    asked: list[Any] = []

    def load(*arguments: Any) -> Backbone:
        asked.append(arguments)
        return CountingBackbone()

    monkeypatch.setattr(chosen, "load_backbone", load)
    scorer = installed("qfloor.scorers")["clipscore"].load()()
    assert asked == [("ViT-B-32@openai", "cpu", "fast", "fp32")]
    assert scorer.metrics[0].definition["prefix"] == HESSEL_PREFIX == "A photo depicts "


def test_what_is_absent_in_a_frame_stays_absent() -> None:
    import pandas as pd

    metric = ClipScorer(backbone=CountingBackbone()).metrics[0]
    values = pd.array([0.3, None], dtype="Float64")
    found = derived_columns([metric], [metric.key] * 2, list(values))
    assert found["100cos"] == [pytest.approx(30.0), None]
