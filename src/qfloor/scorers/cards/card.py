"""`Card`: the words that go with a metric's declaration."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True)
class Card:
    """What one metric says, or several that are one number seen differently.

    ``metrics`` are names, of which a part that the user names is ``*``; ``absent`` says when
    there is no number and what that counts as, ``misleads`` when there is one that does not
    mean what it seems to.
    """

    scorer: str
    metrics: tuple[str, ...]
    says: str
    formula: str
    source: str
    absent: tuple[str, ...] = ()
    misleads: tuple[str, ...] = ()

    def describes(self, name: str) -> bool:
        """Whether a metric of this name is meant."""
        return any(fnmatchcase(name, pattern) for pattern in self.metrics)
