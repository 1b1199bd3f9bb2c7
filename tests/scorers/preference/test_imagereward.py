"""ImageReward against a forward pass written down once more, straight from its description."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scoring_fakes import noise_picture

from qfloor import plugins
from qfloor.errors import PluginError
from qfloor.records import PluginSpec, Prompt
from qfloor.scorers.preference import ImageRewardScorer, imagereward
from qfloor.scorers.preference.blip import build, collapsed
from qfloor.scorers.protocol import Item, Pixels, Scorer
from qfloor.testing import check_scorer

HEAD_WIDTH = 16
SHAPES = [(64, 48), (48, 91), (32, 33), (33, 32), (200, 333), (1, 1)]
TEXTS = ["A red ball", "two cats, at night", "", "old bread on the mat " * 12, "Café", "of"]


def items() -> list[Item]:
    return [
        Item(
            output_id=f"o{i}",
            prompt=Prompt(id=f"p{i}", text=text, category="portrait"),
            media_type="image/png",
            inputs={"pixels": noise_picture(i, *shape)},
        )
        for i, (text, shape) in enumerate(zip(TEXTS, SHAPES, strict=True))
    ]


@pytest.fixture(scope="module")
def scorer(reward_files: tuple[Path, Path]) -> ImageRewardScorer:
    return _scorer(reward_files)


def _scorer(files: tuple[Path, Path], **args: Any) -> ImageRewardScorer:
    weights, vocabulary = files
    return ImageRewardScorer(str(weights), str(vocabulary), head_width=HEAD_WIDTH, **args)


def reference_reward(state: dict[str, Any], pixels: Any, ids: list[int]) -> float:
    """Double precision, one picture, no library's model class; prompt without padding."""
    import torch
    from torch.nn.functional import conv2d, gelu, layer_norm

    s = {k: v.double() for k, v in state.items()}

    def linear(x: Any, name: str) -> Any:
        return x @ s[f"{name}.weight"].T + s[f"{name}.bias"]

    def norm(x: Any, name: str, eps: float) -> Any:
        return layer_norm(x, x.shape[-1:], s[f"{name}.weight"], s[f"{name}.bias"], eps)

    def attend(q: Any, k: Any, v: Any) -> Any:
        q, k, v = (x.reshape(len(x), -1, HEAD_WIDTH).transpose(0, 1) for x in (q, k, v))
        weights = (q @ k.transpose(1, 2) / math.sqrt(HEAD_WIDTH)).softmax(-1)
        return (weights @ v).transpose(0, 1).reshape(q.shape[1], -1)

    v, t = "blip.visual_encoder", "blip.text_encoder"
    patches = conv2d(
        pixels.double()[None], s[f"{v}.patch_embed.proj.weight"], s[f"{v}.patch_embed.proj.bias"],
        stride=8,
    )  # fmt: skip
    x = torch.cat([s[f"{v}.cls_token"][0], patches[0].flatten(1).T]) + s[f"{v}.pos_embed"][0]
    for n in range(2):
        here = f"{v}.blocks.{n}"
        q, k, value = linear(norm(x, f"{here}.norm1", 1e-6), f"{here}.attn.qkv").chunk(3, -1)
        x = x + linear(attend(q, k, value), f"{here}.attn.proj")
        inner = gelu(linear(norm(x, f"{here}.norm2", 1e-6), f"{here}.mlp.fc1"))
        x = x + linear(inner, f"{here}.mlp.fc2")
    seen = norm(x, f"{v}.norm", 1e-6)
    words = s[f"{t}.embeddings.word_embeddings.weight"][ids]
    y = words + s[f"{t}.embeddings.position_embeddings.weight"][: len(ids)]
    y = norm(y, f"{t}.embeddings.LayerNorm", 1e-12)
    for n in range(2):
        here = f"{t}.encoder.layer.{n}"
        for part, other in (("attention", None), ("crossattention", seen)):
            name = f"{here}.{part}"
            source = y if other is None else other
            q = linear(y, f"{name}.self.query")
            k, value = (linear(source, f"{name}.self.{kind}") for kind in ("key", "value"))
            out = linear(attend(q, k, value), f"{name}.output.dense")
            y = norm(y + out, f"{name}.output.LayerNorm", 1e-12)
        inner = gelu(linear(y, f"{here}.intermediate.dense"))
        y = norm(y + linear(inner, f"{here}.output.dense"), f"{here}.output.LayerNorm", 1e-12)
    reward = y[0]
    for n in (0, 2, 4, 6, 7):
        reward = linear(reward, f"mlp.layers.{n}")
    return (float(reward) - 0.16717362830052426) / 1.0333394966054072


