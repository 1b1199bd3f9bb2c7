"""Metrics, scores, ratings, comparisons and the imports they came by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from qfloor.errors import StoreError
from qfloor.records import Comparison, Linking, Metric, Parity, Rating, Score
from qfloor.store import rows as r
from qfloor.store.connection import CHUNK, among, chunks, where
from qfloor.store.frozen import FrozenTables


class JudgmentTables(FrozenTables):
    """Readers and writers of what scorers and people said."""

    # -- scorers -----------------------------------------------------------------------------

    def save_metrics(self, metrics: Iterable[Metric]) -> int:
        """Keep metrics by their key, which holds their identity."""
        sql = "INSERT INTO metrics VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET record = excluded.record"  # noqa: E501
        return self._write_many(sql, ((m.key, m.name, r.encode_json(m, "metric")) for m in metrics))

    def metrics_of(self, names: Iterable[str] | None = None) -> Iterator[Metric]:
        """Give stored metrics, oldest first; ``names`` are metric names, not keys."""
        clause, values = where(among("name", names))
        sql = f"SELECT record FROM metrics{clause and ' WHERE ' + clause} ORDER BY rowid"
        return (r.decode_record(Metric, text) for (text,) in self.rows(sql, values))

    def metric_of(self, key: str) -> Metric:
        """The metric of a key that scores are stored under.

        Raises
        ------
        StoreError
            When there is none.
        """
        found = self.one("SELECT record FROM metrics WHERE key = ?", (key,))
        if found is None:
            raise StoreError(f"{self.path} holds no metric {key}")
        return r.decode_record(Metric, found[0])

    def save_scores(self, scores: Iterable[Score]) -> int:
        """Keep scores of stored outputs and metrics; a rescored output's row is replaced.

        Raises
        ------
        StoreError
            When a value is NaN or infinite, or a status and its value contradict each other.
        """
        sql, touched = r.upsert("scores", Score, ("metric", "output_id")), 0
        with self.transaction():
            for chunk in chunks(scores, CHUNK):
                touched += self._write_many(sql, [r.encode(s) for s in chunk])
                self._note_judged(s.output_id for s in chunk)
        return touched

    def scores_of(
        self,
        *,
        metric: str | None = None,
        outputs: Iterable[str] | None = None,
        round: str | None = None,
    ) -> Iterator[Score]:
        """Give scores of a metric (key), of some outputs or of a round."""
        clauses = [
            among("metric", None if metric is None else [metric]), among("output_id", outputs)
        ]  # fmt: skip
        if round is not None:
            clauses.append(("output_id IN (SELECT id FROM outputs WHERE round = ?)", [round]))
        clause, values = where(*clauses)
        found = self.rows(r.select("scores", Score, clause, "metric, output_id"), values)
        return (r.decode(Score, row) for row in found)

    def scored_ids(self, metric: str) -> set[str]:
        """Ids of the outputs that have a row of this metric (key), whatever its status."""
        return {i for (i,) in self.rows("SELECT output_id FROM scores WHERE metric = ?", (metric,))}

    def save_parity(self, parity: Parity) -> int:
        """Keep a check of a backbone's precision on a round; the newest counts."""
        change = "ON CONFLICT (backbone, round) DO UPDATE SET record = excluded.record"
        values = (parity.backbone, parity.round, r.encode_json(parity, "parity"))
        return self._write(f"INSERT INTO parities VALUES (?, ?, ?) {change}", values)

    def parities(self) -> Iterator[Parity]:
        """Give the checks of coarser precisions, ordered by backbone and round."""
        found = self.rows("SELECT record FROM parities ORDER BY backbone, round")
        return (r.decode_record(Parity, text) for (text,) in found)

    # -- people ------------------------------------------------------------------------------

    def save_ratings(self, ratings: Iterable[Rating]) -> int:
        """Keep ratings of stored outputs; returns how many were new.

        A rating that is there already is left; the same id with other content is an error.
        """
        rows = (r.encode(rating) for rating in ratings)
        return self._save_judgments("ratings", Rating, rows)

    def save_rating_rows(self, ratings: Iterable[tuple[Any, ...]]) -> int:
        """Keep ratings that are rows already, in the order of a `Rating`'s fields.

        For imports of many: `save_ratings` without an object for each. Numbers must be finite.
        """
        return self._save_judgments("ratings", Rating, ratings)

    def save_comparison_rows(self, comparisons: Iterable[tuple[Any, ...]]) -> int:
        """Keep comparisons as `save_rating_rows` keeps ratings; returns how many were new."""
        return self._save_judgments("comparisons", Comparison, comparisons)

    def _save_judgments(self, table: str, cls: type, rows: Iterable[tuple[Any, ...]]) -> int:
        new = 0
        with self.transaction():
            for chunk in chunks(rows, CHUNK):
                added = self._write_many(
                    *r.insert_many(table, cls, chunk, "ON CONFLICT (id) DO NOTHING")
                )
                if added < len(chunk):
                    self._refuse_changed(table, cls, chunk)
                self._note_judged({row[1] for row in chunk})
                new += added
        return new

    def _refuse_changed(self, table: str, cls: type, rows: list[tuple[Any, ...]]) -> None:
        clause, values = where(among("id", (row[0] for row in rows)))
        stored = {row[0]: row for row in self.rows(r.select(table, cls, clause), values)}
        for row in rows:
            if stored[row[0]] != row:
                raise StoreError(
                    f"{table} already holds {row[0]!r} with other content; nothing was "
                    f"changed: give a new judgment a new id"
                )

    def ratings_of(
        self, *, criterion: str | None = None, outputs: Iterable[str] | None = None
    ) -> Iterator[Rating]:
        """Give ratings of a criterion or of some outputs, ordered by output, rater and id."""
        clause, values = where(
            among("criterion", None if criterion is None else [criterion]),
            among("output_id", outputs),
        )
        found = self.rows(r.select("ratings", Rating, clause, "output_id, rater, id"), values)
        return (r.decode(Rating, row) for row in found)

    def rating_rows(self, outputs: Iterable[str]) -> dict[str, tuple[Any, ...]]:
        """Rows of the ratings of some outputs, by id; in the order of a `Rating`'s fields."""
        clause, values = where(among("output_id", outputs))
        return {row[0]: row for row in self.rows(r.select("ratings", Rating, clause), values)}

    def comparisons_of(
        self, *, criterion: str | None = None, ids: Iterable[str] | None = None
    ) -> Iterator[Comparison]:
        """Give comparisons of a criterion or of some ids, ordered by id."""
        clause, values = where(
            among("criterion", None if criterion is None else [criterion]), among("id", ids)
        )
        found = self.rows(r.select("comparisons", Comparison, clause, "id"), values)
        return (r.decode(Comparison, row) for row in found)

    def comparison_rows(self, ids: Iterable[str]) -> dict[str, tuple[Any, ...]]:
        """Rows of some comparisons, by id; in the order of a `Comparison`'s fields."""
        clause, values = where(among("id", ids))
        found = self.rows(r.select("comparisons", Comparison, clause), values)
        return {row[0]: row for row in found}

    def n_comparisons(self) -> int:
        """How many comparisons there are, controls included."""
        found = self.one("SELECT count(*) FROM comparisons")
        return int(found[0]) if found else 0

    def raters_of(self, sources: Iterable[str]) -> set[str]:
        """Names of all who rated or compared in imports of some sources."""
        clause, values = where(among("source", sources))
        return {
            name
            for table in ("ratings", "comparisons")
            for (name,) in self.rows(f"SELECT DISTINCT rater FROM {table} WHERE {clause}", values)
        }

    def sittings_of(self, *, criterion: str, round: str) -> list[tuple[str, str | None, int]]:
        """Sources and sessions in which outputs of a round were rated, each with its raters."""
        found = self.rows(
            "SELECT rating.source, rating.session, COUNT(DISTINCT rating.rater) "
            "FROM ratings AS rating JOIN outputs AS made ON made.id = rating.output_id "
            "WHERE rating.criterion = ? AND made.round = ? AND rating.control = 'test' "
            "GROUP BY rating.source, rating.session ORDER BY rating.source, rating.session",
            (criterion, round),
        )
        return [(source, session, int(raters)) for source, session, raters in found]

    def scales_of(
        self,
        *,
        criteria: Iterable[str] | None = None,
        rounds: Iterable[str] | None = None,
        offers: Iterable[str] | None = None,
    ) -> list[tuple[str, str, str, float, float]]:
        """What was rated on what scale: (criterion, round, offer, lo, hi), controls left out."""
        clause, values = where(
            among("rating.criterion", criteria),
            among("made.round", rounds),
            among("made.offer_id", offers),
            ("rating.control = ?", ["test"]),
        )
        sql = (
            "SELECT DISTINCT rating.criterion, made.round, made.offer_id, rating.lo, rating.hi "
            "FROM ratings AS rating JOIN outputs AS made ON made.id = rating.output_id "
            f"WHERE {clause} ORDER BY 1, 2, 3, 4, 5"
        )
        return [tuple(row) for row in self.rows(sql, values)]

    def save_linking(self, linking: Linking) -> int:
        """Keep whether two sessions may be pooled; the newest test of the two counts."""
        key = ("criterion", "kind", "first", "second")
        return self._write(r.upsert("linkings", Linking, key), r.encode(linking))

    def linkings_of(self, *, criterion: str | None = None) -> Iterator[Linking]:
        """Give the newest test of each pair of sessions, ordered by its key."""
        clause, values = where(among("criterion", None if criterion is None else [criterion]))
        order = "criterion, kind, first, second"
        found = self.rows(r.select("linkings", Linking, clause, order), values)
        return (r.decode(Linking, row) for row in found)

    # -- imports -----------------------------------------------------------------------------

    def save_import(
        self, *, digest: str, kind: str, source: str, counts: Mapping[str, Any]
    ) -> bool:
        """Note that a file was imported; False when it had been before.

        Call it in the `transaction` that writes the file's rows: then both are kept or none.
        """
        sql = "INSERT INTO imports VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING"
        at = datetime.now(UTC).isoformat(timespec="seconds")
        row = (digest, kind, source, r.encode_json(counts, "import"), at)
        return self._write(sql, row) == 1

    def import_counts(self, digest: str) -> dict[str, Any] | None:
        """What the import of a file gave, or None when it was never imported."""
        found = self.one("SELECT counts FROM imports WHERE digest = ?", (digest,))
        return None if found is None else dict(json.loads(found[0]))

    def was_imported(self, digest: str) -> bool:
        """Whether a file of these bytes has been imported."""
        return self.one("SELECT 1 FROM imports WHERE digest = ?", (digest,)) is not None

    def salt_marks(self, sources: Iterable[str] | None = None) -> set[str]:
        """Marks of the salts that earlier imports named raters with."""
        clause, values = where(among("source", sources))
        sql = f"SELECT DISTINCT json_extract(counts, '$.salt') FROM imports{clause and ' WHERE ' + clause}"  # noqa: E501
        return {mark for (mark,) in self.rows(sql, values) if mark}
