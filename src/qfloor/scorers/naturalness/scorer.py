"""`NaturalnessScorer`: BRISQUE and NIQE of a picture, or of a clip's middle frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from qfloor.records import Metric, Prompt, ScoreStatus, WeightsRights
from qfloor.scorers.naturalness import brisque as brisque_statistics
from qfloor.scorers.naturalness import niqe as niqe_statistics
from qfloor.scorers.naturalness.filters import Plane, rounded_luma
from qfloor.scorers.naturalness.parameters import BRISQUE_SHA256, NIQE_SHA256
from qfloor.scorers.protocol import Item, Row
from qfloor.scorers.technical import Unmeasurable, measured

SMALLEST = 14  # pixels: the 7 x 7 window still fits at half size

_COMMON: dict[str, Any] = {
    "luma": "MATLAB rgb2gray of 8 bits, whole levels",
    "window": "Gaussian 7 x 7, standard deviation 7/6",
    "flat": "coefficients of a window of one grey level are 0",
    "second_scale": "MATLAB imresize 0.5, bicubic, antialiased",
    "clips": "middle frame",
}


def brisque(y: Plane) -> float:
    """Return BRISQUE of a picture's luma (`filters.rounded_luma`).

    Unit: points of difference opinion. About 0 (pristine) to 100 (worst), unbounded in
    principle; lower is better.

    Raises
    ------
    Unmeasurable
        Unscored below 14 pixels; failed where a picture is all one grey level, or so uniform
        that a statistic does not exist.
    """
    _check_texture(y, SMALLEST, "its features")
    found = brisque_statistics.features(y)
    if not np.isfinite(found).all():
        raise Unmeasurable("nearly all one colour: its contrast has no distribution to fit")
    return brisque_statistics.regression(found)


def niqe(y: Plane) -> float:
    """Return NIQE of a picture's luma (`filters.rounded_luma`).

    Unit: distance. From 0, no upper end, about 2 to 4 for clean photographs; lower is better.
    Patches without texture (a white ground) have no statistics and are left out.

    Raises
    ------
    Unmeasurable
        Unscored when fewer than two patches of 96 x 96 fit in, or have texture; failed when
        none has.
    """
    _check_texture(y, niqe_statistics.PATCH, "a patch of 96 x 96")
    found = niqe_statistics.features(y)
    if len(found) < 2:
        raise Unmeasurable(
            f"{_size(y)} holds one patch of 96 x 96 and the spread takes two", ScoreStatus.UNSCORED
        )
    textured = found[np.isfinite(found).all(axis=1)]
    if len(textured) == 0:
        raise Unmeasurable("nearly all one colour: no patch of 96 x 96 has any texture")
    if len(textured) == 1:
        raise Unmeasurable(
            f"only 1 of {len(found)} patches of 96 x 96 has texture and the spread takes two",
            ScoreStatus.UNSCORED,
        )
    return niqe_statistics.distance(textured)


def _check_texture(y: Plane, smallest: int, what: str) -> None:
    if y.size and y.min() == y.max():
        raise Unmeasurable("all one grey level: there is no texture to be natural")
    if min(y.shape) < smallest:
        raise Unmeasurable(f"{_size(y)} is too small for {what}", ScoreStatus.UNSCORED)


def _size(y: Plane) -> str:
    return f"a picture of {y.shape[1]} x {y.shape[0]} pixels"


_MEASURES: dict[str, Callable[[Plane], float]] = {
    "naturalness.brisque": brisque,
    "naturalness.niqe": niqe,
}


class NaturalnessScorer:
    """BRISQUE and NIQE, the values of their authors' programs; no model is loaded but two tables.

    Lower is better. Of a clip the middle frame is measured. A flat picture is failed, one too
    small for the statistics unscored, each with its reason. Safe to call from several threads.
    """

    concurrent = True

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """`naturalness.brisque` and `naturalness.niqe`."""
        return (
            _metric(
                "naturalness.brisque",
                "points of difference opinion",
                None,
                {
                    "formula": "BRISQUE, LIVE release 2011, version 1",
                    "weights_sha256": BRISQUE_SHA256,
                    "border": "zeros",
                    "features": "rounded to 6 decimals, scaled ones to 6 digits",
                },
                "https://github.com/utlive/BRISQUE/blob/main/MATLAB/readme.txt",
            ),
            _metric(
                "naturalness.niqe",
                "distance",
                0.0,
                {
                    "formula": "NIQE, LIVE release 2012, version 1",
                    "weights_sha256": NIQE_SHA256,
                    "border": "nearest pixel",
                    "patches": "96 x 96, remainder cut off, those without texture left out",
                },
                "https://github.com/utlive/niqe (readme.txt)",
            ),
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The picture, or a clip's middle frame."""
        return ("pixels",)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Everything has pixels."""
        return True

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        return [_score_one(item) for item in batch]


def _metric(
    name: str, unit: str, lo: float | None, definition: dict[str, Any], terms: str
) -> Metric:
    return Metric(
        name=name,
        unit=unit,
        lo=lo,
        hi=None,
        direction="lower",
        definition={**_COMMON, **definition},
        execution={"dtype": "float64", "runtime": "numpy"},
        weights=(_rights(name.partition(".")[2], terms),),
    )


def _rights(name: str, terms: str) -> WeightsRights:
    return WeightsRights(
        name=f"LIVE {name} parameters",
        licence="LicenseRef-UT-Austin-LIVE",
        commercial_use=True,
        source=terms,
    )


def _score_one(item: Item) -> tuple[Row, ...]:
    picture = item.inputs["pixels"]
    assert isinstance(picture, np.ndarray)
    y = rounded_luma(picture)
    return tuple(measured(name, measure, y) for name, measure in _MEASURES.items())
