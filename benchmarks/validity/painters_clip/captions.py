"""True and false captions of a scene: the grammar's sentences, and short ones.

A *part* of a scene says less than the scene and is still true of its picture.
"""

from __future__ import annotations

import random
from dataclasses import fields, replace
from typing import Any

from qfloor.generators.builtin.world import grammar, phrases
from qfloor.generators.builtin.world.scene import Scene

from .scenes import random_scene, random_sibling


def part_of(scene: Scene, rng: random.Random, *, keep: float) -> Scene:
    """Say less: each optional attribute stays with probability ``keep``."""

    def stays() -> bool:
        return rng.random() < keep

    things, relation = scene.things, scene.relation
    if len(things) == 2 and rng.random() < 0.25:
        things, relation = (rng.choice(things),), None
    things = tuple(
        replace(t, material=t.material if stays() else None, colour=t.colour if rng.random() < 0.93
                else None) for t in things
    )  # fmt: skip
    changes: dict[str, Any] = {"things": things, "relation": relation}
    for name in ("light", "weather", "backdrop"):
        changes[name] = getattr(scene, name) if stays() else None
    for part in ("face", "building", "lettering"):
        whole = getattr(scene, part)
        if whole is not None:
            spare = [f.name for f in fields(whole) if f.name not in ("person", "kind", "text",
                                                                     "surface")]  # fmt: skip
            changes[part] = replace(whole, **{n: None for n in spare if not stays()})
    return replace(scene, **changes)


def short(scene: Scene, rng: random.Random) -> str:
    """Word a scene in a few words, without the grammar's frame."""
    named = [phrases.thing(rng, t) for t in scene.things]
    group = (
        phrases.relation(rng, named[0], named[1], scene.relation)
        if len(named) == 2
        else "".join(named)
    )
    if scene.face is not None:
        looks, wears = phrases.features(rng, scene.face), phrases.clothes(rng, scene.face)
        who = phrases.person(rng, scene.face)
        group = f"{who} {phrases.led('with', looks)} {phrases.led('wearing', wears)}"
    if scene.building is not None:
        group = phrases.building(rng, scene.building)
    if scene.lettering is not None:
        group = phrases.lettering(rng, scene.lettering) + (f" and {group}" if group else "")
    if scene.terrain is not None:
        land = phrases.terrain(scene.terrain)
        group = f"{group} {phrases.within(rng, scene.terrain)}" if group else land
    tail = [phrases.backdrop(rng, scene.backdrop)] if scene.backdrop else []
    tail += [phrases.weather(rng, scene.weather)] if scene.weather else []
    tail += [phrases.light(rng, scene.light)] if scene.light else []
    lead = f"a {scene.medium} of " if scene.medium and rng.random() < 0.7 else ""
    return " ".join(f"{lead}{group} {' '.join(tail)}".split())


def wordings(scene: Scene, wrong: int, rng: random.Random) -> list[tuple[str, Scene]]:
    """Write a true caption of a scene and ``wrong`` false ones, mostly in the same words."""
    form = rng.random()
    said = scene if form < 0.45 else part_of(scene, rng, keep=0.55)
    if form > 0.7 and (said.things or said.face or said.building or said.lettering or said.terrain):
        word = short
        if said.terrain is not None and said.things and rng.random() < 0.3:
            said = replace(said, terrain=None)
        if rng.random() < 0.5:
            said = replace(said, medium=None)
    else:
        word = _framed
    seed = rng.getrandbits(32)
    told = [(word(said, random.Random(seed)), said)]
    for _ in range(wrong):
        other = random_sibling(said, rng) or random_scene(rng)
        again = seed if rng.random() < 0.75 else rng.getrandbits(32)
        usable = word if other.category == said.category else _framed
        told.append((usable(other, random.Random(again)), other))
    return told


def _framed(scene: Scene, rng: random.Random) -> str:
    return grammar.phrase(scene, rng)
