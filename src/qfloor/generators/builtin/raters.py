"""Simulated raters: they look at an output's defect log and say how good it is.

A rater reads the log and nothing else: no metric, no pixel, no name of a painter, no declared
skill. Each has a bias, a noise and an idea of what is usable. The panel's noise-free mean of an
output is its `true_quality`, which measured floors are checked against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from qfloor.generators.builtin.defects import Defect
from qfloor.generators.builtin.world.phrases import Rng

LO, HI = 0.0, 10.0
FLAWLESS = 9.2

DAMAGE: dict[str, float] = {  # share of the quality that severity 1 takes away
    "missing object": 0.85,
    "swapped relation": 0.6,
    "wrong count": 0.6,
    "wrong colour": 0.6,
    "wrong attribute": 0.65,
    "misspelt lettering": 0.8,
    "wrong direction": 0.7,
    "frozen motion": 0.8,
    "flicker": 0.75,
    "blur": 0.85,
    "noise": 0.85,
    "blockiness": 0.85,
    "overexposure": 0.85,
}


@dataclass(frozen=True, kw_only=True)
class Rater:
    """One simulated person: shift and spread in points, and the least that is usable."""

    id: str
    bias: float
    noise: float
    usable_from: float


@dataclass(frozen=True, kw_only=True)
class Judgment:
    """What a rater said of one output: 0 to 10 in steps of 0.1, and fit for production or not."""

    value: float
    usable: bool


# Raters come in pairs whose biases cancel, the unbiased pair first, so that a panel of any size
# has the true quality as its mean; pairs are ordered so that small panels spread like large ones.
_BIASES = (
    0.0, 0.45, 0.25, 0.35, 0.1, 0.6, 0.15, 0.4, 0.2, 0.5,
    0.05, 0.3, 0.55, 0.1, 0.35, 0.25, 0.45, 0.15, 0.3, 0.35,
)  # fmt: skip
_NOISES = (0.45, 0.6, 0.5, 0.55, 0.4, 0.65, 0.5, 0.6, 0.45, 0.55, 0.5, 0.4, 0.6, 0.5)
RATERS: tuple[Rater, ...] = tuple(
    Rater(
        id=f"simulated-{n:02d}",
        bias=bias,
        noise=_NOISES[(n - 1) % len(_NOISES)],
        usable_from=6.0 + 0.1 * ((n * 5) % 11),
    )
    for n, bias in enumerate((signed for b in _BIASES for signed in (0.0 - b, b)), start=1)
)


def panel_of(n: int) -> tuple[Rater, ...]:
    """Give a panel of ``n`` simulated raters whose biases sum to nought.

    Parameters
    ----------
    n : int
        How many, 1 to ``len(RATERS)``.

    Raises
    ------
    ValueError
        When there are not so many.

    Examples
    --------
    >>> [rater.bias for rater in panel_of(3)]
    [0.0, -0.45, 0.45]
    """
    if not 1 <= n <= len(RATERS):
        raise ValueError(f"a simulated panel has 1 to {len(RATERS)} raters, not {n}")
    return RATERS[:n] if n % 2 == 0 else RATERS[:1] + RATERS[2 : n + 1]


def true_quality(defects: Sequence[Defect], status: str = "made") -> float:
    """The panel's mean without noise: 9.2 when flawless, each defect taking its share.

    Parameters
    ----------
    defects : sequence of Defect
        The output's log.
    status : str
        A `qfloor.records.Status`; what was not made is worth 0.

    Examples
    --------
    >>> true_quality([])
    9.2
    >>> round(true_quality([Defect(name="wrong colour", severity=0.5)]), 2)
    6.44
    """
    if status != "made":
        return LO
    kept = math.prod(1 - DAMAGE[defect.name] * defect.severity for defect in defects)
    return FLAWLESS * kept


def rate(defects: Sequence[Defect], status: str, rater: Rater, rng: Rng) -> Judgment:
    """Let one rater judge one output.

    Parameters
    ----------
    defects : sequence of Defect
        The output's log, all that the rater sees.
    status : str
        A `qfloor.records.Status`; what was not made gets 0 and is not usable.
    rater : Rater
        Who looks.
    rng : Rng
        Seeded by output and rater, so that asking again gives the same answer.

    Returns
    -------
    Judgment
    """
    if status != "made":
        return Judgment(value=LO, usable=False)
    uniform = min(max(rng.random(), 1e-12), 1 - 1e-12)
    felt = true_quality(defects) + rater.bias + rater.noise * NormalDist().inv_cdf(uniform)
    value = round(min(max(felt, LO), HI), 1)
    return Judgment(value=value, usable=value >= rater.usable_from)
