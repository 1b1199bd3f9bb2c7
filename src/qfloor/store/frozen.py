"""Plans frozen before the first score, and when a round was first judged.

Both are written once and never change. Times are the machine's own clock: they prove an order
within this store, not to a stranger; who wants that publishes the plan's digest beforehand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from qfloor.errors import StoreError
from qfloor.records import FrozenPlan
from qfloor.store import rows as r
from qfloor.store.connection import Database

# steps from round to round along the index, however many outputs each has
_A_ROUND_NOT_JUDGED = """
WITH RECURSIVE known (round) AS (
  SELECT min(round) FROM outputs
  UNION ALL
  SELECT (SELECT min(o.round) FROM outputs o WHERE o.round > known.round)
  FROM known WHERE known.round IS NOT NULL
)
SELECT round FROM known
WHERE round IS NOT NULL AND round NOT IN (SELECT round FROM first_judged) LIMIT 1
"""


class FrozenTables(Database):
    """Readers and writers of frozen plans and of a round's first judgment."""

    def save_frozen_plan(self, plan: FrozenPlan) -> FrozenPlan:
        """Keep a plan for good, with the time; returns it as it was kept.

        Raises
        ------
        StoreError
            When the benchmark has a frozen plan in that round already.
        """
        kept = replace(plan, at=_now())
        with self.transaction():
            if self.frozen_plan(plan.benchmark, plan.round) is not None:
                raise StoreError(f"{plan.benchmark} has a frozen plan in round {plan.round}")
            self._write(r.insert("frozen_plans", FrozenPlan), r.encode(kept))
        return kept

    def frozen_plan(self, benchmark: str, round: str) -> FrozenPlan | None:
        """The frozen plan of a benchmark in a round, or None."""
        sql = r.select("frozen_plans", FrozenPlan, "benchmark = ? AND round = ?")
        row = self.one(sql, (benchmark, round))
        return None if row is None else r.decode(FrozenPlan, row)

    def first_judged(self, round: str) -> str | None:
        """When a round got its first score, rating or comparison; None before, or if not noted."""
        row = self.one("SELECT at FROM first_judged WHERE round = ?", (round,))
        return None if row is None else str(row[0])

    def is_judged(self, round: str) -> bool:
        """Whether any output of a round has a score, a rating or a comparison."""
        if self.first_judged(round) is not None:
            return True
        ids = "(SELECT id FROM outputs WHERE round = ?)"
        sql = (
            f"SELECT EXISTS (SELECT 1 FROM scores WHERE output_id IN {ids}) OR "
            f"EXISTS (SELECT 1 FROM ratings WHERE output_id IN {ids}) OR "
            f"EXISTS (SELECT 1 FROM comparisons WHERE left_output_id IN {ids})"
        )
        row = self.one(sql, (round,) * 3)
        return row is not None and bool(row[0])

    def _note_judged(self, output_ids: Iterable[str]) -> None:
        """Note when rounds were first judged; call it in the judgments' own transaction."""
        if self.one(_A_ROUND_NOT_JUDGED) is None:
            return
        sql = (
            "INSERT INTO first_judged SELECT DISTINCT round, ? FROM outputs "
            "WHERE id IN (SELECT value FROM json_each(?)) "
            "AND round NOT IN (SELECT round FROM first_judged)"
        )
        self._write(sql, (_now(), json.dumps(list(output_ids))))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
