"""Any open_clip model by name: what is found, what is hashed, and that it is open_clip's model."""

from __future__ import annotations

import dataclasses
import json
import pickle
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scoring_fakes import noise_picture

from qfloor import torchvision_shim as shim
from qfloor.errors import PluginError
from qfloor.records import digest_of
from qfloor.scorers.clip import ClipScorer, checkpoint, tokenizers
from qfloor.scorers.clip.backbone import OpenClipBackbone
from qfloor.scorers.weights import file_sha256

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OPENAI_MEAN = [0.48145466, 0.4578275, 0.40821073]


@pytest.fixture(scope="module")
def open_clip() -> Any:
    pytest.importorskip("torch")
    shim.prepare()
    return pytest.importorskip("open_clip")


@pytest.fixture(scope="module")
def architecture(open_clip: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An architecture of our own in open_clip's list, by its own call; small enough to be quick."""
    folder = tmp_path_factory.mktemp("architectures")
    vision = {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    config = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}
    for name, more in {"Tiny-8": {}, "Tiny-8-quickgelu": {"quick_gelu": True}}.items():
        (folder / f"{name}.json").write_text(json.dumps({**config, **more}))
    open_clip.add_model_config(folder)
    return "Tiny-8"


@pytest.fixture(scope="module")
def state(open_clip: Any, architecture: str) -> dict[str, Any]:
    import torch

    torch.manual_seed(1)
    model = open_clip.create_model(architecture)
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


@pytest.fixture(scope="module")
def weights(state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from safetensors.torch import save_file

    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file(state, path)
    return path


@pytest.fixture
def tags(architecture: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Rows for the architecture in open_clip's table of pretrained tags."""
    from open_clip import pretrained

    rows = {
        "plain_e1": pretrained._pcfg(hf_hub="org/plain/"),
        "quick": pretrained._pcfg(hf_hub="org/quick/", quick_gelu=True),
        "squashed": pretrained._slpcfg(hf_hub="org/squashed/weights.bin"),
    }
    monkeypatch.setitem(pretrained._PRETRAINED, architecture, rows)
    return rows


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def put(hub_cache: Path, repository: str, name: str, content: bytes) -> Path:
    folder = hub_cache / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs/main").write_text(COMMIT)
    path = folder / "snapshots" / COMMIT / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def vectors(name: str) -> tuple[np.ndarray, np.ndarray]:
    backbone = OpenClipBackbone(name, path="open_clip")
    pictures = [noise_picture(i, 40, 50) for i in range(8)]
    return backbone.embed_images(pictures), backbone.embed_texts(["a red ball"] * 8)


def reference(model: Any, transform: Any, tokenize: Any) -> tuple[np.ndarray, np.ndarray]:
    import torch
    from PIL import Image

    rows = torch.stack([transform(Image.fromarray(noise_picture(i, 40, 50))) for i in range(8)])
    model.eval()
    with torch.inference_mode():
        return (
            model.encode_image(rows, normalize=True).numpy(),
            model.encode_text(tokenize(["a red ball"] * 8), normalize=True).numpy(),
        )


def assert_same(ours: tuple[np.ndarray, ...], theirs: tuple[np.ndarray, ...]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-7)


def test_the_painters_are_who_they_were() -> None:
    metrics = ClipScorer().metrics
    definitions = [digest_of(metric.definition) for metric in metrics]
    assert definitions == ["a8b684fa9cc3ea64a38230659e358610", "9ed7d02199f3e56adf0ee1bf4a5be5d2"]
    execution = {k: v for k, v in metrics[0].execution.items() if k != "runtime"}
    assert execution == {"dtype": "float32", "device": "cpu", "chunk": 8}
    found = checkpoint.find("painters")
    assert (found.label, found.world, found.pretrained) == ("painters", "painters", None)
    assert found.weights_rights[0].licence == "Apache-2.0"


@pytest.mark.parametrize("kind", ["plain.pt", "wrapped.pt", "trained.pt", "plain.bin"])
def test_weights_of_a_file_in_every_dress(
    architecture: str, state: dict[str, Any], weights: Path, tmp_path: Path, kind: str
) -> None:
    import torch

    dresses = {
        "plain": state,
        "wrapped": {"state_dict": state, "epoch": 3},
        "trained": {"state_dict": {f"module.{k}": v for k, v in state.items()}, "name": "x"},
    }
    torch.save(dresses[kind.partition(".")[0]], tmp_path / kind)
    for ours, plain in zip(
        vectors(f"{architecture}@{tmp_path / kind}"),
        vectors(f"{architecture}@{weights}"),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, plain)


def test_a_file_is_open_clips_model_with_these_weights(
    open_clip: Any, architecture: str, weights: Path
) -> None:
    model, _, transform = open_clip.create_model_and_transforms(architecture, str(weights))
    theirs = reference(model, transform, open_clip.get_tokenizer(architecture))
    assert_same(vectors(f"{architecture}@{weights}"), theirs)
    found = checkpoint.find(f"{architecture}@{weights}")
    assert found.label == "Tiny-8-tiny"
    assert found.digests["weights_sha256"] == file_sha256(weights)
    assert found.world == "open"
    assert found.pretrained is None
    assert found.weights_rights[0].commercial_use is None


class _Evil:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("executed"),))


def test_a_pickle_with_code_is_refused_and_not_run(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evil.pt").write_bytes(pickle.dumps({"logit_scale": _Evil()}))
    with pytest.raises(PluginError, match="open_clip cannot load"):
        checkpoint.find(f"{architecture}@./evil.pt").load("cpu")
    assert not Path("executed").exists()


def test_weights_of_another_architecture_are_refused(
    architecture: str, state: dict[str, Any], tmp_path: Path
) -> None:
    import torch

    torch.save({k: v for k, v in state.items() if k != "text_projection"}, tmp_path / "part.pt")
    with pytest.raises(PluginError, match=r"cannot load .* Missing key"):
        checkpoint.find(f"{architecture}@{tmp_path / 'part.pt'}").load("cpu")


@pytest.mark.usefixtures("tags")
def test_what_is_not_known_is_said_with_what_was_meant(architecture: str) -> None:
    with pytest.raises(PluginError, match=r"names no pretrained .* plain_e1, quick, squashed, or"):
        ClipScorer(architecture)
    with pytest.raises(PluginError, match=r"no weights 'plane_e1' .* did you mean 'plain_e1'\?"):
        ClipScorer(f"{architecture}@plane_e1")
    with pytest.raises(PluginError, match=r"no model 'Tiny-9'; did you mean 'Tiny-8'\?"):
        ClipScorer("Tiny-9@plain_e1")
    with pytest.raises(
        PluginError, match="weights file /none/w.pt does not exist".replace(".", r"\.")
    ):
        ClipScorer(f"{architecture}@/none/w.pt")


@pytest.mark.usefixtures("tags", "hub_cache")
def test_missing_weights_are_one_sentence_on_what_to_get(architecture: str) -> None:
    for download, said in ((True, "HF_HUB_OFFLINE"), (False, "are not on this machine; get")):
        with pytest.raises(PluginError, match=said) as caught:
            checkpoint.find(f"{architecture}@plain-E1", download=download)
        assert "hf download org/plain open_clip_model.safetensors" in str(caught.value)
        assert f"{architecture}@plain_e1=FILE" in str(caught.value)


@pytest.mark.parametrize(
    ("tag", "repository", "file"),
    [
        ("plain_e1", "org/plain", "open_clip_model.safetensors"),
        ("quick", "org/quick", "open_clip_pytorch_model.bin"),
        ("squashed", "org/squashed", "weights.safetensors"),
    ],
)
def test_a_tag_is_open_clips_model_with_that_tag(
    open_clip: Any,
    architecture: str,
    state: dict[str, Any],
    weights: Path,
    tags: dict[str, Any],
    hub_cache: Path,
    tag: str,
    repository: str,
    file: str,
) -> None:
    import torch

    if file.endswith(".bin"):
        torch.save(state, hub_cache.parent / "w.bin")
        weights = hub_cache.parent / "w.bin"
    put(hub_cache, repository, file, weights.read_bytes())
    # open_clip itself only warns when a tag wants the quick GELU; its way is the other name
    quick = bool(tags[tag].get("quick_gelu"))
    model, _, transform = open_clip.create_model_and_transforms(
        architecture, tag, force_quick_gelu=quick
    )
    theirs = reference(model, transform, open_clip.get_tokenizer(architecture))
    name = f"{architecture}@{tag}"
    assert_same(vectors(name), theirs)
    found = checkpoint.find(name)
    ours, own_transform, _ = found.load("cpu")
    assert ours.visual.preprocess_cfg == model.visual.preprocess_cfg
    assert str(own_transform) == str(transform)
    assert found.pretrained == name
    assert found.digests["weights_sha256"] == file_sha256(weights)
    assert found.weights_rights[0].name == name
    brought = checkpoint.find(f"{name}={weights}")
    assert brought.digests == found.digests
    assert (brought.label, brought.pretrained) == (found.label, name)


@pytest.mark.usefixtures("tags")
def test_the_activation_and_the_preprocessing_are_in_the_identity(
    architecture: str, weights: Path
) -> None:
    found = {
        tag: checkpoint.find(f"{architecture}@{tag}={weights}")
        for tag in ("plain_e1", "quick", "squashed")
    }
    assert len({one.config_sha256 for one in found.values()}) == 3
    assert found["quick"].config["model_cfg"]["quick_gelu"] is True
    named = checkpoint.find(f"{architecture}-quickgelu@{weights}")
    assert named.config == found["quick"].config
    assert found["squashed"].config["preprocess_cfg"]["resize_mode"] == "squash"


def test_a_file_takes_the_preprocessing_its_models_tags_agree_on(
    architecture: str, weights: Path, tags: dict[str, Any]
) -> None:
    def config() -> dict[str, Any]:
        return dict(checkpoint.find(f"{architecture}@{weights}").config["preprocess_cfg"])

    assert (list(config()["mean"]), config()["resize_mode"]) == (OPENAI_MEAN, "shortest")
    del tags["plain_e1"], tags["quick"]
    assert (list(config()["mean"]), config()["resize_mode"]) == ([0.5] * 3, "squash")


def test_every_tag_of_open_clip_is_preprocessed_as_stated(open_clip: Any) -> None:
    from qfloor.scorers.clip import architecture as module

    for model, tag in open_clip.list_pretrained():
        stated = open_clip.get_pretrained_cfg(model, tag)
        tags = open_clip.list_pretrained_tags_by_model(model)
        config = module._config(open_clip, model, tag, tags)
        for key in ("mean", "std", "interpolation", "resize_mode"):
            assert config["preprocess_cfg"][key] == stated[key]
        quick = bool(config["model_cfg"].get("quick_gelu"))
        # an architecture may ask for it itself, whatever the tag leaves out
        assert quick == bool(stated.get("quick_gelu")) or model == "roberta-ViT-B-32"
        assert stated["hf_hub"], "every tag has a place on the hub, so it can be looked for there"


@pytest.mark.parametrize(("words", "cut"), [(74, 0), (75, 0), (76, 78), (77, 79), (78, 80)])
def test_at_77_tokens_the_end_token_stays_and_the_cut_is_told(
    architecture: str, weights: Path, words: int, cut: int
) -> None:
    text = "x " * words
    _, _, tokenize = checkpoint.find(f"{architecture}@{weights}").load("cpu")
    tokens = tokenize([text])[0].tolist()
    assert len(tokens) == 77
    assert tokens[min(words + 1, 76)] == tokenize.eot_token_id
    assert tokenizers.count_tokens(tokenize, text) == words + 2
    reason = ClipScorer(f"{architecture}@{weights}")._truncation(text)
    assert reason == (f"truncated: {cut} of 77 tokens" if cut else None)


@pytest.fixture
def borrowed(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """The tiny checkpoint, reading with a vocabulary of transformers."""
    pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = {w: i for i, w in enumerate(["<pad>", "</s>", "<unk>", "a", "red", "ball"])}
    made = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    folder = tmp_path / "borrowed"
    folder.mkdir()
    made.save(str(folder / "tokenizer.json"))
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))
    weights = "open_clip_model.safetensors"
    (folder / weights).write_bytes((tiny_checkpoint / weights).read_bytes())
    config = json.loads((tiny_checkpoint / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["hf_tokenizer_name"] = "org/words"
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


def test_a_vocabulary_of_transformers_is_read_with_and_counted(borrowed: Path) -> None:
    found = checkpoint.find(f"local-dir:{borrowed}")
    assert found.digests["tokenizer_sha256"] == file_sha256(borrowed / "tokenizer.json")
    backbone = OpenClipBackbone(f"local-dir:{borrowed}")
    long = "a red ball " * 6
    assert [backbone.count_tokens(text) for text in ("a red ball", long)] == [4, 19]
    _, _, tokenize = found.load("cpu")
    assert tokenize([long])[0].tolist()[-1] == 1  # the end token stays
    assert backbone.embed_texts(["a red ball"]).shape == (1, 32)
    assert ClipScorer(backbone=backbone)._truncation(long) == "truncated: 19 of 16 tokens"


class TakingTurns:
    """A vocabulary of transformers that notices when two threads are inside it at once."""

    def __init__(self, whole: Any) -> None:
        self.whole, self.inside, self.met = whole, 0, 0
        self.clean_fn = whole.clean_fn
        self.tokenizer = lambda *texts: self._alone(whole.tokenizer, *texts)

    def __call__(self, texts: list[str]) -> Any:
        return self._alone(self.whole, texts)

    def _alone(self, call: Any, *texts: Any) -> Any:
        self.inside += 1
        self.met += self.inside > 1
        time.sleep(0.002)
        found = call(*texts)
        self.inside -= 1
        return found


def test_a_vocabulary_of_transformers_is_used_by_one_thread_at_a_time(borrowed: Path) -> None:
    """Where it cuts is a setting that every call switches, for all threads."""
    backbone = OpenClipBackbone(f"local-dir:{borrowed}")
    watched = TakingTurns(backbone._load.tokenizer)
    backbone.__dict__["_load"] = dataclasses.replace(backbone._load, tokenizer=watched)
    texts = [f"a red ball {i} " * 6 for i in range(32)]
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(backbone.embed_texts, texts) for _ in range(2)]
        assert set(pool.map(backbone.count_tokens, texts)) == {25}
        assert {answer.result().shape for answer in asked} == {(32, 32)}
    assert watched.met == 0


def test_a_vocabulary_that_is_not_there_is_one_sentence(
    borrowed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (borrowed / "tokenizer.json").unlink()
    with pytest.raises(PluginError, match=r"put tokenizer\.json and .* of org/words there"):
        checkpoint.find(f"local-dir:{borrowed}")
    monkeypatch.setattr(tokenizers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PluginError, match="transformers is not installed"):
        checkpoint.find(f"local-dir:{borrowed}")


@pytest.mark.slow
def test_a_genuine_architecture_with_openais_activation(
    open_clip: Any, tmp_path: Path, hub_cache: Path
) -> None:
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    path = tmp_path / "rn50.safetensors"
    save_file(open_clip.create_model("RN50").state_dict(), path)
    put(hub_cache, "timm/resnet50_clip.openai", "open_clip_model.safetensors", path.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no mismatch of the activation is left to warn of
        ours = vectors("RN50@openai")
    model, _, transform = open_clip.create_model_and_transforms("RN50-quickgelu", "openai")
    tokenize = open_clip.get_tokenizer("RN50-quickgelu")
    assert_same(ours, reference(model, transform, tokenize))
    one, other = (checkpoint.find(f"{name}@openai") for name in ("RN50", "RN50-quickgelu"))
    assert one.digests == other.digests
    assert one.pretrained == other.pretrained == "RN50@openai"
