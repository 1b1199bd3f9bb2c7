"""Which rows name which media, and what a policy did with them.

What this module does not know: where media lie, and what a policy says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from qfloor.store.connection import Database


@dataclass(frozen=True, kw_only=True)
class Named:
    """A made output that names media.

    ``free`` is whether the ledger says that nothing was paid for it: what was imported has no
    ledger, and is not known to be free. ``judged`` is whether it has a score, a rating or a
    comparison.
    """

    sha256: str
    output_id: str
    round: str
    offer_id: str
    category: str
    modality: str
    media_type: str
    at: str
    free: bool
    judged: bool


@dataclass(frozen=True, kw_only=True)
class Tiering:
    """What a policy did with media: ``place`` is where it was moved to."""

    sha256: str
    event: Literal["moved", "deleted"]
    place: str | None
    bytes: int
    policy: str
    rule: str
    at: str


_NAMED = """
SELECT o.media_sha256, o.id, o.round, o.offer_id, p.category, p.modality,
  o.media_type, o.at,
  EXISTS (SELECT 1 FROM attempts a WHERE a.output_id = o.id AND a.event = 'ended')
  AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.output_id = o.id AND a.event = 'ended'
    AND NOT (a.amount_nanousd IS 0 OR (a.charged = 'no' AND a.amount_nanousd IS NULL))),
  EXISTS (SELECT 1 FROM scores s WHERE s.output_id = o.id AND s.status <> 'failed')
  OR EXISTS (SELECT 1 FROM ratings r WHERE r.output_id = o.id)
  OR o.id IN (SELECT left_output_id FROM comparisons UNION SELECT right_output_id FROM comparisons)
FROM outputs o JOIN prompts p ON p.digest = o.prompt_digest
WHERE o.media_sha256 IS NOT NULL ORDER BY o.round, o.offer_id, o.id
"""


class TierTables(Database):
    """Readers and writers of what a policy did with media."""

    def named_media(self) -> Iterator[Named]:
        """Give every output that names media, by round and offer."""
        for *told, media_type, at, free, judged in self.rows(_NAMED):
            sha256, output, round, offer, category, modality = told
            yield Named(
                sha256=sha256, output_id=output, round=round, offer_id=offer, category=category,
                modality=modality, media_type=media_type or "", at=at, free=bool(free),
                judged=bool(judged),
            )  # fmt: skip

    def save_tierings(self, done: Iterable[Tiering]) -> int:
        """Note what is done with media; before anything is removed."""
        sql = (
            "INSERT INTO tierings (sha256, event, place, bytes, policy, rule, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        return self._write_many(
            sql, ((t.sha256, t.event, t.place, t.bytes, t.policy, t.rule, t.at) for t in done)
        )

    def tierings_of(self) -> Iterator[Tiering]:
        """Give all that policies ever did, oldest first."""
        sql = "SELECT sha256, event, place, bytes, policy, rule, at FROM tierings ORDER BY seq"
        for sha256, event, place, size, policy, rule, at in self.rows(sql):
            yield Tiering(
                sha256=sha256, event=event, place=place, bytes=size, policy=policy, rule=rule, at=at
            )

    def deleted_media(self) -> dict[str, str]:
        """Media whose last word is that a policy deleted it: when, by SHA-256."""
        sql = (
            "SELECT sha256, at FROM tierings t WHERE event = 'deleted' "
            "AND seq = (SELECT max(seq) FROM tierings u WHERE u.sha256 = t.sha256)"
        )
        return dict(self.rows(sql))

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file or with references between rows."""
        found = [str(line) for (line,) in self.rows("PRAGMA integrity_check")]
        broken = [line for line in found if line != "ok"]
        for table, row, parent, _ in self.rows("PRAGMA foreign_key_check"):
            broken.append(f"row {row} of {table} names a row of {parent} that is not there")
        return broken
