"""Our CLIP numbers against independent implementations with the same weights.

transformers is another model code, tokenizer and image processor; torchmetrics is what people
quote; the plain loop is what they write. No download: the weights are random and small.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clip_twins import (
    for_torchmetrics,
    open_clip_folder,
    transformers_model,
    transformers_processor,
)
from PIL import Image

from qfloor.records import Prompt
from qfloor.scorers.clip import ClipScorer
from qfloor.scorers.clip.backbone import load_backbone
from qfloor.scorers.protocol import Item

WORDS = (
    "a red ball on a wooden table",
    "two dogs under a tree in the rain",
    "x",
    "ein Haus am See, daneben ein Boot",
    "PHOTO of  a  cat!! (studio light, 50mm)",
    "café – naïve 日本語 مرحبا",
    "a b c d e f g " * 9,
)
# open_clip (and torchvision) round an odd margin of the crop to even, transformers down: there
# the two crops lie a pixel apart, and ours is open_clip's
SIZES = ((224, 224), (300, 300), (300, 450), (460, 310), (225, 224), (1024, 768), (112, 130))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return open_clip_folder(tmp_path_factory.mktemp("twin"))


@pytest.fixture(scope="module")
def state(folder: Path) -> dict[str, Any]:
    import torch

    return torch.load(folder / "open_clip_pytorch_model.bin", weights_only=True)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    found = []
    for i, (height, width) in enumerate(SIZES):
        coarse = rng.integers(0, 256, (4 + 5 * i, 5 + 4 * i, 3), dtype=np.uint8)
        found.append(np.asarray(Image.fromarray(coarse).resize((width, height))))
    return found


def cosines(folder: Path, pictures: list[np.ndarray], texts: list[str]) -> list[float]:
    """What our metric stores."""
    scorer = ClipScorer(f"local-dir:{folder}")
    backbone = scorer.backbones[0]
    images, words = backbone.embed_images(pictures), backbone.embed_texts(texts)
    items = [
        Item(
            output_id=str(i), prompt=Prompt(id=str(i), text=text, category="landscape"),
            media_type="image/png",
            inputs=dict(zip(scorer.inputs, (images[i], words[i]), strict=True)),
        )
        for i, text in enumerate(texts)
    ]  # fmt: skip
    return [rows[0].value or 0.0 for rows in scorer.score(items)]


def test_the_metric_is_torchmetrics_clipscore_to_1e_4(folder, state, pictures):
    import torch
    from torchmetrics.multimodal.clip_score import CLIPScore

    model, processor = for_torchmetrics(state)
    peer = CLIPScore(model_name_or_path=lambda: (model, processor))
    pairs = [(p, w) for p in pictures for w in WORDS]
    ours = cosines(folder, [p for p, _ in pairs], [w for _, w in pairs])
    theirs = []
    for picture, words in pairs:
        peer.reset()
        with torch.inference_mode():
            peer.update(torch.from_numpy(picture.copy()).permute(2, 0, 1), words)
        theirs.append(float(peer.score / peer.n_samples))  # its compute() would clamp at 0
    assert min(theirs) < -5
    assert max(theirs) > 5, "the twin must tell pictures apart, or equality says little"
    assert np.abs(100 * np.array(ours) - np.array(theirs)).max() < 1e-4


def test_an_odd_margin_is_cropped_as_open_clip_crops_it(folder):
    import open_clip
    import torch

    _, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    columns = np.tile(np.arange(130, dtype=np.uint8), (100, 1))
    picture = np.repeat(columns[:, :, None], 3, axis=2)
    ours = load_backbone(f"local-dir:{folder}")._loaded.preprocess([picture])[0]
    plain = transform(Image.fromarray(picture))
    theirs = transformers_processor().image_processor(Image.fromarray(picture), return_tensors="pt")
    shifted = theirs["pixel_values"][0]
    assert (ours - plain).abs().max() < 0.016  # one grey level of 255, divided by the deviation
    assert torch.equal(ours[:, :, :-1], shifted[:, :, 1:])


def test_a_long_prompt_keeps_its_end_token_as_transformers_does(folder, state):
    import torch

    processor, model = transformers_processor(), transformers_model(state)
    for count in (74, 75, 76, 200):
        text = "x " * count
        ids = processor.tokenizer(text, truncation=True, max_length=77, return_tensors="pt")
        with torch.inference_mode():
            found = model.get_text_features(**ids)
            vector = getattr(found, "pooler_output", found)[0]
        theirs = (vector / vector.norm()).numpy()
        ours = load_backbone(f"local-dir:{folder}").embed_texts([text])[0]
        assert np.abs(ours - theirs).max() < 1e-6


def test_the_end_token_matters(folder, state):
    """Cutting without it, as torchmetrics 1.x does, would be seen here."""
    import torch

    ids = transformers_processor().tokenizer("x " * 100)["input_ids"][:77]
    model = transformers_model(state)
    with torch.inference_mode():
        found = model.get_text_features(input_ids=torch.tensor([ids]))
        vector = getattr(found, "pooler_output", found)[0]
    cut = (vector / vector.norm()).numpy()
    ours = load_backbone(f"local-dir:{folder}").embed_texts(["x " * 100])[0]
    assert float(ours @ cut) < 0.999


def test_fp32_is_the_plain_open_clip_loop_bit_for_bit(folder, pictures):
    import open_clip
    import torch

    name = f"local-dir:{folder}"
    model, _, transform = open_clip.create_model_and_transforms(name)
    tokenize = open_clip.get_tokenizer(name)
    model.eval()
    many = (pictures * 3)[:16]
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # how a product is split over threads moves its last bit
    try:
        with torch.inference_mode():
            found = [
                torch.nn.functional.normalize(
                    model.encode_image(
                        torch.stack([transform(Image.fromarray(p)) for p in many[i : i + 8]])
                    ),
                    dim=-1,
                )
                for i in (0, 8)
            ]
            words = [*WORDS, WORDS[0]]
            texts = torch.nn.functional.normalize(model.encode_text(tokenize(words)), dim=-1)
    finally:
        torch.set_num_threads(before)
    backbone = load_backbone(name, path="open_clip")
    assert (backbone.embed_images(many) == torch.cat(found).numpy()).all()
    assert (backbone.embed_texts(words) == texts.numpy()).all()


def test_the_fast_path_is_the_plain_loop_to_a_grey_level(folder, pictures):
    name = f"local-dir:{folder}"
    fast, plain = (
        load_backbone(name, path=p).embed_images(pictures) for p in ("fast", "open_clip")
    )  # type: ignore[arg-type]
    assert (fast * plain).sum(axis=1).min() > 0.9999
