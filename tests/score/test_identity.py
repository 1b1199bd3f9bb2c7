from __future__ import annotations

from typing import Any

import pytest

from qfloor.errors import ScoringError
from qfloor.records import Metric
from qfloor.score import check_comparable, metric_of


def clip(**definition: Any) -> Metric:
    return Metric(name="clip.cos", unit="cosine", lo=-1, hi=1, definition=definition)


PAINTERS = clip(weights_sha256="aa", world="painters")
REAL = clip(weights_sha256="bb", world="open")
OTHER = Metric(name="technical.noise", unit="grey levels", lo=0, hi=None)


def test_equal_identities_and_other_names_may_meet() -> None:
    check_comparable([PAINTERS, OTHER, clip(world="painters", weights_sha256="aa")])


def test_painters_never_meet_real_scores() -> None:
    with pytest.raises(ScoringError, match="knows only the built-in painters") as caught:
        check_comparable([PAINTERS, OTHER, REAL])
    message = str(caught.value)
    assert PAINTERS.key in message
    assert "differ in weights_sha256, world" in message


def test_execution_is_identity_too() -> None:
    fast = Metric(name="clip.cos", unit="cosine", lo=-1, hi=1, execution={"dtype": "int8"})
    slow = Metric(name="clip.cos", unit="cosine", lo=-1, hi=1, execution={"dtype": "float32"})
    with pytest.raises(ScoringError, match="differ in dtype"):
        check_comparable([fast, slow])


def test_a_name_finds_its_one_metric_and_a_key_chooses() -> None:
    assert metric_of([PAINTERS, OTHER], "clip.cos") == PAINTERS
    assert metric_of([PAINTERS, REAL], REAL.key) == REAL
    with pytest.raises(ScoringError, match="choose one by its key"):
        metric_of([PAINTERS, REAL], "clip.cos")
    with pytest.raises(ScoringError, match=r"no metric 'clip\.cosine'; known: clip\.cos"):
        metric_of([PAINTERS], "clip.cosine")
