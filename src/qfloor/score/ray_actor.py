"""What runs on a Ray node: scorers built once, then parcel after parcel of batches.

A parcel comes as bytes and goes back as bytes: outputs and prompts in, scores out. Media never
pass through Ray; an actor reads them where they lie. What stands in an actor's way (a package, a
disk that this node does not see) goes back as an error to be told, and no row is written for it.
What this module does not know: the store, and Ray.
"""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from qfloor import plugins
from qfloor.errors import PlaceError, QfloorError, ScoringError
from qfloor.records import PluginSpec
from qfloor.score.engine import Batch, in_lanes
from qfloor.score.scoring import Decode, Found, Scoring, Work
from qfloor.scorers.lanes import CORES
from qfloor.scorers.protocol import Scorer

Answer = tuple[int, Found]
"""The number of a batch, and what it found."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How an actor comes to score exactly what the driver would.

    ``scorers`` are specs, or scorers themselves where they were not built from one; ``keys`` are
    the identities they must have here too; ``probe`` is an output whose media must be in reach.
    """

    scorers: tuple[PluginSpec | Scorer, ...]
    keys: tuple[str, ...]
    decode: Decode
    lanes: int
    probe: Work | None

    def build(self) -> Scoring:
        """Build the scorers and make sure that they and the media are the driver's.

        Raises
        ------
        QfloorError
            Names this node and what it lacks.
        """
        built = [plugins.build_scorer(s) if isinstance(s, PluginSpec) else s for s in self.scorers]
        keys = tuple(metric.key for scorer in built for metric in scorer.metrics)
        if keys != self.keys:
            other = next(k for k in keys + self.keys if (k in keys) != (k in self.keys))
            raise ScoringError(
                f"node {_node()} would score under another identity ({other}); install the same "
                f"versions of qfloor and its packages on every node"
            )
        if self.probe is not None and self.probe.output.media_sha256 is not None:
            has = getattr(getattr(self.decode, "media", None), "has", None)
            if has is not None and not has(self.probe.output.media_sha256):
                raise PlaceError(
                    f"node {_node()} does not see the media of this workspace; put them on a disk "
                    f"that all nodes share, or on S3: qfloor store media s3://BUCKET/PREFIX --copy"
                )
        return Scoring(built, self.decode)


class Begun:
    """Counts how often each parcel was begun: one that kills its readers is noticed."""

    def __init__(self) -> None:
        self._times: Counter[int] = Counter()

    def begin(self, number: int) -> int:
        """Count a parcel, named by its first batch, and return how often it was begun by now."""
        self._times[number] += 1
        return self._times[number]


class ScoringActor:
    """Scores parcels; the models of its scorers are loaded once.

    Parameters
    ----------
    recipe : bytes
        A pickled `Recipe`.
    begun : optional
        A handle of a `Begun` that all actors share.
    most : int
        How often a parcel may be begun.
    """

    def __init__(self, recipe: bytes, begun: Any = None, most: int = 1) -> None:
        self._begun, self._most = begun, most
        made: Recipe = pickle.loads(recipe)
        os.environ[CORES] = str(made.lanes)  # before anything counts them
        self._lanes = made.lanes
        self._refusal: QfloorError | None = None
        try:
            self._scoring = made.build()
        except QfloorError as error:
            self._refusal = error

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Score one parcel: ``{"parcel": bytes}`` to ``{"answer": bytes}``."""
        answer: list[Answer] | QfloorError
        try:
            parcel = unpacked(row["parcel"])
            answer = self._refusal or self._worn_out(parcel) or self._answers(parcel)
        except QfloorError as error:
            answer = error
        return {"answer": pickle.dumps(answer)}

    def _worn_out(self, parcel: Sequence[tuple[int, Batch]]) -> ScoringError | None:
        """Say so when a parcel was begun too often: each time its actor was lost over it."""
        if self._begun is None:
            return None
        import ray

        try:
            times = int(ray.get(self._begun.begin.remote(parcel[0][0])))
        except ray.exceptions.RayError:  # the counter is gone with its node: nothing is known
            return None
        if times <= self._most:
            return None
        ids = [work.output.id for _, batch in parcel for work in batch]
        return ScoringError(
            f"engine ray: the actor that scored {', '.join(ids[:3])} and {len(ids[3:])} more was "
            f"lost {times - 1} times: it ran out of memory, or one of them ends the process; score "
            f"them with --engine local to see which"
        )

    def _answers(self, parcel: Sequence[tuple[int, Batch]]) -> list[Answer]:
        self._scoring.read_texts(work for _, batch in parcel for work in batch)
        found = in_lanes(self._scoring, (batch for _, batch in parcel), self._lanes)
        return [(n, what) for (n, _), (_, what) in zip(parcel, found, strict=True)]


def packed(parcel: Sequence[tuple[int, Batch]]) -> bytes:
    """Pack numbered batches; a prompt that many outputs share is packed once."""
    return pickle.dumps([(n, list(batch)) for n, batch in parcel])


def unpacked(content: bytes) -> list[tuple[int, Batch]]:
    """Unpack what `packed` packed."""
    parcel: list[tuple[int, Batch]] = pickle.loads(content)
    return parcel


def recipe_of(
    scoring: Scoring, *, lanes: int, probe: Work | None, dumps: Callable[[Any], bytes]
) -> bytes:
    """Write down how the driver's scorers are built, for actors elsewhere.

    Raises
    ------
    ScoringError
        When a scorer was not built from a spec and cannot be pickled either.
    """
    scorers = tuple(plugins.spec_of(scorer) or scorer for scorer in scoring.scorers)
    recipe = Recipe(
        scorers=scorers,
        keys=tuple(metric.key for scorer in scoring.scorers for metric in scorer.metrics),
        decode=scoring.decode,
        lanes=lanes,
        probe=probe,
    )
    try:
        return dumps(recipe)
    except Exception as error:  # pickling runs the scorer's own code
        names = ", ".join(type(s).__name__ for s in scorers if not isinstance(s, PluginSpec))
        raise ScoringError(
            f"engine ray cannot send the scorer to another process ({names}): {error}; name it as "
            f"a plugin, which is built anew there"
        ) from error


def _node() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "?")
