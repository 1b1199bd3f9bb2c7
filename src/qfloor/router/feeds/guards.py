"""What is believed of a price source that was read anew, against what it said last.

A source that lost half its rows, or has too few, is broken: nothing of it is taken. A price that
moved more than `MOST_CHANGE` times, or is that far from what others say when it is first told, is
held until a person confirms it; the last good one stays, and ages. So is one by another unit than
before, unless it can be reckoned in that unit. What is past its day is dropped.
Pure: rows in, rows out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from qfloor.counting import several
from qfloor.errors import InputError
from qfloor.prices import NANO, usd
from qfloor.router.feeds.rows import Key, PriceRow

MOST_CHANGE = 3
LEAST_SHARE = 0.5
"""A source may not shrink below this share of its rows at once."""


@dataclass(frozen=True)
class Held:
    """A price that moved too far to be believed unseen."""

    row: PriceRow
    before_usd: str
    by: str = ""
    """The call by which it was reckoned from another unit, where it was."""

    @property
    def text(self) -> str:
        """For a person."""
        by = f" (by {self.by})" if self.by else ""
        before, now = (usd(Decimal(a) * NANO, exact=True) for a in (self.before_usd, self.row.usd))
        return f"{self.row.name}: {before} before{by}, {now} now"


@dataclass(frozen=True)
class Checked:
    """What became of every row: taken, held, or dropped as past its day."""

    taken: tuple[PriceRow, ...]
    held: tuple[Held, ...]
    retired: tuple[PriceRow, ...]
    changed: int


def check_rows(
    rows: Iterable[PriceRow],
    known: Mapping[Key, PriceRow],
    *,
    today: str,
    elsewhere: Mapping[Key, PriceRow] | None = None,
    reckoned: Mapping[Key, tuple[str, str]] | None = None,
    least_rows: int = 1,
    confirmed: bool = False,
) -> Checked:
    """Sort the rows of a source by what is to become of them.

    Parameters
    ----------
    rows : iterable of PriceRow
    known : mapping of key to PriceRow
        The last good rows of the same source.
    today : str
        ISO day.
    elsewhere : mapping of key to PriceRow, optional
        What others say of the same, for rows that this source tells for the first time.
    reckoned : mapping of key to tuple of str and str, optional
        For rows whose unit nobody priced by before: what was known, in that unit, and the call
        by which it was reckoned.
    least_rows : int
        Fewer are refused.
    confirmed : bool
        A person looked at what moved: hold nothing.

    Raises
    ------
    InputError
        When the source as a whole is not believed; what was known stays.
    """
    found = {row.key: row for row in rows}
    retired = tuple(row for row in found.values() if row.retires and row.retires[:10] <= today)
    sold = [row for row in found.values() if not (row.retires and row.retires[:10] <= today)]
    # what is past its day was told all the same: the source is whole
    if len(found) < least_rows:
        raise InputError(
            f"has {several(len(found), 'price')}, at least {least_rows} {_are(least_rows)} needed"
        )
    if len(found) < LEAST_SHARE * len(known) and not confirmed:
        raise InputError(
            f"has {several(len(found), 'price')} where it had {len(known)}: more than half are "
            "gone; look at the source, and confirm if that is right"
        )
    units: dict[tuple[str, str], dict[str, PriceRow]] = {}
    for row in known.values():
        units.setdefault((row.provider, row.model), {})[row.unit] = row
    held, taken, changed = [], [], 0
    for row in sold:
        before = known.get(row.key) or (elsewhere or {}).get(row.key)
        usd, by = (before.usd, "") if before else (reckoned or {}).get(row.key, (None, ""))
        other = None if usd is not None else _by_another_unit(row, units)
        if other is not None and not confirmed:
            held.append(Held(row, other.usd, f"the {other.unit}"))
            continue
        if usd is not None and _moved(usd, row.usd) and not confirmed:
            held.append(Held(row, usd, by))
            continue
        changed += before is not None and Decimal(before.usd) != Decimal(row.usd)
        taken.append(row)
    return Checked(tuple(taken), tuple(held), retired, changed)


def _by_another_unit(
    row: PriceRow, units: Mapping[tuple[str, str], Mapping[str, PriceRow]]
) -> PriceRow | None:
    """What the source priced the same by, where it was another unit: nobody can compare them."""
    told = units.get((row.provider, row.model), {})
    return None if not told or row.unit in told else next(iter(told.values()))


def _moved(before: str, now: str) -> bool:
    """Whether a price moved more than `MOST_CHANGE` times, up or down; to or from nothing too."""
    low, high = sorted((Decimal(before), Decimal(now)))
    return high > low * MOST_CHANGE


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
