"""CLIP through open_clip's own loader. Importing this package loads neither torch nor open_clip.

scorer.py       `ClipScorer`                        derived.py      scalings of its cosine
chosen.py       arguments -> a backbone             backbone.py     pictures, texts -> vectors
checkpoint.py   a name -> files and a model         architecture.py  ``MODEL@TAG``
preprocess.py   pixels -> a tensor                  padded.py       HPSv2's way of doing it
tokenizers.py   which vocabulary                    towers.py       the forwards, by precision
int8.py, attention.py   towers for onnxruntime
"""

from __future__ import annotations

from qfloor.scorers.clip.backbone import OpenClipBackbone, load_backbone
from qfloor.scorers.clip.scorer import ClipScorer, ClipScoreScorer

__all__ = ["ClipScoreScorer", "ClipScorer", "OpenClipBackbone", "load_backbone"]
