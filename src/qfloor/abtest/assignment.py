"""Who is shown what, in which order and on which side: booklets, one for each rater.

Every pair gets its votes, each from another booklet; a booklet has a prompt once (but for the
hidden repeat of a trial, sides swapped, far from the first showing); booklets are as long as each
other. Which output stands on the left is drawn by keyed hash and balanced, over the votes of a
pair and within a booklet. What this module does not know: pictures, offers, people.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qfloor.abtest.pairs import digest_by
from qfloor.abtest.protocol import Kind
from qfloor.errors import SessionError

REPEAT_GAP = 10
"""Trials that lie between a trial and its repeat, where a booklet is long enough."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What can be shown once: a pair for the assignment. ``first`` says which arm is cell 0."""

    id: str
    prompt: str
    cells: int = 2
    first: str = ""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One trial of a booklet: a unit, its kind, which cell stands where, whether scores are due.

    ``order`` names the cell of each place from the left. ``repeat_of`` is the position of the
    trial that it repeats.
    """

    kind: Kind
    unit: str
    prompt: str
    order: tuple[int, ...]
    ask: bool = False
    repeat_of: int | None = None


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Hidden trials, as shares of the test trials, and how often scores are due after "none"."""

    placebo: float
    catch: float
    repeat: float
    ask_when_none: float


def fitting_length(per_rater: int, prompts: int, shares: Shares) -> int:
    """Test trials of one rater at most, so that no prompt is met twice with the hidden ones."""
    length = min(per_rater, prompts)
    while length > 1 and length + _hidden(length, shares) > prompts:
        length -= 1
    return length


