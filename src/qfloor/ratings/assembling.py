"""From judgments to records: each row a rating of an output, none twice, all on one scale."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qfloor.ratings.comparing import Compared, Ground
from qfloor.ratings.judgment import ANONYMOUS, Faults, Judgment
from qfloor.ratings.settling import Settled
from qfloor.records import Offer, Output, Prompt, Rating


@dataclass(frozen=True, kw_only=True)
class ImportedRatings:
    """The records that a file amounts to: what is new of prompts, offers and outputs; all ratings.

    ``rows`` says for each rating where it stood, ``dropped`` why other rows gave none.
    """

    prompts: tuple[Prompt, ...]
    offers: tuple[Offer, ...]
    outputs: tuple[Output, ...]
    ratings: tuple[Rating, ...]
    rows: tuple[int, ...]
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
    raters = ground.raters
    ids = [output.id for output in settled.outputs]
    first: dict[tuple[str, ...], Judgment] = {}
    unnamed: Counter[tuple[str, ...]] = Counter()
    dropped: Counter[str] = Counter()
    ratings: list[Rating] = []
    rows: list[int] = []
    for judgment, at in zip(judgments, place, strict=True):
        session = judgment.session or ""
        key: tuple[str, ...] = (
            ids[at], raters[judgment.rater], judgment.criterion, session, judgment.control
        )  # fmt: skip
        if judgment.rater == ANONYMOUS:
            unnamed[key] += 1  # nobody can tell whether two are one: both are kept
            key = (*key, judgment.annotation or str(unnamed[key]))
        if judgment.trial:
            key = (*key, judgment.trial)
        earlier = first.setdefault(key, judgment)
        if earlier is not judgment:
            _check_same(earlier, judgment, ground.faults)
            dropped["said twice"] += not judgment.trial  # its comparison is counted
            continue
        ratings.append(_rating(judgment, key, ground.source))
        rows.append(judgment.row)
    _check_scales(judgments, ground.faults)
    return ImportedRatings(
        prompts=settled.new_prompts,
        offers=settled.new_offers,
        outputs=settled.new_outputs,
        ratings=tuple(ratings),
        rows=tuple(rows),
        comparisons=comparisons,
        dropped=dict(dropped + comparisons.dropped),
    )


def _rating(judgment: Judgment, key: tuple[str, ...], source: str) -> Rating:
    name = "\x1f".join(("rating", source, *key))
    return Rating(
        id=hashlib.sha256(name.encode()).hexdigest()[:32],
        output_id=key[0],
        rater=key[1],
        criterion=judgment.criterion,
        value=judgment.value,
        lo=judgment.lo,
        hi=judgment.hi,
        usable=judgment.usable,
        session=judgment.session,
        control=judgment.control,
        seconds=judgment.seconds,
        at=judgment.at,
        source=judgment.source or source,
    )


def _check_same(earlier: Judgment, judgment: Judgment, faults: Faults) -> None:
    if (earlier.value, earlier.usable) != (judgment.value, judgment.usable):
        raise faults.wrong(
            judgment.row,
            f"this rater gives {judgment.criterion!r} of this item "
            f"{judgment.value:g} here and {earlier.value:g} in {faults.at(earlier.row)} of one "
            "session, remove one, or mark it as kind repeat",
        )


def _check_scales(judgments: Sequence[Judgment], faults: Faults) -> None:
    scales: dict[str, Judgment] = {}
    for judgment in judgments:
        usual = scales.setdefault(judgment.criterion, judgment)
        if (judgment.lo, judgment.hi) != (usual.lo, usual.hi):
            raise faults.wrong(
                judgment.row,
                f"{judgment.criterion!r} is on the scale {judgment.lo:g} to {judgment.hi:g} here "
                f"and {usual.lo:g} to {usual.hi:g} in {faults.at(usual.row)}, give one of them a "
                "dimension of its own",
            )
