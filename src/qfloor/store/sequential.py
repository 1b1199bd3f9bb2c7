"""Sequential tests: what each cell of a run has used up, and what that decided.

A state is written in the `transaction` that writes the judgments it rests on: then a run that is
killed finds both or neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qfloor.records import SequentialState
from qfloor.store import rows as r
from qfloor.store.connection import Database, among, where

_KEY = ("run", "offer_id", "category", "modality", "quality")


class SequentialTables(Database):
    """Reader and writer of sequential tests."""

    def save_sequential(self, states: Iterable[SequentialState], *, run: str) -> int:
        """Keep states of a run's cells, each replacing the cell's earlier one."""
        rest = ", ".join(f"{c} = excluded.{c}" for c in r.columns(SequentialState) if c not in _KEY)
        sql = r.insert(
            "sequential",
            SequentialState,
            extra=("run",),
            conflict=f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {rest}",
        )
        return self._write_many(sql, ((run, *r.encode(state)) for state in states))

    def sequential_of(
        self, *, run: str | None = None, round: str | None = None
    ) -> Iterator[SequentialState]:
        """Give the states of a run, or of all runs of a round, by cell."""
        clause, values = where(
            among("run", None if run is None else [run]),
            among("round", None if round is None else [round]),
        )
        order = "run, category, modality, quality, offer_id"
        found = self.rows(r.select("sequential", SequentialState, clause, order), values)
        return (r.decode(SequentialState, row) for row in found)

    def sequential_runs_of(self, *, round: str) -> list[str]:
        """Give the runs that tested sequentially in a round, sorted."""
        sql = "SELECT DISTINCT run FROM sequential WHERE round = ? ORDER BY 1"
        return [run for (run,) in self.rows(sql, (round,))]
