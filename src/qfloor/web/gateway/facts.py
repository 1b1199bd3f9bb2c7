"""The short headers of every answer: what was chosen and why, on success and on error alike.

Facts only, from closed sets or from the release: never a word of the prompt.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any

from qfloor.router.decision import plain_relaxation
from qfloor.router.eligibility import is_certified
from qfloor.router.money import usd_or_none
from qfloor.web.gateway.deciding import Decided

PREFIX = "x-qfloor-"


@lru_cache(maxsize=4096, typed=True)
def header_value(value: Hashable) -> str:
    """Text that may stand in a header: printable ASCII, of bounded length.

    Remembered, for what is told of decisions is told again and again.
    """
    text = str(value)
    if text.isascii() and text.isprintable() and len(text) <= 400:
        return text.strip()
    text = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(c if 32 <= ord(c) < 127 else "?" for c in text)[:400].strip()


def of_decision(decided: Decided) -> dict[str, str]:
    """Headers of a decision, before anybody was asked."""
    decision = decided.decision
    told: dict[str, Any] = {
        "requested-model": decided.ask.model if _is_known(decided) else None,
        "model": decision.offer,
        "category": decision.category or "unsure",
        "category-confidence": f"{decision.classification.confidence:.3f}",
        "tier": decision.tier,
        "reason": decision.cause.value,
        "certified": "yes" if decision.certified else "no",
        "estimated-cost-usd": usd_or_none(decision.price_nanousd),
        "attempts": 0,
        "policy-version": decision.digests["policy"],
        "db-version": decision.digests["database"],
        "arm": decided.arm.name,
        "ignored": ",".join(decided.ignored) or None,
    }
    if decided.serving == "shadow":
        serves = decided.offers[0]
        told |= {"model": serves, "shadow-model": decision.offer}
        told["certified"] = "yes" if is_certified(decision.request, serves) else "no"
        told["estimated-cost-usd"] = usd_or_none(decided.price_of(serves))
    if decided.serving in ("shadow", "probe"):
        told["serving"] = decided.serving
    return headers(told)


def _is_known(decided: Decided) -> bool:
    return decided.ask.model in decided.arm.db.offers or decided.ask.model.startswith("auto")


def headers(told: Mapping[str, Any]) -> dict[str, str]:
    """Headers of what is known; what is not is left out."""
    return {PREFIX + name: header_value(v) for name, v in told.items() if v is not None}


def body(told: Mapping[str, str]) -> dict[str, Any]:
    """The same facts for a body: official clients hand over no headers.

    Fields that were ignored are a list; all else is the text of its header.
    """
    found: dict[str, Any] = {
        name.removeprefix(PREFIX).replace("-", "_"): value
        for name, value in told.items()
        if name.startswith(PREFIX)
    }
    found["ignored"] = found["ignored"].split(",") if "ignored" in found else []
    return found


def short(decided: Decided) -> dict[str, Any]:
    """The decision in a few fields, for a body; `router.Decision.to_dict` is all of it."""
    decision = decided.decision
    found = decision.classification
    told: dict[str, Any] = {
        "offer": decision.offer,
        "cause": decision.cause.value,
        "certified": decision.certified,
        "category": decision.category,
        "confidence": round(found.confidence, 4),
        "plausible": list(found.plausible),
        "modality": decision.modality,
        "language": found.language,
        **({"language_stated": True} if found.language_stated else {}),
        "tier": decision.tier,
        "price_usd": usd_or_none(decision.price_nanousd),
        "surcharge_nanousd": decision.surcharge_nanousd,
        "runner_up": decision.runner_up,
        "fallbacks": list(decided.offers[1:]),
        "notes": list(decision.notes),
        "ignored": list(decided.ignored),
        "arm": decided.arm.name,
        "digests": dict(decision.digests),
        "now": decision.now,
    }
    if decision.offer is None:
        told["binding_rule"] = (
            None if decision.binding_rule is None else decision.binding_rule.value
        )
        told["relaxation"] = plain_relaxation(decision.relaxation)
    return told
