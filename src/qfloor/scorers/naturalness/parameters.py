"""The fitted parameters of BRISQUE and NIQE that ship with the package, and what they are.

Both files hold numbers published by the Laboratory for Image and Video Engineering of the
University of Texas at Austin (LIVE), converted without change; ``NOTICES.md`` carries its
notice. Where each came from, and why these and no others: ``docs/decisions``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qfloor.errors import PluginError
from qfloor.whole import sha256_of

Values = npt.NDArray[np.float64]

BRISQUE_FILE = "brisque_live.npz"
BRISQUE_SHA256 = "04064583c62966697ec982dfc932d6174b14f1a816acab5aee4ce18476f59ec1"
NIQE_FILE = "niqe_pristine.npz"
NIQE_SHA256 = "1cfa28f66780119706f8efcad093dd49c826ad24252f17d95d6ab64d91ebbb86"


@dataclass(frozen=True, kw_only=True, eq=False)
class SupportVectors:
    """An epsilon-SVR with an RBF kernel and the ranges its features are scaled by.

    Attributes
    ----------
    vectors : ndarray, shape (774, 36)
    weights : ndarray, shape (774,)
    lows, highs : ndarray, shape (36,)
        Scaled to -1 and to 1.
    width : float
        Of exp(-width * squared distance).
    offset : float
        Subtracted from the weighted sum.
    """

    vectors: Values
    weights: Values
    lows: Values
    highs: Values
    width: float
    offset: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Pristine:
    """The Gaussian of 36 features over patches of 125 pristine photographs."""

    mean: Values
    covariance: Values


@functools.cache
def brisque_model() -> SupportVectors:
    """Return the regression of LIVE's MATLAB release, trained on the LIVE database."""
    arrays = _read(BRISQUE_FILE, BRISQUE_SHA256)
    return SupportVectors(
        vectors=arrays["vectors"],
        weights=arrays["weights"],
        lows=arrays["lows"],
        highs=arrays["highs"],
        width=float(arrays["width"]),
        offset=float(arrays["offset"]),
    )


@functools.cache
def niqe_model() -> Pristine:
    """Return the pristine model of LIVE's release, for patches of 96 x 96."""
    arrays = _read(NIQE_FILE, NIQE_SHA256)
    return Pristine(mean=arrays["mean"], covariance=arrays["covariance"])


def _read(name: str, sha256: str) -> dict[str, Values]:
    path = Path(__file__).parent / name
    try:
        found = sha256_of(path)
    except OSError as error:
        raise PluginError(f"{name} is missing from the installed package: {error}") from error
    if found != sha256:
        raise PluginError(f"{name} is damaged: its sha256 is {found} and not {sha256}; reinstall")
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}
