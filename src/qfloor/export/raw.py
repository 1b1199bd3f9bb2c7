"""Tables of the quality database for those who check it: digests of the rows it rests on."""

from __future__ import annotations

from qfloor.export.columns import OFFER, Column, Table

RAW_ROWS = Table(
    "raw_rows",
    "The raw rows that findings rest on, by offer, as digests: `qfloor verify --store` compares "
    "them with a store. Times and the names of raters do not enter them.",
    ("kind", "offer_id"),
    (
        Column("kind", "text", "`outputs`, `ratings` or `scores of <metric key>`"),
        OFFER,
        Column("n", "integer", "rows"),
        Column("digest", "text", "SHA-256 (32 hex digits) of them"),
    ),
    since="1.1",
)

SPENDING = Table(
    "spending",
    "What each offer's outputs cost in the round, as the ledger says.",
    ("offer_id",),
    (
        OFFER,
        Column("rows", "integer", "ledger rows"),
        Column("attempts", "integer", "attempts that ended"),
        Column("charged", "integer", "of those, charged"),
        Column("unknown", "integer", "of those, not known to be charged, or how much"),
        Column("amount_nanousd", "integer", "what was charged, in USD / 1e9"),
        Column("digest", "text", "SHA-256 (32 hex digits) of the ledger's rows, times included"),
    ),
    evidence=False,
    since="1.1",
)
