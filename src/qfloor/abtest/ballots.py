"""What a rater may answer: a ballot is read from a page's words and checked before it is kept.

It knows the four questions and nothing of databases or pages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qfloor.abtest.protocol import SCALES, Protocol
from qfloor.errors import VoteError

RESPONSES: Mapping[str, tuple[str, ...]] = {
    "pair": ("left", "right", "none", "skip"),
    "acr5": ("rated", "skip"),
    "score10": ("rated", "skip"),
    "ranking": ("ranked", "skip"),
}
SKIP_REASONS: tuple[str, ...] = ("did not load", "cannot judge", "upsetting", "other")
LONGEST_REASON = 300
STEP = 0.1
MOST_MS = 24 * 3600 * 1000
_SUBMISSION = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """An answer to one trial, by places from the left."""

    trial: str
    submission: str
    response: str
    both_bad: bool = False
    scores: tuple[float, ...] | None = None
    usable: tuple[bool, ...] | None = None
    ranks: tuple[int, ...] | None = None
    reason: str | None = None
    elapsed_ms: int = 0
    paused_ms: int = 0


def _not_whole(what: str) -> VoteError:
    return VoteError("not_whole", what)


def read_ballot(said: Any) -> Ballot:
    """Read what a page sent.

    Raises
    ------
    VoteError
        When it is not of the right shape.
    """
    if not isinstance(said, Mapping):
        raise _not_whole("a vote must be an object")
    trial, submission = said.get("trial"), said.get("submission")
    if not isinstance(trial, str) or not isinstance(submission, str):
        raise _not_whole("a vote names its trial and its submission")
    if not _SUBMISSION.fullmatch(submission):
        raise _not_whole("submission must be 8 to 64 letters and digits")
    return Ballot(
        trial=trial,
        submission=submission,
        response=_word(said.get("response")),
        both_bad=said.get("both_bad") is True,
        scores=_several(said.get("scores"), _number),
        usable=_several(said.get("usable"), _flag),
        ranks=_several(said.get("ranks"), _rank),
        reason=_reason(said.get("reason")),
        elapsed_ms=_milliseconds(said.get("elapsed_ms")),
        paused_ms=_milliseconds(said.get("paused_ms")),
    )


def check_ballot(ballot: Ballot, protocol: Protocol, places: int, ask: bool) -> None:
    """Hold a ballot to the protocol's question.

    Raises
    ------
    VoteError
        One sentence that a rater can act on.
    """
    known = RESPONSES[protocol.question]
    if ballot.response not in known:
        raise _not_whole(f"the answer must be one of {', '.join(known)}")
    if ballot.response == "skip":
        if ballot.reason is None:
            raise _not_whole("please say why you skip")
        return
    if ballot.response == "ranked":
        _check_ranks(ballot.ranks, places)
        return
    due = ballot.response in ("left", "right", "rated") or ask
    if due and (ballot.scores is None or ballot.usable is None):
        raise _not_whole("please give a score, and say whether it is usable as it is")
    lo, hi = SCALES.get(protocol.question, (0.0, 10.0))
    step = 1.0 if protocol.question == "acr5" else STEP
    for values in (ballot.scores, ballot.usable):
        if values is not None and len(values) != places:
            raise _not_whole(f"{places} sides must be judged")
    for score in ballot.scores or ():
        steps = (score - lo) / step
        if not lo <= score <= hi or abs(steps - round(steps)) > 1e-6:
            raise _not_whole(f"scores go from {lo:g} to {hi:g} in steps of {step:g}")


def only_asked(ballot: Ballot, ask: bool) -> Ballot:
    """Drop scores that were not due.

    Those after "no visible difference" are a random sample of such answers. Whoever scores because
    they had chosen a side first, or skips after all, is none of it.
    """
    if ballot.response == "skip" or (ballot.response == "none" and not ask):
        return replace(ballot, scores=None, usable=None)
    return ballot


def _check_ranks(ranks: Sequence[int] | None, places: int) -> None:
    if ranks is None or len(ranks) != places:
        raise _not_whole(f"please give each of the {places} a place")
    if min(ranks) != 1 or not set(ranks) <= set(range(1, places + 1)):
        raise _not_whole(f"places go from 1 to {places}; the best has 1, equals share one")


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise _not_whole("a vote says its answer in a word")
    return value


def _several(value: Any, one: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= 4:
        raise _not_whole("sides are given as a list")
    return tuple(one(v) for v in value)


def _finite(value: Any) -> float | None:
    """A number as a float; None for anything else, infinities and integers beyond floats too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _number(value: Any) -> float:
    number = _finite(value)
    if number is None:
        raise _not_whole("a score is a number")
    return round(number, 6)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _not_whole("usable is yes or no")
    return value


def _rank(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _not_whole("a place is a whole number")
    return value


def _reason(value: Any) -> str | None:
    """Words on one line; what no text can hold (half a surrogate pair, control characters) goes."""
    if not isinstance(value, str):
        return None
    text = value.encode("utf-8", "ignore").decode("utf-8")
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words[:LONGEST_REASON] or None


def _milliseconds(value: Any) -> int:
    """Clocks of browsers are not believed beyond a day; the room bounds them by its own."""
    return int(min(max(_finite(value) or 0.0, 0.0), MOST_MS))
