"""The types every stage speaks: frozen, keyword-only, standard library only.

A record knows its fields and how it is named by a digest; it knows nothing of files, SQL or
providers. Validation of what people write happens at the edges (`suite`, `benchmark`,
`ratings`), so a record that exists is well formed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Modality = Literal["image", "video"]
Split = Literal["fit", "certify"]
FloorKind = Literal["delivered", "conditional"]
Direction = Literal["higher", "lower"]

TIERS: tuple[str, ...] = ("standard", "professional", "premium")
TIER_ALIASES: dict[str, str] = {"concept": "standard", "draft": "professional", "final": "premium"}


def to_plain(value: Any) -> Any:
    """Turn records, enums, tuples and mappings into what JSON knows; the inverse of nothing."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(v) for v in value]
    return value


def canonical_json(value: Any) -> str:
    """Sorted, compact, unicode JSON: equal values give equal bytes; NaN is refused."""
    return json.dumps(
        to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest_of(value: Any, length: int = 32) -> str:
    """First ``length`` hex digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()[:length]


# -- what is asked ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Category:
    """A declared stratum of requests; a team may declare its own."""

    id: str
    description: str
    modalities: tuple[Modality, ...] = ("image",)
    signals: tuple[str, ...] = ()


CATEGORIES: tuple[Category, ...] = (
    Category(id="product-photo", description="objects as shops and advertisers show them"),
    Category(id="portrait", description="people, and animals sitting for their picture"),
    Category(id="landscape", description="nature and outdoor scenery"),
    Category(id="text-in-image", description="pictures whose words must be readable"),
    Category(id="video", description="live-action clips", modalities=("video",)),
    Category(
        id="animation",
        description="drawn or animated style, as stills or clips",
        modalities=("image", "video"),
    ),
    Category(id="architectural-render", description="buildings and interiors"),
)
GENERAL = Category(
    id="general",
    description="imported judgments that carry no category",
    modalities=("image", "video"),
)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One request of a suite.

    ``family`` names the template or near-duplicate group and is the statistical cluster;
    ``split`` keeps prompts that thresholds are fitted on apart from those that certify.
    """

    id: str
    text: str
    category: str
    modality: Modality = "image"
    negative: str | None = None
    aspect_ratio: str | None = None
    seconds: float | None = None
    must_render: tuple[str, ...] = ()
    language: str = "en"
    tags: tuple[str, ...] = ()
    difficulty: str | None = None
    family: str = ""
    split: Split = "certify"
    inputs: tuple[str, ...] = ()
    source: str | None = None

    @property
    def digest(self) -> str:
        """Names what a generator would be sent, not the prompt's labels."""
        return digest_of(
            [self.id, self.text, self.modality, self.negative, self.aspect_ratio, self.seconds,
             self.must_render, self.inputs]
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A versioned set of prompts."""

    name: str
    version: str
    prompts: tuple[Prompt, ...]
    title: str = ""
    licence: str = ""
    path: str | None = None

    @property
    def digest(self) -> str:
        """Names the suite's content; independent of the file it came from."""
        return digest_of([self.name, self.version, self.prompts])


# -- what is bought --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PriceComponent:
    """One line of a price: ``amount`` of ``currency`` for each ``unit``, when it applies.

    ``amount`` is a decimal string so that no price is ever rounded by a float. ``when`` limits
    the line to settings (size, quality, resolution, audio); ``above`` and ``upto`` bound the
    units it covers (first megapixel, further megapixels).
    """

    unit: Literal["image", "megapixel", "second", "token", "video", "month"]
    amount: str
    currency: str = "USD"
    above: float = 0.0
    upto: float | None = None
    rounding: Literal["none", "up"] = "none"
    when: Mapping[str, str] = field(default_factory=dict)
    minimum: str | None = None


@dataclass(frozen=True, kw_only=True)
class PriceRule:
    """How money is computed for one offer, where it was read and when."""

    components: tuple[PriceComponent, ...]
    source: str
    as_of: str
    charged_on: tuple[str, ...] = ("made",)

    @property
    def row(self) -> str:
        """Names this price row in the ledger."""
        return digest_of(self, 16)


@dataclass(frozen=True, kw_only=True)
class PluginSpec:
    """A plugin by name and arguments: what a benchmark file can say and a record can keep."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an offer accepts; ``None`` is unknown, never permission."""

    aspect_ratios: tuple[str, ...] | None = None
    max_seconds: float | None = None
    negative_prompt: bool | None = None
    seed: bool | None = None
    audio: bool | None = None
    max_outputs: int | None = None
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What the buyer may do with an output and what the seller does with a prompt."""

    commercial_use: bool | None = None
    trains_on_inputs: bool | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Whether an offer can still be bought; dates are ISO 8601 days."""

    state: Literal["active", "deprecated", "gone"] = "active"
    released: str | None = None
    deprecated: str | None = None
    gone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What can be bought, and therefore what is judged: a model with every setting that matters.

    ``id`` is ``provider/model@settings``; ``settings`` holds every parameter that moves quality
    or price. ``generator`` is None for an offer known only through imported judgments.
    ``concurrency`` is how many calls may be in flight at once.
    """

    id: str
    model: str
    provider: str
    version: str | None = None
    modality: Modality = "image"
    modalities: tuple[Modality, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    generator: PluginSpec | None = None
    capabilities: Capabilities = Capabilities()
    price: PriceRule | None = None
    rights: Rights = Rights()
    lifecycle: Lifecycle = Lifecycle()
    latency_s: Mapping[str, float] = field(default_factory=dict)
    concurrency: int = 4
    notes: str = ""

    def makes(self, modality: str) -> bool:
        """Whether the offer makes this modality at all."""
        return modality in (self.modalities or (self.modality,))


# -- what came of it -------------------------------------------------------------------------


class Status(StrEnum):
    """How a request of a round ended; the table of DESIGN section 2."""

    MADE = "made"
    REFUSED = "refused"
    BLANK = "blank"
    FAILED = "failed"
    SETUP = "setup"
    UNKNOWN = "unknown"


class CountsAs(StrEnum):
    """What a status means for a floor."""

    SCORED = "scored"
    FAIL = "fail"
    ABSENT = "absent"
    MISSING = "missing"


# (status, kind of floor) -> what it counts as: the one place that decides
STATUS_TABLE: dict[Status, dict[FloorKind, CountsAs]] = {
    Status.MADE: {"delivered": CountsAs.SCORED, "conditional": CountsAs.SCORED},
    Status.REFUSED: {"delivered": CountsAs.FAIL, "conditional": CountsAs.ABSENT},
    Status.BLANK: {"delivered": CountsAs.FAIL, "conditional": CountsAs.FAIL},
    Status.FAILED: {"delivered": CountsAs.MISSING, "conditional": CountsAs.MISSING},
    Status.SETUP: {"delivered": CountsAs.ABSENT, "conditional": CountsAs.ABSENT},
    Status.UNKNOWN: {"delivered": CountsAs.MISSING, "conditional": CountsAs.MISSING},
}

# reason -> status: what each reason of a provider's answer amounts to
REASONS: dict[str, Status] = {
    "ok": Status.MADE,
    "refused_input": Status.REFUSED,
    "refused_output": Status.REFUSED,
    "empty_success": Status.BLANK,
    "one_colour": Status.BLANK,
    "zero_frames": Status.BLANK,
    "undecodable": Status.BLANK,
    "wrong_modality": Status.BLANK,
    "animated": Status.BLANK,
    "provider_error": Status.FAILED,
    "capacity": Status.FAILED,
    "rate_limited": Status.FAILED,
    "job_expired": Status.FAILED,
    "url_expired": Status.FAILED,
    "outage": Status.FAILED,
    "not_sent": Status.FAILED,
    "auth": Status.SETUP,
    "permission": Status.SETUP,
    "billing": Status.SETUP,
    "invalid_request": Status.SETUP,
    "model_gone": Status.SETUP,
    "unsupported": Status.SETUP,
    "timeout_ambiguous": Status.UNKNOWN,
    "poll_deadline": Status.UNKNOWN,
    "malformed_answer": Status.UNKNOWN,
}


@dataclass(frozen=True, kw_only=True)
class Output:
    """One request of a round and what came of it."""

    id: str
    prompt_id: str
    prompt_digest: str
    offer_id: str
    repeat: int
    round: str
    status: Status
    reason: str
    media_sha256: str | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    seconds_total: float | None = None
    seconds_run: float | None = None
    seconds_queue: float | None = None
    model_version: str | None = None
    unsafe: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""


def output_id(prompt: Prompt, offer: Offer, repeat: int, round: str) -> str:
    """Name one request of a round: same request, same id; a new round buys anew.

    The offer enters by id, version, settings and generator, so a changed setting is a new
    request; its price and lifecycle do not.
    """
    return digest_of(
        [prompt.digest, offer.id, offer.version, offer.settings, offer.generator, repeat, round]
    )


class Event(StrEnum):
    """The life of an attempt, in order; the ledger is append-only."""

    INTENDED = "intended"
    ACCEPTED = "accepted"
    POLLED = "polled"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One event in an output's life: a row of the ledger."""

    output_id: str
    n: int
    event: Event
    at: str
    job: Mapping[str, Any] | None = None
    status: Status | None = None
    reason: str | None = None
    charged: Literal["yes", "no", "unknown"] = "unknown"
    amount_nanousd: int | None = None
    price_row: str | None = None
    detail: str = ""


# -- what it is worth ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A declared scale. ``definition`` and ``execution`` together are its identity.

    ``definition`` holds what the number means (weights digest, preprocessing, sampling,
    truncation), ``execution`` how it was computed (dtype, runtime). Numbers of two identities
    never share a column.
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
    """A pairwise human judgment."""

    id: str
    left_output_id: str
    right_output_id: str
    rater: str
    criterion: str
    winner: Literal["left", "right", "tie", "both_bad"]
    session: str | None = None
    control: str = "test"
    seconds: float | None = None
    at: str | None = None
    source: str = ""


# -- what follows from it --------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Which number a floor is about; thresholds never cross qualities.

    ``source`` is ``human`` (a criterion with its scale) or ``metric`` (a metric's key, judged at
    the threshold a calibration learned for the human one).
    """

    source: Literal["human", "metric"]
    name: str
    lo: float | None
    hi: float | None
    step: float | None = None
    metric_key: str | None = None

    @property
    def id(self) -> str:
        """``human:overall[0,10]`` or ``metric:clip.cos@...``."""
        if self.metric_key:
            return f"{self.source}:{self.metric_key}"
        return f"{self.source}:{self.name}[{self.lo:g},{self.hi:g}]"

    def holds(self, value: float) -> bool:
        """Whether a value lies on the scale."""
        return (self.lo is None or self.lo <= value) and (self.hi is None or value <= self.hi)

    @classmethod
    def of_metric(cls, metric: Metric) -> Quality:
        """The quality that a metric's own scale is; an open scale has no bound."""
        return cls(
            source="metric", name=metric.name, lo=metric.lo, hi=metric.hi, metric_key=metric.key
        )


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What a tier demands of a category."""

    category: str
    modality: Modality
    quality: str
    tier: str
    value: float
    max_fail: float = 0.25
    rule: Literal["absolute", "usable-rate", "relative"] = "absolute"
    evidence: str = ""
    post_hoc: bool = False


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How a metric speaks for people in one category (learn-then-test), and how well."""

    category: str
    modality: Modality
    quality: str
    metric: str
    method: str
    human_threshold: float
    metric_threshold: float | None
    epsilon: float
    alpha: float
    t_grid: tuple[float, ...]
    n_fit: int
    n_passed: int
    fitted_on: str
    held_out_agreement: float | None
    worst_leave_one_model_out: float | None
    display: tuple[tuple[float, float], ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class FailRate:
    """Estimate and one-sided upper bound of P(score < threshold) at one threshold."""

    threshold: float
    fails: float
    n: int
    rate: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class Floor:
    """What is known of an offer in a category: its bad days, and how sure we are.

    ``q25_lo_release`` is the largest threshold certifiable at the family's level and alone
    decides verdicts at max_fail .25; ``q25_lo_cell`` is at the uncorrected level and for display.
    ``None`` means that no threshold can be certified, or (for q25) that the quartile is a fail.
    """

    offer_id: str
    category: str
    modality: Modality
    quality: str
    kind: FloorKind
    n_prompts: int
    n_outputs: int
    n_values: int
    counts: Mapping[str, int]
    fail_rates: tuple[FailRate, ...]
    q25: float | None
    q25_harrell_davis: float | None
    q25_lo_release: float | None
    q25_lo_cell: float | None
    mean: float | None
    alpha_release: float
    alpha_cell: float
    family: str
    m: int
    bound: str
    design_effect: float | None
    n_effective: float | None
    n_raters: int | None = None
    population: Mapping[str, Any] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    provisional: bool = False


class Ruling(StrEnum):
    """What a verdict says."""

    CERTIFIED = "certified"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether an offer reliably clears a tier's threshold, and why (not)."""

    offer_id: str
    category: str
    modality: Modality
    quality: str
    tier: str
    threshold: float
    max_fail: float
    ruling: Ruling
    reason: str
    upper: float | None
    lower: float | None
    level: float
    family: str
    m: int
    more_prompts: int | None = None
    valid_until: str | None = None
