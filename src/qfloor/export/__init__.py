"""Stage 6: write what was found as one immutable, self-describing file.

`write` makes ``quality.db``, `write_json` the same content as JSON, `write_parquet` a folder of
tables for analysts, and `verify` checks a file against its own digest and its own rules. A
release is what the caller says it is: nothing is computed here, and the clock is never read.

    release.py       what a file will say, and its rows: read this first
    schema.py        every table and column; declared in columns, found, beside, learned and raw
    reference.py     the page and the JSON Schema made of them
    writing.py       the file, whole or not at all      placing.py   where, when nobody says
    parquet.py       the same for analysts
    verification.py  a file against itself: its digest, its types (typed), its rules (consistency)
    withdrawing.py   certificates taken back after drift
    stated.py, late.py   in words: how often a certificate may be false, what is post hoc
"""

from qfloor.export.consistency import problems_of
from qfloor.export.late import certified_words, post_hoc_words
from qfloor.export.parquet import need_parquet, write_parquet
from qfloor.export.placing import PutAside, usual_place
from qfloor.export.release import Content, Release, Row, content_of, digest_of_content
from qfloor.export.schema import SCHEMA_VERSION, TABLES
from qfloor.export.stated import StatedError, stated_error
from qfloor.export.verification import Verification, read, verify
from qfloor.export.withdrawing import withdraw
from qfloor.export.writing import write, write_json

__all__ = [
    "SCHEMA_VERSION",
    "TABLES",
    "Content",
    "PutAside",
    "Release",
    "Row",
    "StatedError",
    "Verification",
    "certified_words",
    "content_of",
    "digest_of_content",
    "need_parquet",
    "post_hoc_words",
    "problems_of",
    "read",
    "stated_error",
    "usual_place",
    "verify",
    "withdraw",
    "write",
    "write_json",
    "write_parquet",
]
