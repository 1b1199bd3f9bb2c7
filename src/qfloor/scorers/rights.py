"""Under what terms known weights may be used: a table with a source for every statement.

The licence of a repository's code is not that of the weights it points to. What no source says
of the weights themselves is None here, and None is never permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qfloor.records import Metric, WeightsRights

PAINTERS = WeightsRights(
    name="painters CLIP (trained by qfloor on its own pictures)",
    licence="Apache-2.0",
    commercial_use=True,
    source="https://www.apache.org/licenses/LICENSE-2.0",
)


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Weights that may not, or not known to, be used commercially, and the metrics they enter."""

    weights: WeightsRights
    metrics: tuple[str, ...]


def weights_rights(*, name: str, sha256: str | None = None) -> WeightsRights:
    """Return the terms of weights by their digest, else by their name; unknown fields are None.

    Parameters
    ----------
    name : str
        What the weights are called, e.g. ``sa_0_4_vit_l_14_linear.pth`` or a hub id.
    sha256 : str, optional
        Digest of the file in hex; decides where it is known, whatever the name.
    """
    return WeightsRights(name=name)


def rights_of_clip(model: str, pretrained: str) -> WeightsRights:
    """Return the terms of an open_clip model's weights; unknown fields are None.

    Parameters
    ----------
    model, pretrained : str
        As open_clip names them, e.g. ``ViT-B-32`` and ``laion2b_s34b_b79k``.
    """
    return WeightsRights(name=f"{model}@{pretrained}")


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
