"""Sessions whose truth is known: what an analysis is checked against, and what a plan is tried on.

A world says how often a difference is there to see, how large it is, and what kind of people
look: those who choose though they see nothing, favour a side, click through, or disagree. From it
come votes in any number, and the true value of each estimand, computed and not simulated.

Nothing here reads a real session.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qfloor.abtest.answers import INTACT, REFERENCE, ROUTED, SPOILT, Answer, Kind, Response

FloatArray = NDArray[np.float64]

_RESPONSES: tuple[Response, ...] = ("left", "none", "right")


@dataclass(frozen=True, kw_only=True)
class World:
    """What is true of pairs and people.

    Attributes
    ----------
    visible : float
        Share of pairs in which the reference is better to the eye.
    seen : float
        Chance that a rater sees it in such a pair.
    worse : float
        Share of pairs in which the routed side is the better one.
    minor : float
        Of visible pairs, the share that are minor: a gap below 1 and usable.
    false_alarm : float
        Chance to choose a side where nothing is seen.
    false_alarm_spread : float
        How far that differs between raters: its standard deviation.
    seen_spread : float
        The same of ``seen``.
    left_bias : float
        Chance that such a choice falls on the left; .5 favours no side.
    lazy : float
        Share of raters who click at random and fast.
    """

    visible: float = 0.0
    seen: float = 0.8
    worse: float = 0.0
    minor: float = 0.6
    false_alarm: float = 0.05
    false_alarm_spread: float = 0.0
    seen_spread: float = 0.0
    left_bias: float = 0.5
    lazy: float = 0.0

    @property
    def chosen_by_chance(self) -> float:
        """Chance that a rater chooses a side where there is nothing to see (F0)."""
        return (1.0 - self.lazy) * self.false_alarm + self.lazy * 2.0 / 3.0

    def _share(self, pairs: float) -> float:
        """Share of votes for one arm, when it is the better in this share of pairs."""
        saw = (1.0 - self.lazy) * self.seen * pairs
        other = (1.0 - self.lazy) * self.seen * (self.visible + self.worse)
        return saw + (1.0 - self.lazy - other) * self.false_alarm / 2.0 + self.lazy / 3.0

    @property
    def detected(self) -> float:
        """True share of votes for the reference (D)."""
        return self._share(self.visible)

    @property
    def wrong_way(self) -> float:
        """True share of votes for the routed side (W)."""
        return self._share(self.worse)

    @property
    def net(self) -> float:
        """True net discriminability, D - W."""
        return self.detected - self.wrong_way

    @property
    def corrected(self) -> float:
        """True share detected beyond false alarms."""
        alarm = self.chosen_by_chance / 2.0
        return (self.detected - alarm) / (1.0 - alarm)

    @property
    def material(self) -> float:
        """True share of all votes that detect a loss that matters."""
        in_visible = self.seen + (1.0 - self.seen) * self.false_alarm / 2.0
        vote = (1.0 - self.lazy) * in_visible + self.lazy / 3.0
        return self.visible * (1.0 - self.minor) * vote

    @property
    def minor_share(self) -> float:
        """True share of detections that are minor; false alarms have nothing to be bad."""
        return 1.0 - self.material / self.detected if self.detected else 1.0

    @property
    def mean_gap(self) -> float:
        """True mean of reference less routed score: .5 in minor, 2 in other visible pairs."""
        return (self.visible - self.worse) * (0.5 * self.minor + 2.0 * (1.0 - self.minor))


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How large a session is.

    Attributes
    ----------
    pairs, raters, votes : int
        Pairs of their own prompts, raters, votes on each pair (of different raters).
    audit_pairs, audit_votes : int
        Pairs that get more votes, and how many.
    placebo, catch, repeat : float
        Shares of a rater's test trials.
    categories : tuple of str
    ask_when_none : float
        Share of votes without a difference that are asked for scores.
    """

    pairs: int = 600
    raters: int = 30
    votes: int = 1
    audit_pairs: int = 0
    audit_votes: int = 15
    placebo: float = 0.05
    catch: float = 0.05
    repeat: float = 0.05
    categories: tuple[str, ...] = ("portrait", "landscape")
    ask_when_none: float = 0.10


