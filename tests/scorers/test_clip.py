from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scoring_fakes import CountingBackbone, noise_picture

from qfloor.errors import PluginError
from qfloor.records import Prompt, ScoreStatus
from qfloor.scorers.clip import ClipScorer, OpenClipBackbone, checkpoint, load_backbone
from qfloor.scorers.clip.scorer import cosine, lower_order_statistic
from qfloor.scorers.protocol import Backbone, CarriesBackbones, Item, Scorer
from qfloor.testing import check_scorer


def items(backbone: Backbone, texts: list[str]) -> list[Item]:
    pictures = [noise_picture(i, 40 + 7 * i, 90 - 9 * i) for i in range(len(texts))]
    images, vectors = backbone.embed_images(pictures), backbone.embed_texts(texts)
    inputs = [f"image_embedding:{backbone.name}", f"text_embedding:{backbone.name}"]
    return [
        Item(
            output_id=f"o{i}",
            prompt=Prompt(id=f"p{i}", text=text, category="portrait"),
            media_type="image/png",
            inputs=dict(zip(inputs, (images[i], vectors[i]), strict=True)),
        )
        for i, text in enumerate(texts)
    ]


@pytest.fixture(scope="module")
def backbone(tiny_checkpoint: Path) -> OpenClipBackbone:
    return load_backbone(f"local-dir:{tiny_checkpoint}")


def test_importing_the_package_loads_neither_torch_nor_open_clip() -> None:
    code = (
        "import sys, qfloor, qfloor.scorers.clip as c, qfloor.scorers.text, qfloor.scorers.video;"
        "import qfloor.scorers.aesthetic, qfloor.scorers.weights;"
        "loaded = {'torch', 'open_clip', 'torchvision', 'cv2', 'rapidocr'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_vectors_are_unit_and_equal_a_plain_open_clip_loop(
    backbone: OpenClipBackbone, tiny_checkpoint: Path
) -> None:
    import open_clip
    import torch

    name = f"local-dir:{tiny_checkpoint}"
    model, _, _ = open_clip.create_model_and_transforms(name)
    model.eval()
    tokenizer = open_clip.get_tokenizer(name, bpe_path=str(tiny_checkpoint / "bpe.txt.gz"))
    texts = [f"a picture of {i} red balls" for i in range(16)]
    with torch.inference_mode():
        batches = [model.encode_text(tokenizer(texts[i : i + 8]), normalize=True) for i in (0, 8)]
        expected = torch.cat(batches).numpy()
    vectors = backbone.embed_texts(texts)
    np.testing.assert_array_equal(vectors, expected)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_fast_preprocessing_agrees_with_open_clips_own(
    backbone: OpenClipBackbone, tiny_checkpoint: Path
) -> None:
    own = load_backbone(f"local-dir:{tiny_checkpoint}", "cpu", "open_clip")
    assert own.name != backbone.name
    pictures = [noise_picture(i, *shape) for i, shape in enumerate(
        [(32, 32), (31, 200), (77, 50), (33, 32), (1, 5), (256, 256)]
    )]  # fmt: skip
    fast, slow = backbone._load.preprocess(pictures), own._load.preprocess(pictures)
    grey_level = 1 / 255 / 0.25
    assert float((fast - slow).abs().max()) <= 1.01 * grey_level
    cosines = (backbone.embed_images(pictures) * own.embed_images(pictures)).sum(axis=1)
    assert cosines.min() > 0.999


@pytest.mark.parametrize("path", ["fast", "open_clip"])
def test_a_line_is_refused_before_it_fills_the_memory(tiny_checkpoint: Path, path: Any) -> None:
    """Its short side brought to 224 pixels, one pixel by 60,000 takes 18 GB."""
    backbone = load_backbone(f"local-dir:{tiny_checkpoint}", path=path)
    assert len(backbone.embed_images([np.zeros((1, 1000, 3), np.uint8)])) == 1
    for size in ((1, 60_000), (60_000, 1), (1, 1001)):
        with pytest.raises(ValueError, match="too narrow to cut a square out of"):
            backbone.embed_images([np.zeros((*size, 3), np.uint8)])


def test_a_vector_does_not_depend_on_its_neighbours(backbone: OpenClipBackbone) -> None:
    pictures = [noise_picture(i) for i in range(19)]
    together = backbone.embed_images(pictures)
    for i in (0, 9, 18):
        np.testing.assert_array_equal(backbone.embed_images([pictures[i]])[0], together[i])
    assert backbone.embed_images([]).shape == (0, together.shape[1])


def test_forwards_run_in_one_thread_and_leave_torch_alone(backbone: OpenClipBackbone) -> None:
    import torch

    lanes = backbone._loaded.lanes
    before = torch.get_num_threads()
    assert set(lanes.map(lambda _: torch.get_num_threads(), range(8))) == {1}
    assert torch.get_num_threads() == before
    picture = noise_picture(0)
    expected = backbone.embed_images([picture])
    try:
        torch.set_num_threads(before + 1)
        np.testing.assert_array_equal(backbone.embed_images([picture]), expected)
    finally:
        torch.set_num_threads(before)


def test_one_backbone_a_process(tiny_checkpoint: Path, backbone: OpenClipBackbone) -> None:
    scorer = ClipScorer(f"local-dir:{tiny_checkpoint}")
    assert scorer.backbones[0] is backbone
    assert isinstance(scorer, Scorer)
    assert isinstance(scorer, CarriesBackbones)
    assert isinstance(backbone, Backbone)


