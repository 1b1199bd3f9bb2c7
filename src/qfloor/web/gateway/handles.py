"""Sellers' handles that hold the prompt, as those of sellers in this very house do.

They are forgotten with it, but for those by which a job that is followed is still asked for; these
are marked while the prompt is known, so that they can be told apart when it is not any more.
"""

from __future__ import annotations

from qfloor.records import canonical_json
from qfloor.web.gateway.ledger import GatewayLedger, ids_of

_MARK = "its handle holds the prompt"
_FORGET = (  # a call that has a last word is not asked for, nor is any of a job that has no plan
    "UPDATE attempts SET job = NULL WHERE output_id >= ?1 AND output_id < ?2 AND job IS NOT NULL "
    "AND (instr(job, ?3) OR detail = ?4) AND (EXISTS (SELECT 1 FROM attempts AS told "
    "WHERE told.output_id = attempts.output_id AND told.n = attempts.n "
    "AND told.event = 'ended' AND told.status <> 'unknown') "
    "OR NOT EXISTS (SELECT 1 FROM jobs WHERE id = ?5 AND plan IS NOT NULL))"
)
_KEEP_IN_MIND = (
    "UPDATE attempts SET detail = ?4 WHERE output_id >= ?1 AND output_id < ?2 "
    "AND job IS NOT NULL AND instr(job, ?3)"
)


def forget_handles(ledger: GatewayLedger, job_id: str, prompt: str, *, is_known: bool) -> None:
    """Forget handles of a job that has ended; within the transaction that ends it.

    ``is_known`` is whether it is known what was charged. Of a plan without its prompt nobody can
    tell which hold it: then all go, and those that were marked where a person may have to ask.
    """
    text = canonical_json(prompt)[1:-1] if prompt or is_known else None
    given = *ids_of(job_id), text, _MARK
    ledger.write(_FORGET, (*given, job_id))
    if not is_known and text is not None:
        ledger.write(_KEEP_IN_MIND, given)
