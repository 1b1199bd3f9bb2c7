"""A reference offer's lower quantile from above, and offers beside it prompt by prompt.

"As good as the reference, less a margin" needs the reference's quantile from above: with its
lower bound, as floors publish it, a certificate would say that an offer is about as good as the
reference can be shown to be, which may be much worse than it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qfloor import stats
from qfloor.counting import several
from qfloor.floors.bounds import bound_cell
from qfloor.floors.cells import build_cell
from qfloor.floors.first import first_values
from qfloor.floors.judged import Judged
from qfloor.floors.missing import MISSING_TOLERATED
from qfloor.records import Modality


@dataclass(frozen=True, kw_only=True)
class ReferenceQuantile:
    """A reference's quantile with its upper bound at ``1 - level``, or why there is none."""

    upper: float | None
    estimate: float | None
    n_prompts: int
    n_outputs: int
    n_values: int
    n_raters: int | None
    n_missing: int
    on_panel: bool
    decided_by: str
    reason: str


def reference_quantile(
    outputs: Sequence[Judged],
    modality: Modality,
    *,
    level: float,
    max_fail: float = 0.25,
    traffic: Mapping[str, float] | None = None,
) -> ReferenceQuantile:
    """Bound an offer's quantile from above: the largest threshold that is not rejected.

    Parameters
    ----------
    outputs : sequence of Judged
        Of the reference, on prompts that do not certify; higher values are better.
    modality : str
    level : float
        Probability that the true quantile lies above the bound, in (0, 0.5).
    max_fail : float
        Which quantile: 0.25 for the lower quartile.
    traffic : mapping of str to float, optional
        Share of each stratum, as for floors.

    Returns
    -------
    ReferenceQuantile
        Without a bound when too much is missing to know it, too few prompts were judged, or more
        than ``max_fail`` of its outputs fail outright, so that it has no quantile.
    """
    cell = build_cell("", "", modality, "delivered", outputs, traffic=traffic)
    people = cell.n_raters or None
    upper = estimate = None
    decided_by, reason = "", ""
    if not cell.value.size:
        reason = "the reference has no judged output on prompts of the fit split"
    elif cell.missing_share > MISSING_TOLERATED or cell.unjudged:
        reason = f"{cell.missing_share:.1%} of the reference's outputs are missing"
    else:
        bounds = bound_cell(cell, level)
        decided_by = bounds.rule
        estimate = stats.quantile_inverted_cdf(cell.value, max_fail, bounds.weights)
        upper = bounds.limits(max_fail).rejected_above
        if upper is None:
            reason = (
                f"{several(cell.n_clusters, 'prompt is', 'prompts are')} too few to "
                "bound the reference from above"
            )
        elif not math.isfinite(upper):
            upper, reason = None, f"more than {max_fail:.0%} of the reference's outputs fail"
    return ReferenceQuantile(
        upper=upper,
        estimate=estimate,
        n_prompts=cell.n_clusters,
        n_outputs=cell.n_outputs,
        n_values=int(cell.value.size),
        n_raters=people,
        n_missing=cell.n_missing,
        on_panel=cell.on_its_panel,
        decided_by=decided_by,
        reason=reason,
    )


@dataclass(frozen=True, kw_only=True)
class PairedShortfall:
    """On how many prompts an offer falls short of the reference by more than a margin.

    One value a prompt of each, drawn without looking; ``upper`` is exact at ``1 - alpha``.
    """

    n_prompts: int
    below: int
    share: float
    upper: float


def paired_shortfall(
    outputs: Sequence[Judged],
    reference: Sequence[Judged],
    modality: Modality,
    *,
    margin: float,
    alpha: float,
) -> PairedShortfall | None:
    """Compare an offer with a reference prompt by prompt; None without a common prompt.

    A shortfall is a value below the reference's less ``margin``. An offer that failed outright
    falls short of every reference that did not; nothing falls short of a reference that did.
    """
    mine, theirs = first_values(outputs, modality), first_values(reference, modality)
    both = sorted(mine.keys() & theirs.keys())
    if not both:
        return None
    below = sum(mine[family] < theirs[family] - margin for family in both)
    upper = stats.clopper_pearson_upper(below, len(both), alpha)
    return PairedShortfall(n_prompts=len(both), below=below, share=below / len(both), upper=upper)
