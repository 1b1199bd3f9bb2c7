"""ImageReward's weights in transformers' BLIP: the same network under other names.

The original is BLIP's own code (``visual_encoder``, ``text_encoder``) with a head (``mlp``) that
has dropout but no activation between its layers, so it is one affine function of the text
encoder's first vector. Widths and depths are read off the weights; what shapes do not tell
stands here: heads are 64 wide in both towers, layer norms use 1e-6 (pictures) and 1e-12 (text).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qfloor.errors import PluginError
from qfloor.scorers.aesthetic.heads import collapse

HEAD_WIDTH = 64

_VISION = (
    ("patch_embed.proj.", "embeddings.patch_embedding."),
    ("cls_token", "embeddings.class_embedding"),
    ("pos_embed", "embeddings.position_embedding"),
    ("blocks.", "encoder.layers."),
    (".norm1.", ".layer_norm1."),
    (".norm2.", ".layer_norm2."),
    (".attn.qkv.", ".self_attn.qkv."),
    (".attn.proj.", ".self_attn.projection."),
)
_UNUSED = ("blip.vision_proj.", "blip.text_proj.", "blip.text_encoder.embeddings.position_ids")
"""Parts of the published file that no reward passes through."""

State = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head as one affine function: ``weight @ vector + bias``."""

    weight: npt.NDArray[np.float64]
    bias: float

    def __call__(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return one number for each row of (rows, width)."""
        # not a matrix product: BLAS adds up in another order for another number of rows
        products = (vectors.astype(np.float64) * self.weight).sum(axis=1)
        return np.asarray(products + self.bias)


@dataclass(frozen=True, kw_only=True)
class Blip:
    """Both towers, in evaluation mode, and the head."""

    vision: Any
    text: Any
    head: Head
    image_size: int


def build(state: State, transformers: Any, head_width: int = HEAD_WIDTH) -> Blip:
    """Build the network from a state dict of ImageReward.

    Parameters
    ----------
    state : mapping of str to tensor
        As ``ImageReward.pt`` holds it.
    transformers : module
    head_width : int
        Width of an attention head.

    Raises
    ------
    PluginError
        When weights of the network are missing, or there are some that have no place in it.
    """
    parts = _parted(state)
    try:
        vision = transformers.BlipVisionModel(
            _vision_config(parts["visual"], transformers, head_width)
        )
        text = _text_model(transformers, parts, head_width)
        head = collapsed(parts["mlp"])
    except (KeyError, ValueError) as error:
        raise PluginError(f"the weights are not ImageReward's: {error!r}") from error
    _fill(vision, parts["visual"], "picture")
    _fill(text, parts["text"], "text")
    side = int(vision.config.image_size)
    return Blip(vision=vision.float().eval(), text=text.float().eval(), head=head, image_size=side)


def _parted(state: State) -> dict[str, dict[str, Any]]:
    """Sort weights by the part they belong to, under transformers' names."""
    prefixes = {"visual": "blip.visual_encoder.", "text": "blip.text_encoder.", "mlp": "mlp."}
    parts: dict[str, dict[str, Any]] = {part: {} for part in prefixes}
    for key, value in state.items():
        if key.startswith(_UNUSED):
            continue
        part = next((p for p, prefix in prefixes.items() if key.startswith(prefix)), None)
        if part is None:
            raise PluginError(f"the weights hold {key!r}, which ImageReward has no place for")
        name = key.removeprefix(prefixes[part])
        parts[part][_vision_name(name) if part == "visual" else name] = value
    return parts


def _vision_name(name: str) -> str:
    if name.startswith("norm."):
        return "post_layernorm." + name.removeprefix("norm.")
    for theirs, ours in _VISION:
        name = name.replace(theirs, ours)
    return name


def _vision_config(weights: State, transformers: Any, head_width: int) -> Any:
    width, _, patch, _ = weights["embeddings.patch_embedding.weight"].shape
    patches = weights["embeddings.position_embedding"].shape[1] - 1
    return transformers.BlipVisionConfig(
        hidden_size=width,
        intermediate_size=weights["encoder.layers.0.mlp.fc1.weight"].shape[0],
        num_hidden_layers=_depth(weights, "encoder.layers."),
        num_attention_heads=width // head_width,
        image_size=round(patches**0.5) * patch,
        patch_size=patch,
        layer_norm_eps=1e-6,
    )


def _text_model(transformers: Any, parts: Mapping[str, State], head_width: int) -> Any:
    from transformers.models.blip.modeling_blip_text import BlipTextModel

    weights = parts["text"]
    words, width = weights["embeddings.word_embeddings.weight"].shape
    config = transformers.BlipTextConfig(
        vocab_size=words,
        hidden_size=width,
        encoder_hidden_size=weights["encoder.layer.0.crossattention.self.key.weight"].shape[1],
        intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
        num_hidden_layers=_depth(weights, "encoder.layer."),
        num_attention_heads=width // head_width,
        max_position_embeddings=weights["embeddings.position_embeddings.weight"].shape[0],
        layer_norm_eps=1e-12,
        pad_token_id=0,
    )
    return BlipTextModel(config, add_pooling_layer=False)


def _depth(weights: State, prefix: str) -> int:
    layers = {k.removeprefix(prefix).partition(".")[0] for k in weights if k.startswith(prefix)}
    return len(layers)


def _fill(module: Any, weights: State, what: str) -> None:
    try:
        told = module.load_state_dict(dict(weights), strict=False)
    except RuntimeError as error:
        raise PluginError(f"the {what} tower's weights do not fit: {error}") from error
    missing = [key for key in told.missing_keys if not key.endswith("position_ids")]
    if missing or told.unexpected_keys:
        raise PluginError(
            f"the {what} tower lacks {len(missing)} weights ({', '.join(missing[:3])}) and has no "
            f"place for {len(told.unexpected_keys)} ({', '.join(told.unexpected_keys[:3])})"
        )


def collapsed(layers: State) -> Head:
    """Multiply the head's linear layers into one, in double precision.

    Parameters
    ----------
    layers : mapping of str to tensor
        ``layers.<n>.weight`` (out, in) and ``layers.<n>.bias``, in order of ``n``.

    Raises
    ------
    ValueError
        When they do not chain to one number.
    """
    numbers = sorted({int(key.split(".")[1]) for key in layers})
    chain = [
        (layers[f"layers.{n}.weight"].cpu().numpy(), layers[f"layers.{n}.bias"].cpu().numpy())
        for n in numbers
    ]
    if not chain or chain[-1][0].shape[0] != 1:
        raise ValueError("the head does not end in one number")
    weight, bias = collapse(chain)
    return Head(weight=weight, bias=bias)
