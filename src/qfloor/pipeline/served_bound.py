"""The bound of what a policy serves: prompts and raters both drawn, by the rule of floors.

What is served comes from many offers and is held to the threshold of each prompt's own category.
So every rating is first turned into passed or failed, and these go into a floor's cell: where
enough people judged, their severity enters the variance as it does there (`floors.bounds`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qfloor.floors import Judged
from qfloor.floors.bounds import bound_cell
from qfloor.floors.cells import Cell, build_cell
from qfloor.pipeline.replay_outputs import Made, fail_share, upper_by_prompts
from qfloor.records import Prompt, Status

PASSED = 1.0
NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Rate and upper bound of the share that falls short, and the rule they are by.

    ``panel`` counts raters, where they are too few for a statement about others.
    """

    rate: float | None
    upper: float | None
    rule: str
    panel: int = 0


def verdicts(prompt: Prompt, made: Made | None, threshold: float) -> tuple[Judged, ...]:
    """Turn what people said of a served prompt into passed (1) and failed (0).

    As in the rate (`Made.fails`), outputs that nobody judged are left out beside others of their
    prompt; a prompt of which nothing was judged gets one without a verdict.
    """
    family = prompt.family or prompt.digest
    outputs = () if made is None else made.outputs
    judged = tuple(
        replace(output, family=family, values=tuple(float(v >= threshold) for v in output.values))
        for output in outputs
        if fail_share(output, threshold) is not None
    )
    nothing = Judged(
        output_id=f"{NOBODY} {prompt.digest}", family=family, repeat=0, status=Status.MADE
    )
    return judged or (nothing,)


def bound_of(served: Sequence[Sequence[Judged]], level: float) -> Bound:
    """Bound the share of prompts, or of their ratings, that falls short.

    Parameters
    ----------
    served : sequence of sequence of Judged
        Of every prompt its outputs, as `verdicts` gives them. Without a verdict is a fail.
    level : float
        Error probability, one-sided.

    Returns
    -------
    Bound
        Of the mean over prompts. Where families hold unequally many, it is at least the bound
        that draws families alone.
    """
    outputs = [output for prompt in served for output in prompt]
    if not outputs:
        return Bound(rate=None, upper=None, rule="nothing was served")
    cell = build_cell("policy", "all", "image", "delivered", outputs, missing_as_fail=True)
    weighed = _by_prompts(cell, served)
    bounds = bound_cell(weighed, level)
    upper = bounds.upper(PASSED, level)
    if weighed.weight is not None:
        upper = max(upper, upper_by_prompts(_by_family(served), 1.0 - level))
    panel = cell.n_raters if cell.on_its_panel else 0
    return Bound(rate=bounds.rate(PASSED), upper=upper, rule=bounds.rule, panel=panel)


def _by_prompts(cell: Cell, served: Sequence[Sequence[Judged]]) -> Cell:
    """Let every prompt count alike, also where families hold unequally many of them."""
    if max(Counter(prompt[0].family for prompt in served).values()) == 1:
        return cell
    place = {output.output_id: n for n, prompt in enumerate(served) for output in prompt}
    of_prompt = np.array([place[name] for name in cell.outputs])
    return replace(cell, weight=1.0 / np.bincount(of_prompt)[of_prompt])


def _by_family(served: Sequence[Sequence[Judged]]) -> list[list[float]]:
    """Share of fails of each prompt, family by family."""
    found: dict[str, list[float]] = {}
    for prompt in served:
        said = (fail_share(output, PASSED) for output in prompt)
        shares = [1.0 if share is None else share for share in said]
        found.setdefault(prompt[0].family, []).append(float(np.mean(shares)))
    return list(found.values())
