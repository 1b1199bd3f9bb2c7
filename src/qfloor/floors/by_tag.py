"""Floors of the prompts that carry one challenge tag, or are in one language.

A certificate is about a category's mix of prompts; it says which tags and languages that mix
has, and this says how the offer does on each. The parts are small and looked at after the fact,
so they are for display: uncorrected, and never a verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from qfloor import stats
from qfloor.floors.bounds import CellBounds, bound_cell
from qfloor.floors.cells import Cell, build_cell
from qfloor.floors.compute import CellRequest
from qfloor.floors.judged import Judged, lay_out
from qfloor.floors.missing import MISSING_TOLERATED, MISSING_TOO_MUCH
from qfloor.records import FailRate, TagFloor

MAX_FAIL = 0.25
Facet = Literal["tag", "language"]


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Language and challenge tags of the prompt that an output was made for."""

    language: str
    tags: tuple[str, ...] = ()


def compute_tag_floors(request: CellRequest, labels: Mapping[str, Labels]) -> tuple[TagFloor, ...]:
    """Compute the delivered floor of each tag and each language of a cell.

    Parameters
    ----------
    request : CellRequest
        The cell; its family's level before correction is what is used here.
    labels : mapping of str to Labels
        By output id, for every output of the request.

    Returns
    -------
    tuple of TagFloor
        Tags first, then languages, by name; an output with two tags is in two of them. Where all
        prompts share one language, its floor is the cell's at the uncorrected level.
    """
    return compute_all_tag_floors([request], labels)


def compute_all_tag_floors(
    requests: Iterable[CellRequest], labels: Mapping[str, Labels]
) -> tuple[TagFloor, ...]:
    """`compute_tag_floors` of many cells, one after the other, and faster."""
    parts = [part for request in requests for part in _parts(request, labels)]
    stats.look_up(
        bounds.asked_to_certify(MAX_FAIL, [part.sign * value for value in part.values])
        for part in parts
        for bounds in part.bounds
    )
    return tuple(_tag_floor(part) for part in parts)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Outputs of a cell that share a label, and their bounds: none of nothing.

    Where outputs are missing, the second bounds are those of the worst case.
    """

    request: CellRequest
    facet: Facet
    label: str
    cell: Cell
    bounds: tuple[CellBounds, ...]

    @property
    def sign(self) -> float:
        """-1 where lower is better."""
        return 1.0 if self.request.direction == "higher" else -1.0

    @property
    def values(self) -> list[float]:
        """Thresholds of all tiers."""
        return sorted({t.value for t in self.request.thresholds})


def _parts(request: CellRequest, labels: Mapping[str, Labels]) -> Iterator[_Part]:
    """Parts of a cell by tag, then by language."""
    laid = lay_out(request.outputs)
    found: dict[tuple[Facet, str], list[int]] = defaultdict(list)
    for at, output in enumerate(laid):
        its = labels[output.output_id]
        found["language", its.language].append(at)
        for tag in its.tags:
            found["tag", tag].append(at)
    for (facet, label), places in sorted(found.items(), key=lambda p: (p[0][0] != "tag", p[0][1])):
        yield _part(request, facet, label, laid.part(np.array(places, dtype=np.intp)))


def _part(request: CellRequest, facet: Facet, label: str, outputs: Sequence[Judged]) -> _Part:
    place = (request.offer_id, request.category, request.modality)
    sign = 1.0 if request.direction == "higher" else -1.0
    cell = build_cell(*place, "delivered", outputs, sign=sign)
    cells = [cell]
    if cell.missing_share > MISSING_TOLERATED:
        cells.append(build_cell(*place, "delivered", outputs, sign=sign, missing_as_fail=True))
    bounds = [bound_cell(c, request.family.alpha) for c in cells] if cell.value.size else []
    return _Part(request=request, facet=facet, label=label, cell=cell, bounds=tuple(bounds))


def _tag_floor(part: _Part) -> TagFloor:
    request, cell, bounds, sign = part.request, part.cell, part.bounds, part.sign
    low, reason = _certified_to(cell, bounds, request.family.alpha)
    return TagFloor(
        offer_id=request.offer_id,
        category=request.category,
        modality=request.modality,
        quality=request.quality.id,
        facet=part.facet,
        label=part.label,
        n_prompts=cell.n_clusters,
        n_outputs=cell.n_outputs,
        n_values=int(cell.value.size),
        fail_rates=tuple(_fail_rates(part)) if bounds else (),
        q25=_signed(bounds[0].path.quantile(MAX_FAIL), sign) if bounds else None,
        q25_lo=_signed(low, sign),
        alpha=request.family.alpha,
        bound=bounds[0].rule if bounds else "",
        reason=reason,
    )


def _certified_to(
    cell: Cell, bounds: Sequence[CellBounds], alpha: float
) -> tuple[float | None, str]:
    """Largest threshold certified at the cell's level, or None and why."""
    needed = stats.min_prompts(alpha, MAX_FAIL)
    if cell.n_clusters < needed:
        return None, f"too few prompts (needs {needed})"
    if cell.missing_share > MISSING_TOO_MUCH:
        return None, "too much missing"
    found = [b.certified_to(MAX_FAIL) for b in bounds]
    if any(t is None for t in found):
        return None, "no threshold can be certified"
    return min(t for t in found if t is not None), ""


def _fail_rates(part: _Part) -> Iterator[FailRate]:
    for value in part.values:
        rates = [b.fail_rate(part.sign * value) for b in part.bounds]
        yield replace(rates[0], threshold=value, upper=max(r.upper for r in rates))


def _signed(value: float | None, sign: float) -> float | None:
    return None if value is None else sign * value
