"""Stage 6: write what was found as one immutable, self-describing file.

`write` makes ``quality.db``, `write_json` the same content as JSON, `write_parquet` a folder of
tables for analysts, and `verify` checks a file against its own digest and its own rules. A
release is what the caller says it is: nothing is computed here, and the clock is never read.
"""

from qfloor.export.parquet import write_parquet
from qfloor.export.release import Release
from qfloor.export.schema import SCHEMA_VERSION
from qfloor.export.verification import Verification, verify
from qfloor.export.writing import write, write_json

__all__ = [
    "SCHEMA_VERSION",
    "Release",
    "Verification",
    "verify",
    "write",
    "write_json",
    "write_parquet",
]
