"""What a floor is computed from: every value of an offer in a category, with its clusters.

A cell knows how outputs count (DESIGN section 2's table), not how a bound is made of them.
Outputs that never gave a value because they were refused, blank or could not be scored enter as
fails at every threshold: the marker is ``-inf`` here, inside arrays, and never leaves them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qfloor import stats
from qfloor.floors.judged import CODE, NO_RATER, Judged, JudgedOutputs, lay_out
from qfloor.floors.traffic import weigh
from qfloor.records import CountsAs, FloorKind, Modality

FAIL = -math.inf
"""Marks a value that fails at every threshold."""

_SCORED, _FAIL = CODE[CountsAs.SCORED], CODE[CountsAs.FAIL]
_MISSING, _ABSENT = CODE[CountsAs.MISSING], CODE[CountsAs.ABSENT]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One offer in one category and modality, on one quality.

    Arrays run over values (ratings, or scores): ``value`` higher is better, ``cluster`` the
    prompt family, ``rater`` who (-1 for outputs that failed before
    anyone could judge them, and for metrics), ``output`` which of the outputs ``laid`` out;
    ``family`` says over clusters which of its families each is. Under a traffic mix other than
    the suite's, ``weight`` is what each counts and ``chosen`` which stand for prompts thinned to
    the mix; ``unjudged`` strata have traffic and no value. ``missing_share`` is what share of
    outputs should have a value and has none: the larger of two counts, by outputs, and as bounds
    weigh them, prompts alike and strata by their traffic: what is missing of few repeats or of a
    small but busy stratum is more than its outputs.
    """

    offer_id: str
    category: str
    modality: Modality
    kind: FloorKind
    value: NDArray[np.float64]
    cluster: NDArray[np.intp]
    rater: NDArray[np.intp]
    n_clusters: int
    n_outputs: int
    n_missing: int
    n_asked: int
    n_raters: int
    laid: JudgedOutputs
    output: NDArray[np.intp]
    family: NDArray[np.intp]
    counts: Mapping[str, int] = field(default_factory=dict)
    weight: NDArray[np.float64] | None = None
    chosen: NDArray[np.bool_] | None = None
    unjudged: tuple[str, ...] = ()
    missing_share: float = 0.0

    @property
    def outputs(self) -> list[str]:
        """Id of the output of each value."""
        rows = self.laid.rows
        return [rows[i].output_id for i in self.output.tolist()]

    @property
    def families(self) -> list[str]:
        """Name of the family of each cluster."""
        return [self.laid.families[i] for i in self.family.tolist()]

    @property
    def prompt_shares(self) -> NDArray[np.float64]:
        """Share of each value where all prompts weigh the same."""
        return 1.0 / (self.n_clusters * np.bincount(self.cluster)[self.cluster])

    @property
    def size(self) -> float:
        """Prompts, as many as they would be if all weighed the same (Kish)."""
        if self.weight is None:
            return float(self.n_clusters)
        whole = np.bincount(self.cluster, weights=self.weight)
        return float(whole.sum() ** 2 / np.sum(whole**2))

    @cached_property
    def effective_raters(self) -> int:
        """`stats.effective_raters` of the cell's ratings, by their weight, to whole ones."""
        if not self.n_raters:
            return 0
        rated = self.rater != NO_RATER
        counting = None if self.weight is None else self.weight[rated]
        return round(stats.effective_raters(np.bincount(self.rater[rated], weights=counting)))

    @property
    def on_its_panel(self) -> bool:
        """Whether people judged it, and too few for a statement about raters in general."""
        return self.n_raters > 0 and self.effective_raters < stats.FEW_RATERS


