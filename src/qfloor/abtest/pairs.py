"""What raters may be shown: pairs of outputs, and which of them a session takes.

A pair has one output of each arm for one prompt. Here pairs are chosen within category quotas,
and those whose two sides are one offer's are put apart. What this module does not know: where
outputs come from (`qfloor.pipeline.blinding.blind`), raters, media.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qfloor.counting import several
from qfloor.errors import SessionError
from qfloor.records import Prompt


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One output as an arm gives it.

    ``item`` is its id in a store, or a name of its own; ``path`` its media.
    """

    item: str
    path: Path
    offer: str
    arm: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What one trial can show: outputs of one prompt, two of a comparison, one to four else."""

    id: str
    prompt: Prompt
    shown: tuple[Shown, ...]

    @property
    def same_model(self) -> bool:
        """Whether both arms chose the same offer, so that there is nothing to compare."""
        return len(self.shown) == 2 and self.shown[0].offer == self.shown[1].offer


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Pairs that are shown, pairs logged apart, and how many were left out for which reason.

    ``beside`` are those of ``same_model`` to be shown where a session shows such pairs.
    """

    pairs: tuple[Pair, ...]
    same_model: tuple[Pair, ...]
    beside: tuple[Pair, ...]
    left_out: Mapping[str, int]


def digest_by(secret: bytes, *names: object) -> int:
    """A number that nobody without the secret can tell: HMAC-SHA256 of some names."""
    said = "\x1f".join(str(name) for name in names).encode("utf-8")
    return int.from_bytes(hmac.new(secret, said, hashlib.sha256).digest()[:8], "big")


def choose_pairs(
    pairs: Sequence[Pair],
    secret: bytes,
    *,
    most: int | None = None,
    quotas: Mapping[str, int] | None = None,
) -> Chosen:
    """Draw the pairs of a session, by keyed hash.

    Of the pairs of one offer as large a share of each category is drawn to stand beside them.

    Parameters
    ----------
    pairs : sequence of Pair
        All there are.
    secret : bytes
        The session's, so that the draw cannot be steered and can be repeated.
    most : int, optional
        Pairs altogether; by default all.
    quotas : mapping, optional
        Pairs of each category; a category that is not named gets none.

    Raises
    ------
    SessionError
        When a quota or ``most`` asks for more than there are.
    """
    apart = tuple(pair for pair in pairs if pair.same_model)
    open_to_all = sorted(
        (pair for pair in pairs if not pair.same_model),
        key=lambda pair: digest_by(secret, "draw", pair.id),
    )
    by_category: dict[str, list[Pair]] = {}
    for pair in open_to_all:
        by_category.setdefault(pair.prompt.category, []).append(pair)
    taken = open_to_all if quotas is None else _by_quota(by_category, quotas)
    if most is not None and most > len(taken):
        raise SessionError(
            f"{several(most, 'pair is', 'pairs are')} asked for, but there are {len(taken)} whose "
            f"two sides differ in model ({len(apart)} more are one offer's)"
        )
    kept = taken if most is None else _spread(taken, most)
    if not kept:
        raise SessionError(
            f"there is no pair to show: of {len(pairs)}, {len(apart)} have one offer on both sides"
        )
    left = Counter({"not drawn": len(open_to_all) - len(kept)})
    rest = len(kept) / len(open_to_all) if quotas is None else 0.0
    return Chosen(
        pairs=tuple(kept),
        same_model=apart,
        beside=tuple(_beside(apart, by_category, kept, rest, secret)),
        left_out={reason: n for reason, n in left.items() if n},
    )


def _by_quota(by_category: Mapping[str, list[Pair]], quotas: Mapping[str, int]) -> list[Pair]:
    for category, n in quotas.items():
        there = len(by_category.get(category, ()))
        if n > there:
            known = ", ".join(f"{c} {len(p)}" for c, p in sorted(by_category.items())) or "none"
            raise SessionError(
                f"{several(n, 'pair')} of {category} {'is' if n == 1 else 'are'} asked for, "
                f"but there are {there}; there are: {known}"
            )
    return [pair for category, n in quotas.items() for pair in by_category[category][:n]]


def _spread(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Take ``most`` pairs, the same share of every category but for one pair."""
    by_category: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_category.setdefault(pair.prompt.category, []).append(pair)
    rank = {
        pair.id: (n + 0.5) / len(group)
        for group in by_category.values()
        for n, pair in enumerate(group)
    }
    kept = {pair.id for pair in sorted(pairs, key=lambda p: (rank[p.id], p.id))[:most]}
    return [pair for pair in pairs if pair.id in kept]


def _beside(
    apart: Sequence[Pair],
    by_category: Mapping[str, Sequence[Pair]],
    kept: Sequence[Pair],
    rest: float,
    secret: bytes,
) -> list[Pair]:
    """Draw pairs of one offer: of a category the share drawn of its others, ``rest`` without any.

    They are shown to be judged as often as they come in the traffic, so they follow the size of
    the session; all of them would be what most of the votes are paid for.
    """
    groups: dict[str, list[Pair]] = {}
    for pair in sorted(apart, key=lambda p: digest_by(secret, "draw", p.id)):
        groups.setdefault(pair.prompt.category, []).append(pair)
    drawn = Counter(pair.prompt.category for pair in kept)
    taken = []
    for category, group in groups.items():
        there = len(by_category.get(category, ()))
        taken += group[: round(len(group) * (drawn[category] / there if there else rest))]
    return taken


def shuffled(pair: Pair, secret: bytes) -> Pair:
    """Put a pair's outputs into an order that says nothing of their arms."""
    order = sorted(pair.shown, key=lambda shown: digest_by(secret, "cell", pair.id, shown.item))
    return replace(pair, shown=tuple(order))
