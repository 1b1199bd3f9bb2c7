"""The word that a request's first phrase ends with: what it is about.

In "an interior designer by a window" that is the designer; what stands before only says more of
it. A few rules for word order in English, with the little words of languages that put what says
more behind; knows no grammar, no categories and no weights.
"""

from __future__ import annotations

from qfloor.router.reading import BREAKS

_WITHIN = 14
"""Words in which a first phrase ends, or is not looked for."""
_ENDS = BREAKS | frozenset(
    ("of", "with", "without", "in", "on", "at", "by", "for", "from", "to", "into", "onto", "over",
     "under", "above", "below", "behind", "beside", "near", "next", "against", "through", "across",
     "along", "around", "between", "inside", "outside", "like", "as", "after", "before", "during",
     "and", "or", "but", "while", "that", "which", "who", "whose", "where", "when", "is", "are",
     "was", "were", "has", "have", "had", "can", "will", "says", "reads", "wearing", "showing",
     "holding", "de", "del", "la", "des", "du", "con", "en", "sur", "avec", "dans", "et", "y", "e",
     "com", "em", "no", "na", "mit", "auf", "im", "aus", "und", "vor", "am")
)  # fmt: skip
_OPENS = frozenset(
    ("photo", "photos", "photograph", "picture", "pic", "foto", "image", "shot", "view", "pair",
     "set", "group", "piece", "plate", "bowl", "cup", "slice", "couple", "bunch", "pile", "row",
     "lot", "kind", "sort", "type", "front", "side", "top")
)  # fmt: skip
"""Words whose "of" leads on: in "a photo of a dog" the dog is meant."""
_NO_VERB = frozenset(
    ("building", "painting", "drawing", "wedding", "lighting", "ceiling", "clothing", "packaging",
     "evening", "morning", "lightning", "earring", "viking", "pudding", "landing", "railing",
     "awning", "lettering", "engraving", "etching", "rendering", "dumpling", "something",
     "nothing", "everything", "anything", "being", "flooring", "paneling", "swimming", "running",
     "sleeping", "living", "dining", "parking", "boxing", "hiking", "fishing", "sewing", "washing",
     "vending", "rocking", "flying", "string", "spring", "swing", "sling", "thing")
)  # fmt: skip
"""Words in -ing that go on with a phrase, or are its end."""


_CAMERAS = frozenset(("kamera", "कैमरा"))
_NOT_AT_ALL = frozenset(
    ("nicht", "nie", "niemals", "kaum", "keinesfalls", "nirgends", "nirgendwo", "नहीं", "मत", "बिना")
)


def rests(tokens: list[str]) -> bool:
    """Whether a camera is said not to move, in languages that say so at the clause's end."""
    for i, token in enumerate(tokens):
        if token in _CAMERAS:
            for said in tokens[i + 1 : i + _WITHIN]:
                if said in BREAKS:
                    break
                if said in _NOT_AT_ALL:
                    return True
    return False


def heads_of(tokens: list[str]) -> list[str]:
    """Features of that word: ``@word``, and its last letters as ``@-ord``.

    None where it is short, or of a script that this is not told for.
    """
    head = ""
    for token in tokens[:_WITHIN]:
        if token in _ENDS or (
            head and len(token) > 4 and token.endswith("ing") and token not in _NO_VERB
        ):
            if head in _OPENS and (token == "of" or token in BREAKS):
                head = ""
            elif head:
                break
        else:
            head = token
    return [f"@{head}", f"@-{head[-3:]}"] if len(head) > 2 and head.isascii() else []


def opening_of(tokens: list[str]) -> list[str]:
    """The first word of a request of several, as a feature: "how" asks for no picture.

    Not damped by the length of the request, as first words are that weights know by ``^word``.
    """
    return [f"@^{tokens[0]}"] if len(tokens) > 2 and tokens[0].isalpha() else []
