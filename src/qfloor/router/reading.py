"""A request taken apart: what is quoted, its words, and the features that weights are about.

The router and the training script (benchmarks/classifier/train.py) read requests with these same
functions, so that what is learned is what is looked up. Knows no weights and no categories.

Features of a text, by how they are spelled:

==========  ====================================================================
``word``    a word, in lower case
``a b``     two words that stand beside each other
``^word``   the first word; ``$word`` the last
``!word``   a word that a negation reaches
``~abc``    a piece of a word (``<`` and ``>`` are its ends), or of a run of a
            script that does not part words
``@word``   the word that the first phrase ends with: what it is about, and
            ``@-ord`` its last letters; ``@^word`` the first word, not damped
            (`qfloor.router.heads`)
``#name``   what is no word: quotes, shape, length, a clip asked for
==========  ====================================================================
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

READ_CHARACTERS = 2000
"""What a request is about stands in its beginning; the rest is not read."""

_QUOTED = re.compile(
    r"“[^”]{1,300}”|„[^“”]{1,300}[“”]|«[^»]{1,300}»|「[^」]{1,300}」|『[^』]{1,300}』"
    r"|\"[^\"]{1,300}\"|'(?<!\w')[^']{2,300}'(?!\w)|‘(?<!\w‘)[^’]{2,300}’(?!\w)|《[^》]{1,300}》"
)  # each begins with its mark, so that the rest of a text is skipped fast
# Vowel signs of Indian scripts and marks of Arabic are no letters to Python, but part no words.
_JOINED = r"\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u200c\u200d"
_QUOTES = re.compile("[\"'“„«「『‘《]")
_BREAK = r"[,;.:!?()\n，。；：、！？（）،؛؟।]"
WORD = re.compile(rf"[^\W_]+(?:['’][^\W_]+)?|{_BREAK}")
_MARKED_WORD = re.compile(rf"(?:[^\W_]|[{_JOINED}])+(?:['’][^\W_]+)?|{_BREAK}")
_MARKED = re.compile(rf"[{_JOINED}]")
_RUNS = "\u0e00\u0e80\u3040\u3100\u3400\ua000\uac00\ud7b0"
"""Where letters of scripts whose words are not parted begin and end, in turns."""

NEGATIONS = frozenset(
    ("no", "not", "without", "never", "sin", "sans", "ohne", "kein", "keine", "keinen", "sem",
     "senza", "non", "zonder", "bez")
)  # fmt: skip
_NEGATIVE_TOLD = ("negativ", "négatif", "提示词", "ネガティブ")
_NEGATIVE = re.compile(
    r"(?:\bnegative(?:[ _-]?prompts?)?|\bprompt negativo|\bprompt négatif|\bnegativer prompt"
    r"|负面提示词|反向提示词|ネガティブプロンプト)\s*[:：]"
)
_SETTING = re.compile(
    r"(?<!\S)(?:(?:--|—)(?:ar|aspect|v|version|s|stylize|style|q|quality|c|chaos|seed|sameseed|w"
    r"|weird|iw|sw|cw|ow|exp|p|profile|sref|cref|oref|stop|repeat)[ =]+"
    r"(?:raw|cute|scenic|expressive|original|random|https?:\S+|\w*\d[\w.:/%]*)"
    r"|--(?:raw|tile|hd|draft|fast|turbo|relax|p))(?![\w-])"
)  # what asks for a clip or a drawing (--fps, --motion, --niji), or is not wanted (--no), stays
_UNWANTED = re.compile(r"(?<!\S)--no(?= )(?:(?!--)[^.;:!?()\n])+")
_NUMBER = r" ?:? ?-?\d[\w.]*(?:[,;|\s]+|$)"
_NAME = r" ?: ?[^\W\d][^,;|\n]{0,40}(?:[,;|\n]\s*|$)"
_MORE = (
    rf"(?:(?:size|clip skip|denoising strength|guidance scale|eta|ensd|model hash){_NUMBER}"
    rf"|(?:model|model hash|vae|vae hash|schedule type|version|rng){_NAME}){{0,9}}"
)
_SETTINGS = re.compile(
    rf"\b{_MORE}(?:(?:(?:steps|cfg(?: scale)?|seed){_NUMBER}|sampler{_NAME}){_MORE}){{2,}}"
)  # of a sampler: two or more, one behind the other, and what else stands among them
_WEIGHT = re.compile(r"(?:(?<=[^\W\d]) ?: ?\d+|(?<=\w) ?: ?\d*\.\d+)(?= ?[)\]])")
"""How far a generator shall heed the words before; "16:9" and "14:30" are none."""
_LOADED = re.compile(r"<(?:lora|lyco|locon|hypernet)[\w-]*:[^<>\n]{1,200}>")
_CODE = re.compile(
    r'\w\(""|""\)*;\s*(?:\n|$)|<\w+(?: [\w-]+="")+ ?/?>|\w ?[=!]= ?""|^\s*echo ""'
    r'|^\s*(?:const|let|var|export|return) \w+ ?= ?""|\bwhere \w+ ?(?:=|like|in) ?\(?""'
    r'|^[\w$ ]+ --?[a-z][\w-]*[= ]?""|^\s*import .*\bfrom ""'
)
"""A program's text, every quote in it told as two marks: what it quotes is no lettering."""
_FIELDS = re.compile(r'\{\s*""\s*:')
"""How a request begins that is told in fields: what it quotes are its words."""
_SHAPED = re.compile(
    r"\b(?:shaped like|in the (?:shape|form) of|en forme (?:de|d')|(?:con|en|em) forma de"
    r"|in form (?:eines|einer))(?: (?:an?|the|un|une|una|um|uma))? ?[\w-]+"
    r"(?: (?!(?:on|in|over|under|above|behind|beside|next|inside|with|at|of|by|and|near|for|from"
    r"|made|en|con|com|sur|avec|auf|mit|und|y|e|et)\b)\w[\w-]*)?"
)
"""What a thing looks like, which it is not."""
_INTO = re.compile(
    r"^(?:[\w']+ ){0,4}?(?:turn|make|convert|transform|change) (?:[\w'-]+ ){0,5}?"
    r"(?:photo|picture|pic|image|selfie|portrait|snapshot|drawing|sketch|painting|render)s?"
    r"(?: [\w'-]+){0,6}? into (?=\w)"
)
"""What a picture shows that is to become another."""
BREAKS = frozenset(",;.:!?()\n，。；：、！？（）،؛؟।")
MARKS = NEGATIONS | BREAKS
_PLAIN_BREAKS = ",;.:!?()"
_KEPT = f"{_PLAIN_BREAKS}'\n"
_PARTING = bytes(n if chr(n).isalnum() or chr(n) in _KEPT else 32 for n in range(256))
MOST_WORDS = 96
"""Words and breaks that learned weights look at: a request says early what it is about."""
REACH = 4
"""Words that a negation reaches over."""

