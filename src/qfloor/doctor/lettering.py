"""Checks of text in pictures: a word that is there is read, and the comparison of fixed strings."""

from __future__ import annotations

from qfloor.doctor.check import BY_DEFINITION, Check, Tolerance
from qfloor.doctor.ground import Ground
from qfloor.doctor.needs import Packages

_OCR = Packages(extra="ocr", modules=("rapidocr", "onnxruntime", "rapidfuzz"))
_FUZZ = Packages(extra="ocr", modules=("rapidfuzz",))
_WORDS = ("FRESH BREAD", "OPEN 24")


def _read(ground: Ground) -> str:
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    from qfloor.scorers.ocr import RapidReader
    from qfloor.scorers.text import normalise

    sign = Image.new("RGB", (640, 320), (246, 240, 225))
    hand = ImageDraw.Draw(sign)
    for row, words in enumerate(_WORDS):
        font = ImageFont.load_default(size=72)  # comes with Pillow
        hand.text((60, 50 + 120 * row), words, fill=(40, 30, 90), font=font)
    return normalise(" ".join(RapidReader()(np.asarray(sign))))


def _compared(ground: Ground) -> tuple[float, ...]:
    from qfloor.scorers.text import compare

    found = compare(["Fresh Bread", "Coffee"], ["COFFEE", "fresh bead"])
    return (found.word_accuracy, found.edit_distance_norm, float(found.exact))


def _distances(ground: Ground) -> tuple[float, ...]:
    from qfloor.scorers.text import edit_distance

    pairs = (("kitten", "sitting"), ("saturday", "sunday"), ("", "abc"), ("same", "same"))
    return tuple(float(edit_distance(a, b)) for a, b in pairs)


CHECKS: tuple[Check, ...] = (
    Check(
        id="ocr-reads",
        says="two lines drawn with Pillow's own font are read",
        metric="text.exact",
        expected="fresh bread open 24",
        measure=_read,
        source=BY_DEFINITION,
        needs=(_OCR,),
    ),
    Check(
        id="text-compared",
        says="word accuracy, normalised edit distance and exactness of fixed strings",
        metric="text.*",
        expected=(2 / 3, 1 / 18, 0.0),
        tolerance=Tolerance(absolute=1e-12),
        measure=_compared,
        source=BY_DEFINITION,
        needs=(_FUZZ,),
    ),
    Check(
        id="edit-distance",
        says="Levenshtein distances of four textbook pairs",
        metric="text.edit_distance_norm",
        expected=(3.0, 3.0, 3.0, 0.0),
        measure=_distances,
        source=BY_DEFINITION,
        needs=(_FUZZ,),
    ),
)
