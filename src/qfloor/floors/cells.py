"""What a floor is computed from: every value of an offer in a category, with its clusters.

A cell knows how outputs count (DESIGN section 2's table), not how a bound is made of them.
Outputs that never gave a value because they were refused, blank or could not be scored enter as
fails at every threshold: the marker is ``-inf`` here, inside arrays, and never leaves them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.floors.traffic import weigh
from qfloor.records import (
    STATUS_TABLE,
    CountsAs,
    FloorKind,
    Modality,
    Status,
    digest_of,
)

FAIL = -math.inf
"""Marks a value that fails at every threshold."""

NO_RATER = -1
"""Rater code of a value that no person gave."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One output as a floor sees it: how it ended, and the numbers it got.

    ``values`` holds a rating for each of ``raters``, or a metric's single number with no rater;
    ``lacking`` names what kept a made output from having any, and is counted instead of
    ``unjudged``.
    ``scorer_failed`` says that a made output should have been scored and could not be; an
    ``unsafe`` one was made and cannot be delivered, whatever it looks like. Whether one with
    ``safety_unknown`` may be delivered should be known and is not: in delivered floors it is
    missing, whatever its values. ``stratum`` is where its prompt belongs in a traffic mix.
    """

    output_id: str
    family: str
    repeat: int
    status: Status
    values: tuple[float, ...] = ()
    raters: tuple[str, ...] = ()
    scorer_failed: bool = False
    unsafe: bool = False
    safety_unknown: bool = False
    lacking: str | None = None
    stratum: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One offer in one category and modality, on one quality.

    Arrays run over values (ratings, or scores): ``value`` higher is better, ``cluster`` the
    prompt family, ``repeat`` which repeat, ``rater`` who (-1 for outputs that failed before
    anyone could judge them, and for metrics); ``outputs`` names the output of each value,
    ``families`` each cluster. Under a traffic mix other than the suite's, ``weight`` is what each
    counts and ``chosen`` which stand for prompts thinned to the mix; ``unjudged`` strata have
    traffic and no value.
    """

    offer_id: str
    category: str
    modality: Modality
    kind: FloorKind
    value: NDArray[np.float64]
    cluster: NDArray[np.intp]
    repeat: NDArray[np.intp]
    rater: NDArray[np.intp]
    n_clusters: int
    n_outputs: int
    n_missing: int
    n_asked: int
    n_raters: int
    counts: Mapping[str, int] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    weight: NDArray[np.float64] | None = None
    chosen: NDArray[np.bool_] | None = None
    unjudged: tuple[str, ...] = ()

    @property
    def size(self) -> float:
        """Prompts, as many as they would be if all weighed the same (Kish)."""
        if self.weight is None:
            return float(self.n_clusters)
        whole = np.bincount(self.cluster, weights=self.weight)
        return float(whole.sum() ** 2 / np.sum(whole**2))

    @property
    def effective_raters(self) -> int:
        """Raters as many as they would be with equal shares of the ratings (Kish).

        Ten raters of whom one gave nine tenths of the ratings are little more than one: how
        severe that one is cannot be seen in the data, and no bound could allow for it.
        """
        rated = self.rater != NO_RATER
        counting = None if self.weight is None else self.weight[rated]
        given = np.bincount(self.rater[rated], weights=counting).astype(np.float64)
        return round(float(given.sum() ** 2 / np.sum(given**2))) if given.size else 0

    @property
    def on_its_panel(self) -> bool:
        """Whether people judged it, and too few for a statement about raters in general."""
        return self.n_raters > 0 and self.effective_raters < stats.FEW_RATERS

    @property
    def missing_share(self) -> float:
        """Share of outputs that should have a value and have none."""
        return self.n_missing / self.n_asked if self.n_asked else 0.0