PIECES = (3, 4, 5)
RUN_PIECES = (1, 2, 3)
LONGEST = 24
"""Characters of a word that pieces are taken of, or of a run."""
PIECE_SHARE = 0.5
"""What the pieces of a word count together, against the word itself."""


def word_set(words: str) -> frozenset[str]:
    """Words of a list that is written as a text."""
    return frozenset(words.split())


class Reading(NamedTuple):
    """A request in lower case: without what it quotes, in words, and how often it quotes."""

    bare: str
    tokens: list[str]
    quotes: int


def read(text: str) -> Reading:
    """Take a request apart; only its first `READ_CHARACTERS` are looked at."""
    bare, quotes = text[:READ_CHARACTERS].lower(), 0
    if '"' in bare or "'" in bare or (not bare.isascii() and _QUOTES.search(bare)):
        bare, quotes = _lettering(bare)
    if ":" in bare or "：" in bare:
        bare = _wanted(bare)
    if "shape" in bare or " form" in bare:
        bare = _SHAPED.sub(" ", bare)
    if " into " in bare:
        bare = _INTO.sub("turn it into ", bare)
    if "--" in bare or "—" in bare:
        bare = _SETTING.sub(" ", _UNWANTED.sub(_each, bare))
    return Reading(bare, words_of(bare), quotes)


def _lettering(text: str) -> tuple[str, int]:
    """A text without what it quotes, and how often it quotes; in a program's it quotes nothing."""
    bare, quotes = _QUOTED.subn('""', text)
    if quotes and _FIELDS.search(bare):
        return text.replace('"', " "), 0
    return bare.replace('""', " "), 0 if quotes and _CODE.search(bare) else quotes


def _wanted(text: str) -> str:
    """A request without settings of a sampler and a negative prompt that are written into it.

    Nor with weights of words, "(mist:1.2)", and names of adapters that are loaded: they are files'.
    """
    if "<" in text:
        unloaded = _LOADED.sub(" ", text)
        text = unloaded if unloaded.strip() else text
    if "(" in text or "[" in text:
        text = _WEIGHT.sub("", text)
    if "steps" in text or "cfg" in text or "sampler" in text:
        told = _SETTINGS.search(text)
        if told:
            before, after = text[: told.start()], text[told.end() :]
            text = before if before.strip() else after if after.strip() else text
    if any(told in text for told in _NEGATIVE_TOLD):
        begun = _NEGATIVE.search(text)
        if begun and not text[: begun.start()].isspace() and begun.start():
            return text[: begun.start()]
    return text


def _each(unwanted: re.Match[str]) -> str:
    """Things behind ``--no``, each with a "no" of its own: all of the list are not wanted."""
    return unwanted[0].replace(",", " no ")


def words_of(text: str) -> list[str]:
    """Words and breaks of a text in lower case, in order."""
    if text.isascii():
        return _plain_words(text)
    if not _MARKED.search(text):
        return WORD.findall(text)
    return _MARKED_WORD.findall(text)


