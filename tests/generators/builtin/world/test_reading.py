"""Any text gives a scene that can be drawn: known words are used, the rest never raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.lexicon import LEXICON
from qfloor.generators.builtin.world.reading import MAX_LETTERS, MAX_THINGS, parse
from qfloor.generators.builtin.world.scene import Building, Scene, Thing

KNOWN = [" ".join(key) for rows in LEXICON.values() for key, _ in rows]


def drawable(scene: Scene) -> bool:
    needs = {
        "product-photo": scene.things or scene.face or scene.building or scene.terrain,
        "portrait": scene.face,
        "landscape": scene.terrain,
        "text-in-image": scene.lettering,
        "architectural-render": scene.building,
        "video": scene.motion,
        "animation": scene.things or scene.face or scene.building or scene.terrain,
    }
    return bool(needs[scene.category])


def in_vocabulary(scene: Scene) -> bool:
    named = [
        (scene.light, words.LIGHTS), (scene.weather, words.WEATHERS),
        (scene.terrain, words.TERRAINS), (scene.backdrop, words.BACKDROPS),
        (scene.medium, words.MEDIA), (scene.relation, words.RELATIONS),
    ]  # fmt: skip
    named += [(thing.noun, words.NOUNS) for thing in scene.things]
    named += [(thing.colour, words.COLOURS) for thing in scene.things]
    named += [(thing.material, words.MATERIALS) for thing in scene.things]
    if scene.face:
        face = scene.face
        named += [
            (face.person, words.PERSONS), (face.hair_colour, words.HAIR_COLOURS),
            (face.hair_style, words.HAIR_STYLES), (face.eyes, words.EYES),
            (face.expression, words.EXPRESSIONS), (face.glasses, words.GLASSES),
            (face.hat, words.HATS), (face.beard, words.BEARDS),
            (face.clothing_colour, words.COLOURS),
        ]  # fmt: skip
    if scene.building:
        named += [(scene.building.kind, words.BUILDINGS), (scene.building.colour, words.COLOURS)]
        named += [(scene.building.material, words.WALLS)]
    if scene.lettering:
        named += [(scene.lettering.surface, words.SURFACES), (scene.lettering.font, words.FONTS)]
    if scene.motion:
        named += [(scene.motion.kind, words.MOTIONS), (scene.motion.speed, words.SPEEDS)]
    counts = [thing.count for thing in scene.things]
    if scene.building and scene.building.storeys is not None:
        counts.append(scene.building.storeys)
    return all(value is None or value in table for value, table in named) and all(
        1 <= count <= 5 for count in counts
    )


@given(st.text())
def test_arbitrary_text_never_raises(text):
    scene = parse(text)
    assert drawable(scene)
    assert in_vocabulary(scene)


@given(st.lists(st.sampled_from([*KNOWN, '"', "'", ",", ".", "xyzzy"]), max_size=25))
def test_any_heap_of_known_words_gives_a_scene_of_the_vocabulary(heap):
    scene = parse(" ".join(heap))
    assert drawable(scene)
    assert in_vocabulary(scene)
    assert len(scene.things) <= MAX_THINGS


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("a fluffy kitty", (Thing(noun="cat"),)),
        ("Three crimson automobiles", (Thing(noun="car", colour="red", count=3),)),
        ("3 red, shiny cars", (Thing(noun="car", colour="red", count=3),)),
        ("a pair of headphones", (Thing(noun="headphones"),)),
        ("a pair of shoes", (Thing(noun="shoe", count=2),)),
        ("seven polka-dot mugs", (Thing(noun="mug", material="dotted", count=5),)),
        ("a ceramic vase in teal", (Thing(noun="vase", colour="teal", material="ceramic"),)),
        ("a chair made of wood", (Thing(noun="chair", material="wooden"),)),
        ("some apples", (Thing(noun="apple", count=3),)),
    ],
)
def test_words_of_real_users(text, things):
    assert parse(text).things == things


@pytest.mark.parametrize(
    ("text", "first", "relation"),
    [
        ("a mug left of a vase", "mug", "left of"),
        ("a mug to the right of a vase", "mug", "right of"),
        ("a mug below a vase", "vase", "above"),
        ("a mug in front of a vase", "vase", "behind"),
        ("a mug on the left and a vase on the right", "mug", "left of"),
        ("a mug and a vase", "mug", None),
        ("behind the scenes, a mug and a vase", "mug", None),
    ],
)
def test_relations_are_read_in_either_direction(text, first, relation):
    scene = parse(text)
    assert scene.things[0].noun == first
    assert scene.relation == relation


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Headshot of a CEO, 85mm lens", "portrait"),
        ("an elderly man with a bushy beard", "portrait"),
        ("misty alps at dusk", "landscape"),
        ("Modern two-story house at golden hour", "architectural-render"),
        ("a poster saying FRESH COFFEE", "text-in-image"),
        ("drone footage over a lake", "video"),
        ("a kitten chasing butterflies, anime", "animation"),
        ("packshot of a perfume bottle", "product-photo"),
        ("", "landscape"),
        ("colourless green ideas", "landscape"),
    ],
)
def test_the_category_is_guessed_from_cues_and_content(text, category):
    assert parse(text).category == category


def test_what_stands_in_quotes_is_lettering_and_nothing_else():
    scene = parse('A poster with the words "BLUE CAT" next to a red mug')
    assert scene.lettering is not None
    assert scene.lettering.text == "BLUE CAT"
    assert scene.things == (Thing(noun="mug", colour="red"),)
    for quoted in ("“Open”", "„Offen“", "«Ouvert»", "'Open'"):
        assert parse(f"a sign {quoted}").lettering is not None
    assert parse("the dog's bowl isn't here").lettering is None
    long = parse(f'a sign "{"x" * 70}"').lettering
    assert long is not None
    assert len(long.text) <= MAX_LETTERS


def test_building_words_do_not_become_things():
    scene = parse("A three-storey white brick villa under fresh snow")
    assert scene.building == Building(kind="villa", colour="white", material="brick", storeys=3)
    assert scene.things == ()
    assert scene.weather == "snow"


def test_unknown_text_is_filled_by_its_hash():
    scenes = {parse(f"zq{n}").terrain for n in range(60)}
    assert len(scenes) > 5
    assert parse("zq1") == parse("zq1")
