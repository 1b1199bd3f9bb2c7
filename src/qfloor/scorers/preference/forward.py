"""One model call on many rows: full chunks, one thread each, several side by side.

On a CPU a chunk that is not full is filled up with its last row, so that the kernels see one shape
and a row's number depends neither on its neighbours nor on how many cores there are. On a GPU it
stays as it is (see `qfloor.scorers.clip.backbone`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from qfloor.scorers.lanes import torch_lanes

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
Device = Literal["cpu", "cuda"]
Numbers = npt.NDArray[np.float32]

ROWS: dict[Device, int] = {"cpu": 8, "cuda": 64}
"""Rows of a chunk, on a GPU at most."""


class Forward:
    """Runs a model's function of a full chunk over any number of rows.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        On a GPU chunks follow each other; on a CPU they run on all cores at once.
    """

    def __init__(self, device: Device) -> None:
        self.rows = ROWS[device]
        self._fills = device == "cpu"
        self._lanes = torch_lanes(1 if device == "cuda" else None)

    def run(self, work: Sequence[T], compute: Callable[[list[T]], torch.Tensor]) -> Numbers:
        """Return ``compute``'s rows for all of ``work``, which must not be empty, in its order."""
        import torch

        def one(start: int) -> Numbers:
            chunk = list(work[start : start + self.rows])
            missing = self.rows - len(chunk) if self._fills else 0
            filled = chunk + [chunk[-1]] * missing
            with torch.inference_mode():
                found: Any = compute(filled).float().cpu().numpy()
            return np.array(found[: len(chunk)], dtype=np.float32)

        return np.concatenate(self._lanes.map(one, range(0, len(work), self.rows)))
