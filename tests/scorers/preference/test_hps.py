from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from padding_reference import reference_square
from scoring_fakes import CountingBackbone, noise_picture

from qfloor import plugins
from qfloor.errors import PluginError
from qfloor.records import PluginSpec, Prompt
from qfloor.scorers.clip.padded import PADDED
from qfloor.scorers.preference import HpsScorer
from qfloor.scorers.protocol import Backbone, Item
from qfloor.testing import check_scorer

SHAPES = [(64, 48), (48, 90), (40, 40), (33, 7)]
TEXTS = ["a red ball", "two cats", "an old loaf of bread", "word " * 40]


def items(backbone: Backbone) -> list[Item]:
    pictures = [noise_picture(i, *shape) for i, shape in enumerate(SHAPES)]
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


def test_importing_it_loads_no_model_package() -> None:
    code = (
        "import sys, qfloor.scorers.preference;"
        "loaded = {'torch', 'open_clip', 'torchvision', 'transformers', 'tokenizers'};"
        "assert not loaded & set(sys.modules), loaded & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_is_a_scorer(tiny_checkpoint: Path) -> None:
    scorer = HpsScorer(weights=f"local-dir:{tiny_checkpoint}")
    (backbone,) = scorer.backbones
    check_scorer(lambda: HpsScorer(weights=f"local-dir:{tiny_checkpoint}"), items(backbone))


def test_the_number_is_the_cosine_of_a_plain_loop_over_padded_pictures(
    tiny_checkpoint: Path,
) -> None:
    import open_clip
    import torch

    name = f"local-dir:{tiny_checkpoint}"
    model, _, _ = open_clip.create_model_and_transforms(name)
    tokenize = open_clip.get_tokenizer(name, bpe_path=str(tiny_checkpoint / "bpe.txt.gz"))
    model.eval()
    scorer = HpsScorer(weights=name)
    (backbone,) = scorer.backbones
    rows = scorer.score(items(backbone))
    for i, (shape, text) in enumerate(zip(SHAPES, TEXTS, strict=True)):
        picture = reference_square(noise_picture(i, *shape), 32, [0.5] * 3, [0.25] * 3)
        with torch.inference_mode():
            image = model.encode_image(picture[None], normalize=True)
            words = model.encode_text(tokenize([text]), normalize=True)
        assert rows[i][0].value == pytest.approx(float(image @ words.T), abs=2e-6)
    assert [row.reason for (row,) in rows][:3] == [None] * 3
    assert rows[3][0].reason.startswith("truncated: ")


def test_versions_are_two_metrics_with_two_identities(tiny_checkpoint: Path) -> None:
    name = f"local-dir:{tiny_checkpoint}"
    (old,), (new,) = (HpsScorer(name, version=v).metrics for v in ("v2.0", "v2.1"))
    assert (old.name, new.name) == ("preference.hps_v2", "preference.hps_v2_1")
    assert old.identity != new.identity
    for metric, version in ((old, "v2.0"), (new, "v2.1")):
        assert metric.comparable == "within a prompt"
        assert metric.definition["version"] == version
        assert metric.definition["preprocessing"] == PADDED
        assert metric.modalities == ("image",)
        assert len(metric.weights) == 1
        json.dumps(metric.definition)


def test_a_digest_that_is_known_decides_the_version() -> None:
    class Published(CountingBackbone):
        definition = {
            "weights_sha256": "9defdb2ba952d35ec1cb3334554bd4033e415d1397d742a9946d2ac884ed53a1"
        }

    assert HpsScorer(version="v2.0", backbone=Published()).metrics[0].name == "preference.hps_v2"
    with pytest.raises(PluginError, match=r"are HPS v2\.0, not v2\.1"):
        HpsScorer(version="v2.1", backbone=Published())
    with pytest.raises(PluginError, match="neither"):
        HpsScorer(version="v3", backbone=Published())


def test_a_state_dict_in_the_published_form_goes_into_a_named_architecture(tmp_path: Path) -> None:
    """``{"state_dict": ...}`` for an architecture that open_clip knows by name."""
    import open_clip
    import torch
    from open_clip.model import CLIP

    config = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16,
                       "patch_size": 8},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2,
                     "layers": 1},
    }  # fmt: skip
    (tmp_path / "tiny-hps-arch.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path)
    torch.manual_seed(1)
    model = CLIP(**config).eval()
    file = tmp_path / "HPS_v2.1_compressed.pt"
    torch.save({"state_dict": model.state_dict()}, file)
    scorer = HpsScorer(weights=str(file), model="tiny-hps-arch")
    (backbone,) = scorer.backbones
    (rights,) = scorer.metrics[0].weights
    assert rights.name == "HPS_v2.1_compressed.pt"
    with torch.inference_mode():
        tokens = open_clip.get_tokenizer("tiny-hps-arch")(["a cat"])
        expected = model.encode_text(tokens, normalize=True).numpy()
    assert np.allclose(backbone.embed_texts(["a cat"]), expected, atol=1e-6)


def test_it_leaves_clips_alone_and_is_found_by_name(tiny_checkpoint: Path) -> None:
    spec = PluginSpec(name="hps", args={"weights": f"local-dir:{tiny_checkpoint}"})
    scorer = plugins.build_scorer(spec)
    prompt = Prompt(id="p", text="t", category="portrait")
    assert scorer.applies(prompt, "image/webp")
    assert not scorer.applies(prompt, "video/webm")


def test_missing_weights_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="does not exist"):
        HpsScorer(weights=str(tmp_path / "HPS_v2.1_compressed.pt"))
