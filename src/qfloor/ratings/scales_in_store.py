"""One criterion of an offer in a round is on one scale, whichever import it came by.

Scales are never converted, and ratings are never taken back: once two are in a workspace, no
floor can be had of that criterion there. So the second is refused before it is in.
"""

from __future__ import annotations

from collections import defaultdict

from qfloor.ratings.assembling import ImportedRatings
from qfloor.ratings.judgment import Faults
from qfloor.ratings.settling import Settled
from qfloor.store import Store


def check_scales_in_store(
    store: Store, imported: ImportedRatings, settled: Settled, faults: Faults
) -> None:
    """Refuse ratings on another scale than the store's of the same criterion, offer and round.

    Raises
    ------
    RatingsError
        One sentence with the row and both scales.
    """
    if not imported.ratings:
        return
    of = {output.id: output for output in settled.outputs}
    stored: dict[tuple[str, str, str], set[tuple[float, float]]] = defaultdict(set)
    for criterion, round, offer, lo, hi in store.scales_of(
        criteria={rating.criterion for rating in imported.ratings},
        rounds={output.round for output in of.values()},
        offers={output.offer_id for output in of.values()},
    ):
        stored[criterion, round, offer].add((lo, hi))
    if not stored:
        return
    for rating, row in zip(imported.ratings, imported.rows, strict=True):
        output = of[rating.output_id]
        there = stored.get((rating.criterion, output.round, output.offer_id))
        if there and rating.control == "test" and (rating.lo, rating.hi) not in there:
            lo, hi = min(there)
            raise faults.wrong(
                row,
                f"{rating.criterion!r} is on the scale {rating.lo:g} to {rating.hi:g} here, but "
                f"ratings of {output.offer_id} in round {output.round} that were imported before "
                f"are on {lo:g} to {hi:g}; bring these to that scale, or give them a criterion "
                f"of their own ({faults.criterion})",
            )