def simulate(world: World, shape: Shape, rng: np.random.Generator) -> list[Answer]:
    """Hold a session in a world.

    Returns
    -------
    list of Answer
        Test trials, then placebos, catches and repeats.

    Raises
    ------
    ValueError
        When pairs are to get more votes than there are raters.

    Examples
    --------
    >>> held = simulate(World(visible=0.1), Shape(pairs=40, raters=8), np.random.default_rng(0))
    >>> sum(a.kind == "test" for a in held)
    40
    """
    if max(shape.votes, shape.audit_votes if shape.audit_pairs else 0) > shape.raters:
        raise ValueError("a pair cannot get more votes than there are raters.")
    room = _Room(world, shape, rng)
    pair, rater = _assigned(shape, rng)
    tests = room.votes("test", pair, rater)
    found = list(tests)
    for kind, share in (("placebo", shape.placebo), ("catch", shape.catch)):
        n = round(share * pair.size)
        if n:
            pairs = rng.integers(0, shape.pairs, n)
            found += room.votes(kind, pairs, rng.integers(0, shape.raters, n))  # type: ignore[arg-type]
    again = rng.permutation(pair.size)[: round(shape.repeat * pair.size)]
    return found + room.repeats([tests[i] for i in again], pair[again], rater[again])


def _assigned(shape: Shape, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which rater sees which pair: every pair its votes, of raters that have fewest so far."""
    order = rng.permutation(shape.pairs)
    votes = np.full(shape.pairs, shape.votes)
    votes[order[: shape.audit_pairs]] = max(shape.votes, shape.audit_votes)
    pair = np.repeat(np.arange(shape.pairs), votes)
    start = rng.integers(shape.raters)
    return pair, (np.arange(pair.size) + start) % shape.raters


class _Room:
    """The people and pictures of one session."""

    def __init__(self, world: World, shape: Shape, rng: np.random.Generator) -> None:
        self.world, self.shape, self.rng = world, shape, rng
        # Exact counts of pairs would make votes more alike than a random draw of pairs is.
        draw = rng.random(shape.pairs)
        self.better = np.where(draw < world.visible, 1, 0)
        self.better[draw > 1.0 - world.worse] = -1
        self.minor = rng.random(shape.pairs) < world.minor
        self.alarm = self._people(world.false_alarm, world.false_alarm_spread)
        self.sees = self._people(world.seen, world.seen_spread)
        self.lazy = rng.random(shape.raters) < world.lazy
        self.n_trials = 0

    def _people(self, mean: float, spread: float) -> FloatArray:
        """A chance for each rater, from a beta distribution with this mean and spread."""
        if spread <= 0.0 or not 0.0 < mean < 1.0:
            return np.full(self.shape.raters, mean)
        size = mean * (1.0 - mean) / spread**2 - 1.0
        return self.rng.beta(mean * size, (1.0 - mean) * size, self.shape.raters)

    def votes(self, kind: Kind, pair: NDArray[np.intp], rater: NDArray[np.intp]) -> list[Answer]:
        """Let raters look at pairs and answer."""
        swapped = self.rng.random(pair.size) < 0.5  # the better side is on the left
        better = {
            "test": self.better[pair], "repeat": self.better[pair], "catch": np.ones(pair.size, int)
        }.get(kind, np.zeros(pair.size, int))  # fmt: skip
        return self._answers(kind, pair, rater, swapped, better)

    def repeats(
        self, first: list[Answer], pair: NDArray[np.intp], rater: NDArray[np.intp]
    ) -> list[Answer]:
        """Show trials again with sides swapped."""
        swapped = np.array([a.left_arm == ROUTED for a in first], dtype=bool)
        names = [a.trial_id for a in first]
        return self._answers("repeat", pair, rater, swapped, self.better[pair], names)

    def _answers(
        self,
        kind: Kind,
        pair: NDArray[np.intp],
        rater: NDArray[np.intp],
        swapped: NDArray[np.bool_],
        better: NDArray[np.int_],
        repeat_of: list[str] | None = None,
    ) -> list[Answer]:
        side = self._sides(rater, np.where(swapped, -better, better), kind)
        choice = np.where(swapped, -side, side)
        gap, usable, asked = self._scores(pair, choice, better, kind)
        seconds = np.where(self.lazy[rater], 0.6, 3.0) * self.rng.lognormal(0.0, 0.4, pair.size)
        first = self.n_trials
        self.n_trials += pair.size
        return [
            _answer(
                kind, first + i, int(pair[i]), int(rater[i]), bool(swapped[i]), int(side[i]),
                (float(gap[i]), bool(usable[i])) if asked[i] else None, float(seconds[i]),
                self.shape, None if repeat_of is None else repeat_of[i],
            )
            for i in range(pair.size)
        ]  # fmt: skip

    def _sides(
        self, rater: NDArray[np.intp], better: NDArray[np.int_], kind: Kind
    ) -> NDArray[np.int_]:
        """Side chosen of each trial: -1, 0 or 1."""
        rng, n = self.rng, rater.size
        sees = 0.98 if kind == "catch" else self.sees[rater]
        seen = (rng.random(n) < sees) & (better != 0)
        guess = np.where(rng.random(n) < self.world.left_bias, -1, 1)
        side = np.where(rng.random(n) < self.alarm[rater], guess, 0)
        side = np.where(seen, better, side)
        return np.where(self.lazy[rater], rng.integers(-1, 2, n), side)

    def _scores(
        self,
        pair: NDArray[np.intp],
        choice: NDArray[np.int_],
        better: NDArray[np.int_],
        kind: Kind,
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """True gap with the rater's error, whether routed is usable, and whether it was asked."""
        size = np.where(self.minor[pair], 0.5, 2.0)
        gap = np.round(better * size + self.rng.normal(0.0, 0.15, pair.size), 1)
        usable = ~((better > 0) & ~self.minor[pair])
        asked = (choice != 0) | (self.rng.random(pair.size) < self.shape.ask_when_none)
        return gap, usable, asked & (kind in ("test", "repeat"))


def _answer(
    kind: Kind, n: int, pair: int, rater: int, swapped: bool, side: int,
    score: tuple[float, bool] | None, seconds: float, shape: Shape, repeat_of: str | None,
) -> Answer:  # fmt: skip
    arms = {"placebo": (ROUTED, ROUTED), "catch": (SPOILT, INTACT)}.get(kind, (ROUTED, REFERENCE))
    items = (f"x{pair}-a", f"x{pair}-a" if kind == "placebo" else f"x{pair}-b")
    scores: tuple[float | None, float | None] = (None, None)
    usable: tuple[bool | None, bool | None] = (None, None)
    if score is not None:
        scores = (round(7.5 - score[0] / 2.0, 1), round(7.5 - score[0] / 2.0 + score[0], 1))
        usable = (score[1], True)
    if swapped:
        arms, items, scores, usable = arms[::-1], items[::-1], scores[::-1], usable[::-1]
    return Answer(
        trial_id=f"t{n}",
        pair_id=f"x{pair}" if kind in ("test", "repeat") else f"x{pair}-{kind}",
        prompt_id=f"p{pair}",
        category=shape.categories[pair % len(shape.categories)],
        left_item=items[0],
        right_item=items[1],
        left_arm=arms[0],
        right_arm=arms[1],
        response=_RESPONSES[side + 1],
        left_score=scores[0],
        right_score=scores[1],
        left_usable=usable[0],
        right_usable=usable[1],
        rater_id=f"r{rater}",
        duration_ms=round(1000 * seconds),
        kind=kind,
        repeat_of=repeat_of,
        session_id="simulated",
    )