def reference_pixels(picture: Pixels, size: int) -> Any:
    """The original's transform, of torchvision's own parts."""
    from PIL import Image
    from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize
    from torchvision.transforms import ToTensor as ToFloats

    return Compose(
        [
            Resize(size, interpolation=InterpolationMode.BICUBIC),
            CenterCrop(size),
            ToFloats(),
            Normalize((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
        ]
    )(Image.fromarray(picture))


def test_rewards_equal_a_forward_pass_written_down_anew(
    scorer: ImageRewardScorer, reward_state: dict[str, Any], reward_files: tuple[Path, Path]
) -> None:
    from transformers import BertTokenizer

    tokenizer = BertTokenizer.from_pretrained(str(reward_files[1].parent), do_lower_case=True)
    rows = scorer.score(items())
    expected = []
    for item in items():
        told = tokenizer(item.prompt.text, truncation=True, max_length=35)
        pixels = reference_pixels(item.inputs["pixels"], 32)  # type: ignore[arg-type]
        expected.append(reference_reward(reward_state, pixels, list(told["input_ids"])))
    found = [row.value for (row,) in rows]
    assert np.allclose(found, expected, atol=5e-6), np.abs(np.subtract(found, expected)).max()
    assert np.std(expected) > 0.01, "the tiny model tells pictures apart"


def test_it_is_a_scorer(scorer: ImageRewardScorer, reward_files: tuple[Path, Path]) -> None:
    assert isinstance(scorer, Scorer)
    check_scorer(lambda: _scorer(reward_files), items())


def test_pixels_equal_the_originals_transform() -> None:
    from qfloor.scorers.preference.pixels import OPENAI_MEAN, OPENAI_STD, cut_out, normalised

    for i, shape in enumerate(SHAPES):
        picture = noise_picture(i, *shape)
        ours = normalised([cut_out(picture, 32, 32, "round")], OPENAI_MEAN, OPENAI_STD)[0]
        assert np.abs(ours - reference_pixels(picture, 32).numpy()).max() < 1e-6, shape


def test_prompts_beyond_35_tokens_are_cut_with_their_end_kept_and_counted(
    scorer: ImageRewardScorer,
) -> None:
    rows = scorer.score(items())
    reasons = [row.reason for (row,) in rows]
    assert reasons[3] == "truncated: 62 of 35 tokens"
    assert [r for i, r in enumerate(reasons) if i != 3] == [None] * 5
    ids, mask = scorer._tokens([TEXTS[3], "a"])
    assert (int(ids[0, -1]), int(mask[0].sum()), int(mask[1].sum())) == (3, 35, 3)


def test_tokens_equal_transformers_own(
    scorer: ImageRewardScorer, reward_files: tuple[Path, Path]
) -> None:
    from transformers import BertTokenizer

    tokenizer = BertTokenizer.from_pretrained(str(reward_files[1].parent), do_lower_case=True)
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    tokenizer.add_special_tokens({"additional_special_tokens": ["[ENC]"]})
    for text in [*TEXTS, "a [ENC] cat [DEC]", "balls, RED-balls…", "一只猫", "naïve  \n cat"]:
        told = tokenizer(text, padding="max_length", truncation=True, max_length=35)
        ids, mask = scorer._tokens([text])
        assert ids[0].tolist() == list(told["input_ids"]), text
        assert mask[0].tolist() == list(told["attention_mask"])


def original_head(width: int) -> Any:
    """The head as the original builds it: linear layers with dropout between them."""
    from torch import nn

    head = nn.Module()
    head.layers = nn.Sequential(
        nn.Linear(width, 1024), nn.Dropout(0.2), nn.Linear(1024, 128), nn.Dropout(0.2),
        nn.Linear(128, 64), nn.Dropout(0.1), nn.Linear(64, 16), nn.Linear(16, 1),
    )  # fmt: skip
    return head.eval()


def test_the_head_is_one_affine_function(reward_state: dict[str, Any]) -> None:
    import torch

    layers = {k.removeprefix("mlp."): v for k, v in reward_state.items() if k.startswith("mlp.")}
    head = original_head(48)
    head.load_state_dict(layers)
    vectors = torch.randn(20, 48, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        layered = head.double().layers(vectors.double())[:, 0].numpy()
    assert np.allclose(collapsed(layers)(vectors.numpy()), layered, atol=1e-12)
    with pytest.raises(ValueError, match="one number"):
        collapsed({})


def test_every_weight_has_its_place_and_none_is_made_up(
    reward_state: dict[str, Any], reward_files: tuple[Path, Path], tmp_path: Path
) -> None:
    import torch
    import transformers

    blip = build(reward_state, transformers, HEAD_WIDTH)
    used = {k for k in reward_state if not k.startswith(("blip.vision_proj", "blip.text_proj"))}
    towers = sum(len(list(tower.parameters())) for tower in (blip.vision, blip.text))
    assert towers + 10 == len(used) - 1, "ten of the head; position_ids are no weights"
    kept = [p.detach() for tower in (blip.vision, blip.text) for p in tower.parameters()]
    sums = sum(float(weights.double().sum()) for weights in kept)
    own = sum(float(reward_state[k].double().sum()) for k in used
              if not k.startswith("mlp.") and not k.endswith("position_ids"))  # fmt: skip
    assert sums == pytest.approx(own, rel=1e-9)
    words = "blip.text_encoder.embeddings.word_embeddings.weight"
    cases = {
        "lacks 1 weights": lambda s: s.pop("blip.visual_encoder.blocks.1.norm1.weight"),
        "no place for": lambda s: s.update({"blip.itm_head.weight": torch.zeros(2, 2)}),
        "place for 1": lambda s: s.update({"blip.text_encoder.pooler.bias": torch.zeros(2)}),
        "are not ImageReward's": lambda s: s.pop(words),
        "do not fit": lambda s: s.update({"blip.visual_encoder.norm.weight": torch.zeros(5)}),
    }  # fmt: skip
    for says, change in cases.items():
        state = dict(reward_state)
        change(state)
        with pytest.raises(PluginError, match=says):
            build(state, transformers, HEAD_WIDTH)
    (tmp_path / "ImageReward.pt").write_bytes(b"no weights")
    broken = _scorer((tmp_path / "ImageReward.pt", reward_files[1]))
    with pytest.raises(PluginError, match="is no file of weights"):
        broken.score(items()[:1])


def test_identity_names_both_files_and_how_the_number_compares(
    scorer: ImageRewardScorer, reward_files: tuple[Path, Path], tmp_path: Path
) -> None:
    (metric,) = scorer.metrics
    assert metric.comparable == "within a prompt"
    assert metric.weights[0].name == "ImageReward.pt"
    json.dumps(metric.definition)
    other = tmp_path / "vocab.txt"
    other.write_text(reward_files[1].read_text() + "more\n")
    assert _scorer((reward_files[0], other)).metrics[0].identity != metric.identity
    spec = PluginSpec(
        name="imagereward",
        args={"weights": str(reward_files[0]), "vocabulary": str(tmp_path / "none.txt")},
    )
    with pytest.raises(PluginError, match="does not exist"):
        plugins.build_scorer(spec)
    assert imagereward.MAX_TOKENS == 35
