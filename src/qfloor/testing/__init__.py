"""Conformance suites that ship: run them on your own generator or scorer.

`check_generator` and `check_scorer` raise `AssertionError` with a sentence that says which
promise was not kept.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qfloor.testing.generators import check_generator
    from qfloor.testing.scorers import check_scorer

__all__ = ["check_generator", "check_scorer"]

_HOME = {"check_generator": "generators", "check_scorer": "scorers"}


if not TYPE_CHECKING:  # mypy knows the two names, and would take any other for one of them

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
