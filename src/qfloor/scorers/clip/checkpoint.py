"""Which weights: from the name of a checkpoint to files with digests, and to a loaded model.

A model without weights is refused here, before anything is loaded: open_clip itself would only
warn and score with random numbers. Importing this module loads no torch.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from qfloor.errors import PluginError
from qfloor.records import WeightsRights, digest_of
from qfloor.scorers import rights
from qfloor.scorers.clip import architecture, tokenizers
from qfloor.scorers.weights import file_sha256

PAINTERS = Path(__file__).parent / "painters"
CONFIG = "open_clip_config.json"
# the names open_clip's own loader prefers, in its order
_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
    "model.safetensors",
    "pytorch_model.bin",
    "pytorch_model.pth",
    "model.pth",
)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A model's configuration, weights and (where it has one of its own) tokenizer.

    ``config`` is open_clip's: ``model_cfg`` and ``preprocess_cfg``. ``model`` is what open_clip
    is asked for: the name of an architecture, or ``local-dir:`` and a folder. ``tag`` is the
    pretrained tag whose weights these are, ``own_file`` whether a user's word alone says so.
    """

    label: str
    model: str
    weights: Path
    config: Mapping[str, Any]
    config_sha256: str
    tokenizer: tokenizers.Vocabulary
    tag: str | None = None
    own_file: bool = False

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of weights, configuration and tokenizer: the model's identity."""
        return {
            "weights_sha256": file_sha256(self.weights),
            "config_sha256": self.config_sha256,
            **self.tokenizer.digests,
        }

    @property
    def world(self) -> Literal["painters", "open"]:
        """What the weights have seen.

        ``painters`` for the packaged weights, wherever a copy of them lies: they know nothing of
        real pictures. ``open`` for all that a user brings.
        """
        packaged = PAINTERS / self.weights.name
        same = packaged.is_file() and file_sha256(packaged) == file_sha256(self.weights)
        return "painters" if same else "open"

    @property
    def pretrained(self) -> str | None:
        """``ViT-L-14@openai``: whose vectors these are, when a tag says it.

        Without open_clip's suffix ``-quickgelu``, which names the same weights once more.
        """
        return f"{self.model.removesuffix('-quickgelu')}@{self.tag}" if self.tag else None

    @cached_property
    def weights_rights(self) -> tuple[WeightsRights, ...]:
        """On what terms the weights may be used; unknown fields are None."""
        if self.tag and not self.own_file:
            return (rights.rights_of_clip(self.model, self.tag),)
        name = f"{self.label}/{self.weights.name}"
        return (rights.weights_rights(name=name, sha256=file_sha256(self.weights)),)

    def load(self, device: str) -> tuple[Any, Any, Any]:
        """Return model (in evaluation mode, float32), open_clip's image transform, tokenizer.

        Raises
        ------
        PluginError
            When a package is missing, or open_clip cannot load the files.
        """
        open_clip = architecture.import_open_clip()
        logging.getLogger("open_clip").setLevel(logging.WARNING)
        in_folder = self.model.startswith("local-dir:")
        own = {} if in_folder else architecture.load_arguments(self.config)
        if not in_folder:
            own["pretrained"] = str(self.weights)  # the very file that was hashed
        try:
            model, _, transform = open_clip.create_model_and_transforms(
                self.model, device=device, precision="fp32", **own
            )
            tokenize = open_clip.get_tokenizer(self.model, **self.tokenizer.arguments)
        except Exception as error:  # three libraries' loaders raise what their parsers raise
            said = " ".join(str(error).split())[:300]
            raise PluginError(f"open_clip cannot load {self.weights}: {said}") from error
        model.eval()
        return model, transform, tokenize


def find(name: str, *, download: bool = True) -> Checkpoint:
    """Find a checkpoint's files.

    Parameters
    ----------
    name : str
        ``painters``               the embedded default
        ``MODEL@TAG``              open_clip's model and pretrained tag: ``ViT-L-14@openai``
        ``MODEL@FILE``             its architecture with weights from a file, an address with
                                   ``#sha256=``, or ``hf-hub:ORG/REPO/FILE``; preprocessed as all
                                   the model's tags are, or by open_clip's default
        ``MODEL@TAG=FILE``         the tag's weights, brought along as a file
        ``local-dir:DIR``          a folder with configuration and weights, as open_clip writes it
    download : bool, default True
        False looks only at what is here already.

    Raises
    ------
    PluginError
        When the name has none of these forms, or weights or configuration are neither here nor
        to be had; says how to get them.
    """
    if name == "painters":
        return _in_folder("painters", PAINTERS)
    schema, _, directory = name.partition(":")
    if schema == "local-dir" and directory:
        folder = Path(directory).expanduser().resolve()
        return _in_folder(folder.name, folder)
    return _of_architecture(architecture.find(name, download=download), download)


def _of_architecture(named: architecture.Named, download: bool) -> Checkpoint:
    text = named.config["model_cfg"]["text_cfg"]
    return Checkpoint(
        label=f"{named.model}-{named.tag or named.weights.stem}",
        model=named.model,
        weights=named.weights,
        config=named.config,
        config_sha256=digest_of(named.config, 64),
        tokenizer=tokenizers.of_architecture(named.model, text, download=download),
        tag=named.tag,
        own_file=named.own_file,
    )


def _in_folder(label: str, folder: Path) -> Checkpoint:
    path = folder / CONFIG
    if not path.is_file():
        raise PluginError(f"CLIP checkpoint folder {folder} has no {CONFIG}")
    weights = _weights(folder)
    try:
        config = dict(json.loads(path.read_text(encoding="utf-8")))
        text = config["model_cfg"]["text_cfg"]
    except (ValueError, KeyError, TypeError) as error:
        raise PluginError(f"{path} is not an open_clip configuration: {error}") from error
    return Checkpoint(
        label=label,
        model=f"local-dir:{folder}",
        weights=weights,
        config=config,
        config_sha256=file_sha256(path),
        tokenizer=tokenizers.in_folder(folder, text),
    )


def _weights(folder: Path) -> Path:
    """Return the file open_clip's loader would take, so that what is hashed is what is used."""
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    others = [p for ending in ("safetensors", "bin", "pth") for p in folder.glob(f"*.{ending}")]
    if len(others) != 1:
        raise PluginError(
            f"CLIP checkpoint folder {folder} holds {len(others)} weights files where one is due; "
            f"a model without its pretrained weights is never scored with"
        )
    return others[0]
