"""A release: everything a quality database will say, and its rows.

Turns records into plain rows by the columns' names, so that a field can be forgotten only by
forgetting its column. Knows nothing of files.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import qfloor
from qfloor.errors import DatabaseError
from qfloor.export.columns import Column, Table
from qfloor.export.schema import BY_NAME, EVIDENCE, SCHEMA_VERSION
from qfloor.records import (
    Calibration,
    Category,
    Floor,
    LearnedThreshold,
    LeaveOneOut,
    Metric,
    Offer,
    PassRate,
    Prediction,
    Quality,
    RawRows,
    Spent,
    TagFloor,
    Threshold,
    Verdict,
    digest_of,
    to_plain,
)

Row = dict[str, Any]
Content = dict[str, list[Row]]
"""Rows of every table, by table name."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What one quality database holds.

    Parameters
    ----------
    name, round : str
        Whose evidence, and the round it was bought in.
    created_at : str
        ISO 8601; given, never read from a clock, so that equal releases are equal bytes.
    primary_quality : str
        Id of the quality that a router goes by.
    qualities, categories, offers, floors, thresholds, verdicts, calibrations, predictions, metrics
        The evidence.
    learned : tuple of LearnedThreshold
        What thresholds that are no plain numbers rest on.
    pass_rates, tag_floors, leave_one_out
        Evidence that stands beside floors and certifies nothing.
    signals : mapping of str to mapping of str to float
        Weight of each signal for each category; empty means the router's own lexicon.
    weights : mapping of str to any
        Learned weights of the classifier, as benchmarks/classifier/train.py writes them; empty
        means those of whichever router reads the release.
    latency : mapping of str to mapping
        Measured ``p50``, ``p95``, ``n`` and ``as_of`` by offer id; else what the offer declares.
    provenance : mapping
        Suite digests, benchmark file, sources: any JSON.
    raw_rows : tuple of RawRows
        Digests of the rows that the evidence rests on.
    spending : tuple of Spent
        What each offer cost.
    frozen_at : str, optional
        When the plan was frozen; None when none was.
    illustrative : bool
        An example rather than a measurement; routers refuse it unless told.
    written_by : str
        The code that writes it; by default this one.
    """

    name: str
    round: str
    created_at: str
    primary_quality: str
    qualities: tuple[Quality, ...]
    categories: tuple[Category, ...]
    offers: tuple[Offer, ...]
    floors: tuple[Floor, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    metrics: tuple[Metric, ...] = ()
    learned: tuple[LearnedThreshold, ...] = ()
    pass_rates: tuple[PassRate, ...] = ()
    tag_floors: tuple[TagFloor, ...] = ()
    leave_one_out: tuple[LeaveOneOut, ...] = ()
    signals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    weights: Mapping[str, Any] = field(default_factory=dict)
    latency: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    raw_rows: tuple[RawRows, ...] = ()
    spending: tuple[Spent, ...] = ()
    frozen_at: str | None = None
    illustrative: bool = False
    written_by: str = f"qfloor {qfloor.__version__}"

    @property
    def digest(self) -> str:
        """Names the evidence: not prices, latency or when it was written."""
        return digest_of_content(content_of(self))


def content_of(release: Release) -> Content:
    """Return the rows of every table, sorted by key, with the digest filled in.

    Raises
    ------
    DatabaseError
        When two rows share a key or a number is not finite.
    """
    content = {name: _sorted_rows(BY_NAME[name], make(release)) for name, make in _ROWS.items()}
    release_row = {
        "name": release.name,
        "round": release.round,
        "schema_version": SCHEMA_VERSION,
        "created_at": release.created_at,
        "written_by": release.written_by,
        "illustrative": release.illustrative,
        "primary_quality": release.primary_quality,
        "digest": "",
        "frozen_at": release.frozen_at,
    }
    content = {"release": [release_row], **content}
    release_row["digest"] = digest_of_content(content)
    return content


def digest_of_content(content: Mapping[str, list[Row]]) -> str:
    """Digest of the evidence in a database's rows, however they were read.

    Tables that the format did not have when a file was written are not in its rows, and not in
    its digest.
    """
    about = content["release"][0]
    named = {k: about[k] for k in ("name", "round", "illustrative", "primary_quality")}
    found = {name: content[name] for name in EVIDENCE if name in content}
    return digest_of({"release": named, **found})


def _by_fields(records: Iterable[Any], table: Table, **extra: Callable[[Any], Any]) -> list[Row]:
    """Rows whose columns are the records' own fields, but for those computed by ``extra``."""
    return [
        {c.name: extra[c.name](r) if c.name in extra else getattr(r, c.name) for c in table.columns}
        for r in records
    ]