def on_this_panel(n_raters: int) -> str:
    """Say whom a statement about so few raters is about.

    Examples
    --------
    >>> on_this_panel(3)
    'conditional on this panel of 3'
    """
    return f"conditional on this panel of {n_raters}"


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
    laid = lay_out(outputs)
    counts_as, counted = laid.counts_as(kind), laid.counted(kind)
    n_missing, n_absent = counted[_MISSING], counted[_ABSENT]
    scored, failed = counts_as == _SCORED, counts_as == _FAIL
    if missing_as_fail and n_missing:
        failed |= counts_as == _MISSING
    output, value, rater = _entered(laid, scored, failed)
    cluster, family = _numbered(laid.family[output], len(laid.families))
    cell = Cell(
        offer_id=offer_id,
        category=category,
        modality=modality,
        kind=kind,
        value=value if sign == 1.0 else np.where(value == FAIL, FAIL, sign * value),
        cluster=cluster,
        rater=rater,
        n_clusters=int(family.size),
        n_outputs=counted[_SCORED] + counted[_FAIL] + (n_missing if missing_as_fail else 0),
        n_missing=n_missing,
        n_asked=len(laid) - n_absent,
        n_raters=len(laid.raters),
        laid=laid,
        output=output,
        family=family,
        counts=_counts(laid, kind),
        missing_share=_missing_share(laid, counts_as, counted, traffic) if n_missing else 0.0,
    )
    return _weighed(cell, traffic) if traffic else cell


def _entered(
    laid: JudgedOutputs, scored: NDArray[np.bool_], failed: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
    """The output, value and rater code of each value that a cell has."""
    if laid.single:
        output = (scored | failed).nonzero()[0]
        value = np.full(output.size, FAIL)
        value[scored[output]] = laid.value[scored[laid.n_values > 0]]
        return output, value, np.full(output.size, NO_RATER, dtype=np.intp)
    entered = np.where(scored, laid.n_values, 0)
    entered[failed] = laid.votes
    output = np.repeat(np.arange(len(laid)), entered)
    value, rater = np.full(output.size, FAIL), np.full(output.size, NO_RATER, dtype=np.intp)
    of_scored, given = scored[output], np.repeat(scored, laid.n_values)
    value[of_scored], rater[of_scored] = laid.value[given], laid.rater[given]
    return output, value, rater


def _numbered(codes: NDArray[np.intp], n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number the codes that occur 0, 1, ... in their order; and which they are."""
    there = np.zeros(n, dtype=bool)
    there[codes] = True
    if there.all():
        return codes, np.arange(n)
    return (np.cumsum(there) - 1)[codes], np.flatnonzero(there)


def _counts(laid: JudgedOutputs, kind: FloorKind) -> dict[str, int]:
    """How many outputs ended in which way, and what else is to be counted of them."""
    counts = laid.ended(kind)
    for i in laid.unjudged(kind):
        counts[laid.rows[i].lacking or "unjudged"] += 1
    return dict(sorted(counts.items()))


def _missing_share(
    laid: JudgedOutputs,
    counts_as: NDArray[np.int8],
    counted: Counter[int],
    traffic: Mapping[str, float] | None,
) -> float:
    """Share that is missing, by outputs or by what they weigh: see `Cell`."""
    plain = counted[_MISSING] / (len(laid) - counted[_ABSENT])
    missing, absent = counts_as == _MISSING, counts_as == _ABSENT
    if traffic:
        return max(plain, _missing_of_traffic(laid, missing, ~absent, traffic))
    asked = np.bincount(laid.family)  # of each prompt; every prompt weighs the same
    asked -= np.bincount(laid.family[absent.nonzero()[0]], minlength=asked.size)
    lost = 1.0 / asked[laid.family[missing.nonzero()[0]]]
    return max(plain, round(float(lost.sum() / np.count_nonzero(asked)), 12))


def _missing_of_traffic(
    laid: JudgedOutputs,
    missing: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    traffic: Mapping[str, float],
) -> float:
    """Share that is missing where each stratum weighs as much as its traffic."""
    family = laid.family[asked]
    weight = 1.0 / np.bincount(family)[family]
    strata = np.array([row.stratum for row in laid.rows])[asked]
    for name in sorted(set(strata.tolist())):
        here = strata == name
        weight[here] *= traffic.get(name, 0.0) / weight[here].sum()
    whole = float(weight.sum())
    return round(float(weight[missing[asked]].sum()) / whole, 12) if whole > 0.0 else 0.0


def _weighed(cell: Cell, traffic: Mapping[str, float]) -> Cell:
    """Weigh a cell's values by a traffic mix."""
    if not cell.value.size:
        return cell
    strata = [cell.laid.rows[i].stratum for i in cell.output.tolist()]
    found = weigh(cell.cluster, strata, cell.families, traffic)
    return replace(cell, weight=found.weight, chosen=found.chosen, unjudged=found.unjudged)
