"""The tables of ``store.db``, as SQL, each with a sentence that says what a row is.

Columns carry the names of the record fields they hold; mappings and tuples are canonical JSON.
What this module does not know: how a record becomes a row (`rows`), and how an older store
becomes this one (`migrations`).
"""

from __future__ import annotations

TABLES: dict[str, str] = {
    "prompts": "A request of a suite, named by what a generator is sent.",
    "offers": "Every version of an offer that was ever used; the highest seq of an id is current.",
    "requests": "One output asked for in a round: written before its first ledger row.",
    "outputs": "What came of a request; a made output never changes its media.",
    "attempts": "The ledger: events in the life of an output, append-only.",
    "metrics": "A declared scale with its full identity.",
    "scores": "One number of one metric for one output, or why there is none.",
    "parities": "How far a coarser precision was from float32 on the pictures to be scored.",
    "ratings": "An absolute human judgment.",
    "comparisons": "A pairwise human judgment.",
    "linkings": "Whether ratings of two sessions may be pooled, by the outputs both rated.",
    "drift_findings": "A comparison of an offer between two runs, newest of each pair of runs.",
    "imports": "A file that was imported, by the digest of its bytes, so that none enters twice.",
    "runs": "A run of a benchmark in a round, with the digests of all that went into it.",
    "thresholds": "What a tier demanded, as it was used by a run.",
    "learned_thresholds": "What a rule for a threshold found in a run, or why it found nothing.",
    "calibrations": "How a metric spoke for people in a run.",
    "predictions": "How well metrics predicted people's fails in a run.",
    "floors": "What a run found out about an offer in a category.",
    "verdicts": "What a run ruled for an offer, category and tier.",
    "sequential": "What a sequential test of a cell has used up, and what that decided.",
    "frozen_plans": "What was decided for a round before its first score; never changes.",
    "first_judged": "When a round got its first score or judgment; never changes.",
    "pass_rates": "How often a boolean metric held for an offer in a category, in a run.",
    "tag_floors": "A floor of a run on the prompts of one tag or language; display only.",
    "leave_one_rater_out": "What a run would have ruled without one rater of a small panel.",
    "tierings": "What a policy moved or deleted of media; append-only.",
    "reference_sets": "Frozen scores that a metric within a prompt is centred on; never changes.",
}

