"""A month's suite: two thirds public and the same every month, one third private and new.

Public prompts leak into training sets, and a seller that is measured on known prompts can please
them; the public part makes months comparable, the private part keeps them honest. A private
prompt serves one month, then it is retired, which is when it may be published. What this module
does not know: how prompts are written (`pool`).
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from qfloor.counting import several
from qfloor.errors import SuiteError
from qfloor.records import Prompt, Suite
from qfloor.suite.likeness import alike
from qfloor.suite.loading import as_private, load
from qfloor.suite.pool import (
    Journal,
    Served,
    as_public,
    held,
    journal_of,
    read_journal,
    served_digest,
    write_journal,
)
from qfloor.suite.writing import dump, not_over, not_over_other, write

PRIVATE_SHARE = Fraction(1, 3)
_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
Stratum = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """A month's suite, and how many prompts of each stratum are public, private, and left over."""

    suite: Suite
    rows: tuple[dict[str, object], ...]


def month_of(text: str) -> str:
    """Return a month as it is written everywhere, or refuse it."""
    if not _MONTH.match(text):
        raise SuiteError(f"{text!r} is no month; write it like 2026-12")
    return text


def rotate(
    base: Suite,
    pool: Path,
    month: str,
    out: Path,
    *,
    per_category: int | None = None,
    over: bool = False,
) -> Rotated:
    """Write a month's suite: public prompts of ``base``, a third of private ones of ``pool``.

    The journal of the pool is written first and the suite is a function of it, so the same month
    asked for again gives the same suite.

    Parameters
    ----------
    base : Suite
    pool : Path
    month : str
        ``2026-12``.
    out : Path
        The suite file to write.
    per_category : int, optional
        Prompts of each category and modality; by default as many as ``base`` has.
    over : bool
        Write over an ``out`` that holds something else.

    Raises
    ------
    SuiteError
        When a stratum lacks prompts that never served, says how many, or when ``out`` is the pool
        or its journal, or holds another suite; nothing is written, and no prompt counts as served.
    """
    month = month_of(month)
    not_over(out, pool, journal_of(pool))
    with held(pool):
        return _rotated(base, pool, month, out, per_category, over)


def _rotated(
    base: Suite, pool: Path, month: str, out: Path, per_category: int | None, over: bool
) -> Rotated:
    private, journal = load(pool), read_journal(pool)
    clash = {p.id for p in base.prompts} & {p.id for p in private.prompts}
    if clash:
        raise SuiteError(f"{pool}: prompt {sorted(clash)[0]} has the id of a prompt of {base.name}")
    for found in alike(private.prompts, base.prompts):
        raise SuiteError(
            f"{pool}: {found.prompt.id} resembles {found.known.id} of {base.name} "
            f"({found.share:.0%}): it is private no more"
        )
    taken = _taken(base, private, journal, month, per_category)
    by_id = {p.id: as_private(p) for p in private.prompts}
    gone = [name for name in journal.of_month(month) if name not in by_id]
    if gone:
        raise SuiteError(f"{pool}: {month} was served with {gone[0]}, which is not in the pool now")
    prompts, rows = [], []
    for stratum, public in sorted(_strata(base.prompts).items()):
        fresh = taken[stratum]
        kept = _first(public, _wanted(public, per_category) - len(fresh))
        prompts += [*kept, *(by_id[name] for name in fresh)]
        left = sum(_stratum(p) == stratum and p.id not in journal.served for p in private.prompts)
        rows.append(
            {
                "category": stratum[0], "modality": stratum[1], "public": len(kept),
                "private": len(fresh), "left_in_pool": left - len(set(fresh) - set(journal.served)),
            }
        )  # fmt: skip
    served = {
        name: Served(digest=served_digest(by_id[name]), month=month)
        for names in taken.values()
        for name in names
    }
    year, number = month.split("-")
    suite = Suite(
        name=f"{base.name}-{month}", version=f"{int(year)}.{int(number)}.0", licence="",
        title=f"{base.name} with a private third, {month}", prompts=tuple(prompts),
    )  # fmt: skip
    if not over:
        not_over_other({out: dump(suite)})
    write_journal(pool, Journal(served={**served, **journal.served}))
    write(suite, out)
    return Rotated(suite=suite, rows=tuple(rows))


