"""Aesthetic heads: a state dict of linear layers to one vector and one number.

LAION's second head has five layers with dropout and no activation between them, so it is exactly
affine: ``W5(W4(...)) = w . e + b``. A state dict does not say whether there were activations (the
``reluMSE`` files of the same author have the same layers with them), so several layers are
collapsed only for heads known by digest, or on the user's word.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qfloor.errors import PluginError
from qfloor.records import WeightsRights
from qfloor.scorers import rights
from qfloor.scorers.weights import locate

Array = npt.NDArray[np.float64]
Layer = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""Weight (outputs, inputs) and bias (outputs,)."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A head others have published: where it is, what it is called, whose vectors it reads.

    ``layers_sha256`` is of its numbers, whatever file they lie in; see `digest_of_layers`.
    """

    address: str
    sha256: str
    layers_sha256: str
    metric: str
    backbone: str

    @property
    def reference(self) -> str:
        """For `qfloor.scorers.weights.locate`."""
        return f"{self.address}#sha256={self.sha256}"


_V1 = "https://github.com/LAION-AI/aesthetic-predictor/raw/main/"
_V2 = "https://github.com/christophschuhmann/improved-aesthetic-predictor/raw/main/"

HEADS: Mapping[str, Published] = {
    "laion_v1": Published(
        address=_V1 + "sa_0_4_vit_l_14_linear.pth",
        sha256="2cd4e60f4f24ae3bcd57b847b13c1f3ba27edc28cc1a7f9ce74ee9f421243cba",
        layers_sha256="169e01cb662d198fc649b290977f9f7fecea124873dd57bf8e70528ae499bd4e",
        metric="laion_v1",
        backbone="ViT-L-14@openai",
    ),
    "laion_v1_b_32": Published(
        address=_V1 + "sa_0_4_vit_b_32_linear.pth",
        sha256="c7b14cead230694acc7b9447974d3cad78003c72da032e402a303b6c2429e85f",
        layers_sha256="3a2c5bc3f94e2ad9a49e4e796b263020333dc3a68d96ccbce36bf67eec42077a",
        metric="laion_v1_b_32",
        backbone="ViT-B-32@openai",
    ),
    "laion_v1_b_16": Published(
        address=_V1 + "sa_0_4_vit_b_16_linear.pth",
        sha256="8ad3923d7ecf019df20ecd2ab5542a3075fbba0278d239c0371345f3d7fcbde0",
        layers_sha256="27d81c1b2e2706ac7ee7a7eebca8c0941cc0ac648559c927384b5194c52e8a3d",
        metric="laion_v1_b_16",
        backbone="ViT-B-16@openai",
    ),
    "laion_v2": Published(
        address=_V2 + "sac+logos+ava1-l14-linearMSE.pth",
        sha256="21dd590f3ccdc646f0d53120778b296013b096a035a2718c9cb0d511bff0f1e0",
        layers_sha256="4802d4970514b6865cc35df55c396585e07b6e74599cbe2230ef7bac5079ba43",
        metric="laion_v2",
        backbone="ViT-L-14@openai",
    ),
    "laion_v2_ava_logos": Published(
        address=_V2 + "ava+logos-l14-linearMSE.pth",
        sha256="390a3aafaf3b37d57148f9b22f30556de38343064b7d915acfa80d3812b4c9ff",
        layers_sha256="9ef0f2361f65c9c5a8775ed73bf52871f89e1d8cf36ee1362f0d381974e0ef18",
        metric="laion_v2_ava_logos",
        backbone="ViT-L-14@openai",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Head:
    """An affine head: ``w . e + b`` of a unit embedding e.

    ``digest`` is of the layers it was collapsed from, ``published`` says which known head it is.
    """

    w: Array
    b: float
    digest: str
    published: Published | None
    rights: WeightsRights

    def values(self, embeddings: npt.NDArray[np.float32]) -> list[float]:
        """Return one number for each row of unit vectors, summed in float64, not clipped."""
        rows = np.atleast_2d(embeddings).astype(np.float64)
        return [float(value) for value in (rows * self.w).sum(axis=1) + self.b]


def load_head(reference: str, *, affine: bool = False) -> Head:
    """Load a head from a file of weights.

    Parameters
    ----------
    reference : str
        A name of `HEADS`, or what `qfloor.scorers.weights.locate` takes, to a ``.npz``,
        ``.safetensors`` or ``.pth`` state dict of linear layers.
    affine : bool, default False
        The user's word that several layers have no activations between or after them.

    Raises
    ------
    PluginError
        When the file cannot be had or read, is no chain of linear layers to one number, or has
        several layers and nobody says that they are affine.
    """
    known = HEADS.get(reference)
    found = locate(known.reference if known else reference)
    layers = read_layers(found.path)
    digest = digest_of_layers(layers)
    published = next((one for one in HEADS.values() if one.layers_sha256 == digest), None)
    if len(layers) > 1 and published is None and not affine:
        raise PluginError(
            f"aesthetic head {found.path} has {len(layers)} layers and is not a known one: "
            f"weights do not tell whether activations stand between them; when there are none, "
            f"say affine = true, otherwise it cannot be used"
        )
    w, b = collapse(layers)
    name = published.address.rpartition("/")[2] if published else found.path.name
    sha256 = published.sha256 if published else found.sha256
    return Head(
        w=w,
        b=b,
        digest=digest,
        published=published,
        rights=rights.weights_rights(name=name, sha256=sha256),
    )


def read_layers(path: Path) -> list[Layer]:
    """Return the linear layers of a ``.npz``, ``.safetensors`` or ``.pth`` state dict, in order.

    Raises
    ------
    PluginError
        When it cannot be read, or is no chain of linear layers to one number.
    """
    return _layers(_state(path), path)


def collapse(layers: Sequence[Layer]) -> tuple[Array, float]:
    """Return w and b of linear layers one after the other, computed in float64."""
    weight, bias = (part.astype(np.float64) for part in layers[0])
    for next_weight, next_bias in layers[1:]:
        wide = next_weight.astype(np.float64)
        weight, bias = wide @ weight, wide @ bias + next_bias.astype(np.float64)
    return weight[0], float(bias[0])


def digest_of_layers(layers: Sequence[Layer]) -> str:
    """Return the SHA-256 of the layers' shapes and float32 numbers, in order.

    It is the same for one head in a ``.pth``, ``.npz`` and ``.safetensors`` file.
    """
    digest = hashlib.sha256()
    for layer in layers:
        for part in layer:
            digest.update(str(part.shape).encode())
            digest.update(np.ascontiguousarray(part, dtype="<f4").tobytes())
    return digest.hexdigest()


def _state(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return a state dict's arrays by name; nothing in the file is executed."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        if path.suffix == ".safetensors":
            from safetensors.numpy import load_file

            return dict(load_file(path))
        return _torch_state(path)
    except ImportError as error:
        raise PluginError(
            f"aesthetic head {path} needs a package that is not installed: {error}; "
            f"pip install 'qfloor[clip]'"
        ) from error
    except Exception as error:  # three libraries' loaders raise what their parsers raise
        raise PluginError(f"aesthetic head {path} cannot be read: {_line(error)}") from error


def _torch_state(path: Path) -> dict[str, npt.NDArray[Any]]:
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    state = state.get("state_dict", state)
    return {name: tensor.float().numpy() for name, tensor in state.items()}


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def _layers(state: Mapping[str, npt.NDArray[Any]], path: Path) -> list[Layer]:
    """Return the linear layers of a state dict in the order of their numbers."""
    names = sorted({name.rpartition(".")[0] for name in state}, key=_natural)
    layers = [_layer(state, name) for name in names]
    chained = [layer for layer in layers if layer is not None]
    known = all(name.rpartition(".")[2] in ("weight", "bias") for name in state)
    stray = len(chained) != len(names) or not known
    widths = [weight.shape[::-1] for weight, _ in chained]
    fits = all(one[1] == other[0] for one, other in itertools.pairwise(widths))
    if not chained or stray or not fits or widths[-1][1] != 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in state.items())
        raise PluginError(
            f"aesthetic head {path} is no chain of linear layers to one number: {shapes[:300]}"
        )
    return chained


def _layer(state: Mapping[str, npt.NDArray[Any]], name: str) -> Layer | None:
    dot = "." if name else ""
    weight = state.get(f"{name}{dot}weight")
    if weight is None or weight.ndim != 2:
        return None
    bias = state.get(f"{name}{dot}bias", np.zeros(len(weight), np.float32))
    if bias.shape != (len(weight),):
        return None
    return weight.astype(np.float32), bias.astype(np.float32)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"[._]", name)]
