"""What an output is worth: metrics and scores, ratings and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from qfloor.records.asked import Modality
from qfloor.records.plain import digest_of

Direction = Literal["higher", "lower"]
Comparable = Literal["across prompts", "within a prompt"]
Winner = Literal["left", "right", "tie", "both_bad"]


@dataclass(frozen=True, kw_only=True)
class WeightsRights:
    """Under what terms the weights a metric is computed with may be used; unknown is None.

    ``licence`` is an SPDX identifier where there is one, ``commercial_use`` whether that licence
    allows it, ``source`` the address where it is stated. None is never permission.
    """

    name: str
    licence: str | None = None
    commercial_use: bool | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A declared scale. ``definition`` and ``execution`` together are its identity.

    ``definition`` holds what the number means (weights digest, preprocessing, sampling,
    truncation), ``execution`` how it was computed (dtype, runtime). Numbers of two identities
    never share a column. ``weights`` says whose weights it takes and on what terms, empty for a
    formula without any; terms do not move a number, so they are no part of the identity.

    ``comparable`` says between which outputs a difference means anything. Numbers of a metric
    that compares only within a prompt are stored raw, and enter floors only after the prompt's
    centre in a frozen `ReferenceSet` was taken off.
    """

    name: str
    unit: str
    lo: float | None
    hi: float | None
    direction: Direction = "higher"
    modalities: tuple[Modality, ...] = ("image", "video")
    boolean: bool = False
    definition: Mapping[str, Any] = field(default_factory=dict)
    execution: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[WeightsRights, ...] = ()
    comparable: Comparable = "across prompts"

    @property
    def identity(self) -> str:
        """Digest of the definition and the execution."""
        return digest_of([self.name, self.definition, self.execution], 16)

    @property
    def key(self) -> str:
        """How a score names its metric: ``name@identity``."""
        return f"{self.name}@{self.identity}"


class ScoreStatus(StrEnum):
    """Whether there is a number, and if not why not."""

    SCORED = "scored"
    UNSCORED = "unscored"  # does not apply to this output (no text to read, a still has no flicker)
    FAILED = "failed"  # should have been scored and could not be: a fail in the bound


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number for one output, or the reason why there is none. Never NaN, never a sentinel."""

    output_id: str
    metric: str
    status: ScoreStatus
    value: float | None = None
    reason: str | None = None
    series: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Rating:
    """An absolute human judgment on a declared scale."""

    id: str
    output_id: str
    rater: str
    criterion: str
    value: float
    lo: float
    hi: float
    usable: bool | None = None
    session: str | None = None
    control: str = "test"
    seconds: float | None = None
    at: str | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A pairwise human judgment.

    ``trial``, ``pair`` and ``repeat_of`` are the names that a session gave its showings,
    ``left_arm`` and ``right_arm`` what each side stood for where the file says so, ``shown_at``
    when the pair came up.
    """

    id: str
    left_output_id: str
    right_output_id: str
    rater: str
    criterion: str
    winner: Winner
    session: str | None = None
    control: str = "test"
    seconds: float | None = None
    at: str | None = None
    source: str = ""
    trial: str | None = None
    pair: str | None = None
    repeat_of: str | None = None
    left_arm: str | None = None
    right_arm: str | None = None
    shown_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class Linking:
    """Whether the ratings of two sessions lie on one scale, by the outputs rated in both.

    ``kind`` says what ``first`` and ``second`` name: rating sessions, or sources of imports.
    ``shift`` is the mean of second less first; ``low`` and ``high`` its interval at
    ``1 - 2 alpha``, None with too few prompts. Only ``pool`` allows one floor to use both.
    """

    kind: Literal["session", "source"]
    first: str
    second: str
    criterion: str
    margin: float
    alpha: float
    shift: float | None
    low: float | None
    high: float | None
    n_outputs: int
    n_prompts: int
    word: Literal["pool", "do not pool", "too few linking outputs"]
    at: str
