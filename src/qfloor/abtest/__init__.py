"""Blind sessions: what was decided beforehand, what raters said, and what may be concluded.

    protocol.py     the frozen plan of a session     pairs.py        what may be shown
    assignment.py   who is shown what, and where     planning.py     a session, decided
    sheets.py       all sides of a trial in a file   training.py     practice pictures
    folder.py       a session's folder               key.py          whose is whose, elsewhere
    building.py     plan -> folder and key           drafting.py     both while they are made
    topping_up.py   more raters                      prospects.py    what it can show, in words
    room.py         votes, kept one by one           ballots.py      what may be answered
    writer.py       many votes to a commit           counts.py       what the host may see
    unblinding.py   votes and key put together, logged
    closing.py      not before all have voted, unless told
    answers.py      what one rater said of one trial, and the long CSV
    plan.py         margins that were frozen         votes.py        answers as arrays
    analysis.py     all that answers show            estimands.py    detection, severity, scores
    items.py        pairs told apart                 ranking.py      Bradley-Terry with ties
    raters.py       attention, side bias             claims.py       what may be said
    page.py         the report as a page             page_plots.py, page_style.py  how it looks
    exporting.py    answers for other tools
    watch.py        bounds that hold at any time     simulate.py     sessions of known truth

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
from qfloor.abtest.protocol import Arm, Exclusions, Protocol, SizeRule, read_protocol
from qfloor.abtest.unblinding import unblind, unblind_ratings

__all__ = [
    "COLUMNS",
    "INTACT",
    "REFERENCE",
    "ROUTED",
    "SPOILT",
    "Answer",
    "Arm",
    "Exclusions",
    "Protocol",
    "SizeRule",
    "answers_csv",
    "read_answers",
    "read_protocol",
    "unblind",
    "unblind_ratings",
    "write_answers",
]
