"""What an answer amounts to, from made to refused: the one classifier of sellers' answers.

An adapter's `Ended` and what its media turned out to be become a status, a reason, and what is
known of the money. A malformed answer never loses what it says about money, and never counts
against an offer: it may have been charged, so it is ``unknown`` and not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from qfloor import prices
from qfloor.errors import InputError, SetupError
from qfloor.generate.state import NEVER_REACHED
from qfloor.generators.protocol import Artifact, Ended
from qfloor.media import Inspection
from qfloor.records import REASONS, Offer, Prompt, Status, canonical_json

Charged = Literal["yes", "no", "unknown"]
DETAIL_CHARACTERS = 2_000
MOST_NANOUSD = 2**63 - 1  # what a row of the ledger can hold


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a request came to."""

    status: Status
    reason: str
    detail: str = ""
    charged: Charged = "unknown"
    amount_nanousd: int | None = None

    @property
    def sentence(self) -> str:
        """Reason and detail, for a person."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def classify(
    ended: Ended, inspection: Inspection | None, *, offer: Offer, prompt: Prompt
) -> Outcome:
    """Turn an adapter's last word into a status, a reason and an amount.

    Parameters
    ----------
    ended : Ended
        As the adapter gave it.
    inspection : Inspection or None
        Of its media; None when it has none.
    offer, prompt : Offer, Prompt
        For the price, when the seller does not tell what it charged.

    Returns
    -------
    Outcome
        Media that is not what was asked for is ``blank`` by the reason of its inspection; an
        answer that breaks the contract is ``malformed_answer``.
    """
    fault = _fault(ended)
    if fault:
        charged, amount = _told(ended)
        return Outcome(
            status=REASONS["malformed_answer"],
            reason="malformed_answer",
            detail=clip(f"{fault}; {ended.detail}" if ended.detail else fault),
            charged=charged,
            amount_nanousd=amount,
        )
    reason, detail = ended.reason, ended.detail
    if reason == "ok" and inspection is not None and inspection.reason != "ok":
        reason, detail = inspection.reason, inspection.detail
    status = REASONS[reason]
    charged, amount = _money(ended, status, inspection, offer, prompt)
    return Outcome(
        status=status, reason=reason, detail=clip(detail), charged=charged, amount_nanousd=amount
    )


def not_an_answer(answer: object, verb: str) -> Outcome:
    """Something that is no answer of the protocol came back from an adapter."""
    detail = f"{verb} returned {type(answer).__name__} instead of an answer: {answer!r}"
    return _unknown("malformed_answer", detail)


def raised(error: BaseException, verb: str) -> Outcome:
    """An adapter raised: setup when it says so, otherwise the request may have been sent."""
    if isinstance(error, SetupError | InputError):
        reason = "invalid_request" if isinstance(error, InputError) else "permission"
        return Outcome(
            status=REASONS[reason],
            reason=reason,
            detail=clip(str(error)),
            charged="no",
            amount_nanousd=0,
        )
    kind = "timeout_ambiguous" if isinstance(error, TimeoutError | OSError) else "malformed_answer"
    return _unknown(kind, f"{verb} raised {type(error).__name__}: {error}")


def _unknown(reason: str, detail: str) -> Outcome:
    return Outcome(status=REASONS[reason], reason=reason, detail=clip(detail))


def _fault(ended: Ended) -> str:
    """What is wrong with an answer, or nothing."""
    reason: Any = ended.reason
    if not isinstance(reason, str) or reason not in REASONS:
        return f"the adapter gave the unknown reason {ended.reason!r}"
    if (ended.artifact is not None) != (ended.reason == "ok"):
        has = "media" if ended.artifact is not None else "no media"
        return f"the adapter answered {ended.reason!r} with {has}"
    if ended.artifact is not None and media_in(ended) is None:
        return "the adapter's media are neither bytes nor a file that is there, with a type"
    if ended.charged not in ("yes", "no", "unknown"):
        return f"the adapter says charged = {ended.charged!r}"
    amount: Any = ended.amount_nanousd
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int)):
        return f"the adapter's amount {amount!r} is not an integer of nano-USD"
    if amount is not None and amount < 0:
        return f"the adapter's amount {amount} is negative"
    if amount is not None and amount > MOST_NANOUSD:
        return "the adapter's amount is more money than there is"
    try:
        canonical_json(ended.report).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        return f"the adapter's report is not plain JSON ({error})"
    return ""


def media_in(ended: Ended) -> bytes | Path | None:
    """Media of an answer, as bytes or a file that is there; None when it has none to judge."""
    media: Any = ended.artifact  # an adapter is free to break its annotations
    if not isinstance(media, Artifact) or not isinstance(media.media_type, str):
        return None
    content: Any = media.content
    path: Any = media.path
    if (content is None) == (path is None):
        return None
    if content is not None:
        return content if isinstance(content, bytes) else None
    return path if isinstance(path, Path) and path.is_file() else None


def _told(ended: Ended) -> tuple[Charged, int | None]:
    amount: Any = ended.amount_nanousd
    is_integer = isinstance(amount, int) and not isinstance(amount, bool)
    whole = is_integer and 0 <= amount <= MOST_NANOUSD
    said: Any = ended.charged
    charged: Charged = said if said in ("yes", "no", "unknown") else "unknown"
    return charged, amount if whole else None


def _money(
    ended: Ended, status: Status, inspection: Inspection | None, offer: Offer, prompt: Prompt
) -> tuple[Charged, int | None]:
    """As told by the seller; else by the price rule; else unknown."""
    if ended.amount_nanousd is not None:
        charged = "yes" if ended.charged == "unknown" else ended.charged
        return charged, ended.amount_nanousd
    if ended.charged == "no" or (ended.charged == "unknown" and ended.reason in NEVER_REACHED):
        return "no", 0
    if status is Status.UNKNOWN or offer.price is None:
        return ended.charged, None
    if ended.reason == "job_expired" and ended.charged == "unknown":
        return "unknown", None  # the seller took it and says nothing: held at what it can have cost
    was_made = status is Status.BLANK or ended.reason == "url_expired"
    bills_as = "made" if ended.charged == "yes" or was_made else status.value
    amount = prices.charge(
        offer.price, status=bills_as, settings=offer.settings, **came(offer, prompt, inspection)
    )
    if ended.charged == "unknown" and amount is not None:
        return ("yes" if amount or bills_as in offer.price.charged_on else "no"), amount
    return ended.charged, amount


def came(offer: Offer, prompt: Prompt, inspection: Inspection | None) -> Mapping[str, Any]:
    """Size and length that are paid for: what came, else what was asked for."""
    asked = asked_for(offer, prompt)
    if inspection is None:
        return asked
    return {
        "width": inspection.width or asked["width"],
        "height": inspection.height or asked["height"],
        "seconds": asked["seconds"] if inspection.seconds is None else inspection.seconds,
    }


def asked_for(offer: Offer, prompt: Prompt) -> dict[str, Any]:
    """Largest size and length that a request can ask of an offer, as far as is stated."""
    settings = offer.settings
    width, height = settings.get("width"), settings.get("height")
    size = str(settings.get("size", "")).lower().split("x")
    if width is None and len(size) == 2 and all(part.strip().isdigit() for part in size):
        width, height = int(size[0]), int(size[1])
    told = [s for s in (prompt.seconds, settings.get("seconds")) if s is not None]
    able = offer.capabilities
    seconds = able.made_at(max(told)) if told else able.longest
    return {"width": width, "height": height, "seconds": seconds}


def clip(said: object) -> str:
    """Keep a seller's text to a size a row can hold."""
    text = str(said).encode("utf-8", "replace").decode("utf-8")  # half an emoji is no text
    return text if len(text) <= DETAIL_CHARACTERS else text[: DETAIL_CHARACTERS - 1] + "…"
