"""Which vocabulary a CLIP reads with, and how many tokens a text has in it.

Three kinds: open_clip's own (byte pairs, in its package), a folder's own ``bpe.txt.gz``, and a
vocabulary of transformers, which SigLIP, CLIPA and others were trained with.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qfloor.errors import PluginError
from qfloor.scorers import hub
from qfloor.scorers.weights import file_sha256

OWN = "bpe.txt.gz"
# what decides the tokens, in the order transformers prefers
_FILES = ("tokenizer.json", "spiece.model", "sentencepiece.bpe.model", "vocab.txt")


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """A vocabulary: what it adds to a model's identity, and to open_clip's ``get_tokenizer``."""

    digests: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)


def in_folder(folder: Path, text: Mapping[str, Any]) -> Vocabulary:
    """Return the vocabulary of a ``local-dir:`` checkpoint with this ``text_cfg``.

    Raises
    ------
    PluginError
        When the model reads with a vocabulary of transformers and it is not in the folder.
    """
    if text.get("hf_tokenizer_name"):
        _need_transformers(str(folder))
        for name in _FILES:
            if (folder / name).is_file():
                return Vocabulary(digests={"tokenizer_sha256": file_sha256(folder / name)})
        raise PluginError(
            f"CLIP checkpoint {folder} uses a transformers tokenizer and lacks its files; put "
            f"tokenizer.json and tokenizer_config.json of {text['hf_tokenizer_name']} there"
        )
    own = folder / OWN
    if not own.is_file():
        return Vocabulary()
    return Vocabulary(
        digests={"tokenizer_sha256": file_sha256(own)}, arguments={"bpe_path": str(own)}
    )


def of_architecture(model: str, text: Mapping[str, Any], *, download: bool) -> Vocabulary:
    """Return the vocabulary of one of open_clip's architectures.

    Raises
    ------
    PluginError
        When it is one of transformers, and the package or the files are not to be had.
    """
    repository = text.get("hf_tokenizer_name")
    if not repository:
        return Vocabulary()
    _need_transformers(model)
    trouble: PluginError | None = None
    for name in _FILES:
        try:
            file = hub.file(repository, name, download=download)
        except PluginError as error:
            trouble = trouble or error
            continue
        return Vocabulary(digests={"tokenizer_sha256": file_sha256(file)})
    raise PluginError(f"the tokenizer of {model} is missing: {trouble}")


def count_tokens(tokenizer: Any, text: str) -> int:
    """Return how many tokens a text has, special ones included, before truncation.

    Parameters
    ----------
    tokenizer
        What open_clip's ``get_tokenizer`` returns.
    text : str
    """
    if hasattr(tokenizer, "encode"):
        return len(tokenizer.encode(text)) + 2  # start and end
    cleaned = tokenizer.clean_fn(text)
    if getattr(tokenizer, "tokenizer_mode", "") == "clips":
        plain = tokenizer.tokenizer(cleaned, add_special_tokens=False).input_ids
        return len(plain) + 3  # start, end, and the class token behind the padding
    return len(tokenizer.tokenizer(cleaned).input_ids)


def _need_transformers(model: str) -> None:
    if importlib.util.find_spec("transformers") is None:
        raise PluginError(
            f"CLIP checkpoint {model} uses a transformers tokenizer, and transformers is not "
            f"installed; pip install 'qfloor[preference]', or choose a model with open_clip's "
            f"own tokenizer"
        )
