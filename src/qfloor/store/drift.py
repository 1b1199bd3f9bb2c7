"""What comparisons of two runs found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qfloor.records import DriftFinding
from qfloor.store import rows as r
from qfloor.store.connection import Database, among, where


class DriftTables(Database):
    """Reader and writer of drift findings."""

    def save_drift(
        self, findings: Iterable[DriftFinding], *, before_run: str, after_run: str
    ) -> int:
        """Replace what was found between two runs."""
        with self.transaction():
            self._write(
                "DELETE FROM drift_findings WHERE before_run = ? AND after_run = ?",
                (before_run, after_run),
            )
            rows = [r.encode(finding) for finding in findings]
            return self._write_many(r.insert("drift_findings", DriftFinding), rows)

    def drift_of(self, *, before_run: str | None = None) -> Iterator[DriftFinding]:
        """Give findings about a run's offers since, or all; ordered by their key."""
        clause, values = where(among("before_run", None if before_run is None else [before_run]))
        order = "before_run, after_run, quality, offer_id, category, modality, tier"
        found = self.rows(r.select("drift_findings", DriftFinding, clause, order), values)
        return (r.decode(DriftFinding, row) for row in found)
