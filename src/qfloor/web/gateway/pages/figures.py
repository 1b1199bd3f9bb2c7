"""What the dashboard shows, asked of the decision log: plain numbers, no HTML.

A figure that cannot be known is None and comes with the count of what is missing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from qfloor.web.gateway.ledger import GatewayLedger

MOST_ROWS = 20_000
RECENT = 30
_RECENT = (
    "id, at, endpoint, category, confidence, tier, decided_offer, served_offer, serving, cause, "
    "binding_rule, price_nanousd, charged_nanousd, charged, outcome, reason, http_status, seconds, "
    "arm, fallback_from"
)


@dataclass(frozen=True, kw_only=True)
class Spend:
    """What was charged, and what the baseline would have been for the same requests."""

    charged_nanousd: int
    unknown: int
    compared: int
    compared_nanousd: int
    baseline_nanousd: int

    @property
    def saved_share(self) -> float | None:
        """Share of the baseline that was not spent."""
        if not self.baseline_nanousd:
            return None
        return 1.0 - self.compared_nanousd / self.baseline_nanousd


@dataclass(frozen=True, kw_only=True)
class Hour:
    """An hour's money, for requests whose baseline is known."""

    at: str
    charged_nanousd: int
    baseline_nanousd: int


@dataclass(frozen=True, kw_only=True)
class Fared:
    """How an offer served: outcomes, and seconds of what it made."""

    offer: str
    made: int
    refused: int
    failed: int
    p50_s: float | None
    p95_s: float | None
    charged_nanousd: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All of the first page."""

    since: str
    requests: int
    dry_runs: int
    made: int
    refused: int
    turned_away: int
    under_way: int
    spend: Spend
    hours: tuple[Hour, ...]
    mix: dict[str, dict[str, int]]
    fared: tuple[Fared, ...]
    refusals: tuple[tuple[str, str, int], ...]
    recent: tuple[dict[str, Any], ...]


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of values does not exceed; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def collect(ledger: GatewayLedger, *, hours: int = 24) -> Figures:
    """Ask the log about the last hours."""
    since = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="milliseconds")
    columns = (
        "at", "endpoint", "category", "served_offer", "outcome", "reason", "binding_rule",
        "charged", "charged_nanousd", "baseline_nanousd", "seconds", "cause",
    )  # fmt: skip
    found = ledger.rows(
        f"SELECT {', '.join(columns)} FROM decisions WHERE at >= ? ORDER BY at DESC LIMIT ?",
        (since, MOST_ROWS),
    )
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    asked = [row for row in rows if row["endpoint"] != "route"]
    outcomes = [row["outcome"] for row in asked]
    return Figures(
        since=since,
        requests=len(asked),
        dry_runs=len(rows) - len(asked),
        made=outcomes.count("made"),
        refused=outcomes.count("refused"),
        turned_away=outcomes.count("turned_away"),
        under_way=outcomes.count(None),
        spend=_spend(asked),
        hours=_hours(asked, hours),
        mix=_mix(asked),
        fared=_fared(asked),
        refusals=_refusals(rows),
        recent=recent(ledger),
    )


def recent(ledger: GatewayLedger, most: int = RECENT) -> tuple[dict[str, Any], ...]:
    """The last decisions, newest first."""
    names = [name.strip() for name in _RECENT.split(",")]
    rows = ledger.rows(f"SELECT {_RECENT} FROM decisions ORDER BY at DESC LIMIT ?", (most,))
    return tuple(dict(zip(names, row, strict=True)) for row in rows)


def one(ledger: GatewayLedger, request_id: str) -> dict[str, Any] | None:
    """One decision, every column of it."""
    names = [row[1] for row in ledger.rows("PRAGMA table_info(decisions)")]
    row = ledger.one("SELECT * FROM decisions WHERE id = ?", (request_id,))
    return None if row is None else dict(zip(names, row, strict=True))


def _spend(asked: list[dict[str, Any]]) -> Spend:
    compared = [r for r in asked if _is_compared(r)]
    return Spend(
        charged_nanousd=sum(r["charged_nanousd"] or 0 for r in asked),
        unknown=sum(r["charged"] == "unknown" for r in asked),
        compared=len(compared),
        compared_nanousd=sum(r["charged_nanousd"] for r in compared),
        baseline_nanousd=sum(r["baseline_nanousd"] for r in compared),
    )


def _is_compared(row: dict[str, Any]) -> bool:
    known = row["charged_nanousd"] is not None and row["baseline_nanousd"] is not None
    return known and row["outcome"] == "made"


def _hours(asked: list[dict[str, Any]], hours: int) -> tuple[Hour, ...]:
    charged: dict[str, int] = defaultdict(int)
    baseline: dict[str, int] = defaultdict(int)
    for row in asked:
        if _is_compared(row):
            charged[row["at"][:13]] += row["charged_nanousd"]
            baseline[row["at"][:13]] += row["baseline_nanousd"]
    now = datetime.now(UTC)
    names = [(now - timedelta(hours=h)).isoformat()[:13] for h in reversed(range(hours))]
    return tuple(
        Hour(at=name, charged_nanousd=charged[name], baseline_nanousd=baseline[name])
        for name in names
    )


def _mix(asked: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """How many requests of each category each offer served."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in asked:
        if row["served_offer"]:
            found[row["category"] or "unsure"][row["served_offer"]] += 1
    by_size = sorted(found, key=lambda c: -sum(found[c].values()))
    return {c: dict(sorted(found[c].items(), key=lambda kv: (-kv[1], kv[0]))) for c in by_size}


def _fared(asked: list[dict[str, Any]]) -> tuple[Fared, ...]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in asked:
        if row["served_offer"]:
            groups[row["served_offer"]].append(row)
    out = []
    for offer, rows in sorted(groups.items(), key=lambda kv: (-len(kv[1]), kv[0])):
        made = [r["seconds"] for r in rows if r["outcome"] == "made" and r["seconds"] is not None]
        refused = sum(r["outcome"] == "refused" for r in rows)
        out.append(
            Fared(
                offer=offer,
                made=len(made),
                refused=refused,
                failed=len(rows) - len(made) - refused,
                p50_s=percentile(made, 0.5),
                p95_s=percentile(made, 0.95),
                charged_nanousd=sum(r["charged_nanousd"] or 0 for r in rows),
            )
        )
    return tuple(out)


def _refusals(rows: list[dict[str, Any]]) -> tuple[tuple[str, str, int], ...]:
    """Who said no and why: providers to prompts, and the router to requests."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row["outcome"] == "refused":
            found[row["served_offer"] or "a provider", row["reason"] or "refused"] += 1
        elif row["cause"] in ("nothing_eligible", "pinned_not_possible"):
            found["the router", row["binding_rule"] or row["cause"]] += 1
    return tuple((who, why, n) for (who, why), n in sorted(found.items(), key=lambda kv: -kv[1]))
