"""How far a coarser precision is from float32, measured on the user's own pictures.

Half precision and int8 are faster and nearly right; "nearly" is measured, not assumed, because
it depends on the weights and on what the pictures show. Both must hold before a score is
written: every picture's vector points where float32's does (cosine), and pictures are ranked by
their scores as float32 ranks them (Spearman), since a quartile lives off ranks. Scores are the
cosines with the prompts, and whatever else scorers read off the vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy import stats

from qfloor.errors import PluginError, ScoringError
from qfloor.records import Parity
from qfloor.records.parity import LEAST_COSINE, LEAST_SPEARMAN
from qfloor.scorers.protocol import Backbone, Pixels, ReadsOffVectors

Vectors = npt.NDArray[np.float64]
LEAST_PICTURES = 8
PICTURES = 32


@runtime_checkable
class Coarse(Backbone, Protocol):
    """A backbone that may run at a coarser precision than its reference."""

    @property
    def precision(self) -> str:
        """What it runs at; ``fp32`` is its own reference."""

    def reference(self) -> Backbone:
        """The same model in float32."""


def measure(
    backbone: Backbone,
    reference: Backbone,
    pictures: Sequence[Pixels],
    texts: Sequence[str],
    readers: Sequence[ReadsOffVectors] = (),
) -> Parity:
    """Embed pictures and their prompts twice and compare.

    Parameters
    ----------
    backbone, reference : Backbone
        The one that is checked, and the same model in float32.
    pictures : sequence of ndarray of uint8, shape (height, width, 3)
    texts : sequence of str
        The prompt of each picture. A picture or prompt that float32 cannot embed either is left
        out: its own row will say so.
    readers : sequence of ReadsOffVectors
        Scorers whose numbers must rank alike, too.

    Returns
    -------
    Parity
        How far both agree, whether or not that is enough.

    Raises
    ------
    ScoringError
        When there are fewer than 8 pictures: too few to say anything of ranks.
    """
    if len(pictures) < LEAST_PICTURES:
        raise ScoringError(
            f"{backbone.name} is checked against float32 on at least {LEAST_PICTURES} pictures "
            f"and there are {len(pictures)}; score them with precision 'fp32'"
        )
    try:
        ours, theirs = (
            (model.embed_images(pictures).astype(np.float64), _embed_each(model, texts))
            for model in (backbone, reference)
        )
    except (PluginError, ScoringError):
        raise
    except Exception:
        able = [_embeds(reference, p, t) for p, t in zip(pictures, texts, strict=True)]
        if all(able):
            raise  # not a picture's fault
        left, said = list(compress(pictures, able)), list(compress(texts, able))
        return measure(backbone, reference, left, said, readers)
    same = (ours[0] * theirs[0]).sum(axis=1)
    scores = [(images * words).sum(axis=1) for images, words in (ours, theirs)]
    return Parity(
        backbone=backbone.name,
        reference=reference.name,
        pictures=len(pictures),
        texts=len(set(texts)),
        least_cosine=float(same.min()),
        mean_cosine=float(same.mean()),
        spearman=_spearman(scores[0], scores[1]),
        largest_difference=float(np.abs(scores[0] - scores[1]).max()),
        ranks=_ranks(readers, ours[0], theirs[0]),
    )


def _ranks(
    readers: Sequence[ReadsOffVectors], ours: Vectors, theirs: Vectors
) -> Mapping[str, float]:
    found = {}
    for reader in readers:
        numbers, expected = (reader.read_off(v.astype(np.float32)) for v in (ours, theirs))
        for key, values in numbers.items():
            found[key] = _spearman(np.asarray(values, float), np.asarray(expected[key], float))
    return found


def require(parity: Parity, precision: str) -> None:
    """Refuse a precision that does not agree with float32.

    Raises
    ------
    ScoringError
    """
    if parity.holds:
        return
    instead = "'fp32'" if precision == "bf16" else "'bf16' or 'fp32'"
    raise ScoringError(
        f"at precision {precision!r} {parity.backbone} does not agree with float32 on "
        f"{parity.pictures} of these pictures: least cosine {parity.least_cosine:.5f} (at least "
        f"{LEAST_COSINE} is due), least Spearman of the scores {parity.least_spearman:.4f} (at "
        f"least {LEAST_SPEARMAN}); choose precision {instead}"
    )


def _embeds(reference: Backbone, picture: Pixels, text: str) -> bool:
    try:
        reference.embed_images([picture])
        reference.embed_texts([text])
    except (PluginError, ScoringError):
        raise
    except Exception:  # the output's own row will say why
        return False
    return True


def _embed_each(backbone: Backbone, texts: Sequence[str]) -> Vectors:
    distinct = list(dict.fromkeys(texts))
    vectors = dict(zip(distinct, backbone.embed_texts(distinct), strict=True))
    return np.stack([vectors[text] for text in texts]).astype(np.float64)


def _spearman(ours: Vectors, theirs: Vectors) -> float:
    if np.ptp(ours) == 0 or np.ptp(theirs) == 0:  # all equal: no ranks to disagree about
        return 1.0 if np.ptp(ours) == np.ptp(theirs) else 0.0
    return float(stats.spearmanr(ours, theirs).statistic)
