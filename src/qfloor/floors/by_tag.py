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
from qfloor.floors.compute import CellRequest, counted_bounds
from qfloor.floors.family import FamilyPlan
from qfloor.floors.judged import Judged, lay_out
from qfloor.floors.missing import CountedBounds
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
        case.asked_to_certify(MAX_FAIL, [part.request.sign * value for value in part.values])
        for part in parts
        if not part.is_empty
        for case in part.bounds.cases
    )
    return tuple(_tag_floor(part) for part in parts)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Outputs of a cell that share a label, as a cell that is judged alone, and its bounds."""

    request: CellRequest
    facet: Facet
    label: str
    bounds: CountedBounds

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it counts: then there is nothing to bound."""
        return not self.bounds.cell.value.size

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
    family = FamilyPlan(name=label, m=1, alpha=request.family.alpha)
    alone = replace(request, outputs=outputs, family=family, traffic=None, predicted=None)
    bounds = counted_bounds(alone, "delivered")
    return _Part(request=alone, facet=facet, label=label, bounds=bounds)


def _tag_floor(part: _Part) -> TagFloor:
    request, cell, release = part.request, part.bounds.cell, part.bounds.release
    low, reason = _certified_to(part)
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
        fail_rates=() if part.is_empty else tuple(_fail_rates(part)),
        q25=None if part.is_empty else _signed(release.path.quantile(MAX_FAIL), request.sign),
        q25_lo=_signed(low, request.sign),
        alpha=request.family.alpha,
        bound="" if part.is_empty else release.rule,
        reason=reason,
    )


def _certified_to(part: _Part) -> tuple[float | None, str]:
    """Largest threshold certified at the cell's level, or None and why."""
    needed = stats.min_prompts(part.request.family.alpha, MAX_FAIL)
    if part.bounds.cell.n_clusters < needed:
        return None, f"too few prompts (needs {needed})"
    if part.bounds.too_much_missing:
        return None, "too much missing"
    found = part.bounds.certified_to(MAX_FAIL)
    return found, "" if found is not None else "no threshold can be certified"


def _fail_rates(part: _Part) -> Iterator[FailRate]:
    for value in part.values:
        yield replace(part.bounds.fail_rate(part.request.sign * value), threshold=value)


def _signed(value: float | None, sign: float) -> float | None:
    return None if value is None else sign * value
