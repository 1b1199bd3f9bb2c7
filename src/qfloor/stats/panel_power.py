"""Chance of a certificate when a panel of so many raters judges, raters being drawn as prompts are.

There is no closed form: a cell is drawn many times, and judged by the rule that floors are. A
rating falls short where quality of prompt and output, noise and the rater's severity, all normal,
add up to less than a cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from qfloor.stats.binomial import check_share
from qfloor.stats.design import FAIL_ICC, RATER_ICC, planned_design_effect
from qfloor.stats.panel_rule import PanelRule

BoolArray = NDArray[np.bool_]

SEVERITY = 0.4
"""How raters' severity varies, in units of what prompts vary: as in published panels."""

DRAWS, _RATINGS = 1000, 5_000_000
"""Cells drawn, and the most ratings drawn in all, so that large designs take seconds too."""

_STEP = 250_000  # ratings drawn at a time


@dataclass(frozen=True, kw_only=True)
class SimulatedPower:
    """A chance found by simulation, and its standard error."""

    chance: float
    draws: int

    @property
    def error(self) -> float:
        """Standard error; never 0, as of one draw more either way."""
        p = (self.chance * self.draws + 1.0) / (self.draws + 2.0)
        return math.sqrt(p * (1.0 - p) / self.draws)


@dataclass(frozen=True, kw_only=True)
class LatentSpread:
    """Standard deviations of what adds up to a rating, whose variance is 1."""

    prompt: float
    output: float
    rater: float
    noise: float


def power_with_raters(
    fail_rate: float,
    alpha: float,
    *,
    prompts: int,
    raters: int,
    repeats: int = 1,
    votes: int = 1,
    max_fail: float = 0.25,
    fail_icc: float = FAIL_ICC,
    rater_icc: float = RATER_ICC,
    severity: float = SEVERITY,
    draws: int | None = None,
) -> SimulatedPower:
    """Probability of a certificate on ratings by ``raters`` people, who rate in turn.

    Parameters
    ----------
    fail_rate : float
        True fail rate over all raters who might have been asked, in [0, 1].
    alpha, max_fail : float
        Error probability and tolerated fail rate, strictly between 0 and 1.
    prompts, raters : int
        At least 1.
    repeats, votes, fail_icc, rater_icc
        As in `planned_design_effect`; no more votes than raters.
    severity : float
        Standard deviation of raters' severity, in that of prompts; at least 0.
    draws : int, optional
        Cells to draw, at least 1; by default 1,000, and fewer of more than 5,000 ratings each.
        The seed is fixed.

    Returns
    -------
    SimulatedPower

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Under six raters floors speak of their panel alone, and so does this: its certificates are of
    the panel's own fail rate.

    Examples
    --------
    >>> few, many = (power_with_raters(0.1, 0.05 / 12, prompts=107, raters=r) for r in (12, 107))
    >>> 0.1 < few.chance < 0.3, 0.8 < many.chance < 0.95
    (True, True)
    """
    check_share("alpha", alpha)
    check_share("max_fail", max_fail)
    planned_design_effect(repeats, votes, fail_icc, rater_icc)  # checks what it is made of
    if not 0.0 <= fail_rate <= 1.0:
        raise ValueError(f"fail_rate must lie in [0, 1], got {fail_rate!r}.")
    if draws is None:
        draws = min(DRAWS, max(50, _RATINGS // max(1, prompts * repeats * votes)))
    if min(prompts, raters, draws) < 1 or not 0.0 <= severity < math.inf:
        raise ValueError("prompts, raters and draws must be at least 1, severity at least 0.")
    if votes > raters:
        raise ValueError(f"{votes} ratings of an output take as many raters, got {raters}.")
    design = (prompts, repeats, votes, raters)
    return _simulated(
        float(fail_rate), float(alpha), design, float(max_fail), (fail_icc, rater_icc, severity),
        draws,
    )  # fmt: skip


@lru_cache(maxsize=1 << 12)
def _simulated(
    fail_rate: float,
    alpha: float,
    design: tuple[int, int, int, int],
    max_fail: float,
    alike: tuple[float, float, float],
    draws: int,
) -> SimulatedPower:
    """`power_with_raters` of checked arguments; cells of a benchmark ask for the same."""
    rng, spread = np.random.default_rng(0), latent_spread(fail_rate, *alike)
    prompts, repeats, votes, raters = design
    rule = PanelRule(
        prompts=prompts, each=repeats * votes, raters=raters, alpha=alpha, max_fail=max_fail
    )
    certified, step = 0, max(1, _STEP // (prompts * repeats * votes))
    for first in range(0, draws, step):
        fails = _drawn(rng, min(step, draws - first), design, spread, fail_rate)
        certified += int(np.count_nonzero(rule.certified(fails)))
    return SimulatedPower(chance=certified / draws, draws=draws)


def _drawn(
    rng: np.random.Generator,
    cells: int,
    design: tuple[int, int, int, int],
    spread: LatentSpread,
    fail_rate: float,
) -> BoolArray:
    """Whether each rating is a fail, shape (cells, ratings): prompt by prompt, then output."""
    prompts, repeats, votes, raters = design
    quality = spread.noise * rng.standard_normal((cells, prompts, repeats, votes))
    quality += spread.output * rng.standard_normal((cells, prompts, repeats, 1))
    quality += spread.prompt * rng.standard_normal((cells, prompts, 1, 1))
    flat = quality.reshape(cells, -1)
    severities = spread.rater * rng.standard_normal((cells, raters))
    flat -= severities[:, np.arange(flat.shape[1]) % raters]
    return np.asarray(flat < special.ndtri(fail_rate))


def latent_spread(
    fail_rate: float, fail_icc: float, rater_icc: float, severity: float
) -> LatentSpread:
    """Spread with which fails are as alike as is said.

    Raters who differ cannot agree in full: where the correlations leave no room for severity,
    outputs, then prompts vary less.
    """
    prompt = min(_latent(fail_icc, fail_rate), 1.0 / (1.0 + severity**2))
    rater = severity**2 * prompt
    both = max(prompt, min(_latent(rater_icc, fail_rate), 1.0 - rater))
    noise = max(0.0, 1.0 - both - rater)
    return LatentSpread(
        prompt=math.sqrt(prompt),
        output=math.sqrt(both - prompt),
        rater=math.sqrt(rater),
        noise=math.sqrt(noise),
    )


@lru_cache(maxsize=1 << 12)
def _latent(correlation: float, rate: float) -> float:
    """Correlation of two normal qualities whose fails are so correlated at a fail rate."""
    if not 0.0 < correlation < 1.0 or not 0.0 < rate < 1.0:
        return correlation
    cut, wanted = special.ndtri(rate), rate**2 + correlation * rate * (1.0 - rate)
    u = np.linspace(-8.5, 8.5, 2001)
    weight = np.exp(-u * u / 2.0)
    weight /= weight.sum()

    def excess(rho: float) -> float:
        one = special.ndtr((cut - math.sqrt(rho) * u) / math.sqrt(1.0 - rho))
        return float(weight @ one**2) - wanted

    top = 1.0 - 1e-4
    return top if excess(top) <= 0.0 else float(optimize.brentq(excess, 0.0, top))
