"""Requests for work on a text or for a chart of colours, and pictures with such words."""

from __future__ import annotations

import pytest

from qfloor.records import CATEGORIES
from qfloor.router import Need
from qfloor.router.chores import asks_chore
from qfloor.router.classifier import Classifier
from qfloor.router.lexicon import SETTINGS, WORDS
from qfloor.router.reading import read
from qfloor.router.weights import default_weights

CLASSIFIER = Classifier({c.id: c for c in CATEGORIES}, WORDS, SETTINGS, default_weights())

CHORES = """
summarise this text
please rewrite the following paragraph
resume ce texte
traduis ce texte en anglais
resume este texto en tres frases
corrija este texto
fasse diesen Text zusammen
kannst du diesen Text übersetzen
总结一下这段文字
请帮我翻译这句话
この文章を英語に訳してください
ترجم هذا النص
इस लेख का सारांश लिखो
color palette: terracotta, sage, cream
a colour palette of a desert
paleta de colores: terracota, salvia
palette de couleurs pastel
Farbpalette Herbst
配色方案：米白、墨绿
配色パレット
"""

PICTURES = """
poster with this text: FREE WIFI
a letter on a desk
eyeshadow palette with nine colours
colour swatch picture for nail polish
a painter's color palette on a stool
Wohnzimmer, Farbpalette Beige
cocina, paleta de colores cálidos
客厅效果图，北欧配色方案
living room at dusk, color palette sage and cream
まとめて置いた文房具
a resume template, modern
correct posture at a desk, photo
"""


def asks(text: str) -> bool:
    told = read(text)
    return asks_chore(told.tokens, told.bare)


@pytest.mark.parametrize("text", CHORES.strip().splitlines())
def test_chores_are_told_by_how_they_open_and_name_no_category(text: str) -> None:
    assert asks(text)
    assert CLASSIFIER.classify(Need(prompt=text)).category is None


@pytest.mark.parametrize("text", PICTURES.strip().splitlines())
def test_pictures_with_such_words_are_no_chores(text: str) -> None:
    assert not asks(text)


@pytest.mark.parametrize("text", ["", "?", "please", "resume", "color", "übersetzen", "总结"])
def test_a_word_is_no_chore(text: str) -> None:
    assert not asks(text)
