from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_fakes import noise_picture

from qfloor import plugins
from qfloor.errors import PluginError
from qfloor.records import PluginSpec, Prompt
from qfloor.scorers.preference import (
    PickScoreScorer,
    official_pickscore,
    preference_probabilities,
)
from qfloor.scorers.preference.transformers_clip import TransformersClipBackbone
from qfloor.scorers.protocol import Backbone, CarriesBackbones, Item, Scorer
from qfloor.testing import check_scorer

SHAPES = [(64, 48), (48, 91), (40, 40), (33, 7), (30, 31), (31, 30), (200, 333), (1, 1), (30, 30)]
TEXTS = ["a red ball", "Two  Cats on a mat,\nat NIGHT", "", "very old bread " * 30]


@pytest.fixture(scope="module")
def backbone(clip_folder: Path) -> TransformersClipBackbone:
    return TransformersClipBackbone(str(clip_folder))


def items(backbone: Backbone) -> list[Item]:
    pictures = [noise_picture(i, *SHAPES[i]) for i in range(len(TEXTS))]
    images, texts = backbone.embed_images(pictures), backbone.embed_texts(TEXTS)
    return [
        Item(
            output_id=f"o{i}",
            prompt=Prompt(id=f"p{i}", text=text, category="portrait"),
            media_type="image/png",
            inputs={
                f"image_embedding:{backbone.name}": images[i],
                f"text_embedding:{backbone.name}": texts[i],
            },
        )
        for i, text in enumerate(TEXTS)
    ]


def test_it_is_a_backbone_and_a_scorer(
    backbone: TransformersClipBackbone, clip_folder: Path
) -> None:
    scorer = PickScoreScorer(str(clip_folder))
    assert isinstance(backbone, Backbone)
    assert isinstance(scorer, Scorer)
    assert isinstance(scorer, CarriesBackbones)
    check_scorer(lambda: PickScoreScorer(str(clip_folder)), items(backbone))


def test_pixels_equal_the_published_processor_bit_for_bit(
    backbone: TransformersClipBackbone,
) -> None:
    """The PIL-based one; transformers 4 calls it CLIPImageProcessor, 5 CLIPImageProcessorPil."""
    import transformers
    from PIL import Image

    kind = getattr(transformers, "CLIPImageProcessorPil", transformers.CLIPImageProcessor)
    processor = kind(size={"shortest_edge": 30}, crop_size={"height": 30, "width": 30})
    for i, shape in enumerate(SHAPES):
        picture = noise_picture(i, *shape)
        theirs = processor(Image.fromarray(picture), return_tensors="np")["pixel_values"]
        ours = backbone.preprocess([picture]).numpy()
        assert ours.dtype == theirs.dtype == np.float32
        assert np.array_equal(ours, theirs), (shape, np.abs(ours - theirs).max())


def test_a_line_is_refused_before_it_fills_the_memory(backbone: TransformersClipBackbone) -> None:
    with pytest.raises(ValueError, match="too narrow to cut a square out of"):
        backbone.preprocess([np.zeros((1, 1001, 3), np.uint8)])


def test_vectors_equal_a_plain_transformers_loop(
    backbone: TransformersClipBackbone, clip_folder: Path
) -> None:
    import torch
    import transformers

    model = transformers.CLIPModel.from_pretrained(clip_folder).eval()
    tokenizer = transformers.CLIPTokenizerFast.from_pretrained(clip_folder)
    pictures = [noise_picture(i, *shape) for i, shape in enumerate(SHAPES)]
    images, texts = backbone.embed_images(pictures), backbone.embed_texts(TEXTS)
    with torch.inference_mode():
        for vector, picture in zip(images, pictures, strict=True):
            pixels = backbone.preprocess([picture])
            own = _features(model.get_image_features(pixel_values=pixels))
            assert np.allclose(vector, own, atol=2e-6)
        for vector, text in zip(texts, TEXTS, strict=True):
            told = tokenizer(text, padding=True, truncation=True, max_length=24,
                             return_tensors="pt")  # fmt: skip
            own = _features(model.get_text_features(**told))
            assert np.allclose(vector, own, atol=2e-6)
    assert np.allclose(np.linalg.norm(images, axis=1), 1)
    spread = images @ images.T
    assert spread.min() < 0.99, "pictures are told apart"


def _features(found: object) -> np.ndarray:
    """A tensor in transformers 4, an object in 5."""
    vector = getattr(found, "pooler_output", found)[0].numpy()
    return vector / np.linalg.norm(vector)


def test_long_prompts_keep_their_end_and_are_counted(
    backbone: TransformersClipBackbone, clip_folder: Path
) -> None:
    rows = PickScoreScorer(str(clip_folder)).score(items(backbone))
    tokens = backbone.count_tokens(TEXTS[3])
    assert tokens > backbone.max_tokens == 24
    assert [row.reason for (row,) in rows] == [None] * 3 + [f"truncated: {tokens} of 24 tokens"]
    cut = backbone.embed_texts([TEXTS[3], TEXTS[3] + "and butter"])
    assert np.array_equal(cut[0], cut[1]), "what lies beyond the cut is not read"


