"""Which language a request is written in: enough to know whether a certificate covers it.

By script where the script tells, else by the little words that a language cannot do without.
Short requests without any are taken for English when they are plain ASCII, else for unknown:
better unknown than a confident error.
"""

from __future__ import annotations

import re
import struct

_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_FOREIGN = re.compile(r"[\u0370-\u0fff\u3040-\u9fff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")

_LITTLE_WORDS: dict[str, str] = {
    "en": "the a an of with and in on at for to from by is are as its her his their this that "
    "into over under behind one two no not but all it",
    "es": "el los las una unos unas del con para por sobre desde hacia y su sus que es muy sin "
    "al junto bajo entre fondo como estilo noche luz",
    "de": "der die das ein eine einen einem einer und mit auf im vor von zum zur für über unter "
    "ist sind aus den dem des hinter bei nach ohne am eines zwei drei",
    "fr": "le les une des du avec et dans sur pour par est au aux ses qui sous vers "
    "un la de devant derrière très sans style nuit fond d l",
    "pt": "o os uma com para do da dos das no na nos nas e em sobre ao à um de que sem "
    "fundo luz estilo pelo pela seu sua noite",
    "it": "il lo gli una con per di del della dei delle nel nella sul sulla e un che dal alla "
    "dalla senza sotto sfondo stile luce in",
    "nl": "het een van met en op voor naar bij door uit onder achter is zijn de in zonder aan",
    "pl": "i w z na do od przy pod nad przed się jest oraz bez dla ze",
    "tr": "bir ve ile için üzerinde altında önünde gibi çok olan",
    "sv": "en ett och med på av från i under utan det som är den",
}
_LANGUAGES = tuple(_LITTLE_WORDS)  # English first
_COUNTS = struct.Struct(f"<{len(_LANGUAGES)}H")
BY_WORD: dict[str, int] = {}
"""Word -> one in the place of each language that has it; sums of such count them all at once."""
for _place, _words in enumerate(_LITTLE_WORDS.values()):
    for _word in _words.split():
        BY_WORD[_word] = BY_WORD.get(_word, 0) + (1 << 16 * _place)


def guess_language(text: str, counts: int) -> str | None:
    """Return an ISO 639-1 code, or None when it cannot be told.

    Parameters
    ----------
    text : str
        The request without what it quotes.
    counts : int
        What `BY_WORD` has for its words in lower case, added up; they are fewer than 65,536.
    """
    if not text.isascii():
        foreign = len(_FOREIGN.findall(text))
        if foreign and foreign * 2 >= len(_LETTER.findall(text)):
            return next((name for name, letters in _SCRIPTS if letters.search(text)), None)
    if counts >> 16:  # words that others have as well
        english, *others = _COUNTS.unpack(counts.to_bytes(_COUNTS.size, "little"))
        best = max(others)
        if best > english and best >= 2:
            return None if others.count(best) > 1 else _LANGUAGES[1 + others.index(best)]
        counts = english
    return "en" if counts or text.isascii() else None
