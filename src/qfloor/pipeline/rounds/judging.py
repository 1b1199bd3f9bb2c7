"""What crosses from generation, scoring and ratings into floors: outputs with their judgments.

The population of a human floor is every output of a *rated prompt*, whatever became of it: a
refusal of a rated prompt is a fail, and a made output of a rated prompt that has no rating is
missing, and counted. A prompt of which nothing was made could not be rated: such prompts enter
in the share in which the others were rated, or a lone offer's refusals would never count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from qfloor.calibrate import Pair
from qfloor.errors import RatingsError
from qfloor.floors import Judged
from qfloor.pipeline.rounds import sessions
from qfloor.pipeline.rounds.centring import Centring
from qfloor.pipeline.rounds.declared import Declared, metric_key
from qfloor.pipeline.rounds.safety import Safety, safety_of
from qfloor.records import (
    Modality,
    Output,
    Prompt,
    Quality,
    Rating,
    ReferenceSet,
    ScoreStatus,
    Status,
    digest_of,
)
from qfloor.scorers.safety import UNSAFE
from qfloor.store import Store


@dataclass(frozen=True, order=True)
class CellKey:
    """Where a floor belongs."""

    category: str
    modality: Modality
    offer_id: str


Cells = dict[CellKey, list[Judged]]


@dataclass(frozen=True, kw_only=True)
class RoundView:
    """The outputs of a round with their prompts: what every judgment is attached to.

    ``safety`` is what a safety metric says of them; none until it was looked up (`with_safety`).
    ``sessions`` are the rating sessions or sources whose ratings count; empty for all.
    ``left_out`` counts the prompts that the benchmark excludes, by cell and reason.
    """

    outputs: tuple[Output, ...]
    prompts: Mapping[str, Prompt]
    safety: Safety = field(default_factory=Safety)
    sessions: tuple[str, ...] = ()
    left_out: Mapping[CellKey, Mapping[str, int]] = field(default_factory=dict)

    @cached_property
    def prompt_of(self) -> Mapping[str, str]:
        """Digest of the prompt of each output, by output id."""
        return {output.id: output.prompt_digest for output in self.outputs}

    @classmethod
    def of(
        cls,
        store: Store,
        round: str,
        offers: Iterable[str],
        prompt_digests: Iterable[str] | None = None,
    ) -> RoundView:
        """Read a round; with ``prompt_digests`` only those prompts (the benchmark's suites)."""
        prompts = store.prompts_by_digest()
        if prompt_digests is not None:
            wanted = set(prompt_digests)
            prompts = {d: p for d, p in prompts.items() if d in wanted}
        found = store.outputs_of(round=round, offers=list(offers))
        outputs = tuple(o for o in found if o.prompt_digest in prompts)
        return cls(outputs=outputs, prompts=prompts)

    def with_safety(self, store: Store, declared: Declared | None = None) -> RoundView:
        """Look up what the round's safety metric says, if it was scored for safety.

        Raises
        ------
        ScoringError
            When no identity that may speak covers it (see `qfloor.pipeline.rounds.declared`).
        """
        metric = metric_key(store, UNSAFE, self, declared)
        return replace(self, safety=safety_of(store, self.outputs, self.prompts, metric))

    def key(self, output: Output) -> CellKey:
        """Name the cell an output belongs to."""
        prompt = self.prompts[output.prompt_digest]
        return CellKey(prompt.category, prompt.modality, output.offer_id)


def human_cells(store: Store, view: RoundView, quality: Quality) -> Cells:
    """Judge a round's outputs by people's ratings on one criterion.

    Raises
    ------
    RatingsError
        When ratings of that criterion lie on another scale than the quality's.
    """
    ratings = ratings_by_output(store, view, quality)
    rated = rated_prompts(view, ratings)
    cells: Cells = defaultdict(list)
    for output in view.outputs:
        if output.prompt_digest not in rated:
            continue
        given = sorted(ratings.get(output.id, ()), key=lambda r: r.id)
        cells[view.key(output)].append(
            judged(
                view, output, tuple(r.value for r in given), raters=tuple(r.rater for r in given)
            )
        )
    return dict(cells)


def judged(view: RoundView, output: Output, values: tuple[float, ...], **more: Any) -> Judged:
    """An output of a round with the numbers it got, as a floor sees it."""
    return Judged(
        output_id=output.id,
        family=view.prompts[output.prompt_digest].family,
        repeat=output.repeat,
        status=output.status,
        values=values,
        unsafe=output.unsafe or output.id in view.safety.unsafe,
        safety_unknown=output.id in view.safety.unknown,
        **more,
    )


def rated_prompts(view: RoundView, ratings: Mapping[str, Sequence[Rating]]) -> set[str]:
    """Prompts that were rated, and of those that left nothing to rate an equal share, by hash.

    Where no prompt of a category left anything, all of them enter, once the round was rated.
    """
    rated = {o.prompt_digest for o in view.outputs if o.id in ratings}
    made = {o.prompt_digest for o in view.outputs if o.status is Status.MADE}
    unmade = {o.prompt_digest for o in view.outputs} - made
    places: dict[tuple[str, Modality], list[str]] = defaultdict(list)
    for digest in made:
        prompt = view.prompts[digest]
        places[prompt.category, prompt.modality].append(digest)
    entered = set()
    for digest in unmade:
        prompt = view.prompts[digest]
        ratable = places.get((prompt.category, prompt.modality), [])
        share = len(rated.intersection(ratable)) / len(ratable) if ratable else bool(rated)
        number = int(digest_of(["unmade", digest], 8), 16) / 0x100000000
        if number < share:
            entered.add(digest)
    return rated | entered


def ratings_by_output(store: Store, view: RoundView, quality: Quality) -> dict[str, list[Rating]]:
    """Ratings that count of a round's outputs on one criterion, by output id.

    Raises
    ------
    RatingsError
        When one lies on another scale than the quality's, or an output stands there twice.
    """
    _check_rows_once(view)
    ids = {o.id for o in view.outputs}
    found: dict[str, list[Rating]] = defaultdict(list)
    counting = sessions.Counting.of(store, quality.name, view.sessions)
    for rating in store.ratings_of(criterion=quality.name):
        if rating.control != "test" or rating.output_id not in ids or not counting.counts(rating):
            continue
        if (rating.lo, rating.hi) != (quality.lo, quality.hi):
            raise RatingsError(_another_scale(view, rating, quality))
        found[rating.output_id].append(rating)
    counting.check()
    return found


def _check_rows_once(view: RoundView) -> None:
    """Refuse outputs known by ratings only beside the same offer's own outputs of one prompt.

    They are one picture in two rows: the rated row has no blanks, the other no ratings. An import
    finds the output that is there; this one came before it.
    """

    def asked(output: Output) -> tuple[str, str, str]:
        prompt = view.prompts[output.prompt_digest]
        return output.offer_id, prompt.modality, prompt.text.strip()

    rated_only = {asked(o) for o in view.outputs if "external" in o.report}
    if not rated_only:
        return
    own = {asked(o) for o in view.outputs if "external" not in o.report}
    for offer, _, text in sorted(rated_only & own):
        raise RatingsError(
            f"the output of {offer} for prompt {text[:80]!r} stands in the round twice, once as it "
            "was made and once as ratings alone spoke of it, since these were imported first; take "
            "the outputs in under another round, and then import the ratings there"
        )


def _another_scale(view: RoundView, rating: Rating, quality: Quality) -> str:
    """Say whose rating lies elsewhere, where it came from, and how to judge by one scale."""
    offer = next(o.offer_id for o in view.outputs if o.id == rating.output_id)
    by = "" if rating.session is None else f", session {rating.session!r}"
    return (
        f"a rating of {offer} on {quality.name!r} (import {rating.source!r}{by}) is on a scale of "
        f"{rating.lo:g} to {rating.hi:g}, but the benchmark's quality is on {quality.lo:g} to "
        f"{quality.hi:g}; scales are never converted silently: set lo and hi under [quality] in "
        "the benchmark file, or name there as sessions those imports that are on its scale"
    )


def metric_cells(
    store: Store, view: RoundView, metric_key: str, reference: ReferenceSet | None = None
) -> Cells:
    """Judge the outputs of a round's certifying prompts by one metric.

    Prompts of the fit split are left out: thresholds were learned on them. Outputs that the
    metric does not apply to at all (no row) are missing unless the whole cell has none. A metric
    that compares only within a prompt is centred on ``reference``; where the set has no scores
    of the prompt, an output is missing and counted as ``no_reference``.

    Raises
    ------
    CertificationError
        When such a metric has no reference set, or one of another metric or identity.
    """
    centring = Centring.of(store, metric_key, reference)
    scores = {s.output_id: s for s in store.scores_of(metric=metric_key)}
    cells: Cells = defaultdict(list)
    scored: set[CellKey] = set()
    for output in view.outputs:
        prompt = view.prompts[output.prompt_digest]
        if prompt.split != "certify":
            continue
        score = scores.get(output.id)
        if score is not None and score.status is ScoreStatus.SCORED:
            scored.add(view.key(output))
        raw = None if score is None else score.value
        number = None if raw is None else centring.centred(output, raw)
        cells[view.key(output)].append(
            judged(
                view,
                output,
                () if number is None else (number,),
                scorer_failed=score is not None and score.status is ScoreStatus.FAILED,
                lacking="no_reference" if number is None and raw is not None else None,
            )
        )
    return {key: outputs for key, outputs in cells.items() if key in scored}


def pairs(
    store: Store,
    view: RoundView,
    quality: Quality,
    metric_key: str,
    reference: ReferenceSet | None = None,
) -> dict[tuple[str, Modality], list[Pair]]:
    """Bring both numbers of every rated and scored output together, by category and modality.

    One pair a rating: a fail is per rating, here as in floors. The metric's number is the one
    that floors see: centred, for a metric that compares only within a prompt.
    """
    centring = Centring.of(store, metric_key, reference)
    ratings = ratings_by_output(store, view, quality)
    scores = {s.output_id: s.value for s in store.scores_of(metric=metric_key)}
    found: dict[tuple[str, Modality], list[Pair]] = defaultdict(list)
    for output in view.outputs:
        raw = scores.get(output.id)
        value = None if raw is None else centring.centred(output, raw)
        given: Sequence[Rating] = ratings.get(output.id, ())
        if value is None or not given:
            continue
        prompt = view.prompts[output.prompt_digest]
        found[prompt.category, prompt.modality] += [
            Pair(
                output_id=output.id,
                offer_id=output.offer_id,
                family=prompt.family,
                fit=prompt.split == "fit",
                metric=value,
                human=rating.value,
            )
            for rating in given
        ]
    return dict(found)
