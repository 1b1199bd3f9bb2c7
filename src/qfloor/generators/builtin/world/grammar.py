"""The painters' grammar: scenes into prompts (`compose`) and prompts into scenes (`parse`).

Several sentence shapes a category, several wordings a part. `parse` reads any text; for texts of
`compose` it gives back the very scene, which is what lets us know the truth of every painting.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from qfloor.generators.builtin.world import phrases
from qfloor.generators.builtin.world.phrases import Rng, pick
from qfloor.generators.builtin.world.reading import parse
from qfloor.generators.builtin.world.scene import Scene
from qfloor.generators.builtin.world.scenes import CATEGORIES, scene

__all__ = ["CATEGORIES", "compose", "parse", "phrase"]


def compose(category: str, rng: Rng) -> tuple[str, Scene]:
    """Draw a random scene of a category and write a prompt for it.

    Parameters
    ----------
    category : str
        One of `CATEGORIES`.
    rng : Rng
        A seeded `random.Random` or numpy `Generator`; only ``random()`` is used.

    Returns
    -------
    text : str
        One or two English sentences.
    scene : Scene
        What they ask for; ``parse(text) == scene``.

    Examples
    --------
    >>> import random
    >>> text, scene = compose("landscape", random.Random(1))
    >>> parse(text) == scene
    True
    """
    what = scene(category, rng)
    return phrase(what, rng), what


def phrase(what: Scene, rng: Rng) -> str:
    """Write a prompt for a scene."""
    return _tidy(_SHAPES[what.category](what, rng))


def _tidy(text: str) -> str:
    """Close the gaps that parts left out leave behind, and start with a capital."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([,.;:])", r"\1", text)
    text = re.sub(r"[,;:]+(?=[,.;:])", "", text)
    text = re.sub(r"^[,;:.\s]+", "", text).strip(" ,;:")
    text = re.sub(r"\.(?:\s*\.)+", ".", text)
    sentences = re.split(r"(?<=\. )", text)
    return "".join(s[:1].upper() + s[1:] for s in sentences)


def _parts(what: Scene, rng: Rng) -> tuple[str, str, str]:
    return (
        phrases.backdrop(rng, what.backdrop) if what.backdrop else "",
        phrases.light(rng, what.light) if what.light else "",
        phrases.weather(rng, what.weather) if what.weather else "",
    )


def _group(what: Scene, rng: Rng) -> str:
    named = [phrases.thing(rng, thing) for thing in what.things]
    if len(named) == 2:
        return phrases.relation(rng, named[0], named[1], what.relation)
    return "".join(named)


def _product(what: Scene, rng: Rng) -> str:
    group = _group(what, rng)
    place, light, _ = _parts(what, rng)
    kind = "photo" if what.medium == "photo" else pick(rng, ("picture", "shot", "image"))
    opening = pick(rng, ("product", "catalogue", "studio", "clean product", "web shop"))
    where = f"{light} {place}".strip()
    return pick(
        rng,
        (
            f"{phrases.article(f'{opening} {kind}'.strip())} of {group} {place}, {light}.",
            f"{group} {place}, {light}, {opening} {kind}.",
            f"{opening} {kind}: {group} {place}, {light}.",
            f"{light}, {group} {place}. A crisp {kind} with nothing else in view.",
            f"{phrases.article(kind)} for an online shop showing {group}, {light}, {place}.",
            f"we need {phrases.article(kind)} of {group} {where} for the new brochure.",
            f"{place}, {group}, {light}; {kind} with sharp detail.",
            f"advertising {kind} of {group} {place} {light}",
        ),
    )


def _portrait(what: Scene, rng: Rng) -> str:
    face = what.face
    assert face is not None
    who = phrases.person(face)
    looks, wears = phrases.features(rng, face), phrases.clothes(rng, face)
    has, on = phrases.led("with", looks), phrases.led("wearing", wears)
    place, light, _ = _parts(what, rng)
    photo = what.medium == "photo"
    kind = (
        pick(rng, ("portrait photo", "head and shoulders photo", "photo portrait"))
        if photo
        else (pick(rng, ("portrait", "close portrait", "headshot", "studio portrait")))
    )
    pronoun = "He" if face.person in ("man", "boy", "old man") else "She"
    facts = [phrases.led("has", looks), phrases.led("wears", wears)]
    told = " and ".join(fact for fact in facts if fact)
    sentence = f"{pronoun} {told}." if told else ""
    return pick(
        rng,
        (
            f"{phrases.article(kind)} of {who} {has}, {on}, {place}, {light}.",
            f"{kind} of {who}. {sentence} Taken {place} {light}."
            if place or light
            else f"{kind} of {who}. {sentence}",
            f"{who} {has}, {on}, {light}, {kind} {place}.",
            f"{kind}: {who}, {phrases.listed(looks)}, {on}; {place}, {light}.",
            f"{light}, {phrases.article(kind)} of {who} {on}, {has}, {place}.",
            f"{who} {on} looks into the lens, {has}; {kind}, {place}, {light}.",
            f"profile picture for a website, {kind} of {who} {has}, {on}, {place}, {light}",
        ),
    )