FIRST: tuple[str, ...] = (
    """
    CREATE TABLE prompts (
      digest TEXT PRIMARY KEY, id TEXT NOT NULL, category TEXT NOT NULL, modality TEXT NOT NULL,
      family TEXT NOT NULL, split TEXT NOT NULL, language TEXT NOT NULL, text TEXT NOT NULL,
      record TEXT NOT NULL CHECK (json_valid(record))
    ) STRICT
    """,
    "CREATE INDEX prompts_id ON prompts (id)",
    """
    CREATE TABLE offers (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL, digest TEXT NOT NULL, model TEXT NOT NULL,
      provider TEXT NOT NULL, price_row TEXT, record TEXT NOT NULL CHECK (json_valid(record)),
      UNIQUE (id, digest)
    ) STRICT
    """,
    """
    CREATE TABLE requests (
      output_id TEXT PRIMARY KEY, prompt_digest TEXT NOT NULL REFERENCES prompts (digest),
      offer_id TEXT NOT NULL, repeat INTEGER NOT NULL, round TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX requests_round ON requests (round, offer_id)",
    """
    CREATE TABLE outputs (
      id TEXT PRIMARY KEY, prompt_id TEXT NOT NULL,
      prompt_digest TEXT NOT NULL REFERENCES prompts (digest),
      offer_id TEXT NOT NULL, repeat INTEGER NOT NULL, round TEXT NOT NULL,
      status TEXT NOT NULL
        CHECK (status IN ('made', 'refused', 'blank', 'failed', 'setup', 'unknown')),
      reason TEXT NOT NULL, media_sha256 TEXT, media_type TEXT, width INTEGER, height INTEGER,
      frames INTEGER, seconds_total REAL, seconds_run REAL, seconds_queue REAL,
      model_version TEXT, unsafe INTEGER NOT NULL CHECK (unsafe IN (0, 1)),
      report TEXT NOT NULL CHECK (json_valid(report)), at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX outputs_round ON outputs (round, offer_id)",
    "CREATE INDEX outputs_prompt ON outputs (prompt_digest)",
    """
    CREATE TRIGGER outputs_keep_what_was_made BEFORE UPDATE ON outputs
    WHEN OLD.status = 'made'
      AND (NEW.status <> 'made' OR NEW.media_sha256 IS NOT OLD.media_sha256)
    BEGIN SELECT RAISE (ABORT, 'a made output never changes'); END
    """,
    """
    CREATE TABLE attempts (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      output_id TEXT NOT NULL REFERENCES requests (output_id),
      n INTEGER NOT NULL CHECK (n >= 1),
      event TEXT NOT NULL CHECK (event IN ('intended', 'accepted', 'polled', 'ended')),
      at TEXT NOT NULL, job TEXT, status TEXT, reason TEXT,
      charged TEXT NOT NULL CHECK (charged IN ('yes', 'no', 'unknown')),
      amount_nanousd INTEGER, price_row TEXT, detail TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX attempts_output ON attempts (output_id, seq)",
    """
    CREATE TRIGGER attempts_never_change BEFORE UPDATE ON attempts
    BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END
    """,
    """
    CREATE TRIGGER attempts_never_go BEFORE DELETE ON attempts
    BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END
    """,
    """
    CREATE TABLE metrics (
      key TEXT PRIMARY KEY, name TEXT NOT NULL, record TEXT NOT NULL CHECK (json_valid(record))
    ) STRICT
    """,
    """
    CREATE TABLE scores (
      output_id TEXT NOT NULL REFERENCES outputs (id),
      metric TEXT NOT NULL REFERENCES metrics (key),
      status TEXT NOT NULL CHECK (status IN ('scored', 'unscored', 'failed')),
      value REAL CHECK ((value IS NULL) = (status <> 'scored')), reason TEXT, series TEXT,
      PRIMARY KEY (metric, output_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX scores_output ON scores (output_id)",
    """
    CREATE TABLE ratings (
      id TEXT PRIMARY KEY, output_id TEXT NOT NULL REFERENCES outputs (id), rater TEXT NOT NULL,
      criterion TEXT NOT NULL, value REAL NOT NULL CHECK (value BETWEEN lo AND hi),
      lo REAL NOT NULL, hi REAL NOT NULL, usable INTEGER, session TEXT, control TEXT NOT NULL,
      seconds REAL, at TEXT, source TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX ratings_output ON ratings (output_id)",
    """
    CREATE TABLE comparisons (
      id TEXT PRIMARY KEY, left_output_id TEXT NOT NULL REFERENCES outputs (id),
      right_output_id TEXT NOT NULL REFERENCES outputs (id), rater TEXT NOT NULL,
      criterion TEXT NOT NULL,
      winner TEXT NOT NULL CHECK (winner IN ('left', 'right', 'tie', 'both_bad')),
      session TEXT, control TEXT NOT NULL, seconds REAL, at TEXT, source TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE imports (
      digest TEXT PRIMARY KEY, kind TEXT NOT NULL, source TEXT NOT NULL,
      counts TEXT NOT NULL CHECK (json_valid(counts)), at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE runs (
      id TEXT PRIMARY KEY, benchmark TEXT NOT NULL, round TEXT NOT NULL,
      digests TEXT NOT NULL CHECK (json_valid(digests)), started_at TEXT NOT NULL, ended_at TEXT
    ) STRICT
    """,
)


def evidence_table(name: str, columns: str, key: str) -> str:
    """SQL of a table of what a run found: every row names its run."""
    return (
        f"CREATE TABLE {name} (run TEXT NOT NULL, {columns}, PRIMARY KEY (run, {key})) "
        f"STRICT, WITHOUT ROWID"
    )


EVIDENCE: tuple[str, ...] = (
    evidence_table(
        "thresholds",
        "category TEXT NOT NULL, modality TEXT NOT NULL, quality TEXT NOT NULL, "
        "tier TEXT NOT NULL, value REAL NOT NULL, max_fail REAL NOT NULL, rule TEXT NOT NULL, "
        "evidence TEXT NOT NULL, post_hoc INTEGER NOT NULL",
        "category, modality, quality, tier",
    ),
    evidence_table(
        "calibrations",
        "category TEXT NOT NULL, modality TEXT NOT NULL, quality TEXT NOT NULL, "
        "metric TEXT NOT NULL, method TEXT NOT NULL, human_threshold REAL NOT NULL, "
        "metric_threshold REAL, epsilon REAL NOT NULL, alpha REAL NOT NULL, "
        "t_grid TEXT NOT NULL, n_fit INTEGER NOT NULL, n_passed INTEGER NOT NULL, "
        "fitted_on TEXT NOT NULL, held_out_agreement REAL, worst_leave_one_model_out REAL, "
        "display TEXT NOT NULL, reason TEXT NOT NULL",
        "category, modality, quality, metric, human_threshold",
    ),
    evidence_table(
        "floors",
        "offer_id TEXT NOT NULL, category TEXT NOT NULL, modality TEXT NOT NULL, "
        "quality TEXT NOT NULL, kind TEXT NOT NULL, n_prompts INTEGER NOT NULL, "
        "n_outputs INTEGER NOT NULL, n_values INTEGER NOT NULL, counts TEXT NOT NULL, "
        "fail_rates TEXT NOT NULL, q25 REAL, q25_harrell_davis REAL, q25_lo_release REAL, "
        "q25_lo_cell REAL, mean REAL, alpha_release REAL NOT NULL, alpha_cell REAL NOT NULL, "
        "family TEXT NOT NULL, m INTEGER NOT NULL, bound TEXT NOT NULL, design_effect REAL, "
        "n_effective REAL, n_raters INTEGER, population TEXT NOT NULL, digests TEXT NOT NULL, "
        "provisional INTEGER NOT NULL",
        "offer_id, category, modality, quality, kind",
    ),
    evidence_table(
        "verdicts",
        "offer_id TEXT NOT NULL, category TEXT NOT NULL, modality TEXT NOT NULL, "
        "quality TEXT NOT NULL, tier TEXT NOT NULL, threshold REAL NOT NULL, "
        "max_fail REAL NOT NULL, ruling TEXT NOT NULL, reason TEXT NOT NULL, upper REAL, "
        "lower REAL, level REAL NOT NULL, family TEXT NOT NULL, m INTEGER NOT NULL, "
        "more_prompts INTEGER, valid_until TEXT",
        "offer_id, category, modality, quality, tier",
    ),
)

REFERENCES: tuple[str, ...] = (
    """
    CREATE TABLE reference_sets (
      digest TEXT PRIMARY KEY, metric TEXT NOT NULL,
      record TEXT NOT NULL CHECK (json_valid(record)), at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX reference_sets_metric ON reference_sets (metric)",
    """
    CREATE TRIGGER reference_sets_never_change BEFORE UPDATE ON reference_sets
    BEGIN SELECT RAISE (ABORT, 'a reference set is frozen'); END
    """,
    """
    CREATE TRIGGER reference_sets_never_go BEFORE DELETE ON reference_sets
    BEGIN SELECT RAISE (ABORT, 'a reference set is frozen'); END
    """,
)

PARITIES: tuple[str, ...] = (
    """
    CREATE TABLE parities (
      backbone TEXT PRIMARY KEY, record TEXT NOT NULL CHECK (json_valid(record))
    ) STRICT
    """,
)

ROUND_PARITIES: tuple[str, ...] = (
    """
    CREATE TABLE round_parities (
      backbone TEXT NOT NULL, round TEXT NOT NULL, record TEXT NOT NULL CHECK (json_valid(record)),
      PRIMARY KEY (backbone, round)
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO round_parities SELECT backbone, '', record FROM parities",
    "DROP TABLE parities",
    "ALTER TABLE round_parities RENAME TO parities",
)

TIMES: tuple[str, ...] = (
    "ALTER TABLE outputs ADD COLUMN seconds_throttled REAL",
    "ALTER TABLE outputs ADD COLUMN seconds_download REAL",
    "ALTER TABLE outputs ADD COLUMN timing_source TEXT",
)

PREDICTIONS: tuple[str, ...] = (
    "ALTER TABLE calibrations ADD COLUMN rank_correlation REAL",
    "ALTER TABLE calibrations ADD COLUMN rank_lo REAL",
    "ALTER TABLE calibrations ADD COLUMN rank_hi REAL",
    evidence_table(
        "predictions",
        "category TEXT NOT NULL, modality TEXT NOT NULL, quality TEXT NOT NULL, "
        "metrics TEXT NOT NULL, threshold REAL NOT NULL, method TEXT NOT NULL, "
        "n_ratings INTEGER NOT NULL, n_prompts INTEGER NOT NULL, fitted_on TEXT NOT NULL, "
        "coefficients TEXT NOT NULL, fail_rate REAL, brier REAL, reliability TEXT NOT NULL, "
        "rank_correlation REAL, rank_lo REAL, rank_hi REAL, transfer TEXT NOT NULL, "
        "worst_leave_one_model_out REAL, display TEXT NOT NULL, reason TEXT NOT NULL",
        "category, modality, quality, metrics, threshold",
    ),
)

SEQUENTIAL: tuple[str, ...] = (
    evidence_table(
        "sequential",
        "round TEXT NOT NULL, offer_id TEXT NOT NULL, offer_digest TEXT NOT NULL, "
        "category TEXT NOT NULL, modality TEXT NOT NULL, quality TEXT NOT NULL, "
        "rule TEXT NOT NULL CHECK (rule IN ('exact_sequential', 'e_process')), "
        "level REAL NOT NULL, alpha REAL NOT NULL, horizon INTEGER NOT NULL, "
        "prompt_order TEXT NOT NULL, seen TEXT NOT NULL CHECK (json_valid(seen)), "
        "n_prompts INTEGER NOT NULL, rulings TEXT NOT NULL CHECK (json_valid(rulings)), "
        "standing TEXT NOT NULL, stopped TEXT NOT NULL, spent_nanousd INTEGER NOT NULL, "
        "rated_nanousd INTEGER NOT NULL",
        "offer_id, category, modality, quality",
    ),
)

TRIALS: tuple[str, ...] = tuple(
    f"ALTER TABLE comparisons ADD COLUMN {name} TEXT"
    for name in ("trial", "pair", "repeat_of", "left_arm", "right_arm", "shown_at")
)

LINKINGS: tuple[str, ...] = (
    """
    CREATE TABLE linkings (
      kind TEXT NOT NULL CHECK (kind IN ('session', 'source')), first TEXT NOT NULL,
      second TEXT NOT NULL, criterion TEXT NOT NULL, margin REAL NOT NULL, alpha REAL NOT NULL,
      shift REAL, low REAL, high REAL, n_outputs INTEGER NOT NULL, n_prompts INTEGER NOT NULL,
      word TEXT NOT NULL
        CHECK (word IN ('pool', 'do not pool', 'too few linking outputs')),
      at TEXT NOT NULL, PRIMARY KEY (criterion, kind, first, second)
    ) STRICT, WITHOUT ROWID
    """,
)

FROZEN: tuple[str, ...] = (
    """
    CREATE TABLE frozen_plans (
      benchmark TEXT NOT NULL, round TEXT NOT NULL,
      content TEXT NOT NULL CHECK (json_valid(content)), digest TEXT NOT NULL, at TEXT NOT NULL,
      outputs_before INTEGER NOT NULL, PRIMARY KEY (benchmark, round)
    ) STRICT
    """,
    """
    CREATE TRIGGER frozen_plans_never_change BEFORE UPDATE ON frozen_plans
    BEGIN SELECT RAISE (ABORT, 'a frozen plan never changes'); END
    """,
    """
    CREATE TRIGGER frozen_plans_never_go BEFORE DELETE ON frozen_plans
    BEGIN SELECT RAISE (ABORT, 'a frozen plan never changes'); END
    """,
    "CREATE TABLE first_judged (round TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """
    CREATE TRIGGER first_judged_never_changes BEFORE UPDATE ON first_judged
    BEGIN SELECT RAISE (ABORT, 'a round is judged for the first time once'); END
    """,
    """
    CREATE TRIGGER first_judged_never_goes BEFORE DELETE ON first_judged
    BEGIN SELECT RAISE (ABORT, 'a round is judged for the first time once'); END
    """,
    "ALTER TABLE verdicts ADD COLUMN post_hoc INTEGER",
    "ALTER TABLE runs ADD COLUMN plan TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(plan))",
)

CORRECTIONS: tuple[str, ...] = (
    "ALTER TABLE floors ADD COLUMN q25_hi_release REAL",
    "ALTER TABLE verdicts ADD COLUMN p_value REAL",
    "ALTER TABLE verdicts ADD COLUMN p_adjusted REAL",
    "ALTER TABLE verdicts ADD COLUMN e_value REAL",
    "ALTER TABLE verdicts ADD COLUMN correction TEXT NOT NULL DEFAULT 'bonferroni'",
)

DRIFT: tuple[str, ...] = (
    """
    CREATE TABLE drift_findings (
      before_run TEXT NOT NULL, after_run TEXT NOT NULL, quality TEXT NOT NULL,
      offer_id TEXT NOT NULL, category TEXT NOT NULL, modality TEXT NOT NULL, tier TEXT NOT NULL,
      threshold REAL, test TEXT NOT NULL, n_before INTEGER NOT NULL,
      n_after INTEGER NOT NULL, before REAL NOT NULL, after REAL NOT NULL, worse INTEGER,
      better INTEGER, p_value REAL NOT NULL, p_adjusted REAL NOT NULL, level REAL NOT NULL,
      detectable REAL, shape_p REAL,
      word TEXT NOT NULL CHECK (word IN ('changed', 'not distinguishable', 'too little data')),
      at TEXT NOT NULL,
      PRIMARY KEY (before_run, after_run, quality, offer_id, category, modality, tier)
    ) STRICT, WITHOUT ROWID
    """,
)
