"""From comparisons as files tell them to records: each row one choice between two outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from qfloor.ratings.judgment import ANONYMOUS, TEST, Faults, Versus
from qfloor.ratings.settling import Settled
from qfloor.ratings.store_rows import ComparisonRow, OutputRow, comparison_row
from qfloor.records import Output


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

    comparisons: Sequence[ComparisonRow]
    rows: Sequence[int]
    dropped: Counter[str]


def assemble_comparisons(
    comparisons: Sequence[Versus],
    sides: Sequence[tuple[int, int]],
    settled: Settled,
    ground: Ground,
) -> Compared:
    """Turn comparisons of settled items into rows of the store.

    The id comes of the source, both outputs in the order shown, the rater, the criterion, the
    session and the trial, so that the same judgment out of the same source has the same id.

    Raises
    ------
    RatingsError
        When two sides are one output or answer two prompts, or someone chooses twice in a trial.
    """
    prefix = f"comparison\x1f{ground.source}"
    first: dict[str, Versus] = {}
    unnamed: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    found: list[ComparisonRow] = []
    rows: list[int] = []
    for versus, (left_at, right_at) in zip(comparisons, sides, strict=True):
        left, right = settled.outputs[left_at], settled.outputs[right_at]
        if left.id == right.id or left.prompt_digest != right.prompt_digest:
            _check_pair(versus, left, right, ground.faults)
        (
            row, left_side, right_side, winner, called, _, _, _, _, criterion, control, session, at,
            seconds, source, annotation, trial, pair, repeat_of, shown_at,
        ) = versus  # fmt: skip
        rater = ground.raters[called]
        name = f"{prefix}\x1f{left.id}\x1f{right.id}\x1f{rater}\x1f{criterion}\x1f{session or ''}\x1f{control}"  # noqa: E501
        told = annotation or trial or ""
        if called == ANONYMOUS and not told:
            unnamed[name] += 1  # nobody can tell whether two are one: both are kept
            told = str(unnamed[name])
        identity = sha256(f"{name}\x1f{told}".encode()).hexdigest()[:32]
        earlier = first.setdefault(identity, versus)
        if earlier is not versus:
            _check_same(earlier, versus, ground.faults)
            dropped["said twice"] += 1
            continue
        found.append(
            comparison_row((
                identity, left.id, right.id, rater, criterion, winner, session, control, seconds,
                at, source or ground.source, trial, pair, repeat_of, left_side.arm or None,
                right_side.arm or None, shown_at,
            ))
        )  # fmt: skip
        rows.append(row)
    return Compared(comparisons=found, rows=rows, dropped=dropped)


def _check_pair(
    versus: Versus, left: Output | OutputRow, right: Output | OutputRow, faults: Faults
) -> None:
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
