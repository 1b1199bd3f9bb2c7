"""Stage 1: prompt suites. Load and validate, check, import foreign ones, sample a team's own.

>>> from qfloor import suite
>>> suite.load("painters").name
'painters'
"""

from __future__ import annotations

from qfloor.suite.checking import Finding, check
from qfloor.suite.importing import import_suite
from qfloor.suite.likeness import check_against
from qfloor.suite.loading import load, names
from qfloor.suite.pool import repository_around, write_prompts
from qfloor.suite.rotation import retire, rotate
from qfloor.suite.sampling import sample_log
from qfloor.suite.writing import (
    dump,
    dump_inclusion,
    not_over,
    not_over_other,
    write,
    write_inclusion,
)

__all__ = [
    "Finding",
    "check",
    "check_against",
    "dump",
    "dump_inclusion",
    "import_suite",
    "load",
    "names",
    "not_over",
    "not_over_other",
    "repository_around",
    "retire",
    "rotate",
    "sample_log",
    "write",
    "write_inclusion",
    "write_prompts",
]
