"""Precisions of a CLIP: what they cost in exactness, and that neighbours never matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clip_twins import open_clip_folder

from qfloor.errors import PluginError, ScoringError
from qfloor.records import Parity
from qfloor.scorers import parity
from qfloor.scorers.clip import towers
from qfloor.scorers.clip.backbone import OpenClipBackbone, load_backbone

WORDS = ["a red ball", "two dogs in the rain", "ein Haus am See", "x", "un gato", "snow"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return open_clip_folder(tmp_path_factory.mktemp("twin"))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    kept = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("QFLOOR_CACHE_DIR", str(kept))
    return kept


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    from PIL import Image

    rng = np.random.default_rng(5)
    found = []
    for i in range(40):
        height, width = [(300, 300), (200, 420), (500, 230), (224, 224)][i % 4]
        coarse = rng.integers(0, 256, (3 + i % 9, 4 + i % 7, 3), dtype=np.uint8)
        found.append(np.asarray(Image.fromarray(coarse).resize((width, height))))
    return found


def at(folder: Path, precision: towers.Precision, path: str = "fast") -> OpenClipBackbone:
    return load_backbone(f"local-dir:{folder}", path=path, precision=precision)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_a_vector_does_not_depend_on_its_neighbours(folder, pictures, precision):
    backbone = at(folder, precision)
    together = backbone.embed_images(pictures[:11])
    alone = np.concatenate([backbone.embed_images([picture]) for picture in pictures[:11]])
    shuffled = backbone.embed_images(pictures[10::-1])[::-1]
    assert (together == alone).all()
    assert (together == shuffled).all()


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_coarser_precision_agrees_with_float32(folder, pictures, precision):
    backbone = at(folder, precision)
    texts = [WORDS[i % len(WORDS)] for i in range(len(pictures))]
    found = parity.measure(backbone, backbone.reference(), pictures, texts)
    parity.require(found, precision)
    assert found.pictures == len(pictures)
    assert found.least_cosine < 1.0, "the coarse tower ran in float32"
    assert found.backbone != found.reference


def test_float32_is_its_own_reference(folder, pictures):
    backbone = at(folder, "fp32")
    found = parity.measure(backbone, backbone.reference(), pictures[:8], WORDS[:1] * 8)
    assert found.largest_difference == 0.0
    assert found.least_cosine == pytest.approx(1.0, abs=1e-6)


def test_precision_is_execution_and_not_definition(folder):
    three = [at(folder, p) for p in towers.PRECISIONS]
    assert len({backbone.name for backbone in three}) == 3
    assert three[0].definition == three[1].definition == three[2].definition
    assert three[0].execution == {
        "dtype": "float32", "device": "cpu", "chunk": 8,
        "runtime": three[0].execution["runtime"],
    }  # fmt: skip


def test_the_int8_tower_is_exported_once_and_leaves_nothing_else(folder, pictures, cache):
    at(folder, "int8").embed_images(pictures[:1])
    files = list((cache / "int8").iterdir())
    assert [file.suffix for file in files] == [".onnx"]
    before = files[0].stat().st_mtime_ns
    OpenClipBackbone(f"local-dir:{folder}", precision="int8").embed_images(pictures[:1])
    assert files[0].stat().st_mtime_ns == before


def test_what_cannot_run_here_is_refused(folder):
    with pytest.raises(PluginError, match="'fp16' is none of fp32, bf16, int8, auto"):
        at(folder, "fp16")  # type: ignore[arg-type]
    with pytest.raises(PluginError, match="runs on a CPU only"):
        towers.check("int8", "cuda")


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(towers, "version_of", lambda package: "none")
    with pytest.raises(PluginError, match=r"needs onnx, .* pip install 'qfloor\[fast\]'"):
        towers.check("int8", "cpu")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"avx512_vnni", "avx512_bf16"}, "int8"),
        ({"avx_vnni"}, "int8"),
        ({"avx512_bf16"}, "bf16"),
        ({"amx_bf16"}, "bf16"),
        ({"amx_bf16", "amx_int8", "avx512_vnni", "avx512_bf16"}, "bf16"),
        ({"avx2"}, "fp32"),
        (set(), "fp32"),
    ],
)
def test_auto_takes_what_the_processor_does_well(monkeypatch, flags, expected):
    monkeypatch.setattr(towers, "_processor_flags", lambda: frozenset(flags))
    assert towers.best_precision("cpu") == expected
    assert towers.best_precision("cuda") == "bf16"


class Turned:
    """A backbone that points elsewhere by a fixed angle."""

    max_tokens = 77
    definition: dict[str, object] = {}
    execution: dict[str, object] = {}

    def __init__(self, name: str, angle: float, noise: float = 0.0) -> None:
        self.name, self._angle, self._noise = name, angle, noise

    def count_tokens(self, text: str) -> int:
        return 3

    def embed_images(self, pictures):
        rng = np.random.default_rng(0)
        base = np.array([p.mean() / 255 for p in pictures]) + self._noise * rng.standard_normal(
            len(pictures)
        )
        return np.stack([np.cos(base + self._angle), np.sin(base + self._angle)], 1).astype("f4")

    def embed_texts(self, texts):
        return np.tile(np.array([[1.0, 0.0]], "f4"), (len(texts), 1))


def test_vectors_that_point_elsewhere_are_refused(pictures):
    found = parity.measure(Turned("a", 0.2), Turned("b", 0.0), pictures, ["x"] * len(pictures))
    assert found.least_cosine == pytest.approx(np.cos(0.2), abs=1e-6)
    assert found.spearman == pytest.approx(1.0)
    with pytest.raises(ScoringError, match="does not agree with float32 on 40 of these pictures"):
        parity.require(found, "int8")


def test_ranks_that_differ_are_refused_though_vectors_nearly_agree(pictures):
    found = parity.measure(
        Turned("a", 0.0, noise=0.05), Turned("b", 0.0), pictures, ["x"] * len(pictures)
    )
    assert found.least_cosine > 0.98
    assert found.spearman < parity.LEAST_SPEARMAN
    assert not found.holds


def test_a_picture_that_no_precision_can_embed_is_left_out(folder, pictures):
    line = np.zeros((1, 5000, 3), np.uint8)
    backbone = at(folder, "bf16")
    given = [*pictures[:8], line]
    found = parity.measure(backbone, backbone.reference(), given, WORDS[:1] * 9)
    assert found.pictures == 8


def test_a_fault_of_the_model_is_not_blamed_on_pictures(pictures):
    class Broken(Turned):
        def embed_images(self, pictures):
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        parity.measure(Broken("a", 0.0), Turned("b", 0.0), pictures, ["x"] * len(pictures))


def test_too_few_pictures_to_tell(pictures):
    with pytest.raises(ScoringError, match="at least 8 pictures and there are 7"):
        parity.measure(Turned("a", 0.0), Turned("b", 0.0), pictures[:7], ["x"] * 7)


def test_a_parity_holds_by_both_demands():
    base = {
        "backbone": "a", "reference": "b", "pictures": 32, "texts": 4,
        "mean_cosine": 1.0, "largest_difference": 0.0,
    }  # fmt: skip
    assert Parity(**base, least_cosine=0.995, spearman=0.99).holds
    assert not Parity(**base, least_cosine=0.9949, spearman=0.99).holds
    assert not Parity(**base, least_cosine=0.995, spearman=0.9899).holds


def test_a_damaged_int8_tower_is_written_anew(folder, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("QFLOOR_CACHE_DIR", str(tmp_path))
    fresh = [OpenClipBackbone(f"local-dir:{folder}", precision="int8") for _ in range(2)]
    expected = fresh[0].embed_images(pictures[:2])
    (kept,) = (tmp_path / "int8").iterdir()
    kept.write_bytes(kept.read_bytes()[:5000])
    assert (fresh[1].embed_images(pictures[:2]) == expected).all()


def test_an_int8_tower_that_cannot_be_made_is_one_sentence(folder, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("QFLOOR_CACHE_DIR", str(tmp_path / "a file"))
    (tmp_path / "a file").touch()
    backbone = OpenClipBackbone(f"local-dir:{folder}", precision="int8")
    with pytest.raises(PluginError, match=r"cannot be made .* choose precision 'bf16' or 'fp32'"):
        backbone.embed_images(pictures[:1])


def test_an_int8_tower_of_other_packages_is_another_file(monkeypatch):
    weights = {"weights_sha256": "0" * 64}
    known = {"torch": "2.13", "onnx": "1.23", "onnxruntime": "1.32", "open_clip_torch": "3.3"}
    files = []
    for changed in (None, *known):
        versions = known if changed is None else {**known, changed: "9.9"}
        monkeypatch.setattr(towers, "version_of", lambda name, v=versions: v.get(name, "none"))
        files.append(towers._kept(224, 8, weights))
    assert len(set(files)) == 5


def test_weights_beside_the_draft_give_the_same_int8_tower(folder, pictures, tmp_path):
    import onnx
    import torch

    from qfloor.scorers.clip import checkpoint, int8

    model, _, _ = checkpoint.find(f"local-dir:{folder}").load("cpu")
    size = model.visual.preprocess_cfg["size"]
    side = size if isinstance(size, int) else size[0]
    with towers.exporting():
        int8.export(model, side, 8, tmp_path / "whole.onnx")
        onnx.save(
            onnx.load(str(tmp_path / "whole.onnx")), str(tmp_path / "apart.onnx"),
            save_as_external_data=True, location="weights.bin", size_threshold=1024,
        )  # fmt: skip
        counts = {int8.quantise(tmp_path / f"{n}.onnx", tmp_path / n) for n in ("whole", "apart")}
    assert len(counts) == 1
    pixels = torch.randn(8, 3, side, side)
    whole, apart = (towers._session(tmp_path / name)(pixels) for name in ("whole", "apart"))
    assert torch.equal(whole, apart)


def test_byte_products_that_overflow_are_another_execution(monkeypatch):
    found = {}
    for name, flags in {"vnni": {"sse4_1", "avx_vnni"}, "old": {"sse4_1", "avx2"}}.items():
        monkeypatch.setattr(towers, "_processor_flags", lambda f=flags: frozenset(f))
        found[name] = towers.describe("int8", "cpu", 8)
    assert found["old"] == {**found["vnni"], "products": "saturating"}


def test_a_precision_that_is_refused_is_not_offered_again():
    base = {
        "backbone": "a", "reference": "b", "pictures": 32, "texts": 4, "least_cosine": 0.9,
        "mean_cosine": 1.0, "spearman": 1.0, "largest_difference": 0.0,
    }  # fmt: skip
    with pytest.raises(ScoringError, match=r"choose precision 'fp32'$"):
        parity.require(Parity(**base), "bf16")
