"""Where models run: a device that is not there is told when a scorer is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clip_twins import open_clip_folder
from scoring_fakes import noise_picture

from qfloor.errors import PluginError
from qfloor.scorers.clip import ClipScorer
from qfloor.scorers.clip.backbone import OpenClipBackbone
from qfloor.scorers.clip.checkpoint import Checkpoint
from qfloor.scorers.lanes import check_device
from qfloor.scorers.preference import ImageRewardScorer, PickScoreScorer
from qfloor.scorers.preference.forward import Forward
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


@pytest.fixture
def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device called ``cuda`` that is this machine's CPU: what is sent there stays here."""
    import torch

    to, load = torch.Tensor.to, Checkpoint.load
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
    monkeypatch.setattr(
        torch.Tensor, "to",
        lambda tensor, *what, **how: tensor if what == ("cuda",) else to(tensor, *what, **how),
    )  # fmt: skip
    monkeypatch.setattr(Checkpoint, "load", lambda self, device: load(self, "cpu"))


@pytest.mark.usefixtures("pretended_gpu")
def test_on_a_gpu_no_row_is_made_up(tmp_path: Path) -> None:
    name = f"local-dir:{open_clip_folder(tmp_path)}"
    there, here = OpenClipBackbone(name, "cuda"), OpenClipBackbone(name, "cpu")
    ran: list[int] = []
    tower = there._loaded.image

    def counted(pixels: Any) -> Any:
        ran.append(len(pixels))
        return tower(pixels)

    object.__setattr__(there._loaded, "image", counted)
    pictures = [noise_picture(i % 5, 30, 40) for i in range(70)]
    found = there.embed_images(pictures)
    assert ran == [64, 6]
    np.testing.assert_allclose(found, here.embed_images(pictures), atol=1e-5)
    assert there.execution["chunk"] == "up to 64"
    assert here.execution["chunk"] == 8


@pytest.mark.parametrize(("device", "expected"), [("cpu", [8, 8]), ("cuda", [11])])
def test_only_a_cpu_fills_a_chunk_up(device: Any, expected: list[int]) -> None:
    import torch

    ran: list[int] = []

    def compute(chunk: list[float]) -> torch.Tensor:
        ran.append(len(chunk))
        return torch.tensor(chunk)[:, None]

    found = Forward(device).run([float(i) for i in range(11)], compute)
    assert sorted(ran) == expected
    assert found.ravel().tolist() == list(range(11))
