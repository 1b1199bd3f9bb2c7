"""CLIP through open_clip's own loader. Importing this package loads neither torch nor open_clip."""

from __future__ import annotations

from qfloor.scorers.clip.backbone import OpenClipBackbone, load_backbone
from qfloor.scorers.clip.scorer import ClipScorer, ClipScoreScorer

__all__ = ["ClipScoreScorer", "ClipScorer", "OpenClipBackbone", "load_backbone"]
