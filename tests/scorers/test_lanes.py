"""Where models run: a device that is not there is told when a scorer is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qfloor.errors import PluginError
from qfloor.scorers.clip import ClipScorer
from qfloor.scorers.lanes import check_device
from qfloor.scorers.preference import ImageRewardScorer, PickScoreScorer
from qfloor.scorers.video import TemporalScorer


@pytest.mark.parametrize("make", [ClipScorer, TemporalScorer, PickScoreScorer, ImageRewardScorer])
def test_a_gpu_that_is_not_there_is_told_before_anything_is_loaded(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the first picture, and not as if a file of weights were to blame."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PluginError, match="torch sees no GPU on this machine"):
        make(device="cuda")


def test_a_gpu_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert ClipScorer(device="cuda").metrics[0].execution["device"] == "cuda"
    check_device("cpu")
    with pytest.raises(PluginError, match="'tpu' is neither 'cpu' nor 'cuda'"):
        check_device("tpu")
