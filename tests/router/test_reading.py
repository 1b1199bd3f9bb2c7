"""A request taken apart: what is quoted, negated, beside each other, and parts of words."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qfloor.router import reading


def content(text: str) -> reading.Content:
    return reading.content_of(reading.read(text).tokens)


def test_what_is_quoted_is_taken_out_and_counted() -> None:
    told = reading.read('A sign "KEEP OUT" over «Entrée»')
    assert told.tokens == ["a", "sign", "over"]
    assert told.quotes == 2


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ('print("hello world")', 0),
        ('const name = "Anna";', 0),
        ("select * from users where name = 'bob'", 0),
        ('git commit -m "fix typo"', 0),
        ('<div class="card">title</div>', 0),
        ('{"item": "table lamp", "finish": "matte"}', 0),
        ('a sign ("OPEN") on a door', 1),
        ('neon sign: ["OPEN", "CLOSED"]', 2),
        ("a t-shirt printed with \"console.log('hi')\"", 1),
        ('whiteboard, two columns "STOP"; on the left "GO"', 2),
    ],
)
def test_what_a_program_quotes_is_no_lettering(text: str, quotes: int) -> None:
    assert reading.read(text).quotes == quotes


def test_what_a_request_in_fields_quotes_are_its_words() -> None:
    assert {"table", "lamp", "matte"} <= set(
        reading.read('{"item": "table lamp", "finish": "matte"}').tokens
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a building shaped like a giant camera", "a building"),
        ("a cloud in the shape of a teacup over a hill", "a cloud over a hill"),
        ("gâteau en forme de château, rose", "gâteau , rose"),
        ("casa con forma de zapato", "casa"),
        ("Haus in Form einer Banane", "haus"),
        ("platform shoes in good shape", "platform shoes in good shape"),
        ("turn our family photo into a ghibli scene", "turn it into a ghibli scene"),
        ("can you make my dog picture into an oil painting", "turn it into an oil painting"),
        ("turn the lights into stars", "turn the lights into stars"),
    ],
)
def test_what_a_thing_is_only_like_or_was_before_is_not_read(text: str, kept: str) -> None:
    assert reading.read(text).tokens == kept.split()


def test_only_the_beginning_is_read() -> None:
    told = reading.read("word " * 100_000)
    assert len(told.tokens) == reading.READ_CHARACTERS // 5
    assert content("word " * 100_000).length == reading.MOST_WORDS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("बूढ़ी औरत का चित्र।", ["बूढ़ी", "औरत", "का", "चित्र", "।"]),  # vowel signs part no words
        ("写着“开门”的海报，大字", ["写着", "的海报", "，", "大字"]),
        ("l'été, snake_case", ["l'été", ",", "snake", "case"]),
        ("مُلصَق كبير؟", ["مُلصَق", "كبير", "؟"]),
    ],
)
def test_words_of_many_scripts(text: str, words: list[str]) -> None:
    assert reading.read(text).tokens == words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a lake, dawn, negative: text, logo", "a lake, dawn, "),
        ("a lake\nNegative prompt: people\nSteps: 20", "a lake\n"),
        ("un lago, prompt negativo: personas", "un lago, "),
        ("湖，负面提示词：文字", "湖，"),
        ("negative prompt: blurry", "negative prompt: blurry"),
        ("a film negative of a lake: dawn", "a film negative of a lake: dawn"),
        ('a sign "negative: no entry" on a door: red', "a sign   on a door: red"),
    ],
)
def test_a_negative_prompt_within_a_request_is_not_what_it_is_about(text: str, wanted: str) -> None:
    assert reading.read(text).bare == wanted


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a chair --ar 16:9 --v 6.1", "a chair"),
        ("a chair --style raw --tile --s 50, oak", "a chair , oak"),
        ("a chair —ar 3:2", "a chair"),
        ("a chair --seed=7 --sref https://example.org/a.png", "a chair"),
        ("a chair, oak, steps: 30, sampler: euler, cfg scale: 7", "a chair , oak ,"),
        # what is asked for, or not wanted, stays; so do dashes between words, and steps to climb
        ("a roti flips --duration 8 --fps 24", "a roti flips duration 8 fps 24"),
        ("a chair --niji 6 --no people", "a chair niji 6 no people"),
        ("a chair --version-two -- style raw", "a chair version two style raw"),
        ("a chair—style raw—v 6", "a chair style raw v 6"),
        ("garden steps: 3 of stone", "garden steps : 3 of stone"),
        ("steps: 1 mix, holding a sampler", "steps : 1 mix , holding a sampler"),
        ("rm --test 3 cats", "rm test 3 cats"),
        ("python --version", "python version"),
        ("--ar 16:9 --style raw a chair", "a chair"),
        # settings that come first are cut as well, as long as a request is left
        ("steps: 20, sampler: euler a, cfg scale: 7, watch on marble", "watch on marble"),
        ("seed: 12, size: 512x768, steps: 20, sampler: dpm++ 2m, clip skip: 2\na chair", "a chair"),
        ("steps: 20, sampler: euler", "steps : 20 , sampler : euler"),
        ("a chair, steps: 30, cfg 7, sampler: dpm++", "a chair ,"),
        ("steps: 3 of stone, seed: 4 of wheat", "steps : 3 of stone , seed : 4 of wheat"),
        # whatever stands in a list of what is not wanted is not wanted
        ("a mug --no text, logo --ar 1:1", "a mug no text no logo"),
        ("a mug --no-ff, logo", "a mug no ff , logo"),
        # how far a word counts, and what is loaded by its file's name
        ("(a chair:1.2), [oak:0.5], (red, 8k:1.1)", "( a chair ) , oak , ( red , 8k )"),
        ("<lora:portrait_v2:0.8> a chair, oak, <hypernet:x:1>", "a chair , oak ,"),
        ("<lora:portrait_v2:0.8>", "lora : portrait v2 : 0 . 8"),
        ("a bus (at 14:30), a door (16:9)", "a bus ( at 14 : 30 ) , a door ( 16 : 9 )"),
    ],
)
def test_settings_of_a_generator_are_not_words(text: str, kept: str) -> None:
    assert reading.read(text).tokens == kept.split()


def test_a_negation_reaches_a_few_words_and_no_further_than_a_break() -> None:
    told = content("a lake, no people or boats, wide")
    assert told.words == ["a", "lake", "wide"]
    assert told.negated == ["!people", "!or", "!boats"]
    assert told.beside == ["a lake", "^a", "$wide"]


def test_pieces_of_words_and_of_runs() -> None:
    share, pieces = reading.pieces_of("cat")
    assert pieces == ["<ca", "cat", "at>", "<cat", "cat>", "<cat>"]
    assert share == pytest.approx(reading.PIECE_SHARE / math.sqrt(6))
    assert reading.pieces_of("风景")[1] == ["风", "景", "风景"]
    assert reading.pieces_of("of") == (0.0, [])
    assert len(reading.pieces_of("x" * 5000)[1]) < 100


def test_features_are_damped_by_length() -> None:
    one, four = reading.features_of(content("lake")), reading.features_of(content("lake a b c"))
    assert one["lake"] == 1.0
    assert four["lake"] == 0.5
    assert one["^lake"] == one["$lake"] == 1.0


@given(st.text(max_size=400))
def test_any_text_has_finite_features(text: str) -> None:
    found = reading.features_of(content(text))
    assert all(math.isfinite(value) and value >= 0 for value in found.values())
    assert found == reading.features_of(content(text))


@given(st.floats(-1e6, 1e6))
def test_bounded_keeps_order_and_sign(total: float) -> None:
    assert -1.0 < reading.bounded(total) < 1.0
    assert math.copysign(1, reading.bounded(total)) == math.copysign(1, total)
    assert reading.bounded(total) <= reading.bounded(total + 1.0)


@pytest.mark.parametrize(
    ("ratio", "name"), [(2.4, "#panorama"), (1.5, "#wide"), (1.0, "#square"), (0.6, "#tall")]
)
def test_shapes(ratio: float, name: str) -> None:
    assert reading.shape_of(ratio) == name


@given(st.text(st.characters(max_codepoint=127), max_size=80))
def test_plain_text_is_parted_as_any_other(text: str) -> None:
    assert reading.words_of(text) == reading.WORD.findall(text)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=12))
@example("\u0dff\u0e00")
@example("\u0e7f")
@example("\u0e80\u303f\u3100\u33ff\ua000\uabff\ud7b0")
@example("l\u2019\u00e9t\u00e9")
def test_letters_between_bounds_are_those_of_a_pattern(text: str) -> None:
    unparted = re.search(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]", text)
    assert reading.has_letter(text, "\u0e00\u0e80\u3040\u3100\u3400\ua000\uac00\ud7b0") == bool(
        unparted
    )
