"""Stage 3: turn made outputs into scores.

    stage.py      what is missing, in which batches, and what is written: read this first
    scoring.py    one batch: inputs -> scorers -> rows; one bad item never costs the others
    inputs.py     each declared input computed once: pixels, frames, embeddings
    contract.py   what a scorer must return, checked on every batch
    watching.py   a long clip is decoded once, all its readers looking on
    doubts.py     whose fault an error is: seen over all batches
    batches.py    how outputs are cut into batches, the same on every engine
    gate.py       does a coarser precision agree with float32 here?
    engine.py     how batches are run: threads here
    on_ray.py     ... or actors on a Ray cluster       ray_actor.py  what runs there
    identity.py   scores of two identities never meet

What the stage does not know: what any metric means, or which scorers there are.
"""

from __future__ import annotations

from qfloor.score.engine import engine_called
from qfloor.score.identity import check_comparable, metric_of
from qfloor.score.stage import ScoreSummary, score_again, score_outputs

__all__ = [
    "ScoreSummary",
    "check_comparable",
    "engine_called",
    "metric_of",
    "score_again",
    "score_outputs",
]
