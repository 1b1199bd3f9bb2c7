"""Aesthetic heads: published numbers, the collapse against the layers, whose vectors they read."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_fakes import CountingBackbone, noise_picture

from qfloor.errors import PluginError
from qfloor.records import Prompt, ScoreStatus
from qfloor.score.inputs import Decoded, InputComputer
from qfloor.scorers.aesthetic import HEADS, AestheticScorer, load_head
from qfloor.scorers.aesthetic.heads import collapse, digest_of_layers
from qfloor.scorers.clip import ClipScorer
from qfloor.scorers.protocol import CarriesBackbones, Item, ReadsOffVectors, Scorer
from qfloor.testing import check_scorer

SHARED = Path(__file__).resolve().parents[3] / "shared/data/aesthetic_heads"
needs_heads = pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs ../shared/data/aesthetic_heads, which is not ours to ship"
)
V1, V2 = SHARED / "laion_v1", SHARED / "improved_v2"


def layers(*widths: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(n, m)).astype(np.float32), rng.normal(size=n).astype(np.float32))
        for m, n in itertools.pairwise(widths)
    ]


def save(path: Path, chain: list[tuple[np.ndarray, np.ndarray]]) -> Path:
    state = {f"layers.{5 * i}.weight": w for i, (w, _) in enumerate(chain)}
    state |= {f"layers.{5 * i}.bias": b for i, (_, b) in enumerate(chain)}
    if path.suffix == ".npz":
        np.savez(path, **state)
    elif path.suffix == ".safetensors":
        pytest.importorskip("safetensors.numpy").save_file(state, path)
    else:
        torch = pytest.importorskip("torch")
        torch.save({name: torch.from_numpy(array) for name, array in state.items()}, path)
    return path


def layered(chain: list[tuple[np.ndarray, np.ndarray]], rows: np.ndarray) -> np.ndarray:
    for weight, bias in chain:
        rows = rows @ weight.astype(np.float64).T + bias.astype(np.float64)
    return rows[:, 0]


def unit(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    rows = rng.normal(size=(n, width))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(widths=st.lists(st.integers(1, 40), min_size=1, max_size=5), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_collapsed_layers_equal_the_layers(widths: list[int], seed: int) -> None:
    chain = layers(*widths, 1, seed=seed)
    rows = unit(np.random.default_rng(seed), 20, widths[0])
    w, b = collapse(chain)
    expected = layered(chain, rows)
    scale = layered([(np.abs(weight), np.abs(bias)) for weight, bias in chain], np.abs(rows))
    assert (np.abs(rows @ w + b - expected) <= 1e-12 * scale).all()


@needs_heads
@pytest.mark.parametrize(
    ("file", "norm", "bias"),
    [
        ("sac+logos+ava1-l14-linearMSE.npz", 17.9956, 5.23664584),
        ("ava+logos-l14-linearMSE.npz", None, None),
    ],
)
def test_the_published_mlp_is_affine(file: str, norm: float | None, bias: float | None) -> None:
    head = load_head(str(V2 / file))
    with np.load(V2 / file) as state:
        names = [f"layers.{i}" for i in (0, 2, 4, 6, 7)]
        chain = [(state[f"{name}.weight"], state[f"{name}.bias"]) for name in names]
    rows = unit(np.random.default_rng(0), 2000, 768)
    expected = layered(chain, rows)
    ours = rows @ head.w + head.b
    assert (np.abs(ours - expected) / np.abs(expected)).max() <= 1e-12
    if norm is not None:
        assert np.linalg.norm(head.w) == pytest.approx(norm, abs=5e-5)
        assert head.b == pytest.approx(bias, abs=5e-9)


@needs_heads
@pytest.mark.parametrize(
    ("head", "vectors", "expected"),
    [
        (
            V1 / "sa_0_4_vit_l_14_linear.npz",
            "vit_l_14",
            "-2.4579 -0.1379 1.8951 3.5849 5.0997 6.4701 7.7870 9.0480 10.2264 11.3044",
        ),
        (
            V1 / "sa_0_4_vit_b_32_linear.npz",
            "vit_b_32",
            "-1.4700 0.2728 1.9900 3.6114 5.0874 6.3926 7.6682 8.9155 9.9166 11.0056",
        ),
    ],
)
def test_the_published_numbers_of_v1(head: Path, vectors: str, expected: str) -> None:
    files = [V1 / f"{vectors}_embeddings" / f"rating{i}.npy" for i in range(10)]
    rows = np.concatenate([np.load(file) for file in files])
    values = load_head(str(head)).values(rows)
    np.testing.assert_allclose(values, [float(x) for x in expected.split()], atol=5.1e-5)


@needs_heads
def test_v2_rises_with_the_rating_of_the_same_vectors() -> None:
    rows = np.concatenate([np.load(V1 / f"vit_l_14_embeddings/rating{i}.npy") for i in range(10)])
    values = load_head(str(V2 / "sac+logos+ava1-l14-linearMSE.npz")).values(rows)
    assert (round(values[0], 2), round(values[-1], 2)) == (1.66, 5.75)
    assert values == sorted(values)


@needs_heads
@pytest.mark.parametrize("published", HEADS.values(), ids=HEADS)
def test_a_known_head_is_known_in_any_file(published: Any) -> None:
    file = published.address.rpartition("/")[2]
    (pth,) = SHARED.rglob(file)
    pytest.importorskip("torch")
    found = [load_head(f"{pth}#sha256={published.sha256}"), load_head(str(pth.with_suffix(".npz")))]
    assert [one.published for one in found] == [published, published]
    assert found[0].digest == found[1].digest
    np.testing.assert_array_equal(found[0].w, found[1].w)
    assert {one.rights.licence for one in found} <= {"MIT", "Apache-2.0"}


def test_heads_have_an_address_with_a_digest_and_a_metric_each() -> None:
    assert len({head.metric for head in HEADS.values()}) == len(HEADS)
    assert all(head.reference.endswith(f"#sha256={head.sha256}") for head in HEADS.values())


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".pth"])
def test_one_head_in_three_kinds_of_file(tmp_path: Path, suffix: str) -> None:
    chain = layers(12, 5, 4, 1)
    head = load_head(str(save(tmp_path / f"head{suffix}", chain)), affine=True)
    assert head.digest == digest_of_layers(chain)
    rows = unit(np.random.default_rng(1), 8, 12)
    np.testing.assert_allclose(head.values(rows), layered(chain, rows), rtol=1e-9, atol=1e-12)


def test_a_state_dict_in_a_state_dict(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    ((weight, bias),) = layers(6, 1)
    state = {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)}
    torch.save({"state_dict": state}, tmp_path / "head.pth")
    assert load_head(str(tmp_path / "head.pth")).b == float(bias[0])


def test_layers_of_which_nobody_says_that_they_are_affine_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "reluMSE.npz", layers(12, 5, 1))
    with pytest.raises(PluginError, match="do not tell whether activations stand between"):
        load_head(str(path))
    assert len(load_head(str(path), affine=True).w) == 12


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"weight": np.ones((2, 4), np.float32), "bias": np.ones(2, np.float32)},
        {"a.weight": np.ones((3, 4), np.float32), "b.weight": np.ones((1, 2), np.float32)},
        {"weight": np.ones((1, 4), np.float32), "scale": np.ones(1, np.float32)},
        {"weight": np.ones((1, 4), np.float32), "bias": np.ones(3, np.float32)},
        {"weight": np.ones(4, np.float32)},
    ],
)
def test_what_is_no_chain_of_layers_is_refused(tmp_path: Path, state: dict[str, Any]) -> None:
    np.savez(tmp_path / "head.npz", **state)
    with pytest.raises(PluginError, match="no chain of linear layers"):
        load_head(str(tmp_path / "head.npz"), affine=True)


class _Evil:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("executed"),))


def test_a_pickle_with_code_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    Path("head.pth").write_bytes(pickle.dumps({"weight": _Evil()}))
    with pytest.raises(PluginError, match="cannot be read"):
        load_head("./head.pth")
    assert not Path("executed").exists()


@pytest.fixture
def small(tmp_path: Path) -> str:
    return str(save(tmp_path / "small.npz", layers(4, 1)))


def items(count: int = 3) -> list[Item]:
    backbone = CountingBackbone()
    rows = backbone.embed_images([noise_picture(i) // (i + 1) for i in range(count + 12)])
    prompt = Prompt(id="p", text="a ball", category="portrait")
    clip = Prompt(id="c", text="a ball rolls", category="video", modality="video")
    stills = [
        Item(output_id=f"o{i}", prompt=prompt, media_type="image/png",
             inputs={"image_embedding:fake": rows[i]})
        for i in range(count)
    ]  # fmt: skip
    inputs = {"image_embedding:fake": rows[count:]}
    return [*stills, Item(output_id="v", prompt=clip, media_type="video/webm", inputs=inputs)]


def scorer(head: str, **changed: Any) -> AestheticScorer:
    backbone = changed.pop("backbone", None) or CountingBackbone()
    return AestheticScorer(head, backbone=backbone, **{"for_backbone": "fake", **changed})


def test_conforms(small: str) -> None:
    check_scorer(lambda: scorer(small), items())
    assert isinstance(scorer(small), Scorer)
    assert isinstance(scorer(small), CarriesBackbones)


def test_a_clip_has_mean_worst_frames_and_series_and_a_still_has_not(small: str) -> None:
    made = scorer(small)
    *stills, (mean, worst) = made.score(items())
    assert mean.series is not None
    assert mean.value == pytest.approx(np.mean(mean.series))
    assert worst.value == sorted(mean.series)[1]
    clip = items()[-1].inputs["image_embedding:fake"]
    np.testing.assert_allclose(mean.series, load_head(small).values(np.asarray(clip)))
    for still, no_worst in stills:
        assert still.series is None
        assert (no_worst.status, no_worst.value) == (ScoreStatus.UNSCORED, None)
    assert [metric.name for metric in made.metrics] == [
        "aesthetic.own_head",
        "aesthetic.own_head_worst_frames",
    ]
    assert all((metric.lo, metric.hi) == (None, None) for metric in made.metrics)


def test_two_heads_and_the_cosine_share_one_pass(small: str, tmp_path: Path) -> None:
    backbone = CountingBackbone()
    other = str(save(tmp_path / "other.npz", layers(4, 3, 1, seed=9)))
    first = scorer(small, backbone=backbone)
    second = scorer(other, backbone=backbone, affine=True, name="second")
    cosine = ClipScorer(backbone=backbone)
    assert first.inputs == second.inputs == cosine.inputs[:1]
    names = {metric.name for one in (first, second, cosine) for metric in one.metrics}
    assert len(names) == 6
    pictures = [Decoded(frames=[noise_picture(i)], fps=None) for i in range(4)]
    wanted = {*first.inputs, *second.inputs, *cosine.inputs}
    computed = InputComputer([first, second, cosine]).compute(
        pictures, ["a ball"] * 4, [wanted] * 4
    )
    assert len(backbone.pictures) == 4
    assert all(not one.failures for one in computed)


def test_what_is_read_off_vectors_is_what_is_scored(small: str) -> None:
    """The check of a coarser precision ranks pictures by this."""
    one = scorer(small)
    assert isinstance(one, ReadsOffVectors)
    batch = items()
    vectors = np.stack([i.inputs[one.inputs[0]] for i in batch if i.prompt.modality == "image"])
    values = [rows[0].value for rows in one.score(batch)][: len(vectors)]
    assert one.read_off(vectors) == {one.metrics[0].key: values}


def test_identity_is_the_heads_numbers_and_the_backbones(small: str, tmp_path: Path) -> None:
    key = scorer(small).metrics[0].key
    again = save(tmp_path / "copy.safetensors", layers(4, 1))
    assert scorer(str(again)).metrics[0].key == key
    other = save(tmp_path / "other.npz", layers(4, 1, seed=2))
    assert scorer(str(other)).metrics[0].key != key
    changed = CountingBackbone()
    changed.definition = {"weights_sha256": "other", "world": "open"}
    assert scorer(small, backbone=changed).metrics[0].key != key
    assert scorer(small).metrics[0].weights[-1].commercial_use is None  # unknown is unknown


def test_a_head_of_ones_own_must_say_whose_vectors_it_reads(small: str) -> None:
    with pytest.raises(PluginError, match="say whose vectors it reads"):
        scorer(small, for_backbone=None)


@needs_heads
def test_a_known_head_takes_only_its_own_backbone() -> None:
    head = str(V1 / "sa_0_4_vit_l_14_linear.npz")
    with pytest.raises(PluginError, match="nothing says that fake gives them"):
        scorer(head, for_backbone=None)
    with pytest.raises(PluginError, match="not of ViT-B-32@openai"):
        scorer(head, for_backbone="ViT-B-32@openai")
    stated = scorer(head, for_backbone="ViT-L/14-quickgelu@openai")
    assert stated.metrics[0].name == "aesthetic.laion_v1"
    with pytest.raises(PluginError, match="reads vectors of 768 numbers and fake gives 4"):
        stated.score(items())
    with pytest.raises(PluginError, match="keeps that name"):
        scorer(head, for_backbone="ViT-L-14@openai", name="mine")


@needs_heads
def test_the_painters_are_nobodys_backbone() -> None:
    for stated in ("ViT-L-14@openai", None):
        with pytest.raises(PluginError, match="gives those of painters"):
            AestheticScorer(str(V1 / "sa_0_4_vit_l_14_linear.npz"), "painters", for_backbone=stated)


def test_a_checkpoint_of_another_width_is_refused_before_anything_is_scored(
    small: str, tiny_checkpoint: Path
) -> None:
    with pytest.raises(PluginError, match=r"reads vectors of 4 numbers and .* gives 32"):
        AestheticScorer(small, f"local-dir:{tiny_checkpoint}", for_backbone="tiny")


@pytest.mark.parametrize("name", ["laion_v1", "My Head", ""])
def test_a_head_of_ones_own_has_a_name_of_its_own(small: str, name: str) -> None:
    if not name:
        assert scorer(small, name=name).metrics[0].name == "aesthetic.own_head"
        return
    with pytest.raises(PluginError, match="cannot be called"):
        scorer(small, name=name)