def build_cell(
    offer_id: str,
    category: str,
    modality: Modality,
    kind: FloorKind,
    outputs: Sequence[Judged],
    *,
    sign: float = 1.0,
    missing_as_fail: bool = False,
    traffic: Mapping[str, float] | None = None,
) -> Cell:
    """Turn judged outputs into a cell.

    Parameters
    ----------
    offer_id, category, modality, kind
        What the cell is about.
    outputs : sequence of Judged
        All outputs of the population, whatever their status.
    sign : float
        -1 where lower is better: values are negated so that a fail is always "below".
    missing_as_fail : bool
        Count outputs that should have a value and have none as fails: the worst case.
    traffic : mapping of str to float, optional
        Share of each stratum in a team's own requests; without it prompts count alike.

    Returns
    -------
    Cell
    """
    families = {name: i for i, name in enumerate(sorted({o.family for o in outputs}))}
    raters = {name: i for i, name in enumerate(sorted({r for o in outputs for r in o.raters}))}
    counts: Counter[str] = Counter(output.status.value for output in outputs)
    rows: list[tuple[float, int, int, int]] = []
    names: list[str] = []  # the output of each row, and its stratum
    strata: list[str] = []
    votes, asked, missing = _votes(outputs), 0, 0
    for output in sorted(outputs, key=lambda o: (o.family, o.repeat, o.output_id)):
        place = (families[output.family], output.repeat)
        counts_as = how_it_counts(output, kind)
        if counts_as is CountsAs.ABSENT:
            continue
        asked += 1
        missing += counts_as is CountsAs.MISSING
        counts.update(_apart(output, counts_as))
        entered = _entered(output, counts_as, raters, votes, missing_as_fail)
        rows += [(FAIL if v == FAIL else sign * v, *place, r) for v, r in entered]
        strata += [output.stratum] * len(entered)
        names += [output.output_id] * len(entered)
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    used, cluster = np.unique(table[:, 1].astype(np.intp), return_inverse=True)
    cell = Cell(
        offer_id=offer_id,
        category=category,
        modality=modality,
        kind=kind,
        value=table[:, 0],
        cluster=cluster.astype(np.intp),
        repeat=table[:, 2].astype(np.intp),
        rater=table[:, 3].astype(np.intp),
        n_clusters=int(used.size),
        n_outputs=len(set(names)),
        n_missing=missing,
        n_asked=asked,
        n_raters=len(raters),
        counts={k: v for k, v in sorted(counts.items()) if v},
        outputs=tuple(names),
        families=tuple(map(list(families).__getitem__, used)),
    )
    return _weighed(cell, strata, np.array(list(families))[used], traffic) if traffic else cell


def _weighed(
    cell: Cell, strata: Sequence[str], families: NDArray[np.str_], traffic: Mapping[str, float]
) -> Cell:
    """Weigh a cell's values by a traffic mix."""
    if not cell.value.size:
        return cell
    found = weigh(cell.cluster, strata, families.tolist(), traffic)
    return replace(cell, weight=found.weight, chosen=found.chosen, unjudged=found.unjudged)


def _entered(
    output: Judged, counts_as: CountsAs, raters: Mapping[str, int], votes: int, missing: bool
) -> list[tuple[float, int]]:
    """Values that an output enters with, and their raters; none when it is left out."""
    if counts_as is CountsAs.SCORED:
        return _drawn(output, raters)
    if counts_as is CountsAs.FAIL or missing:
        return [(FAIL, NO_RATER)] * votes
    return []


def _apart(output: Judged, counts_as: CountsAs) -> Iterator[str]:
    """What is counted of an output beside its status, once each."""
    if counts_as is CountsAs.MISSING and output.status is Status.MADE and not output.values:
        yield output.lacking or "unjudged"
    if output.scorer_failed:
        yield "scorer_failed"
    if output.unsafe:
        yield "unsafe"
    if output.safety_unknown:
        yield "safety_unknown"


def how_it_counts(output: Judged, kind: FloorKind, *, judged: bool | None = None) -> CountsAs:
    """Apply the status table, and what it leaves open: made, but without a number.

    With ``judged`` the question is how it would count if it had a number.
    """
    counts_as = STATUS_TABLE[output.status][kind]
    if counts_as is not CountsAs.SCORED:
        return counts_as
    if output.scorer_failed or (output.unsafe and kind == "delivered"):
        return CountsAs.FAIL
    if output.safety_unknown and kind == "delivered":
        return CountsAs.MISSING
    has = bool(output.values) if judged is None else judged
    return CountsAs.SCORED if has else CountsAs.MISSING


def _votes(outputs: Sequence[Judged]) -> int:
    """Values of a judged output here, rounded up: what an output that failed outright weighs.

    With one row against three ratings, a refusal would count a third of a picture that was made.
    """
    given = [len(output.values) for output in outputs if output.values]
    return math.ceil(sum(given) / len(given)) if given else 1


def _drawn(output: Judged, raters: Mapping[str, int]) -> list[tuple[float, int]]:
    """Values with their rater codes, in an order drawn by hash.

    The exact bound takes the first value of each prompt: drawn so, that is a random rater for
    every prompt, chosen without looking at what they said, not the same one throughout.
    """
    if not output.raters:
        return [(value, NO_RATER) for value in output.values]
    pairs = zip(output.values, output.raters, strict=True)
    ordered = sorted(pairs, key=lambda pair: _place_drawn(output.output_id, pair[1]))
    return [(value, raters[rater]) for value, rater in ordered]


@lru_cache(maxsize=1 << 17)
def _place_drawn(output_id: str, rater: str) -> str:
    """Where a rating stands among those of its output; the parts of a cell ask it again."""
    return digest_of([output_id, rater])
