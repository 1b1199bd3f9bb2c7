"""Whether a request opens as a chore that no picture answers: work on a text, a chart of colours.

"Résume ce texte" speaks of a text and asks for no lettering, "colour palette: terracotta, sage" of
no goods. As with changes (`qfloor.router.changes`) it is how a request opens that tells: "a poster
with this text", "a bedroom, colour palette sage and cream" are pictures. Knows words of nine
languages; no category and no weight.
"""

from __future__ import annotations

from itertools import pairwise, product

from qfloor.router.changes import POLITE
from qfloor.router.reading import BREAKS, word_set

_FIRST = 6
"""Words and breaks from the beginning among which a chore is told."""
_NEAR = 4
"""Words behind the doing in which the text is named."""

_WORKS = word_set(
    "summarise summarize translate paraphrase proofread rewrite rephrase reword spellcheck shorten "
    "correct simplify resume resumir resuma resumen traduce traducir traduzca corrige corregir "
    "corrija reescribe reescribir traduz traduzir traduza corrigir reescreva reescrever "
    "résume résumer résumez traduis traduire traduisez corriger corrigez reformule reformuler "
    "reformulez relis réécris "
    "übersetze übersetz übersetzen korrigiere fasse fass formuliere kürze umformulieren "
    "لخص ترجم صحح"
)
"""What is done to a text."""
_WORKS_LATE = word_set("übersetzen zusammenfassen korrigieren umformulieren kürzen")
"""The same where German tells it last."""
_TEXTS = word_set(
    "text paragraph sentence article essay email letter passage document notes page chapter "
    "summary texto párrafo oración artículo correo carta ensayo parágrafo frase artigo redação "
    "texte paragraphe phrase lettre courriel "
    "absatz satz artikel aufsatz brief "
    "النص الفقرة الجملة المقال الرسالة"
)
_AT_HAND = word_set(
    "this that these the my following attached el la los este esta mi o a esse essa meu minha "
    "ce cet cette ces le mon ma diesen dieses diese den das meinen mein هذا هذه"
)
"""How a text is told that is there already; Arabic tells it by the article of the text itself."""

_CHARTS = word_set("palette scheme swatches wheel chart codes")
_COLOURS = word_set("color colour colors colours hex")
_NAMED = word_set("farbpalette farbschema farbkonzept farbkarte")
_OF_COLOURS = (
    ("paleta", "de"), ("palette", "de"), ("esquema", "de"), ("carta", "de"), ("nuancier", "de"),
)  # fmt: skip
_ROMANCE = word_set("colores color cores couleurs couleur")
_BEGINS = _WORKS | _NAMED | _COLOURS | {chart for chart, _ in _OF_COLOURS}
"""Words of which one is among the first of every chore that parts its words."""

_UNPARTED_TEXTS = ("文", "段", "句", "篇", "信")
_CHINESE = ("总结", "翻译", "润色", "改写", "校对", "概括", "缩写", "總結", "翻譯")
_CHINESE_POLITE = ("请", "請", "帮我", "幫我", "麻烦")
_PALETTES = ("配色方案", "配色表", "色板", "配色パレット", "カラーパレット", "لوحة ألوان")
_COMMAS = frozenset("，、,،")
_JAPANESE = tuple(
    f"{doing}{asks}"
    for doing, asks in product(
        ("訳して", "要約して", "添削して", "校正して"),
        ("", "ください", "下さい", "くれ", "くれますか", "ほしい", "もらえますか"),
    )
)
_LAST_MARKS = "。！？!?. "
_HINDI = ("अनुवाद कर", "सारांश", "संक्षेप में लिख")


def asks_chore(tokens: list[str], text: str) -> bool:
    """Whether words in lower case ask for work on a text, or for a chart of colours.

    ``text`` is all of them, which scripts that do not part words are read by.
    """
    words = tokens[:_FIRST]
    if not _BEGINS.isdisjoint(words) and (_works_on_text(tokens) or _charts_colours(words)):
        return True
    if not _WORKS_LATE.isdisjoint(tokens[-2:]):
        return any(a in _AT_HAND and b in _TEXTS for a, b in pairwise(tokens))
    return not text.isascii() and _told_unparted(text.strip())


def _charts_colours(words: list[str]) -> bool:
    """Whether colours are what is asked for, and not what a picture has."""
    parted = next((i for i, word in enumerate(words) if word in BREAKS), _FIRST)
    words = words[:parted]  # behind a break they are those of a picture that was told
    if not _NAMED.isdisjoint(words[:3]):
        return True
    if any(told in _OF_COLOURS for told in pairwise(words[:4])):
        return not _ROMANCE.isdisjoint(words)
    return any(a in _COLOURS and b in _CHARTS for a, b in pairwise(words[:3]))


def _works_on_text(tokens: list[str]) -> bool:
    """Whether the doing comes first behind polite words, and then a text that is at hand."""
    start = next((i for i, t in enumerate(tokens) if t not in POLITE and t not in BREAKS), 0)
    if tokens[start] not in _WORKS:
        return False
    behind = tokens[start + 1 : start + 1 + _NEAR]
    at = next((i for i, word in enumerate(behind) if word in _TEXTS), None)
    return at is not None and (not _AT_HAND.isdisjoint(behind[:at]) or behind[at].startswith("ال"))


def _told_unparted(text: str) -> bool:
    asked = text
    while begun := next((w for w in _CHINESE_POLITE if asked.startswith(w)), ""):
        asked = asked[len(begun) :]
    if asked.startswith(_PALETTES) or (text.endswith(_PALETTES) and _COMMAS.isdisjoint(text)):
        return True
    if not any(w in text for w in _UNPARTED_TEXTS):
        return any(w in text for w in _HINDI)
    return asked.startswith(_CHINESE) or text.rstrip(_LAST_MARKS).endswith(_JAPANESE)