def _qualities(release: Release) -> list[Row]:
    directions = {metric.key: metric.direction for metric in release.metrics}
    return _by_fields(
        release.qualities,
        BY_NAME["qualities"],
        direction=lambda q: directions.get(q.metric_key or "", "higher"),
    )


def _fail_rates(release: Release) -> list[Row]:
    place = ("offer_id", "category", "modality", "quality", "kind")
    return [
        {name: getattr(floor, name) for name in place} | to_plain(rate)
        for floor in release.floors
        for rate in floor.fail_rates
    ]


def _signals(release: Release) -> list[Row]:
    return [
        {"category": category, "signal": signal, "weight": float(weight)}
        for category, signals in release.signals.items()
        for signal, weight in signals.items()
    ]


def _prices(release: Release) -> list[Row]:
    priced = ((o.id, o.price) for o in release.offers if o.price is not None)
    return [
        {"offer_id": offer, "rule": rule, "source": rule.source, "as_of": rule.as_of}
        for offer, rule in priced
    ]


def _latency(release: Release) -> list[Row]:
    rows = []
    for offer in release.offers:
        told = release.latency.get(offer.id) or offer.latency_s
        if told:
            rows.append(
                {
                    "offer_id": offer.id,
                    "p50_s": told.get("p50"),
                    "p95_s": told.get("p95"),
                    "n": told.get("n"),
                    "as_of": told.get("as_of"),
                }
            )
    return rows


_ROWS: dict[str, Callable[[Release], list[Row]]] = {
    "categories": lambda r: _by_fields(r.categories, BY_NAME["categories"]),
    "offers": lambda r: _by_fields(r.offers, BY_NAME["offers"]),
    "qualities": _qualities,
    "metrics": lambda r: _by_fields(r.metrics, BY_NAME["metrics"]),
    "thresholds": lambda r: _by_fields(r.thresholds, BY_NAME["thresholds"]),
    "learned_thresholds": lambda r: _by_fields(r.learned, BY_NAME["learned_thresholds"]),
    "floors": lambda r: _by_fields(r.floors, BY_NAME["floors"]),
    "fail_rates": _fail_rates,
    "verdicts": lambda r: _by_fields(r.verdicts, BY_NAME["verdicts"]),
    "calibrations": lambda r: _by_fields(r.calibrations, BY_NAME["calibrations"]),
    "predictions": lambda r: _by_fields(r.predictions, BY_NAME["predictions"]),
    "pass_rates": lambda r: _by_fields(r.pass_rates, BY_NAME["pass_rates"]),
    "tag_floors": lambda r: _by_fields(r.tag_floors, BY_NAME["tag_floors"]),
    "leave_one_rater_out": lambda r: _by_fields(r.leave_one_out, BY_NAME["leave_one_rater_out"]),
    "signals": _signals,
    "classifier": lambda r: [{"part": k, "content": v} for k, v in r.weights.items()],
    "provenance": lambda r: [{"key": k, "value": v} for k, v in r.provenance.items()],
    "raw_rows": lambda r: _by_fields(r.raw_rows, BY_NAME["raw_rows"]),
    "prices": _prices,
    "latency": _latency,
    "spending": lambda r: _by_fields(r.spending, BY_NAME["spending"]),
}


def _sorted_rows(table: Table, rows: Iterable[Row]) -> list[Row]:
    plain = [{c.name: _plain(table, c, row[c.name]) for c in table.columns} for row in rows]
    plain.sort(key=lambda row: tuple(row[k] for k in table.key))
    for before, after in itertools.pairwise(plain):
        if all(before[k] == after[k] for k in table.key):
            named = ", ".join(str(after[k]) for k in table.key)
            raise DatabaseError(f"{table.name}: two rows for {named}; a release says a thing once")
    return plain


def _plain(table: Table, column: Column, value: Any) -> Any:
    value = to_plain(value)
    if value is None:
        if column.null:
            return None
        raise DatabaseError(f"{table.name}.{column.name} is missing; it must have a value")
    if column.type == "real":
        value = float(value)
        if not math.isfinite(value):
            raise DatabaseError(f"{table.name}.{column.name} is {value}; numbers must be finite")
    return value
