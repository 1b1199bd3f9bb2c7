"""`TechnicalScorer`: the measures of this package as metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from qfloor.records import Direction, Metric, Prompt
from qfloor.scorers.protocol import Item, Pixels, Row
from qfloor.scorers.technical import ground, measures
from qfloor.scorers.technical.measures import Luma, measured

Measure = Callable[[Pixels, Luma | None], float]

# name -> function, unit, lower end, upper end, better direction
_METRICS: dict[str, tuple[Measure, str, float, float, Direction]] = {
    "sharpness": (measures.sharpness, "share", 0.0, 1.0, "higher"),
    "exposure": (measures.exposure, "share", 0.0, 1.0, "higher"),
    "clipping": (measures.clipping, "share", 0.0, 1.0, "lower"),
    "noise": (measures.noise, "grey levels", 0.0, 533.0, "lower"),
    "blockiness": (measures.blockiness, "ratio", 1 / 256, 256.0, "lower"),
    "colourfulness": (measures.colourfulness, "grey levels", 0.0, 500.0, "higher"),
    "blankness": (measures.blankness, "share", 0.0, 1.0, "lower"),
}


class TechnicalScorer:
    """Sharpness, exposure, clipping, noise, blockiness, colourfulness, blankness, near-blank.

    Metrics are called ``technical.<function>``; see the functions of this package for formula,
    unit and range. Of a clip the middle frame is measured. A picture on which a metric has no
    value is failed or unscored with the reason, never NaN.
    """

    concurrent = True

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One metric for each function of the package."""
        measured = (_metric(name, *entry[1:]) for name, entry in _METRICS.items())
        return (*measured, _near_blank_metric())

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


def _metric(name: str, unit: str, lo: float, hi: float, direction: Direction) -> Metric:
    return Metric(
        name=f"technical.{name}",
        unit=unit,
        lo=lo,
        hi=hi,
        direction=direction,
        definition=_definition(name),
        execution={"dtype": "float32, summed in float64", "runtime": "numpy"},
    )


def _near_blank_metric() -> Metric:
    return Metric(
        name="technical.near_blank",
        unit="yes or no",
        lo=0.0,
        hi=1.0,
        direction="lower",
        boolean=True,
        definition={
            **_definition("near_blank"),
            "cells": ground.CELLS,
            "stands_out_levels": ground.STANDS_OUT,
            "least_share": ground.LEAST_SHARE,
        },
        execution={"dtype": "float32, summed in float64", "runtime": "numpy"},
    )


def _definition(name: str) -> dict[str, Any]:
    return {"formula": f"qfloor.scorers.technical.{name}, version 1", "clips": "middle frame"}


def _score_one(item: Item) -> tuple[Row, ...]:
    picture = item.inputs["pixels"]
    assert isinstance(picture, np.ndarray)
    y = measures.luma(picture)
    functions = {name: entry[0] for name, entry in _METRICS.items()}
    functions["near_blank"] = ground.near_blank
    return tuple(
        measured(f"technical.{name}", measure, picture, y) for name, measure in functions.items()
    )
