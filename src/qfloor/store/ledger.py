"""The ledger: every event in the life of every attempt, append-only.

It is written ahead: ``intended`` before a seller is called, ``accepted`` with the job handle
right after, ``ended`` together with the output's row. What happened to money is read from here
and nowhere else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qfloor.records import Attempt, Event, Status
from qfloor.store import rows as r
from qfloor.store.connection import Database, among, where


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What an offer has cost in a round, as the ledger knows it."""

    offer_id: str
    amount_nanousd: int
    attempts: int
    charged: int
    unknown: int


class LedgerTables(Database):
    """Readers and the one writer of the ledger."""

    def append_attempts(self, attempts: Iterable[Attempt]) -> int:
        """Append events in order; durable when this returns.

        Raises
        ------
        StoreError
            When an event names a request that is not stored (`Store.save_requests`).
        """
        return self._write_many(r.insert("attempts", Attempt), (r.encode(a) for a in attempts))

    def attempts_of(
        self,
        *,
        round: str | None = None,
        offers: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
    ) -> Iterator[Attempt]:
        """Give ledger rows in the order they were written."""
        asked = where(among("round", None if round is None else [round]), among("offer_id", offers))
        clauses = [among("output_id", outputs)]
        if asked[0]:
            clauses.append((f"output_id IN (SELECT output_id FROM requests WHERE {asked[0]})",
                            asked[1]))  # fmt: skip
        clause, values = where(*clauses)
        found = self.rows(r.select("attempts", Attempt, clause, "seq"), values)
        return (r.decode(Attempt, row) for row in found)

    def histories(self, *, round: str, settled: Iterable[Status] = ()) -> dict[str, list[Attempt]]:
        """Ledger rows of a round by output id, each in order: what a restart is planned from.

        Those of outputs whose status is ``settled`` are left out: of a round of a hundred
        thousand that is nearly done, they are nearly all.
        """
        clause = (
            "output_id IN (SELECT q.output_id FROM requests q LEFT JOIN outputs o "
            "ON o.id = q.output_id WHERE q.round = ? AND (o.id IS NULL OR o.status NOT IN "
            "(SELECT value FROM json_each(?))))"
        )
        values = (round, json.dumps([status.value for status in settled]))
        found: dict[str, list[Attempt]] = {}
        for row in self.rows(r.select("attempts", Attempt, clause, "seq"), values):
            attempt = r.decode(Attempt, row)
            found.setdefault(attempt.output_id, []).append(attempt)
        return found

    def ledger_position(self) -> int:
        """Number of the last ledger row; a plan made at another position is stale."""
        row = self.one("SELECT coalesce(max(seq), 0) FROM attempts")
        return 0 if row is None else int(row[0])

    def held(self, *, round: str) -> dict[tuple[str, int], int]:
        """What calls may still cost whose charge is not known, by output id and attempt.

        It is the most that the call could cost, noted with ``intended``: a job under way, or an
        attempt that ended without saying what it cost.
        """
        sql = (
            "SELECT i.output_id, i.n, i.amount_nanousd FROM attempts i "
            "JOIN requests USING (output_id) "
            f"LEFT JOIN attempts e ON e.seq = (SELECT max(seq) FROM attempts WHERE output_id = "
            f"i.output_id AND n = i.n AND event = '{Event.ENDED}') "
            f"WHERE i.event = '{Event.INTENDED}' AND i.amount_nanousd IS NOT NULL AND round = ? "
            "AND (e.seq IS NULL OR (e.amount_nanousd IS NULL AND e.charged <> 'no'))"
        )
        return {(output, n): amount for output, n, amount in self.rows(sql, (round,))}

    def held_by_offer(self, *, round: str) -> dict[str, int]:
        """What `held` comes to, by offer id."""
        held: dict[str, int] = defaultdict(int)
        calls = self.held(round=round)
        clause, values = among("output_id", {output for output, _ in calls})
        offers = dict(self.rows(f"SELECT output_id, offer_id FROM requests WHERE {clause}", values))
        for (output, _), amount in calls.items():
            held[offers[output]] += amount
        return dict(held)

    def open_requests(self, *, round: str | None = None) -> dict[str, tuple[str, str, int, str]]:
        """Requests that were called for and whose end nobody knows.

        By output id: (prompt digest, offer id, repeat, round). A job that is under way is one.
        """
        clause, values = where(
            among("round", None if round is None else [round]),
            (f"(event <> '{Event.ENDED}' OR status = '{Status.UNKNOWN}')", []),
            ("seq = (SELECT max(seq) FROM attempts l WHERE l.output_id = a.output_id)", []),
        )
        sql = (
            "SELECT a.output_id, prompt_digest, offer_id, repeat, round FROM attempts a "
            f"JOIN requests USING (output_id) WHERE {clause}"
        )
        return {row[0]: row[1:] for row in self.rows(sql, values)}

    def spending(self, *, round: str | None = None) -> list[Spending]:
        """What each offer has cost, by offer id; unknown charges are counted, not guessed.

        An attempt that ended twice (given up, then found after all) counts as it ended last.
        """
        clause, values = where(
            among("round", None if round is None else [round]),
            (f"event = '{Event.ENDED}'", []),
        )
        last = (  # SQLite gives the other columns of the row that has the greatest seq
            "SELECT offer_id, charged, amount_nanousd, max(seq) FROM requests "
            f"JOIN attempts USING (output_id) WHERE {clause} GROUP BY output_id, n"
        )
        sql = (
            "SELECT offer_id, coalesce(sum(amount_nanousd), 0), count(*), "
            "coalesce(sum(charged = 'yes'), 0), "
            "coalesce(sum(charged = 'unknown' OR (charged = 'yes' AND amount_nanousd IS NULL)), 0) "
            f"FROM ({last}) GROUP BY offer_id ORDER BY offer_id"
        )
        return [
            Spending(offer_id=o, amount_nanousd=a, attempts=n, charged=c, unknown=u)
            for o, a, n, c, u in self.rows(sql, values)
        ]