def _landscape(what: Scene, rng: Rng) -> str:
    land = phrases.terrain(what.terrain or "")
    _, light, weather = _parts(what, rng)
    group = _group(what, rng)
    kind = {"photo": "landscape photo", "watercolour": "watercolour"}.get(what.medium or "", "")
    view = kind or pick(rng, ("wide view", "landscape", "postcard view", "panorama"))
    seen = pick(rng, ("with", "and")) + f" {group}" if group else ""
    far = (
        pick(rng, ("far away", "in the distance", "near the viewer", "in the middle"))
        if group
        else ""
    )
    return pick(
        rng,
        (
            f"{phrases.article(view)} of {land} {weather}, {light}, {seen} {far}.",
            f"{land} {weather}, {light}, {seen}, {view}.",
            f"{weather}, {land} {seen} {far}, {light}; {view}.",
            f"{view}: {land} {weather} {seen}, {light}.",
            f"{phrases.article(view)} {light}. It shows {land} {weather}, {seen} {far}.",
            f"{group} {far}, {phrases.article(view)} of {land} {weather}, {light}."
            if group
            else f"an empty and calm {view} of {land}, {weather}, {light}.",
            f"calendar page with {phrases.article(view)}, {land} {weather}, {light}, {seen}",
        ),
    )


def _text(what: Scene, rng: Rng) -> str:
    assert what.lettering is not None
    written = phrases.lettering(rng, what.lettering)
    place, light, _ = _parts(what, rng)
    group = _group(what, rng)
    beside = pick(rng, ("next to", "together with", "beside")) + f" {group}" if group else ""
    look = pick(rng, ("close view", "mockup", "design", "picture"))
    return pick(
        rng,
        (
            f"{written}, {beside}, {place}, {light}.",
            f"{phrases.article(look)} of {written}, {place}, {beside}, {light}.",
            f"{look}: {written}, {beside} {place}, {light}.",
            f"{light}, {written} {place}. {f'Add {group}.' if group else ''}",
            f"design {written}, {beside}, {place}, {light}, easy to read.",
            f"{place}, {written}, {light}, {beside}. Spelling matters.",
            f"we want {written} {place} {light} {f'and {group}' if group else ''}",
        ),
    )


def _architecture(what: Scene, rng: Rng) -> str:
    assert what.building is not None
    body = phrases.building(rng, what.building)
    _, light, weather = _parts(what, rng)
    photo = what.medium == "photo"
    kind = (
        "architectural photo"
        if photo
        else pick(
            rng,
            ("architectural render", "exterior render", "architectural visualisation", "render"),
        )
    )
    return pick(
        rng,
        (
            f"{phrases.article(kind)} of {body} {weather}, {light}.",
            f"{body} {weather}, {light}, {kind}.",
            f"{kind}: {body}, {weather}, {light}.",
            f"{weather}, {body} {light}; {kind} at eye height.",
            f"{kind} for a client. It shows {body} {weather}, {light}.",
            f"{light}, {body} seen from the street {weather}, {kind}.",
            f"competition entry, {kind} of {body}, {light}, {weather}",
        ),
    )


def _acting(what: Scene, rng: Rng) -> tuple[str, str]:
    """Word the mover and its motion: a whole clause, and whether it is the camera that moves."""
    assert what.motion is not None
    group = _group(what, rng)
    count = what.things[0].count if what.things else 1
    return group, phrases.motion(rng, what.motion, count)


def _video(what: Scene, rng: Rng) -> str:
    group, act = _acting(what, rng)
    backdrop, _, weather = _parts(what, rng)
    land = phrases.terrain(what.terrain) if what.terrain else ""
    clip = pick(rng, ("clip", "video", "short clip", "silent video"))
    over = phrases.within(rng, what.terrain) if what.terrain else backdrop
    if act.startswith("as"):
        subject = f"{group} {over}" if group else land
        return pick(
            rng,
            (
                f"{clip} of {subject} {weather}, {act}.",
                f"{subject} {weather} {act}, {clip}.",
                f"{weather}, {subject}, {act}; {clip}.",
                f"{clip}: {subject} {act}, {weather}.",
                f"{act}, {subject} {weather}. {phrases.article(clip)} for the opening.",
                f"opening {clip}, {subject}, {weather}, {act}",
            ),
        )
    return pick(
        rng,
        (
            f"{clip}: {group} {act} {over} {weather}.",
            f"{group} {act} {over}, {weather}, {clip}.",
            f"{phrases.article(clip)} in which {group} {act} {over}, {weather}.",
            f"{weather}, {group} {act} {over}; {clip}.",
            f"{over}, {group} {act}. {phrases.article(clip)} {weather}.",
            f"{clip} for social media, {group} {act}, {over} {weather}",
            f"{group} {over} {act}, {weather}, {clip} without sound",
        ),
    )


def _animation(what: Scene, rng: Rng) -> str:
    backdrop, _, _ = _parts(what, rng)
    medium = what.medium or ""
    piece = pick(rng, ("scene", "picture", "frame"))
    if what.motion is None:
        group, act = _group(what, rng), ""
    else:
        group, act = _acting(what, rng)
    told = f"{group} {act}".strip()
    return pick(
        rng,
        (
            f"{medium} {piece}: {told} {backdrop}.",
            f"{told}, {backdrop}, {medium}.",
            f"{phrases.article(medium)} {piece} in which {told} {backdrop}."
            if act
            else f"{phrases.article(medium)} {piece} of {told} {backdrop}.",
            f"{medium}, {told}, {backdrop}.",
            f"{backdrop}, {told}; drawn as {medium}.",
            f"draw {phrases.article(medium)} {piece}. {told} {backdrop}.",
            f"for a children's show, {medium}: {told} {backdrop}",
            f"animated {medium} {piece}, {told}, {backdrop}.",
        ),
    )


_SHAPES: dict[str, Callable[[Scene, Rng], str]] = {
    "product-photo": _product,
    "portrait": _portrait,
    "landscape": _landscape,
    "text-in-image": _text,
    "architectural-render": _architecture,
    "video": _video,
    "animation": _animation,
}
