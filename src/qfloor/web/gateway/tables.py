"""The tables of ``gateway.db``, as SQL.

``decisions`` is read by ``replay``, ``db diff`` and ``audit``; the others are the gateway's own.
"""

from __future__ import annotations

import sqlite3

DECISIONS = """
CREATE TABLE decisions (
  id TEXT PRIMARY KEY, at TEXT NOT NULL, endpoint TEXT NOT NULL, key_name TEXT NOT NULL,
  requested_model TEXT NOT NULL, release TEXT NOT NULL, arm TEXT NOT NULL,
  category TEXT, confidence REAL NOT NULL, plausible TEXT NOT NULL,
  modality TEXT NOT NULL, language TEXT, tier TEXT NOT NULL,
  need TEXT NOT NULL CHECK (json_valid(need)), prompt TEXT,
  decided_offer TEXT, cause TEXT NOT NULL, runner_up TEXT, binding_rule TEXT,
  served_offer TEXT, serving TEXT NOT NULL,
  price_nanousd INTEGER, baseline_offer TEXT, baseline_nanousd INTEGER,
  charged TEXT NOT NULL DEFAULT 'no', charged_nanousd INTEGER,
  outcome TEXT, reason TEXT, http_status INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, fallback_from TEXT,
  seconds REAL, decide_us INTEGER, policy TEXT, prices TEXT, health TEXT, decided_at TEXT NOT NULL
) STRICT
"""

JOBS = """
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, key_name TEXT NOT NULL, idempotency TEXT,
  body_digest TEXT NOT NULL, day TEXT NOT NULL, created_at REAL NOT NULL, ended_at REAL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'in_progress', 'completed', 'failed')),
  owner TEXT NOT NULL, seconds REAL, size TEXT, n INTEGER NOT NULL,
  held_nanousd INTEGER NOT NULL, charged TEXT NOT NULL DEFAULT 'unknown', charged_nanousd INTEGER,
  plan TEXT CHECK (plan IS NULL OR json_valid(plan)),
  result TEXT CHECK (result IS NULL OR json_valid(result)), facts TEXT NOT NULL DEFAULT '{}'
) STRICT
"""

FIRST: tuple[str, ...] = (
    DECISIONS,
    "CREATE INDEX decisions_at ON decisions (at)",
    JOBS,
    "CREATE UNIQUE INDEX jobs_idempotency ON jobs (key_name, idempotency) "
    "WHERE idempotency IS NOT NULL",
    "CREATE INDEX jobs_spent ON jobs (key_name, day)",
    "CREATE INDEX jobs_open ON jobs (state, owner)",
    """
    CREATE TABLE attempts (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, output_id TEXT NOT NULL, n INTEGER NOT NULL,
      event TEXT NOT NULL, at TEXT NOT NULL, job TEXT, status TEXT, reason TEXT,
      charged TEXT NOT NULL, amount_nanousd INTEGER, price_row TEXT, detail TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX attempts_output ON attempts (output_id, seq)",
    "CREATE TABLE outputs (id TEXT PRIMARY KEY, at TEXT NOT NULL, media_sha256 TEXT, "
    "record TEXT NOT NULL CHECK (json_valid(record))) STRICT",
    "CREATE INDEX outputs_media ON outputs (media_sha256)",
    "CREATE TABLE workers (id TEXT PRIMARY KEY, pid INTEGER NOT NULL, seen_at REAL NOT NULL) "
    "STRICT",
    "CREATE TABLE releases (role TEXT PRIMARY KEY, digest TEXT NOT NULL, source TEXT NOT NULL, "
    "percent REAL NOT NULL, at TEXT NOT NULL) STRICT",
    "CREATE TABLE counters (name TEXT NOT NULL, labels TEXT NOT NULL, value REAL NOT NULL, "
    "PRIMARY KEY (name, labels)) STRICT, WITHOUT ROWID",
    "CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
)


def create_gateway_tables(connection: sqlite3.Connection) -> None:
    """Decisions, jobs, their ledger, workers, releases and counters."""
    for statement in FIRST:
        connection.execute(statement)


SPENDING = """
CREATE TABLE spending (
  day TEXT NOT NULL, key_name TEXT NOT NULL, jobs INTEGER NOT NULL,
  charged_nanousd INTEGER NOT NULL, unknown_jobs INTEGER NOT NULL, held_nanousd INTEGER NOT NULL,
  PRIMARY KEY (day, key_name)
) STRICT, WITHOUT ROWID
"""


def create_late_and_spending(connection: sqlite3.Connection) -> None:
    """Jobs that are open or late, found without reading the others; sums of forgotten ones."""
    connection.execute("CREATE INDEX jobs_open_or_late ON jobs (owner) WHERE plan IS NOT NULL")
    connection.execute(SPENDING)
    for table, name in (("attempts", "output_id"), ("outputs", "id")):  # left by forgotten jobs
        connection.execute(
            f"DELETE FROM {table} WHERE substr({name}, 1, 38) NOT IN (SELECT id FROM jobs)"
        )


def keep_plans_of_lost_answers(connection: sqlite3.Connection) -> None:
    """What a job that was told as unknown is gone on with should its seller answer; no prompt."""
    connection.execute(
        "ALTER TABLE jobs ADD COLUMN doubt TEXT CHECK (doubt IS NULL OR json_valid(doubt))"
    )


MIGRATIONS = (create_gateway_tables, create_late_and_spending, keep_plans_of_lost_answers)
