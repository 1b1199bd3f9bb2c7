"""One batch from media to scores. A bad file, picture or scorer costs its own rows, no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qfloor.errors import PlaceError, PluginError, ScoringError
from qfloor.records import Metric, Modality, Output, Prompt, Score, ScoreStatus
from qfloor.score.contract import check_shape, without_faults
from qfloor.score.inputs import Decoded, InputComputer, Inputs, explain, turn_of
from qfloor.score.watching import shown
from qfloor.scorers.protocol import FrameWatch, Item, Row, Scorer

Decode = Callable[[Output, Modality], Decoded]
Answer = tuple[Row, ...] | PluginError | ScoringError
"""One item's rows; or, in their place, an error that may be the scorer's and not the item's."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """An output and which scorers (by index) still owe it rows."""

    output: Output
    prompt: Prompt
    scorers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """An output on which a scorer said that it cannot work, or gave rows nobody can tell apart."""

    scorer: int
    work: Work
    error: PluginError | ScoringError


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of a batch.

    ``worked`` are the scorers that gave a number; ``doubts`` are settled by whoever sees all
    batches (`qfloor.score.doubts`): whether an error is the scorer's or the output's, other
    outputs tell.
    """

    scores: tuple[Score, ...]
    worked: frozenset[int]
    doubts: tuple[Doubt, ...] = ()


_Ready = tuple[Work, Inputs, Mapping[int, FrameWatch]]
"""An output, what was computed for it, and what has watched it, by scorer."""


class Scoring:
    """Everything a batch needs; an engine calls `score` from as many threads as it likes.

    Parameters
    ----------
    scorers : sequence of Scorer
        In the order their rows are written.
    decode : callable
        From a made output to its pixels; may raise anything.
    """

    def __init__(self, scorers: Sequence[Scorer], decode: Decode) -> None:
        self.scorers = tuple(scorers)
        self.decode = decode
        self._metrics = [scorer.metrics for scorer in scorers]
        self._inputs = InputComputer(scorers)
        self._turns = [turn_of(scorer) for scorer in scorers]

    def read_texts(self, work: Iterable[Work]) -> None:
        """Embed the prompts of some work ahead of it: every text once, in full batches."""
        self._inputs.read_texts(
            (w.prompt.text, {n for i in w.scorers for n in self.scorers[i].inputs}) for w in work
        )

    def score(self, batch: Sequence[Work]) -> Found:
        """Load a batch's media and score it; may be called from several threads at once.

        Raises
        ------
        PlaceError
            When media are out of reach: that is no output's fault, and no row says it.
        """
        loaded = [self._load(work) for work in batch]
        readable = [(w, d) for w, d in zip(batch, loaded, strict=True) if not isinstance(d, str)]
        inputs = self._inputs.compute(
            [decoded for _, (decoded, _) in readable],
            [w.prompt.text for w, _ in readable],
            [{n for i in w.scorers for n in self.scorers[i].inputs} for w, _ in readable],
        )
        work: list[_Ready] = [(w, i, ws) for (w, (_, ws)), i in zip(readable, inputs, strict=True)]
        work += [(w, Inputs(failures={"media": d}), {})
                 for w, d in zip(batch, loaded, strict=True) if isinstance(d, str)]  # fmt: skip
        found = [self._score_with(i, work) for i in range(len(self.scorers))]
        return Found(
            scores=tuple(score for one in found for score in one.scores),
            worked=frozenset().union(*(one.worked for one in found)),
            doubts=tuple(doubt for one in found for doubt in one.doubts),
        )

    def _load(self, work: Work) -> tuple[Decoded, dict[int, FrameWatch]] | str:
        """Decode one output's media, a long clip before its watches, or say why it cannot be."""
        due = {index: self.scorers[index] for index in work.scorers}
        try:
            return shown(self.decode(work.output, work.prompt.modality), due, self._turns)
        except PlaceError:
            raise
        except (Exception, SystemExit) as error:
            return explain(error)

    def _score_with(self, index: int, work: Sequence[_Ready]) -> Found:
        scorer, metrics = self.scorers[index], self._metrics[index]
        ready: list[tuple[Work, Item]] = []
        scores: list[Score] = []
        for w, inputs, watches in (one for one in work if index in one[0].scorers):
            failure = _failure(scorer, inputs)
            if failure is None:
                ready.append((w, _item(w, inputs, scorer, watches.get(index))))
            else:
                scores += failed_scores(w, metrics, failure)
        with self._turns[index]:
            answers = run_scorer(scorer, metrics, [item for _, item in ready])
        worked, doubts = False, []
        for (w, _), answer in zip(ready, answers, strict=True):
            if isinstance(answer, tuple):
                worked |= any(row.status is not ScoreStatus.FAILED for row in answer)
                scores += _as_scores(w, metrics, answer)
            else:
                doubts.append(Doubt(scorer=index, work=w, error=answer))
        return Found(
            scores=tuple(scores),
            worked=frozenset({index}) if worked else frozenset(),
            doubts=tuple(doubts),
        )


def run_scorer(scorer: Scorer, metrics: Sequence[Metric], items: Sequence[Item]) -> list[Answer]:
    """Call a scorer; if it fails on a batch, call it for each item alone.

    Returns
    -------
    list of Answer
        An item on which it raises has failed rows, and so has a value that cannot be (NaN, a
        text, outside the declared range). An item on which it says that it cannot work
        (PluginError, ScoringError), or whose rows cannot be told apart (see `check_shape`), has
        that error: only its other items tell whether it is the item's.
    """
    if not items:
        return []
    name = type(scorer).__name__
    try:
        result = scorer.score(items)
        check_shape(name, metrics, len(items), result)
        return [without_faults(name, metrics, rows) for rows in result]
    except (Exception, SystemExit) as error:  # a library that exits ends no run; Ctrl-C does
        if len(items) > 1:
            return [answer for item in items for answer in run_scorer(scorer, metrics, [item])]
        if isinstance(error, PluginError | ScoringError):
            return [error]
        return [_failed(metrics, explain(error))]


def _failure(scorer: Scorer, inputs: Inputs) -> str | None:
    if "media" in inputs.failures:
        return inputs.failures["media"]
    return next((f"{n}: {inputs.failures[n]}" for n in scorer.inputs if n in inputs.failures), None)


def _item(work: Work, inputs: Inputs, scorer: Scorer, watch: FrameWatch | None) -> Item:
    declared = {name: inputs.values[name] for name in scorer.inputs if name in inputs.values}
    return Item(
        output_id=work.output.id,
        prompt=work.prompt,
        media_type=work.output.media_type or "",
        inputs=declared,
        watch=watch,
    )


def _failed(metrics: Sequence[Metric], reason: str) -> tuple[Row, ...]:
    return tuple(
        Row(metric=metric.name, status=ScoreStatus.FAILED, reason=reason) for metric in metrics
    )


def failed_scores(work: Work, metrics: Sequence[Metric], reason: str) -> list[Score]:
    """Return the rows that say why an output could not be scored."""
    return _as_scores(work, metrics, _failed(metrics, reason))


def _as_scores(work: Work, metrics: Sequence[Metric], rows: Sequence[Row]) -> list[Score]:
    """Rows under their metrics' keys; metrics that are not of this modality get none."""
    by_name = {row.metric: row for row in rows}
    return [
        Score(
            output_id=work.output.id,
            metric=metric.key,
            status=row.status,
            value=None if row.value is None else float(row.value),
            reason=row.reason,
            series=None if row.series is None else tuple(map(float, row.series)),
        )
        for metric in metrics
        if work.prompt.modality in metric.modalities
        for row in (by_name[metric.name],)
    ]
