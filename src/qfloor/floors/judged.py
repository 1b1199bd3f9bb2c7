"""Outputs as floors see them, row by row and laid out as arrays: what cells are built from.

The status table (DESIGN section 2) is applied here, to each output by itself. Laying out costs
Python's time for every output, so it is done once for all that is built from the same outputs:
both kinds of floors, the worst case, tags and languages.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from qfloor.records import STATUS_TABLE, CountsAs, FloorKind, Status, digest_of

NO_RATER = -1
"""Rater code of a value that no person gave."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One output as a floor sees it: how it ended, and the numbers it got.

    ``values`` holds a rating for each of ``raters``, or a metric's single number with no rater;
    ``lacking`` names what kept a made output from having any, and is counted instead of
    ``unjudged``.
    ``scorer_failed`` says that a made output should have been scored and could not be; an
    ``unsafe`` one was made and cannot be delivered, whatever it looks like. Whether one with
    ``safety_unknown`` may be delivered should be known and is not: in delivered floors it is
    missing, whatever its values. ``stratum`` is where its prompt belongs in a traffic mix.
    """

    output_id: str
    family: str
    repeat: int
    status: Status
    values: tuple[float, ...] = ()
    raters: tuple[str, ...] = ()
    scorer_failed: bool = False
    unsafe: bool = False
    safety_unknown: bool = False
    lacking: str | None = None
    stratum: str = ""


def how_it_counts(output: Judged, kind: FloorKind, *, judged: bool | None = None) -> CountsAs:
    """Apply the status table, and what it leaves open: made, but without a number.

    With ``judged`` the question is how it would count if it had a number.
    """
    has = bool(output.values) if judged is None else judged
    marks = output.scorer_failed, output.unsafe, output.safety_unknown
    return _counts_as(output.status, kind, has, *marks)


def _counts_as(
    status: Status, kind: FloorKind, has: bool, failed: bool, unsafe: bool, unknown: bool
) -> CountsAs:
    counts_as = STATUS_TABLE[status][kind]
    if counts_as is not CountsAs.SCORED:
        return counts_as
    if failed or (unsafe and kind == "delivered"):
        return CountsAs.FAIL
    if unknown and kind == "delivered":
        return CountsAs.MISSING
    return CountsAs.SCORED if has else CountsAs.MISSING


CODE: Mapping[CountsAs, int] = {counts_as: code for code, counts_as in enumerate(CountsAs)}
"""What arrays hold in place of a `CountsAs`."""

MARKS = ("scorer_failed", "unsafe", "safety_unknown")
"""What is counted of outputs beside their status."""

_STATUSES = tuple(Status)
_STATUS: Mapping[Status, int] = {status: 16 * code for code, status in enumerate(_STATUSES)}


def _state(output: Judged) -> int:
    """One number for all that decides how an output counts: its status, a value, three marks."""
    return (
        _STATUS[output.status]
        + (8 if output.values else 0)
        + 4 * output.scorer_failed
        + 2 * output.unsafe
        + output.safety_unknown
    )


@lru_cache(maxsize=2)
def _codes(kind: FloorKind) -> NDArray[np.int8]:
    """How each `_state` counts, as a `CODE`: the table and its exceptions, spelled out."""
    return np.array(
        [
            CODE[_counts_as(status, kind, bool(of & 8), bool(of & 4), bool(of & 2), bool(of & 1))]
            for status in _STATUSES
            for of in range(16)
        ],
        dtype=np.int8,
    )


class _Meaning(NamedTuple):
    """What a `_state` says: how it counts (a `CODE`), and under which names it is counted.

    ``unjudged`` says that it was made and is missing for want of a value.
    """

    code: int
    names: tuple[str, ...]
    unjudged: bool


@lru_cache(maxsize=512)
def _meaning(state: int, kind: FloorKind) -> _Meaning:
    status, code = _STATUSES[state >> 4], int(_codes(kind)[state])
    marks = MARKS if code != CODE[CountsAs.ABSENT] else ()
    marked = tuple(name for i, name in enumerate(marks) if state >> 2 - i & 1)
    lacking = status is Status.MADE and not state & 8 and code == CODE[CountsAs.MISSING]
    return _Meaning(code, (status.value, *marked), lacking)


@dataclass(frozen=True, eq=False)
class JudgedOutputs(Sequence[Judged]):
    """Outputs of one offer in one category, by family, repeat and id; see `lay_out`.

    Arrays over outputs: ``family`` (its place in ``families``), ``repeat``, ``n_values``, and
    ``state``, which decides how it counts; over values, output after output: ``value`` as given,
    ``rater`` (its place in ``raters``, or `NO_RATER`).
    """

    rows: tuple[Judged, ...]
    family: NDArray[np.intp]
    repeat: NDArray[np.intp]
    n_values: NDArray[np.intp]
    state: NDArray[np.intp]
    value: NDArray[np.float64]
    rater: NDArray[np.intp]
    families: tuple[str, ...]
    raters: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Judged]:
        return iter(self.rows)

    @overload
    def __getitem__(self, at: int) -> Judged: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Judged, ...]: ...

    def __getitem__(self, at: int | slice) -> Judged | tuple[Judged, ...]:
        return self.rows[at]

    def part(self, kept: NDArray[np.intp]) -> JudgedOutputs:
        """Some of the outputs, in their order; all of them are these."""
        if kept.size == len(self):
            return self
        starts = np.cumsum(self.n_values) - self.n_values
        counts = self.n_values[kept]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        values = np.repeat(starts[kept], counts) + within
        heard = np.unique(self.rater[values])
        heard = heard[heard != NO_RATER]
        rater = np.searchsorted(heard, self.rater[values])
        rater[self.rater[values] == NO_RATER] = NO_RATER
        return JudgedOutputs(
            rows=tuple(self.rows[i] for i in kept.tolist()),
            family=self.family[kept],
            repeat=self.repeat[kept],
            n_values=counts,
            state=self.state[kept],
            value=self.value[values],
            rater=rater,
            families=self.families,
            raters=tuple(self.raters[i] for i in heard.tolist()),
        )

    def counts_as(self, kind: FloorKind) -> NDArray[np.int8]:
        """How each output counts, as a `CODE`."""
        return np.asarray(_codes(kind)[self.state])

    @cached_property
    def votes(self) -> int:
        """Values of a judged output here, rounded up: what an output that failed outright weighs.

        With one row against three ratings, a refusal would count a third of a picture that was
        made.
        """
        judged = int(np.count_nonzero(self.n_values))
        return math.ceil(self.value.size / judged) if judged else 1

    @cached_property
    def single(self) -> bool:
        """Whether no output has more than one value, and none a rater: a metric's."""
        return not self.raters and bool(self.n_values.max(initial=0) <= 1)

    @cached_property
    def states(self) -> tuple[tuple[int, int], ...]:
        """Each ``state`` that occurs and how many outputs have it: most cells have a handful."""
        found = np.bincount(self.state)
        there = found.nonzero()[0]
        return tuple(zip(there.tolist(), found[there].tolist(), strict=True))

    def counted(self, kind: FloorKind) -> Counter[int]:
        """How many outputs count as what, by `CODE`."""
        counts = Counter[int]()
        for state, n in self.states:
            counts[_meaning(state, kind).code] += n
        return counts

    def ended(self, kind: FloorKind) -> Counter[str]:
        """How many outputs ended in which way, and have which mark of those that count at all."""
        counts = Counter[str]()
        for state, n in self.states:
            for name in _meaning(state, kind).names:
                counts[name] += n
        return counts

    def unjudged(self, kind: FloorKind) -> list[int]:
        """Which outputs were made and are missing a number that they should have."""
        if not any(_meaning(state, kind).unjudged for state, _ in self.states):
            return []
        lacking = self.state & ~7 == _STATUS[Status.MADE]  # made, no value, whatever its marks
        missing = self.counts_as(kind) == CODE[CountsAs.MISSING]
        found: list[int] = (lacking & missing).nonzero()[0].tolist()
        return found


