"""What ``qfloor generate --manifest`` says of the files it was given: by name, not by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from qfloor.cli.output import emit, say
from qfloor.counting import several

if TYPE_CHECKING:
    from qfloor.pipeline import RowTaken, TakenIn

_NAMED = 5


def print_rows(made: TakenIn, *, as_json: bool, as_csv: bool) -> None:
    """Print what became of every row."""
    emit([asdict(row) for row in made.rows], as_json=as_json, as_csv=as_csv)


def say_rows(made: TakenIn, manifest: Path, round: str, *, listed: bool) -> None:
    """Name the files that are no good and those that have changed, the first few of each."""
    if made.broken:
        say(f"{several(len(made.broken), 'file')} cannot be judged, which counts as a fail:")
        _name(made.broken)
        say("mend them and take the manifest in again: what has other bytes by then is read anew")
    if made.changed:
        say(
            f"other bytes than were taken in for round {round} in "
            f"{several(len(made.changed), 'file')}:"
        )
        _name(made.changed)
        say("what was made stays as it was; to have them judged, take them in for another round")
    if max(len(made.broken), len(made.changed)) > _NAMED and not listed:
        say(f"all of them: qfloor generate --manifest {manifest} --round {round} --rows")


def _name(rows: Sequence[RowTaken]) -> None:
    for row in rows[:_NAMED]:
        why = "other bytes" if row.changed else row.detail or row.reason
        say(f"  row {row.row} {row.file}: {why}")
    if len(rows) > _NAMED:
        say(f"  and {len(rows) - _NAMED} more")
