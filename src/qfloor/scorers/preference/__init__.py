"""Learned human preference: HPSv2, PickScore, ImageReward. Importing it loads no model package.

    hps.py            HPSv2 and HPSv2.1, through open_clip
    pickscore.py      PickScore, through transformers' CLIP
    imagereward.py    ImageReward, through transformers' BLIP (its weights: blip.py)
    cosine.py         what HPSv2 and PickScore share
    transformers_clip.py  a CLIP of transformers, its files from hub_folder.py
    pixels.py         pictures as the originals see them    forward.py    rows through a model

Each says which picture of one prompt people would rather have. None says how good a picture is:
their numbers compare within a prompt and nowhere else, so they are stored raw and every metric
here declares ``comparable="within a prompt"``; floors on them are centred on a frozen reference
set. They were trained on stills, and clips are left alone.
"""

from __future__ import annotations

from qfloor.scorers.preference.hps import HpsScorer
from qfloor.scorers.preference.imagereward import ImageRewardScorer
from qfloor.scorers.preference.pickscore import (
    PickScoreScorer,
    official_pickscore,
    preference_probabilities,
)

__all__ = [
    "HpsScorer",
    "ImageRewardScorer",
    "PickScoreScorer",
    "official_pickscore",
    "preference_probabilities",
]
