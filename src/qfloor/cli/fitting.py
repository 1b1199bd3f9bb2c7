"""Tables that fit a terminal: no word or number is broken; what finds no room is named.

Columns give way in the order of what is lost: first those that say the same in every row (said
once below instead), then those of long sentences, then from the right, last those that were asked
to be kept. The first stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

GAP = 3
"""Between the columns of the table that is printed."""
_LINES = 3  # lines that a cell may wrap to before its column rather gives way
_LONG = 24  # a wider cell is a sentence or a list, not a value


@dataclass(frozen=True)
class Column:
    """Head and cells as they are printed."""

    head: str
    cells: tuple[str, ...]

    @property
    def widest(self) -> int:
        """Width at which nothing wraps."""
        return max(cell_len(told) for told in (self.head, *self.cells))

    @property
    def least(self) -> int:
        """Width below which a word would break, or a cell would run on for too many lines."""
        words = (word for told in (self.head, *self.cells) for word in told.split())
        longest = max((cell_len(word) for word in words), default=1)
        run = max((cell_len(told) for told in self.cells), default=0)
        return min(self.widest, max(longest, -(-run // _LINES) + (longest if run > _LONG else 0)))

    @property
    def is_constant(self) -> bool:
        """Whether every row says the same: once is enough."""
        return len(self.cells) > 1 and len(set(self.cells)) == 1


@dataclass(frozen=True)
class Fitted:
    """Columns that are shown with their widths, and what is said of the others."""

    shown: tuple[Column, ...]
    widths: tuple[int, ...]
    same: tuple[Column, ...]
    left_out: tuple[Column, ...]

    @property
    def remark(self) -> str:
        """Name what is not in the table; empty where all of it is."""
        told = []
        if self.same:
            each = ", ".join(f"{c.head} {c.cells[0]}" for c in self.same)
            told.append(f"in every row: {each}")
        if self.left_out:
            heads = ", ".join(c.head for c in self.left_out)
            told.append(f"no room for: {heads} (a wider terminal, --json or a pipe shows them)")
        return "; ".join(told)


def fit(columns: Sequence[Column], width: int, keep: Collection[str] = ()) -> Fitted:
    """Choose what is shown in ``width`` columns of a terminal, and how wide.

    ``keep`` names heads that give way last.

    Examples
    --------
    >>> offer = Column("offer", ("painters/umber", "painters/ochre"))
    >>> kind = Column("kind", ("delivered", "delivered"))
    >>> fit([offer, kind], 40).widths, fit([offer, kind], 20).remark
    ((14, 9), 'in every row: kind delivered')
    """
    kept = list(columns)
    same: list[Column] = []
    left_out: list[Column] = []
    for column in _order(columns, keep):
        if _needed([c.least for c in kept]) <= width:
            break
        kept.remove(column)
        told = same if column.is_constant and column.widest <= _LONG else left_out
        told.append(column)
    return Fitted(
        tuple(kept), tuple(_widths(kept, width)), _as_given(same, columns),
        _as_given(left_out, columns),
    )  # fmt: skip


def _order(columns: Sequence[Column], keep: Collection[str]) -> list[Column]:
    """Give all but the first, those that may go soonest first."""
    others = list(reversed(columns[1:]))
    return sorted(others, key=lambda c: (not c.is_constant, c.head in keep, c.widest <= _LONG))


def _needed(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Begin with the least of each and hand out what is left, the narrowest want first."""
    widths = [min(c.least, width) for c in columns]
    left = width - _needed(widths)
    wants = sorted(range(len(columns)), key=lambda i: columns[i].widest - widths[i])
    for i in wants:
        more = max(0, min(left, columns[i].widest - widths[i]))
        widths[i] += more
        left -= more
    return widths


def _as_given(some: Sequence[Column], columns: Sequence[Column]) -> tuple[Column, ...]:
    return tuple(c for c in columns if any(c is one for one in some))
