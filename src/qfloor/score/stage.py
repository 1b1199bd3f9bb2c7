"""Score made outputs: find what is missing, run it in batches, write them as they are done.

A killed run loses at most half a second and the batches in flight; started again it does only
what is missing under each metric's present identity. Rows of older identities stay where they are.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qfloor import media
from qfloor.errors import MediaError, ScoringError
from qfloor.records import Metric, Modality, Output, Parity, Prompt, Score, ScoreStatus, Status
from qfloor.score.doubts import Doubts
from qfloor.score.engine import Batch, Engine, engine_called
from qfloor.score.gate import check_precisions
from qfloor.score.identity import check_comparable
from qfloor.score.inputs import Decoded
from qfloor.score.scoring import Scoring, Work
from qfloor.scorers.protocol import CarriesBackbones, Scorer
from qfloor.store.media_place import Media, read_media

if TYPE_CHECKING:
    from qfloor.store import Store

_BATCH = 8
_TOGETHER_S = 0.5
"""Seconds between writes: a commit is milliseconds of waiting, a trivial batch far less."""

Progress = Callable[[int, int], None]
"""Called with (outputs done, outputs to do) after every batch."""


@dataclass(frozen=True, kw_only=True)
class ScoreSummary:
    """What a call of `score_outputs` did.

    ``n_already`` made outputs had been scored before, of ``n_apart`` no scorer has anything to
    say, and the media of ``n_gone`` were deleted by a policy: they get no row. ``rows``
    counts written rows by metric key and status; ``reasons`` counts their reasons up to the first
    colon and blank (``truncated``: scored, but on a cut prompt), and ``prompts`` the distinct
    prompts behind each; ``failures`` are the first twenty failed rows as (output id, metric key,
    reason). ``parities`` vouch for backbones that ran at a coarser precision than float32.
    """

    metrics: tuple[Metric, ...]
    n_outputs: int
    n_made: int
    n_scored_now: int
    n_already: int
    n_apart: int
    rows: Mapping[str, Mapping[str, int]]
    reasons: Mapping[str, int]
    failures: tuple[tuple[str, str, str], ...]
    seconds: float
    parities: tuple[Parity, ...] = ()
    n_gone: int = 0
    prompts: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_failed_rows(self) -> int:
        """How many rows say that an output could not be scored."""
        return sum(counts.get(ScoreStatus.FAILED.value, 0) for counts in self.rows.values())


@dataclass(kw_only=True)
class _Tally:
    prompt_of: Mapping[str, str]
    rows: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    prompts: dict[str, set[str]] = field(default_factory=dict)
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, scores: Iterable[Score]) -> None:
        for score in scores:
            self.rows.setdefault(score.metric, Counter())[score.status.value] += 1
            if score.reason:
                reason = score.reason.partition(": ")[0]
                self.reasons[reason] += 1
                self.prompts.setdefault(reason, set()).add(self.prompt_of[score.output_id])
            if score.status is ScoreStatus.FAILED and len(self.failures) < 20:
                self.failures.append((score.output_id, score.metric, score.reason or ""))


def score_outputs(
    store: Store,
    outputs: Iterable[Output],
    prompts: Mapping[str, Prompt],
    scorers: Sequence[Scorer],
    *,
    engine: str = "local",
    batch_size: int | None = None,
    progress: Progress | None = None,
    retry_failed: bool = False,
) -> ScoreSummary:
    """Score what is not scored yet; write the rows batch by batch.

    Parameters
    ----------
    store : Store
        Holds the media; receives metrics and scores. The caller holds it for writing.
    outputs : iterable of Output
        Only made ones with media are scored; the others are counted.
    prompts : mapping of str to Prompt
        By prompt digest, e.g. ``store.prompts_by_digest()``.
    scorers : sequence of Scorer
        Their metrics must not share a name under two identities.
    engine : str, default "local"
        Where batches run; does not move a number.
    batch_size : int, optional
        Pictures, or frames of clips, that are scored together; by default what the backbones
        are best given. Numbers do not depend on it as far as each scorer keeps its promise
        (`qfloor.testing.check_scorer` tests it).
    progress : callable, optional
        See `Progress`.
    retry_failed : bool, default False
        Score rows with status ``failed`` again.

    Raises
    ------
    ScoringError
        When metrics would be mixed, a prompt is not given, or a scorer says of every output
        that it cannot work, or returns rows that cannot be told apart. An unreadable file, or a
        scorer that does any of this or gives an impossible value on some outputs, is a failed
        row instead.
    """
    size = _batch_size(scorers) if batch_size is None else batch_size
    if size < 1:
        raise ScoringError(f"batch_size must be at least 1, not {batch_size}")
    started = time.perf_counter()
    run = engine_called(engine)
    metrics = tuple(metric for scorer in scorers for metric in scorer.metrics)
    _refuse_twice(metrics)
    given = list(outputs)
    # Outputs known through imported judgments only were made elsewhere and have no media here.
    made = [o for o in given if o.status is Status.MADE and o.media_sha256 is not None]
    apart = sum(not _is_looked_at(o, prompts.get(o.prompt_digest), scorers) for o in made)
    todo, gone = _without_gone(store, missing_work(store, made, prompts, scorers, retry_failed))
    scoring = Scoring(scorers, StoredMedia(store.media))
    parities = check_precisions(store, scorers, todo, scoring.decode, {one.round for one in made})
    store.save_metrics(metrics)
    tally = _Tally(prompt_of={one.output.id: one.output.prompt_digest for one in todo})
    done = 0
    with contextlib.closing(_written(store, _scored(scoring, todo, run, size))) as batches:
        for batch, scores in batches:
            tally.add(scores)
            done += len(batch)
            if progress is not None and batch:
                progress(done, len(todo))
    return ScoreSummary(
        metrics=metrics,
        n_outputs=len(given),
        n_made=len(made),
        n_scored_now=len(todo),
        n_already=len(made) - len(todo) - apart - gone,
        n_gone=gone,
        n_apart=apart,
        rows={key: dict(counts) for key, counts in sorted(tally.rows.items())},
        reasons=dict(sorted(tally.reasons.items())),
        prompts={reason: len(found) for reason, found in sorted(tally.prompts.items())},
        failures=tuple(tally.failures),
        parities=parities,
        seconds=time.perf_counter() - started,
    )


def _scored(
    scoring: Scoring, todo: Sequence[Work], run: Engine, size: int
) -> Iterator[tuple[Batch, list[Score]]]:
    """Yield batches with their scores; at last, with no batch, what had to wait for others."""
    doubts = Doubts([scorer.metrics for scorer in scoring.scorers])
    for batch, found in run(scoring, todo, size):
        yield batch, doubts.rows_of(found)
    yield (), doubts.settle()


def _written(
    store: Store, found: Iterator[tuple[Batch, list[Score]]]
) -> Generator[tuple[Batch, list[Score]], None, None]:
    """Pass batches on and write their rows together: the disk is waited for twice a second.

    Whatever ends the run, the rows that wait are written first; only a process that is killed
    outright loses them, and scores them again.
    """
    waiting: list[Score] = []
    written_at = time.monotonic()
    try:
        for batch, scores in found:
            waiting += scores
            if time.monotonic() - written_at >= _TOGETHER_S:
                store.save_scores(waiting)
                waiting, written_at = [], time.monotonic()
            yield batch, scores
    finally:
        if waiting:
            store.save_scores(waiting)


def score_again(
    store: Store,
    outputs: Iterable[Output],
    prompts: Mapping[str, Prompt],
    scorers: Sequence[Scorer],
) -> list[Score]:
    """Score made outputs whether or not they have rows, and write nothing.

    Parameters are those of `score_outputs`; a prompt that is not given is a KeyError.
    """
    scoring = Scoring(scorers, StoredMedia(store.media))
    work = [
        Work(output=o, prompt=prompts[o.prompt_digest], scorers=tuple(range(len(scorers))))
        for o in outputs
    ]
    run, size = engine_called("local"), _batch_size(scorers)
    return [score for _, scores in _scored(scoring, work, run, size) for score in scores]


def _batch_size(scorers: Sequence[Scorer]) -> int:
    carried = [s.backbones for s in scorers if isinstance(s, CarriesBackbones)]
    wishes = [getattr(backbone, "batch", 1) for backbones in carried for backbone in backbones]
    return max([_BATCH, *wishes])


def _refuse_twice(metrics: Sequence[Metric]) -> None:
    check_comparable(metrics)
    names = [metric.name for metric in metrics]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ScoringError(f"two scorers compute {', '.join(twice)}; name each scorer once")


def missing_work(
    store: Store,
    made: Sequence[Output],
    prompts: Mapping[str, Prompt],
    scorers: Sequence[Scorer],
    retry_failed: bool = False,
) -> list[Work]:
    """List the outputs that some scorer has not scored under its present identity."""
    there: dict[str, set[str]] = {}
    for metric in (metric for scorer in scorers for metric in scorer.metrics):
        there[metric.key] = store.scored_ids(metric.key)
        if retry_failed:
            failed = (s for s in store.scores_of(metric=metric.key) if s.status == "failed")
            there[metric.key] -= {score.output_id for score in failed}
    declared = [scorer.metrics for scorer in scorers]
    work = []
    for output in made:
        prompt = prompts.get(output.prompt_digest)
        if prompt is None:
            raise ScoringError(
                f"output {output.id} is of prompt {output.prompt_id} ({output.prompt_digest}), "
                f"which was not given; pass every prompt of the outputs, by digest"
            )
        due = tuple(
            i
            for i, scorer in enumerate(scorers)
            if any(
                prompt.modality in metric.modalities and output.id not in there[metric.key]
                for metric in declared[i]
            )
            and scorer.applies(prompt, output.media_type or "")
        )
        if due:
            work.append(Work(output=output, prompt=prompt, scorers=due))
    return work


def _without_gone(store: Store, todo: list[Work]) -> tuple[list[Work], int]:
    """Leave out outputs whose media a policy deleted: no new number can be had of them.

    Without a row they are missing, which floors count as such; a failed row would be a fail.
    """
    deleted = store.deleted_media()
    here = [
        one
        for one in todo
        if one.output.media_sha256 not in deleted or store.media.has(one.output.media_sha256 or "")
    ]
    return here, len(todo) - len(here)


def _is_looked_at(output: Output, prompt: Prompt | None, scorers: Sequence[Scorer]) -> bool:
    """Whether any scorer has anything to say of an output, scored or not."""
    return prompt is not None and any(
        any(prompt.modality in metric.modalities for metric in scorer.metrics)
        and scorer.applies(prompt, output.media_type or "")
        for scorer in scorers
    )


@dataclass(frozen=True)
class StoredMedia:
    """Reads and decodes made outputs' media; in any thread, and pickled, on any machine."""

    media: Media

    def __call__(self, output: Output, modality: Modality) -> Decoded:
        """Decode an output's media."""
        if output.media_sha256 is None:
            raise MediaError("the output has no media")
        content = read_media(self.media, output.media_sha256)
        if modality == "image":
            return Decoded(frames=(media.load_pixels(content),), fps=None, content=content)
        clip = media.stream_clip(content, trusting=True)
        return Decoded(frames=clip, fps=clip.fps, timestamps=clip.timestamps, content=content)
