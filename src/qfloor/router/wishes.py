"""Whether a request tells how something that is there shall be instead of what is to be done to it.

"The sky should be more dramatic" and "I want her hair to be longer" name no doing that
`qfloor.router.changes` could know, but what is known already ("the", "her") and how it shall be
otherwise. "The man who should be king" tells no such thing. Knows no category and no weight.
"""

from __future__ import annotations

from itertools import pairwise

from qfloor.router.reading import BREAKS, word_set

FAR = 10
"""Words from the beginning that are looked at."""


_KNOWN = word_set(
    "the my his her its their this these el la los las mi su sus este esta o a os as meu minha "
    "este esta le la les mon ma mes son sa ses ce cette "
    "der die das mein meine ihr ihre sein seine dieser diese dieses"
)
_ARTICLES = word_set("the el la los las o a os as le les der die das")
_COLOURS = word_set(
    "white black red blue green yellow pink purple orange grey gray brown gold silver navy "
    "blanco blanca negro negra rojo azul verde branco branca preto preta vermelho blanc blanche "
    "noir rouge bleu vert weiß schwarz rot blau grün gelb"
)
"""What a brief tells of a thing that is new: "the logo should be blue"."""
_SHOULD = word_set(
    "should soll sollen sollte sollten könnte könnten debería deberían podría podrían devrait "
    "devraient pourrait devia deveria deviam podia poderia"
)
_BE = word_set(
    "be have look sein werden haben ser estar tener être avoir ficar ter sea sean fuera esté "
    "tenga soit soient seja sejam fosse fique fiquem"
)
_WHO = word_set("who that which que qui that's")
"""Behind these words something is told of what is there, and is no wish."""
_WISHES = word_set(
    "want like love need quiero gustaría voudrais aimerais veux faudrait quero queria"
)
_MIGHT = word_set("sea sean fuera esté tenga soit soient seja sejam fosse fique fiquem")
"""How Romance languages tell what shall be, behind "que"."""
_MORE = word_set("more less más menos mais plus moins mehr weniger")
_LEVELS = word_set(
    "contrast saturation brightness exposure sharpness brillo saturación contraste exposición "
    "luminosité saturation brilho saturação helligkeit kontrast sättigung schärfe"
)
_SETS = word_set("raise lower sube baja aumenta augmente baisse monte diminui abaixa erhöhe senke")
_SHOWN = word_set("sky background hair cielo fondo pelo céu fundo cabelo ciel fond")
_LOOKS = word_set("look looks")
_AMISS = word_set("wrong weird off bad odd strange")
_BEGINS = _KNOWN | _WISHES | _MORE | _SETS | word_set("i i'd a me je j'aimerais il que")


def wishes_change(tokens: list[str], becomes: frozenset[str]) -> bool:
    """Whether words in lower case tell how what is there shall be.

    ``becomes`` are words for what may become of a thing and are no picture.
    """
    if tokens[0] not in _BEGINS:
        return False
    words = tokens[:FAR]
    if len(tokens) < FAR and not _LEVELS.isdisjoint(words):
        return _asks_for_more(words)
    if tokens[0] in _KNOWN:
        return _should_be(words, becomes) or _looks_amiss(words)
    if "que" in words:
        at = words.index("que")
        return not _MIGHT.isdisjoint(words[at:]) and not becomes.isdisjoint(words[at:])
    return _is_wished(words, becomes)


def _should_be(words: list[str], becomes: frozenset[str]) -> bool:
    at = next((i for i, word in enumerate(words) if word in _SHOULD), 0)
    if at < 2 or not _WHO.isdisjoint(words[:at]):
        return False
    rest, is_new = words[at + 1 :], words[0] in _ARTICLES
    told = (word in becomes and not (is_new and word in _COLOURS) for word in rest)
    return not _BE.isdisjoint(rest) and any(told)


def _looks_amiss(words: list[str]) -> bool:
    """Whether what is there is told to look wrong: "her eyes look weird, fix them"."""
    at = next((i for i, word in enumerate(words) if word in _LOOKS), 0)
    if at not in (2, 3):
        return False
    rest = [*words[at + 1 :], ","]
    return any(word in _AMISS and after in BREAKS for word, after in pairwise(rest[:5]))


def _asks_for_more(words: list[str]) -> bool:
    """Whether a picture's brightness and the like are asked for first: "a bit more contrast"."""
    if words[0] in _SETS:
        return not _LEVELS.isdisjoint(words[1:3])
    if ":" in words:
        return False  # what follows tells of a picture
    at = next((i for i, word in enumerate(words[:4]) if word in _MORE), FAR)
    return not _LEVELS.isdisjoint(words[at + 1 : at + 3])


def _is_wished(words: list[str], becomes: frozenset[str]) -> bool:
    """Whether what is known already is wished to be otherwise, or what every picture has is."""
    wish = next((i for i, word in enumerate(words[:3]) if word in _WISHES or word == "i'd"), None)
    begun = next((i for i, word in enumerate(words) if word in _KNOWN), FAR)
    if wish is None or not wish < begun <= wish + 2:
        return False
    rest = words[begun + 1 :]
    if ("to", "be") in pairwise(rest):
        return not becomes.isdisjoint(rest[rest.index("be") :])
    return rest[:1] != [] and rest[0] in _SHOWN and not becomes.isdisjoint(rest[1:2])
