"""Checks of coarser precisions: bfloat16 and int8 rank painted pictures as float32 does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qfloor.doctor.check import Check, NotRun
from qfloor.doctor.cosines import painted
from qfloor.doctor.ground import Ground
from qfloor.doctor.needs import CLIP_EXTRA, Packages
from qfloor.errors import PluginError

if TYPE_CHECKING:
    from qfloor.scorers.clip.towers import Precision

_FAST = Packages(extra="fast", modules=("onnx", "onnxruntime"))
_LEAST = (0.995, 0.99)


def _parity(precision: Precision) -> Callable[[Ground], tuple[float, ...]]:
    def measure(ground: Ground) -> tuple[float, ...]:
        from qfloor.scorers import parity
        from qfloor.scorers.clip import load_backbone, towers

        try:
            towers.check(precision, "cpu")
        except PluginError as error:
            raise NotRun(str(error)) from error
        pictures, captions = painted()
        found = parity.measure(
            load_backbone(precision=precision), load_backbone(), pictures, captions
        )
        return (found.least_cosine, found.spearman)

    return measure


def _enough(got: Any) -> bool:
    return all(value >= least for value, least in zip(got, _LEAST, strict=True))


def _check(precision: Precision, *needs: Packages) -> Check:
    return Check(
        id=f"parity-{precision}",
        says=f"{precision} against float32: least cosine of embeddings, Spearman of scores",
        metric="clip.cos",
        expected=">= 0.995, >= 0.99",
        measure=_parity(precision),
        suffices=_enough,
        source="our own demand on every run",
        needs=(CLIP_EXTRA, *needs),
    )


CHECKS: tuple[Check, ...] = (_check("bf16"), _check("int8", _FAST))
