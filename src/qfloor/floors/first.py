"""One value a prompt, chosen without looking: what comparisons between rounds rest on."""

from __future__ import annotations

from collections.abc import Sequence

from qfloor.floors.cells import build_cell
from qfloor.floors.judged import Judged
from qfloor.records import Modality


def first_values(
    outputs: Sequence[Judged], modality: Modality, *, sign: float = 1.0
) -> dict[str, float]:
    """Take the value that stands for each prompt family in the exact bound.

    Parameters
    ----------
    outputs : sequence of Judged
        Of one offer in one category.
    modality : str
    sign : float
        -1 where lower is better.

    Returns
    -------
    dict of str to float
        By family; higher is better, ``-inf`` for what failed outright. Families without a
        value (missing) are left out.
    """
    by_family: dict[str, list[Judged]] = {}
    for output in outputs:
        by_family.setdefault(output.family, []).append(output)
    cells = {
        family: build_cell("", "", modality, "delivered", own, sign=sign).value
        for family, own in sorted(by_family.items())
    }
    return {family: float(values[0]) for family, values in cells.items() if values.size}
