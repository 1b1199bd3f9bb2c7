"""What is known of weights is stated with a source; what is not known stays unknown."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import qfloor
from qfloor.records import Metric, WeightsRights
from qfloor.scorers import rights as r
from qfloor.scorers.technical import TechnicalScorer

OWN = Path(qfloor.__file__).parent / "scorers/clip/painters/open_clip_model.safetensors"


@pytest.mark.parametrize(
    ("model", "pretrained", "licence", "commercial"),
    [
        ("ViT-B-32", "laion2b_s34b_b79k", "MIT", True),
        ("ViT-L-14", "laion400m_e32", "MIT", True),
        ("ViT-L-14", "datacomp_xl_s13b_b90k", "MIT", True),
        ("ViT-B-16-SigLIP", "webli", "Apache-2.0", True),
        ("ViT-L-14-CLIPA", "datacomp1b", "Apache-2.0", True),
        ("ViT-H-14-378-quickgelu", "dfn5b", "apple-amlr", False),
        ("ViT-B-16", "dfn2b", "apple-amlr", False),
        ("ViT-L-14", "dfn2b_s39b", "apple-amlr", False),
        ("MobileCLIP-S2", "datacompdr", "apple-amlr", False),
        ("ViT-H-14", "metaclip_fullcc", "CC-BY-NC-4.0", False),
        ("nllb-clip-base-siglip", "v1", "CC-BY-NC-4.0", False),
        ("ViT-L-14", "openai", None, None),
        ("ViTamin-L", "datacomp1b", None, None),
        ("EVA01-g-14", "laion400m_s11b_b41k", None, None),
        ("EVA02-E-14-plus", "laion2b_s9b_b144k", None, None),
        ("ViT-H-14-CLIPA-336", "laion2b", None, None),
        ("ViT-L-14", "commonpool_xl_s13b_b90k", None, None),
        ("PE-Core-L-14-336", "meta", None, None),
        ("ViT-B-32", "/home/me/laion2b.pt", None, None),
    ],
)
def test_clip_weights_by_family(
    model: str, pretrained: str, licence: str | None, commercial: bool | None
) -> None:
    found = r.rights_of_clip(model, pretrained)
    assert (found.name, found.licence, found.commercial_use) == (
        f"{model}@{pretrained}", licence, commercial,
    )  # fmt: skip
    assert found.source is not None or licence is None


def test_no_statement_without_a_source_and_no_permission_without_a_licence() -> None:
    for rights in (*r._BY_NAME, *(rights for *_, rights in r._CLIP), r.PAINTERS):
        if rights.licence is not None or rights.commercial_use is not None:
            assert rights.source, rights
        assert (rights.licence is None) == (rights.commercial_use is None), rights


def test_weights_by_file_name_hub_id_and_digest() -> None:
    v1 = r.weights_rights(name="heads/sa_0_4_vit_l_14_linear.pth")
    assert (v1.licence, v1.commercial_use) == ("MIT", True)
    digest = "21dd590f3ccdc646f0d53120778b296013b096a035a2718c9cb0d511bff0f1e0"
    assert r.weights_rights(name="renamed.pth", sha256=digest.upper()).licence == "Apache-2.0"
    assert r.weights_rights(name="yuvalkirstain/PickScore_v1").commercial_use is None
    assert r.weights_rights(name="THUDM/ImageReward").commercial_use is True
    assert r.weights_rights(name="mine.pt") == WeightsRights(name="mine.pt")


def test_a_famous_name_on_another_file_says_nothing() -> None:
    found = r.weights_rights(name="sa_0_4_vit_l_14_linear.pth", sha256="0" * 64)
    assert found == WeightsRights(name="sa_0_4_vit_l_14_linear.pth")
    # of these the table knows no digest that could contradict the name
    assert r.weights_rights(name="HPS_v2.1_compressed.pt", sha256="0" * 64).licence == "Apache-2.0"


def test_our_own_weights_are_known_by_their_digest() -> None:
    digest = hashlib.sha256(OWN.read_bytes()).hexdigest()
    assert r.weights_rights(name="a-copy", sha256=digest) == r.PAINTERS


def _metric(name: str, *weights: WeightsRights) -> Metric:
    return Metric(name=name, unit="1", lo=None, hi=None, weights=weights)


def test_concerns_lists_forbidden_then_unknown_and_every_metric_they_enter() -> None:
    apple = r.rights_of_clip("ViT-H-14", "dfn5b")
    openai = r.rights_of_clip("ViT-L-14", "openai")
    metrics = [
        _metric("free", r.PAINTERS),
        _metric("formula"),
        _metric("a", openai),
        _metric("b", openai, r.PAINTERS),
        _metric("c", apple, openai),
        _metric("c", apple),
    ]
    assert [(c.weights.name, c.verdict, c.metrics) for c in r.concerns(metrics)] == [
        ("ViT-H-14@dfn5b", "non-commercial", ("c",)),
        ("ViT-L-14@openai", "unknown", ("a", "b", "c")),
    ]
    assert r.concerns([_metric("free", r.PAINTERS), _metric("formula")]) == []


def test_unknown_is_said_in_words() -> None:
    assert r.described(WeightsRights(name="mine")) == {
        "weights": "mine",
        "licence": "unknown",
        "commercial_use": "unknown",
        "source": "unknown",
    }
    assert r.described(r.rights_of_clip("ViT-B-16", "dfn2b"))["commercial_use"] == "no"


def test_terms_are_no_part_of_a_metrics_identity() -> None:
    plain = Metric(name="m", unit="1", lo=None, hi=None, definition={"v": 1})
    with_terms = Metric(
        name="m", unit="1", lo=None, hi=None, definition={"v": 1}, weights=(r.PAINTERS,)
    )
    assert plain.identity == with_terms.identity == "8ba320d9c2989462"


def test_identities_that_committed_results_rest_on_are_what_they_were() -> None:
    """Those whose execution names no library version; see results/."""
    found = {m.name: m.identity for m in TechnicalScorer().metrics}
    assert {name: found[f"technical.{name}"] for name in PINNED} == PINNED


PINNED = {
    "sharpness": "6022edd829ea3155",
    "exposure": "9a255be7cef33829",
    "clipping": "5600c4895ba5c9d2",
    "noise": "94d0c2696a328b56",
    "blockiness": "bc973780312f02ad",
    "colourfulness": "e24d7b02aa497997",
    "blankness": "dbbf3199fa418325",
}
