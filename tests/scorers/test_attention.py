"""An exported tower's attentions are single operators that say what torch's say."""

from __future__ import annotations

import numpy as np
import pytest
from clip_twins import open_clip_folder

from qfloor.scorers.clip import checkpoint, int8, towers
from qfloor.scorers.clip.attention import fused


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory):
    folder = open_clip_folder(tmp_path_factory.mktemp("twin"))
    found, _, _ = checkpoint.find(f"local-dir:{folder}").load("cpu")
    return found


def test_the_fused_export_gives_the_vectors_of_torch(model, tmp_path):
    import onnx
    import onnxruntime
    import torch

    attentions = [m for m in model.visual.modules() if isinstance(m, torch.nn.MultiheadAttention)]
    with towers.exporting():
        int8.export(model, 224, 3, tmp_path / "draft.onnx")
    kinds = [node.op_type for node in onnx.load(str(tmp_path / "draft.onnx")).graph.node]
    assert kinds.count("MultiHeadAttention") == len(attentions) > 0
    assert "Softmax" not in kinds
    pixels = torch.randn(3, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = model.encode_image(pixels).numpy()
    session = onnxruntime.InferenceSession(str(tmp_path / "draft.onnx"))
    (found,) = session.run(None, {"pixels": pixels.numpy()})
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


def test_attentions_are_put_back_even_when_the_export_fails(model, tmp_path, monkeypatch):
    import torch

    before = dict(model.visual.named_modules())
    within: list[str] = []

    def fail(tower, *_, **__):
        within.extend(type(module).__name__ for module in tower.modules())
        raise RuntimeError("no disk")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(RuntimeError, match="no disk"):
        int8.export(model, 224, 1, tmp_path / "draft.onnx")
    assert "StandIn" in within
    assert dict(model.visual.named_modules()) == before


def test_what_is_no_plain_self_attention_is_left_to_torch():
    import torch

    class Tower(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.turned = torch.nn.MultiheadAttention(8, 2)  # the sequence stands first
            self.plain = torch.nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x, other, mask):
            crossed, _ = self.plain(x, other, other, need_weights=False)
            masked, _ = self.plain(x, x, x, need_weights=False, attn_mask=mask)
            return crossed, masked

    tower = Tower().eval()
    x, other, mask = torch.randn(2, 5, 8), torch.randn(2, 5, 8), torch.zeros(5, 5).fill_(-1).triu(1)
    with torch.inference_mode():
        expected = tower(x, other, mask)
        with fused(tower) as replaced:
            assert replaced == 1
            found = tower(x, other, mask)
    assert all((a == b).all() for a, b in zip(found, expected, strict=True))
