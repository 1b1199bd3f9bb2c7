"""One decision of the log decided again, so that every candidate can be shown with its reason.

The router is deterministic: with the same release, policy and prices the same words come out. Where
one of them has changed since, that is said, and the candidates are those of today's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qfloor import router
from qfloor.errors import QfloorError
from qfloor.router.asked import from_decision
from qfloor.web.gateway.core import Gateway

_CHANGED = {"policy": "policy", "prices": "prices", "health": "health"}


def explained(gateway: Gateway, row: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The decision in words, with its candidates; and what has changed since it was made."""
    picture = gateway.picture
    try:
        db = gateway.database(row["release"])
        asked = from_decision(gateway.ledger.path, row)
        decision = router.choose(
            db,
            asked.need,
            prices=gateway.watch.feeds.prices(db),
            health=picture.health if row["health"] is not None else None,
            policy=picture.policy,
            now=row["decided_at"],
            classification=asked.classification,
        )
        said = router.explain(decision)
    except QfloorError as error:
        return f"It cannot be decided again: {error}", ()
    changed = tuple(
        name for column, name in _CHANGED.items() if decision.digests[column] != row[column]
    )
    return said, changed