def _hidden(length: int, shares: Shares) -> int:
    return -int(-length * shares.placebo // 1) - int(-length * shares.catch // 1)


def deal(
    units: Sequence[Unit], votes: Mapping[str, int], length: int, secret: bytes
) -> list[list[Unit]]:
    """Deal units to as few booklets as hold them, every unit in as many as it gets votes.

    Parameters
    ----------
    units : sequence of Unit
        All that are tested.
    votes : mapping
        Votes of each unit by id.
    length : int
        Test trials of a booklet; one more where prompts stand in the way.
    secret : bytes
        Keys the draw.

    Returns
    -------
    list of list of Unit
        Booklets, whose lengths differ by one where prompts allow it.

    Raises
    ------
    SessionError
        When a prompt has more votes than there are booklets.
    """
    load: Counter[str] = Counter()
    for unit in units:
        load[unit.prompt] += votes[unit.id]
    total = sum(load.values())
    n = max(-(-total // length), max(load.values(), default=1))
    booklets: list[list[Unit]] = [[] for _ in range(n)]
    prompts: list[set[str]] = [set() for _ in range(n)]
    heap = [(0, digest_by(secret, "booklet", b), b) for b in range(n)]
    heapq.heapify(heap)
    dealt = sorted(units, key=lambda u: (-load[u.prompt], digest_by(secret, "deal", u.id)))
    for unit in dealt:
        passed: list[tuple[int, int, int]] = []
        for vote in range(votes[unit.id]):
            while heap and unit.prompt in prompts[heap[0][2]]:
                passed.append(heapq.heappop(heap))
            if not heap:
                raise SessionError(f"prompt {unit.prompt} has more votes than there are raters")
            held, _, b = heapq.heappop(heap)
            booklets[b].append(unit)
            prompts[b].add(unit.prompt)
            passed.append((held + 1, digest_by(secret, "next", unit.id, vote, b), b))
        for entry in passed:
            heapq.heappush(heap, entry)
    return [booklet for booklet in booklets if booklet]


def arrange(
    booklets: Sequence[Sequence[Unit]],
    hidden: Mapping[str, Sequence[Unit]],
    shares: Shares,
    secret: bytes,
    *,
    already: Mapping[str, int] | None = None,
    round_: int = 0,
) -> list[list[Slot]]:
    """Put each booklet into order, with sides and hidden trials.

    Parameters
    ----------
    booklets : sequence of sequence of Unit
        What `deal` gave.
    hidden : mapping
        Units that hidden trials may be made of, by kind (``placebo``, ``catch``).
    shares : Shares
        How many hidden trials there are for each tested one.
    secret : bytes
        Keys the draw.
    already : mapping, optional
        How often each unit's first cell stood on the left more than on the right, in booklets
        that were given out before.
    round_ : int, default 0
        Tells booklets that are added later from the first.

    Returns
    -------
    list of list of Slot
    """
    lean: Counter[str] = Counter(already or {})
    queues = {
        kind: deque(sorted(pool, key=lambda u: digest_by(secret, kind, round_, u.id)))
        for kind, pool in hidden.items()
    }
    due = {"placebo": 0.0, "catch": 0.0, "repeat": 0.0}
    arranged = []
    for b, units in enumerate(booklets):
        name = f"{round_}.{b}"
        slots = _tests(units, lean, shares, secret, name)
        for kind in ("placebo", "catch"):
            wanted = _due(due, kind, len(units) * getattr(shares, kind))
            queue = queues.get(kind, deque())
            slots += _hidden_slots(kind, wanted, slots, queue, shares, secret, name)
        slots.sort(key=lambda s: digest_by(secret, "order", name, s.kind, s.unit))
        wanted = _due(due, "repeat", len(units) * shares.repeat)
        arranged.append(_with_repeats(slots, wanted, shares, secret, name))
    return arranged


def _due(due: dict[str, float], kind: str, more: float) -> int:
    """How many hidden trials a booklet gets, so that over all booklets the share is right."""
    due[kind] += more
    whole = int(due[kind] + 0.5)
    due[kind] -= whole
    return whole


def _tests(
    units: Sequence[Unit], lean: Counter[str], shares: Shares, secret: bytes, name: str
) -> list[Slot]:
    """Test trials with their sides: against what a pair leans to, then to balance the booklet."""
    ranked = sorted(units, key=lambda u: digest_by(secret, "side", name, u.id))
    first: dict[str, bool] = {}
    balance = 0
    for unit in sorted(ranked, key=lambda u: lean[u.id] == 0):
        if unit.cells != 2:
            continue
        arm = 1 if unit.first != "reference" else -1  # is cell 0 the arm that is balanced?
        if lean[unit.id]:
            left = lean[unit.id] < 0
        elif balance:
            left = (balance < 0) == (arm > 0)
        else:
            left = digest_by(secret, "coin", name, unit.id) % 2 == 0
        first[unit.id] = left
        balance += arm if left else -arm
        lean[unit.id] += 1 if left else -1
    return [
        Slot(
            kind="test",
            unit=unit.id,
            prompt=unit.prompt,
            order=_order(unit, first.get(unit.id), secret, name),
            ask=_asks(shares, secret, name, "test", unit.id),
        )
        for unit in ranked
    ]


def _asks(shares: Shares, secret: bytes, *names: str) -> bool:
    """Whether scores are due after "no visible difference": so often for every kind of trial."""
    return digest_by(secret, "ask", *names) % 10_000 < 10_000 * shares.ask_when_none


def _order(unit: Unit, first: bool | None, secret: bytes, name: str) -> tuple[int, ...]:
    if first is not None:
        return (0, 1) if first else (1, 0)
    cells = range(unit.cells)
    return tuple(sorted(cells, key=lambda c: digest_by(secret, "place", name, unit.id, c)))


def _hidden_slots(
    kind: str,
    wanted: int,
    slots: Iterable[Slot],
    queue: deque[Unit],
    shares: Shares,
    secret: bytes,
    name: str,
) -> list[Slot]:
    """Placebos or catches whose prompts the booklet does not have; those used go to the end."""
    seen = {slot.prompt for slot in slots}
    found: list[Slot] = []
    passed: list[Unit] = []
    while queue and len(found) < wanted:
        unit = queue.popleft()
        if unit.prompt in seen:
            passed.append(unit)
            continue
        seen.add(unit.prompt)
        order = (0, 1) if digest_by(secret, "coin", name, kind, unit.id) % 2 else (1, 0)
        ask = _asks(shares, secret, name, kind, unit.id)
        found.append(
            Slot(kind=kind, unit=unit.id, prompt=unit.prompt, order=order, ask=ask)  # type: ignore[arg-type]
        )
        queue.append(unit)
    queue.extendleft(reversed(passed))
    return found


def _with_repeats(
    slots: list[Slot], wanted: int, shares: Shares, secret: bytes, name: str
) -> list[Slot]:
    """Show some trials again, sides swapped, far from the first time and never next to it."""
    tests = [n for n, slot in enumerate(slots) if slot.kind == "test"]
    early = tests[: max(1, len(tests) // 2)] if len(slots) > 2 else []
    early.sort(key=lambda n: digest_by(secret, "repeat", name, slots[n].unit))
    placed: dict[int, list[int]] = defaultdict(list)  # after which position -> what is repeated
    for n in early[:wanted]:
        gap = min(REPEAT_GAP, max(1, len(slots) - 2 - n))
        room = range(n + gap, len(slots))
        if not room:
            continue
        after = room[digest_by(secret, "again", name, n) % len(room)]
        placed[after].append(n)
    ordered: list[Slot] = []
    at: dict[int, int] = {}
    for n, slot in enumerate(slots):
        at[n] = len(ordered)
        ordered.append(slot)
        for earlier in placed[n]:
            again = slots[earlier]
            ordered.append(
                replace(
                    again,
                    kind="repeat",
                    order=again.order[::-1],
                    repeat_of=at[earlier],
                    ask=_asks(shares, secret, name, "repeat", again.unit),
                )
            )
    return ordered


def adjacent_prompts(slots: Sequence[Slot]) -> int:
    """How often two trials of one prompt follow each other; nought in what `arrange` gives."""
    return sum(a.prompt == b.prompt for a, b in itertools.pairwise(slots))


def check_dealt(booklets: Sequence[Sequence[Slot]], votes: Mapping[str, int]) -> None:
    """Hold booklets to what was promised of them.

    Raises
    ------
    SessionError
        When a pair has other votes than planned, or a rater would meet a prompt twice.
    """
    given = Counter(s.unit for slots in booklets for s in slots if s.kind == "test")
    for unit, n in votes.items():
        if given[unit] != n:
            raise SessionError(f"pair {unit} would get {given[unit]} votes in place of {n}")
    for slots in booklets:
        met = Counter(s.prompt for s in slots if s.kind not in ("repeat", "training"))
        if (met and max(met.values()) > 1) or adjacent_prompts(slots):
            raise SessionError("a rater would meet a prompt twice; this is a fault, report it")
