"""HPSv2 and HPSv2.1: a CLIP ViT-H/14 fine-tuned on people's choices between generated pictures.

The two versions are two models and two metrics. Their preprocessing is not CLIP's: the whole
picture is shown, padded with black (`qfloor.scorers.clip.padded`); a centre crop gives other
numbers for every picture that is not square.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from qfloor.errors import PluginError
from qfloor.records import Metric, WeightsRights
from qfloor.scorers.clip.backbone import Device, OpenClipBackbone, load_backbone
from qfloor.scorers.preference.cosine import CosinePreference
from qfloor.scorers.protocol import Backbone
from qfloor.scorers.rights import weights_rights

Version = Literal["v2.0", "v2.1"]

WEIGHTS: dict[Version, str] = {
    "v2.0": "hf-hub:xswu/HPSv2/HPS_v2_compressed.pt",
    "v2.1": "hf-hub:xswu/HPSv2/HPS_v2.1_compressed.pt",
}
"""Where the published state dicts are."""

KNOWN: dict[str, Version] = {
    "9defdb2ba952d35ec1cb3334554bd4033e415d1397d742a9946d2ac884ed53a1": "v2.0",  # HPS_v2.pt
}
"""Digests of which the version is established; of others the argument's word is taken."""

METRICS: dict[Version, str] = {"v2.0": "preference.hps_v2", "v2.1": "preference.hps_v2_1"}


class HpsScorer(CosinePreference):
    """Human Preference Score v2, as a raw cosine.

    ========================  ==========================================================
    ``preference.hps_v2``     cos(image, text) of HPSv2. [-1, 1]; published tables x100
    ``preference.hps_v2_1``   the same of HPSv2.1; never in one column with the other
    ========================  ==========================================================

    Parameters
    ----------
    weights : str, optional
        The state dict: a path, an address with ``#sha256=`` or a hub file (see
        `qfloor.scorers.weights`); by default the published one of the version. Also
        ``local-dir:DIR`` for a folder with its own configuration.
    version : {"v2.1", "v2.0"}
        Which model the weights are; refused where their digest says otherwise.
    model : str, default "ViT-H-14"
        open_clip's name of the architecture.
    device : {"cpu", "cuda"}, default "cpu"
    precision : {"fp32", "bf16", "int8", "auto"}, default "fp32"
        The original runs in fp32 on a CPU and in fp16 (autocast) on a GPU. Part of the metric's
        execution identity.
    backbone : Backbone, optional
        Takes the place of all but the version.

    References
    ----------
    Wu et al., "Human Preference Score v2: A Solid Benchmark for Evaluating Human Preferences of
    Text-to-Image Synthesis", arXiv 2306.09341.
    """

    def __init__(
        self,
        weights: str | None = None,
        version: Version = "v2.1",
        model: str = "ViT-H-14",
        device: Device = "cpu",
        precision: Any = "fp32",
        backbone: Backbone | None = None,
    ) -> None:
        if version not in get_args(Version):
            raise PluginError(f"HPS version {version!r} is neither 'v2.0' nor 'v2.1'")
        if backbone is None:
            source = weights or WEIGHTS[version]
            name = source if source.startswith("local-dir:") else f"{model}@{source}"
            backbone = load_backbone(name, device, "hpsv2", precision)
        _check_version(backbone, version)
        super().__init__(backbone, _metric(backbone, version))


def _check_version(backbone: Backbone, version: Version) -> None:
    digest = backbone.definition.get("weights_sha256", "")
    known = KNOWN.get(str(digest), version)
    if known != version:
        raise PluginError(
            f"weights {digest} are HPS {known}, not {version}; name the right version"
        )


def _metric(backbone: Backbone, version: Version) -> Metric:
    return Metric(
        name=METRICS[version],
        unit="cosine",
        lo=-1.0,
        hi=1.0,
        modalities=("image",),
        definition={
            "formula": "cos(image, text)",
            "version": version,
            **backbone.definition,
            "prompt": "as written, no prefix",
            "comparable": "within a prompt",
        },
        execution=backbone.execution,
        weights=_rights(backbone),
        comparable="within a prompt",
    )


def _rights(backbone: Backbone) -> tuple[WeightsRights, ...]:
    if not isinstance(backbone, OpenClipBackbone):
        return (WeightsRights(name=backbone.name),)
    file = backbone.checkpoint.weights.name
    digest = str(backbone.definition["weights_sha256"])
    return (weights_rights(name=file, sha256=digest),)
