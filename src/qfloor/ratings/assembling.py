"""From judgments to records: each row a rating of an output, none twice, all on one scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import attrgetter

from qfloor.ratings.comparing import Compared, Ground
from qfloor.ratings.judgment import ANONYMOUS, Faults, Judgment
from qfloor.ratings.settling import Settled
from qfloor.ratings.store_rows import RatingRow, rating_row
from qfloor.records import Offer, Prompt


@dataclass(frozen=True, kw_only=True)
class ImportedRatings:
    """The records that a file amounts to: what is new of prompts and offers; all ratings.

    ``rows`` says for each rating where it stood, ``dropped`` why other rows gave none.
    """

    prompts: tuple[Prompt, ...]
    offers: tuple[Offer, ...]
    ratings: Sequence[RatingRow]
    rows: Sequence[int]
    comparisons: Compared
    dropped: Mapping[str, int]


def assemble(
    judgments: Sequence[Judgment],
    place: Sequence[int],
    settled: Settled,
    comparisons: Compared,
    ground: Ground,
) -> ImportedRatings:
    """Turn judgments of settled items into ratings, and put them beside the comparisons.

    Parameters
    ----------
    judgments : sequence of Judgment
    place : sequence of int
        Which item each is about.
    settled : Settled
        The items' outputs.
    comparisons : Compared
        The file's comparisons of them.
    ground : Ground
        What holds for the whole file.

    Raises
    ------
    RatingsError
        When someone gives one item two scores, or one criterion has two scales.
    """
    found, rows, dropped = _rows(judgments, place, settled, ground)
    _check_scales(judgments, ground.faults)
    return ImportedRatings(
        prompts=settled.new_prompts,
        offers=settled.new_offers,
        ratings=found,
        rows=rows,
        comparisons=comparisons,
        dropped=dict(dropped + comparisons.dropped),
    )


def _rows(
    judgments: Sequence[Judgment], place: Sequence[int], settled: Settled, ground: Ground
) -> tuple[list[RatingRow], list[int], Counter[str]]:
    """Make a rating of each judgment that was not made already, and say where it stood."""
    ids = [output.id for output in settled.outputs]
    raters, prefix = ground.raters, f"rating\x1f{ground.source}"
    first: dict[str, Judgment] = {}
    unnamed: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    found: list[RatingRow] = []
    rows: list[int] = []
    for judgment, at in zip(judgments, place, strict=True):
        output, rater = ids[at], raters[judgment.rater]
        session = judgment.session or ""
        name = f"{prefix}\x1f{output}\x1f{rater}\x1f{judgment.criterion}\x1f{session}\x1f{judgment.control}"  # noqa: E501
        if judgment.rater == ANONYMOUS:
            unnamed[name] += 1  # nobody can tell whether two are one: both are kept
            name = f"{name}\x1f{judgment.annotation or unnamed[name]}"
        if judgment.trial:
            name = f"{name}\x1f{judgment.trial}"
        identity = sha256(name.encode()).hexdigest()[:32]
        earlier = first.setdefault(identity, judgment)
        if earlier is not judgment:
            _check_same(earlier, judgment, ground.faults)
            dropped["said twice"] += not judgment.trial  # its comparison is counted
            continue
        found.append(
            rating_row((
                identity, output, rater, judgment.criterion, judgment.value, judgment.lo,
                judgment.hi, judgment.usable, judgment.session, judgment.control,
                judgment.seconds, judgment.at, judgment.source or ground.source,
            ))
        )  # fmt: skip
        rows.append(judgment.row)
    return found, rows, dropped


def _check_same(earlier: Judgment, judgment: Judgment, faults: Faults) -> None:
    if (earlier.value, earlier.usable) != (judgment.value, judgment.usable):
        how = faults.mapped(", or --map session=COLUMN")
        raise faults.wrong(
            judgment.row,
            f"this rater gives {judgment.criterion!r} of this item "
            f"{judgment.value:g} here and {earlier.value:g} in {faults.at(earlier.row)} of one "
            f"session, remove one, mark it as kind repeat, or tell its session (session_id{how})",
        )


def _check_scales(judgments: Sequence[Judgment], faults: Faults) -> None:
    found = set(map(attrgetter("criterion", "lo", "hi"), judgments))
    if len(found) == len({criterion for criterion, _, _ in found}):
        return
    scales: dict[str, Judgment] = {}
    for judgment in judgments:
        usual = scales.setdefault(judgment.criterion, judgment)
        if (judgment.lo, judgment.hi) != (usual.lo, usual.hi):
            raise faults.wrong(
                judgment.row,
                f"{judgment.criterion!r} is on the scale {judgment.lo:g} to {judgment.hi:g} here "
                f"and {usual.lo:g} to {usual.hi:g} in {faults.at(usual.row)}, give one of them a "
                f"criterion of its own ({faults.criterion})",
            )
