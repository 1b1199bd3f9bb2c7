"""Plans become pictures and clips that decode, have the declared size, and move."""

import io
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from qfloor.generators.builtin import finish
from qfloor.generators.builtin.defects import FINISH, Defect
from qfloor.generators.builtin.painters import PAINTERS
from qfloor.generators.builtin.rendering import frames, render
from qfloor.generators.builtin.work import Commission, plan


def flawless(name, text, **settings):
    made = plan(Commission(text=text, **settings), PAINTERS[name], offer_id=f"painters/{name}")
    return replace(made, outcome="made", scene=made.asked, defects=())


def decoded(content):
    with av.open(io.BytesIO(content)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_still_decodes_to_the_planned_size_and_repeats_to_the_byte():
    made = flawless("ochre", "two red mugs on a wooden table", aspect_ratio="4:3")
    content = render(made)
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        assert image.size == (made.width, made.height)
        assert image.info == {}
    assert render(made) == content


def test_a_clip_has_the_declared_frames_moves_and_repeats_to_the_byte():
    text = "Clip: a red ball moves from left to right on a white background"
    made = flawless("malachite", text, seconds=1.0)
    content = render(made)
    pictures = decoded(content)
    assert len(pictures) == made.frames == 12
    assert pictures[0].shape == (made.height, made.width, 3)
    assert render(made) == content
    red = [_middle_of_red(picture) for picture in pictures]
    assert red[-1] - red[0] > 0.25 * made.width
    wrong = replace(made.scene, motion=replace(made.scene.motion, kind="right to left"))
    backwards = [_middle_of_red(p) for p in frames(replace(made, scene=wrong))]
    assert backwards[-1] < backwards[0]


def _middle_of_red(picture):
    tone = picture.astype(int)
    red = (tone[..., 0] - tone[..., 1] > 60) & (tone[..., 0] - tone[..., 2] > 60)
    return float(np.nonzero(red)[1].mean())


def test_frozen_motion_and_flicker_show():
    made = flawless("malachite", "Clip: a blue car bounces on a grey background")
    still = replace(made, defects=(Defect(name="frozen motion", severity=1.0),))
    pictures = list(frames(still))
    assert all(np.array_equal(pictures[0], picture) for picture in pictures)
    flickering = replace(still, defects=(*still.defects, Defect(name="flicker", severity=0.8)))
    light = [float(picture.mean()) for picture in frames(flickering)]
    assert float(np.abs(np.diff(light)).mean()) > 10


@pytest.mark.parametrize("name", FINISH)
def test_finish_defects_grow_with_severity_and_do_nothing_at_nought(name):
    picture = next(frames(flawless("ochre", "three green cars behind a red bus")))
    spoilt = [finish.spoil(picture, {name: s}, seed=1) for s in (0.0, 0.1, 0.4, 0.9)]
    assert spoilt[0] is picture
    change = [float(np.abs(p.astype(int) - picture).mean()) for p in spoilt]
    assert change == sorted(change)
    assert change[1] > 0.1
    assert all(p.shape == picture.shape and p.dtype == np.uint8 for p in spoilt)
    assert np.array_equal(spoilt[2], finish.spoil(picture, {name: 0.4}, seed=1))


@pytest.mark.parametrize(("name", "text"), [("gamboge", "a cat"), ("sepia", "a video of a cat")])
def test_a_blank_is_one_colour(name, text):
    made = replace(flawless(name, text), outcome="blank")
    for picture in frames(made):
        assert int(picture.min()) == int(picture.max())
    assert render(made)


def test_a_refusal_cannot_be_rendered():
    with pytest.raises(ValueError, match="refused"):
        render(replace(flawless("ochre", "a cat"), outcome="refused"))


@pytest.mark.parametrize("text", ["", "xyzzy", "ein roter Ball", "a man and a house, 'HI', lake"])
@pytest.mark.parametrize("name", ["celadon", "azurite"])
def test_free_text_can_be_drawn(text, name):
    made = flawless(name, text, seconds=0.2)
    assert all(p.shape == (made.height, made.width, 3) for p in frames(made))
