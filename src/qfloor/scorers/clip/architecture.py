"""open_clip's own architectures: ``MODEL@TAG`` or ``MODEL@FILE`` to configuration and weights.

open_clip states which preprocessing a tag's weights were trained with and whether they want the
quick GELU, but its loader applies the first to tags only and of the second merely warns. Here both
follow the tag, also when the tag's file was brought along by hand (``MODEL@TAG=FILE``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor import torchvision_shim as shim
from qfloor.errors import PluginError
from qfloor.meant import meant
from qfloor.scorers import hub, weights

FORMS = (
    "'painters' (the embedded default), 'MODEL@TAG' as open_clip names them, 'MODEL@FILE' (a "
    "weights file) or 'local-dir:DIR', a folder with open_clip_config.json and a weights file"
)
_TAGGED_FILE = re.compile(r"([\w.-]+)=(.+)")
_PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")
# the names open_clip takes on the hub, safe ones first
_HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors")


@dataclass(frozen=True, kw_only=True)
class Named:
    """An architecture of open_clip with a file of weights for it.

    ``tag`` is the pretrained tag whose preprocessing and activation are taken; None for weights
    of a user's own. ``own_file`` says that the file was named, not found by the tag.
    """

    model: str
    tag: str | None
    weights: Path
    own_file: bool
    config: Mapping[str, Any]


def import_open_clip() -> Any:
    """Return the module open_clip.

    Raises
    ------
    PluginError
        When a package it needs is missing.
    """
    try:
        shim.prepare()
        import open_clip
    except ImportError as error:
        raise PluginError(
            f"CLIP scores need a package that is not installed: {error}; pip install 'qfloor[clip]'"
        ) from error
    return open_clip


def find(name: str, *, download: bool = True) -> Named:
    """Find an architecture and its weights.

    Parameters
    ----------
    name : str
        ``MODEL@TAG``, ``MODEL@FILE`` or ``MODEL@TAG=FILE``, where FILE is anything that
        `qfloor.scorers.weights.locate` takes: a path, an address with a digest, a hub file.
    download : bool, default True
        False looks only at what is here already.

    Raises
    ------
    PluginError
        When no weights are named, model or tag is unknown, or the weights are neither here nor
        to be had.
    """
    asked, at, source = name.partition("@")
    if not asked or ":" in asked:
        raise PluginError(f"CLIP checkpoint {name!r} names no pretrained weights; give {FORMS}")
    open_clip = import_open_clip()
    model = asked.replace("/", "-")
    models = open_clip.list_models()
    if model not in models:
        raise PluginError(
            f"open_clip has no model {asked!r}{meant(model, models, '')}; give {FORMS}"
        )
    tags = open_clip.list_pretrained_tags_by_model(model)
    if not at or not source:
        raise PluginError(
            f"CLIP checkpoint {name!r} names no pretrained weights; give {model}@TAG with one of "
            f"the tags {', '.join(tags) or '(open_clip has none for it)'}, or {model}@FILE"
        )
    tag, reference = _source(model, source, tags)
    file = (
        weights.locate(reference, download=download).path
        if reference
        else _weights_of(open_clip, model, str(tag), download)
    )
    config = _config(open_clip, model, tag, tags)
    return Named(model=model, tag=tag, weights=file, own_file=bool(reference), config=config)


def load_arguments(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what open_clip's loader must be told so that it follows a configuration of `find`."""
    preprocessing = config["preprocess_cfg"]
    return {
        "force_quick_gelu": bool(config["model_cfg"].get("quick_gelu", False)),
        **{f"image_{key}": preprocessing.get(key) for key in _PREPROCESSING},
    }


def _source(model: str, source: str, tags: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the tag, the reference to a file, or both."""
    if _clean(source) in tags:
        return _clean(source), None
    both = _TAGGED_FILE.fullmatch(source)
    if both is not None and _clean(both[1]) in tags:
        return _clean(both[1]), both[2]
    if weights.is_reference(source):
        return None, source
    raise PluginError(
        f"open_clip has no weights {source!r} for {model}{meant(_clean(source), tags, '')}; its "
        f"tags: {', '.join(tags) or 'none'}; nor is there a file of that name"
    )


def _clean(tag: str) -> str:
    return tag.lower().replace("-", "_")  # as open_clip does


def _config(open_clip: Any, model: str, tag: str | None, tags: Sequence[str]) -> dict[str, Any]:
    """Return open_clip's configuration with what the tag says of its weights."""
    model_cfg = open_clip.get_model_config(model)
    table = {name: open_clip.get_pretrained_cfg(model, name) for name in tags}
    stated = table[tag] if tag else _shared(list(table.values()))
    if tag and stated.get("quick_gelu"):
        model_cfg["quick_gelu"] = True
    size = model_cfg["vision_cfg"].get("image_size", 224)
    preprocess_cfg = {"size": size, **{key: stated.get(key) for key in _PREPROCESSING}}
    return {
        "model_cfg": model_cfg,
        "preprocess_cfg": {k: v for k, v in preprocess_cfg.items() if v is not None},
    }


def _shared(stated: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the preprocessing all tags of a model agree on; open_clip's default for the rest."""
    from open_clip.transform import PreprocessCfg

    default = PreprocessCfg()
    agreed = {
        key: stated[0][key]
        for key in _PREPROCESSING
        if stated and all(one.get(key) == stated[0].get(key) for one in stated)
    }
    return {key: agreed.get(key) or getattr(default, key) for key in _PREPROCESSING}


def _weights_of(open_clip: Any, model: str, tag: str, download: bool) -> Path:
    """Return a tag's file: from the hub's cache when it is there, else by open_clip's loader."""
    stated = open_clip.get_pretrained_cfg(model, tag)
    repository, _, file = stated.get("hf_hub", "").rpartition("/")
    names = _hub_names(file)
    for name in names if repository else ():
        try:
            return hub.file(repository, name, download=False)
        except PluginError:
            continue
    trouble = "are not on this machine"
    why_not = hub.unreachable() if download and repository else None
    if why_not:
        trouble += f", and {why_not}"
    elif download:
        try:
            return Path(open_clip.download_pretrained(stated))
        except Exception as error:  # urllib, the hub's client and open_clip each raise their own
            trouble = f"cannot be had ({hub.first_line(error)})"
    where = f"'hf download {repository} {names[0]}'" if repository else stated.get("url")
    raise PluginError(
        f"weights of {model}@{tag} {trouble}; get them on a machine with a connection by {where}, "
        f"then copy its cache folder (HF_HOME) here, or name the file: {model}@{tag}=FILE"
    )


def _hub_names(file: str) -> list[str]:
    if not file:
        return [*_HUB_FILES, "open_clip_pytorch_model.bin"]
    stem, _, ending = file.rpartition(".")
    return [f"{stem}.safetensors", file] if ending in ("bin", "pth") else [file]
