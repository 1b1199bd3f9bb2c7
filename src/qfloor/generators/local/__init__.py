"""Open weights on this machine, through diffusers: the extra ``[local]``.

generator.py   one pipeline at a time, whose turn it is, an answer of the protocol
asking.py      a request -> the arguments of a pipeline's call, and what was dropped or adjusted
weights.py     which weights they are: a digest of what was loaded
"""

from __future__ import annotations

from qfloor.generators.local.generator import DiffusersGenerator

__all__ = ["DiffusersGenerator"]
