"""Prompts, offers, requests and outputs: what was asked and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from qfloor.errors import StoreError
from qfloor.records import Offer, Output, Prompt, Status, digest_of
from qfloor.store import rows as r
from qfloor.store.connection import CHUNK, Database, among, chunks, where


class OutputTables(Database):
    """Readers and writers of prompts, offers, requests and outputs."""

    # -- prompts and offers ------------------------------------------------------------------

    def save_prompts(self, prompts: Iterable[Prompt]) -> int:
        """Keep prompts; one that is there is given its newest labels (category, split)."""
        sql = (
            "INSERT INTO prompts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE "
            "SET category = excluded.category, family = excluded.family, split = excluded.split, "
            "language = excluded.language, record = excluded.record"
        )
        return self._write_many(
            sql,
            (
                (p.digest, p.id, p.category, p.modality, p.family, p.split, p.language, p.text,
                 r.encode_json(p, "prompt"))
                for p in prompts
            ),
        )  # fmt: skip

    def prompts_of(self, *, digests: Iterable[str] | None = None) -> Iterator[Prompt]:
        """Give stored prompts, by id."""
        clause, values = where(among("digest", digests))
        sql = f"SELECT record FROM prompts{clause and ' WHERE ' + clause} ORDER BY id, digest"
        return (r.decode_record(Prompt, text) for (text,) in self.rows(sql, values))

    def prompts_by_digest(self) -> dict[str, Prompt]:
        """Every stored prompt by its digest, which is how an output names it."""
        return {p.digest: p for p in self.prompts_of()}

    def save_offers(self, offers: Iterable[Offer]) -> int:
        """Keep offers; an offer that changed gets a new row and the old one stays.

        One that changed back is current again.
        """
        sql = (
            "INSERT INTO offers (id, digest, model, provider, price_row, record) "
            "VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id, digest) DO UPDATE SET seq = (SELECT max(seq) + 1 FROM offers) "
            "WHERE seq < (SELECT max(o.seq) FROM offers o WHERE o.id = offers.id)"
        )
        return self._write_many(
            sql,
            (
                (o.id, digest_of(o), o.model, o.provider, o.price and o.price.row,
                 r.encode_json(o, "offer"))
                for o in offers
            ),
        )  # fmt: skip

    def offers_of(self, ids: Iterable[str] | None = None) -> Iterator[Offer]:
        """Give the current version of stored offers, by id."""
        clause, values = where(
            ("seq IN (SELECT max(seq) FROM offers GROUP BY id)", []), among("id", ids)
        )
        sql = f"SELECT record FROM offers WHERE {clause} ORDER BY id"
        return (r.decode_record(Offer, text) for (text,) in self.rows(sql, values))

    def offer(self, offer_id: str) -> Offer:
        """The current version of an offer.

        Raises
        ------
        StoreError
            When the store has no such offer.
        """
        for found in self.offers_of([offer_id]):
            return found
        raise StoreError(f"the store has no offer {offer_id!r}")

    # -- requests and outputs ----------------------------------------------------------------

    def save_requests(self, requests: Iterable[tuple[str, str, str, int, str]]) -> int:
        """Keep what is asked for: (output id, prompt digest, offer id, repeat, round)."""
        sql = "INSERT INTO requests VALUES (?, ?, ?, ?, ?) ON CONFLICT (output_id) DO NOTHING"
        return self._write_many(sql, requests)

    def save_outputs(self, outputs: Iterable[Output]) -> int:
        """Keep outputs whose prompts and media are stored; a later status replaces an earlier.

        Raises
        ------
        StoreError
            When a made output would change, its prompt is not stored, or a number is NaN.
        """
        return self.save_output_rows(r.encode(output) for output in outputs)

    def save_output_rows(self, outputs: Iterable[tuple[Any, ...]]) -> int:
        """Keep outputs that are rows already, in the order of an `Output`'s fields.

        For imports of many: `save_outputs` without an object for each. Numbers must be finite.
        """
        conflict, touched = r.replacing(Output, ("id",)), 0
        with self.transaction():
            for chunk in chunks(outputs, CHUNK):
                # Most are new, and SQLite takes a third longer where it might have to replace.
                new = r.insert_many("outputs", Output, chunk, "ON CONFLICT (id) DO NOTHING")
                if self._write_many(*new) < len(chunk):
                    self._write_many(*r.insert_many("outputs", Output, chunk, conflict))
                touched += len(chunk)
        return touched

    def output(self, output_id: str) -> Output | None:
        """One output by id, or None."""
        row = self.one(r.select("outputs", Output, "id = ?"), (output_id,))
        return None if row is None else r.decode(Output, row)

    def outputs_of(
        self,
        *,
        round: str | None = None,
        offers: Iterable[str] | None = None,
        status: Status | Iterable[Status] | None = None,
        prompts: Iterable[str] | None = None,
        ids: Iterable[str] | None = None,
    ) -> Iterator[Output]:
        """Give outputs, limited to a round, offers (ids), statuses, prompts (ids) or ids.

        Ordered by offer, prompt and repeat, so that two readings are alike.
        """
        wanted = [status] if isinstance(status, Status) else status
        clause, values = where(
            among("round", None if round is None else [round]),
            among("offer_id", offers),
            among("status", wanted),
            among("prompt_id", prompts),
            among("id", ids),
        )
        order = "offer_id, prompt_id, repeat, round, id"
        found = self.rows(r.select("outputs", Output, clause, order), values)
        return (r.decode(Output, row) for row in found)

    def places(self, *, round: str) -> list[tuple[str, str, str, int, Status]]:
        """What a round has, and no more: (id, prompt digest, offer id, repeat, status)."""
        sql = "SELECT id, prompt_digest, offer_id, repeat, status FROM outputs WHERE round = ?"
        known = {status.value: status for status in Status}
        return [(i, p, o, n, known[s]) for i, p, o, n, s in self.rows(sql, (round,))]

    def own_places(
        self, *, round: str, offers: Iterable[str]
    ) -> list[tuple[str, str, str, Status, str]]:
        """What a round has of offers beyond what judgments alone speak of.

        (id, prompt digest, offer id, status, recorded seed or nothing), by offer, prompt, repeat.
        """
        clause, values = where(among("round", [round]), among("offer_id", offers))
        sql = (
            "SELECT id, prompt_digest, offer_id, status, "
            "coalesce(CAST(json_extract(report, '$.seed') AS TEXT), '') FROM outputs "
            f"WHERE {clause} AND json_extract(report, '$.external') IS NULL "
            "ORDER BY offer_id, prompt_id, repeat, id"
        )
        return [(i, p, o, Status(s), seed) for i, p, o, s, seed in self.rows(sql, values)]

    def count_outputs(self, *, round: str) -> list[tuple[str, Status, int]]:
        """How many outputs of each status a round has, by offer id."""
        sql = "SELECT offer_id, status, count(*) FROM outputs WHERE round = ? GROUP BY 1, 2"
        return [(offer, Status(status), n) for offer, status, n in self.rows(sql, (round,))]

    def seconds_of(self, *, round: str) -> list[tuple[str, float]]:
        """What made outputs of a round took, as `Output.seconds` says: (offer id, seconds)."""
        sql = (
            "SELECT offer_id, coalesce(seconds_run, seconds_total) FROM outputs "
            "WHERE round = ? AND status = ? AND coalesce(seconds_run, seconds_total) IS NOT NULL"
        )
        return [(o, s) for o, s in self.rows(sql, (round, Status.MADE.value))]

    def mean_seconds(self) -> dict[str, float]:
        """Mean ``seconds_total`` of the made outputs of all rounds, by offer id."""
        sql = (
            "SELECT offer_id, avg(seconds_total) FROM outputs WHERE status = ? "
            "AND seconds_total IS NOT NULL GROUP BY 1"
        )
        return dict(self.rows(sql, (Status.MADE.value,)))

    def gone_since(self) -> dict[str, str]:
        """Offers whose seller last said that the model is gone: when it said so, by offer id."""
        sql = (
            "SELECT offer_id, max(at), reason FROM outputs "
            "WHERE reason IN ('ok', 'model_gone') GROUP BY 1"
        )
        return {offer: at for offer, at, reason in self.rows(sql) if reason == "model_gone"}

    def next_repeats(self, rounds: Iterable[str]) -> dict[tuple[str, str], int]:
        """The next free repeat of (offer id, prompt digest), over all of some rounds."""
        clause, values = where(among("round", rounds))
        sql = f"SELECT offer_id, prompt_digest, max(repeat) + 1 FROM outputs WHERE {clause} GROUP BY 1, 2"  # noqa: E501
        return {(offer, digest): free for offer, digest, free in self.rows(sql, values)}

    def rounds(self) -> list[str]:
        """Names of the rounds that have outputs, sorted."""
        return [name for (name,) in self.rows("SELECT DISTINCT round FROM outputs ORDER BY 1")]