def test_a_vector_does_not_depend_on_its_neighbours(backbone: TransformersClipBackbone) -> None:
    pictures = [noise_picture(i, 40, 50) for i in range(11)]
    together = backbone.embed_images(pictures)
    alone = np.concatenate([backbone.embed_images([p]) for p in pictures])
    assert np.array_equal(together, alone)
    assert backbone.embed_images([]).shape == (0, 16)


def test_the_scale_stands_in_the_definition_and_makes_the_official_score(
    backbone: TransformersClipBackbone, clip_folder: Path
) -> None:
    import torch
    import transformers

    scorer = PickScoreScorer(str(clip_folder))
    (metric,) = scorer.metrics
    scale = metric.definition["logit_scale"]
    assert scale == pytest.approx(math.exp(3.25))
    assert metric.comparable == "within a prompt"
    json.dumps(metric.definition)
    model = transformers.CLIPModel.from_pretrained(clip_folder).eval()
    texts = transformers.CLIPTokenizerFast.from_pretrained(clip_folder)("a red ball")["input_ids"]
    pictures = [noise_picture(i, 30, 30) for i in range(3)]
    with torch.inference_mode():
        told = model(input_ids=torch.tensor([texts]), pixel_values=backbone.preprocess(pictures))
    cosines = backbone.embed_images(pictures) @ backbone.embed_texts(["a red ball"])[0]
    official = [official_pickscore(float(c), scale) for c in cosines]
    assert np.allclose(official, told.logits_per_text[0].numpy(), atol=1e-4)
    chances = told.logits_per_text[0].softmax(-1).numpy()
    assert np.allclose(preference_probabilities(cosines, scale), chances, atol=1e-5)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9), st.floats(0.1, 200), st.floats(-1, 1))
def test_probabilities_are_a_softmax(cosines: list[float], scale: float, shift: float) -> None:
    found = preference_probabilities(cosines, scale)
    assert sum(found) == pytest.approx(1.0)
    assert found[int(np.argmax(cosines))] == max(found)
    moved = preference_probabilities([c + shift for c in cosines], scale)
    assert np.allclose(found, moved, atol=1e-9)
    assert preference_probabilities([], scale) == []


def test_weights_may_be_a_pickle_and_are_never_half_there(
    clip_folder: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    state = load_file(clip_folder / "model.safetensors")
    for name in ("pickled", "cut"):
        shutil.copytree(clip_folder, tmp_path / name)
        (tmp_path / name / "model.safetensors").unlink()
    torch.save(state, tmp_path / "pickled" / "pytorch_model.bin")
    one, other = (TransformersClipBackbone(str(p)) for p in (clip_folder, tmp_path / "pickled"))
    assert one.logit_scale == other.logit_scale
    assert np.array_equal(one.embed_texts(["a"]), other.embed_texts(["a"]))
    assert one.name != other.name
    less = {k: v for k, v in state.items() if "visual_projection" not in k}
    save_file(less, tmp_path / "cut" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(PluginError, match="lacks 1 weights of the model, which would be random"):
        TransformersClipBackbone(str(tmp_path / "cut")).embed_texts(["a"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"resample": 2}, "asks for other preprocessing"),
        ({"do_center_crop": False}, "asks for other preprocessing"),
        ({"size": {"height": 30, "width": 30}}, "asks for other preprocessing"),
        ({"crop_size": {"height": 40, "width": 40}}, "asks for other preprocessing"),
    ],
)
def test_preprocessing_that_is_not_known_is_refused(
    change: dict[str, object], says: str, clip_folder: Path, tmp_path: Path
) -> None:
    settings = json.loads((clip_folder / "preprocessor_config.json").read_text())
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({**settings, **change}))
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(clip_folder / name, tmp_path / name)
    with pytest.raises(PluginError, match=says):
        PickScoreScorer(str(clip_folder), processor=str(tmp_path))


def test_what_is_missing_is_one_sentence(clip_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"has no config\.json|has no model\.safetensors"):
        PickScoreScorer(str(tmp_path))
    with pytest.raises(PluginError, match="neither a folder nor a hub repository"):
        PickScoreScorer("/nowhere/at all")
    (tmp_path / "config.json").write_text("no JSON")
    shutil.copy(clip_folder / "model.safetensors", tmp_path)
    with pytest.raises(PluginError, match="is not JSON"):
        TransformersClipBackbone(str(tmp_path)).max_tokens  # noqa: B018
    spec = PluginSpec(name="pickscore", args={"model": str(clip_folder), "device": "tpu"})
    with pytest.raises(PluginError, match="neither 'cpu' nor 'cuda'"):
        plugins.build_scorer(spec)
