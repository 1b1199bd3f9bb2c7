"""Whose fault is it: the scorer's, which then cannot work at all, or one output's?

A scorer that says on an output that it cannot work is believed when it never gave a number; when
it did, on any other output, that output has failed rows. Batches come from threads and machines
in any order, so one object sees all of them. What this module does not know: what a score means.
"""

from __future__ import annotations

from collections.abc import Sequence

from qfloor.records import Metric, Score
from qfloor.score.inputs import explain
from qfloor.score.scoring import Doubt, Found, failed_scores

_MOST = 3
"""Outputs on which a scorer that never yet gave a number may say that it cannot work at all."""


class Doubts:
    """Turns what batches found into rows; errors wait until it is known whose fault they are.

    Parameters
    ----------
    metrics : sequence of sequence of Metric
        What each scorer declares.
    """

    def __init__(self, metrics: Sequence[Sequence[Metric]]) -> None:
        self._metrics = metrics
        self._worked: set[int] = set()
        self._waiting: dict[int, list[Doubt]] = {}

    def rows_of(self, found: Found) -> list[Score]:
        """Return the rows of a batch, without those that have to wait.

        Raises
        ------
        PluginError, ScoringError
            When a scorer said of three outputs that it cannot work, and of none a number.
        """
        self._worked |= found.worked
        scores = list(found.scores)
        for doubt in found.doubts:
            if doubt.scorer in self._worked:
                scores += self._failed(doubt)
                continue
            waiting = self._waiting.setdefault(doubt.scorer, [])
            waiting.append(doubt)
            if len(waiting) >= _MOST:
                raise doubt.error
        return scores

    def settle(self) -> list[Score]:
        """Return the failed rows of outputs that waited for their scorer to prove itself.

        Raises
        ------
        PluginError, ScoringError
            When a scorer gave no number at all: what it said on the first output.
        """
        scores: list[Score] = []
        for index, waiting in sorted(self._waiting.items()):
            for doubt in waiting:
                if index not in self._worked:
                    raise doubt.error
                scores += self._failed(doubt)
        self._waiting.clear()
        return scores

    def _failed(self, doubt: Doubt) -> list[Score]:
        return failed_scores(doubt.work, self._metrics[doubt.scorer], explain(doubt.error))
