"""Which rating sessions a floor may use together.

Sessions that were linked and found apart are never pooled in silence: a benchmark names the one
whose ratings count, or the floor is refused. People and simulated raters never count together: no
test of a shift makes them one panel. Sessions of people that nobody linked are pooled, which floors
and releases say (`pooling_remarks`); `qfloor ratings link` is how to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from qfloor.benchmark import Benchmark
from qfloor.errors import RatingsError
from qfloor.ratings.agreement import SIMULATED
from qfloor.ratings.wording import listed
from qfloor.records import Linking, Rating, human_part
from qfloor.store import Store


@dataclass(kw_only=True)
class Counting:
    """Decides rating by rating, remembers which sessions were used, and checks them together."""

    criterion: str
    wanted: frozenset[str]
    apart: tuple[Linking, ...]
    used: dict[str, set[str]] = field(default_factory=lambda: {"session": set(), "source": set()})

    @classmethod
    def of(cls, store: Store, criterion: str, wanted: tuple[str, ...]) -> Counting:
        """Look up which sessions were found apart on a criterion."""
        linkings = store.linkings_of(criterion=criterion)
        apart = tuple(found for found in linkings if found.word != "pool")
        return cls(criterion=criterion, wanted=frozenset(wanted), apart=apart)

    def counts(self, rating: Rating) -> bool:
        """Whether a rating's session or source is one that counts."""
        if self.wanted and not self.wanted & {rating.session, rating.source}:
            return False
        self.used["source"].add(rating.source)
        if rating.session is not None:
            self.used["session"].add(rating.session)
        return True

    def check(self) -> None:
        """Refuse what was used, if two sessions of it were found apart or one is simulated.

        Raises
        ------
        RatingsError
            One sentence that names both and what to do.
        """
        simulated = sorted(filter(_is_simulated, self.used["source"]))
        people = sorted(self.used["source"] - set(simulated))
        if simulated and people:
            raise RatingsError(
                f"ratings of {self.criterion!r} come from {simulated[0]!r} and from people "
                f"({listed(people)}), which are never pooled; name those that count as sessions "
                "under [quality] in the benchmark file"
            )
        for found in self.apart:
            if {found.first, found.second} <= self.used[found.kind]:
                raise RatingsError(
                    f"ratings of {found.criterion!r} of {found.first!r} and {found.second!r} must "
                    f"not be pooled ({found.word}); name one of them as sessions under [quality] "
                    "in the benchmark file, or link them anew with more outputs rated in both"
                )


def pooling_remarks(store: Store, benchmark: Benchmark) -> Iterator[str]:
    """Say which sessions or sources count together without a test that they may.

    A session of one rater is a visit, not a panel that met: only those of several are named.
    """
    criterion = human_part(benchmark.quality).name
    sittings = _sittings(store, benchmark)
    pooled = [found for found in store.linkings_of(criterion=criterion) if found.word == "pool"]
    named = {
        "session": {session for _, session, raters in sittings if session and raters > 1},
        "source": {source for source, _, _ in sittings},
    }
    for kind, names in named.items():
        groups = _linked(names, (found for found in pooled if found.kind == kind))
        if len(groups) > 1:
            yield (
                f"ratings of {criterion!r} from {len(names)} {kind}s count together "
                f"({listed(sorted(names))}), and nobody tested whether all are on one scale; see "
                "`qfloor ratings link`"
            )


def who_judged(store: Store, benchmark: Benchmark) -> str:
    """Name who gave the ratings that count: ``imported``, ``simulated raters`` or ``people``."""
    if benchmark.imported:
        return "imported"
    sources = {source for source, _, _ in _sittings(store, benchmark)}
    simulated = any(map(_is_simulated, sources)) if sources else benchmark.panel is not None
    return "simulated raters" if simulated else "people"


def _sittings(store: Store, benchmark: Benchmark) -> list[tuple[str, str | None, int]]:
    """Sources and sessions whose ratings count, each with its number of raters."""
    criterion = human_part(benchmark.quality).name
    return [
        (source, session, raters)
        for source, session, raters in store.sittings_of(criterion=criterion, round=benchmark.round)
        if not benchmark.sessions or {source, session} & set(benchmark.sessions)
    ]


def _is_simulated(source: str) -> bool:
    return source.startswith(SIMULATED)


def _linked(names: Iterable[str], pooled: Iterable[Linking]) -> list[set[str]]:
    """Join names that were found to be on one scale, directly or through others."""
    groups = [{name} for name in sorted(names)]
    for found in pooled:
        ends = [group for group in groups if group & {found.first, found.second}]
        if len(ends) == 2:
            groups = [group for group in groups if group not in ends]
            groups.append(ends[0] | ends[1])
    return groups
