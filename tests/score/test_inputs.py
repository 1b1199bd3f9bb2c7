from __future__ import annotations

import numpy as np
import pytest
from scoring_fakes import CountingBackbone, FunctionScorer, noise_picture

from qfloor.errors import ScoringError
from qfloor.media import ClipFrames
from qfloor.score.inputs import Decoded, InputComputer
from qfloor.scorers.protocol import EMBEDDED_FRAMES

BOTH = ("image_embedding:fake", "text_embedding:fake")


def still(seed: int) -> Decoded:
    return Decoded(frames=(noise_picture(seed),), fps=None)


def clip(frames: int) -> Decoded:
    return Decoded(frames=[noise_picture(i) for i in range(frames)], fps=8.0)


def computer(backbone: CountingBackbone) -> InputComputer:
    return InputComputer([FunctionScorer(lambda item: 0.0, inputs=BOTH, backbone=backbone)])


def test_only_what_is_declared_is_computed() -> None:
    backbone = CountingBackbone()
    (inputs,) = computer(backbone).compute([still(0)], ["a ball"], [{"pixels"}])
    assert set(inputs.values) == {"pixels"}
    assert backbone.pictures == backbone.texts == []


def test_a_clip_gives_middle_frame_all_frames_and_spread_embeddings() -> None:
    backbone = CountingBackbone()
    names = {"pixels", "frames", "fps", *BOTH}
    (inputs,) = computer(backbone).compute([clip(40)], ["a ball"], [names])
    assert set(inputs.values) == names
    np.testing.assert_array_equal(inputs.values["pixels"], noise_picture(20))  # type: ignore[arg-type]
    assert np.shape(inputs.values[BOTH[0]]) == (EMBEDDED_FRAMES, 4)  # type: ignore[arg-type]
    assert np.shape(inputs.values[BOTH[1]]) == (4,)  # type: ignore[arg-type]
    assert len(backbone.pictures) == EMBEDDED_FRAMES


def test_a_clip_that_cannot_be_decoded_again_fails_alone() -> None:
    """A long clip's frames are converted only when they are asked for."""
    broken = ClipFrames(b"no clip", "the clip", 8.0, [0.0, 0.125])
    lost = Decoded(frames=broken, fps=8.0, timestamps=broken.timestamps)
    for names in ({"pixels"}, {BOTH[0]}, {"pixels", *BOTH}):
        found, other = computer(CountingBackbone()).compute(
            [lost, clip(4)], ["a", "b"], [names] * 2
        )
        assert "the clip cannot be decoded" in next(iter(found.failures.values()))
        assert (set(other.values), other.failures) == (names, {})


def test_a_still_has_no_frames() -> None:
    (inputs,) = computer(CountingBackbone()).compute([still(0)], ["t"], [{"frames", "fps"}])
    assert inputs.values == inputs.failures == {}


def test_texts_are_embedded_once_for_ever() -> None:
    backbone = CountingBackbone()
    computed = computer(backbone)
    for _ in range(3):
        computed.compute([still(0), still(1), still(2)], ["a", "b", "a"], [set(BOTH)] * 3)
    assert sorted(backbone.texts) == ["a", "b"]
    assert len(backbone.pictures) == 9


def test_scorers_with_one_backbone_share_it() -> None:
    first, second = CountingBackbone(), CountingBackbone()
    scorers = [FunctionScorer(lambda item: 0.0, inputs=BOTH, backbone=b) for b in (first, second)]
    InputComputer(scorers).compute([still(0)], ["a"], [set(BOTH)])
    assert (len(first.pictures), len(second.pictures)) == (1, 0)


def test_one_bad_picture_costs_only_its_own_embedding() -> None:
    bad = noise_picture(1)
    backbone = CountingBackbone(fails_on=lambda asked: asked is bad)
    batch = [still(0), Decoded(frames=(bad,), fps=None), still(2)]
    inputs = computer(backbone).compute(batch, ["a", "b", "c"], [set(BOTH)] * 3)
    assert [BOTH[0] in i.values for i in inputs] == [True, False, True]
    assert inputs[1].failures == {BOTH[0]: "ValueError: the model choked"}


def test_pixels_are_read_only() -> None:
    (inputs,) = computer(CountingBackbone()).compute([still(0)], ["t"], [{"pixels"}])
    with pytest.raises(ValueError, match="read-only"):
        inputs.values["pixels"][0, 0, 0] = 1  # type: ignore[index]


def test_an_input_nothing_computes_is_refused() -> None:
    with pytest.raises(ScoringError, match=r"FunctionScorer declares the input 'depth'.*pixels"):
        InputComputer([FunctionScorer(lambda item: 0.0, inputs=("depth",))])
