"""Aesthetic scores: an affine head on the image embedding that a CLIP metric already has.

heads.py     a file of weights to ``w . e + b``; the published heads by their digests
scorer.py    `AestheticScorer`
"""

from __future__ import annotations

from qfloor.scorers.aesthetic.heads import HEADS, Head, load_head
from qfloor.scorers.aesthetic.scorer import AestheticScorer

__all__ = ["HEADS", "AestheticScorer", "Head", "load_head"]
