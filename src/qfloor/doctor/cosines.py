"""Checks of CLIP with the embedded painters' weights: sense, constancy, truncation, derivations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qfloor.doctor import drawn
from qfloor.doctor.check import BY_DEFINITION, OWN, Check, Tolerance
from qfloor.doctor.ground import Ground
from qfloor.doctor.needs import CLIP_EXTRA
from qfloor.doctor.one_output import rows_of_picture, value_of

if TYPE_CHECKING:
    from qfloor.scorers.protocol import Pixels

_SCENES = (
    ("red", "apple"), ("blue", "mug"), ("green", "bottle"), ("yellow", "banana"),
    ("purple", "backpack"), ("brown", "guitar"), ("orange", "lamp"), ("pink", "umbrella"),
)  # fmt: skip
_RED = (208, 38, 44)
_TOO_LONG = "red " * 90


def painted(size: int = 256) -> tuple[list[Pixels], list[str]]:
    """Return pictures of one thing each, by the built-in painters, and their captions."""
    import random

    import numpy as np

    from qfloor.generators.builtin.draw import STYLES, paint
    from qfloor.generators.builtin.world import grammar
    from qfloor.generators.builtin.world.scene import Scene, Thing

    pictures, captions = [], []
    for seed, (colour, noun) in enumerate(_SCENES):
        scene = Scene(category="product-photo", things=(Thing(noun=noun, colour=colour),))
        style = STYLES[sorted(STYLES)[seed % len(STYLES)]]
        rng = np.random.default_rng(seed)
        pictures.append(paint(scene, style, size, size, rng))
        captions.append(grammar.phrase(scene, random.Random(seed)))
    return pictures, captions


def _own_captions_win(ground: Ground) -> int:
    from qfloor.scorers.clip import load_backbone

    pictures, captions = painted()
    backbone = load_backbone()
    cosines = backbone.embed_images(pictures) @ backbone.embed_texts(captions).T
    return int((cosines.argmax(axis=1) == range(len(captions))).sum())


def _cosine_of_disc(ground: Ground) -> float:
    from qfloor.scorers.clip import ClipScorer

    found = rows_of_picture(ClipScorer(), drawn.disc(_RED), "a red apple on a white table")
    return value_of(found, "clip.cos")


def _cut_text(ground: Ground) -> float:
    from qfloor.scorers.clip import load_backbone

    backbone = load_backbone()
    longest = "red " * (backbone.max_tokens - 2)
    assert backbone.count_tokens(longest) == backbone.max_tokens
    whole, cut = backbone.embed_texts([longest, _TOO_LONG])
    return float(whole @ cut)


def _said_to_be_cut(ground: Ground) -> str:
    from qfloor.scorers.clip import ClipScorer

    found = rows_of_picture(ClipScorer(), drawn.disc(_RED), _TOO_LONG)
    return found["clip.cos"].reason or "not said"


def _derived(ground: Ground) -> tuple[float, ...]:
    from qfloor.scorers.clip.derived import hessel_clipscore, percent_cosine

    return (hessel_clipscore(0.3), hessel_clipscore(-0.1), percent_cosine(0.3))


CHECKS: tuple[Check, ...] = (
    Check(
        id="clip-captions",
        says="of 8 painted pictures each agrees best with its own caption",
        metric="clip.cos",
        expected=8,
        measure=_own_captions_win,
        source=OWN,
        needs=(CLIP_EXTRA,),
    ),
    Check(
        id="clip-cosine",
        says="the embedded CLIP's cosine of a red disc with a caption",
        metric="clip.cos",
        expected=0.57134,
        tolerance=Tolerance(absolute=0.001),
        measure=_cosine_of_disc,
        source=OWN,
        needs=(CLIP_EXTRA,),
    ),
    Check(
        id="clip-end-token",
        says="a text cut short reads as the longest that fits: the end token is kept",
        metric="clip.cos",
        expected=1.0,
        tolerance=Tolerance(absolute=1e-6),
        measure=_cut_text,
        source=BY_DEFINITION,
        needs=(CLIP_EXTRA,),
    ),
    Check(
        id="clip-says-it-cut",
        says="a row says how many tokens were cut",
        metric="clip.cos",
        expected="truncated: 92 of 64 tokens",
        measure=_said_to_be_cut,
        source=BY_DEFINITION,
        needs=(CLIP_EXTRA,),
    ),
    Check(
        id="clipscore-derived",
        says="CLIPScore of cosines 0.3 and -0.1, and 0.3 in per cent",
        metric="clip.cos_prefixed",
        expected=(0.75, 0.0, 30.0),
        tolerance=Tolerance(absolute=1e-12),
        measure=_derived,
        source="Hessel et al. 2021, formula",
    ),
)
