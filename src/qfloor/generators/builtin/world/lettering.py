"""The words that prompts of the painters' world want written: one to three of a pool."""

from __future__ import annotations

from qfloor.generators.builtin.world.phrases import Rng, chance, pick


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# By place in the phrase, so that "FRESH COFFEE" is likelier than "COFFEE FRESH".
FIRST: tuple[str, ...] = _words(
    "fresh hot cold daily grand happy new best sweet wild royal open free quick bright quiet "
    "golden silver urban lucky little lazy brave crisp pure true good great modern classic rustic "
    "local northern southern eastern western summer winter autumn spring sunny misty hidden secret "
    "ancient final first double super mega mini smart simple warm velvet copper crystal electric "
    "cosmic lunar solar polar tropical coastal"
)
LAST: tuple[str, ...] = _words(
    "coffee bakery market hotel cinema garden museum library school studio kitchen diner pizza "
    "tea bread honey juice salad soup cheese pasta burger sushi noodles chocolate cookies cake "
    "books flowers records vinyl jazz music dance theatre circus radio club gym yoga spa salon "
    "barber tailor florist pharmacy clinic bank office garage station airport harbour ferry tours "
    "camping outlet gallery arcade games comics toys crafts pottery tools paint bikes boats skates "
    "sale tickets menu welcome exit entrance parking taxi festival concert parade picnic voyage "
    "journey horizon sunrise thunder harvest orchard meadow river mountain island village castle "
    "bridge beacon compass anchor falcon tiger dragon phoenix dolphin panda fox wolf otter"
)
LONE: tuple[str, ...] = _words(
    "hello welcome open closed sale stop danger love peace dream smile enjoy explore believe relax "
    "cheers bravo thanks victory wonder imagine create inspire focus breathe goodnight"
)
MIDDLE: tuple[str, ...] = ("and", "of", "for", "to", "or")
WORDS: tuple[str, ...] = tuple(dict.fromkeys((*FIRST, *LAST, *LONE)))


def pool(rng: Rng) -> str:
    """Draw one to three words, in capitals or as a title."""
    draw = rng.random()
    if draw < 0.35:
        chosen = [pick(rng, LONE if chance(rng, 0.5) else LAST)]
    elif draw < 0.8:
        chosen = [pick(rng, FIRST), pick(rng, LAST)]
    elif draw < 0.9:
        chosen = [pick(rng, LAST), pick(rng, MIDDLE), pick(rng, LAST)]
    else:
        chosen = [pick(rng, FIRST), pick(rng, FIRST), pick(rng, LAST)]
    text = " ".join(chosen)
    return text.upper() if chance(rng, 0.65) else text.title()