def test_conforms(tiny_checkpoint: Path, backbone: OpenClipBackbone) -> None:
    batch = items(backbone, ["a red ball", "two blue cubes", "a house by the sea", "a face"])
    check_scorer(lambda: ClipScorer(f"local-dir:{tiny_checkpoint}"), batch)


def test_truncation_keeps_the_end_token_and_is_counted(backbone: OpenClipBackbone) -> None:
    long = "a red ball " * 12
    tokens = backbone._load.tokenizer([long])[0].tolist()
    assert tokens[-1] == backbone._load.tokenizer.eot_token_id
    assert len(tokens) == backbone.max_tokens == 16
    short, cut = ClipScorer(backbone=backbone).score(items(backbone, ["a red ball", long]))
    assert short[0].reason is None
    assert cut[0].reason == f"truncated: {backbone.count_tokens(long)} of 16 tokens"
    assert cut[0].status is ScoreStatus.SCORED


def test_a_clip_has_mean_worst_frames_and_series() -> None:
    backbone = CountingBackbone()
    frames = backbone.embed_images([noise_picture(i) // (i + 1) for i in range(12)])
    text = backbone.embed_texts(["a red ball"])[0]
    clip = Item(
        output_id="o",
        prompt=Prompt(id="p", text="a red ball", category="video", modality="video"),
        media_type="video/webm",
        inputs={"image_embedding:fake": frames, "text_embedding:fake": text},
    )
    ((mean, worst),) = ClipScorer(backbone=backbone).score([clip])
    assert mean.series is not None
    assert len(mean.series) == 12
    assert mean.value == pytest.approx(np.mean(mean.series))
    assert worst.value == sorted(mean.series)[1]


def test_a_still_has_no_worst_frame() -> None:
    backbone = CountingBackbone()
    ((_, worst),) = ClipScorer(backbone=backbone).score(items(backbone, ["a red ball"]))
    assert (worst.status, worst.value) == (ScoreStatus.UNSCORED, None)


def test_cosine_is_raw_and_never_beyond_one() -> None:
    vector = np.full(3, 3**-0.5, np.float32)
    assert cosine(vector, vector) == [pytest.approx(1.0)]
    assert max(cosine(vector * 1.0001, vector)) <= 1.0
    assert cosine(vector, -vector) == [pytest.approx(-1.0)]
    assert lower_order_statistic([3.0, 1.0, 2.0], 0.5) == 2.0


@pytest.mark.parametrize("name", ["ViT-B-32", "local-dir:", "hf-hub:a/b", ""])
def test_a_model_without_weights_is_refused(name: str) -> None:
    with pytest.raises(PluginError, match="names no pretrained weights"):
        ClipScorer(name)


def test_a_folder_without_weights_or_configuration_is_refused(
    tmp_path: Path, tiny_checkpoint: Path
) -> None:
    with pytest.raises(PluginError, match="has no open_clip_config"):
        ClipScorer(f"local-dir:{tmp_path}")
    shutil.copy(tiny_checkpoint / "open_clip_config.json", tmp_path)
    with pytest.raises(PluginError, match="holds 0 weights files"):
        ClipScorer(f"local-dir:{tmp_path}")


def test_a_damaged_configuration_or_weights_is_one_sentence(
    tmp_path: Path, tiny_checkpoint: Path
) -> None:
    (tmp_path / "open_clip_config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(PluginError, match="not an open_clip configuration"):
        ClipScorer(f"local-dir:{tmp_path}")
    shutil.copy(tiny_checkpoint / "open_clip_config.json", tmp_path)
    scorer = ClipScorer(f"local-dir:{tmp_path}")
    with pytest.raises(PluginError, match="open_clip cannot load"):
        scorer.backbones[0].embed_texts(["a ball"])


def test_unknown_device_or_preprocessing_is_refused(tiny_checkpoint: Path) -> None:
    name = f"local-dir:{tiny_checkpoint}"
    with pytest.raises(PluginError, match="neither 'cpu' nor 'cuda'"):
        ClipScorer(name, device="tpu")  # type: ignore[arg-type]
    with pytest.raises(PluginError, match="none of 'fast', 'open_clip'"):
        ClipScorer(name, preprocess="slow")  # type: ignore[arg-type]


def test_identity_follows_the_weights_not_the_folder(tmp_path: Path, tiny_checkpoint: Path) -> None:
    original = ClipScorer(f"local-dir:{tiny_checkpoint}").metrics[0]
    copied = shutil.copytree(tiny_checkpoint, tmp_path / "copy")
    assert ClipScorer(f"local-dir:{copied}").metrics[0].key == original.key
    other = shutil.copytree(tiny_checkpoint, tmp_path / "other")
    weights = other / "open_clip_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert ClipScorer(f"local-dir:{other}").metrics[0].key != original.key
    assert original.definition["world"] == "open"


def test_a_copy_of_the_packaged_weights_still_knows_only_painters(
    tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "PAINTERS", tiny_checkpoint)
    copied = shutil.copytree(tiny_checkpoint, tmp_path / "copy")
    assert checkpoint.find(f"local-dir:{copied}").world == "painters"
    assert checkpoint.find("painters").label == "painters"


needs_painters = pytest.mark.skipif(
    not (checkpoint.PAINTERS / "open_clip_config.json").is_file(),
    reason="the embedded default is not in this checkout yet",
)


@needs_painters
def test_the_embedded_default_says_what_world_it_knows() -> None:
    scorer = ClipScorer()
    assert scorer.metrics[0].definition["world"] == "painters"
    assert scorer.backbones[0].name.startswith("painters-")
    weights = checkpoint.find("painters").weights
    assert weights.stat().st_size <= 12_000_000
