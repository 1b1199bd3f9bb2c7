"""The closed sets of reasons: why an offer was chosen, and which rule rejected another.

Programs switch on these values, so one is added with a minor version and none is ever reused.
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """Why the decision is what it is."""

    CHEAPEST = "cheapest_certified"
    FASTER = "faster_for_surcharge"
    PROBE = "probe_for_latency"
    PINNED = "pinned"
    OVERRIDDEN = "overridden_by_policy"
    PROVISIONAL = "provisional_by_policy"
    DEFAULT = "uncertified_default"
    BEST_BOUND = "uncertified_best_bound"
    REFUSED = "nothing_eligible"
    REFUSED_PIN = "pinned_not_possible"

    @property
    def certified(self) -> bool:
        """Whether the chosen offer is certified for the tier by this very decision."""
        return self in (Cause.CHEAPEST, Cause.FASTER, Cause.PROBE)


class Rule(StrEnum):
    """What rejected a candidate; in the order in which the rules are asked."""

    ONLY = "only"
    IGNORE = "ignore"
    GONE = "gone"
    UNHEALTHY = "unhealthy"
    MODALITY = "modality"
    ASPECT_RATIO = "aspect_ratio"
    SIZE = "size"
    SECONDS = "seconds"
    AUDIO = "audio"
    OUTPUTS = "outputs"
    NEGATIVE_PROMPT = "negative_prompt"
    LANGUAGE = "language"
    RIGHTS = "rights"
    NOT_JUDGED = "not_judged"
    NOT_CERTIFIED = "not_certified"
    UNDECIDED = "undecided"
    LAPSED = "lapsed"
    LANGUAGE_NOT_COVERED = "language_not_covered"
    TAG_NOT_COVERED = "tag_not_covered"
    PRICE_UNKNOWN = "price_unknown"
    PRICE_STALE = "price_stale"
    BUDGET = "budget"
    LATENCY_UNKNOWN = "latency_unknown"
    LATENCY = "latency"
    DEARER = "dearer"
    ELEVATED_LATENCY = "elevated_latency"


RULE_ORDER: dict[Rule, int] = {rule: i for i, rule in enumerate(Rule)}

SAID: dict[Rule, str] = {
    Rule.ONLY: "not among the offers asked for",
    Rule.IGNORE: "to be ignored",
    Rule.GONE: "no longer sold",
    Rule.UNHEALTHY: "not answering",
    Rule.MODALITY: "makes something else",
    Rule.ASPECT_RATIO: "other aspect ratios",
    Rule.SIZE: "other sizes",
    Rule.SECONDS: "too short clips",
    Rule.AUDIO: "no sound",
    Rule.OUTPUTS: "too few at a time",
    Rule.NEGATIVE_PROMPT: "no negative prompts",
    Rule.LANGUAGE: "other languages",
    Rule.RIGHTS: "rights",
    Rule.NOT_JUDGED: "never judged here",
    Rule.NOT_CERTIFIED: "not good enough",
    Rule.UNDECIDED: "undecided",
    Rule.LAPSED: "verdict ran out",
    Rule.LANGUAGE_NOT_COVERED: "language not judged",
    Rule.TAG_NOT_COVERED: "challenge not judged",
    Rule.PRICE_UNKNOWN: "price unknown",
    Rule.PRICE_STALE: "price too old",
    Rule.BUDGET: "over budget",
    Rule.LATENCY_UNKNOWN: "latency unknown",
    Rule.LATENCY: "too slow",
    Rule.DEARER: "dearer",
    Rule.ELEVATED_LATENCY: "slower than its usual",
}
