"""Prompts are written from scenes and read back to the same scenes, in every category."""

import random
import re
from collections import Counter

import numpy as np
import pytest

from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.grammar import CATEGORIES, compose, parse, phrase
from qfloor.generators.builtin.world.lettering import WORDS

PER_CATEGORY = 1000


@pytest.fixture(scope="module", params=CATEGORIES)
def composed(request):
    category = request.param
    rng = random.Random(f"test {category}")
    return category, [compose(category, rng) for _ in range(PER_CATEGORY)]


def test_a_composed_prompt_is_read_back_exactly(composed):
    _, prompts = composed
    for text, scene in prompts:
        assert parse(text) == scene, text


def test_the_category_is_what_was_asked(composed):
    category, prompts = composed
    assert {scene.category for _, scene in prompts} == {category}


def test_texts_vary_and_are_tidy(composed):
    _, prompts = composed
    texts = [text for text, _ in prompts]
    assert len(set(texts)) > 0.8 * PER_CATEGORY
    openings = Counter(" ".join(text.split()[:3]) for text in texts)
    assert openings.most_common(1)[0][1] < 0.17 * PER_CATEGORY  # one shape in seven
    for text in texts:
        assert not re.search(r"\s[,.;:]|,,|\s\s|[,;:]\.|\.\.", text), text
        assert text[0] == text[0].upper()


def test_lettering_is_quoted_as_it_must_be_rendered(composed):
    _, prompts = composed
    for text, scene in prompts:
        if scene.lettering:
            assert f'"{scene.lettering.text}"' in text or f"“{scene.lettering.text}”" in text
            assert 1 <= len(scene.lettering.text.split()) <= 3


def test_one_scene_has_six_wordings_or_more(composed):
    _, prompts = composed
    scene = prompts[0][1]
    rng = random.Random(5)
    shapes = {phrase(scene, rng) for _ in range(300)}
    assert len(shapes) >= 6
    assert {parse(text) for text in shapes} == {scene}


def test_the_whole_world_is_asked_for():
    rng = random.Random(3)
    scenes = [compose(category, rng)[1] for category in CATEGORIES for _ in range(PER_CATEGORY)]
    things = [thing for scene in scenes for thing in scene.things]
    assert {thing.noun for thing in things} == set(words.NOUNS) - {"tree"} | {"tree"}
    assert {thing.colour for thing in things} == {None, *words.COLOURS}
    assert {thing.material for thing in things} == {None, *words.MATERIALS}
    assert {thing.count for thing in things} == {1, 2, 3, 4, 5}
    assert {scene.relation for scene in scenes} == {None, *words.RELATIONS}
    assert {scene.light for scene in scenes} == {None, *words.LIGHTS}
    assert {scene.weather for scene in scenes} == {None, *words.WEATHERS}
    assert {scene.terrain for scene in scenes} == {None, *words.TERRAINS}
    assert {scene.building.kind for scene in scenes if scene.building} == set(words.BUILDINGS)
    assert {scene.motion.kind for scene in scenes if scene.motion} == set(words.MOTIONS)


def test_both_kinds_of_generator_serve_and_a_seed_repeats():
    for make in (random.Random, np.random.default_rng):
        assert compose("portrait", make(7)) == compose("portrait", make(7))


def test_the_pool_of_words_is_large():
    assert len(WORDS) >= 150


def test_an_unknown_category_is_refused():
    with pytest.raises(KeyError):
        compose("sculpture", random.Random(1))
