"""Metric cards: the words of `qfloor.scorers.cards` with what the scorers themselves declare.

Every scorer that is installed with qfloor is built here. Where its weights are not part of a
package, a stand-in takes their place: what is declared is then right but for the weights' own
digests, which the card calls what they are. Nothing is scored.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qfloor.records import Metric
from qfloor.scorers.cards import CARDS, Card

OF_THE_MODEL = "of the model named"


@dataclass
class StandIn:
    """A backbone without weights: declares what one declares, and embeds nothing."""

    name: str
    definition: Mapping[str, Any] = field(
        default_factory=lambda: {
            "weights_sha256": OF_THE_MODEL,
            "preprocessing": OF_THE_MODEL,
            "text": {"max_tokens": OF_THE_MODEL, "truncation": "cut, end token kept"},
            "world": OF_THE_MODEL,
        }
    )
    execution: Mapping[str, Any] = field(
        default_factory=lambda: dict.fromkeys(("dtype", "device", "runtime", "chunk"), "")
    )
    max_tokens: int = 77
    logit_scale: Any = OF_THE_MODEL
    source: str = "yuvalkirstain/PickScore_v1"
    label: str = ""


def scorers(folder: Path) -> dict[str, Any]:
    """Build every scorer of ours by its entry point's name; ``folder`` is for stand-in files."""
    import numpy as np

    from qfloor.scorers import aesthetic, audio, clip, naturalness, safety, technical, text, video
    from qfloor.scorers.preference import HpsScorer, ImageRewardScorer, PickScoreScorer

    for name in ("ImageReward.pt", "vocab.txt"):
        (folder / name).write_bytes(b"a stand-in")
    np.savez(folder / "head.npz", weight=np.zeros((1, 8), np.float32), bias=np.zeros(1, np.float32))
    seen: Any = StandIn("a CLIP")
    own: dict[str, Any] = {"head": str(folder / "head.npz"), "for_backbone": "a CLIP"}
    built: dict[str, Callable[[], Any]] = {
        "clip": clip.ClipScorer,
        "clipscore": lambda: clip.ClipScoreScorer(backbone=seen),
        "aesthetic": lambda: aesthetic.AestheticScorer(backbone=seen, **own),
        "hps": lambda: HpsScorer(backbone=seen),
        "pickscore": lambda: PickScoreScorer(backbone=seen),
        "imagereward": lambda: ImageRewardScorer(
            str(folder / "ImageReward.pt"), str(folder / "vocab.txt")
        ),
        "safety": safety.SafetyScorer,
        "text": lambda: text.TextScorer(raw_distance=True),
        "technical": technical.TechnicalScorer,
        "naturalness": naturalness.NaturalnessScorer,
        "temporal": video.TemporalScorer,
        "motion": video.MotionScorer,
        "consistency": video.ConsistencyScorer,
        "audio": audio.AudioScorer,
    }
    return {name: build() for name, build in built.items()}


def declared() -> dict[str, tuple[Metric, ...]]:
    """Return the metrics that every scorer of ours declares, by the scorer's name."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = {name: tuple(scorer.metrics) for name, scorer in scorers(folder).items()}
        older = type(scorers(folder)["hps"])(backbone=StandIn("a CLIP"), version="v2.0")
        found["hps"] = (*older.metrics, *found["hps"])
    return found


def write() -> None:
    """Write every card."""
    metrics = declared()
    for scorer in dict.fromkeys(card.scorer for card in CARDS):
        print(f"\n## `{scorer}`\n")
        for card in CARDS:
            if card.scorer == scorer:
                _write(card, [m for m in metrics[scorer] if card.describes(m.name)])
    print()


def _write(card: Card, metrics: list[Metric]) -> None:
    first = metrics[0]
    names = [m.name for m in metrics] if "*" not in "".join(card.metrics) else list(card.metrics)
    print(f"### {', '.join(f'`{name}`' for name in names)}\n")
    print(f"{card.says}\n")
    print("| | |\n|---|---|")
    rows = {
        "formula": card.formula,
        "unit, range": "; ".join(dict.fromkeys(_range(m) for m in metrics)),
        "better": "; ".join(dict.fromkeys(_better(m) for m in metrics)),
        "of": ", ".join(first.modalities),
        "compares": first.comparable,
        "source": card.source,
        "weights": _weights(card, first),
        "defined by": _definition(first),
        "computed by": ", ".join(f"`{key}`" for key in first.execution),
    }
    for name, words in rows.items():
        if words:
            print(f"| {name} | {words.replace('|', chr(92) + '|')} |")
    _list("No number", card.absent)
    _list("How it misleads", card.misleads)


def _list(title: str, sentences: tuple[str, ...]) -> None:
    if sentences:
        print(f"\n{title}:\n")
        for sentence in sentences:
            print(f"- {sentence}")
    print()


def _range(metric: Metric) -> str:
    if metric.boolean:
        return "yes (1) or no (0)"
    lo = "no lower end" if metric.lo is None else f"{metric.lo:.4g}"
    hi = "no upper end" if metric.hi is None else f"{metric.hi:.4g}"
    return f"{metric.unit}, {lo} to {hi}"


def _better(metric: Metric) -> str:
    return f"{metric.direction} is better"


def _weights(card: Card, metric: Metric) -> str:
    from qfloor.scorers.rights import rights_of_clip, weights_rights

    usual = {
        "clipscore": [rights_of_clip("ViT-B-32", "openai")],
        "aesthetic": [weights_rights(name="sac+logos+ava1-l14-linearMSE.pth"),
                      rights_of_clip("ViT-L-14", "openai")],
        "hps": [weights_rights(name="HPS_v2.1_compressed.pt")],
        "imagereward": [weights_rights(name="ImageReward.pt")],
    }.get(card.scorer, list(metric.weights))  # fmt: skip
    return "; ".join(
        f"{w.name}: {w.licence or 'licence unknown'}, commercial use "
        + {True: "allowed", False: "not allowed", None: "unknown"}[w.commercial_use]
        for w in usual
    )


def _definition(metric: Metric) -> str:
    """Say what the identity is made of, in the default settings."""
    told = dict(metric.definition)
    if "head_sha256" in told:
        told["head_sha256"] = "of the head named"
    return "; ".join(f"`{key}`: {_value(value)}" for key, value in told.items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{k}: {_value(v)}" for k, v in value.items()) + ")"
    if isinstance(value, list | tuple):
        return ", ".join(_value(v) for v in value)
    said = f"{value}"
    return said[:12] + "..." if len(said) == 64 and said.isalnum() else said
