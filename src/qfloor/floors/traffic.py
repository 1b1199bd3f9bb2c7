"""Weights of a cell's values under a team's own traffic mix, and prompts thinned to that mix.

A stratum's traffic is spread evenly over its prompts. Two things are made of the weights. The
weights themselves go to Korn-Graubard, with Kish's variance. And each prompt is kept with a
chance in proportion to its weight: what is kept is a plain sample of the traffic, so that the
exact bound and bets, which count prompts alike, stay exact (decision 0011). Chance is a hash of the
prompt's family, drawn without looking at scores and the same for every offer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qfloor.records import digest_of

_EVEN = 1e-12


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """Weights of values (adding up to 1) and which of them stand for the thinned prompts.

    Both are None where all prompts weigh the same: then nothing is weighted, and nothing thinned.
    ``unjudged`` names strata that have traffic and no value: nothing can be said of the mix.
    """

    weight: NDArray[np.float64] | None
    chosen: NDArray[np.bool_] | None
    unjudged: tuple[str, ...] = ()


def weigh(
    cluster: NDArray[np.intp],
    strata: Sequence[str],
    families: Sequence[str],
    traffic: Mapping[str, float],
) -> Weighed:
    """Weigh values so that each stratum has its share of the traffic.

    Parameters
    ----------
    cluster : ndarray of int, shape (values,)
        Code of the prompt family of each value.
    strata : sequence of str, shape (values,)
        Stratum of the prompt of each value.
    families : sequence of str, shape (clusters,)
        Name of each family: what its chance of being kept is drawn from.
    traffic : mapping of str to float
        Positive share of each stratum; need not add up to 1.

    Returns
    -------
    Weighed
    """
    names = sorted(traffic)
    code = np.array([names.index(s) for s in strata], dtype=np.intp)
    share = 1.0 / np.bincount(cluster)[cluster]
    prompts = np.bincount(code, weights=share, minlength=len(names))
    asked = np.array([traffic[name] for name in names], dtype=np.float64)
    judged = prompts > 0.0
    per_prompt = np.where(judged, asked / np.where(judged, prompts, 1.0), 0.0)
    weight = share * per_prompt[code] / asked[judged].sum()
    unjudged = tuple(n for n, there in zip(names, judged, strict=True) if not there)
    if np.ptp(per_prompt[judged]) <= _EVEN * per_prompt.max():
        return Weighed(weight=None, chosen=None, unjudged=unjudged)
    return Weighed(weight=weight, chosen=_thinned(cluster, weight, families), unjudged=unjudged)


def _thinned(
    cluster: NDArray[np.intp], weight: NDArray[np.float64], families: Sequence[str]
) -> NDArray[np.bool_]:
    """Keep families by chance in proportion to their weight, and of each one value likewise."""
    whole = np.bincount(cluster, weights=weight)
    chosen = np.zeros(cluster.size, dtype=bool)
    for family, name in enumerate(families):
        keep, which = _chances(name)
        if keep * whole.max() < whole[family]:
            rows = np.flatnonzero(cluster == family)
            at = np.searchsorted(np.cumsum(weight[rows]), which * whole[family], side="right")
            chosen[rows[min(int(at), rows.size - 1)]] = True
    return chosen


def _chances(family: str) -> tuple[float, float]:
    """Draw two numbers in [0, 1) by the hash of a family's name."""
    drawn = digest_of(["traffic", family], 32)
    return int(drawn[:16], 16) / 2.0**64, int(drawn[16:], 16) / 2.0**64
