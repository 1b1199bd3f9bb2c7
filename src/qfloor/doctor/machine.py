"""Whether this machine can run the built-in benchmark: what is installed, and that it loads."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys

from qfloor.doctor.check import BY_DEFINITION, Check, Tolerance
from qfloor.doctor.ground import Ground
from qfloor.errors import PluginError

_BUILT_IN = {
    "torch": ("torch", "clip"),
    "torchvision": ("torchvision", "clip"),
    "open_clip": ("open-clip-torch", "clip"),
    "rapidocr": ("rapidocr", "ocr"),
    "onnxruntime": ("onnxruntime", "ocr"),
}


def _suites(ground: Ground) -> int:
    from qfloor.package_data import names

    return len(names("prompts"))


def _embedded(ground: Ground) -> float:
    import numpy as np

    from qfloor.plugins import build_scorer
    from qfloor.records import PluginSpec

    scorer = build_scorer(PluginSpec(name="clip", args={}))
    (backbone,) = scorer.backbones
    return float(np.linalg.norm(backbone.embed_texts(["a red apple"])))


def _installed(module: str) -> Check:
    package, extra = _BUILT_IN[module]

    def version(ground: Ground) -> str:
        if importlib.util.find_spec(module) is None:
            raise PluginError(f"{module} is not installed: pip install 'qfloor[{extra}]'")
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return "version unknown"

    return Check(
        id=f"package-{module.replace('_', '-')}",
        says=f"{module} is installed (extra {extra})",
        metric="-",
        expected="a version",
        measure=version,
        suffices=bool,
        source=BY_DEFINITION,
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="python",
        says="Python is recent enough",
        metric="-",
        expected=">= 3.11",
        measure=lambda ground: platform.python_version(),
        suffices=lambda got: sys.version_info >= (3, 11),
        source=BY_DEFINITION,
    ),
    *map(_installed, _BUILT_IN),
    Check(
        id="suites",
        says="the standard suites are there",
        metric="-",
        expected=">= 1",
        measure=_suites,
        suffices=lambda got: got >= 1,
        source=BY_DEFINITION,
    ),
    Check(
        id="embedded-clip",
        says="the embedded CLIP loads and gives vectors of length 1",
        metric="clip.cos",
        expected=1.0,
        tolerance=Tolerance(absolute=1e-5),
        measure=_embedded,
        source=BY_DEFINITION,
    ),
)
"""What the built-in benchmark cannot do without: missing is failed, not "not run"."""
