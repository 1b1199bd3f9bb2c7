"""qfloor: how bad a generative model's bad days are, and routing by it.

Importing this package loads only the standard library; everything heavy is imported by the
function that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from qfloor.store import Store

__all__ = ["__version__", "open_store"]

__version__ = "0.1.0"


def open_store(path: str | Path) -> Store:
    """Open a workspace's store for reading and analysis.

    Parameters
    ----------
    path : str or Path
        A workspace folder (``.qfloor``) or its ``store.db``.

    Returns
    -------
    qfloor.store.Store
        Its ``outputs()``, ``scores()``, ``ratings()``, ``floors()`` and ``verdicts()`` are
        pandas frames.

    Raises
    ------
    qfloor.errors.StoreError
        When there is no store there, or a newer qfloor wrote it.
    """
    from qfloor.store import Store

    return Store.open(path)
