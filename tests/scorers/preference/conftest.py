"""Tiny models with random weights in the published ones' own file formats: for plumbing only."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

for _package in ("torch", "open_clip", "transformers"):
    if importlib.util.find_spec(_package) is None:
        pytest.skip(f"needs {_package}", allow_module_level=True)

TEXTS = [
    "a red ball",
    "Two  Cats on a mat,\nat NIGHT",
    "",
    "a photo of " + "very " * 120 + "old bread",
]

WORDS = "a red ball ##s of cat two on the mat at night very old bread photo , ."


@pytest.fixture(scope="session", autouse=True)
def torchvision_loads() -> None:
    from qfloor import torchvision_shim as shim

    shim.prepare()


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIPModel with processor settings and tokenizer, as `save_pretrained` writes them."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("tiny-pick")
    vocabulary = _tokenizer_files(folder)
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
             "num_attention_heads": 2}  # fmt: skip
    end = len(vocabulary) - 1
    config = transformers.CLIPConfig(
        text_config={**tower, "vocab_size": len(vocabulary), "max_position_embeddings": 24,
                     "eos_token_id": end, "bos_token_id": end - 1, "pad_token_id": end},
        vision_config={**tower, "image_size": 30, "patch_size": 10},
        projection_dim=16,
        logit_scale_init_value=3.25,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.CLIPModel(config)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.normal_(std=0.3)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "crop_size": {"height": 30, "width": 30},
                "size": {"shortest_edge": 30},
                "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True,
                "do_rescale": True, "do_resize": True, "resample": 3,
                "image_mean": [0.48145466, 0.4578275, 0.40821073],
                "image_std": [0.26862954, 0.26130258, 0.27577711],
                "image_processor_type": "CLIPImageProcessor",
            }
        )
    )  # fmt: skip
    return folder


def _tokenizer_files(folder: Path) -> dict[str, int]:
    from open_clip.tokenizer import bytes_to_unicode, default_bpe

    merges = gzip.decompress(Path(default_bpe()).read_bytes()).decode().split("\n")[1:401]
    letters = list(bytes_to_unicode().values())
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += ["".join(merge.split()) for merge in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: index for index, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return vocabulary


VISION = {"width": 32, "depth": 2, "patch": 8, "side": 32}
TEXT = {"width": 48, "depth": 2, "positions": 40}
HEAD_WIDTH = 16


@pytest.fixture(scope="session")
def reward_state() -> dict[str, Any]:
    """A state dict with the published file's names and random numbers."""
    import torch

    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * (0.15 if len(shape) > 1 else 0.3)

    state: dict[str, torch.Tensor] = {}

    def linear(name: str, out: int, into: int) -> None:
        state[f"{name}.weight"], state[f"{name}.bias"] = draw(out, into), draw(out)

    def norm(name: str, width: int) -> None:
        state[f"{name}.weight"], state[f"{name}.bias"] = 1 + draw(width), draw(width)

    w, patch = VISION["width"], VISION["patch"]
    v = "blip.visual_encoder"
    state[f"{v}.cls_token"] = draw(1, 1, w)
    state[f"{v}.pos_embed"] = draw(1, (VISION["side"] // patch) ** 2 + 1, w)
    state[f"{v}.patch_embed.proj.weight"] = draw(w, 3, patch, patch)
    state[f"{v}.patch_embed.proj.bias"] = draw(w)
    for n in range(VISION["depth"]):
        norm(f"{v}.blocks.{n}.norm1", w)
        linear(f"{v}.blocks.{n}.attn.qkv", 3 * w, w)
        linear(f"{v}.blocks.{n}.attn.proj", w, w)
        norm(f"{v}.blocks.{n}.norm2", w)
        linear(f"{v}.blocks.{n}.mlp.fc1", 4 * w, w)
        linear(f"{v}.blocks.{n}.mlp.fc2", w, 4 * w)
    norm(f"{v}.norm", w)
    t, h = "blip.text_encoder", TEXT["width"]
    state[f"{t}.embeddings.position_ids"] = torch.arange(TEXT["positions"])[None]
    state[f"{t}.embeddings.word_embeddings.weight"] = draw(5 + len(WORDS.split()) + 26 + 2, h)
    state[f"{t}.embeddings.position_embeddings.weight"] = draw(TEXT["positions"], h)
    norm(f"{t}.embeddings.LayerNorm", h)
    for n in range(TEXT["depth"]):
        for part, width in (("attention", h), ("crossattention", w)):
            here = f"{t}.encoder.layer.{n}.{part}"
            linear(f"{here}.self.query", h, h)
            linear(f"{here}.self.key", h, width)
            linear(f"{here}.self.value", h, width)
            linear(f"{here}.output.dense", h, h)
            norm(f"{here}.output.LayerNorm", h)
        linear(f"{t}.encoder.layer.{n}.intermediate.dense", 4 * h, h)
        linear(f"{t}.encoder.layer.{n}.output.dense", h, 4 * h)
        norm(f"{t}.encoder.layer.{n}.output.LayerNorm", h)
    linear("blip.vision_proj", 8, w)
    linear("blip.text_proj", 8, h)
    for n, (into, out) in zip((0, 2, 4, 6, 7), ((h, 1024), (1024, 128), (128, 64), (64, 16),
                                                (16, 1)), strict=True):  # fmt: skip
        linear(f"mlp.layers.{n}", out, into)
    return state


@pytest.fixture(scope="session")
def reward_files(
    reward_state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """The state dict and a small ``vocab.txt``."""
    import torch

    folder = tmp_path_factory.mktemp("tiny-reward")
    torch.save(reward_state, folder / "ImageReward.pt")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    (folder / "vocab.txt").write_text("\n".join([*special, *WORDS.split(), *letters]) + "\n")
    return folder / "ImageReward.pt", folder / "vocab.txt"
