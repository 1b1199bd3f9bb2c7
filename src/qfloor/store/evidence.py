"""What a run found: thresholds, calibrations, floors and verdicts, the run, and reference sets.

Rows of a run are written whole: saving floors of a run replaces the floors it had, in one
transaction, so that no reader ever sees half of an old and half of a new computation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from qfloor.errors import StoreError
from qfloor.records import (
    Calibration,
    Floor,
    LearnedThreshold,
    LeaveOneOut,
    PassRate,
    Prediction,
    ReferenceSet,
    TagFloor,
    Threshold,
    Verdict,
)
from qfloor.store import rows as r
from qfloor.store.connection import Database, among, where

E = TypeVar("E")

_ORDER: dict[type, str] = {
    Threshold: "quality",
    Calibration: "quality",
    Prediction: "quality",
    LearnedThreshold: "quality, tier",
    Floor: "quality, offer_id",
    Verdict: "quality, offer_id",
    PassRate: "metric, offer_id",
    TagFloor: "quality, offer_id, facet DESC, label",
    LeaveOneOut: "quality, offer_id, rater_number",
}
"""What rows are read in the order of, after run, category and modality."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a benchmark in a round; ``digests`` names all that went into it.

    ``plan`` holds the benchmark and its suites themselves, so that the run can be computed again
    by someone who has the store alone.
    """

    id: str
    benchmark: str
    round: str
    digests: Mapping[str, Any] = field(default_factory=dict)
    started_at: str
    ended_at: str | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)


class EvidenceTables(Database):
    """Readers and writers of what a run found; ``run`` is a run's id, or "" for none."""

    def save_run(self, run: Run) -> None:
        """Keep a run, replacing an earlier state of it."""
        self._write(r.upsert("runs", Run, ("id",)), r.encode(run))

    def runs_of(self) -> Iterator[Run]:
        """Give runs, oldest first."""
        return (
            r.decode(Run, row) for row in self.rows(r.select("runs", Run, order="started_at, id"))
        )

    def run_of(self, id: str) -> Run | None:
        """One run by id, or None."""
        row = self.one(r.select("runs", Run, "id = ?"), (id,))
        return None if row is None else r.decode(Run, row)

    def save_thresholds(self, thresholds: Iterable[Threshold], *, run: str = "") -> int:
        """Replace the thresholds of a run."""
        return self._replace("thresholds", Threshold, thresholds, run)

    def thresholds_of(self, *, run: str | None = "") -> Iterator[Threshold]:
        """Give the thresholds of a run; of all runs for None."""
        return self._read("thresholds", Threshold, run)

    def save_learned_thresholds(self, found: Iterable[LearnedThreshold], *, run: str = "") -> int:
        """Replace what the rules of a run found."""
        return self._replace("learned_thresholds", LearnedThreshold, found, run)

    def learned_thresholds_of(self, *, run: str | None = "") -> Iterator[LearnedThreshold]:
        """Give what the rules of a run found; of all runs for None."""
        return self._read("learned_thresholds", LearnedThreshold, run)

    def save_calibrations(self, calibrations: Iterable[Calibration], *, run: str = "") -> int:
        """Replace the calibrations of a run."""
        return self._replace("calibrations", Calibration, calibrations, run)

    def calibrations_of(self, *, run: str | None = "") -> Iterator[Calibration]:
        """Give the calibrations of a run; of all runs for None."""
        return self._read("calibrations", Calibration, run)

    def save_predictions(self, predictions: Iterable[Prediction], *, run: str = "") -> int:
        """Replace the predictions of a run."""
        return self._replace("predictions", Prediction, predictions, run)

    def predictions_of(self, *, run: str | None = "") -> Iterator[Prediction]:
        """Give the predictions of a run; of all runs for None."""
        return self._read("predictions", Prediction, run)

    def save_floors(self, floors: Iterable[Floor], *, run: str = "") -> int:
        """Replace the floors of a run."""
        return self._replace("floors", Floor, floors, run)

    def floors_of(self, *, run: str | None = "") -> Iterator[Floor]:
        """Give the floors of a run; of all runs for None."""
        return self._read("floors", Floor, run)

    def save_verdicts(self, verdicts: Iterable[Verdict], *, run: str = "") -> int:
        """Replace the verdicts of a run."""
        return self._replace("verdicts", Verdict, verdicts, run)

    def verdicts_of(self, *, run: str | None = "") -> Iterator[Verdict]:
        """Give the verdicts of a run; of all runs for None."""
        return self._read("verdicts", Verdict, run)

    def save_pass_rates(self, pass_rates: Iterable[PassRate], *, run: str = "") -> int:
        """Replace the pass rates of a run."""
        return self._replace("pass_rates", PassRate, pass_rates, run)

    def pass_rates_of(self, *, run: str | None = "") -> Iterator[PassRate]:
        """Give the pass rates of a run; of all runs for None."""
        return self._read("pass_rates", PassRate, run)

    def save_tag_floors(self, tag_floors: Iterable[TagFloor], *, run: str = "") -> int:
        """Replace the floors of tags and languages of a run."""
        return self._replace("tag_floors", TagFloor, tag_floors, run)

    def tag_floors_of(self, *, run: str | None = "") -> Iterator[TagFloor]:
        """Give the floors of tags and languages of a run; of all runs for None."""
        return self._read("tag_floors", TagFloor, run)

    def save_leave_one_out(self, rows: Iterable[LeaveOneOut], *, run: str = "") -> int:
        """Replace what a run would have ruled without one rater."""
        return self._replace("leave_one_rater_out", LeaveOneOut, rows, run)

    def leave_one_out_of(self, *, run: str | None = "") -> Iterator[LeaveOneOut]:
        """Give what a run would have ruled without one rater; of all runs for None."""
        return self._read("leave_one_rater_out", LeaveOneOut, run)

    def save_reference(self, reference: ReferenceSet) -> bool:
        """Keep a reference set for good; False when this very set was there already."""
        sql = "INSERT INTO reference_sets VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING"
        at = datetime.now(UTC).isoformat(timespec="seconds")
        record = r.encode_json(reference, "reference set")
        return self._write(sql, (reference.digest, reference.metric, record, at)) == 1

    def references_of(self, *, metric: str | None = None) -> Iterator[ReferenceSet]:
        """Give the reference sets of a metric (key), oldest first; of all metrics for None.

        Raises
        ------
        StoreError
            When a set's content no longer has the digest it is stored under.
        """
        clause, values = where(among("metric", None if metric is None else [metric]))
        found = f"SELECT digest, record FROM reference_sets{clause and ' WHERE ' + clause}"
        for digest, text in self.rows(f"{found} ORDER BY rowid", values):
            reference = r.decode_record(ReferenceSet, text)
            if reference.digest != digest:
                raise StoreError(f"reference set {digest} was altered: it is {reference.digest}")
            yield reference

    def _replace(self, table: str, cls: type[E], records: Iterable[E], run: str) -> int:
        with self.transaction():
            self._write(f"DELETE FROM {table} WHERE run = ?", (run,))
            found: list[Any] = list(records)
            rows = [(run, *r.encode(record)) for record in found]
            return self._write_many(r.insert(table, cls, extra=("run",)), rows)

    def _read(self, table: str, cls: type[E], run: str | None) -> Iterator[E]:
        clause, values = where(among("run", None if run is None else [run]))
        order = "run, category, modality, " + _ORDER[cls]
        found = self.rows(r.select(table, cls, clause, order), values)
        return (r.decode(cls, row) for row in found)
