"""Which weights stand behind the metrics that ship, on this machine or not, and on what terms.

Scorers are not built for it: those of published weights would have to load or fetch them first.
"""

from __future__ import annotations

from qfloor.records import Metric, WeightsRights
from qfloor.scorers.rights import Concern, concerns, rights_of_clip, weights_rights

_HUB = {
    "preference.hps_v2": "HPS_v2_compressed.pt",
    "preference.hps_v2_1": "HPS_v2.1_compressed.pt",
    "preference.pickscore": "yuvalkirstain/PickScore_v1",
    "preference.imagereward": "ImageReward.pt",
}


def metrics_of_published_weights() -> tuple[Metric, ...]:
    """Return the metrics whose default weights are not in the package, with these' terms only."""
    from qfloor.scorers.aesthetic import HEADS

    used: dict[str, list[WeightsRights]] = {
        "clip.cos_prefixed": [rights_of_clip("ViT-B-32", "openai")]
    }
    for head in HEADS.values():
        file = head.address.rpartition("/")[2]
        model, _, tag = head.backbone.partition("@")
        used.setdefault(f"aesthetic.{head.metric}", []).extend(
            (rights_of_clip(model, tag), weights_rights(name=file, sha256=head.sha256))
        )
    for metric, name in _HUB.items():
        used[metric] = [weights_rights(name=name)]
    return tuple(
        Metric(name=name, unit="", lo=None, hi=None, weights=tuple(dict.fromkeys(weights)))
        for name, weights in used.items()
    )


def concerns_of_what_ships() -> list[Concern]:
    """Return the weights that may not, or are not known to, be used commercially."""
    return concerns(metrics_of_published_weights())
