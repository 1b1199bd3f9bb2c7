"""Under what terms known weights may be used: a table with a source for every statement.

The licence of a repository's code is not that of the weights it points to. Only what a model
card, a licence file beside the weights, or their makers' own words say is stated here; all else
is None, and None is never permission. A licence that allows commercial use says nothing of the
pictures that the weights were trained on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from qfloor.records import Metric, WeightsRights

PAINTERS = WeightsRights(
    name="painters CLIP",
    licence="Apache-2.0",
    commercial_use=True,
    source="NOTICES.md of qfloor: trained by us on pictures of our own painters",
)


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Weights that may not, or are not known to, be used commercially, and the metrics they enter.

    ``verdict`` is ``non-commercial`` or ``unknown``.
    """

    weights: WeightsRights
    metrics: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """What is known of commercial use."""
        return "unknown" if self.weights.commercial_use is None else "non-commercial"


def _terms(name: str, licence: str | None, commercial: bool | None, source: str) -> WeightsRights:
    return WeightsRights(name=name, licence=licence, commercial_use=commercial, source=source)


def _open(name: str, licence: str, source: str) -> WeightsRights:
    return _terms(name, licence, True, source)


def _research(name: str, licence: str, source: str) -> WeightsRights:
    return _terms(name, licence, False, source)


def _silent(name: str, source: str) -> WeightsRights:
    return _terms(name, None, None, source)


_HUB = "https://huggingface.co/"
_AESTHETIC_1 = "https://github.com/LAION-AI/aesthetic-predictor/blob/main/LICENSE"
_AESTHETIC_2 = "https://github.com/christophschuhmann/improved-aesthetic-predictor"
_OPEN_CLIP = "https://github.com/mlfoundations/open_clip/issues/177"
_PADDLE = "MODEL_LICENSES.md in the rapidocr wheel"

_BY_SHA256: dict[str, WeightsRights] = {
    "c7b14cead230694acc7b9447974d3cad78003c72da032e402a303b6c2429e85f": _open(
        "sa_0_4_vit_b_32_linear.pth", "MIT", _AESTHETIC_1
    ),
    "8ad3923d7ecf019df20ecd2ab5542a3075fbba0278d239c0371345f3d7fcbde0": _open(
        "sa_0_4_vit_b_16_linear.pth", "MIT", _AESTHETIC_1
    ),
    "2cd4e60f4f24ae3bcd57b847b13c1f3ba27edc28cc1a7f9ce74ee9f421243cba": _open(
        "sa_0_4_vit_l_14_linear.pth", "MIT", _AESTHETIC_1
    ),
    "21dd590f3ccdc646f0d53120778b296013b096a035a2718c9cb0d511bff0f1e0": _open(
        "sac+logos+ava1-l14-linearMSE.pth", "Apache-2.0", _AESTHETIC_2
    ),
    "390a3aafaf3b37d57148f9b22f30556de38343064b7d915acfa80d3812b4c9ff": _open(
        "ava+logos-l14-linearMSE.pth", "Apache-2.0", _AESTHETIC_2
    ),
    "9defdb2ba952d35ec1cb3334554bd4033e415d1397d742a9946d2ac884ed53a1": _open(
        "HPS_v2.pt", "Apache-2.0", _HUB + "xswu/HPSv2"
    ),
    "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa": _open(
        "open-nsfw.onnx", "BSD-2-Clause", "https://github.com/yahoo/open_nsfw"
    ),
    "b99466e55284202d088c152df27eae11ea164137ea37c1cd614987e6b76f88e4": PAINTERS,
}

_BY_NAME: tuple[WeightsRights, ...] = (
    *_BY_SHA256.values(),
    _open("HPS_v2_compressed.pt", "Apache-2.0", _HUB + "xswu/HPSv2"),
    _open("HPS_v2.1_compressed.pt", "Apache-2.0", _HUB + "xswu/HPSv2"),
    _open("xswu/HPSv2", "Apache-2.0", _HUB + "xswu/HPSv2"),
    _open("THUDM/ImageReward", "Apache-2.0", _HUB + "THUDM/ImageReward"),
    _open("ImageReward.pt", "Apache-2.0", _HUB + "THUDM/ImageReward"),
    _open("ImageReward-v1.0", "Apache-2.0", _HUB + "THUDM/ImageReward"),
    # the repository of the code is MIT; the weights' card states no licence
    _silent("yuvalkirstain/PickScore_v1", _HUB + "yuvalkirstain/PickScore_v1"),
    _open("PP-OCRv6_det_small.onnx", "Apache-2.0", _PADDLE),
    _open("PP-OCRv6_rec_small.onnx", "Apache-2.0", _PADDLE),
    _open("ch_ppocr_mobile_v2.0_cls_mobile.onnx", "Apache-2.0", _PADDLE),
)

_NOT_ESTABLISHED = WeightsRights(name="")

