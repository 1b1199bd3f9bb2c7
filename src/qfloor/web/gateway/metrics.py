"""Counters of all workers and gauges of this one, as Prometheus reads them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qfloor.web.gateway.records import EDGES

if TYPE_CHECKING:
    from qfloor.web.gateway.core import Gateway

HELP: dict[str, str] = {
    "qfloor_requests_total": "Requests by endpoint and HTTP status.",
    "qfloor_unauthorized_total": "Requests without a valid key.",
    "qfloor_decisions_total": "Decisions by cause, category, tier and chosen offer.",
    "qfloor_decide_seconds": "Seconds a decision takes.",
    "qfloor_request_seconds": "Seconds a request takes, by endpoint.",
    "qfloor_queue_seconds": "Seconds a job waits for a place.",
    "qfloor_outputs_total": "What became of each picture or clip, by offer, outcome and reason.",
    "qfloor_charged_usd_total": "Charges that sellers told or price rules give, in USD.",
    "qfloor_log_rows_dropped_total": "Decisions of dry runs that the log had no room for.",
    "qfloor_release_swaps_total": "Times another release began to decide.",
    "qfloor_reload_failures_total": "Files that could not be read; the last good one stayed.",
}


def exposition(gateway: Gateway) -> str:
    """The text format, version 0.0.4."""
    lines: list[str] = []
    by_name: dict[str, list[tuple[dict[str, str], float, str]]] = defaultdict(list)
    rows = gateway.ledger.rows("SELECT name, labels, value FROM counters ORDER BY name, labels")
    for name, labels, value in rows:
        base = _base(name)
        by_name[base].append((json.loads(labels), value, name))
    for base, series in by_name.items():
        kind = "histogram" if any(name != base for _, _, name in series) else "counter"
        lines += [f"# HELP {base} {HELP.get(base, base)}", f"# TYPE {base} {kind}"]
        lines += (
            _cumulated(series)
            if kind == "histogram"
            else [f"{name}{_labels(labels)} {_number(value)}" for labels, value, name in series]
        )
    for name, said, value, labels in _gauges(gateway):
        lines += [f"# HELP {name} {said}", f"# TYPE {name} gauge"]
        lines.append(f"{name}{_labels(labels)} {_number(value)}")
    return "\n".join(lines) + "\n"


def _base(name: str) -> str:
    for ending in ("_bucket", "_sum", "_count"):
        if name.endswith(f"_seconds{ending}"):
            return name.removesuffix(ending)
    return name


def _cumulated(series: list[tuple[dict[str, str], float, str]]) -> list[str]:
    """Buckets as Prometheus wants them: each with all below it, those without any as well.

    Sums over workers and endpoints go by bucket: one that a series leaves out would count as
    empty there, and quantiles come out wrong.
    """
    groups: dict[str, dict[str, Any]] = {}
    for labels, value, name in series:
        rest = {k: v for k, v in labels.items() if k != "le"}
        group = groups.setdefault(
            json.dumps(rest, sort_keys=True), {"labels": rest, "buckets": {}, "base": _base(name)}
        )
        if name.endswith("_bucket"):
            group["buckets"][labels["le"]] = value
        else:
            group[name.rsplit("_", 1)[1]] = value
    lines = []
    for group in groups.values():
        total = 0.0
        for le in EDGES:
            total += group["buckets"].get(le, 0.0)
            lines.append(
                f"{group['base']}_bucket{_labels(group['labels'] | {'le': le})} {_number(total)}"
            )
        lines += [
            f"{group['base']}_sum{_labels(group['labels'])} {_number(group.get('sum', 0.0))}",
            f"{group['base']}_count{_labels(group['labels'])} {_number(group.get('count', 0.0))}",
        ]
    return lines


def _gauges(gateway: Gateway) -> list[tuple[str, str, float, Mapping[str, str]]]:
    picture = gateway.picture
    canary = picture.canary
    found: list[tuple[str, str, float, Mapping[str, str]]] = [
        ("qfloor_jobs_under_way", "Jobs of this worker.", gateway.orders.under_way, {}),
        ("qfloor_jobs_late", "Jobs told as unknown and still followed.", gateway.orders.late, {}),
        ("qfloor_jobs_waiting", "Jobs of this worker without a place.", gateway.orders.waiting, {}),
        ("qfloor_release_info", "The release that decides.", 1.0,
         {"digest": picture.stable.db.digest[:16], "round": picture.stable.db.round,
          "canary": canary.db.digest[:16] if canary else ""}),
        ("qfloor_canary_percent", "Share of requests that the canary decides.",
         picture.percent, {}),
        ("qfloor_reload_faulty", "Whether a file could not be reloaded.",
         float(bool(gateway.watch.faults)), {}),
    ]  # fmt: skip
    return found


def _number(value: float) -> str:
    """All digits that a float surely has: of six, a counter above a million stands still."""
    return f"{value:.15g}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    said = ",".join(f'{k}="{_escaped(v)}"' for k, v in sorted(labels.items()))
    return "{" + said + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
