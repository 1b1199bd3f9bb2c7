"""From comparisons as files tell them to records: each row one choice between two outputs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qfloor.ratings.judgment import ANONYMOUS, TEST, Faults, Versus
from qfloor.ratings.settling import Settled
from qfloor.records import Comparison, Output


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What holds for every judgment of a file.

    Attributes
    ----------
    source : str
        Names where the file comes from, part of every judgment's id: the same judgment out of the
        same source has the same id, whatever file carries it.
    raters : mapping
        Under which name each rater of the file is stored.
    faults : Faults
        Builds errors of rows.
    """

    source: str
    raters: Mapping[str, str]
    faults: Faults


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The comparisons of a file; ``rows`` says where each stood, ``dropped`` why others went."""

    comparisons: tuple[Comparison, ...]
    rows: tuple[int, ...]
    dropped: Counter[str]


def assemble_comparisons(
    comparisons: Sequence[Versus],
    sides: Sequence[tuple[int, int]],
    settled: Settled,
    ground: Ground,
) -> Compared:
    """Turn comparisons of settled items into records.

    The id comes of the source, both outputs in the order shown, the rater, the criterion, the
    session and the trial, so that the same judgment out of the same source has the same id.

    Raises
    ------
    RatingsError
        When two sides are one output or answer two prompts, or someone chooses twice in a trial.
    """
    first: dict[tuple[str, ...], Versus] = {}
    unnamed: Counter[tuple[str, ...]] = Counter()
    dropped: Counter[str] = Counter()
    found: list[Comparison] = []
    rows: list[int] = []
    for versus, (left, right) in zip(comparisons, sides, strict=True):
        pair = settled.outputs[left], settled.outputs[right]
        _check_pair(versus, *pair, ground.faults)
        rater = ground.raters[versus.rater]
        key = _key(versus, (pair[0].id, pair[1].id, rater), unnamed)
        earlier = first.setdefault(key, versus)
        if earlier is not versus:
            _check_same(earlier, versus, ground.faults)
            dropped["said twice"] += 1
            continue
        found.append(_comparison(versus, key, ground.source))
        rows.append(versus.row)
    return Compared(comparisons=tuple(found), rows=tuple(rows), dropped=dropped)


def _key(
    versus: Versus, who: tuple[str, str, str], unnamed: Counter[tuple[str, ...]]
) -> tuple[str, ...]:
    key: tuple[str, ...] = (*who, versus.criterion, versus.session or "", versus.control)
    told = versus.annotation or versus.trial or ""
    if versus.rater == ANONYMOUS and not told:
        unnamed[key] += 1  # nobody can tell whether two are one: both are kept
        told = str(unnamed[key])
    return (*key, told)


def _check_pair(versus: Versus, left: Output, right: Output, faults: Faults) -> None:
    if left.id == right.id and versus.control == TEST:
        raise faults.wrong(
            versus.row, "both sides are one output, correct one or mark the pair as kind placebo"
        )
    if left.prompt_digest != right.prompt_digest:
        raise faults.wrong(
            versus.row,
            f"the left output answers prompt {left.prompt_id!r} and the right one "
            f"{right.prompt_id!r}, but a comparison is of one prompt, correct the items",
        )


def _check_same(earlier: Versus, versus: Versus, faults: Faults) -> None:
    if earlier.winner != versus.winner:
        raise faults.wrong(
            versus.row,
            f"this rater says {versus.winner} of this pair here and {earlier.winner} "
            f"in {faults.at(earlier.row)} of one session, remove one, give each a trial of its "
            "own or mark it as kind repeat",
        )


def _comparison(versus: Versus, key: tuple[str, ...], source: str) -> Comparison:
    name = "\x1f".join(("comparison", source, *key))
    return Comparison(
        id=hashlib.sha256(name.encode()).hexdigest()[:32],
        left_output_id=key[0],
        right_output_id=key[1],
        rater=key[2],
        criterion=versus.criterion,
        winner=versus.winner,
        session=versus.session,
        control=versus.control,
        seconds=versus.seconds,
        at=versus.at,
        source=versus.source or source,
        trial=versus.trial,
        pair=versus.pair,
        repeat_of=versus.repeat_of,
        left_arm=versus.left.arm or None,
        right_arm=versus.right.arm or None,
        shown_at=versus.shown_at,
    )
