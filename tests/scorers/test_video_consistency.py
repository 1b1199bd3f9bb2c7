"""The consistency of a clip in any backbone's space, against direct numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from clip_files import clip_item, rolling
from scoring_fakes import CountingBackbone, item, noise_picture

from qfloor.errors import PluginError
from qfloor.records import ScoreStatus
from qfloor.scorers.protocol import Backbone, Embedding, Pixels, Row
from qfloor.scorers.video import ConsistencyScorer
from qfloor.testing import check_scorer


class SignedBackbone(CountingBackbone):
    """Like a model that reads no text, with embeddings that point anywhere."""

    groups: list[int]

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        self.groups = [*getattr(self, "groups", []), len(pictures)]
        rows = np.stack([p[:4, :4].ravel().astype(np.float32) - 128 for p in pictures])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def embed_texts(self, texts: Sequence[str]) -> Embedding:
        raise NotImplementedError("reads no text")


def scored(frames: Sequence[Pixels], fps: float = 24.0, **arguments: Any) -> tuple[Row, Row]:
    scorer = ConsistencyScorer(backbone=SignedBackbone("signed"), label="fake", **arguments)
    ((mean, worst),) = scorer.score([clip_item(frames, fps)])
    return mean, worst


def reference(frames: Sequence[Pixels]) -> list[float]:
    vectors = [(p[:4, :4].ravel().astype(float) - 128) for p in frames]
    unit = [v / np.sqrt((v * v).sum()) for v in vectors]
    return [
        (max(0.0, float(unit[t] @ unit[t - 1])) + max(0.0, float(unit[t] @ unit[0]))) / 2
        for t in range(1, len(unit))
    ]


@pytest.mark.parametrize("seed", range(3))
def test_all_frames_agree_with_the_formula(seed: int) -> None:
    frames = [noise_picture(100 * seed + i) for i in range(21)]
    mean, worst = scored(frames, per_second=None)
    expected = reference(frames)
    np.testing.assert_allclose(mean.series, expected, atol=1e-6)
    assert mean.value == pytest.approx(np.mean(expected), abs=1e-6)
    assert worst.value == pytest.approx(sorted(expected)[1], abs=1e-6)
    assert min(expected) == 0 < max(expected)  # both branches of max(0, cos) are taken


def test_frames_are_taken_by_time() -> None:
    frames = [noise_picture(i) for i in range(25)]
    mean, _ = scored(frames, per_second=8.0)
    np.testing.assert_allclose(mean.series, reference(frames[::3]), atol=1e-6)
    mean, _ = scored(frames, per_second=4.0)
    np.testing.assert_allclose(mean.series, reference(frames[::6]), atol=1e-6)


def test_identical_frames_are_consistent() -> None:
    mean, worst = scored([noise_picture(3)] * 20)
    assert mean.value == pytest.approx(1, abs=1e-6)
    assert worst.value == pytest.approx(1, abs=1e-6)


def test_few_frames_are_held_at_a_time() -> None:
    backbone = SignedBackbone("signed")
    scorer = ConsistencyScorer(backbone=backbone, label="fake", per_second=None)
    scorer.score([clip_item([noise_picture(i) for i in range(21)])])
    assert backbone.groups == [8, 8, 5]


def test_names_say_whose_model_it_is() -> None:
    assert [m.name for m in ConsistencyScorer().metrics] == [
        "video.clip_consistency",
        "video.clip_consistency_worst_frames",
    ]
    dino = ConsistencyScorer(backbone=SignedBackbone("dino-vitb16"), label="dino")
    assert dino.metrics[0].name == "video.dino_consistency"
    assert dino.metrics[0].definition["backbone"] == SignedBackbone.definition
    everything = ConsistencyScorer(backbone=SignedBackbone("x"), label="dino", per_second=None)
    assert everything.metrics[0].identity != dino.metrics[0].identity


def test_terms_of_the_weights_are_stated_and_unknown_ones_are_unknown() -> None:
    assert [w.commercial_use for m in ConsistencyScorer().metrics for w in m.weights] == [True] * 2
    other = ConsistencyScorer(backbone=SignedBackbone("signed"), label="fake")
    assert [w.commercial_use for w in other.metrics[0].weights] == [None]
    assert other.backbones[0].name == "signed"


@pytest.mark.parametrize(
    ("backbone", "label", "message"),
    [
        (SignedBackbone("x"), None, "label='dino'"),
        (SignedBackbone("x"), "subject", "VBench"),
        (None, "background", "VBench"),
        (None, "No Good", "small letters"),
    ],
)
def test_misleading_names_are_refused(
    backbone: Backbone | None, label: str | None, message: str
) -> None:
    with pytest.raises(PluginError, match=message):
        ConsistencyScorer(backbone=backbone, label=label)


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(PluginError, match="above 0"):
        ConsistencyScorer(per_second=0.0)


@pytest.mark.parametrize(("frames", "why"), [(1, "one frame"), (2, "this short")])
def test_too_little_to_compare_is_unscored(frames: int, why: str) -> None:
    for row in scored(rolling(frames)):
        assert (row.status, row.value) == (ScoreStatus.UNSCORED, None)
        assert why in (row.reason or "")


def test_conforms_and_applies_to_clips_only() -> None:
    def make() -> ConsistencyScorer:
        return ConsistencyScorer(backbone=SignedBackbone("signed"), label="fake")

    check_scorer(make, [clip_item(rolling(n)) for n in (20, 9, 1)])
    assert not make().applies(item().prompt, "image/png")


def test_the_default_model_sees_a_change() -> None:
    scorer = ConsistencyScorer()
    steady, cut = rolling(17), [*rolling(9), *[255 - f for f in rolling(8)]]
    (one, _), (other, _) = scorer.score([clip_item(steady, 8.0), clip_item(cut, 8.0)])
    assert one.value is not None
    assert other.value is not None
    assert one.value > other.value + 0.01
