"""One CLIP twice: the same random weights in open_clip's form and in transformers'.

What the two libraries make of equal weights is the strongest check of ours that needs no
download: an independent implementation of model, tokenizer and image processor.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from qfloor import torchvision_shim as shim

EOS, BOS = 49407, 49406
CONFIG: dict[str, Any] = {
    "embed_dim": 48,
    "vision_cfg": {
        "image_size": 224, "layers": 2, "width": 64, "head_width": 32, "patch_size": 32,
    },
    "text_cfg": {
        "context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2,
    },
}  # fmt: skip
BASE = {
    "embed_dim": 512,
    "vision_cfg": {
        "image_size": 224, "layers": 12, "width": 768, "head_width": 64, "patch_size": 32,
    },
    "text_cfg": {
        "context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12,
    },
}  # fmt: skip


def open_clip_folder(folder: Path, config: dict[str, Any] = CONFIG, seed: int = 0) -> Path:
    """Write a random model as open_clip's local-dir form, its vectors well spread."""
    shim.prepare()
    import open_clip
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    preprocessing = {
        "size": 224, "mode": "RGB", "mean": list(open_clip.OPENAI_DATASET_MEAN),
        "std": list(open_clip.OPENAI_DATASET_STD), "interpolation": "bicubic",
        "resize_mode": "shortest", "fill_color": 0,
    }  # fmt: skip
    torch.manual_seed(seed)
    model = open_clip.CLIP(
        embed_dim=config["embed_dim"],
        vision_cfg=config["vision_cfg"],
        text_cfg=config["text_cfg"],
    )
    with torch.no_grad():  # open_clip's own start is so flat that all cosines are nearly equal
        for name, parameter in model.named_parameters():
            if parameter.ndim >= 2 and "embedding" not in name:
                parameter.mul_(2.0)
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": preprocessing})
    )
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    return folder


def transformers_model(state: dict[str, Any], config: dict[str, Any] = CONFIG) -> Any:
    """Return transformers' CLIPModel with open_clip's weights, in evaluation mode."""
    shim.prepare()
    from transformers import CLIPConfig, CLIPModel

    vision, text = config["vision_cfg"], config["text_cfg"]
    settings = CLIPConfig(
        projection_dim=config["embed_dim"],
        vision_config={
            "hidden_size": vision["width"], "intermediate_size": 4 * vision["width"],
            "num_hidden_layers": vision["layers"],
            "num_attention_heads": vision["width"] // vision["head_width"],
            "image_size": vision["image_size"], "patch_size": vision["patch_size"],
            "hidden_act": "gelu", "projection_dim": config["embed_dim"],
        },
        text_config={
            "hidden_size": text["width"], "intermediate_size": 4 * text["width"],
            "num_hidden_layers": text["layers"], "num_attention_heads": text["heads"],
            "max_position_embeddings": text["context_length"], "vocab_size": text["vocab_size"],
            "hidden_act": "gelu", "projection_dim": config["embed_dim"],
            "eos_token_id": EOS, "bos_token_id": BOS, "pad_token_id": EOS,
        },
    )  # fmt: skip
    model = CLIPModel(settings)
    missing, unexpected = model.load_state_dict(converted(state), strict=False)
    assert not unexpected, unexpected
    assert all("position_ids" in name for name in missing), missing
    return model.eval()


def converted(state: dict[str, Any]) -> dict[str, Any]:
    """Rename open_clip's weights to transformers' names, splitting fused projections."""
    found = {
        "logit_scale": state["logit_scale"],
        "visual_projection.weight": state["visual.proj"].T.contiguous(),
        "text_projection.weight": state["text_projection"].T.contiguous(),
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
        "text_model.embeddings.token_embedding.weight": state["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": state["positional_embedding"],
    }
    for ours, theirs in (
        ("visual.ln_pre", "vision_model.pre_layrnorm"),
        ("visual.ln_post", "vision_model.post_layernorm"),
        ("ln_final", "text_model.final_layer_norm"),
    ):
        for part in ("weight", "bias"):
            found[f"{theirs}.{part}"] = state[f"{ours}.{part}"]
    found |= _blocks(state, "visual.transformer.resblocks", "vision_model.encoder.layers")
    return found | _blocks(state, "transformer.resblocks", "text_model.encoder.layers")


def _blocks(state: dict[str, Any], ours: str, theirs: str) -> dict[str, Any]:
    found = {}
    count = 1 + max(int(k[len(ours) + 1 :].split(".")[0]) for k in state if k.startswith(ours))
    names = {
        "attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2",
        "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
    }  # fmt: skip
    for i in range(count):
        for part in ("weight", "bias"):
            fused = state[f"{ours}.{i}.attn.in_proj_{part}"].chunk(3)
            for name, piece in zip("qkv", fused, strict=True):
                found[f"{theirs}.{i}.self_attn.{name}_proj.{part}"] = piece.contiguous()
            for our, their in names.items():
                found[f"{theirs}.{i}.{their}.{part}"] = state[f"{ours}.{i}.{our}.{part}"]
    return found


def transformers_processor() -> Any:
    """Return CLIPProcessor with CLIP's own vocabulary, which open_clip's wheel carries."""
    import open_clip
    from transformers import CLIPImageProcessor, CLIPProcessor, CLIPTokenizer

    packed = Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(packed.read_bytes()).decode("utf-8").split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1]
    order = dict(open_clip.tokenizer.SimpleTokenizer().encoder)
    for theirs, ours in (("<|startoftext|>", BOS), ("<|endoftext|>", EOS)):
        order.pop(next(name for name, number in order.items() if number == ours))
        order[theirs] = ours
    tokenizer = CLIPTokenizer(vocab=order, merges=[tuple(m.split()) for m in merges])
    images = CLIPImageProcessor(size={"shortest_edge": 224}, crop_size=224)
    return CLIPProcessor(image_processor=images, tokenizer=tokenizer)


def for_torchmetrics(state: dict[str, Any], config: dict[str, Any] = CONFIG) -> tuple[Any, Any]:
    """Return what CLIPScore's ``model_name_or_path`` may give: a model and its processor.

    With transformers 5 ``get_image_features`` returns an object where torchmetrics 1.9 expects a
    tensor; both methods are narrowed to the tensor, which is all that is changed.
    """
    model = transformers_model(state, config)
    image, text = model.get_image_features, model.get_text_features
    model.get_image_features = lambda *a, **k: _tensor(image(*a, **k))
    model.get_text_features = lambda *a, **k: _tensor(text(*a, **k))
    return model, transformers_processor()


def _tensor(found: Any) -> Any:
    return getattr(found, "pooler_output", found)