def lay_out(outputs: Sequence[Judged]) -> JudgedOutputs:
    """Lay judged outputs out as arrays; what is laid out already is given back."""
    if isinstance(outputs, JudgedOutputs):
        return outputs
    rows = sorted(outputs, key=lambda o: (o.family, o.repeat, o.output_id))
    families = tuple(dict.fromkeys(row.family for row in rows))
    said = _said(rows)
    raters = tuple(sorted(said, key=lambda rater: (said[rater], rater)))
    place = {name: i for i, name in enumerate(families)}
    number = {name: i for i, name in enumerate(raters)}
    drawn = [pair for row in rows for pair in _drawn(row, number, said)]
    return JudgedOutputs(
        rows=tuple(rows),
        family=np.array([place[row.family] for row in rows], dtype=np.intp),
        repeat=np.array([row.repeat for row in rows], dtype=np.intp),
        n_values=np.array([len(row.values) for row in rows], dtype=np.intp),
        state=np.array([_state(row) for row in rows], dtype=np.intp),
        value=np.array([value for value, _ in drawn], dtype=np.float64),
        rater=np.array([rater for _, rater in drawn], dtype=np.intp),
        families=families,
        raters=raters,
    )


def _said(rows: Sequence[Judged]) -> dict[str, str]:
    """Digest all that each rater said here: what raters are numbered and drawn by.

    Names are a workspace's own pseudonyms: an order by them would make floors differ between two
    workspaces with the same ratings. Raters who said the same of everything may be exchanged.
    """
    said: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for row in rows:
        for value, rater in zip(row.values, row.raters, strict=False):
            said[rater].append((row.output_id, value))
    return {rater: digest_of(sorted(given)) for rater, given in said.items()}


def _drawn(
    output: Judged, number: Mapping[str, int], said: Mapping[str, str]
) -> list[tuple[float, int]]:
    """Values with their rater codes, in an order drawn by hash.

    The exact bound of one repeat takes the first value of each prompt: drawn so, that is a random
    rater for every prompt, not the same one throughout. What a rater said enters the hash as a
    whole and only there, which tells nothing of the value that comes first.
    """
    if not output.raters:
        return [(value, NO_RATER) for value in output.values]
    pairs = zip(output.values, output.raters, strict=True)
    ordered = sorted(pairs, key=lambda pair: _place_drawn(output.output_id, said[pair[1]]))
    return [(value, number[rater]) for value, rater in ordered]


@lru_cache(maxsize=1 << 17)
def _place_drawn(output_id: str, said: str) -> str:
    """Where a rating stands among those of its output; the parts of a cell ask it again."""
    return digest_of([output_id, said])
