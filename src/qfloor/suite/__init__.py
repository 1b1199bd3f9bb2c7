"""Stage 1: prompt suites. Load and validate, check, import foreign ones, sample a team's own.

    loading.py    a suite file -> prompts: read this first    writing.py    and back, to one digest
    checking.py   what makes a suite worth measuring with     likeness.py   prompts too alike
    importing.py  prompt sets that others publish             labels.py     what their rows hold
    cells.py      what cells of a CSV say of a prompt         sampling.py   a team's own requests
    pool.py       private prompts                             rotation.py   a month's third of them

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