# (model, pretrained) as patterns; the first that fits decides. Models of other makers stand
# before the tags they share with LAION's own.
_CLIP: tuple[tuple[str, str, WeightsRights], ...] = (
    # asked of OpenAI and never answered; its repository's MIT names the software only
    ("*", "openai", _silent("", "https://github.com/openai/CLIP/issues/203")),
    ("EVA*", "*", _NOT_ESTABLISHED),
    (
        "*-CLIPA*",
        "datacomp1b",
        _open("", "Apache-2.0", _HUB + "UCSC-VLAA/ViT-L-14-CLIPA-datacomp1B"),
    ),
    ("*SigLIP*", "webli", _open("", "Apache-2.0", _HUB + "timm/ViT-B-16-SigLIP")),
    ("nllb-clip*", "*", _research("", "CC-BY-NC-4.0", _HUB + "visheratin/nllb-clip-base-oc")),
    (
        "MobileCLIP-*",
        "datacompdr*",
        _research("", "apple-amlr", _HUB + "apple/MobileCLIP-S2-OpenCLIP/blob/main/LICENSE"),
    ),
    ("*", "dfn2b*", _research("", "apple-amlr", _HUB + "apple/DFN2B-CLIP-ViT-B-16")),
    ("*", "dfn5b*", _research("", "apple-amlr", _HUB + "apple/DFN5B-CLIP-ViT-H-14-378")),
    ("*", "metaclip_400m", _research("", "CC-BY-NC-4.0", _HUB + "facebook/metaclip-b16-400m")),
    ("*", "metaclip_fullcc", _research("", "CC-BY-NC-4.0", _HUB + "facebook/metaclip-b16-400m")),
    ("*-CLIPA*", "*", _NOT_ESTABLISHED),
    ("ViTamin*", "*", _NOT_ESTABLISHED),
    (
        "*",
        "datacomp_*",
        _open("", "MIT", _HUB + "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K"),
    ),
    *(
        ("*", pattern, _open("", "MIT", _OPEN_CLIP))
        for pattern in ("laion400m_*", "laion2b_*", "laion_aesthetic_*", "yfcc15m", "cc12m")
    ),
)  # fmt: skip


def weights_rights(*, name: str, sha256: str | None = None) -> WeightsRights:
    """Return the terms of weights by their digest, else by their name; unknown fields are None.

    Parameters
    ----------
    name : str
        What the weights are called: a file's name (a folder or address before it is ignored) or
        a hub id, e.g. ``sa_0_4_vit_l_14_linear.pth`` or ``yuvalkirstain/PickScore_v1``.
    sha256 : str, optional
        Digest of the file in hex. Known, it decides whatever the name; unknown, a name whose
        digests the table knows is not believed: it is another file.
    """
    if sha256 is not None and sha256.lower() in _BY_SHA256:
        return _BY_SHA256[sha256.lower()]
    file = name.rpartition("/")[2]
    known_otherwise = [] if sha256 is None else list(_BY_SHA256.values())
    for rights in _BY_NAME:
        if rights.name in (name, file) and rights not in known_otherwise:
            return rights
    return WeightsRights(name=name)


def rights_of_clip(model: str, pretrained: str) -> WeightsRights:
    """Return the terms of an open_clip model's weights; unknown fields are None.

    Parameters
    ----------
    model, pretrained : str
        As open_clip names them, e.g. ``ViT-B-32`` and ``laion2b_s34b_b79k``.

    Examples
    --------
    >>> rights_of_clip("ViT-B-32", "laion2b_s34b_b79k").licence
    'MIT'
    >>> rights_of_clip("ViT-H-14-378", "dfn5b").commercial_use
    False
    >>> rights_of_clip("ViT-B-32", "somebody_elses").commercial_use is None
    True
    """
    name = f"{model}@{pretrained}"
    for models, tags, rights in _CLIP:
        if fnmatchcase(model, models) and fnmatchcase(pretrained, tags):
            return replace(rights, name=name)
    return WeightsRights(name=name)


def weights_of(model: object) -> tuple[WeightsRights, ...]:
    """Return what a pluggable model says of its weights (``.weights``); unknown if it says nothing.

    An empty tuple is a statement too: a formula without weights.
    """
    said = getattr(model, "weights", None)
    return (WeightsRights(name=type(model).__name__),) if said is None else tuple(said)


def concerns(metrics: Iterable[Metric]) -> list[Concern]:
    """List the weights whose commercial use is forbidden or unknown, forbidden ones first."""
    used: dict[WeightsRights, list[str]] = {}
    for metric in metrics:
        for weights in metric.weights:
            if weights.commercial_use is not True:
                used.setdefault(weights, []).append(metric.name)
    ordered = sorted(used.items(), key=lambda e: (e[0].commercial_use is None, e[0].name))
    return [
        Concern(weights=weights, metrics=tuple(dict.fromkeys(names))) for weights, names in ordered
    ]


def described(rights: WeightsRights) -> dict[str, str]:
    """Say a record in words, for a table: what is not known reads ``unknown``."""
    allowed = {True: "yes", False: "no", None: "unknown"}[rights.commercial_use]
    return {
        "weights": rights.name,
        "licence": rights.licence or "unknown",
        "commercial_use": allowed,
        "source": rights.source or "unknown",
    }
