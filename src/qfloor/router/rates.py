"""How often each offer was measured to fall short of each tier: what replays count with.

Choosing goes by bounds alone and never reads this; it is read from the release when a replay asks.
A rate is measured on the prompts that certified, so for the cheapest certified offer it is a little
too kind (the winner's curse): `qfloor replay --certify` measures that away.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from qfloor.errors import DatabaseError
from qfloor.read_only import opened_to_read
from qfloor.router.database import Database

Cell = tuple[str, str, str, str]
"""Category, modality, tier, offer."""


class Rate(NamedTuple):
    """What was counted of an offer at a tier's threshold, refusals and blanks included.

    ``size`` is how many independent prompts the count is worth; ``mean`` that of all values,
    which leaderboards rank by.
    """

    rate: float
    size: float
    mean: float | None
    threshold: float
    max_fail: float

    @property
    def holds(self) -> bool:
        """Whether the measured rate, without any margin, is one the tier allows."""
        return self.rate <= self.max_fail


_QUERY = """
SELECT t.category, t.modality, t.tier, r.offer_id, r.rate,
       coalesce(f.n_effective, f.n_prompts), f.mean, t.value, t.max_fail
FROM thresholds t
JOIN fail_rates r ON r.category = t.category AND r.modality = t.modality
  AND r.quality = t.quality AND r.threshold = t.value AND r.kind = 'delivered'
JOIN floors f ON f.offer_id = r.offer_id AND f.category = r.category
  AND f.modality = r.modality AND f.quality = r.quality AND f.kind = 'delivered'
WHERE t.quality = ? AND f.n_prompts > 0
"""


def measured(db: Database) -> Mapping[Cell, Rate]:
    """Read the measured fail rate of every offer at every tier's threshold.

    Parameters
    ----------
    db : Database
        Its file must still lie where it was loaded from.

    Returns
    -------
    mapping of (category, modality, tier, offer) to Rate

    Raises
    ------
    DatabaseError
        When the file is gone or is another release by now.
    """
    path = Path(db.path)
    if not path.is_file():
        raise DatabaseError(f"{path}: no such quality database any more")
    try:
        with opened_to_read(path) as connection:
            (digest,) = connection.execute("SELECT digest FROM release").fetchone()
            rows = connection.execute(_QUERY, (db.primary_quality,)).fetchall()
    except (sqlite3.Error, TypeError) as error:
        raise DatabaseError(f"{path}: fail rates cannot be read ({error})") from error
    if digest != db.digest:
        raise DatabaseError(f"{path}: holds another release than the one that was loaded")
    return {
        (category, modality, tier, offer): Rate(*numbers)
        for category, modality, tier, offer, *numbers in rows
    }
