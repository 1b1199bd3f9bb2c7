"""What several parts of the tests share. Nothing here imports torch until a test asks for it."""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("qfloor", deadline=None)
settings.load_profile("qfloor")


@pytest.fixture
def call_qfloor(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run a command as a terminal would; gives exit code, stdout and stderr."""
    from qfloor.cli import main

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["qfloor", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        else:
            code = 0
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that open_clip loads as ``local-dir:``, with random weights: for plumbing only."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "open_clip")):
        pytest.skip("needs the clip extra")
    from qfloor import torchvision_shim as shim

    shim.prepare()
    import torch
    from open_clip.model import CLIP
    from open_clip.tokenizer import SimpleTokenizer, default_bpe
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("tiny-clip")
    merges = gzip.decompress(Path(default_bpe()).read_bytes()).decode().split("\n")[:501]
    (folder / "bpe.txt.gz").write_bytes(gzip.compress("\n".join(merges).encode(), mtime=0))
    config = {
        "embed_dim": 32,
        "vision_cfg": {
            "image_size": 32,
            "layers": 1,
            "width": 32,
            "head_width": 16,
            "patch_size": 8,
        },
        "text_cfg": {
            "context_length": 16,
            "vocab_size": SimpleTokenizer(bpe_path=str(folder / "bpe.txt.gz")).vocab_size,
            "width": 32,
            "heads": 2,
            "layers": 1,
        },
    }
    torch.manual_seed(0)
    weights = CLIP(**config).state_dict()
    kept = {k: v.half().contiguous() for k, v in weights.items() if k != "attn_mask"}
    save_file(kept, folder / "open_clip_model.safetensors")
    preprocess = {"mean": [0.5] * 3, "std": [0.25] * 3, "size": [32, 32]}
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": preprocess})
    )
    return folder
