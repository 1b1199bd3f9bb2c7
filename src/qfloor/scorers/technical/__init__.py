"""`TechnicalScorer`: what can be said of a picture's pixels without knowing what it shows.

Each metric is one function of one picture, with its formula and source in its docstring. They
are signals, not a quality: a product shot on white is clipped and a fog is soft, on purpose.
All read `qfloor.media.load_pixels`'s form: upright, transparency laid on white, 8 bits.

`measures` are the functions, `ground` looks for next to nothing, `scorer` makes metrics of them.
"""

from qfloor.scorers.technical.ground import near_blank
from qfloor.scorers.technical.measures import (
    Unmeasurable,
    blankness,
    blockiness,
    clipping,
    colourfulness,
    exposure,
    luma,
    measured,
    noise,
    sharpness,
)
from qfloor.scorers.technical.scorer import TechnicalScorer

__all__ = [
    "TechnicalScorer",
    "Unmeasurable",
    "blankness",
    "blockiness",
    "clipping",
    "colourfulness",
    "exposure",
    "luma",
    "measured",
    "near_blank",
    "noise",
    "sharpness",
]
