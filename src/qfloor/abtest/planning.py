"""Plan a session before anyone votes: draw, deal, and say what it will be able to show.

The whole of it is decided here and frozen; `qfloor.abtest.building` then writes the folder. What
this module does not know: media, databases, where outputs come from.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from qfloor import stats
from qfloor.abtest.assignment import (
    Shares,
    Slot,
    Unit,
    arrange,
    check_dealt,
    deal,
    fitting_length,
)
from qfloor.abtest.folder import stamp
from qfloor.abtest.pairs import Chosen, Pair, choose_pairs, digest_by, shuffled
from qfloor.abtest.protocol import MOST_RANKED, Arm, Protocol, Question, check
from qfloor.counting import several
from qfloor.errors import SessionError

TASKS: Mapping[Question, str] = {
    "pair": "pairs of {what} and say which one is better, or that you see no difference",
    "acr5": "{what} one by one, give each 1 to 5 points, and say whether it is usable as it is",
    "score10": "{what} one by one, give each 0 to 10 points, and say whether it is usable as it is",
    "ranking": "several {what} made for one request, and put them in order",
}
"""What raters are told that they will do, by the question they are asked."""

CONSENT = (
    "You will see {task}. What you answer is kept under a random number, never under your name, "
    "and is used to judge the {what}, not you. You may stop at any time by closing this page, and "
    "come back with the same link."
)
SD_OF_SCORE_GAPS = 1.5
"""Spread of paired score gaps that plans assume (facts section 4)."""

VOTE_ICC = 0.5
"""How alike two raters' answers on one pair are, where nothing is known yet."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the host asks for; ``protocol`` holds all that needs no counting yet."""

    protocol: Protocol
    pairs: int | None = None
    quotas: Mapping[str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A session as it will be: frozen protocol, units by random id, booklets of slots."""

    protocol: Protocol
    secret: bytes
    chosen: Chosen
    units: Mapping[str, Pair]
    audit: frozenset[str]
    booklets: tuple[tuple[Slot, ...], ...]
    expected: Mapping[str, Any] = field(default_factory=dict)


def draft(name: str, arms: Sequence[Arm], **said: Any) -> Protocol:
    """Begin a protocol: names, arms and whatever differs from the defaults.

    Unless told otherwise raters consent to what they are going to do: see `TASKS`.
    """
    begun = Protocol(
        name=name,
        arms=tuple(arms),
        pairs=1,
        categories={},
        created_at=stamp(dt.datetime.now(dt.UTC)),
        session_id=f"s-{secrets.token_hex(6)}",
        **said,
    )
    if "consent" in said or begun.question not in TASKS:
        return begun
    what = "clips" if begun.modality == "video" else "pictures"
    task = TASKS[begun.question].format(what=what)
    return replace(begun, consent=CONSENT.format(task=task, what=what))


def plan_session(
    pairs: Sequence[Pair], wishes: Wishes, *, secret: bytes | None = None,
    left_out: Mapping[str, int] | None = None,
) -> Plan:  # fmt: skip
    """Decide everything about a session.

    Parameters
    ----------
    pairs : sequence of Pair
        What could be shown: two outputs of a prompt each, one (absolute ratings), or up to four
        (ranking).
    wishes : Wishes
        What the host asks for.
    secret : bytes, optional
        What every draw is keyed with; random unless given.
    left_out : mapping, optional
        Prompts that have no pair, counted by reason, for the protocol.

    Raises
    ------
    SessionError
        When what is asked for cannot be had; nothing was written.
    """
    secret = secrets.token_bytes(32) if secret is None else secret
    asked = wishes.protocol
    if not pairs:
        why = ", ".join(f"{n} {reason}" for reason, n in (left_out or {}).items())
        raise SessionError(f"there is no pair to show ({why or 'nothing was found'})")
    _check_asked(wishes)
    _check_cells(pairs, asked)
    chosen = choose_pairs(
        pairs, secret, most=wishes.pairs, quotas=wishes.quotas,
    )  # fmt: skip
    shown = chosen.pairs + (chosen.beside if asked.show_same_model else ())
    units = {_unit_id(secret, pair): shuffled(pair, secret) for pair in shown}
    audit = _audit(chosen.pairs, asked.audit_pairs, secret)
    votes = {unit: asked.audit_votes if unit in audit else asked.votes for unit in units}
    protocol = replace(
        asked,
        pairs=len(chosen.pairs),
        categories=dict(sorted(Counter(p.prompt.category for p in chosen.pairs).items())),
        same_model=len(chosen.same_model),
        left_out={**(left_out or {}), **chosen.left_out},
        audit_pairs=len(audit),
    )
    check(protocol)
    booklets, length = _booklets(units, votes, protocol, secret)
    protocol = replace(protocol, per_rater=length, raters=len(booklets))
    protocol = replace(protocol, expected=expected(protocol, booklets))
    return Plan(
        protocol=protocol,
        secret=secret,
        chosen=chosen,
        units=units,
        audit=audit,
        booklets=tuple(tuple(slots) for slots in booklets),
    )


def _check_asked(wishes: Wishes) -> None:
    """Refuse numbers of pairs that a slice would take for all but so many."""
    if wishes.pairs is not None and wishes.pairs < 1:
        raise SessionError(f"pairs is {wishes.pairs}, must be at least 1")
    if wishes.protocol.audit_pairs < 0:
        raise SessionError(f"audit_pairs is {wishes.protocol.audit_pairs}, must be at least 0")


def _check_cells(pairs: Sequence[Pair], protocol: Protocol) -> None:
    fewest, most = {"pair": (2, 2), "ranking": (2, MOST_RANKED)}.get(protocol.question, (1, 1))
    named = Counter(pair.id for pair in pairs)
    for pair in pairs:
        if named[pair.id] > 1:  # what was kept under its name would be one of them
            raise SessionError(f"pair {pair.id!r} is there {named[pair.id]} times; name each once")
        if not fewest <= len(pair.shown) <= most:
            raise SessionError(
                f"prompt {pair.prompt.id!r} has {several(len(pair.shown), 'output')}, a "
                f"{protocol.question} "
                f"trial shows {fewest if fewest == most else f'{fewest} to {most}'}"
            )
        if pair.prompt.modality != protocol.modality:
            raise SessionError(
                f"prompt {pair.prompt.id!r} asks for {pair.prompt.modality}; a session shows "
                f"{protocol.modality} only, make one for each"
            )


def _unit_id(secret: bytes, pair: Pair) -> str:
    return f"u{digest_by(secret, 'unit', pair.id):016x}"


def _audit(pairs: Sequence[Pair], n: int, secret: bytes) -> frozenset[str]:
    if n > len(pairs):
        raise SessionError(f"an audit of {n} pairs is asked for, but there are {len(pairs)}")
    ranked = sorted(pairs, key=lambda pair: digest_by(secret, "audit", pair.id))
    return frozenset(_unit_id(secret, pair) for pair in ranked[:n])


def _booklets(
    units: Mapping[str, Pair], votes: Mapping[str, int], protocol: Protocol, secret: bytes
) -> tuple[list[list[Slot]], int]:
    pairwise = protocol.question == "pair"
    shares = Shares(
        placebo=protocol.placebo if pairwise else 0.0,
        catch=protocol.catch if pairwise else 0.0,
        repeat=protocol.repeat,
        ask_when_none=protocol.ask_when_none,
    )
    dealt = [
        Unit(
            id=unit, prompt=pair.prompt.digest, cells=len(pair.shown), first=pair.shown[0].arm
        )
        for unit, pair in units.items()
    ]  # fmt: skip
    prompts = len({unit.prompt for unit in dealt})
    length = fitting_length(protocol.per_rater, prompts, shares)
    booklets = deal(dealt, votes, length, secret)
    hidden = {"placebo": dealt, "catch": dealt} if pairwise else {}
    arranged = arrange(booklets, hidden, shares, secret)
    same = {unit for unit, pair in units.items() if pairwise and pair.same_model}
    check_dealt(arranged, votes)
    return [
        [replace(s, kind="same_model") if s.unit in same and s.kind == "test" else s for s in slots]
        for slots in arranged
    ], length


def expected(protocol: Protocol, booklets: Sequence[Sequence[Slot]]) -> dict[str, Any]:
    """What a session can show, told before the first vote.

    For forced choices, the hardest case: raters who never say "no visible difference". Votes on
    one pair are alike, so they are divided by their design effect first.
    """
    counted = Counter(slot.kind for slots in booklets for slot in slots)
    longest = max(len(slots) for slots in booklets)
    told: dict[str, Any] = {
        "raters": len(booklets),
        "trials_per_rater": longest + protocol.training,
        "test_votes": counted["test"],
        "placebo_votes": counted["placebo"],
        "catch_votes": counted["catch"],
        "repeat_votes": counted["repeat"],
        "same_model_votes": counted["same_model"],
    }
    if protocol.question != "pair":
        return told
    mean = counted["test"] / protocol.pairs
    effect = 1.0 + (max(mean, 1.0) - 1.0) * VOTE_ICC
    effective = max(1, int(counted["test"] / effect))
    told |= {
        "independent_votes": effective,
        "pd0": protocol.pd0,
        "power_when_alike": stats.similarity_power(effective, protocol.pd0, protocol.alpha),
        "votes_for_90_percent": stats.similarity_votes(protocol.pd0, protocol.alpha),
        "detectable_pd": stats.detectable_pd(effective, protocol.alpha),
        "noninferiority_pairs_needed": stats.noninferiority_pairs(
            SD_OF_SCORE_GAPS, protocol.margin_score, protocol.alpha
        ),
    }
    return told | _item_level(protocol)


def _item_level(protocol: Protocol) -> dict[str, Any]:
    """Pairs that chance alone would call distinguished, by the rule of the audit subset."""
    k = protocol.audit_votes if protocol.audit_pairs else protocol.votes
    items = protocol.audit_pairs or protocol.pairs
    rule = stats.item_rule(k, protocol.alpha)
    if rule.needed is None:
        return {"item_votes": k, "item_needed": None, "chance_detections": None}
    return {
        "item_votes": k,
        "item_needed": rule.needed,
        "item_power_at_90_percent": rule.power(0.9),
        "chance_detections": stats.chance_detections(items, k, protocol.alpha),
        "chance_detections_of": items,
    }
