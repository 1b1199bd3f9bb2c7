"""Surface forms of the painters' world: which words of a prompt mean which vocabulary word.

A lexicon entry maps one to five tokens to a kind (``noun``, ``colour``, ``weather`` ...) and a
value of `vocabulary`. It knows nothing of sentences: what an adjective belongs to, and what a
word means next to others, is decided in `reading`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from qfloor.generators.builtin.world import forms
from qfloor.generators.builtin.world import vocabulary as words

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[.;:!?,()]")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a run of tokens means: its kind and its vocabulary word; ``note`` refines it."""

    kind: str
    value: str
    note: str = ""


def tokens(text: str) -> list[str]:
    """Split text into folded tokens; hyphens split, accents go, punctuation stays.

    Examples
    --------
    >>> tokens("A three-storey café, at dusk.")
    ['a', 'three', 'storey', 'cafe', ',', 'at', 'dusk', '.']
    """
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return _TOKEN.findall(kept.casefold())


def _add(table: dict[str, list[tuple[tuple[str, ...], Entry]]], form: str, entry: Entry) -> None:
    key = tuple(tokens(form))
    rows = table.setdefault(key[0], [])
    if all(known != key for known, _ in rows):
        rows.append((key, entry))


def _build() -> dict[str, list[tuple[tuple[str, ...], Entry]]]:
    """Index all forms by first token, longest first; of equal forms the first added wins."""
    table: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
    for speed in words.SPEEDS:  # "as the camera slowly zooms in": the camera is no thing here
        for verb, kind in (("zooms", "zoom"), ("zoom", "zoom"), ("pans", "pan"), ("pan", "pan")):
            _add(table, f"camera {speed} {verb}", Entry("motion", kind, speed))
            _add(table, f"camera {verb}", Entry("motion", kind))
    for noun, plural in words.NOUNS.items():
        _add(table, noun, Entry("noun", noun))
        _add(table, plural, Entry("noun", noun, "plural"))
    for kind, rows in forms.FORMS.items():
        for value, said in rows.items():
            for form in ([] if value == "wooden table" else [value]) + said.split("|"):
                _add(table, form, Entry(kind, value))
    for kind, group in (
        ("motion", forms.MOTIONS),
        ("relation", forms.RELATIONS),
        ("number", forms.NUMBERS),
        ("cue", forms.CUES),
    ):
        for value, said in group.items():
            for form in said.split("|"):
                photo = kind == "cue" and form.split()[-1] in ("photo", "photography")
                _add(table, form, Entry(kind, value, "photo" if photo else ""))
    for noun, said in forms.NOUN_SYNONYMS.items():
        for form in said.split("|"):
            _add(table, form, Entry("noun", noun))
            _add(table, form + "s", Entry("noun", noun, "plural"))
    _add_odd_words(table)
    for rows_of in table.values():
        rows_of.sort(key=lambda row: -len(row[0]))
    return table


def _add_odd_words(table: dict[str, list[tuple[tuple[str, ...], Entry]]]) -> None:
    for form, entry in {
        "blond": Entry("hair colour", "blond"),
        "blonde": Entry("hair colour", "blond"),
        "ginger": Entry("hair colour", "red"),
        "redhead": Entry("hair colour", "red"),
        "pair of": Entry("pair", "2"),
        "pairs of": Entry("pair", ""),
        "on the left": Entry("side", "left"),
        "on the right": Entry("side", "right"),
        "wall": Entry("walls", ""),
        "walls": Entry("walls", ""),
        ",": Entry("comma", ""),
        "side by side": Entry("barrier", "side"),
        "made of": Entry("made of", ""),
        "painted": Entry("made of", ""),
        "person": Entry("person", ""),
        "people": Entry("person", ""),
        "child": Entry("person", ""),
        "kid": Entry("person", ""),
        "old": Entry("old", ""),
        "elderly": Entry("old", ""),
    }.items():
        _add(table, form, entry)
    for barrier in forms.BARRIERS.split():
        _add(table, barrier, Entry("barrier", barrier))


LEXICON = _build()


def entries(text: str) -> list[Entry]:
    """Read the known words of a text in order, longest match first; unknown words are skipped.

    Examples
    --------
    >>> [e.value for e in entries("Two crimson automobiles at dusk")]
    ['2', 'red', 'car', 'at', 'sunset']
    """
    words_of = tokens(text)
    found: list[Entry] = []
    at = 0
    while at < len(words_of):
        step = 1
        for key, entry in LEXICON.get(words_of[at], ()):
            if tuple(words_of[at : at + len(key)]) == key:
                found.append(entry)
                step = len(key)
                break
        at += step
    return found
