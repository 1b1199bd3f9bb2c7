"""The table of what a policy did with media; the other tables are in `schema`."""

from __future__ import annotations

TIERS: tuple[str, ...] = (
    """
    CREATE TABLE tierings (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL,
      event TEXT NOT NULL CHECK (event IN ('moved', 'deleted')), place TEXT, bytes INTEGER NOT NULL,
      policy TEXT NOT NULL, rule TEXT NOT NULL, at TEXT NOT NULL,
      CHECK ((place IS NOT NULL) = (event = 'moved'))
    ) STRICT
    """,
    "CREATE INDEX tierings_media ON tierings (sha256, seq)",
    """
    CREATE TRIGGER tierings_never_change BEFORE UPDATE ON tierings
    BEGIN SELECT RAISE (ABORT, 'what was done with media is append-only'); END
    """,
    """
    CREATE TRIGGER tierings_never_go BEFORE DELETE ON tierings
    BEGIN SELECT RAISE (ABORT, 'what was done with media is append-only'); END
    """,
)
