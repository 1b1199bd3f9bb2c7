"""What findings were computed from, named by digests: nothing of it is published itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RawRows:
    """The raw rows of one kind that an offer's findings rest on: how many, and their digest.

    ``kind`` is ``outputs``, ``ratings`` or ``scores of <metric key>``. Times and the names of
    raters do not enter the digest: equal answers to equal questions give an equal one.
    """

    kind: str
    offer_id: str
    n: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What an offer's outputs cost by the ledger; ``digest`` names its rows, with their times."""

    offer_id: str
    rows: int
    attempts: int
    charged: int
    unknown: int
    amount_nanousd: int
    digest: str
