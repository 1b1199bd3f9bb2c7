"""The workspace's store: SQLite for rows, files named by their content for media.

    schema.py       the tables          migrations.py   how they came about
    connection.py   transactions        rows.py         records <-> rows
    outputs.py      prompts, offers, requests, outputs
    ledger.py       attempts: what was asked of a seller and what it cost
    judgments.py    metrics, scores, ratings, comparisons, imports
    frozen.py       plans frozen before the first score; when a round was first judged
    evidence.py     runs, thresholds, calibrations, floors, verdicts
    sequential.py   what sequential tests have used up
    frames.py       the same as pandas frames
    media_files.py  media/ab/<sha256>.<ext>        lock.py   one writer
    media_place.py  one place or several           media_url.py  elsewhere (S3, ...)
    media_kept.py   what a generator left becomes media
    placing.py      new media go elsewhere         settings.py   workspace.toml
    upkeep.py       verify, du                     cleaning.py   files that no row names
    tiering.py      media by policy                tier_policy.py, tiers.py  the policy, its rows
    drift.py        what comparisons found
    schema_beside.py, schema_learned.py, schema_tiers.py   more tables

What the store does not know: what a number means, or whether a status is good news.
"""

from __future__ import annotations

from qfloor.store.evidence import Run
from qfloor.store.ledger import Spending
from qfloor.store.store import Store

__all__ = ["Run", "Spending", "Store"]
