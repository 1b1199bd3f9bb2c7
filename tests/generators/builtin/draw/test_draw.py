"""Every word of the painters' world is drawn, changes the picture, and nothing else is random."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from qfloor.generators.builtin.draw import STYLES, compose, paint, render
from qfloor.generators.builtin.draw.buildings import BUILDINGS
from qfloor.generators.builtin.draw.carriers import SURFACES
from qfloor.generators.builtin.draw.layout import Layout
from qfloor.generators.builtin.draw.lettering import FONT_FILES, fit
from qfloor.generators.builtin.draw.motion import camera, subject
from qfloor.generators.builtin.draw.nouns import NOUNS
from qfloor.generators.builtin.draw.rendering import Pixels
from qfloor.generators.builtin.draw.sprites import extent
from qfloor.generators.builtin.draw.terrains import TERRAINS
from qfloor.generators.builtin.world import vocabulary as words
from qfloor.generators.builtin.world.scene import (
    Building,
    Face,
    Lettering,
    Motion,
    Scene,
    Thing,
)

FLAT = STYLES["flat"]
MUG = Scene(
    category="product-photo",
    things=(Thing(noun="mug", colour="red"),),
    backdrop="white background",
)
PORTRAIT = Scene(category="portrait", face=Face(person="woman", hair_style="short"))
MAN = Scene(category="portrait", face=Face(person="man", hair_style="short", hair_colour="brown"))
VIEW = Scene(category="landscape", terrain="lake")
TOWN = Scene(category="architectural-render", building=Building(kind="house"))
WORDS = Scene(category="text-in-image", lettering=Lettering(text="Open now"))


def picture(scene: Scene, side: int = 64, seed: int = 3, moment: float | None = None) -> Pixels:
    return paint(scene, FLAT, side, side, np.random.default_rng(seed), moment)


def assert_distinct(scenes: Sequence[Scene], least: float = 0.2, side: int = 64) -> None:
    """Every two pictures differ by more than a mean of ``least`` grey levels."""
    pictures = [picture(s, side).astype(float) for s in scenes]
    for i, a in enumerate(pictures):
        for j in range(i):
            assert np.abs(a - pictures[j]).mean() > least, (scenes[i], scenes[j])


def test_tables_cover_the_vocabulary() -> None:
    assert set(NOUNS) == set(words.NOUNS)
    assert set(TERRAINS) == set(words.TERRAINS)
    assert set(BUILDINGS) == set(words.BUILDINGS)
    assert set(SURFACES) == set(words.SURFACES)
    assert set(FONT_FILES) == set(words.FONTS)
    assert len(STYLES) >= 12


@pytest.mark.parametrize("noun", words.NOUNS)
def test_a_noun_fits_its_box_and_takes_its_colour(noun: str) -> None:
    left, top, right, bottom = extent(noun)
    assert -1.1 <= left < right <= 1.1
    assert -1.1 <= top < bottom <= 1.1
    assert max(right - left, bottom - top) > 1.2, "large enough to be seen"
    red, blue = (
        picture(replace(MUG, things=(Thing(noun=noun, colour=c),))).astype(int)
        for c in ("red", "blue")
    )
    changed = np.abs(red - blue).sum(axis=2) > 90
    assert changed.mean() > 0.02


def test_nouns_are_distinct() -> None:
    things = [Thing(noun=n, colour="teal") for n in words.NOUNS]
    assert_distinct([replace(MUG, things=(t,)) for t in things], 0.5, side=48)


def test_attributes_of_things_change_the_picture() -> None:
    mug = MUG.things[0]
    assert_distinct(
        [replace(MUG, things=(replace(mug, colour=c),)) for c in (None, *words.COLOURS)]
    )
    made = [replace(MUG, things=(replace(mug, material=m),)) for m in (None, *words.MATERIALS)]
    assert_distinct(made)
    assert_distinct([replace(MUG, backdrop=b) for b in (None, *words.BACKDROPS)], 1.0)
    assert_distinct([replace(MUG, light=x) for x in (None, *words.LIGHTS)], 1.0)
    assert_distinct([replace(MUG, medium=m) for m in (None, *words.MEDIA)])


def test_attributes_of_faces_change_the_picture() -> None:
    def looks(base: Scene, attribute: str, values: Sequence[str]) -> list[Scene]:
        assert base.face is not None
        return [replace(base, face=replace(base.face, **{attribute: v})) for v in values]

    assert_distinct(looks(PORTRAIT, "person", words.PERSONS))
    assert_distinct(looks(PORTRAIT, "hair_colour", words.HAIR_COLOURS))
    assert_distinct(looks(PORTRAIT, "hair_style", words.HAIR_STYLES))
    assert_distinct(looks(PORTRAIT, "eyes", words.EYES), 0.1)
    assert_distinct(looks(PORTRAIT, "expression", words.EXPRESSIONS))
    assert_distinct([PORTRAIT, *looks(PORTRAIT, "glasses", words.GLASSES)])
    assert_distinct([PORTRAIT, *looks(PORTRAIT, "hat", words.HATS)])
    assert_distinct([MAN, *looks(MAN, "beard", words.BEARDS)])
    assert_distinct(looks(PORTRAIT, "clothing_colour", list(words.COLOURS)))


def test_attributes_of_places_change_the_picture() -> None:
    assert_distinct([replace(VIEW, terrain=t) for t in words.TERRAINS], 2.0)
    assert_distinct([replace(VIEW, weather=w) for w in (None, *words.WEATHERS)], 1.0)
    assert_distinct([replace(TOWN, building=Building(kind=k)) for k in words.BUILDINGS], 1.0)
    walls = [replace(TOWN, building=Building(kind="house", material=m)) for m in words.WALLS]
    assert_distinct([TOWN, *walls])
    assert_distinct(
        [replace(TOWN, building=Building(kind="tower", storeys=n)) for n in range(1, 7)]
    )


def test_attributes_of_lettering_change_the_picture() -> None:
    def with_(**change: str) -> Scene:
        assert WORDS.lettering is not None
        return replace(WORDS, lettering=replace(WORDS.lettering, **change))

    assert_distinct([with_(surface=s) for s in words.SURFACES], 1.0)
    assert_distinct([with_(font=f) for f in words.FONTS])
    assert_distinct([with_(colour=c) for c in ("red", "blue", "green", "yellow")])
    assert_distinct([with_(text=t) for t in ("Open now", "Opne now", "Open")])


@pytest.mark.parametrize("style", STYLES)
def test_rendering_is_deterministic_in_every_style(style: str) -> None:
    scene = replace(MUG, light="neon light", medium=None)
    a = compose(scene, STYLES[style], np.random.default_rng(5))
    b = compose(scene, STYLES[style], np.random.default_rng(5))
    assert a == b
    assert render(a, 64, 64).tobytes() == render(b, 64, 64).tobytes()
    assert np.abs(render(a, 64, 64).astype(int) - picture(scene, seed=5)).mean() > 0.2 or (
        style == "flat"
    )


@pytest.mark.parametrize("size", [(97, 61), (61, 97), (33, 32), (640, 360)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    for scene in (MUG, PORTRAIT, VIEW, TOWN, WORDS):
        for style in ("flat", "pencil", "riso"):
            out = paint(scene, STYLES[style], *size, np.random.default_rng(1))
            assert out.shape == (size[1], size[0], 3)
            assert out.dtype == np.uint8


def _islands(layout: Layout, side: int) -> int:
    """Connected regions that differ from the same picture without things."""
    empty = replace(layout, placed=())
    a, b = render(layout, side, side).astype(int), render(empty, side, side).astype(int)
    mask = np.abs(a - b).sum(axis=2) > 150
    seen, count = np.zeros_like(mask), 0
    for start in zip(*np.nonzero(mask), strict=True):
        if seen[start]:
            continue
        stack, size = [start], 0
        seen[start] = True
        while stack:
            y, x = stack.pop()
            size += 1
            for p in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                inside = 0 <= p[0] < side and 0 <= p[1] < side
                if inside and mask[p] and not seen[p]:
                    seen[p] = True
                    stack.append(p)
        count += size > side * side * 0.002
    return count


@pytest.mark.parametrize("count", range(1, 6))
@pytest.mark.parametrize("seed", range(3))
def test_a_count_is_countable(count: int, seed: int) -> None:
    things = (Thing(noun="heart", colour="black", count=count),)
    scene = replace(MUG, things=things)
    layout = compose(scene, STYLES["ink"], np.random.default_rng(seed))
    assert len(layout.placed) == count
    assert _islands(layout, 96) == count


@pytest.mark.parametrize("seed", range(8))
def test_relations_put_things_on_their_sides(seed: int) -> None:
    things = (Thing(noun="apple", count=1 + seed % 3), Thing(noun="vase", count=1 + seed % 2))

    def centres(relation: str | None) -> tuple[np.ndarray, np.ndarray, Layout]:
        scene = replace(MUG, things=things, relation=relation)
        layout = compose(scene, FLAT, np.random.default_rng(seed), aspect=1.0 + 0.2 * seed)
        first, second = (
            np.array([(p.x, p.y) for p in layout.placed if p.group == g]) for g in (0, 1)
        )
        return first, second, layout

    a, b, layout = centres("left of")
    assert a[:, 0].max() < layout.aspect / 2 < b[:, 0].min()
    a, b, layout = centres("right of")
    assert a[:, 0].min() > layout.aspect / 2 > b[:, 0].max()
    a, b, _ = centres("above")
    assert a[:, 1].max() < b[:, 1].min()
    a, b, layout = centres("behind")
    assert a[:, 1].mean() < b[:, 1].mean()
    groups = [p.group for p in layout.placed]
    assert groups == sorted(groups), "what is behind is drawn first"


@pytest.mark.parametrize("kind", words.MOTIONS)
@pytest.mark.parametrize("base", [MUG, PORTRAIT, VIEW, TOWN, WORDS], ids=lambda s: s.category)
def test_motions_change_the_frames(kind: str, base: Scene) -> None:
    scene = replace(base, motion=Motion(kind=kind))
    layout = compose(scene, FLAT, np.random.default_rng(2))
    frames = [render(layout, 48, 48, t).astype(int) for t in (0.0, 0.3, 0.65)]
    for a, b in itertools.pairwise(frames):
        assert np.abs(a - b).mean() > 0.5


def test_motions_go_where_they_say() -> None:
    def ends(kind: str, speed: str | None = None) -> tuple[float, float]:
        a, b = (subject(Motion(kind=kind, speed=speed), t) for t in (0.0, 1.0))
        return b.dx - a.dx, b.dy - a.dy

    assert ends("left to right")[0] > 0 > ends("right to left")[0]
    assert ends("falls")[1] > 0 > ends("rises")[1]
    assert ends("falls", "slowly")[1] < ends("falls")[1] < ends("falls", "quickly")[1]
    assert camera(Motion(kind="zoom"), 1.0, moves_all=False).size < 1
    assert subject(None, 0.5) == subject(Motion(kind="falls"), None)


def test_text_is_broken_where_it_helps() -> None:
    lines, size = fit("Happy Birthday Anna", "bold", 120, 90)
    assert len(lines) > 1
    assert " ".join(lines) == "Happy Birthday Anna"
    assert size > fit("Happy Birthday Anna", "bold", 120, 20)[1]
    assert fit("Supercalifragilistic", "bold", 30, 30)[0] == ("Supercalifragilistic",)
    assert fit("", "bold", 30, 30)[0] == ("",)


def test_scenes_that_ask_for_little_or_much_are_drawn() -> None:
    everything = Scene(
        category="animation",
        things=(Thing(noun="cat", count=2), Thing(noun="key"), Thing(noun="owl", count=5)),
        face=Face(person="old man"),
        building=Building(kind="castle", storeys=40),
        terrain="beach",
        lettering=Lettering(text="A very long text indeed, longer than any sign can bear"),
        light="candlelight",
        weather="fog",
        medium="pixel art",
        motion=Motion(kind="bounces", speed="quickly"),
    )
    nothing = Scene(category="landscape")
    none_left = replace(MUG, things=(Thing(noun="mug", count=0),))
    for scene in (everything, nothing, none_left):
        assert picture(scene, moment=0.5).shape == (64, 64, 3)
        assert paint(scene, FLAT, 160, 32, np.random.default_rng(0)).shape == (32, 160, 3)
