"""Which rating sessions a floor may use together.

Sessions that were linked and found apart are never pooled in silence: a benchmark names the one
whose ratings count, or the floor is refused. Sessions that nobody linked are pooled, as they were
before there were any tests of it; `qfloor ratings link` is how to find out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from qfloor.errors import RatingsError
from qfloor.records import Linking, Rating
from qfloor.store import Store


@dataclass(kw_only=True)
class Counting:
    """Decides rating by rating, remembers which sessions were used, and checks them together."""

    wanted: frozenset[str]
    apart: tuple[Linking, ...]
    used: dict[str, set[str]] = field(default_factory=lambda: {"session": set(), "source": set()})

    @classmethod
    def of(cls, store: Store, criterion: str, wanted: tuple[str, ...]) -> Counting:
        """Look up which sessions were found apart on a criterion."""
        linkings = store.linkings_of(criterion=criterion)
        apart = tuple(found for found in linkings if found.word != "pool")
        return cls(wanted=frozenset(wanted), apart=apart)

    def counts(self, rating: Rating) -> bool:
        """Whether a rating's session or source is one that counts."""
        if self.wanted and not self.wanted & {rating.session, rating.source}:
            return False
        self.used["source"].add(rating.source)
        if rating.session is not None:
            self.used["session"].add(rating.session)
        return True

    def check(self) -> None:
        """Refuse what was used, if two sessions of it were found apart.

        Raises
        ------
        RatingsError
            One sentence that names both and what to do.
        """
        for found in self.apart:
            if {found.first, found.second} <= self.used[found.kind]:
                raise RatingsError(
                    f"ratings of {found.criterion!r} of {found.first!r} and {found.second!r} must "
                    f"not be pooled ({found.word}); name one of them as sessions under [quality] "
                    "in the benchmark file, or link them anew with more outputs rated in both"
                )
