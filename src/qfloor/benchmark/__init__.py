"""The benchmark file: what a run is, in one TOML that a person can read and a digest can name.

A run is decided by this file, the suites it names and the code's version; nothing is taken from
the environment. `load` validates all of it before anything is spent.

    record.py    what it says, as records      tables.py    how it may be written
    qualities.py   which number decides  thresholds.py  what tiers demand
    loading.py     from the file to the record
"""

from __future__ import annotations

from qfloor.benchmark.loading import check_round, find, load, names, parse_budget
from qfloor.benchmark.record import Benchmark, CalibrationPlan, RaterPanel

__all__ = [
    "Benchmark",
    "CalibrationPlan",
    "RaterPanel",
    "check_round",
    "find",
    "load",
    "names",
    "parse_budget",
]