def _plain_words(text: str) -> list[str]:
    """What `WORD` finds, sooner: in ASCII all but letters, digits and apostrophes parts words."""
    text = text.encode("ascii").translate(_PARTING).decode("ascii")
    for mark in _PLAIN_BREAKS:
        if mark in text:
            text = text.replace(mark, f" {mark} ")
    if "\n" in text:
        found = [word for line in text.split("\n") for word in (*line.split(), "\n")][:-1]
    else:
        found = text.split()
    if "'" in text:
        return [word for part in found for word in (WORD.findall(part) if "'" in part else (part,))]
    return found


def has_letter(text: str, bounds: str) -> bool:
    """Whether a text has a letter between two bounds, where every other one is an end.

    A pattern of so many letters takes 2 ms to compile, whether or not one is ever met.
    """
    if text.isascii() or max(text) < bounds[0]:
        return False
    return any(bisect_right(bounds, letter) % 2 for letter in text)


def pieces_of(token: str) -> tuple[float, list[str]]:
    """Parts of a word that its relatives and misspellings share, and how far each counts.

    A word of a script that does not part words is a run of several, and counts by its length.
    """
    if has_letter(token, _RUNS):
        run = token[:LONGEST]
        pieces = [run[i : i + n] for n in RUN_PIECES for i in range(len(run) - n + 1)]
        return math.sqrt(len(run) / 2 / len(pieces)), pieces
    if len(token) < 3:
        return 0.0, []
    spelled = f"<{token[:LONGEST]}>"
    pieces = [spelled[i : i + n] for n in PIECES for i in range(len(spelled) - n + 1)]
    return PIECE_SHARE / math.sqrt(len(pieces)), pieces


def token_features(token: str) -> list[tuple[str, float]]:
    """A word by itself: the features that follow from it, each with how far it counts."""
    share, pieces = pieces_of(token)
    return [(token, 1.0), *((f"~{piece}", share) for piece in pieces)]


class Content(NamedTuple):
    """Words of a request by how they count: plainly, negated, and how many they are.

    ``runs`` are the words again, as they stand beside each other. ``length`` is the number of
    words; a run of an unparted script counts half its letters.
    """

    words: list[str]
    negated: list[str]
    runs: list[list[str]]
    length: float

    @property
    def ends(self) -> tuple[str, ...]:
        """First and last word, as features."""
        return (f"^{self.words[0]}", f"${self.words[-1]}") if self.words else ()

    @property
    def beside(self) -> list[str]:
        """Every two words that stand beside each other, and both ends, as features."""
        return [*(f"{a} {b}" for run in self.runs for a, b in pairwise(run)), *self.ends]


def marks_of(tokens: list[str]) -> list[int]:
    """Where negations and breaks stand."""
    return [i for i, token in enumerate(tokens) if token in MARKS]


def content_of(tokens: list[str], marks: Iterable[int] | None = None) -> Content:
    """Sort the words of a request by how they count; ``marks`` are its `marks_of`, if known."""
    words: list[str] = []
    negated: list[str] = []
    runs: list[list[str]] = []
    begun, reach = 0, -1
    looked_at = tokens[:MOST_WORDS]
    end = len(looked_at)
    for i in (*(marks_of(looked_at) if marks is None else [i for i in marks if i < end]), end):
        reached = min(i, max(begun, reach + 1))
        if reached > begun:
            negated += [f"!{token}" for token in looked_at[begun:reached]]
        if i > reached:
            run = looked_at[reached:i]
            words += run
            runs.append(run)
        begun = i + 1
        reach = -1 if i == end or looked_at[i] in BREAKS else i + REACH
    return Content(words, negated, runs, length_of(words, len(negated)))


def length_of(words: list[str], negated: int) -> float:
    """How many words count, as `Content` has it."""
    length = float(len(words) + negated)
    if not "".join(words).isascii():
        for word in words:
            if has_letter(word, _RUNS):
                length += len(word) / 2 - 1
    return length


def damping(length: float) -> float:
    """How far each word of a request of this length counts: many words share their say."""
    return 1.0 / math.sqrt(max(length, 1.0))


def shape_of(ratio: float) -> str:
    """Name the shape of a picture by its width over its height."""
    if ratio >= 2.0:
        return "#panorama"
    if ratio > 1.1:
        return "#wide"
    return "#tall" if ratio < 0.91 else "#square"


def features_of(content: Content) -> dict[str, float]:
    """Every feature of a request's words with its value, damping included.

    Slow and plain: training reads requests with it, and tests hold the router's sums against it.
    """
    share = damping(content.length)
    found: dict[str, float] = {}
    for word in content.words:
        for name, value in token_features(word):
            found[name] = found.get(name, 0.0) + value * share
    for name in (*content.negated, *content.beside):
        found[name] = found.get(name, 0.0) + share
    return found


def bounded(total: float) -> float:
    """Squeeze a sum of the lexicon's log odds into (-1, 1): its tenth word adds little."""
    return total / (3.0 + abs(total))
