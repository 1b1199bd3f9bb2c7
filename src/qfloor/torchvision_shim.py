"""Make a CUDA-built torchvision importable beside a CPU-only torch.

PyPI's Linux torchvision links its compiled operators against CUDA libraries. Beside a CPU torch
they do not load, torchvision swallows that, and ``import torchvision`` then dies on "operator
torchvision::nms does not exist". Declaring two operators is enough: nothing here calls them.
Where torchvision's own operators load, `prepare` does nothing.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path
from typing import Any

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[Any] = []  # a torch.library.Library lives as long as it is referenced


def _own_operators_load() -> bool:
    spec = importlib.util.find_spec("torchvision")  # does not import it
    if spec is None or spec.origin is None:
        return True
    for compiled in Path(spec.origin).parent.glob("_C*.so"):
        try:
            ctypes.CDLL(str(compiled))
        except OSError:
            return False
    return True


def prepare() -> bool:
    """Declare what torchvision lacks; call before the first import of torchvision or open_clip.

    Returns
    -------
    bool
        Whether anything had to be declared.
    """
    if _declared or "torchvision" in sys.modules:
        return False
    import torch

    if _own_operators_load():
        return False
    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    _declared.append(library)
    for signature in _OPERATORS:
        try:
            library.define(signature)
        except RuntimeError:  # somebody else's shim was here first
            continue
    return True
