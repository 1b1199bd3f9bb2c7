"""The backbone a scorer's arguments stand for, and the names of what it gives.

All scorers that look through a CLIP take the same arguments (``checkpoint``, ``device``,
``preprocess``, ``precision``, ``backbone``), and equal ones share one model and its embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from qfloor.errors import PluginError
from qfloor.records import WeightsRights
from qfloor.scorers.clip.backbone import Device, load_backbone
from qfloor.scorers.clip.checkpoint import Checkpoint
from qfloor.scorers.clip.towers import Precision
from qfloor.scorers.protocol import Backbone, Embedding, Pixels

if TYPE_CHECKING:
    from qfloor.scorers.clip.preprocess import Path


def chosen_backbone(
    checkpoint: str = "painters",
    device: Device = "cpu",
    preprocess: Path = "fast",
    precision: Precision | Literal["auto"] = "fp32",
    backbone: Backbone | None = None,
) -> Backbone:
    """Return ``backbone`` when one is given, else the process's one for the other arguments."""
    if backbone is not None:
        return backbone
    return load_backbone(checkpoint, device, preprocess, precision)


def image_input(backbone: Backbone) -> str:
    """Return the name of the input that holds its image embeddings."""
    return f"image_embedding:{backbone.name}"


def text_input(backbone: Backbone) -> str:
    """Return the name of the input that holds its text embeddings."""
    return f"text_embedding:{backbone.name}"


def checkpoint_of(backbone: Backbone) -> Checkpoint | None:
    """Return the checkpoint behind a backbone; None when it is not made of one."""
    found = getattr(backbone, "checkpoint", None)
    return found if isinstance(found, Checkpoint) else None


def rights_of(backbone: Backbone) -> tuple[WeightsRights, ...]:
    """Return the terms of a backbone's weights; of one that says nothing they are unknown."""
    inside = backbone.inside if isinstance(backbone, Prefixed) else backbone
    checkpoint = checkpoint_of(inside)
    return checkpoint.weights_rights if checkpoint else (WeightsRights(name=inside.name),)


class Prefixed:
    """A backbone that reads every text with the same words before it.

    It has a name of its own, for its text embeddings are others; its image embeddings are those
    of the backbone inside and are best asked of that.
    """

    def __init__(self, inside: Backbone, prefix: str) -> None:
        if not isinstance(prefix, str):
            raise PluginError(f"a prefix is text, not {prefix!r}")
        self.inside = inside
        self.prefix = prefix

    @property
    def name(self) -> str:
        """The name inside, and the prefix."""
        return f"{self.inside.name}+{self.prefix!r}"

    @property
    def definition(self) -> dict[str, Any]:
        """That of the backbone inside, and the prefix."""
        return {**self.inside.definition, "prefix": self.prefix}

    @property
    def execution(self) -> dict[str, Any]:
        """That of the backbone inside."""
        return dict(self.inside.execution)

    @property
    def max_tokens(self) -> int:
        """How many tokens are read, those of the prefix included."""
        return self.inside.max_tokens

    @property
    def concurrent(self) -> bool:
        """Whether calls may overlap."""
        return bool(getattr(self.inside, "concurrent", False))

    def count_tokens(self, text: str) -> int:
        """Return how many tokens prefix and text have, before truncation."""
        return self.inside.count_tokens(self.prefix + text)

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        """Return what the backbone inside returns."""
        return self.inside.embed_images(pictures)

    def embed_texts(self, texts: Sequence[str]) -> Embedding:
        """Return (len(texts), dimensions) unit vectors of prefix and text."""
        return self.inside.embed_texts([self.prefix + text for text in texts])
