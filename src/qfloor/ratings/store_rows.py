"""Records as the store keeps them: tuples of their fields in order, since an import makes many.

A frozen record takes its fields one by one, at five times the price of a tuple.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple


class RatingRow(NamedTuple):
    """A rating: the fields of a `Rating` in their order, without its cost."""

    id: str
    output_id: str
    rater: str
    criterion: str
    value: float
    lo: float
    hi: float
    usable: bool | None
    session: str | None
    control: str
    seconds: float | None
    at: str | None
    source: str


class ComparisonRow(NamedTuple):
    """A comparison: the fields of a `Comparison` in their order."""

    id: str
    left_output_id: str
    right_output_id: str
    rater: str
    criterion: str
    winner: str
    session: str | None
    control: str
    seconds: float | None
    at: str | None
    source: str
    trial: str | None
    pair: str | None
    repeat_of: str | None
    left_arm: str | None
    right_arm: str | None
    shown_at: str | None


class OutputRow(NamedTuple):
    """An output that is known by judgments only: the fields of an `Output` in their order."""

    id: str
    prompt_id: str
    prompt_digest: str
    offer_id: str
    repeat: int
    round: str
    status: str
    reason: str
    media_sha256: None
    media_type: None
    width: None
    height: None
    frames: None
    seconds_total: None
    seconds_run: None
    seconds_queue: None
    seconds_throttled: None
    seconds_download: None
    timing_source: None
    model_version: None
    unsafe: int
    report: str
    at: str


rating_row = partial(tuple.__new__, RatingRow)
"""What `RatingRow` does with its fields in their order, one call less."""

comparison_row = partial(tuple.__new__, ComparisonRow)
output_row = partial(tuple.__new__, OutputRow)
