"""Live audit: is what we serve still good enough, and can people still not tell? At any moment.

Two streams, each with a bound that holds however often one looks: fails of served outputs, and
net discriminability of routed against reference. A limit was set beforehand; once a bound crosses
it there is an alarm, with an error probability that counts all looks ever taken. Bounds are about
the period watched: after a change of policy start a new watch.

It takes votes one by one and knows nothing of traffic, budgets or stores.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from qfloor import stats
from qfloor.abtest.answers import REFERENCE, ROUTED, Answer
from qfloor.abtest.votes import preferred

Standing = Literal["alarm", "within the limit", "open"]


@dataclass(frozen=True, kw_only=True)
class WatchState:
    """What is known at this moment.

    ``lower`` and ``upper`` are one-sided bounds, each valid at any time at ``1 - alpha``.
    ``standing`` is ``alarm`` once the lower bound lies above the limit, ``within the limit`` once
    the upper one does not, ``open`` between.
    """

    what: str
    n: int
    value: float | None
    lower: float
    upper: float
    limit: float
    alpha: float
    standing: Standing

    @property
    def sentence(self) -> str:
        """Say it for people."""
        if self.value is None:
            return f"{self.what}: nothing seen yet, the limit is {100 * self.limit:g} %."
        found = (
            f"{self.what} {100 * self.value:.1f} % in {self.n} (at any time between "
            f"{100 * self.lower:.1f} % and {100 * self.upper:.1f} %)"
        )
        told = {
            "alarm": f"ALARM: {found}, above the limit of {100 * self.limit:g} %.",
            "within the limit": f"{found}, within the limit of {100 * self.limit:g} %.",
            "open": f"{found}; whether it is within the limit of {100 * self.limit:g} % is open.",
        }
        return told[self.standing]


class _Watch:
    """A limit set beforehand, and a bound that holds however often one looks."""

    def __init__(self, limit: float, alpha: float = 0.05) -> None:
        if not 0.0 < limit < 1.0:
            raise ValueError(f"limit must lie strictly between 0 and 1, got {limit!r}.")
        self.limit = limit
        self._bound = stats.AnytimeBound(alpha)


class FailWatch(_Watch):
    """Anytime-valid watch of the fail rate of served outputs.

    Parameters
    ----------
    limit : float
        Fail rate that must not be exceeded, strictly between 0 and 1.
    alpha : float
        Chance of a false alarm over the whole stream.

    Examples
    --------
    >>> watch = FailWatch(limit=0.25)
    >>> for failed in [1.0] * 20:
    ...     _ = watch.update(failed)
    >>> watch.state.standing
    'alarm'
    """

    def update(self, fail_share: float) -> FailWatch:
        """Take the share of raters (or 0 and 1) that call the next served output a fail."""
        self._bound.update(fail_share)
        return self

    @property
    def state(self) -> WatchState:
        """What is known now."""
        bound = self._bound
        return _state("served fail rate", bound, bound.mean, (bound.lower, bound.upper), self.limit)


class DiscriminabilityWatch(_Watch):
    """Anytime-valid watch of net discriminability: chose the reference less chose the routed side.

    Parameters
    ----------
    limit : float
        Net discriminability that must not be exceeded, the plan's ``pd0``.
    alpha : float
        Chance of a false alarm over the whole stream.

    Examples
    --------
    >>> watch = DiscriminabilityWatch(limit=0.1)
    >>> for choice in [1, 0, 1, 1] * 25:
    ...     _ = watch.update(choice)
    >>> watch.state.standing
    'alarm'
    """

    def update(self, choice: int) -> DiscriminabilityWatch:
        """Take the next vote: +1 for the reference, -1 for the routed side, 0 for neither."""
        if choice not in (-1, 0, 1):
            raise ValueError(f"choice must be 1, 0 or -1, got {choice!r}.")
        self._bound.update((1 + choice) / 2)
        return self

    def take(self, answers: Iterable[Answer]) -> DiscriminabilityWatch:
        """Take test trials of unblinded answers, pair by pair; others say nothing of arms."""
        said: dict[str, list[int]] = {}
        for answer in answers:
            arms = {answer.left_arm, answer.right_arm}
            if answer.kind == "test" and answer.response != "skip" and arms == {ROUTED, REFERENCE}:
                said.setdefault(answer.pair_id, []).append(preferred(answer))
        for votes in said.values():  # a pair's votes are alike: together they are one bet
            self._bound.update((1 + sum(votes) / len(votes)) / 2)
        return self

    @property
    def state(self) -> WatchState:
        """What is known now."""
        bound = self._bound
        net = None if bound.mean is None else 2.0 * bound.mean - 1.0
        ends = 2.0 * bound.lower - 1.0, 2.0 * bound.upper - 1.0
        return _state("net discriminability", bound, net, ends, self.limit)


def _state(
    what: str,
    bound: stats.AnytimeBound,
    value: float | None,
    ends: tuple[float, float],
    limit: float,
) -> WatchState:
    standing: Standing = "open"
    if ends[0] > limit:
        standing = "alarm"
    elif ends[1] <= limit:
        standing = "within the limit"
    return WatchState(
        what=what,
        n=bound.n,
        value=value,
        lower=ends[0],
        upper=ends[1],
        limit=limit,
        alpha=bound.alpha,
        standing=standing,
    )
