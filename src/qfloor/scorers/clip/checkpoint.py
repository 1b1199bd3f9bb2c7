"""Which weights: from ``painters`` or ``local-dir:DIR`` to files with digests. Knows no torch.

A model without weights is refused here, before anything is loaded: open_clip itself would only
warn and score with random numbers.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from qfloor.errors import PluginError
from qfloor.scorers.clip import shim

PAINTERS = Path(__file__).parent / "painters"
CONFIG = "open_clip_config.json"
TOKENIZER = "bpe.txt.gz"
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
    """A folder with a model's configuration, weights and (optionally) its own tokenizer.

    ``world`` says what the weights have seen: ``painters`` (the embedded default, which knows
    nothing of real pictures) or ``open`` (anything a user brings).
    """

    label: str
    directory: Path
    weights: Path
    tokenizer: Path | None

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of weights, configuration and tokenizer: the model's identity."""
        own = {"tokenizer_sha256": file_sha256(self.tokenizer)} if self.tokenizer else {}
        return {
            "weights_sha256": file_sha256(self.weights),
            "config_sha256": file_sha256(self.directory / CONFIG),
            **own,
        }

    @property
    def world(self) -> Literal["painters", "open"]:
        """``painters`` for the packaged weights, wherever a copy of them lies."""
        packaged = PAINTERS / self.weights.name
        same = packaged.is_file() and file_sha256(packaged) == file_sha256(self.weights)
        return "painters" if same else "open"

    @property
    def config(self) -> dict[str, Any]:
        """open_clip's configuration: ``model_cfg`` and ``preprocess_cfg``."""
        return dict(json.loads((self.directory / CONFIG).read_text(encoding="utf-8")))

    def load(self, device: str) -> tuple[Any, Any, Any]:
        """Return model (in evaluation mode, float32), open_clip's image transform, tokenizer.

        Raises
        ------
        PluginError
            When a package is missing, or open_clip cannot load the files.
        """
        try:
            shim.prepare()
            import open_clip
        except ImportError as error:
            raise PluginError(
                f"CLIP scores need a package that is not installed: {error}; "
                f"install pip install 'qfloor[clip]'"
            ) from error
        name = f"local-dir:{self.directory}"
        own_vocabulary = {"bpe_path": str(self.tokenizer)} if self.tokenizer else {}
        logging.getLogger("open_clip").setLevel(logging.WARNING)
        try:
            model, _, transform = open_clip.create_model_and_transforms(
                name, device=device, precision="fp32"
            )
            tokenize = open_clip.get_tokenizer(name, **own_vocabulary)
        except Exception as error:  # three libraries' loaders raise what their parsers raise
            raise PluginError(f"open_clip cannot load {self.directory}: {error}") from error
        model.eval()
        return model, transform, tokenize


def file_sha256(path: Path) -> str:
    """Return a file's SHA-256 in hex; read again only when its size or time changed."""
    status = path.stat()
    return _sha256(str(path), status.st_size, status.st_mtime_ns)


@cache
def _sha256(path: str, size: int, mtime_ns: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def find(name: str) -> Checkpoint:
    """Find a checkpoint's files.

    Parameters
    ----------
    name : str
        ``painters`` for the embedded default, or ``local-dir:DIR`` as open_clip writes it.

    Raises
    ------
    PluginError
        When the name has neither form, or the folder lacks a configuration or weights.
    """
    if name == "painters":
        return _in_folder("painters", PAINTERS)
    schema, _, directory = name.partition(":")
    if schema != "local-dir" or not directory:
        raise PluginError(
            f"CLIP checkpoint {name!r} names no pretrained weights; give 'painters' (the embedded "
            f"default) or 'local-dir:DIR', a folder with {CONFIG} and a weights file"
        )
    folder = Path(directory).expanduser().resolve()
    return _in_folder(folder.name, folder)


def _in_folder(label: str, folder: Path) -> Checkpoint:
    if not (folder / CONFIG).is_file():
        raise PluginError(f"CLIP checkpoint folder {folder} has no {CONFIG}")
    tokenizer = folder / TOKENIZER
    found = Checkpoint(
        label=label,
        directory=folder,
        weights=_weights(folder),
        tokenizer=tokenizer if tokenizer.is_file() else None,
    )
    try:
        text = found.config["model_cfg"]["text_cfg"]
    except (ValueError, KeyError, TypeError) as error:
        raise PluginError(
            f"{folder / CONFIG} is not an open_clip configuration: {error}"
        ) from error
    if text.get("hf_tokenizer_name"):
        raise PluginError(
            f"CLIP checkpoint {folder} uses a transformers tokenizer, which is not supported yet; "
            f"choose a model with open_clip's own tokenizer"
        )
    return found


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