def _taken(
    base: Suite, private: Suite, journal: Journal, month: str, per_category: int | None
) -> dict[Stratum, list[str]]:
    """Ids of the private prompts that a month has: those it took, or those it takes now."""
    before = journal.of_month(month)
    taken: dict[Stratum, list[str]] = {}
    lacking = []
    for stratum, public in sorted(_strata(base.prompts).items()):
        if before:
            again = [p for p in private.prompts if p.id in before and _stratum(p) == stratum]
            taken[stratum] = [p.id for p in sorted(again, key=_lot)]
            continue
        n = round(_wanted(public, per_category) * PRIVATE_SHARE)
        fresh = [p for p in private.prompts if _stratum(p) == stratum]
        fresh = [p for p in fresh if p.id not in journal.served]
        if len(fresh) < n:
            lacking.append(f"{'/'.join(stratum)} {n - len(fresh)}")
        taken[stratum] = [p.id for p in _first(fresh, min(n, len(fresh)))]
    if lacking:
        raise SuiteError(
            f"the pool lacks private prompts that never served: {', '.join(lacking)} more; write "
            f"them with `qfloor suite write`"
        )
    return taken


def retire(pool: Path, before: str, out: Path) -> Suite:
    """Take prompts that served before a month out of a pool and write them as a suite of their own.

    Raises
    ------
    SuiteError
        When there is none to retire, or ``out`` exists.
    """
    before = month_of(before)
    with held(pool):
        return _retired(pool, before, out)


def _retired(pool: Path, before: str, out: Path) -> Suite:
    private, journal = load(pool), read_journal(pool)
    done = [
        p for p in private.prompts if p.id in journal.served and journal.served[p.id].month < before
    ]
    if not done:
        raise SuiteError(f"{pool}: no prompt served before {before}")
    if out.exists():
        raise SuiteError(f"{out} exists already; name a file that does not")
    left = tuple(p for p in private.prompts if p not in done)
    if not left:
        raise SuiteError(f"{pool}: all prompts served before {before}; write new ones first")
    suite = Suite(
        name=f"{private.name}-retired", version="1.0.0", title=f"Private until {before}",
        prompts=tuple(map(as_public, done)),
    )  # fmt: skip
    write(suite, out)
    marked = {
        name: replace(one, retired=before) if name in {p.id for p in done} else one
        for name, one in journal.served.items()
    }
    write_journal(pool, Journal(served=marked))
    write(replace(private, prompts=left), pool)
    return suite


def _wanted(public: list[Prompt], per_category: int | None) -> int:
    return len(public) if per_category is None else per_category


def _strata(prompts: Iterable[Prompt]) -> dict[Stratum, list[Prompt]]:
    found: dict[Stratum, list[Prompt]] = defaultdict(list)
    for prompt in prompts:
        found[_stratum(prompt)].append(prompt)
    return found


def _stratum(prompt: Prompt) -> Stratum:
    return prompt.category, prompt.modality


def _first(prompts: list[Prompt], n: int) -> list[Prompt]:
    """The first so many by hash of the family: nobody chooses, and more include fewer."""
    if n > len(prompts):
        where = "/".join(_stratum(prompts[0])) if prompts else "a category"
        raise SuiteError(f"{where} has {several(len(prompts), 'public prompt')}, {n} are wanted")
    return sorted(prompts, key=_lot)[: max(n, 0)]


def _lot(prompt: Prompt) -> tuple[str, str]:
    return hashlib.sha256(f"rotation:{prompt.family}".encode()).hexdigest(), prompt.id
