"""Blind sessions: two arms, routed and reference, judged by people who cannot tell which is which.

    answers.py      what one rater said of one trial, and the long CSV

It knows pairs, arms and votes. It does not know how the arms were made, and until a session was
unblinded nothing here can say a number by arm.
"""

from __future__ import annotations

from qfloor.abtest.answers import (
    COLUMNS,
    INTACT,
    REFERENCE,
    ROUTED,
    SPOILT,
    Answer,
    answers_csv,
    read_answers,
    write_answers,
)

__all__ = [
    "COLUMNS",
    "INTACT",
    "REFERENCE",
    "ROUTED",
    "SPOILT",
    "Answer",
    "answers_csv",
    "read_answers",
    "write_answers",
]
