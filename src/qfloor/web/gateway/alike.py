"""Decisions that are told alike: what their answers have in common is put together once.

Most requests of a service end in few decisions; of two that are alike only the id, the confidence
and the moment differ. What is told is `qfloor.web.gateway.facts`'s, here it is kept as bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from qfloor.web.gateway import facts
from qfloor.web.gateway.deciding import Decided
from qfloor.web.gateway.guard import Header, Ready, compact, encoded

_MOST = 1_000
_JSON = (b"content-type", b"application/json")
_CONFIDENCE = f"{facts.PREFIX}category-confidence"
_kept: dict[tuple[Any, ...], Alike] = {}


class Alike(NamedTuple):
    """What answers to decisions of one kind share: the parts of a body, and headers.

    ``opens`` and ``goes_on`` are a body's fields before and after the confidence; ``block`` are
    the headers as they are sent.
    """

    opens: str
    goes_on: str
    headers: tuple[Header, ...]
    block: bytes
    facts: dict[str, str]

    def body(self, request_id: str, confidence: float, now: str) -> bytes:
        """The answer of ``/v1/route``, as `qfloor.web.gateway.facts.short` has it."""
        return (
            f'{{"object":"route","id":"{request_id}",{self.opens},"confidence":'
            f'{round(confidence, 4)!r},{self.goes_on},"now":"{now}"}}'
        ).encode("ascii")

    def ready(self, request_id: str, confidence: float, now: str) -> Ready:
        """The answer, with its headers but for those of every answer."""
        body = self.body(request_id, confidence, now)
        own = [
            (b"content-length", str(len(body)).encode("ascii")),
            encoded(_CONFIDENCE, f"{confidence:.3f}"),
        ]
        return Ready(body, own, self.headers, self.block)


def alike(decided: Decided) -> Alike:
    """What a decision that chose an offer, and was not asked to explain, is told by."""
    decision = decided.decision
    found = decision.classification
    kind = (
        decided.arm.name, *decision.digests.values(), decided.ask.model, decided.ignored,
        decided.serving, decided.offers, decision.cause, decision.certified, decision.category,
        found.plausible, found.language, found.language_stated, decision.modality, decision.tier,
        decision.price_nanousd, decision.surcharge_nanousd, decision.runner_up, decision.notes,
    )  # fmt: skip
    kept = _kept.get(kind)
    if kept is None:
        if len(_kept) >= _MOST:
            _kept.clear()
        kept = _kept[kind] = _alike(decided)
    return kept


def _alike(decided: Decided) -> Alike:
    told, short = facts.of_decision(decided), facts.short(decided)
    del told[_CONFIDENCE]
    assert short.popitem()[0] == "now", "it is told last"
    at = list(short).index("confidence")
    fields = list(short.items())
    opens, goes_on = (compact(dict(some))[1:-1] for some in (fields[:at], fields[at + 1 :]))
    headers = (_JSON, *[encoded(*pair) for pair in told.items()])
    block = b"".join(b"%s: %s\r\n" % pair for pair in headers)
    assert block.count(b"\n") == len(headers), "values are single lines, by facts.header_value"
    return Alike(opens, goes_on, headers, block, told)
